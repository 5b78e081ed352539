//! The IAM roles that a cluster needs, and the one that its operators take.

use serde_json::json;

use crate::aws::{ACCOUNT, Aws};
use crate::error::{Context, Result};

/// IAM's API version.
pub(crate) const VERSION: &str = "2010-05-08";

/// The role names of the shop.
#[derive(Clone, Debug)]
pub struct Roles {
    /// ARN of the control plane's role.
    pub cluster: String,
    /// ARN of the nodes' role.
    pub node: String,
    /// ARN of the role that the shop's operators deploy with.
    pub operator: String,
}

/// Makes the roles, with the managed policies that EKS asks for.
/// <https://docs.aws.amazon.com/eks/latest/userguide/security-iam-awsmanpol.html>
///
/// # Errors
/// The first refusal of IAM.
pub async fn build(aws: &Aws) -> Result<Roles> {
    let cluster =
        role(aws, "shop-cluster", json!({"Service": "eks.amazonaws.com"}), &["AmazonEKSClusterPolicy"]).await?;
    let worker = ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly"];
    let node = role(aws, "shop-node", json!({"Service": "ec2.amazonaws.com"}), &worker).await?;
    let everybody = json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")});
    let operator = role(aws, "shop-operator", everybody, &[]).await?;
    Ok(Roles { cluster, node, operator })
}

/// Makes the role of the shop's functions, and answers its ARN.
///
/// # Errors
/// The first refusal of IAM.
pub(crate) async fn function(aws: &Aws) -> Result<String> {
    role(aws, "shop-function", json!({"Service": "lambda.amazonaws.com"}), &[]).await
}

/// Makes the Pod execution role for Fargate profiles of both clusters, and answers its ARN.
/// <https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html>
///
/// # Errors
/// The first refusal of IAM.
pub(crate) async fn fargate(aws: &Aws) -> Result<String> {
    let service = json!({"Service": "eks-fargate-pods.amazonaws.com"});
    role(aws, "shop-fargate", service, &["AmazonEKSFargatePodExecutionRolePolicy"]).await
}

/// Makes the role of the nodes that EKS Auto Mode makes, and answers its ARN.
/// <https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html>
///
/// # Errors
/// The first refusal of IAM.
pub(crate) async fn auto_nodes(aws: &Aws) -> Result<String> {
    let policies = ["AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"];
    role(aws, "shop-auto-node", json!({"Service": "ec2.amazonaws.com"}), &policies).await
}

async fn role(aws: &Aws, name: &str, principal: serde_json::Value, policies: &[&str]) -> Result<String> {
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}],
    });
    let parameters = [("RoleName", name), ("AssumeRolePolicyDocument", &trust.to_string())];
    let answer = aws.query("iam", VERSION, "CreateRole", &parameters).await?;
    for policy in policies {
        let arn = format!("arn:aws:iam::aws:policy/{policy}");
        aws.query("iam", VERSION, "AttachRolePolicy", &[("RoleName", name), ("PolicyArn", &arn)]).await?;
    }
    answer.value("Arn").context("the role's ARN")
}

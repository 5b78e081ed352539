//! From an SDK operation to the IAM actions that it needs
//! (<https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>).

use crate::project;
use std::collections::BTreeSet;

/// The IAM actions of an operation (snake case) of a service, named as the features of `clients` name it. API Gateway's are an
/// HTTP verb and a path, as in `apigateway:PATCH /restapis/*`.
#[must_use]
pub fn actions(service: &str, operation: &str) -> BTreeSet<String> {
    let own = match service {
        "apigateway" => format!("apigateway:{}", api_gateway(operation)),
        _ => format!("{}:{}", prefix(service, operation), name(service, operation)),
    };
    let mut actions: BTreeSet<String> = implied(service, operation).iter().map(|&action| action.to_owned()).collect();
    if !own.starts_with("dynamodb:TransactWriteItems") {
        actions.insert(own);
    }
    actions
}

fn prefix<'a>(service: &'a str, operation: &str) -> &'a str {
    match service {
        "elasticloadbalancingv2" => "elasticloadbalancing",
        // What the modules on kube ask of AWS.
        "kubernetes" if operation.contains("role") => "sts",
        "kubernetes" => "eks",
        "sfn" => "states",
        other => other,
    }
}

fn name(service: &str, operation: &str) -> String {
    match (service, operation) {
        ("s3", "head_object") => "GetObject".to_owned(),
        ("s3", "list_objects_v2") => "ListBucket".to_owned(),
        _ => operation.split('_').map(project::pascal).collect(),
    }
}

/// Actions that an operation needs besides its own, as Bascule uses it: what it creates is tagged as it is created.
fn implied(service: &str, operation: &str) -> &'static [&'static str] {
    match (service, operation) {
        // The items of a transaction are authorised one by one
        // (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html).
        ("dynamodb", "transact_write_items") => {
            &["dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
        }
        // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
        (
            "ec2",
            "create_security_group"
            | "create_launch_template"
            | "authorize_security_group_ingress"
            | "authorize_security_group_egress",
        ) => &["ec2:CreateTags"],
        // https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html: EKS checks that the caller may launch them.
        ("eks", "create_nodegroup") => {
            &["ec2:CreateTags", "ec2:RunInstances", "eks:TagResource", "iam:GetRole", "iam:PassRole"]
        }
        // https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html: where blue's secrets are encrypted, green's are too.
        ("eks", "create_cluster") => &["eks:TagResource", "iam:PassRole", "kms:CreateGrant", "kms:DescribeKey"],
        ("eks", "create_addon" | "create_pod_identity_association") => &["eks:TagResource", "iam:PassRole"],
        ("eks", "create_access_entry") => &["eks:TagResource"],
        // https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-authentication-access-control.html
        ("elasticloadbalancingv2", "create_load_balancer" | "create_target_group" | "create_listener") => {
            &["elasticloadbalancing:AddTags"]
        }
        ("scheduler", "create_schedule" | "update_schedule") => &["iam:PassRole"],
        // https://docs.aws.amazon.com/apigateway/latest/developerguide/grant-permissions-to-create-vpclink.html
        ("apigateway", "create_vpc_link" | "delete_vpc_link") => &[
            "ec2:CreateVpcEndpointServiceConfiguration",
            "ec2:DeleteVpcEndpointServiceConfigurations",
            "ec2:DescribeVpcEndpointServiceConfigurations",
            "ec2:ModifyVpcEndpointServicePermissions",
            "elasticloadbalancing:DescribeLoadBalancers",
        ],
        _ => &[],
    }
}

/// The verb and the path of an operation of API Gateway's control plane
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html>).
///
/// # Panics
/// Where an operation is not known here: it belongs in this table when it is first used.
fn api_gateway(operation: &str) -> &'static str {
    match operation {
        "get_account" => "GET /account",
        "get_api_key" => "GET /apikeys/*",
        "get_api_keys" => "GET /apikeys",
        "get_base_path_mappings" | "get_domain_name" => "GET /domainnames/*",
        "get_domain_names" => "GET /domainnames",
        "get_rest_apis" => "GET /restapis",
        "get_usage_plan" | "get_usage_plan_key" | "get_usage_plan_keys" => "GET /usageplans/*",
        "get_usage_plans" => "GET /usageplans",
        "get_vpc_link" => "GET /vpclinks/*",
        "get_vpc_links" => "GET /vpclinks",
        "get_authorizers"
        | "get_deployment"
        | "get_deployments"
        | "get_export"
        | "get_integration"
        | "get_method"
        | "get_resource"
        | "get_resources"
        | "get_rest_api"
        | "get_stage"
        | "get_stages"
        | "get_gateway_responses"
        | "get_models"
        | "get_request_validators" => "GET /restapis/*",
        "create_rest_api" | "import_rest_api" => "POST /restapis",
        "create_deployment" | "create_stage" => "POST /restapis/*",
        "create_usage_plan" => "POST /usageplans",
        "create_usage_plan_key" => "POST /usageplans/*",
        "create_vpc_link" => "POST /vpclinks",
        "put_rest_api" => "PUT /restapis/*",
        "tag_resource" => "PUT /tags/*",
        "update_deployment" | "update_integration" | "update_rest_api" | "update_stage" => "PATCH /restapis/*",
        "update_usage_plan" => "PATCH /usageplans/*",
        "delete_deployment" | "delete_rest_api" | "delete_stage" => "DELETE /restapis/*",
        "delete_usage_plan" | "delete_usage_plan_key" => "DELETE /usageplans/*",
        "delete_vpc_link" => "DELETE /vpclinks/*",
        other => panic!("which verb and path is API Gateway's {other}?"),
    }
}

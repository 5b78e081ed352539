//! What the ledger can create, and what of it a merge request takes up.

use super::*;
use crate::Kind;
use std::collections::BTreeSet;
use strum::VariantArray;

/// By which types of the AWS provider people may have such a thing of blue in a state.
enum Types {
    /// Green's gets a block of its own.
    Blocks(&'static [&'static str]),
    /// What stays is changed in place, and has its values named.
    InPlace(&'static [&'static str]),
    /// Of no project: why.
    None(&'static str),
}

/// Of every kind: one that is added has to be said here.
const fn types(kind: Kind) -> Types {
    use Types::{Blocks, InPlace, None};
    match kind {
        Kind::SecurityGroup => Blocks(&["aws_security_group"]),
        Kind::SecurityGroupRule => Blocks(&[
            "aws_security_group_rule",
            "aws_vpc_security_group_ingress_rule",
            "aws_vpc_security_group_egress_rule",
        ]),
        Kind::LaunchTemplate => Blocks(&["aws_launch_template"]),
        // The mode is in blue's own block, which stays until blue goes.
        Kind::Cluster | Kind::AuthenticationMode => Blocks(&["aws_eks_cluster"]),
        Kind::LogGroup => Blocks(&["aws_cloudwatch_log_group"]),
        Kind::AccessEntry => Blocks(&["aws_eks_access_entry", "aws_eks_access_policy_association"]),
        Kind::Addon => Blocks(&["aws_eks_addon"]),
        Kind::PodIdentityAssociation => Blocks(&["aws_eks_pod_identity_association"]),
        Kind::IdentityProvider => Blocks(&["aws_eks_identity_provider_config"]),
        Kind::OidcProvider => Blocks(&["aws_iam_openid_connect_provider"]),
        Kind::TrustStatement => InPlace(&["aws_iam_role"]),
        Kind::NodeGroup => Blocks(&["aws_eks_node_group"]),
        Kind::FargateProfile => Blocks(&["aws_eks_fargate_profile"]),
        Kind::LoadBalancer => Blocks(&["aws_lb"]),
        Kind::TargetGroup => Blocks(&["aws_lb_target_group"]),
        Kind::Listener => Blocks(&["aws_lb_listener"]),
        Kind::TargetGroupAttachment => Blocks(&["aws_autoscaling_attachment"]),
        Kind::VpcLink => Blocks(&["aws_api_gateway_vpc_link"]),
        Kind::Deployment => Blocks(&["aws_api_gateway_deployment", "aws_apigatewayv2_deployment"]),
        Kind::StageShift => InPlace(&["aws_api_gateway_stage", "aws_apigatewayv2_stage"]),
        Kind::Integration => InPlace(&["aws_api_gateway_integration", "aws_apigatewayv2_integration"]),
        Kind::RestApi | Kind::Stage | Kind::UsagePlan | Kind::LambdaPermission | Kind::Schedule => {
            None("of the qualification and the switch; the cleanup deletes it")
        }
        Kind::Snapshot | Kind::VolumeCopy => None("volumes of claims, which no project has"),
        Kind::NodePool | Kind::Workload | Kind::Bundle | Kind::Volume | Kind::Service => {
            None("objects of Kubernetes, which come with the bundles")
        }
    }
}

#[test]
fn whatever_the_ledger_can_create_has_a_block_or_a_reason_to_have_none() {
    let mut blocks = BTreeSet::new();
    for kind in Kind::VARIANTS {
        match types(*kind) {
            Types::Blocks(types) => blocks.extend(types.iter().copied()),
            Types::InPlace(types) => {
                for one in types {
                    assert!(crate::adoption::CHANGED_IN_PLACE.iter().any(|(known, _)| known == one), "{one}");
                }
            }
            Types::None(why) => assert!(!why.is_empty()),
        }
    }
    let known: BTreeSet<&str> = KNOWN.iter().map(|known| known.kind).collect();
    assert_eq!(blocks, known);
}

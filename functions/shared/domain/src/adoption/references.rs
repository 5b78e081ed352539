//! How green's blocks name each other: by references, as people write them. Terraform keeps from them in which order things go: once green
//! is blue, a rule goes before its security group, and a listener before its load balancer.

use super::Taken;
use serde_json::Value;
use std::collections::BTreeMap;

/// By which attribute others name a resource of a type, and in which argument; in any where that is empty, since no other thing has such an id.
const NAMED_BY: [(&str, &str, &str); 8] = [
    ("aws_eks_cluster", "name", "cluster_name"),
    ("aws_eks_access_entry", "principal_arn", "principal_arn"),
    ("aws_launch_template", "id", ""),
    ("aws_security_group", "id", ""),
    ("aws_lb", "arn", ""),
    ("aws_lb_target_group", "arn", ""),
    ("aws_api_gateway_vpc_link", "id", ""),
    ("aws_iam_openid_connect_provider", "arn", ""),
];

/// What no argument names and must be there before: an Auto Scaling group is one of its node group's, and EKS makes a log group where it finds none.
const AFTER: [(&str, &str); 2] =
    [("aws_autoscaling_attachment", "aws_eks_node_group"), ("aws_eks_cluster", "aws_cloudwatch_log_group")];

/// The references of one project.
pub(super) struct References {
    /// By argument and value.
    by_value: BTreeMap<(String, String), String>,
    /// Addresses by their types.
    by_kind: BTreeMap<String, Vec<String>>,
}

impl References {
    /// To what is taken up.
    pub(super) fn to(taken: &[Taken]) -> Self {
        let mut found = Self { by_value: BTreeMap::new(), by_kind: BTreeMap::new() };
        for one in taken {
            let Some(resource) = &one.to.resource else { continue };
            found.by_kind.entry(resource.kind.clone()).or_default().push(one.to.to_string());
            let kind = resource.kind.replacen("aws_alb", "aws_lb", 1);
            for (_, attribute, argument) in NAMED_BY.iter().filter(|(known, ..)| *known == kind) {
                let value = one.configuration.get(*attribute).and_then(Value::as_str).or(one.import_id.as_deref());
                if let Some(value) = value {
                    found
                        .by_value
                        .insert(((*argument).to_owned(), value.to_owned()), format!("{}.{attribute}", one.to));
                }
            }
        }
        found
    }

    /// What a block of this address writes for the value of an argument; nothing where no other block has it.
    pub(super) fn expression(&self, own: &str, argument: &str, value: &str) -> Option<&str> {
        let of = |argument: &str| self.by_value.get(&(argument.to_owned(), value.to_owned()));
        let found = of(argument).or_else(|| of(""))?.as_str();
        (!found.starts_with(&format!("{own}."))).then_some(found)
    }

    /// What a block of this type depends on beside.
    pub(super) fn before(&self, kind: &str) -> Vec<&str> {
        let earlier = AFTER.iter().filter(|(after, _)| *after == kind);
        let addresses = earlier.filter_map(|(_, before)| self.by_kind.get(*before));
        addresses.flatten().map(String::as_str).collect()
    }
}

//! The IAM roles that green will name. A role that is gone is told here, before the cluster exists: EKS says "invalid principal"
//! (terraform-aws-modules/terraform-aws-eks#2969) or refuses to pass it.

use super::{BLUE, fargate};
use domain::{PhaseError, Problem, plan::compute::Compute, ports::Roles, word};
use std::collections::BTreeMap;

/// Reads every role of the account that green's cluster, nodes, Fargate profiles, access entries and Pod Identity associations name.
///
/// # Errors
/// Only what the calls answer.
pub(super) async fn problems<P: Roles>(ports: &P, compute: &Compute) -> Result<Vec<Problem>, PhaseError> {
    let mut messages = Vec::new();
    for (arn, users) in named(compute) {
        let Some(name) = role_name(&compute.blue.arn, arn) else { continue };
        match ports.role(name).await? {
            None => messages.push(format!(
                "{} names the role {arn}, which does not exist any more; remove it from blue or create the role again",
                users.join(", ")
            )),
            Some(role) => {
                messages.extend(trusts_blue_only(compute, arn, &role.trust_policy));
                messages.extend(fargate::trusts_others_only(compute, arn, &role.trust_policy));
            }
        }
    }
    for identity in compute
        .pod_identities
        .iter()
        .filter(|identity| identity.external_id.is_some() && identity.target_role_arn.is_some())
    {
        messages.push(format!(
            "the Pod Identity association of {} assumes the role {} with an external id that EKS made for blue; green gets another, which that \
             role's trust policy does not know. Leave sts:ExternalId out of the policy and make the association without a target role",
            identity.key(),
            identity.target_role_arn.as_deref().unwrap_or_default()
        ));
    }
    Ok(messages.into_iter().map(|message| Problem::new(BLUE, message)).collect())
}

/// Each role's ARN, and what names it.
fn named(compute: &Compute) -> BTreeMap<&str, Vec<String>> {
    let mut named: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let entries =
        compute.access_entries.iter().map(|entry| (entry.principal_arn.as_str(), "an access entry".to_owned()));
    let identities = compute
        .pod_identities
        .iter()
        .map(|identity| (identity.role_arn.as_str(), format!("the Pod Identity association of {}", identity.key())));
    let targets = compute.pod_identities.iter().filter_map(|identity| {
        let target = identity.target_role_arn.as_deref()?;
        Some((target, format!("the Pod Identity association of {} as its target", identity.key())))
    });
    let addons = compute.addons.iter().flat_map(|addon| {
        addon.pod_identities.iter().map(|(_, role)| (role.as_str(), format!("the add-on {}", addon.name)))
    });
    let groups =
        compute.node_groups.iter().map(|group| (group.role_arn.as_str(), format!("the node group {}", group.name)));
    let fargate = compute
        .fargate_profiles
        .iter()
        .map(|profile| (profile.pod_execution_role_arn.as_str(), format!("the Fargate profile {}", profile.name)));
    let auto = compute.blue.auto_mode.iter().filter_map(|auto| auto.node_role_arn.as_deref());
    let auto = auto.map(|role| (role, "the node pools of EKS Auto Mode".to_owned()));
    let cluster = [(compute.blue.role_arn.as_str(), format!("the cluster {}", compute.blue.name))];
    let all =
        entries.chain(identities).chain(targets).chain(addons).chain(groups).chain(fargate).chain(auto).chain(cluster);
    for (arn, user) in all {
        named.entry(arn).or_default().push(user);
    }
    named
}

/// The name of a role of the account that the cluster is in; IAM cannot be asked for those of others, nor here for users.
pub(crate) fn role_name<'a>(cluster: &str, arn: &'a str) -> Option<&'a str> {
    let account = |arn: &'_ str| arn.split(':').nth(4).unwrap_or_default().to_owned();
    let resource = arn.split(':').nth(5)?;
    let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
    (account(arn) == account(cluster)).then_some(name)
}

/// A trust policy may allow Pod Identity for one cluster by its session tags
/// (<https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html>).
fn trusts_blue_only(compute: &Compute, arn: &str, policy: &str) -> Option<String> {
    let (blue, green) = (&compute.blue, &compute.green.name);
    let names_blue = word::is_named(policy, &blue.name) || word::is_named(policy, &blue.arn);
    (names_blue && !word::is_named(policy, green)).then(|| {
        format!(
            "the trust policy of the role {arn} names blue and not {green}: green's Pods would not get it. Add {green} beside {} (conditions on \
             eks-cluster-name or eks-cluster-arn)",
            blue.name
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::compute::{Cluster, Green};

    #[test]
    fn only_roles_of_the_clusters_account_can_be_looked_at() {
        let cluster = "arn:aws:eks:eu-central-1:123456789012:cluster/shop";
        for (arn, expected) in [
            ("arn:aws:iam::123456789012:role/team/cart", Some("cart")),
            ("arn:aws:iam::123456789012:role/cart", Some("cart")),
            ("arn:aws:iam::999999999999:role/cart", None),
            ("arn:aws:iam::123456789012:user/ann", None),
            ("", None),
        ] {
            assert_eq!(role_name(cluster, arn), expected, "{arn}");
        }
    }

    #[test]
    fn a_trust_policy_that_names_blue_must_name_green_too() {
        let compute = Compute {
            blue: Cluster { name: "shop-blue".to_owned(), ..Cluster::default() },
            green: Green { name: "shop-green".to_owned(), ..Green::default() },
            ..Compute::default()
        };
        let told = |policy: &str| trusts_blue_only(&compute, "arn", policy).is_some();
        let of = |names: &str| {
            format!(r#"{{"Condition":{{"StringEquals":{{"aws:RequestTag/eks-cluster-name":{names}}}}}}}"#)
        };
        assert!(told(&of(r#""shop-blue""#)));
        assert!(!told(&of(r#"["shop-blue","shop-green"]"#)));
        assert!(!told(&of(r#""shop-blue-2""#)));
        assert!(!told("{}"));
    }
}

//! Whether the account's quotas leave room for green beside blue.

use super::BLUE;
use domain::{
    PhaseError, Problem,
    plan::compute::{Compute, Direction, SecurityGroup},
    ports::{Network, Quotas, network::Instance},
};
use std::collections::BTreeMap;

/// A quota of virtual processors: the families of instance types that it counts, its code for On-Demand Instances and for Spot
/// Instances (<https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html>).
struct Processors {
    families: &'static [&'static str],
    on_demand: &'static str,
    spot: &'static str,
}

const PROCESSORS: [Processors; 6] = [
    Processors {
        families: &["a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"],
        on_demand: "L-1216C47A",
        spot: "L-34B43A08",
    },
    Processors { families: &["f"], on_demand: "L-74FC7D96", spot: "L-88CF9481" },
    Processors { families: &["g", "gr", "vt"], on_demand: "L-DB2E81BA", spot: "L-3819A6DF" },
    Processors { families: &["inf"], on_demand: "L-1945791B", spot: "L-B5D1601B" },
    Processors { families: &["p"], on_demand: "L-417A185B", spot: "L-7212CCBC" },
    Processors { families: &["x"], on_demand: "L-7295265B", spot: "L-E3A00192" },
];

/// Inbound or outbound rules of a security group
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups>).
const RULES: &str = "L-0EA8095F";
const RULES_BY_DEFAULT: usize = 60;

/// Reads the quotas that green counts on, and what is used of them.
///
/// # Errors
/// Only what the calls answer.
pub(super) async fn problems<P: Network + Quotas>(
    ports: &P,
    compute: &Compute,
    nodes: &[Instance],
    groups: &[SecurityGroup],
) -> Result<Vec<Problem>, PhaseError> {
    let mut messages = Vec::new();
    let wanted = by_quota(nodes);
    if !wanted.is_empty() {
        let used = by_quota(&ports.running_instances().await?);
        for (code, wanted) in wanted {
            let Some(quota) = ports.quota("ec2", code).await? else { continue };
            messages.extend(too_few_processors(code, wanted, used.get(code).copied().unwrap_or_default(), quota));
        }
    }
    if !compute.references.is_empty() {
        let quota = ports.quota("vpc", RULES).await?.map_or(RULES_BY_DEFAULT, whole);
        messages.extend(too_many_rules(compute, groups, quota));
    }
    Ok(messages.into_iter().map(|message| Problem::new(BLUE, message)).collect())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a quota is a small whole number")]
pub(crate) fn whole(quota: f64) -> usize {
    quota.max(0.0) as usize
}

/// Virtual processors of these instances by the code of the quota that counts them.
fn by_quota(instances: &[Instance]) -> BTreeMap<&'static str, i32> {
    let mut sums = BTreeMap::new();
    for instance in instances.iter().filter(|instance| instance.vcpus > 0) {
        let end = instance.instance_type.find(|letter: char| !letter.is_ascii_lowercase());
        let family = &instance.instance_type[..end.unwrap_or(instance.instance_type.len())];
        let Some(quota) = PROCESSORS.iter().find(|quota| quota.families.contains(&family)) else { continue };
        let code = if instance.spot { quota.spot } else { quota.on_demand };
        *sums.entry(code).or_insert(0) += instance.vcpus;
    }
    sums
}

fn too_few_processors(code: &str, wanted: i32, used: i32, quota: f64) -> Option<String> {
    (f64::from(used) + f64::from(wanted) > quota).then(|| {
        format!(
            "green's nodes need {wanted} virtual processors, and {used} of the {quota} of the quota {code} are used; {}",
            increase("ec2", code, used.saturating_add(wanted).into())
        )
    })
}

/// How to ask for more of a quota.
pub(crate) fn increase(service: &str, code: &str, desired: i64) -> String {
    format!(
        "ask for more: `aws service-quotas request-service-quota-increase --service-code {service} --quota-code {code} --desired-value {desired}`"
    )
}

/// Groups of others in which a rule for green beside each rule for blue would be too many.
fn too_many_rules(compute: &Compute, groups: &[SecurityGroup], quota: usize) -> Vec<String> {
    let mut added: BTreeMap<(&str, Direction), usize> = BTreeMap::new();
    for reference in &compute.references {
        *added.entry((&reference.group_id, reference.rule.direction)).or_default() += 1;
    }
    let present = |id: &str, direction: Direction| {
        let group = groups.iter().find(|group| group.id == id);
        group.map_or(0, |group| group.rules.iter().filter(|rule| rule.direction == direction).count())
    };
    added
        .into_iter()
        .map(|((id, direction), more)| (id, more, present(id, direction)))
        .filter(|(_, more, present)| present + more > quota)
        .map(|(id, more, present)| {
            format!(
                "the security group {id} has {present} rules in one direction and needs {more} more for green, and the quota {RULES} is {quota} \
                 (https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html); ask for more or merge rules"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::compute::{Peer, Reference, Rule};

    #[test]
    fn processors_are_counted_by_the_quota_of_their_family() {
        let instance =
            |kind: &str, vcpus, spot| Instance { instance_type: kind.to_owned(), vcpus, spot, ..Instance::default() };
        let all = [
            instance("m7g.large", 2, false),
            instance("im4gn.xlarge", 4, false),
            instance("c7i.large", 2, true),
            instance("g5.xlarge", 4, false),
            instance("u-6tb1.112xlarge", 448, false),
        ];
        assert_eq!(by_quota(&all), [("L-1216C47A", 6), ("L-34B43A08", 2), ("L-DB2E81BA", 4)].into());
    }

    #[test]
    fn green_must_fit_beside_what_runs_already() {
        assert_eq!(too_few_processors("L-1216C47A", 32, 32, 64.0), None);
        let told = too_few_processors("L-1216C47A", 32, 33, 64.0).unwrap();
        assert!(told.contains("--quota-code L-1216C47A --desired-value 65"), "{told}");
    }

    #[test]
    fn a_group_of_others_must_hold_a_second_rule_for_each_that_names_blue() {
        let rule = |port: i32, direction| Rule {
            direction,
            protocol: "tcp".to_owned(),
            from_port: Some(port),
            to_port: Some(port),
            peer: Peer::Group("sg-blue".to_owned()),
            description: None,
        };
        let rules: Vec<_> =
            (0..3).map(|port| rule(port, Direction::Ingress)).chain([rule(9, Direction::Egress)]).collect();
        let compute = Compute {
            references: rules
                .iter()
                .map(|rule| Reference { group_id: "sg-db".to_owned(), rule: rule.clone() })
                .collect(),
            ..Compute::default()
        };
        let groups = [SecurityGroup { id: "sg-db".to_owned(), rules, ..SecurityGroup::default() }];
        assert_eq!(too_many_rules(&compute, &groups, 6), [""; 0]);
        assert_eq!(too_many_rules(&compute, &groups, 5).len(), 1);
    }
}

//! What green needs for the volumes of the bundles' objects, and what the plan says of them.

use super::Around;
use domain::{
    Kind, Limit, PhaseError,
    manifest::{
        Object,
        volumes::{PATH, classes},
    },
    plan::{
        Found, Planned,
        compute::Direction,
        workloads::{Becomes, Volume, Workloads},
    },
    ports::{Network, network::ClaimedVolume},
    usd::dollars,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// The add-on whose configuration may bring a default class.
const EBS_ADDON: &str = "aws-ebs-csi-driver";

/// The port of NFS, by which Pods reach Amazon EFS and FSx for OpenZFS
/// (<https://docs.aws.amazon.com/efs/latest/ug/network-access.html>). FSx for Lustre has others
/// (<https://docs.aws.amazon.com/fsx/latest/LustreGuide/limit-access-security-groups.html>).
const NFS: i32 = 2049;
const LUSTRE: i32 = 988;

/// Holds the volumes against what green will have, and says what becomes of each.
///
/// # Errors
/// `Unavailable` and `Denied` only.
pub(super) async fn read<P: Network>(
    ports: &P,
    all: &[(usize, Object)],
    around: &Around,
    found: &mut Found<Workloads>,
) -> Result<(), PhaseError> {
    if found.facts.volumes.is_empty() {
        return Ok(());
    }
    if around.is_users {
        let volumes: Vec<String> = found.facts.volumes.iter().map(ToString::to_string).collect();
        let message = format!(
            "green is your own, where the way back could not tell volumes that the bundles make from yours: {}. Bring these to green yourself, and take them out of the bundles",
            volumes.join(", ")
        );
        found.problems.push(Limit::Volumes.refusal(PATH, message));
        return Ok(());
    }
    let subnets = ports.subnets(&around.subnet_ids).await?;
    let zones = subnets.into_iter().map(|subnet| subnet.availability_zone).collect();
    let green = classes::Around { zones, ..green(around) };
    let objects: Vec<Object> = all.iter().map(|(_, object)| object.clone()).collect();
    let (problems, advice) = classes::unmet(&objects, &found.facts.volumes, &found.facts.copies, &green);
    found.problems.extend(problems.into_iter().map(|message| Limit::Volumes.refusal(PATH, message)));
    let empty = found.facts.volumes.iter().filter(|volume| volume.becomes == Becomes::Empty);
    found.creates.extend(empty.map(|volume| Planned::new(Kind::Volume, volume.to_string())));
    found.advice.extend(advice);
    found.advice.extend(told(&found.facts.volumes, around));
    Ok(())
}

/// What green has beside the bundles, but for the zones of its nodes.
pub(super) fn green(around: &Around) -> classes::Around {
    let mut addons = around.addons.iter();
    classes::Around {
        has_default_class: addons.any(|(name, written)| name == EBS_ADDON && brings_default(written.as_deref())),
        addons: around.addons.iter().map(|(name, _)| name.clone()).collect(),
        is_auto: around.auto_mode.is_some(),
        zones: BTreeSet::new(),
    }
}

/// Thousandths of a US dollar for a GiB and month of each type of volume in us-east-1, as AWS listed them in November 2026
/// (<https://aws.amazon.com/ebs/pricing/>).
const PRICES: [(&str, u64); 7] =
    [("gp2", 100), ("gp3", 80), ("io1", 125), ("io2", 125), ("sc1", 15), ("st1", 45), ("standard", 50)];

/// How many volumes the plan names.
const NAMED: usize = 100;

/// What the plan says of blue's volumes, which nothing of Bascule deletes; nothing where there are none.
pub(super) fn left(volumes: &[ClaimedVolume]) -> Option<String> {
    let price = |volume: &ClaimedVolume| {
        let known = PRICES.iter().find(|(of, _)| *of == volume.volume_type).map_or(0, |(_, price)| *price);
        known * u64::try_from(volume.gib).unwrap_or_default()
    };
    let cents = volumes.iter().map(price).sum::<u64>().div_ceil(10);
    let named: Vec<String> = volumes
        .iter()
        .take(NAMED)
        .map(|ClaimedVolume { id, gib, volume_type, claim, .. }| {
            format!("{id} ({gib} GiB of {volume_type} for {claim})")
        })
        .collect();
    let more = volumes.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!volumes.is_empty()).then(|| {
        format!(
            "these volumes of blue stay in AWS when blue is deleted, for about {} a month (prices of us-east-1), and are yours to delete once nobody needs what is in \
             them (aws ec2 delete-volume): {}{rest}",
            dollars(cents),
            named.join(", ")
        )
    })
}

/// Whether the configuration of the add-on, JSON or YAML, has it bring a default class.
fn brings_default(written: Option<&str>) -> bool {
    let settings = written.and_then(|written| serde_saphyr::from_str::<Value>(written).ok());
    settings.is_some_and(|settings| settings["defaultStorageClass"]["enabled"] == true)
}

fn told(volumes: &[Volume], around: &Around) -> Vec<String> {
    let names = |becomes: Becomes| {
        let of = volumes.iter().filter(|volume| volume.becomes == becomes).map(ToString::to_string);
        of.collect::<Vec<_>>().join(", ")
    };
    let (empty, shared) = (names(Becomes::Empty), names(Becomes::Shared));
    let mut told = Vec::new();
    if !empty.is_empty() {
        told.push(format!(
            "starts with empty volumes on green, whose drivers make them, and which the way back deletes: {empty}"
        ));
    }
    if !shared.is_empty() {
        told.push(format!(
            "is written from both clusters at once, on the same file system: {shared}. Green's PersistentVolumes keep their storage (Retain), whatever blue's say; {}",
            reached(around)
        ));
    }
    told
}

/// Whether rules that green gets let its nodes reach file systems, as far as blue's security groups are named.
fn reached(around: &Around) -> String {
    let covers = |port: i32, from: Option<i32>, to: Option<i32>| {
        from.zip(to).is_none_or(|(from, to)| (from..=to).contains(&port) || from == -1)
    };
    let lets = around.references.iter().filter(|reference| {
        let rule = &reference.rule;
        rule.direction == Direction::Ingress
            && [NFS, LUSTRE].iter().any(|port| covers(*port, rule.from_port, rule.to_port))
    });
    let groups: BTreeSet<&str> = lets.map(|reference| reference.group_id.as_str()).collect();
    if groups.is_empty() {
        return "no security group outside of blue lets one of blue's in on the port 2049 or 988, so that see yourself that the file systems' mount targets let in green's \
                nodes: by addresses, they do where green has blue's subnets"
            .to_owned();
    }
    let groups: Vec<&str> = groups.into_iter().collect();
    format!("green's security groups get the rules of {}, by which blue's reach their mount targets", groups.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blues_volumes_are_listed_with_what_they_cost() {
        let volume = |id: &str, gib, of: &str| ClaimedVolume {
            id: id.to_owned(),
            gib,
            volume_type: of.to_owned(),
            claim: "shop/data-search-0".to_owned(),
            ..ClaimedVolume::default()
        };
        assert_eq!(left(&[]), None);
        let told = left(&[volume("vol-1", 100, "gp3"), volume("vol-2", 1, "gp2")]).unwrap();
        assert!(told.contains("for about $8.10 a month"), "{told}");
        assert!(told.contains("vol-1 (100 GiB of gp3 for shop/data-search-0), vol-2 (1 GiB"), "{told}");
    }
}

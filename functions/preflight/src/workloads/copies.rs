//! Which volumes of Amazon EBS green gets copies of, and what the plan says of the time that their workloads stand still.

mod drivers;
mod quotas;

use super::{Around, storage};
use domain::{
    Input, Kind, Limit, PhaseError,
    manifest::{
        Object,
        volumes::{PATH, classes, copies, is_claim, path_of},
    },
    plan::{
        Found, Planned,
        workloads::{Becomes, Claim, Copied, Volume, Workloads},
    },
    ports::{Network, Quotas, network::ClaimedVolume},
};
use std::collections::{BTreeMap, BTreeSet};

/// Finds the volumes of what is to be copied by the tags that their driver gave them, and refuses what cannot be. What blue's API server says
/// of them is looked at as soon as Bascule may ask it, and whether EBS makes a volume of each before anything stands still.
///
/// # Errors
/// `Unavailable` and `Denied` only.
pub(super) async fn read<P: Network + Quotas>(
    ports: &P,
    input: &Input,
    (all, claimed): (&[(usize, Object)], &[ClaimedVolume]),
    around: &Around,
    found: &mut Found<Workloads>,
) -> Result<(), PhaseError> {
    let volumes: Vec<Volume> =
        found.facts.volumes.iter().filter(|volume| volume.becomes == Becomes::Snapshot).cloned().collect();
    if volumes.is_empty() || around.is_users {
        return Ok(());
    }
    let objects: Vec<Object> = all.iter().map(|(_, object)| object.clone()).collect();
    let green = Green {
        around: storage::green(around),
        zones: drivers::Zones::read(ports, &objects, &around.subnet_ids, &around.auto_subnet_ids).await?,
        account: &around.account,
        blue: &around.blue,
    };
    for volume in &volumes {
        let path = path_of(&volume.id, &objects, &input.workloads.volumes);
        let (copies, faults) = of(&objects, &found.facts, volume, claimed, &green);
        found.problems.extend(
            faults.into_iter().map(|fault| Limit::VolumeSnapshots.refusal(&path, format!("{}: {fault}", volume.id))),
        );
        found.facts.copies.extend(copies);
    }
    if found.facts.copies.is_empty() {
        return Ok(());
    }
    let plan = &found.facts;
    let of_blue = |copied: &Copied| claimed.iter().find(|volume| volume.id == copied.volume_id);
    let volumes: Vec<&ClaimedVolume> = plan.copies.iter().filter_map(of_blue).collect();
    let path = format!("{PATH}.snapshot");
    let messages = quotas::problems(ports, &volumes).await?;
    found.problems.extend(messages.into_iter().map(|message| Limit::VolumeSnapshots.refusal(&path, message)));
    found
        .creates
        .extend(plan.copies.iter().map(|copied| Planned::new(Kind::VolumeCopy, format!("a copy of {copied}"))));
    found.creates.extend(plan.copies.iter().map(|copied| {
        Planned::new(
            Kind::Snapshot,
            format!("two, of {copied}, until the cleanup; from the first EBS makes a volume, which is deleted at once"),
        )
    }));
    found.advice.extend(told(plan));
    found.advice.extend(drivers::told(plan));
    found.advice.extend(encrypted(&volumes));
    Ok(())
}

/// What is known of green.
struct Green<'a> {
    around: classes::Around,
    zones: drivers::Zones,
    /// The account of both.
    account: &'a str,
    /// Blue's name.
    blue: &'a str,
}

/// The copies for one object of the bundles, and why some cannot be.
fn of(
    objects: &[Object],
    plan: &Workloads,
    volume: &Volume,
    claimed: &[ClaimedVolume],
    green: &Green<'_>,
) -> (Vec<Copied>, Vec<String>) {
    let namespace = volume.id.namespace_or_default();
    let (mut copies, mut faults) = (Vec::new(), Vec::new());
    for asked in &volume.claims {
        let mut by_claim: BTreeMap<&str, Vec<&ClaimedVolume>> = BTreeMap::new();
        for found in claimed {
            let Some((of, name)) = found.claim.split_once('/') else { continue };
            if of == namespace && is_its(volume, asked, name) {
                by_claim.entry(name).or_default().push(found);
            }
        }
        if by_claim.is_empty() {
            faults.push(format!(
                "no volume of Amazon EBS carries the tags of blue's driver for the claim {}. Let it start anew, or move its data yourself and take the object out of the bundle",
                asked.name
            ));
        }
        for (claim, found) in by_claim {
            let (holders, wrong) = copies::holders(objects, plan, volume, claim);
            faults.extend(wrong);
            let by_class = asked.class.as_ref().and_then(|class| classes::ebs_driver(objects, &green.around, class));
            let fit = chosen(&found).and_then(|found| {
                let driver = drivers::of(found, asked, by_class, green.blue)?;
                unfit(found, asked, green.zones.of(driver), green.account).map_or(Ok((found, driver)), Err)
            });
            match fit {
                Ok((found, driver)) => copies.push(Copied {
                    namespace: namespace.to_owned(),
                    claim: claim.to_owned(),
                    volume_id: found.id.clone(),
                    gib: found.gib,
                    volume_type: found.volume_type.clone(),
                    zone: found.zone.clone(),
                    class: asked.class.clone().unwrap_or_default(),
                    driver,
                    holders,
                }),
                Err(fault) => faults.push(fault),
            }
        }
    }
    (copies, faults)
}

/// Whether a claim of blue is of this object: its own, or one of a template.
fn is_its(volume: &Volume, asked: &Claim, claim: &str) -> bool {
    if is_claim(&volume.id) {
        return claim == volume.id.name;
    }
    let ordinal = claim.strip_prefix(&format!("{}-{}-", asked.name, volume.id.name));
    ordinal.is_some_and(|ordinal| !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The volume that the claim has, of those that were ever made for one of its name.
fn chosen<'a>(found: &[&'a ClaimedVolume]) -> Result<&'a ClaimedVolume, String> {
    let attached: Vec<&ClaimedVolume> = found.iter().copied().filter(|volume| volume.is_attached).collect();
    match (found, attached.as_slice()) {
        ([only], _) | (_, [only]) => Ok(only),
        _ => {
            let ids: Vec<&str> = found.iter().map(|volume| volume.id.as_str()).collect();
            Err(format!(
                "several volumes carry the tags of the claim {}: {}. Delete, or take the tag kubernetes.io/created-for/pvc/name from, those that it no longer has",
                found.first().map_or("", |volume| &volume.claim),
                ids.join(", ")
            ))
        }
    }
}

/// Why green's claim could not have a copy of this volume.
fn unfit(found: &ClaimedVolume, asked: &Claim, zones: &BTreeSet<String>, account: &str) -> Option<String> {
    let (id, claim) = (&found.id, &found.claim);
    if found.is_multi_attach {
        return Some(format!(
            "{id} of the claim {claim} is enabled for Multi-Attach, so that others may write to it when what is held has stopped. Share its data by a file system, or give \
             the claim a volume without it"
        ));
    }
    if let Some(key) = found.key_arn.as_deref().filter(|key| is_of_others(key, account)) {
        return Some(format!(
            "{id} of the claim {claim} is encrypted with {key}, which is of another account, and Bascule may use keys of {account} only: EBS would not make a copy. Give the claim a \
             volume with a key of this account (aws ec2 copy-snapshot --encrypted --kms-key-id)"
        ));
    }
    if !zones.is_empty() && !zones.contains(&found.zone) {
        let zones: Vec<&str> = zones.iter().map(String::as_str).collect();
        return Some(format!(
            "{id} of the claim {claim} is in {}, and green's nodes are in {}: no Pod could have a copy. Give green nodes there",
            found.zone,
            zones.join(", ")
        ));
    }
    let size = u128::try_from(found.gib).unwrap_or_default() << 30;
    let fits = asked.size.as_deref().and_then(copies::bytes).is_some_and(|asked| asked <= size);
    (!fits).then(|| {
        format!(
            "the bundle asks for {} for {claim}, and {id} has {} GiB: green's claim would not take a copy. Ask for what blue's has, in whole Gi",
            asked.size.as_deref().unwrap_or("no size"),
            found.gib
        )
    })
}

/// Whether the ARN of a key names another account; nothing is known of an id without one.
fn is_of_others(key: &str, account: &str) -> bool {
    let owner = key.split(':').nth(4).unwrap_or_default();
    !owner.is_empty() && !account.is_empty() && owner != account
}

/// What must let Bascule use the keys of encrypted volumes, which no call of preflight tells
/// (<https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html>): its own role may by IAM, and a key's policy decides
/// whether IAM counts (<https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html>).
fn encrypted(volumes: &[&ClaimedVolume]) -> Option<String> {
    let mut keys: Vec<&str> = volumes.iter().filter_map(|volume| volume.key_arn.as_deref()).collect();
    keys.sort_unstable();
    keys.dedup();
    (!keys.is_empty()).then(|| {
        format!(
            "green's copies are encrypted with the keys of blue's volumes: {}. Where one is not AWS's own (aws/ebs), its policy must let IAM decide (the account's root as \
             Principal), or let the role of the function bascule-shift-traffic itself do kms:Decrypt, kms:DescribeKey, kms:GenerateDataKeyWithoutPlaintext, kms:ReEncrypt*, and \
             kms:CreateGrant where kms:GrantIsForAWSResource. CopyVolumes finds out before anything stands still",
            keys.join(", ")
        )
    })
}

/// What people should know before they say yes.
fn told(plan: &Workloads) -> [String; 2] {
    let volumes: Vec<String> = plan.copies.iter().map(ToString::to_string).collect();
    let holders: BTreeSet<String> =
        plan.copies.iter().flat_map(|copied| &copied.holders).map(ToString::to_string).collect();
    let holders: Vec<String> = holders.into_iter().collect();
    let gib: i64 = plan.copies.iter().map(|copied| i64::from(copied.gib)).sum();
    [
        format!(
            "green gets copies of volumes of Amazon EBS, {gib} GiB in all: {}. All that is held stands still once green has all of the traffic, from the stop on blue until its \
             start on green, while each volume is detached, a last snapshot of it is completed and a volume made from that: some minutes, as a rule, and up to half an hour, \
             after which everything goes back to blue. AWS names no times; a first snapshot, taken after people's yes while everything runs, leaves to the last one what \
             changed since, and that first one may take hours. Green's volumes load their blocks from Amazon S3 as they are first read, which is slow at first. \
             Snapshots cost up to $0.05 for a GiB and month in us-east-1 until the cleanup deletes them, green's volumes what blue's do",
            volumes.join(", ")
        ),
        format!(
            "going back to blue once these run on green loses for blue what they wrote to their volumes there: {}. Blue's volumes are as they were at the stop; green's stay \
             in AWS, the report names them, and they are yours to bring over or to delete. Before that nothing is lost",
            holders.join(", ")
        ),
    ]
}

#[cfg(test)]
mod tests;

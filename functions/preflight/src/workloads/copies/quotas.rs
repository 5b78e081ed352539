//! Whether the account's quotas of Amazon EBS leave room for green's copies beside what there is
//! (<https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html>). How many snapshots an account has is not counted: EC2 tells
//! that of the first one, before anything moves.

use crate::compute::increase;
use domain::{
    PhaseError,
    ports::{
        Network, Quotas,
        network::{ClaimedVolume, Stored},
    },
};

/// The quotas of one type of volume, by their codes of the service `ebs` (`aws service-quotas list-service-quotas --service-code ebs`).
struct OfType {
    name: &'static str,
    /// Of all volumes together, in TiB.
    storage: &'static str,
    /// Of their operations a second together, where the type has such a quota.
    iops: Option<&'static str>,
}

const TYPES: [OfType; 7] = [
    OfType { name: "gp2", storage: "L-D18FCD1D", iops: None },
    OfType { name: "gp3", storage: "L-7A658B76", iops: None },
    OfType { name: "io1", storage: "L-FD252861", iops: Some("L-B3A130E6") },
    OfType { name: "io2", storage: "L-09BD8365", iops: Some("L-8D977E7E") },
    OfType { name: "sc1", storage: "L-17AF77E8", iops: None },
    OfType { name: "st1", storage: "L-82ACEF56", iops: None },
    OfType { name: "standard", storage: "L-9CF3C2EB", iops: None },
];

/// GiB of one TiB, in which AWS counts storage.
const GIB: i64 = 1024;

/// Reads the quotas that the copies count on, and what is used of them.
///
/// # Errors
/// Only what the calls answer.
pub(super) async fn problems<P: Network + Quotas>(
    ports: &P,
    copied: &[&ClaimedVolume],
) -> Result<Vec<String>, PhaseError> {
    let mut messages = Vec::new();
    for of in &TYPES {
        let needs = together(copied.iter().filter(|volume| volume.volume_type == of.name));
        if needs.gib == 0 {
            continue;
        }
        let storage = ports.quota("ebs", of.storage).await?;
        let iops = match of.iops {
            Some(code) => ports.quota("ebs", code).await?,
            None => None,
        };
        // Where Service Quotas knows of none, there is nothing to hold it against.
        if storage.is_some() || iops.is_some() {
            messages.extend(exceeded(of, needs, ports.stored(of.name).await?, storage, iops));
        }
    }
    Ok(messages)
}

fn together<'a>(volumes: impl Iterator<Item = &'a &'a ClaimedVolume>) -> Stored {
    volumes.fold(Stored::default(), |sum, volume| Stored {
        gib: sum.gib + i64::from(volume.gib),
        iops: sum.iops + i64::from(volume.iops.unwrap_or_default()),
    })
}

#[expect(clippy::cast_precision_loss, reason = "the storage of an account is far below what a double counts exactly")]
fn exceeded(of: &OfType, needs: Stored, used: Stored, storage: Option<f64>, iops: Option<f64>) -> Vec<String> {
    let mut messages = Vec::new();
    let all = used.gib + needs.gib;
    if let Some(quota) = storage.filter(|quota| all as f64 > quota * GIB as f64) {
        messages.push(format!(
            "green's copies need {} GiB of {}, and {} GiB of the {quota} TiB of the quota {} are used; {}",
            needs.gib,
            of.name,
            used.gib,
            of.storage,
            increase("ebs", of.storage, (all + GIB - 1) / GIB)
        ));
    }
    let all = used.iops + needs.iops;
    if let (Some(code), Some(quota)) = (of.iops, iops.filter(|quota| all as f64 > *quota)) {
        messages.push(format!(
            "green's copies need {} operations a second of {}, and {} of the {quota} of the quota {code} are used; {}",
            needs.iops,
            of.name,
            used.iops,
            increase("ebs", code, all)
        ));
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_fit_beside_what_the_type_has_already() {
        let io2 = &TYPES[3];
        let (needs, used) = (Stored { gib: 100, iops: 4000 }, Stored { gib: 20_380, iops: 96_000 });
        for (storage, iops, expected) in [
            (Some(20.0), Some(100_000.0), None),
            (None, None, None),
            (Some(19.99), None, Some("and 20380 GiB of the 19.99 TiB of the quota L-09BD8365 are used")),
            (Some(20.0), Some(99_999.0), Some("--service-code ebs --quota-code L-8D977E7E --desired-value 100000")),
        ] {
            let told = exceeded(io2, needs, used, storage, iops);
            assert_eq!(told.len(), usize::from(expected.is_some()), "{told:?}");
            assert!(expected.is_none_or(|expected| told[0].contains(expected)), "{told:?}");
        }
        let told = exceeded(io2, Stored { gib: 101, iops: 0 }, used, Some(20.0), None);
        assert!(told[0].ends_with("--quota-code L-09BD8365 --desired-value 21`"), "{told:?}");
    }
}

//! Which of the two drivers of Amazon EBS has a volume, and what that asks of green.

use domain::{
    PhaseError,
    manifest::Object,
    plan::{
        compute::auto_mode::CLUSTER_TAG,
        ebs::EbsDriver,
        workloads::{Claim, Workloads},
    },
    ports::{Network, network::ClaimedVolume},
    resources::node_pool::is_auto_class,
};
use std::collections::BTreeSet;

/// The Availability Zones of green's nodes by the driver that runs on them; none where they are not known.
#[derive(Debug, Default)]
pub(super) struct Zones {
    all: BTreeSet<String>,
    of_auto_mode: BTreeSet<String>,
}

impl Zones {
    /// Reads them from the subnets of all of green's nodes, and from those of them where the built-in node pools of EKS Auto Mode have theirs.
    ///
    /// # Errors
    /// `Unavailable` and `Denied` only.
    pub(super) async fn read<P: Network>(
        ports: &P,
        objects: &[Object],
        subnet_ids: &[String],
        of_auto_mode: &[String],
    ) -> Result<Self, PhaseError> {
        let subnets = ports.subnets(subnet_ids).await?;
        // Where a NodeClass of people's own has its nodes is in its selectors.
        let is_known = !objects.iter().any(|object| is_auto_class(&object.id));
        let of_auto_mode = subnets.iter().filter(|subnet| is_known && of_auto_mode.contains(&subnet.id));
        Ok(Self {
            of_auto_mode: of_auto_mode.map(|subnet| subnet.availability_zone.clone()).collect(),
            all: subnets.into_iter().map(|subnet| subnet.availability_zone).collect(),
        })
    }

    /// Those of one driver.
    pub(super) const fn of(&self, driver: EbsDriver) -> &BTreeSet<String> {
        match driver {
            EbsDriver::Addon => &self.all,
            EbsDriver::AutoMode => &self.of_auto_mode,
        }
    }
}

/// The driver that blue's volume has and green's claim will ask, which must be one: AWS moves no volume from one to the other
/// (<https://docs.aws.amazon.com/eks/latest/userguide/migrate-auto.html>). Where tags let both have it, the class decides, and `CopyVolumes`
/// sees on blue before anything stands still whether it is so.
///
/// # Errors
/// Why none can be told, or why it is not one.
pub(super) fn of(
    found: &ClaimedVolume,
    asked: &Claim,
    by_class: Option<EbsDriver>,
    blue: &str,
) -> Result<EbsDriver, String> {
    let (id, claim) = (&found.id, &found.claim);
    let class = asked.class.as_deref().unwrap_or_default();
    match (by_class, found.drivers.as_slice()) {
        (None, [driver]) => Ok(*driver),
        (Some(driver), drivers) if drivers.contains(&driver) => Ok(driver),
        (Some(by_class), drivers) => {
            let has: Vec<&str> = drivers.iter().map(|driver| driver.name()).collect();
            Err(format!(
                "{id} of the claim {claim} has the tags of the driver {}, and the class {class:?} of green's claim is of {}: neither driver mounts what the other has. Name a class of \
                 blue's driver in the bundle. Where somebody moved {id} to {} on blue, give it the tags of that driver: {}",
                has.join(", "),
                by_class.name(),
                by_class.name(),
                written(by_class, blue)
            ))
        }
        (None, _) => Err(format!(
            "{id} of the claim {claim} has the tags of both drivers of Amazon EBS, and no bundle brings the class {class:?}, which would tell which of them has it. Add the class to a bundle"
        )),
    }
}

/// The tags by which a driver of this cluster may have a volume.
fn written(driver: EbsDriver, cluster: &str) -> String {
    let tags = driver.tags(cluster);
    tags.iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", ")
}

/// What lets EKS Auto Mode attach copies
/// (<https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKSBlockStoragePolicyV2.html>), and that they stay
/// (<https://docs.aws.amazon.com/eks/latest/userguide/auto-disable.html>).
pub(super) fn told(plan: &Workloads) -> Option<String> {
    let copies = plan.copies.iter().filter(|copied| copied.driver == EbsDriver::AutoMode);
    let ids: Vec<&str> = copies.map(|copied| copied.volume_id.as_str()).collect();
    (!ids.is_empty()).then(|| {
        format!(
            "copies of volumes of EKS Auto Mode carry green's name in the tag {CLUSTER_TAG}, by which the cluster's role may attach them (AmazonEKSBlockStoragePolicy), and \
             are attached to nodes of EKS Auto Mode only: {}. EKS deletes none of them with a cluster",
            ids.join(", ")
        )
    })
}

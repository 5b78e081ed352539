//! The drivers of Amazon EBS on EKS: what each is called, by which tags it may have a volume, and which nodes can attach one.

use super::{Tags, compute::auto_mode};
use serde::{Deserialize, Serialize};

/// The tag of every volume that the add-on's driver made
/// (<https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md>).
const MADE_BY_ADDON: &str = "ebs.csi.aws.com/cluster";

/// The tag with the cluster's name, without which the add-on's driver may not touch a volume under the managed policy for one cluster
/// (<https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEBSCSIDriverEKSClusterScopedPolicy.html>).
const CLUSTER_OF_ADDON: &str = "ebs.csi.aws.com/cluster-name";

/// A driver of volumes of Amazon EBS. Neither mounts what the other has
/// (<https://docs.aws.amazon.com/eks/latest/userguide/migrate-auto.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EbsDriver {
    /// That of the EKS add-on, which also does the work of the provisioner from before there were drivers.
    #[default]
    Addon,
    /// That of EKS Auto Mode, which EKS runs outside of the cluster.
    AutoMode,
}

impl EbsDriver {
    /// The name of its `CSIDriver`, and of its provisioner
    /// (<https://docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html>).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Addon => "ebs.csi.aws.com",
            Self::AutoMode => "ebs.csi.eks.amazonaws.com",
        }
    }

    /// The driver of this name, where it is one of Amazon EBS.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Addon, Self::AutoMode].into_iter().find(|driver| driver.name() == name)
    }

    /// The tags by which this driver of a cluster may attach, detach and change a volume that it did not make, whichever of AWS's managed
    /// policies it has: for the add-on's
    /// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEBSCSIDriverPolicyV2.html> and the one for a single cluster, for
    /// that of EKS Auto Mode <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKSBlockStoragePolicyV2.html>, which
    /// compares the tag with the cluster's name in the session of the cluster's role.
    #[must_use]
    pub fn tags(self, cluster: &str) -> Tags {
        let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        match self {
            Self::Addon => [tag(MADE_BY_ADDON, "true"), tag(CLUSTER_OF_ADDON, cluster)].into(),
            Self::AutoMode => [tag(auto_mode::CLUSTER_TAG, cluster)].into(),
        }
    }

    /// The keys of the tags that say whose volume it is. The first has the value `owned` there, the others have the cluster's name.
    #[must_use]
    pub fn cluster_tags(cluster: &str) -> [String; 3] {
        [format!("kubernetes.io/cluster/{cluster}"), CLUSTER_OF_ADDON.to_owned(), auto_mode::CLUSTER_TAG.to_owned()]
    }

    /// The drivers that may have a volume of this cluster, by its tags: none where it is not of the cluster, and both where somebody moved it
    /// from one to the other, as <https://github.com/awslabs/eks-auto-mode-ebs-migration-tool> does. Which has it then only Kubernetes knows.
    #[must_use]
    pub fn having(tags: &Tags, cluster: &str) -> Vec<Self> {
        let [owned, of_addon, of_auto_mode] = Self::cluster_tags(cluster);
        let is = |key: &str, value: &str| tags.get(key).is_some_and(|found| found == value);
        let is_auto = is(&of_auto_mode, cluster);
        let is_addons = is(&of_addon, cluster) || is(&owned, "owned") && (!is_auto || tags.contains_key(MADE_BY_ADDON));
        let both = [(is_addons, Self::Addon), (is_auto, Self::AutoMode)];
        both.into_iter().filter_map(|(has, driver)| has.then_some(driver)).collect()
    }

    /// The label, with its value, of the nodes that alone attach its volumes; none where it runs on every node that the add-on is on. Volumes that
    /// were moved to EKS Auto Mode ask for it (`pkg/migrator/migrator.go` of
    /// <https://github.com/awslabs/eks-auto-mode-ebs-migration-tool>).
    #[must_use]
    pub const fn node_label(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Addon => None,
            Self::AutoMode => Some(("eks.amazonaws.com/compute-type", "auto")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(all: &[(&str, &str)]) -> Tags {
        all.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    // The keys of AmazonEKSBlockStoragePolicyV2 and of the add-on's docs/tagging.md.
    #[test]
    fn the_tags_of_a_volume_tell_who_may_have_it() {
        let (addon, auto) = (EbsDriver::Addon, EbsDriver::AutoMode);
        let owned = ("kubernetes.io/cluster/blue", "owned");
        let (made, named) = (("ebs.csi.aws.com/cluster", "true"), ("ebs.csi.aws.com/cluster-name", "blue"));
        let of_auto = ("eks:eks-cluster-name", "blue");
        for (found, expected) in [
            (vec![owned], vec![addon]),
            (vec![owned, made], vec![addon]),
            (vec![made, named], vec![addon]),
            (vec![made], vec![]),
            (vec![owned, of_auto, ("ebs.csi.eks.amazonaws.com/cluster", "true")], vec![auto]),
            (vec![of_auto], vec![auto]),
            (vec![owned, made, of_auto], vec![addon, auto]),
            (vec![("kubernetes.io/cluster/blue", "shared")], vec![]),
            (vec![("kubernetes.io/cluster/other", "owned"), ("eks:eks-cluster-name", "other")], vec![]),
        ] {
            assert_eq!(EbsDriver::having(&tags(&found), "blue"), expected, "{found:?}");
        }
    }

    #[test]
    fn a_driver_is_known_by_its_name() {
        for (name, expected) in [
            ("ebs.csi.aws.com", Some(EbsDriver::Addon)),
            ("ebs.csi.eks.amazonaws.com", Some(EbsDriver::AutoMode)),
            ("efs.csi.aws.com", None),
        ] {
            assert_eq!(EbsDriver::named(name), expected, "{name}");
        }
    }

    #[test]
    fn a_volume_gets_what_each_managed_policy_asks_for() {
        assert_eq!(
            EbsDriver::Addon.tags("green"),
            tags(&[("ebs.csi.aws.com/cluster", "true"), ("ebs.csi.aws.com/cluster-name", "green")])
        );
        assert_eq!(EbsDriver::AutoMode.tags("green"), tags(&[("eks:eks-cluster-name", "green")]));
    }
}

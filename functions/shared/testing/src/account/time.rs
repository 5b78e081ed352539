//! Virtual time, and what is under way.

use super::{Account, Aws};
use domain::manifest::ObjectId;
use jiff::{SignedDuration, Timestamp};

/// The start of 2026.
const START: i64 = 1_767_225_600;

/// How long AWS and Kubernetes take for what is asked of them. AWS publishes no figures; these are what users report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durations {
    /// A new control plane.
    pub cluster: SignedDuration,
    /// The deletion of a control plane.
    pub cluster_deletion: SignedDuration,
    /// A new node group.
    pub node_group: SignedDuration,
    /// The deletion of a node group.
    pub node_group_deletion: SignedDuration,
    /// A new Fargate profile, and its deletion.
    pub fargate_profile: SignedDuration,
    /// A new add-on.
    pub addon: SignedDuration,
    /// The move of a control plane to access entries.
    pub authentication_mode: SignedDuration,
    /// The update of a control plane for an identity provider.
    pub identity_provider: SignedDuration,
    /// A new load balancer.
    pub load_balancer: SignedDuration,
    /// A new VPC link.
    pub vpc_link: SignedDuration,
    /// The deletion of a VPC link.
    pub vpc_link_deletion: SignedDuration,
    /// Until a new security group can be seen and named: EC2 is eventually consistent
    /// (<https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>).
    pub security_group: SignedDuration,
    /// Until a change of IAM can be seen.
    pub iam: SignedDuration,
    /// The first checks of a target.
    pub health_checks: SignedDuration,
    /// Until a snapshot of a volume is complete.
    pub snapshot: SignedDuration,
    /// A new volume.
    pub volume: SignedDuration,
    /// Until a controller has done what a written object asks for.
    pub rollout: SignedDuration,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            cluster: SignedDuration::from_mins(10),
            cluster_deletion: SignedDuration::from_mins(5),
            node_group: SignedDuration::from_mins(3),
            node_group_deletion: SignedDuration::from_mins(4),
            fargate_profile: SignedDuration::from_mins(2),
            addon: SignedDuration::from_mins(1),
            authentication_mode: SignedDuration::from_mins(2),
            identity_provider: SignedDuration::from_mins(15),
            load_balancer: SignedDuration::from_mins(3),
            vpc_link: SignedDuration::from_mins(3),
            vpc_link_deletion: SignedDuration::from_mins(2),
            security_group: SignedDuration::ZERO,
            iam: SignedDuration::ZERO,
            health_checks: SignedDuration::from_secs(30),
            snapshot: SignedDuration::from_mins(3),
            volume: SignedDuration::from_secs(20),
            rollout: SignedDuration::from_secs(30),
        }
    }
}

/// The time, and what is under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Clock {
    now: Timestamp,
    /// How long things take.
    pub durations: Durations,
    under_way: Vec<(Timestamp, Change)>,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            now: Timestamp::from_second(START).unwrap_or_default(),
            durations: Durations::default(),
            under_way: Vec::new(),
        }
    }
}

/// What ends by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    ClusterCreated(String),
    ClusterDeleted(String),
    NodeGroupCreated(String, String),
    NodeGroupDeleted(String, String),
    FargateProfileCreated(String, String),
    FargateProfileDeleted(String, String),
    AddonCreated(String, String),
    AuthenticationModeMoved(String),
    IdentityProviderAssociated(String, String),
    LoadBalancerProvisioned(String),
    VpcLinkCreated(String),
    VpcLinkDeleted(String),
    SecurityGroupSeen(String),
    RoleSeen(String),
    OidcProviderSeen(String),
    TargetChecked(String, String),
    ObjectReconciled(String, ObjectId),
    VolumesReclaimed(String),
    SnapshotCompleted(String),
    VolumeCreated(String),
    NodesReconciled(String),
    ServiceReconciled(String, ObjectId),
}

impl Aws {
    /// The virtual time.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.clock.now
    }

    /// The change happens after this time.
    pub(super) fn later(&mut self, duration: impl FnOnce(&Durations) -> SignedDuration, change: Change) {
        let at = self.clock.now.saturating_add(duration(&self.clock.durations)).unwrap_or(Timestamp::MAX);
        self.clock.under_way.push((at, change));
    }

    /// When the next thing ends that is under way.
    #[must_use]
    pub fn next_change(&self) -> Option<Timestamp> {
        self.clock.under_way.iter().map(|(at, _)| *at).min()
    }

    /// It is this time; what was under way until then has ended.
    pub fn go_to(&mut self, time: Timestamp) {
        while let Some(at) = self.next_change().filter(|at| *at <= time) {
            self.clock.now = self.clock.now.max(at);
            let due = self.clock.under_way.iter().position(|(due, _)| *due == at);
            if let Some((_, change)) = due.map(|place| self.clock.under_way.remove(place)) {
                self.end(change);
            }
        }
        self.clock.now = self.clock.now.max(time);
    }

    fn end(&mut self, change: Change) {
        match change {
            Change::ClusterCreated(name) => self.cluster_created(&name),
            Change::ClusterDeleted(name) => self.cluster_deleted(&name),
            Change::NodeGroupCreated(cluster, name) => self.node_group_created(&cluster, &name),
            Change::NodeGroupDeleted(cluster, name) => self.node_group_deleted(&cluster, &name),
            Change::FargateProfileCreated(cluster, name) => self.fargate_profile_created(&cluster, &name),
            Change::FargateProfileDeleted(cluster, name) => self.fargate_profile_deleted(&cluster, &name),
            Change::AddonCreated(cluster, name) => self.addon_created(cluster, name),
            Change::AuthenticationModeMoved(name) => self.authentication_mode_moved(&name),
            Change::IdentityProviderAssociated(cluster, name) => self.identity_provider_associated(&cluster, &name),
            Change::LoadBalancerProvisioned(arn) => self.load_balancer_provisioned(&arn),
            Change::VpcLinkCreated(id) => self.vpc_link_created(&id),
            Change::VpcLinkDeleted(id) => {
                self.links.remove(&id);
                // Controllers try again what the link kept them from.
                for cluster in self.clusters.keys().cloned().collect::<Vec<_>>() {
                    self.wake_controller(&cluster);
                }
            }
            Change::SecurityGroupSeen(id) => {
                self.unseen.remove(&id);
            }
            Change::RoleSeen(name) => {
                self.former_roles.remove(&name);
            }
            Change::OidcProviderSeen(arn) => {
                self.former_providers.remove(&arn);
            }
            Change::TargetChecked(group, target) => {
                self.unchecked.remove(&(group, target));
            }
            Change::ObjectReconciled(cluster, id) => self.reconcile(&cluster, &id),
            Change::VolumesReclaimed(cluster) => self.reclaim_volumes(&cluster),
            Change::SnapshotCompleted(id) => self.snapshot_completed(&id),
            Change::VolumeCreated(id) => self.volume_created(&id),
            Change::NodesReconciled(cluster) => self.reconcile_nodes(&cluster),
            Change::ServiceReconciled(cluster, id) => self.reconcile_service(&cluster, &id),
        }
    }
}

impl Account {
    /// Time passes until the next thing has ended that is under way; a poll interval of the machines where nothing is.
    pub fn pass(&self) {
        let mut aws = self.aws();
        let poll = aws.now().saturating_add(SignedDuration::from_secs(15)).unwrap_or(Timestamp::MAX);
        let next = aws.next_change().unwrap_or(poll);
        aws.go_to(next);
    }

    /// It is this time.
    pub fn go_to(&self, time: Timestamp) {
        self.aws().go_to(time);
    }

    /// This much time passes.
    pub fn wait(&self, duration: SignedDuration) {
        let mut aws = self.aws();
        let time = aws.now().saturating_add(duration).unwrap_or(Timestamp::MAX);
        aws.go_to(time);
    }
}

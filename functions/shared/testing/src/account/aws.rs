//! What is in the account.

use super::functions::Permission;
use super::time::Clock;
use domain::manifest::ObjectId;
use domain::plan::compute::{
    AccessEntry, ClusterStatus, FargateProfile, LaunchTemplate, NodeGroup, PodIdentity, SecurityGroup, Subnet,
};
use domain::plan::edge::{Api, Listener, LoadBalancer, Stage, TargetGroup, UsagePlan, VpcLink};
use domain::ports::alarms::AlarmState;
use domain::ports::clusters::{AddonSchema, AddonStatus, IdentityProviderStatus};
use domain::ports::gateway::{Deployment, Method, Patch};
use domain::ports::log_groups::LogGroup;
use domain::ports::network::{Image, Instance, InstanceType, Interface};
use domain::ports::oidc_providers::OidcProvider;
use domain::ports::scaling::AutoScalingGroup;
use domain::ports::schedules::Appointment;
use domain::ports::stage_metrics::Figures;
use domain::ports::vpc_endpoints::VpcEndpoint;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What is in AWS and in the clusters. Node groups, add-ons, access entries and Pod Identity associations are keyed by cluster and
/// name, stages and deployments by API and name or id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Aws {
    /// REST APIs and HTTP APIs by id.
    pub apis: BTreeMap<String, Api>,
    /// APIs whose default endpoint was disabled and answers until the next change of a stage.
    pub lingering: BTreeSet<String>,
    /// The configuration of each API.
    pub methods: BTreeMap<String, Vec<Method>>,
    /// The Lambda authorizer of each API that has one, for its methods with `CUSTOM` authorization. In AWS a deployment freezes it.
    pub authorizers: BTreeMap<String, Authorizer>,
    /// The statements of each Lambda function's resource policy by their ids, by the function's ARN.
    pub functions: BTreeMap<String, BTreeMap<String, Permission>>,
    /// Deployments, with the methods that they froze.
    pub deployments: BTreeMap<(String, String), (Deployment, Vec<Method>)>,
    /// Stages.
    pub stages: BTreeMap<(String, String), Stage>,
    /// VPC links by id.
    pub links: BTreeMap<String, VpcLink>,
    /// Usage plans by id.
    pub plans: BTreeMap<String, UsagePlan>,
    /// What CloudWatch has of stages in each minute, by the name of the API and the stage.
    pub stage_metrics: BTreeMap<(String, String), BTreeMap<jiff::Timestamp, Figures>>,
    /// Stages that users send requests to all the time.
    pub traffic: BTreeSet<(String, String)>,
    /// Statuses that a path answers with whatever is behind it, by path, or by API, stage and path as in `shop1/prod/cart`.
    pub answers: BTreeMap<String, u16>,
    /// Load balancers by ARN.
    pub balancers: BTreeMap<String, LoadBalancer>,
    /// Listeners by the ARN of their load balancer.
    pub listeners: BTreeMap<String, Vec<Listener>>,
    /// Target groups by ARN.
    pub target_groups: BTreeMap<String, TargetGroup>,
    /// Targets by the ARN of their group and id that have not been checked often enough to be healthy or unhealthy.
    pub unchecked: BTreeSet<(String, String)>,
    /// The state of every target of a group, by the group's ARN, where it is not what the cluster makes of it.
    pub health: BTreeMap<String, String>,
    /// The highest `ActiveFlowCount` of load balancers by ARN from a time on, where it is not what the stages make of it; none where
    /// the metric is not reported.
    pub flows: BTreeMap<String, (jiff::Timestamp, Option<f64>)>,
    /// Auto Scaling groups by name.
    pub scaling: BTreeMap<String, AutoScalingGroup>,
    /// Clusters by name.
    pub clusters: BTreeMap<String, ClusterStatus>,
    /// Node groups.
    pub node_groups: BTreeMap<(String, String), NodeGroup>,
    /// Add-ons.
    pub addons: BTreeMap<(String, String), AddonStatus>,
    /// Access entries.
    pub access_entries: BTreeMap<(String, String), AccessEntry>,
    /// Pod Identity associations.
    pub pod_identities: BTreeMap<(String, String), PodIdentity>,
    /// Fargate profiles.
    pub fargate_profiles: BTreeMap<(String, String), FargateProfile>,
    /// Configurations of OIDC identity providers.
    pub identity_providers: BTreeMap<(String, String), IdentityProviderStatus>,
    /// Quotas by service and code, where they are known.
    pub quotas: BTreeMap<(String, String), f64>,
    /// IAM roles by name: who may assume each.
    pub roles: BTreeMap<String, String>,
    /// Trust policies of roles by name as they are still seen.
    pub former_roles: BTreeMap<String, String>,
    /// IAM OIDC providers by ARN.
    pub oidc_providers: BTreeMap<String, OidcProvider>,
    /// OIDC providers by ARN as they are still seen, or not.
    pub former_providers: BTreeMap<String, Option<OidcProvider>>,
    /// The pattern of the roles whose trust policies Bascule may change.
    pub irsa_roles: Option<String>,
    /// What people hung on Auto Scaling groups, by the group's name.
    pub hung_on: BTreeMap<String, Vec<String>>,
    /// What the configuration of an add-on may hold, by its name.
    pub addon_schemas: BTreeMap<String, AddonSchema>,
    /// Groups of peered VPCs that name a group: the one that is named, and the VPC.
    pub named_by_peers: Vec<(String, String)>,
    /// Kubernetes versions of new clusters.
    pub versions: Vec<String>,
    /// Versions of add-ons by name and Kubernetes version, each with whether it is the default.
    pub addon_versions: BTreeMap<(String, String), Vec<(String, bool)>>,
    /// Subnets.
    pub subnets: Vec<Subnet>,
    /// Security groups by id.
    pub security_groups: BTreeMap<String, SecurityGroup>,
    /// Security groups that nobody sees yet, by id.
    pub unseen: BTreeSet<String>,
    /// VPC endpoints for `execute-api`.
    pub vpc_endpoints: Vec<VpcEndpoint>,
    /// Network interfaces beside those of control planes, nodes and load balancers.
    pub interfaces: Vec<Interface>,
    /// Instances.
    pub instances: Vec<Instance>,
    /// Instance types of the Region.
    pub instance_types: Vec<InstanceType>,
    /// Launch templates by id; each has one version.
    pub launch_templates: BTreeMap<String, LaunchTemplate>,
    /// User data of launch templates by id, base64.
    pub user_data: BTreeMap<String, String>,
    /// AMIs that the account sees.
    pub images: Vec<Image>,
    /// Log groups by name.
    pub log_groups: BTreeMap<String, LogGroup>,
    /// Objects of each cluster.
    pub objects: BTreeMap<String, BTreeMap<ObjectId, Value>>,
    /// What others had made of each object, by its cluster, when Bascule first applied it; none where it was not there.
    pub others: BTreeMap<(String, ObjectId), Option<Value>>,
    /// What is kept for volumes of clusters in AWS by its handle, each with the object that it was made for: volumes of EBS, whose handles
    /// begin with `vol-` and their cluster's name, and directories of EFS.
    pub volumes: BTreeMap<String, String>,
    /// The ARNs of the KMS keys of volumes of EBS that are encrypted, by the volume's id.
    pub volume_keys: BTreeMap<String, String>,
    /// The ARNs of KMS keys whose policies do not let Bascule use them.
    pub unusable_keys: BTreeSet<String>,
    /// Snapshots of volumes of EBS, by id.
    pub snapshots: BTreeMap<String, super::Taken>,
    /// Volumes of EBS that were made from snapshots, by id.
    pub copies: BTreeMap<String, super::MadeFrom>,
    /// Why the API server of a cluster does not answer, by cluster.
    pub unreachable: BTreeMap<String, String>,
    /// Bundles by their URIs, each a list of manifests.
    pub bundles: BTreeMap<String, Vec<Value>>,
    /// Versions of bundles by their URIs and ids.
    pub bundle_versions: BTreeMap<(String, String), Vec<Value>>,
    /// Terraform's states, and what is beside them in S3, by bucket and key.
    pub states: BTreeMap<(String, String), String>,
    /// Those of them that Bascule may not read.
    pub hidden_states: BTreeSet<(String, String)>,
    /// Locks of states that are held, by table and id: what each says.
    pub state_locks: BTreeMap<(String, String), String>,
    /// Digests of states, by table and id.
    pub state_digests: BTreeMap<(String, String), String>,
    /// Schedules by name.
    pub schedules: BTreeMap<String, Appointment>,
    /// Alarms that are not OK, by ARN.
    pub alarms: BTreeMap<String, AlarmState>,
    /// The security group of Bascule's functions, where they run in the user's subnets.
    pub functions_group: Option<String>,
    /// Whether the approval page takes signed requests only.
    pub approvers_sign: bool,
    /// What has happened.
    pub history: History,
    /// The time, and what is under way.
    pub clock: Clock,
}

/// A Lambda authorizer that lets every request in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Authorizer {
    /// Its name.
    pub name: String,
    /// The URI that names its function.
    pub uri: String,
}

/// What has happened in the account.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// What was created, kind and name, in order.
    pub creates: Vec<String>,
    /// Every change of a stage by one call: API, stage and patches.
    pub stage_calls: Vec<(String, String, Vec<Patch>)>,
    /// Objects that were written, with their cluster.
    pub writes: Vec<(String, String)>,
    /// When load balancers last carried requests of [`Aws::traffic`], by ARN, where they do not any more.
    pub(crate) carried: BTreeMap<String, jiff::Timestamp>,
}

impl Aws {
    /// Notes a creation and gives a new id: made of the name, so that it is the same in every run, and numbered from the second of
    /// the same name on.
    pub(crate) fn create(&mut self, kind: &str, prefix: &str, name: &str) -> String {
        let created = format!("{kind} {name}");
        let before = self.history.creates.iter().filter(|known| **known == created).count();
        self.history.creates.push(created);
        let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        if before == 0 { format!("{prefix}{name}") } else { format!("{prefix}{name}-{}", before + 1) }
    }

    /// Once everything has ended that is under way.
    #[must_use]
    pub fn finished(&self) -> Self {
        let mut finished = self.clone();
        while let Some(time) = finished.next_change() {
            finished.go_to(time);
        }
        finished
    }

    /// Without what differs from run to run though the same is left: the time, what has happened, since when things exist, and
    /// what IAM still shows of before.
    #[must_use]
    pub fn contents(&self) -> Self {
        let mut contents = Self { history: History::default(), clock: Clock::default(), ..self.clone() };
        contents.former_roles.clear();
        contents.former_providers.clear();
        for cluster in contents.clusters.values_mut() {
            cluster.created_at = jiff::Timestamp::UNIX_EPOCH;
        }
        for group in contents.log_groups.values_mut() {
            group.created_at = 0;
        }
        for addon in contents.addons.values_mut() {
            addon.created_at = jiff::Timestamp::UNIX_EPOCH;
        }
        contents
    }
}

/// The key of what is named within something else.
pub(crate) fn pair(outer: &str, inner: &str) -> (String, String) {
    (outer.to_owned(), inner.to_owned())
}

//! What surrounds the workloads: what names blue, and the ports on which the load balancer expects an answer.

use super::{fargate::Instances, service::OfService};
use domain::{
    Problem, Tags,
    manifest::{Object, named, workload},
    plan::{
        compute::{AccessEntry, AutoMode, Compute, FargateProfile, Reference},
        edge::{Edge, service::Maker},
    },
    word::is_named,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// How many places one message names.
const NAMED: usize = 40;

/// What surrounds the workloads of blue.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// Green's Kubernetes version, as far as it is known.
    pub(super) version: String,
    names: Vec<String>,
    node_ports: Vec<u16>,
    /// Whether green is the user's own.
    pub(super) is_users: bool,
    /// The add-ons, each with its configuration.
    pub(super) addons: Vec<(String, Option<String>)>,
    /// The subnets of green's nodes.
    pub(super) subnet_ids: Vec<String>,
    /// Those of them where the built-in node pools of EKS Auto Mode have their nodes.
    pub(super) auto_subnet_ids: Vec<String>,
    /// Security groups of others with a rule that names a group of blue, which gets a copy for green, and its ports.
    pub(super) references: Vec<Reference>,
    /// The Service that blue's load balancer belongs to.
    pub(super) service: Option<OfService>,
    /// Blue's Fargate profiles, which green gets too.
    pub(super) fargate: Vec<FargateProfile>,
    /// Blue's name.
    pub(super) blue: String,
    /// The account of both.
    pub(super) account: String,
    /// The VPC of both.
    pub(super) vpc_id: String,
    /// The roles whose nodes green lets in: those of managed node groups, and of access entries for nodes.
    pub(super) node_roles: Vec<String>,
    /// How blue is in EKS Auto Mode, as green will be.
    pub(super) auto_mode: Option<AutoMode>,
    /// The roles whose nodes EKS Auto Mode may make on green.
    pub(super) auto_roles: Vec<String>,
    /// The tags of the security groups that green will have of its own.
    pub(super) green_groups: Vec<Tags>,
    /// The groups that they are copies of.
    pub(super) blue_groups: Vec<String>,
    /// What of the load balancer sends requests to instances.
    pub(super) instances: Instances,
}

impl Around {
    /// What is known of blue: what names its cluster, its security groups and Auto Scaling groups, its load balancer with its target groups,
    /// and its VPC link. A load balancer's own name is a word of people's and may be any; one of several words is hardly anything else.
    #[must_use]
    pub fn of(compute: &Compute, edge: &Edge) -> Self {
        let balancer = &edge.load_balancer;
        let mut names = compute.blue.names();
        names.extend(compute.blue_groups().into_iter().map(str::to_owned));
        names.extend(compute.node_groups.iter().flat_map(|group| group.auto_scaling_groups.clone()));
        names.extend([balancer.arn.clone(), balancer.dns_name.clone(), edge.vpc_link.id.clone()]);
        names.extend(Some(&balancer.name).filter(|name| name.contains('-')).cloned());
        names.extend(edge.target_groups.iter().map(|group| group.arn.clone()));
        names.retain(|name| !name.is_empty());
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        // The controller of a Service asks green's Service for its node ports.
        let cloned = edge.target_groups.iter().filter(|_| edge.service.is_none());
        let by_instance = cloned.filter(|group| group.target_type == "instance");
        let ports = by_instance.flat_map(|group| [Some(group.port), group.health_check.port.parse().ok()]);
        let mut node_ports: Vec<u16> = ports.flatten().collect();
        node_ports.sort_unstable();
        node_ports.dedup();
        let addons = compute.addons.iter().map(|addon| (addon.name.clone(), addon.configuration.clone())).collect();
        let mut subnets: BTreeSet<&String> =
            compute.node_groups.iter().flat_map(|group| &group.green_subnet_ids).collect();
        let has_pools = compute.blue.auto_mode.as_ref().is_some_and(|auto| !auto.node_pools.is_empty());
        let auto_subnet_ids = if has_pools { compute.green.subnet_ids.clone() } else { Vec::new() };
        subnets.extend(&auto_subnet_ids);
        let subnet_ids = subnets.into_iter().cloned().collect();
        let service = edge.service.clone().map(|service| OfService {
            service,
            balancer: balancer.name.clone(),
            maker: Maker::of(&balancer.tags),
            auto_mode: compute.blue.auto_mode.is_some(),
        });
        Self {
            version: compute.green.version.clone(),
            names,
            node_ports,
            is_users: compute.existing.is_some(),
            addons,
            subnet_ids,
            auto_subnet_ids,
            references: compute.references.clone(),
            service,
            fargate: compute.fargate_profiles.clone(),
            blue: compute.blue.name.clone(),
            account: compute.blue.arn.split(':').nth(4).unwrap_or_default().to_owned(),
            vpc_id: compute.blue.vpc_id.clone(),
            node_roles: node_roles(compute),
            auto_mode: compute.blue.auto_mode.clone(),
            auto_roles: auto_roles(compute),
            green_groups: green_groups(compute),
            blue_groups: compute.blue_groups().into_iter().map(str::to_owned).collect(),
            instances: Instances::of(edge),
        }
    }

    /// The names of blue that nobody said to mean something else.
    pub(super) fn unexplained(&self, asked: &domain::input::Workloads) -> Vec<String> {
        let same = |name: &&String| asked.replace.iter().any(|word| word.blue == **name && word.green == **name);
        self.names.iter().filter(|name| !same(name)).cloned().collect()
    }

    /// The target groups send to a port of the nodes, which nothing may be given by chance
    /// (<https://kubernetes.io/docs/concepts/services-networking/service/#nodeport-custom-port>).
    pub(super) fn unanswered(&self, all: &[(usize, Object)]) -> Vec<Problem> {
        let silent = self.node_ports.iter().filter(|port| !all.iter().any(|(_, object)| answers(object, **port)));
        silent
            .map(|port| {
                let message = format!(
                    "blue's target groups send to the port {port} of the nodes, and nothing in the bundles answers there: no Service has it as its nodePort \
                     and no Pod as its hostPort. A port that Kubernetes chooses is another one on green; write nodePort: {port}"
                );
                Problem::new("$.workloads.manifests", message)
            })
            .collect()
    }
}

fn node_roles(compute: &Compute) -> Vec<String> {
    let entries = compute.access_entries.iter().filter(|entry| entry.entry_type == "EC2_LINUX");
    let groups = compute.node_groups.iter().map(|group| group.role_arn.clone());
    entries.map(|entry| entry.principal_arn.clone()).chain(groups).collect()
}

/// The policy that an access entry of such nodes needs
/// (<https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html#auto-node-access-entry>).
const AUTO_NODES: &str = ":cluster-access-policy/AmazonEKSAutoNodePolicy";

fn auto_roles(compute: &Compute) -> Vec<String> {
    let lets_in = |entry: &&AccessEntry| {
        entry.entry_type == "EC2" && entry.policies.iter().any(|policy| policy.arn.ends_with(AUTO_NODES))
    };
    let entries = compute.access_entries.iter().filter(lets_in).map(|entry| entry.principal_arn.clone());
    let built_in = compute.blue.auto_mode.iter().filter_map(|auto| auto.node_role_arn.clone());
    entries.chain(built_in).collect()
}

/// EKS gives the cluster security group tags of its own beside the copied ones
/// (<https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html>).
fn green_groups(compute: &Compute) -> Vec<Tags> {
    let green = &compute.green.name;
    let mut own = compute.green_tags(&compute.cluster_group_tags);
    own.insert("aws:eks:cluster-name".to_owned(), green.clone());
    own.insert(format!("kubernetes.io/cluster/{green}"), "owned".to_owned());
    compute.security_groups.iter().map(|group| compute.green_tags(&group.tags)).chain([own]).collect()
}

/// How the cluster autoscaler finds the Auto Scaling groups that it manages
/// (<https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md#auto-discovery-setup>).
const DISCOVERY: &str = "asg:tag=";

/// An autoscaler that finds Auto Scaling groups by tags that do not name green finds blue's too, and ends their instances, which are no
/// nodes of green (kubernetes/autoscaler#8084).
pub(super) fn finds_groups_of_both(object: &Object, green: &str) -> Option<String> {
    let tags = workload::arguments(object).filter_map(|argument| argument.split_once(DISCOVERY)).map(|(_, tags)| tags);
    let mut anybodys = tags.filter(|tags| !is_named(tags, green));
    let tags = anybodys.next().filter(|_| workload::is_workload(&object.id))?;
    Some(format!(
        "{} manages the Auto Scaling groups with the tags {tags}, which blue's may have too: on green it would end blue's nodes, which are none of green's. Let it \
         find them by a tag that names {green} (k8s.io/cluster-autoscaler/<cluster>, which EKS puts on its groups)",
        object.id
    ))
}

fn answers(object: &Object, port: u16) -> bool {
    let spec = &object.value["spec"];
    let is = |value: &Value| value.as_u64() == Some(u64::from(port));
    if object.id.kind == "Service" && object.id.group().is_empty() {
        let mut ports = spec["ports"].as_array().into_iter().flatten();
        return ports.any(|of| is(&of["nodePort"])) || is(&spec["healthCheckNodePort"]);
    }
    if !workload::is_workload(&object.id) {
        return false;
    }
    let Some(pods) = workload::pod_spec(&object.id.kind, &object.value) else { return false };
    let containers = pods["containers"].as_array().into_iter().flatten();
    let mut ports = containers.filter_map(|container| container["ports"].as_array()).flatten();
    ports.any(|of| is(&of["hostPort"]) || (pods["hostNetwork"] == true && is(&of["containerPort"])))
}

/// Where the object names blue, for its message.
pub(super) fn names_blue(object: &Object, names: &[String]) -> Option<String> {
    let mut places = named::places(&object.value, names);
    let more = places.len().saturating_sub(NAMED);
    places.truncate(NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!places.is_empty()).then(|| {
        format!(
            "{} names blue in {}{rest}: on green it would work on what is blue's. Say in workloads.replace what each word becomes on green, the same word where it \
             means something else",
            object.id,
            places.join(", ")
        )
    })
}

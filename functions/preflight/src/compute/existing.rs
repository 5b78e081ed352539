//! A green that the user built: how it differs from blue, attribute by attribute. What would break is refused, the rest is in the plan.

pub(crate) mod differences;
mod identities;
mod network;
mod nodes;

use super::{access, control_plane::minor, fargate, identity_providers, roles};
use differences::Differences;
use domain::{
    Input, Limit, PhaseError, Problem,
    plan::{
        ExistingCluster,
        compute::{
            AccessEntry, Cluster, ClusterStatus, Compute, FargateProfile, IdentityProvider, NodeGroup, PodIdentity,
        },
    },
    ports::{
        Access, Addons, Clusters, FargateProfiles, IdentityProviders, LaunchTemplates, Network, NodeGroups, Roles,
        clusters::AddonStatus, network::Instance,
    },
    resources::{authentication_mode::CONFIG_MAP, oidc_provider},
};
use std::collections::BTreeSet;

/// The path of what is wrong with it.
const GREEN: &str = "$.green.cluster";

/// Limits that concern a blue which is not cloned, where it is deleted in the end.
const OF_A_DELETION: [Limit; 1] = [Limit::UnmanagedNodes];

/// Members of a cluster in which two clusters differ by nature, or that are compared on their own.
const OF_ITS_OWN: [&str; 10] = [
    "name",
    "arn",
    "version",
    "vpcId",
    "securityGroupIds",
    "clusterSecurityGroupId",
    "tags",
    "endpoint",
    "certificateAuthority",
    "oidcIssuer",
];

/// Green as it is.
#[derive(Debug, Clone, Default)]
struct Green {
    cluster: Cluster,
    node_groups: Vec<NodeGroup>,
    fargate_profiles: Vec<FargateProfile>,
    addons: Vec<AddonStatus>,
    access_entries: Vec<AccessEntry>,
    pod_identities: Vec<PodIdentity>,
    identity_providers: Vec<IdentityProvider>,
    nodes: Vec<Instance>,
    /// The groups of its control plane and of its nodes.
    groups: BTreeSet<String>,
}

/// Green's cluster, where the input says that the user built it; what stands in its way without a comparison is a problem.
pub(super) async fn find<P: Clusters>(
    ports: &P,
    input: &Input,
    problems: &mut Vec<Problem>,
) -> Result<Option<ClusterStatus>, PhaseError> {
    if !input.green.existing || input.green.cluster.is_empty() {
        return Ok(None);
    }
    let name = &input.green.cluster;
    let Some(found) = ports.cluster(name).await? else {
        problems.push(Problem::new(
            GREEN,
            format!("there is no cluster {name} in this account and Region, and green.existing says that you built it; build it, or leave `existing` out"),
        ));
        return Ok(None);
    };
    if found.status != "ACTIVE" {
        problems.push(Problem::new(
            GREEN,
            format!("{name} is {}, expected ACTIVE; wait until EKS is done with it", found.status),
        ));
    }
    if found.cluster.authentication_mode == CONFIG_MAP {
        problems.push(Limit::ConfigMapAuthentication.refusal(
            GREEN,
            "its authentication mode is CONFIG_MAP, expected API or API_AND_CONFIG_MAP, which Bascule needs to reach it",
        ));
    }
    Ok(Some(found))
}

/// Whether what keeps blue from being cloned is of any concern: everything where it is cloned, and where it is not what its deletion meets.
pub(super) fn concerns(input: &Input, problem: &Problem) -> bool {
    let of_a_deletion = || OF_A_DELETION.iter().any(|limit| limit.code() == problem.code);
    !input.green.existing || (!input.keeps_blue() && of_a_deletion())
}

/// Reads the rest of green and compares it with blue.
pub(super) async fn compare<P>(
    ports: &P,
    input: &Input,
    blue: &Compute,
    green: ClusterStatus,
) -> Result<(ExistingCluster, Vec<Problem>, Vec<String>), PhaseError>
where
    P: Access + Addons + FargateProfiles + IdentityProviders + LaunchTemplates + Network + NodeGroups + Roles,
{
    let name = green.cluster.name.clone();
    let mut found = Green { cluster: green.cluster, ..Green::default() };
    for group in ports.node_groups(&name).await? {
        found.node_groups.extend(ports.node_group(&name, &group).await?);
    }
    found.fargate_profiles = fargate::all(ports, &name).await?;
    for addon in ports.addon_names(&name).await? {
        found.addons.extend(ports.addon(&name, &addon).await?);
    }
    found.access_entries = access::entries(ports, &found.cluster, &found.node_groups).await?.0;
    found.pod_identities = access::associations(ports, &name).await?;
    found.identity_providers = identity_providers::read(ports, &name, &mut Vec::new()).await?;
    found.nodes = ports.instances_tagged(&format!("kubernetes.io/cluster/{name}"), None).await?;
    let blues_nodes = ports.instances_tagged(&format!("kubernetes.io/cluster/{}", blue.blue.name), None).await?;
    found.groups = network::groups(ports, &found).await?;
    let groups = ports.security_groups(&blue.blue.vpc_id).await?;

    let mut differences = Differences::default();
    control_plane(&blue.blue, &found.cluster, &mut differences);
    network::compare(blue, &found, &groups, &mut differences);
    nodes::compare(blue, &found, &blues_nodes, &mut differences);
    fargate::compare(&blue.fargate_profiles, &found.fargate_profiles, &mut differences);
    identities::addons(blue, &found, &mut differences);
    identities::access(blue, &found, &mut differences);
    identities::providers(blue, &found, &mut differences);
    identities::pods(blue, &found, &mut differences);
    for problem in roles::problems(ports, &identities::named_by_green(blue, &found)).await? {
        differences.breaks(problem.message);
    }
    if found.node_groups.is_empty() && input.green.load_balancer.is_none() {
        differences.breaks(
            "it has no managed node group, and Bascule registers no other nodes with the load balancer that it makes; build that too, with its targets, \
             and name it in $.green.loadBalancer"
                .to_owned(),
        );
    }
    let existing = ExistingCluster {
        arn: found.cluster.arn.clone(),
        endpoint: found.cluster.endpoint.clone(),
        security_group_ids: found.groups.into_iter().collect(),
        node_groups: found.node_groups.into_iter().map(|group| group.name).collect(),
        addons: found.addons.into_iter().map(|addon| addon.addon.name).collect(),
        oidc_provider_arn: oidc_provider::arn(&found.cluster).unwrap_or_default(),
    };
    let (problems, told) = differences.finish(GREEN);
    Ok((existing, problems, told))
}

fn control_plane(blue: &Cluster, green: &Cluster, differences: &mut Differences) {
    if minor(&green.version) < minor(&blue.version) {
        differences.breaks(format!(
            "its Kubernetes version is {}, lower than blue's {}; upgrade it",
            green.version, blue.version
        ));
    } else if green.version != blue.version {
        differences.differs("version", &blue.version, &green.version);
    }
    if green.vpc_id != blue.vpc_id {
        differences.breaks(format!(
            "it is in {}, and blue in {}: blue's load balancer, security groups and databases are of that VPC. Build it there",
            green.vpc_id, blue.vpc_id
        ));
    }
    if green.ip_family != blue.ip_family {
        differences.breaks(format!(
            "its Services and Pods have {} addresses, and blue's {}: target groups and security groups are made for those. Build it anew",
            green.ip_family, blue.ip_family
        ));
    }
    if blue.auto_mode.is_some() && green.auto_mode.is_none() {
        differences.breaks(
            "it is not in EKS Auto Mode, and blue is: Pods that run on its nodes would wait for some. Enable it"
                .to_owned(),
        );
    }
    let but = [&OF_ITS_OWN[..], &["ipFamily"]].concat();
    differences.members("", blue, green, &but);
}

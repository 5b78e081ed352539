//! Preflight of control planes, nodes and their network: reads blue whole, decides what green will be, and says what
//! stands in the way.

mod access;
mod addons;
mod control_plane;
mod existing;
mod fargate;
mod identity_providers;
mod network;
mod nodes;
mod planned;
mod quotas;
pub(crate) mod roles;
mod room;
mod settings;
mod tags;

pub(crate) use existing::differences::Differences;
pub(crate) use quotas::{increase, whole};

use domain::{
    Input, PhaseError, Problem, neighbours,
    plan::edge::Edge,
    plan::{
        Found,
        compute::{Cluster, Compute, Green},
    },
    ports::{
        Access, Addons, Clusters, FargateProfiles, IdentityProviders, LaunchTemplates, LogGroups, Neighbours, Network,
        NodeGroups, Quotas, Roles, Scaling, TargetGroups,
    },
    resources::{
        authentication_mode::{BOTH, CONFIG_MAP},
        log_group,
    },
};

/// Everything that this part of preflight reads.
pub trait Ports:
    Clusters
    + NodeGroups
    + FargateProfiles
    + Addons
    + Access
    + IdentityProviders
    + Network
    + LaunchTemplates
    + LogGroups
    + Quotas
    + Roles
    + Scaling
{
}

impl<T> Ports for T where
    T: Clusters
        + NodeGroups
        + FargateProfiles
        + Addons
        + Access
        + IdentityProviders
        + Network
        + LaunchTemplates
        + LogGroups
        + Quotas
        + Roles
        + Scaling
{
}

/// The path of everything that is wrong with blue.
const BLUE: &str = "$.blue.cluster";

/// Reads blue and what green will be made of, as far as the input names them. Changes nothing.
///
/// # Errors
/// `Unavailable` or `Denied`: everything else that stands in the way is a problem of what is found.
pub async fn read<P: Ports>(ports: &P, input: &Input) -> Result<Found<Compute>, PhaseError> {
    let mut problems = control_plane::problems_of_green(ports, input).await?;
    if input.blue.cluster.is_empty() {
        return Ok(Found { problems, ..Found::new(Compute::default()) });
    }
    let Some(blue) = ports.cluster(&input.blue.cluster).await? else {
        problems.push(Problem::new(
            BLUE,
            format!(
                "found {:?}, expected the name of an EKS cluster of this account and Region; see `aws eks list-clusters`",
                input.blue.cluster
            ),
        ));
        return Ok(Found { problems, ..Found::new(Compute::default()) });
    };
    problems.extend(control_plane::state_of_blue(input, &blue));
    let existing = existing::find(ports, input, &mut problems).await?;
    // What keeps blue from being cloned.
    let mut uncloned = control_plane::uncloned(ports, &blue).await?;
    let blue = blue.cluster;

    let green = green(input, &blue, existing.as_ref().map(|found| &found.cluster));
    let mut addons = addons::read(ports, &blue.name, &green.version, &mut uncloned).await?;
    addons::replace(&mut addons, &input.workloads.replace);
    let mut compute = Compute { green, blue, addons, ..Compute::default() };
    uncloned.extend(control_plane::problems_of_version(ports, &compute).await?);
    let types = nodes::changes::instance_types(ports, input).await?;
    let changes = nodes::read(ports, input, &types, &mut compute, &mut uncloned).await?;
    compute.fargate_profiles = fargate::read(ports, &compute.blue.name, &mut uncloned).await?;
    access::read(ports, &mut compute, &mut uncloned).await?;
    compute.identity_providers = identity_providers::read(ports, &compute.blue.name, &mut uncloned).await?;
    let shared = network::read(ports, input, &types, &mut compute, &mut uncloned).await?;
    uncloned.extend(addons::problems(&compute, &input.workloads.replace));
    uncloned.extend(roles::problems(ports, &compute).await?);
    uncloned.extend(tags::problems(&compute));
    problems.extend(uncloned.into_iter().filter(|problem| existing::concerns(input, problem)));
    let shared_templates = nodes::shared_templates(ports, &compute).await?;

    let mut advice = control_plane::advice(input, &compute);
    if let Some(green) = existing {
        let (facts, breaking, told) = existing::compare(ports, input, &compute, green).await?;
        problems.extend(breaking);
        advice.extend(told);
        compute.existing = Some(facts);
    }
    let logs = log_group::plan(ports, &compute, input.keeps_blue()).await?;
    if !input.keeps_blue() {
        advice.extend(
            shared
                .iter()
                .chain(&shared_templates)
                .map(|(id, by)| format!("{id} is also used by {by}: the cleanup leaves it")),
        );
        advice.extend(tags::advice(&compute, &shared_templates));
    }
    advice.extend(changes);
    advice.extend(fargate::advice(input, &compute));
    advice.extend(logs.advice);
    advice.extend(settings::advice(ports, &compute).await?);
    Ok(Found {
        creates: [planned::creates(&compute), logs.creates].concat(),
        deletes: [planned::deletes(&compute, &shared_templates), logs.deletes].concat(),
        facts: compute,
        problems,
        advice,
        switch: Vec::new(),
    })
}

/// What green will be, or is already.
fn green(input: &Input, blue: &Cluster, existing: Option<&Cluster>) -> Green {
    let like = existing.unwrap_or(blue);
    let asked = &input.green;
    Green {
        name: asked.cluster.clone(),
        version: asked.version.as_ref().filter(|_| existing.is_none()).unwrap_or(&like.version).clone(),
        subnet_ids: if asked.subnet_ids.is_empty() { like.subnet_ids.clone() } else { asked.subnet_ids.clone() },
        // There are no access entries in the other mode, and Bascule needs one.
        authentication_mode: if like.authentication_mode == CONFIG_MAP {
            BOTH.to_owned()
        } else {
            like.authentication_mode.clone()
        },
    }
}

/// Advice for what else than the API sends requests to blue: the cleanup waits until it is gone.
///
/// # Errors
/// Only what the calls answer.
pub async fn neighbours<P>(ports: &P, compute: &Compute, edge: &Edge) -> Result<Vec<String>, PhaseError>
where
    P: Neighbours + TargetGroups + Network,
{
    if compute.blue.vpc_id.is_empty() {
        return Ok(Vec::new());
    }
    let others = neighbours::others(ports, compute, edge).await?;
    Ok(others
        .into_iter()
        .map(|other| format!("{other}, which is not moved: the cleanup keeps blue until its clients are"))
        .collect())
}

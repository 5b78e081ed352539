//! Preflight of control planes, nodes and their network: reads blue whole, decides what green will be, and says what
//! stands in the way.

mod access;
mod addons;
mod control_plane;
mod network;
mod nodes;
mod planned;
mod quotas;
pub(crate) mod roles;
mod room;
mod settings;
mod tags;

pub(crate) use quotas::whole;

use domain::{
    Input, PhaseError, Problem, neighbours,
    plan::edge::Edge,
    plan::{
        Found,
        compute::{Compute, Green},
    },
    ports::{
        Access, Addons, Clusters, LaunchTemplates, LogGroups, Neighbours, Network, NodeGroups, Quotas, Roles, Scaling,
        TargetGroups,
    },
    resources::log_group,
};

/// Everything that this part of preflight reads.
pub trait Ports:
    Clusters + NodeGroups + Addons + Access + Network + LaunchTemplates + LogGroups + Quotas + Roles + Scaling
{
}

impl<T> Ports for T where
    T: Clusters + NodeGroups + Addons + Access + Network + LaunchTemplates + LogGroups + Quotas + Roles + Scaling
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
    problems.extend(control_plane::problems_of_blue(ports, &blue).await?);
    let blue = blue.cluster;

    let version = input.green.version.clone().unwrap_or_else(|| blue.version.clone());
    let mut addons = addons::read(ports, &blue.name, &version, &mut problems).await?;
    addons::replace(&mut addons, &input.workloads.replace);
    let mut compute = Compute {
        green: Green {
            name: input.green.cluster.clone(),
            version,
            subnet_ids: if input.green.subnet_ids.is_empty() {
                blue.subnet_ids.clone()
            } else {
                input.green.subnet_ids.clone()
            },
            authentication_mode: blue.authentication_mode.clone(),
        },
        blue,
        addons,
        ..Compute::default()
    };
    problems.extend(control_plane::problems_of_version(ports, &compute).await?);
    let types = nodes::changes::instance_types(ports, input).await?;
    let changes = nodes::read(ports, input, &types, &mut compute, &mut problems).await?;
    access::read(ports, &mut compute, &mut problems).await?;
    let shared = network::read(ports, input, &types, &mut compute, &mut problems).await?;
    problems.extend(addons::problems(&compute, &input.workloads.replace));
    problems.extend(roles::problems(ports, &compute).await?);
    problems.extend(tags::problems(&compute));
    let shared_templates = nodes::shared_templates(ports, &compute).await?;

    let logs = log_group::plan(ports, &compute).await?;

    let mut advice = control_plane::advice(input, &compute);
    advice.extend(
        shared
            .iter()
            .chain(&shared_templates)
            .map(|(id, by)| format!("{id} is also used by {by}: the cleanup leaves it")),
    );
    advice.extend(changes);
    advice.extend(logs.advice);
    advice.extend(settings::advice(ports, &compute).await?);
    advice.extend(tags::advice(&compute, &shared_templates));
    Ok(Found {
        creates: [planned::creates(&compute), logs.creates].concat(),
        deletes: [planned::deletes(&compute, &shared_templates), logs.deletes].concat(),
        facts: compute,
        problems,
        advice,
        switch: Vec::new(),
    })
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

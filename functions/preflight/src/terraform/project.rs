//! One project: its states, and whether its hand-over can end well.

use super::{Managed, object};
use domain::{
    Condition, Input, PhaseError, Problem, adoption,
    digest::md5_hex,
    input::{
        Gateway,
        terraform::{Move, Project, Swap},
    },
    plan::{Found, compute::Compute, edge::Edge, terraform::Handover},
    ports::TerraformStates,
    terraform::{Address, Place, State, backend, moved},
};
use std::collections::BTreeSet;

/// So many addresses are named.
const TOLD: usize = 12;

/// By what is known whose a resource is.
pub(super) struct Blue {
    /// Ids and ARNs of what is deleted in the end.
    deleted: BTreeSet<String>,
    /// Those of what stays: the APIs, the network.
    stays: BTreeSet<String>,
    /// The name of the cluster that replaces blue's.
    green: String,
    /// Whether the user built it.
    is_existing: bool,
}

impl Blue {
    pub(super) fn of(input: &Input, compute: &Found<Compute>, edge: &Found<Edge>) -> Self {
        let planned = compute.deletes.iter().chain(&edge.deletes);
        let cluster = &compute.facts.blue;
        let network = [&cluster.vpc_id].into_iter().chain(&cluster.subnet_ids).chain(&cluster.security_group_ids);
        let gateway = input
            .gateway
            .iter()
            .flat_map(|Gateway { rest_api_id, stage }| [rest_api_id.clone(), format!("ags-{rest_api_id}-{stage}")]);
        Self {
            deleted: planned.filter_map(|planned| planned.id.clone()).collect(),
            stays: gateway.chain(network.cloned()).filter(|id| !id.is_empty()).collect(),
            green: input.green.cluster.clone(),
            is_existing: input.green.existing,
        }
    }
}

/// What a state has that concerns the migration.
#[derive(Default)]
struct Content {
    lineage: String,
    /// Addresses of blue's resources, with the ids of those that are deleted.
    blue: Vec<(String, Option<String>)>,
    /// Names of clusters.
    clusters: Vec<String>,
    /// How much it manages.
    count: usize,
    /// Which move cannot be made, and why.
    immovable: Option<(usize, String)>,
}

pub(super) async fn read<P: TerraformStates>(
    ports: &P,
    path: &str,
    project: &Project,
    blue: &Blue,
    found: &mut Found<Managed>,
) -> Result<(), PhaseError> {
    let mut contents = Vec::new();
    let places = project.places();
    for (field, place) in &places {
        match content(ports, path, field, place, project.moves.as_ref(), blue).await? {
            Ok(content) => contents.push(content),
            Err(problem) => found.problems.push(problem),
        }
    }
    let handover = |moves| Handover {
        places: places.iter().map(|(_, place)| place.clone()).collect(),
        lineages: contents.iter().map(|content| content.lineage.clone()).collect(),
        moves,
        adopt: project.adopt.is_some(),
    };
    match (&project.swap, &project.moves, &project.adopt, &contents[..]) {
        (Some(swap), None, None, [mine, temporary]) => {
            found.problems.extend(swapped(path, swap, mine, temporary, blue));
            let moves = Vec::new();
            tell(project, mine, &swap.temporary, "terraform destroy", found);
            found.facts.handovers.push(handover(moves));
        }
        (None, None, Some(adopt), [content]) => {
            let problem = || Problem::new(format!("{path}.adopt.workspace"), unconcerned(&adopt.workspace, content));
            found.problems.extend(content.blue.is_empty().then(problem));
            tell(project, content, &adopt.workspace, "terraform apply` of the commit with its `blue.tf", found);
            found.advice.extend(merge_request(&places[0].1, content));
            found.facts.handovers.push(handover(Vec::new()));
        }
        (None, Some(moves), None, [content]) => {
            found.problems.extend(movable(path, moves, content));
            tell(
                project,
                content,
                &moves.workspace,
                "terraform apply` of the code without it, or `terraform destroy -target=…",
                found,
            );
            // The switch gives the stage a deployment that the code does not know.
            let has_stage = content.blue.iter().any(|(address, _)| address.contains("aws_api_gateway_stage."));
            found.advice.extend(has_stage.then(|| announced(&places[0].1)));
            let moves = moves.addresses.iter().map(|one| (one.from.clone(), one.to.clone())).collect();
            found.facts.handovers.push(handover(moves));
        }
        // The input is at fault, or a state, which is told already.
        _ => {}
    }
    Ok(())
}

/// Reads one state.
async fn content<P: TerraformStates>(
    ports: &P,
    path: &str,
    field: &str,
    place: &Place,
    moves: Option<&Move>,
    blue: &Blue,
) -> Result<Result<Content, Problem>, PhaseError> {
    let bytes = match object(ports, path, place).await? {
        Ok(Some(bytes)) => bytes,
        Ok(None) if place.workspace == backend::DEFAULT => {
            let message =
                format!("there is no object s3://{}: expected the state of the workspace `default`", place.lock_id());
            return Ok(Err(Problem::new(format!("{path}.key"), message)));
        }
        Ok(None) => {
            let message = format!(
                "the workspace {:?} does not exist: there is no object s3://{}. `terraform workspace list` names those that do; \
                 `workspaceKeyPrefix` must be the backend's",
                place.workspace,
                place.lock_id()
            );
            return Ok(Err(Problem::new(format!("{path}{field}"), message)));
        }
        Err(problem) => return Ok(Err(problem)),
    };
    let wrong = |message: String| Ok(Err(Problem::new(format!("{path}{field}"), message)));
    let state = match State::read(&bytes) {
        Ok(state) => state,
        Err(unreadable) => return wrong(format!("the state s3://{}: {unreadable}", place.lock_id())),
    };
    if let Some(table) = &place.lock_table {
        match ports.state_digest(table, &place.digest_id()).await {
            Ok(Some(digest)) if digest != md5_hex(&bytes) => {
                return wrong(format!(
                    "the state s3://{} has another MD5 than its item {} in the table {table} says: somebody replaced the object behind Terraform's \
                     back, which refuses it too. Put back what belongs together",
                    place.lock_id(),
                    place.digest_id()
                ));
            }
            Ok(_) => {}
            Err(error) if matches!(error.condition, Condition::Denied | Condition::Refused) => {
                let message = format!("the table {table} cannot be read: {}", error.message);
                return Ok(Err(Problem::new(format!("{path}.lock.dynamodbTable"), message)));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Ok(seen(state, moves, blue)))
}

fn seen(state: State<'_>, moves: Option<&Move>, blue: &Blue) -> Content {
    let mut content = Content { lineage: state.lineage.clone(), ..Content::default() };
    for (address, instance) in state.managed() {
        content.count += 1;
        let [id, arn, name] = instance.attributes(["id", "arn", "name"]);
        let mut ids = [id, arn].into_iter().flatten();
        if address.resource.as_ref().is_some_and(|resource| resource.kind == "aws_eks_cluster") {
            content.clusters.extend(name);
        }
        if let Some(id) = ids.find(|id| blue.deleted.contains(id) || blue.stays.contains(id)) {
            content.blue.push((address.to_string(), blue.deleted.contains(&id).then_some(id)));
        }
    }
    let addresses = moves.iter().flat_map(|moves| &moves.addresses);
    // One that is no address is told already.
    let addresses: Result<Vec<_>, String> = addresses.map(|one| Ok((one.from.parse()?, one.to.parse()?))).collect();
    if let Ok(addresses) = addresses
        && !addresses.is_empty()
    {
        content.immovable = moved(state, &addresses).err();
    }
    content
}

/// Whether two states can be exchanged.
fn swapped(path: &str, swap: &Swap, mine: &Content, temporary: &Content, blue: &Blue) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut refuse =
        |field: &str, message: String| problems.push(Problem::new(format!("{path}.swap.{field}"), message));
    if mine.blue.is_empty() {
        refuse("workspace", unconcerned(&swap.workspace, mine));
    }
    if temporary.count == 0 {
        refuse(
            "temporary",
            format!(
                "the state of the workspace {:?} manages nothing: build green in it first, or leave the project out",
                swap.temporary
            ),
        );
    }
    let stolen: Vec<&str> =
        temporary.blue.iter().filter(|(_, id)| id.is_some()).map(|(address, _)| address.as_str()).collect();
    if !stolen.is_empty() {
        let message = format!(
            "the state of the workspace {:?} manages blue's {}: expected green's, or exchange the two names",
            swap.temporary,
            stolen.join(", ")
        );
        refuse("temporary", message);
    }
    for cluster in temporary.clusters.iter().filter(|cluster| **cluster != blue.green) {
        let message = format!(
            "the state of the workspace {:?} manages the cluster {cluster}, expected {} as in $.green.cluster",
            swap.temporary, blue.green
        );
        refuse("temporary", message);
    }
    if temporary.clusters.contains(&blue.green) && !blue.is_existing {
        let message = format!(
            "the state of the workspace {:?} manages the cluster {}, which Bascule would build a second time: write \"existing\": true in $.green",
            swap.temporary, blue.green
        );
        refuse("temporary", message);
    }
    problems
}

fn movable(path: &str, moves: &Move, content: &Content) -> Option<Problem> {
    if let Some((number, why)) = &content.immovable {
        let message = format!("the move cannot be made: {why}; `terraform state list` names what there is");
        return Some(Problem::new(format!("{path}.move.addresses[{number}]"), message));
    }
    let problem = || Problem::new(format!("{path}.move.workspace"), unconcerned(&moves.workspace, content));
    content.blue.is_empty().then(problem)
}

fn announced(place: &Place) -> String {
    format!(
        "after the bake a merge request for s3://{} is written beside it, under {}…/: until it is applied, apply nothing there",
        place.lock_id(),
        adoption::FOLDER
    )
}

/// Where the merge request will be, and what it cannot take up.
fn merge_request(place: &Place, content: &Content) -> Vec<String> {
    let others = content.blue.iter().filter(|(address, id)| {
        let address = address.parse::<Address>().ok().and_then(|address| address.resource);
        id.is_some() && !address.is_some_and(|resource| adoption::is_taken_up(&resource.kind))
    });
    let others: Vec<&str> = others.map(|(address, _)| address.as_str()).collect();
    let mut told = vec![announced(place)];
    if !others.is_empty() {
        told.push(format!(
            "no import is written for {}: the merge request says what they name of blue",
            others.join(", ")
        ));
    }
    told
}

fn unconcerned(workspace: &str, content: &Content) -> String {
    format!(
        "of the {} resources in the state of the workspace {workspace:?} none is blue's, its API or its network: expected the state that \
         describes blue",
        content.count
    )
}

/// What people should know, and how what the state manages of blue is deleted.
fn tell(project: &Project, content: &Content, workspace: &str, command: &str, found: &mut Found<Managed>) {
    let state = format!("s3://{}/{} (workspace {workspace})", project.bucket, project.key);
    for (_, id) in &content.blue {
        if let Some(id) = id {
            found.facts.destroyed_by.insert(id.clone(), format!("run `{command}` for {state}"));
        }
    }
    let addresses: Vec<&str> = content.blue.iter().take(TOLD).map(|(address, _)| address.as_str()).collect();
    let more = content.blue.len().saturating_sub(TOLD);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let deleted = content.blue.iter().any(|(_, id)| id.is_some());
    let later = if deleted {
        format!("; what of it is deleted in the end Bascule leaves to `{command}` for {state}")
    } else {
        String::new()
    };
    found.advice.push(format!("Terraform manages of blue: {}{more}{later}", addresses.join(", ")));
}

//! What one state holds that concerns the migration.

use super::object;
use domain::{
    Condition, Input, PhaseError, Problem, adoption,
    digest::md5_hex,
    input::terraform::Move,
    plan::{Found, compute::Compute, edge::Edge},
    ports::TerraformStates,
    terraform::{Place, State, backend, moved, state::Configuration},
};
use std::collections::{BTreeMap, BTreeSet};

/// By what is known whose a resource is.
pub(super) struct Blue {
    /// Ids and ARNs of what is deleted in the end.
    deleted: BTreeSet<String>,
    /// Those of what stays: the APIs, the network.
    stays: BTreeSet<String>,
    /// The name of the cluster that replaces blue's.
    pub(super) green: String,
    /// Whether the user built it.
    pub(super) is_existing: bool,
}

impl Blue {
    pub(super) fn of(input: &Input, compute: &Found<Compute>, edge: &Found<Edge>) -> Self {
        let planned = compute.deletes.iter().chain(&edge.deletes);
        let cluster = &compute.facts.blue;
        let network = [&cluster.vpc_id].into_iter().chain(&cluster.subnet_ids).chain(&cluster.security_group_ids);
        let gateway = input
            .gateway
            .iter()
            .flat_map(|one| [one.api_id().to_owned(), format!("ags-{}-{}", one.api_id(), one.stage)]);
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
pub(super) struct Content {
    /// Which chain of states it is of.
    pub(super) lineage: String,
    /// Addresses of blue's resources, with the ids of those that are deleted.
    pub(super) blue: Vec<(String, Option<String>)>,
    /// Names of clusters.
    pub(super) clusters: Vec<String>,
    /// How much it manages.
    pub(super) count: usize,
    /// Which move cannot be made, and why.
    pub(super) immovable: Option<(usize, String)>,
    /// Addresses of blue's resources whose provider a module configures.
    pub(super) unnamed: Vec<String>,
    /// Calls of modules that have something of blue, with what they have besides and green gets none of.
    pub(super) mixed: BTreeMap<String, Vec<String>>,
}

/// Reads one state.
pub(super) async fn content<P: TerraformStates>(
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
    let mut others: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (provider, address, instance) in state.managed_by() {
        content.count += 1;
        let call = address.module.first().map(|call| format!("module.{}", call.name));
        let is_taken_up = address.resource.as_ref().is_some_and(|resource| adoption::is_taken_up(&resource.kind));
        let [id, arn, name] = instance.attributes(["id", "arn", "name"]);
        let mut ids = [id, arn].into_iter().flatten();
        if address.resource.as_ref().is_some_and(|resource| resource.kind == "aws_eks_cluster") {
            content.clusters.extend(name);
        }
        let id = ids.find(|id| blue.deleted.contains(id) || blue.stays.contains(id));
        let is_deleted = id.as_ref().is_some_and(|id| blue.deleted.contains(id));
        if is_taken_up && is_deleted && provider == Configuration::OfModule {
            content.unnamed.push(address.to_string());
        }
        match call {
            Some(call) if is_deleted && is_taken_up => drop(content.mixed.entry(call).or_default()),
            Some(call) if !is_taken_up => others.entry(call).or_default().push(address.to_string()),
            _ => {}
        }
        if let Some(id) = id {
            content.blue.push((address.to_string(), is_deleted.then_some(id)));
        }
    }
    content.mixed.retain(|call, _| others.contains_key(call));
    for (call, besides) in &mut content.mixed {
        besides.extend(others.remove(call).unwrap_or_default());
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

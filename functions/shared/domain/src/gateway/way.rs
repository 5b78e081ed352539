//! What sends requests to one side, and the guard that asks for it before anything of that side is detached or deleted.
//!
//! Every stage of every API is asked, its canary too, and every API's configuration, which the next deployment would carry into
//! a stage. API Gateway itself refuses the deletion of a VPC link that is in use, and of nothing behind it.

use super::export;
use crate::plan::edge::{Api, Connection, Edge, Stage};
use crate::ports::gateway::Method;
use crate::ports::{Apis, Ledger, Stages};
use crate::resources::stage::keeper_name;
use crate::resources::{load_balancer, rest_api, vpc_link};
use crate::{Entry, Kind, Migration, PhaseError, Side};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How requests of API Gateway reach one side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Way {
    /// The id of its VPC link V1.
    link: Option<String>,
    /// The ARNs of its load balancer and of the listeners, which VPC links V2 name.
    targets: BTreeSet<String>,
    /// The only APIs that must not take it; none may where there are none named.
    of_apis: Option<BTreeSet<String>>,
}

impl Way {
    /// To blue.
    #[must_use]
    pub fn blue(edge: &Edge) -> Self {
        let listeners = edge.listeners.iter().map(|listener| listener.arn.clone());
        let targets = listeners.chain([edge.load_balancer.arn.clone()]).collect();
        Self { link: edge.own_link().map(|link| link.id.clone()), targets, of_apis: None }
    }

    /// To green, as far as the ledger knows of it still. Where the user built the load balancer it stays, with whatever other APIs of the
    /// user's lead to it: then only the APIs that are moved must be away from it.
    ///
    /// # Errors
    /// Those of the ledger only.
    pub async fn green<P: Ledger>(ports: &P, migration: &Migration) -> Result<Self, PhaseError> {
        let entries = ports.entries(migration).await?;
        let live = entries.iter().filter(|entry| entry.is_live());
        let of = |kind: Kind| live.clone().filter(move |entry| entry.is_of(Side::Green, kind));
        let id = |entry: &Entry| entry.id.clone();
        let link = of(Kind::VpcLink).find(|entry| entry.key == vpc_link::key(migration)).and_then(id);
        let balancer = of(Kind::LoadBalancer).filter(|entry| entry.key == load_balancer::key(migration));
        let mut targets: BTreeSet<String> = balancer.chain(of(Kind::Listener)).filter_map(id).collect();
        let edge = &migration.plan.edge;
        let Some(existing) = &edge.existing else { return Ok(Self { link, targets, of_apis: None }) };
        targets.insert(existing.load_balancer_arn.clone());
        targets.extend(existing.listeners.iter().map(|(_, arn)| arn.clone()));
        let apis = edge.apis().map(|api| api.id.clone()).collect();
        Ok(Self { link: link.or_else(|| existing.vpc_link_id.clone()), targets, of_apis: Some(apis) })
    }

    /// Whether a connection takes this way on a stage with these variables.
    #[must_use]
    pub fn carries(&self, connection: &Connection, variables: &BTreeMap<String, String>) -> bool {
        match connection {
            Connection::VpcLinkV2 { target, .. } => self.targets.contains(target),
            other => other.vpc_link(variables).is_some_and(|id| self.link.as_ref() == Some(&id)),
        }
    }

    /// Whether a stage with this export sends requests this way.
    #[must_use]
    pub fn serves(&self, export: &Value, stage: &Stage) -> bool {
        export::connections(export).any(|connection| self.carries(&connection, &stage.variables))
    }

    fn is_open(&self) -> bool {
        self.link.is_some() || !self.targets.is_empty()
    }
}

/// Proves that nothing sends requests this way but what is Bascule's own: the temporary API and the stages that hold B and G.
/// `what` names the way to people, `remedy` what they can do.
///
/// # Errors
/// `GuardBreached` with everything that does, or that cannot be seen.
pub async fn unused<P: Ledger + Apis + Stages>(
    ports: &P,
    migration: &Migration,
    way: &Way,
    what: &str,
    remedy: &str,
) -> Result<(), PhaseError> {
    let users = users(ports, migration, way).await?;
    if users.is_empty() {
        return Ok(());
    }
    Err(PhaseError::guard_breached(format!("{what} is still used by {}. {remedy}", users.join(", "))))
}

/// Proves that no request can reach green any more, on the way back.
///
/// # Errors
/// As for [`unused`].
pub async fn green_is_unused<P: Ledger + Apis + Stages>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let way = Way::green(ports, migration).await?;
    let gone = || "edge (deleted)".to_owned();
    let what = match (&way.link, migration.plan.edge.own_link()) {
        (Some(link), _) => format!("green's VPC link {link}"),
        (None, Some(_)) => format!("green's {}", gone()),
        (None, None) => format!("green's load balancer {}", way.targets.first().cloned().unwrap_or_else(gone)),
    };
    let remedy = format!(
        "Somebody deployed or changed it: it is left as it is, and so are green and blue. Let it use blue's {} and \
         deploy it, then start the rollback machine again",
        migration.plan.edge.entrance()
    );
    unused(ports, migration, &way, &what, &remedy).await
}

/// Proves that no request can reach blue any more, before its deletion.
///
/// # Errors
/// As for [`unused`].
pub async fn blue_is_unused<P: Ledger + Apis + Stages>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let what = format!("blue's {}", edge.entrance());
    let remedy = "Point these at another one and deploy, then start the cleanup machine again";
    unused(ports, migration, &Way::blue(edge), &what, remedy).await
}

/// Every method, by its configuration, and every stage, by what it serves, that goes this way.
async fn users<P: Ledger + Apis + Stages>(
    ports: &P,
    migration: &Migration,
    way: &Way,
) -> Result<Vec<String>, PhaseError> {
    if !way.is_open() {
        return Ok(Vec::new());
    }
    // What is Bascule's own: temporary APIs by id and name, and stages of the public ones.
    let (mut temporary, mut keepers) = (BTreeSet::new(), BTreeSet::new());
    for migration in &migration.per_api() {
        temporary.extend(ports.entry(migration, &rest_api::key(migration)).await?.and_then(|entry| entry.id));
        temporary.insert(rest_api::name(migration));
        let names = [Side::Blue, Side::Green].map(|side| keeper_name(migration, side));
        keepers.extend(names.map(|name| (migration.plan.edge.api.id.clone(), name)));
    }
    let mut users = Vec::new();
    for api in ports.apis().await? {
        let is_own = temporary.contains(&api.id) || temporary.contains(&api.name);
        if is_own || way.of_apis.as_ref().is_some_and(|only| !only.contains(&api.id)) {
            continue;
        }
        let seen = of_api(ports, way, &api, |stage| keepers.contains(&(api.id.clone(), stage.clone()))).await;
        match seen {
            Ok(found) => users.extend(found.into_iter().map(|what| format!("{what} of the API {}", api.id))),
            Err(error) if error.condition.is_retried() => return Err(error),
            // It may have been deleted meanwhile; an API that cannot be read may use anything.
            Err(_) if ports.api(&api.id).await?.is_none() => {}
            Err(error) => users.push(format!("perhaps the API {}, which cannot be read ({})", api.id, error.message)),
        }
    }
    Ok(users)
}

async fn of_api<P: Apis + Stages>(
    ports: &P,
    way: &Way,
    api: &Api,
    is_own: impl Fn(&String) -> bool + Send,
) -> Result<Vec<String>, PhaseError> {
    let methods = ports.methods(&api.id).await?;
    // Links in stage variables are known per stage: the exports below have them.
    let linked = methods.iter().filter_map(Method::linked);
    let configured = linked.filter(|method| way.carries(&method.integration.connection, &BTreeMap::new()));
    let mut users: Vec<String> = configured.map(|method| method.to_string()).collect();
    let stages = ports.stages(&api.id).await?;
    for stage in stages.iter().filter(|stage| stage.is_deployed() && !is_own(&stage.name)) {
        users.extend(of_stage(ports, way, &api.id, stage, &stages).await?);
    }
    Ok(users)
}

/// What of a stage goes this way. An export shows the stage's own deployment; that of its canary is seen only where another of the
/// API's `stages` serves it. One that cannot be seen counts as going this way, and so does one with links in stage variables,
/// which a canary may override.
async fn of_stage<P: Stages + Apis>(
    ports: &P,
    way: &Way,
    api: &str,
    stage: &Stage,
    stages: &[Stage],
) -> Result<Option<String>, PhaseError> {
    let name = &stage.name;
    let variable = stage.variables.values().any(|value| way.link.as_ref() == Some(value));
    if variable || way.serves(&ports.export(api, name).await?, stage) {
        return Ok(Some(format!("the stage {name}")));
    }
    let Some(canary) = &stage.canary else {
        return Ok(None);
    };
    let Some(shown) = stages.iter().find(|other| other.deployment_id == canary.deployment_id) else {
        return Ok(Some(format!(
            "perhaps the canary of the stage {name}, whose deployment {} no stage shows (promote or delete it)",
            canary.deployment_id
        )));
    };
    let served = ports.export(api, &shown.name).await?;
    let in_variable = export::connections(&served).any(|found| matches!(found, Connection::StageVariable(_)));
    Ok((in_variable || way.serves(&served, stage)).then(|| format!("the canary of the stage {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::edge::{Listener, LoadBalancer, VpcLink};

    #[test]
    fn a_connection_goes_to_blue_by_its_link_or_by_its_load_balancer() {
        let edge = Edge {
            vpc_link: VpcLink { id: "blue1".to_owned(), ..VpcLink::default() },
            load_balancer: LoadBalancer { arn: "arn:balancer".to_owned(), ..LoadBalancer::default() },
            listeners: vec![Listener { arn: "arn:listener".to_owned(), ..Listener::default() }],
            ..Edge::default()
        };
        let variables = [("link".to_owned(), "blue1".to_owned()), ("other".to_owned(), "green1".to_owned())].into();
        for (id, target, expected) in [
            ("blue1", "", true),
            ("green1", "", false),
            ("${stageVariables.link}", "", true),
            ("${stageVariables.other}", "", false),
            ("${stageVariables.missing}", "", false),
            ("v2", "arn:balancer", true),
            ("v2", "arn:listener", true),
            ("v2", "arn:another", false),
            ("", "", false),
        ] {
            let found = Way::blue(&edge).carries(&Connection::of("", id, target), &variables);
            assert_eq!(found, expected, "{id:?} to {target:?}");
        }
    }
}

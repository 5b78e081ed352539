//! Where users' requests go.

use super::Sight;
use domain::Progress;
use domain::approval::Question;
use domain::plan::edge::{Canary, LinkedMethod, Stage};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use testing::Aws;
use testing::shop::warehouse::{self, WAREHOUSE};
use testing::shop::{BLUE, GREEN};

/// An API, and its stage that production uses.
type Prod = (String, String);

/// The stage, as it is.
fn stage_of<'a>(aws: &'a Aws, prod: &Prod) -> Result<&'a Stage, String> {
    aws.stages.get(prod).ok_or_else(|| format!("production's stage {prod:?} is gone"))
}

/// The clusters that answer users' requests, by the stage.
pub(super) type Backends = BTreeMap<Prod, BTreeSet<String>>;

/// The clusters that answer users' requests; an error where one is answered by none. Several APIs are not switched atomically: each is
/// looked at on its own.
pub(super) fn backends(sight: &Sight) -> Result<Backends, String> {
    let all = sight.aws.traffic.iter();
    all.map(|prod| Ok((prod.clone(), behind(sight, prod)?))).collect()
}

fn behind(sight: &Sight, prod: &Prod) -> Result<BTreeSet<String>, String> {
    let stage = stage_of(sight.aws, prod)?;
    let of_canary = |canary: &Canary| {
        let mut variables = stage.variables.clone();
        variables.extend(canary.variables.clone());
        (canary.deployment_id.clone(), variables)
    };
    let own = (stage.deployment_id.clone(), stage.variables.clone());
    let mut clusters = BTreeSet::new();
    for (deployment, variables) in std::iter::once(own).chain(stage.canary.as_ref().map(of_canary)) {
        let key = (prod.0.clone(), deployment.clone());
        let (_, methods) = sight.aws.deployments.get(&key).ok_or_else(|| format!("the stage serves {deployment}"))?;
        for method in methods {
            if let Some(LinkedMethod { integration, .. }) = method.linked() {
                let cluster = sight.aws.backend(&integration, &variables).map_err(|(status, why)| {
                    format!("{} {} through {deployment} answers {status}: {why}", method.method, method.path)
                })?;
                // What goes to another cluster than blue stays there.
                if (cluster == WAREHOUSE) != (method.path == warehouse::PATH) {
                    return Err(format!("{} {} is answered by {cluster}", method.method, method.path));
                }
                if cluster != WAREHOUSE {
                    clusters.insert(cluster);
                }
            }
        }
    }
    Ok(clusters)
}

/// Invariant 1: the stage always points at one live, validated backend, or two while a weighted step runs.
pub(super) fn the_stage_points_at_live_validated_backends(sight: &Sight, backends: &Backends) -> Result<(), String> {
    for (prod, clusters) in backends {
        let canary = stage_of(sight.aws, prod)?.canary.is_some();
        let known = clusters.iter().all(|cluster| [BLUE, GREEN].contains(&cluster.as_str()));
        if !known || clusters.len() != 1 + usize::from(canary) {
            return Err(format!("users' requests are answered by {clusters:?}"));
        }
    }
    let evidence =
        sight.record.progress.get(&Progress::Validate).is_some_and(|progress| progress["evidence"].is_object());
    let again =
        sight.record.progress.get(&Progress::ValidateAgain).is_some_and(|progress| progress["evidence"] != Value::Null);
    if reaches_green(backends) && !(evidence && again) {
        return Err("green answers users' requests and was not validated".to_owned());
    }
    Ok(())
}

fn reaches_green(backends: &Backends) -> bool {
    backends.values().any(|clusters| clusters.contains(GREEN))
}

/// Invariant 2: no shift without an approval that was in time and is bound to the digest of this plan.
pub(super) fn no_request_reaches_green_without_a_valid_approval(
    sight: &Sight,
    backends: &Backends,
) -> Result<(), String> {
    if !reaches_green(backends) {
        return Ok(());
    }
    let asked = sight.record.last_question(Question::Qualification.name());
    let asked = asked.ok_or_else(|| "green answers users' requests and nobody was asked".to_owned())?;
    asked.permits(sight.witness.digest(sight.record)).map_err(|error| format!("green answers users' requests: {error}"))
}

/// In the end every API is on one side, and on the same.
pub(super) fn every_api_is_on(sight: &Sight, cluster: &str) -> Result<(), String> {
    let found = backends(sight)?;
    let only = BTreeSet::from([cluster.to_owned()]);
    if found.values().all(|clusters| *clusters == only) {
        return Ok(());
    }
    Err(format!("users' requests are to be answered by {cluster}, and are by {found:?}"))
}

/// Invariant 5: the way back restores exactly the stage of before, and the API's configuration.
pub(super) fn the_way_back_has_restored_the_api(sight: &Sight) -> Result<(), String> {
    let (before, now) = (&sight.witness.before, sight.aws);
    for prod in &before.traffic {
        let (was, is) = (stage_of(before, prod)?, stage_of(now, prod)?);
        if was != is {
            return Err(format!("the stage is {is:?}, and was {was:?}"));
        }
        let api = &prod.0;
        if (before.apis.get(api), before.methods.get(api)) != (now.apis.get(api), now.methods.get(api)) {
            return Err(format!("the API {api} is not configured as before"));
        }
    }
    let plans = |aws: &Aws| aws.plans.get("gold").cloned();
    if plans(before) == plans(now) { Ok(()) } else { Err("the usage plan is not as before".to_owned()) }
}

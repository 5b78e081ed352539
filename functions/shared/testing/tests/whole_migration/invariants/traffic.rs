//! Where users' requests go.

use super::Sight;
use domain::Progress;
use domain::approval::Question;
use domain::plan::edge::{Canary, LinkedMethod, Stage};
use serde_json::Value;
use std::collections::BTreeSet;
use testing::shop::{API, BLUE, GREEN};

fn prod(aws: &testing::Aws) -> Result<&Stage, String> {
    aws.stages.get(&(API.to_owned(), "prod".to_owned())).ok_or_else(|| "production's stage is gone".to_owned())
}

pub(super) type Backends = BTreeSet<String>;

/// The clusters that answer users' requests; an error where one is answered by none.
pub(super) fn backends(sight: &Sight) -> Result<Backends, String> {
    let stage = prod(sight.aws)?;
    let of_canary = |canary: &Canary| {
        let mut variables = stage.variables.clone();
        variables.extend(canary.variables.clone());
        (canary.deployment_id.clone(), variables)
    };
    let own = (stage.deployment_id.clone(), stage.variables.clone());
    let mut clusters = BTreeSet::new();
    for (deployment, variables) in std::iter::once(own).chain(stage.canary.as_ref().map(of_canary)) {
        let key = (API.to_owned(), deployment.clone());
        let (_, methods) = sight.aws.deployments.get(&key).ok_or_else(|| format!("the stage serves {deployment}"))?;
        for method in methods {
            if let Some(LinkedMethod { integration, .. }) = method.linked() {
                let cluster = sight.aws.backend(&integration, &variables);
                clusters.insert(cluster.map_err(|(status, why)| {
                    format!("{} {} through {deployment} answers {status}: {why}", method.method, method.path)
                })?);
            }
        }
    }
    Ok(clusters)
}

/// Invariant 1: the stage always points at one live, validated backend, or two while a weighted step runs.
pub(super) fn the_stage_points_at_live_validated_backends(sight: &Sight, clusters: &Backends) -> Result<(), String> {
    let canary = prod(sight.aws)?.canary.is_some();
    let known = clusters.iter().all(|cluster| [BLUE, GREEN].contains(&cluster.as_str()));
    if !known || clusters.len() != 1 + usize::from(canary) {
        return Err(format!("users' requests are answered by {clusters:?}"));
    }
    let evidence =
        sight.record.progress.get(&Progress::Validate).is_some_and(|progress| progress["evidence"].is_object());
    let again =
        sight.record.progress.get(&Progress::ValidateAgain).is_some_and(|progress| progress["evidence"] != Value::Null);
    if clusters.contains(GREEN) && !(evidence && again) {
        return Err("green answers users' requests and was not validated".to_owned());
    }
    Ok(())
}

/// Invariant 2: no shift without an approval that was in time and is bound to the digest of this plan.
pub(super) fn no_request_reaches_green_without_a_valid_approval(
    sight: &Sight,
    clusters: &Backends,
) -> Result<(), String> {
    if !clusters.contains(GREEN) {
        return Ok(());
    }
    let asked = sight.record.last_question(Question::Qualification.name());
    let asked = asked.ok_or_else(|| "green answers users' requests and nobody was asked".to_owned())?;
    asked.permits(sight.witness.digest(sight.record)).map_err(|error| format!("green answers users' requests: {error}"))
}

/// Invariant 5: the way back restores exactly the stage of before, and the API's configuration.
pub(super) fn the_way_back_has_restored_the_api(sight: &Sight) -> Result<(), String> {
    let (before, now) = (&sight.witness.before, sight.aws);
    if prod(before)? != prod(now)? {
        return Err(format!("the stage is {:?}, and was {:?}", prod(now)?, prod(before)?));
    }
    if (before.apis.get(API), before.methods.get(API)) != (now.apis.get(API), now.methods.get(API)) {
        return Err("the API is not configured as before".to_owned());
    }
    let plans = |aws: &testing::Aws| aws.plans.get("gold").cloned();
    if plans(before) == plans(now) { Ok(()) } else { Err("the usage plan is not as before".to_owned()) }
}

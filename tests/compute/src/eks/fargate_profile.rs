//! Fargate profiles: <https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html>. The control plane only.

use std::sync::Arc;

use serde_json::json;

use super::{
    Outcome, cluster,
    fault::Fault,
    request::{Request, page},
    stored::Stored,
};
use crate::{account::Account, identifier};

fn absent(cluster: &str, profile: &str) -> Fault {
    Fault::not_found(format!("No Fargate Profile found with name: {profile}."))
        .of(cluster)
        .with("fargateProfileName", profile)
}

/// `CreateFargateProfile`; one at a time is created or deleted in a cluster.
pub(crate) fn create(account: &Arc<Account>, name: &str, request: &Request) -> Outcome {
    let profile = request.required("fargateProfileName")?.to_owned();
    let role = request.required("podExecutionRoleArn")?.to_owned();
    let mut state = account.state();
    let cluster = cluster::find_mut(&mut state, name)?;
    if let Some(stored) = cluster.fargate_profiles.get(&profile) {
        return match stored.repeated(request) {
            Some(resource) => Ok(json!({ "fargateProfile": resource })),
            None => Err(Fault::in_use(format!("A Fargate Profile already exists with this name: {profile}.")).of(name)),
        };
    }
    cluster.require_active()?;
    if cluster.fargate_profiles.values().any(|stored| stored.status() != "ACTIVE") {
        return Err(
            Fault::in_use("Cannot create Fargate Profile because another one is being created or deleted").of(name)
        );
    }
    let mut stored = Stored { request: request.body.clone(), ..Stored::default() };
    for (member, value) in [
        ("fargateProfileName", json!(profile)),
        (
            "fargateProfileArn",
            json!(account.arn("eks", &format!("fargateprofile/{name}/{profile}/{}", identifier::uuid()))),
        ),
        ("clusterName", json!(name)),
        ("createdAt", json!(identifier::epoch_seconds())),
        ("podExecutionRoleArn", json!(role)),
        ("subnets", request.member_or("subnets", json!([]))),
        ("selectors", request.member_or("selectors", json!([]))),
        ("status", json!("CREATING")),
        ("tags", request.tags()?),
        ("health", json!({ "issues": [] })),
    ] {
        stored.set(member, value);
    }
    let answer = json!({ "fargateProfile": stored.resource });
    cluster.fargate_profiles.insert(profile.clone(), stored);
    drop(state);
    let name = name.to_owned();
    account.later(account.delays().nodegroup, move |account| async move {
        let mut state = account.state();
        let Ok(cluster) = cluster::find_mut(&mut state, &name) else { return };
        if let Some(stored) = cluster.fargate_profiles.get_mut(&profile) {
            stored.set("status", json!("ACTIVE"));
        }
    });
    Ok(answer)
}

/// `DescribeFargateProfile`
pub(crate) fn describe(account: &Account, name: &str, profile: &str) -> Outcome {
    let state = account.state();
    let stored = cluster::find(&state, name)?.fargate_profiles.get(profile).ok_or_else(|| absent(name, profile))?;
    Ok(json!({ "fargateProfile": stored.resource }))
}

/// `ListFargateProfiles`
pub(crate) fn list(account: &Account, name: &str, request: &Request) -> Outcome {
    let state = account.state();
    let profiles = cluster::find(&state, name)?.fargate_profiles.keys();
    page(request, "fargateProfileNames", profiles.map(|profile| json!(profile)).collect())
}

/// `DeleteFargateProfile`
pub(crate) fn delete(account: &Arc<Account>, name: &str, profile: &str) -> Outcome {
    let mut state = account.state();
    let cluster = cluster::find_mut(&mut state, name)?;
    let stored = cluster.fargate_profiles.get_mut(profile).ok_or_else(|| absent(name, profile))?;
    stored.set("status", json!("DELETING"));
    let answer = json!({ "fargateProfile": stored.resource });
    drop(state);
    let (name, profile) = (name.to_owned(), profile.to_owned());
    account.later(account.delays().nodegroup, move |account| async move {
        if let Ok(cluster) = cluster::find_mut(&mut account.state(), &name) {
            cluster.fargate_profiles.remove(&profile);
        }
    });
    Ok(answer)
}

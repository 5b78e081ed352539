//! Fargate profiles: create, describe, list, delete.
//!
//! <https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html>. EKS makes or deletes one at a time in a cluster; the texts are
//! those of hashicorp/terraform#25059, hashicorp/terraform-provider-aws#16272 and eksctl-io/eksctl#5652. Whether subnets are private is not
//! checked, since the simulation has no route tables. Which Pods run on Fargate is simulated by the cluster.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::{
    Outcome, access_entry,
    cluster::{self, Cluster},
    fault::Fault,
    request::{Request, page},
    stored::{Stored, checked_name, texts},
};
use crate::{account::Account, ec2, identifier};

/// Selectors of a profile (<https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html>).
const MOST_SELECTORS: usize = 5;

fn absent(cluster: &str, profile: &str) -> Fault {
    Fault::not_found(format!("No Fargate Profile found with name: {profile}.")).of(cluster)
}

/// Refuses while EKS makes or deletes a profile of the cluster.
fn refuse_second(cluster: &Cluster, name: &str, what: &str) -> Result<(), Fault> {
    let mut all = cluster.fargate_profiles.iter();
    let busy = all.find(|(_, profile)| matches!(profile.status(), "CREATING" | "DELETING"));
    busy.map_or(Ok(()), |(other, profile)| {
        let status = profile.status();
        let message = format!("{what} because cluster {name} currently has Fargate profile {other} in status {status}");
        Err(Fault::in_use(message).of(name))
    })
}

/// `CreateFargateProfile`
pub(crate) async fn create(account: &Arc<Account>, name: &str, request: &Request) -> Outcome {
    let profile = checked_name(request.required("fargateProfileName")?)?.to_owned();
    let role = request.required("podExecutionRoleArn")?.to_owned();
    let subnet_ids = texts(&request.member_or("subnets", Value::Null));
    let selectors = request.member_or("selectors", json!([]));
    let count = selectors.as_array().map_or(0, Vec::len);
    if count == 0 || count > MOST_SELECTORS || texts_of(&selectors, "namespace").any(str::is_empty) {
        let message = format!("A Fargate profile has 1 to {MOST_SELECTORS} selectors, each with a namespace.");
        return Err(Fault::invalid_parameter(message).of(name));
    }
    ec2::subnets(&account.neighbours, &subnet_ids).await.map_err(|fault| Fault::from(fault).of(name))?;
    let answer = {
        let mut state = account.state();
        let cluster = cluster::find_mut(&mut state, name)?;
        if let Some(existing) = cluster.fargate_profiles.get(&profile) {
            return match existing.repeated(request) {
                Some(resource) => Ok(json!({ "fargateProfile": resource })),
                None => Err(Fault::in_use("A Fargate Profile already exists with this name in this cluster.").of(name)),
            };
        }
        cluster.require_active()?;
        refuse_second(cluster, name, &format!("Cannot create Fargate Profile {profile}"))?;
        let id = identifier::uuid();
        let resource = json!({
            "fargateProfileName": profile,
            "fargateProfileArn": account.arn("eks", &format!("fargateprofile/{name}/{profile}/{id}")),
            "clusterName": name,
            "createdAt": identifier::epoch_seconds(),
            "podExecutionRoleArn": role,
            "subnets": subnet_ids,
            "selectors": selectors,
            "status": "CREATING",
            "tags": request.tags()?,
            "health": { "issues": [] },
        });
        if cluster.authentication_mode() != "CONFIG_MAP" {
            let entry = access_entry::of_fargate(account, name, &role);
            cluster.access_entries.entry(role).or_insert(entry);
        }
        let answer = json!({ "fargateProfile": resource });
        cluster.fargate_profiles.insert(profile.clone(), Stored { resource, request: request.body.clone() });
        answer
    };
    let cluster = name.to_owned();
    account.later(account.delays().nodegroup, |account| async move {
        if let Some(cluster) = account.state().clusters.get_mut(&cluster) {
            if let Some(stored) = cluster.fargate_profiles.get_mut(&profile) {
                stored.set("status", json!("ACTIVE"));
            }
            tell(cluster);
        }
    });
    Ok(answer)
}

/// Tells the cluster which Pods run on Fargate.
fn tell(cluster: &Cluster) {
    let Some(api) = &cluster.kubernetes else { return };
    let active = cluster.fargate_profiles.iter().filter(|(_, stored)| stored.status() == "ACTIVE");
    let profiles = active.map(|(name, stored)| kubernetes::FargateProfile {
        name: name.clone(),
        selectors: stored.resource["selectors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|selector| {
                let labels = selector["labels"].as_object().into_iter().flatten();
                let labels: BTreeMap<String, String> =
                    labels.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect();
                (selector["namespace"].as_str().unwrap_or_default().to_owned(), labels)
            })
            .collect(),
    });
    api.set_fargate_profiles(profiles.collect());
}

fn texts_of<'a>(list: &'a Value, member: &'a str) -> impl Iterator<Item = &'a str> {
    list.as_array().into_iter().flatten().map(move |one| one[member].as_str().unwrap_or_default())
}

/// `DescribeFargateProfile`
pub(crate) fn describe(account: &Account, name: &str, profile: &str) -> Outcome {
    let state = account.state();
    let found = cluster::find(&state, name)?.fargate_profiles.get(profile).ok_or_else(|| absent(name, profile))?;
    Ok(json!({ "fargateProfile": found.resource }))
}

/// `ListFargateProfiles`
pub(crate) fn list(account: &Account, name: &str, request: &Request) -> Outcome {
    let state = account.state();
    let names = cluster::find(&state, name)?.fargate_profiles.keys().map(|profile| json!(profile)).collect();
    page(request, "fargateProfileNames", names)
}

/// `DeleteFargateProfile`
pub(crate) fn delete(account: &Arc<Account>, name: &str, profile: &str) -> Outcome {
    let answer = {
        let mut state = account.state();
        let cluster = cluster::find_mut(&mut state, name)?;
        if !cluster.fargate_profiles.contains_key(profile) {
            return Err(absent(name, profile));
        }
        refuse_second(cluster, name, &format!("Cannot Delete Fargate Profile {profile}"))?;
        let stored = cluster.fargate_profiles.get_mut(profile).ok_or_else(|| absent(name, profile))?;
        stored.set("status", json!("DELETING"));
        let answer = json!({ "fargateProfile": stored.resource });
        tell(cluster);
        answer
    };
    let (cluster, profile) = (name.to_owned(), profile.to_owned());
    account.later(account.delays().nodegroup, |account| async move {
        if let Some(cluster) = account.state().clusters.get_mut(&cluster) {
            cluster.fargate_profiles.remove(&profile);
        }
    });
    Ok(answer)
}

//! Add-ons: `CreateAddon`, `DescribeAddon`, `ListAddons`, `DeleteAddon`.
//!
//! <https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html>. Only the lifecycle is simulated, nothing is
//! installed. Add-ons that are a Deployment are DEGRADED while the cluster has no nodes.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Outcome, addon_catalogue, cluster,
    fault::Fault,
    pod_identity,
    request::{Request, page},
    stored::{Stored, texts},
};
use crate::{account::Account, autoscaling::group::Instance, identifier};

fn absent(cluster: &str, addon: &str) -> Fault {
    Fault::not_found(format!("No addon: {addon} found in cluster: {cluster}")).of(cluster).with("addonName", addon)
}

/// The add-on with its current status: DEGRADED instead of ACTIVE if it needs nodes and there are none.
fn present(name: &str, addon: &Stored, has_nodes: bool) -> Value {
    let mut resource = addon.resource.clone();
    if addon.status() == "ACTIVE" && addon_catalogue::needs_nodes(name) && !has_nodes {
        resource["status"] = json!("DEGRADED");
        resource["health"] = json!({ "issues": [{
            "code": "InsufficientNumberOfReplicas",
            "message": "The add-on is unhealthy because all deployments have all pods unscheduled no nodes available to schedule pods",
            "resourceIds": [],
        }] });
    }
    resource
}

fn has_nodes(state: &crate::account::State, name: &str) -> bool {
    state
        .groups
        .values()
        .filter(|group| group.cluster == name)
        .flat_map(|group| group.instances.values())
        .any(Instance::in_service)
}

/// Why no node of the cluster becomes ready: the VPC CNI is missing, has no credentials, or waits for an `ENIConfig`
/// (<https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html#not-ready>, terraform-aws-modules/terraform-aws-eks#3260
/// and #3445). Without the add-on EKS installs the self-managed one, unless it was told not to.
pub(crate) fn lacking_network(cluster: &cluster::Cluster) -> Option<&'static str> {
    let Some(cni) = cluster.addons.get("vpc-cni") else {
        let bootstrapped = cluster.stored.request["bootstrapSelfManagedAddons"] != json!(false);
        return (!bootstrapped).then_some("cni plugin not initialized");
    };
    let has_identity = !texts(&cni.resource["podIdentityAssociations"]).is_empty()
        || cluster.pod_identities.values().any(|identity| identity.resource["serviceAccount"] == "aws-node");
    if has_identity && !cluster.addons.contains_key("eks-pod-identity-agent") {
        return Some("aws-node has no credentials, since nothing answers at the address of the Pod Identity agent");
    }
    let written = cni.resource["configurationValues"].as_str().unwrap_or_default();
    let settings: Value = serde_json::from_str(written).unwrap_or_default();
    let custom = settings["env"]["AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"] == "true";
    (custom && settings["eniConfig"]["create"] != json!(true)).then_some("ipamd found no ENIConfig for the node")
}

/// `CreateAddon`
pub(crate) fn create(account: &Arc<Account>, name: &str, request: &Request) -> Outcome {
    let addon = request.required("addonName")?.to_owned();
    let mut state = account.state();
    let cluster = cluster::find_mut(&mut state, name)?;
    if let Some(stored) = cluster.addons.get(&addon) {
        return match stored.repeated(request) {
            Some(resource) => Ok(json!({ "addon": resource })),
            None => Err(Fault::in_use("Addon already exists.").of(name).with("addonName", &addon)),
        };
    }
    let version = addon_catalogue::choose(&addon, request.text("addonVersion"), cluster.version())
        .map_err(|fault| fault.of(name))?;
    if !matches!(cluster.stored.status(), "ACTIVE" | "UPDATING") {
        return Err(Fault::invalid_request(format!(
            "Addon cannot be created in cluster with status {}",
            cluster.stored.status()
        ))
        .of(name));
    }
    check_configuration(request.text("configurationValues")).map_err(|fault| fault.of(name))?;
    let now = identifier::epoch_seconds();
    let id = identifier::uuid();
    let mut stored = Stored { request: request.body.clone(), ..Stored::default() };
    for (member, value) in [
        ("addonName", json!(addon)),
        ("clusterName", json!(name)),
        ("status", json!("CREATING")),
        ("addonVersion", json!(version)),
        ("health", json!({ "issues": [] })),
        ("addonArn", json!(account.arn("eks", &format!("addon/{name}/{addon}/{id}")))),
        ("createdAt", json!(now)),
        ("modifiedAt", json!(now)),
        ("tags", request.tags()?),
        ("namespaceConfig", json!({ "namespace": addon_catalogue::namespace(&addon) })),
    ] {
        stored.set(member, value);
    }
    for kept in ["serviceAccountRoleArn", "configurationValues"] {
        if let Some(value) = request.body.get(kept).filter(|value| !value.is_null()) {
            stored.set(kept, value.clone());
        }
    }
    let arn = stored.resource["addonArn"].as_str().unwrap_or_default().to_owned();
    let identities =
        pod_identity::of_addon(account, cluster, name, &arn, &request.member_or("podIdentityAssociations", json!([])))?;
    stored.set("podIdentityAssociations", json!(identities));
    let answer = json!({ "addon": stored.resource });
    cluster.addons.insert(addon.clone(), stored);
    drop(state);
    settle(account, name, &addon);
    Ok(answer)
}

/// Makes the add-on ACTIVE after [`crate::Delays::addon`].
fn settle(account: &Arc<Account>, name: &str, addon: &str) {
    let (name, addon) = (name.to_owned(), addon.to_owned());
    account.later(account.delays().addon, move |account| async move {
        let mut state = account.state();
        let Ok(cluster) = cluster::find_mut(&mut state, &name) else { return };
        if let Some(stored) = cluster.addons.get_mut(&addon) {
            stored.set("status", json!("ACTIVE"));
            stored.set("modifiedAt", json!(identifier::epoch_seconds()));
        }
    });
}

/// Refuses configuration values that are not JSON. EKS also accepts YAML.
fn check_configuration(values: Option<&str>) -> Result<(), Fault> {
    match values {
        Some(text) if !text.is_empty() && serde_json::from_str::<serde_json::Map<String, Value>>(text).is_err() => Err(
            Fault::invalid_parameter("ConfigurationValue provided in request is not supported: it is not valid JSON"),
        ),
        _ => Ok(()),
    }
}

/// `DescribeAddon`
pub(crate) fn describe(account: &Account, name: &str, addon: &str) -> Outcome {
    let state = account.state();
    let stored = cluster::find(&state, name)?.addons.get(addon).ok_or_else(|| absent(name, addon))?;
    Ok(json!({ "addon": present(addon, stored, has_nodes(&state, name)) }))
}

/// `DeleteAddon`
pub(crate) fn delete(account: &Arc<Account>, name: &str, addon: &str) -> Outcome {
    let mut state = account.state();
    let cluster = cluster::find_mut(&mut state, name)?;
    let stored = cluster.addons.get_mut(addon).ok_or_else(|| absent(name, addon))?;
    stored.set("status", json!("DELETING"));
    let answer = json!({ "addon": stored.resource });
    drop(state);
    let (name, addon) = (name.to_owned(), addon.to_owned());
    account.later(account.delays().addon, move |account| async move {
        if let Ok(cluster) = cluster::find_mut(&mut account.state(), &name) {
            cluster.addons.remove(&addon);
        }
    });
    Ok(answer)
}

/// `ListAddons`
pub(crate) fn list(account: &Account, name: &str, request: &Request) -> Outcome {
    page(request, "addons", cluster::find(&account.state(), name)?.addons.keys().map(|addon| json!(addon)).collect())
}

//! Changes of node groups: `UpdateNodegroupConfig`, `UpdateNodegroupVersion`.
//!
//! <https://docs.aws.amazon.com/eks/latest/userguide/update-managed-node-group.html>

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Outcome,
    fault::Fault,
    nodegroup::{Nodegroup, find_mut, launch_template, refuse_skew, scaling},
    nodegroup_lifecycle,
    request::Request,
    stored::texts,
    update::{self, Subject},
    version,
};
use crate::account::Account;

fn require_active(found: &Nodegroup, name: &str, group: &str) -> Result<(), Fault> {
    match found.stored.status() {
        "ACTIVE" | "DEGRADED" => Ok(()),
        status => {
            Err(Fault::in_use(format!("Nodegroup {group} cannot be updated as it is currently in status {status}."))
                .of(name)
                .with("nodegroupName", group))
        }
    }
}

/// `UpdateNodegroupConfig`: sizes at once, labels and taints on nodes that come after it. (EKS also changes present nodes.)
pub(crate) fn update_config(account: &Arc<Account>, name: &str, group: &str, request: &Request) -> Outcome {
    let mut guard = account.state();
    let state = &mut *guard;
    let cluster = state.clusters.get_mut(name).ok_or_else(|| Fault::no_cluster(name))?;
    let found = find_mut(cluster, name, group)?;
    require_active(found, name, group)?;
    let before = &found.stored.resource["scalingConfig"];
    let size = |member: &str| before[member].as_i64().unwrap_or_default();
    let sizes = scaling(
        &request.member_or("scalingConfig", json!({})),
        (size("minSize"), size("desiredSize"), size("maxSize")),
    )
    .map_err(|fault| fault.of(name).with("nodegroupName", group))?;
    let parameters =
        [("MinSize", sizes.0.to_string()), ("DesiredSize", sizes.1.to_string()), ("MaxSize", sizes.2.to_string())];
    let answer = update::begin(cluster, Subject::Nodegroup(group.to_owned()), "ConfigUpdate", &parameters)?;
    let found = find_mut(cluster, name, group)?;
    let resource = &mut found.stored.resource;
    resource["scalingConfig"] = json!({ "minSize": sizes.0, "desiredSize": sizes.1, "maxSize": sizes.2 });
    change_labels(&mut resource["labels"], &request.member_or("labels", json!({})));
    change_taints(&mut resource["taints"], &request.member_or("taints", json!({})));
    for member in ["updateConfig", "nodeRepairConfig"] {
        if let Some(value) = request.body.get(member).filter(|value| !value.is_null()) {
            resource[member] = value.clone();
        }
    }
    resource["status"] = json!("UPDATING");
    if let Some(scaling_group) = state.groups.get_mut(&found.group) {
        scaling_group.set_sizes(sizes);
        scaling_group.take_labels_and_taints(&found.stored.resource);
    }
    drop(guard);
    nodegroup_lifecycle::update(account, name, group, answer["id"].as_str().unwrap_or_default());
    Ok(json!({ "update": answer }))
}

fn change_labels(labels: &mut Value, change: &Value) {
    if let Some(labels) = labels.as_object_mut() {
        if let Some(added) = change["addOrUpdateLabels"].as_object() {
            labels.extend(added.clone());
        }
        for key in texts(&change["removeLabels"]) {
            labels.remove(&key);
        }
    }
}

fn change_taints(taints: &mut Value, change: &Value) {
    let Some(taints) = taints.as_array_mut() else { return };
    let same = |one: &Value, other: &Value| one["key"] == other["key"] && one["effect"] == other["effect"];
    for changed in
        ["removeTaints", "addOrUpdateTaints"].iter().flat_map(|member| change[member].as_array().into_iter().flatten())
    {
        taints.retain(|taint| !same(taint, changed));
    }
    taints.extend(change["addOrUpdateTaints"].as_array().into_iter().flatten().cloned());
}

/// `UpdateNodegroupVersion`: new nodes come before the old ones go.
pub(crate) async fn update_version(account: &Arc<Account>, name: &str, group: &str, request: &Request) -> Outcome {
    let template =
        launch_template(account, request).await.map_err(|fault| fault.of(name).with("nodegroupName", group))?;
    let mut guard = account.state();
    let state = &mut *guard;
    let cluster = state.clusters.get_mut(name).ok_or_else(|| Fault::no_cluster(name))?;
    let control_plane = cluster.version().to_owned();
    let found = find_mut(cluster, name, group)?;
    require_active(found, name, group)?;
    let present = &found.stored.resource["launchTemplate"];
    match &template {
        Some(template) if present["id"] != json!(template.id) => {
            return Err(Fault::invalid_request(
                "The launch template of a node group cannot be changed, only its version.",
            )
            .of(name));
        }
        _ => {}
    }
    let custom = found.stored.resource["amiType"] == "CUSTOM";
    let then = match request.text("version") {
        Some(version) => version.to_owned(),
        // Without a version the nodes get the latest release of the cluster's.
        None if template.is_none() => control_plane.clone(),
        None => found.stored.resource["version"].as_str().unwrap_or(&control_plane).to_owned(),
    };
    refuse_skew(&then, &control_plane).map_err(|fault| fault.of(name))?;
    let mut parameters = vec![("Version", then.clone())];
    if let Some(template) = &template {
        parameters.push(("LaunchTemplateName", template.name.clone()));
        parameters.push(("LaunchTemplateVersion", template.version.clone()));
    }
    let answer = update::begin(cluster, Subject::Nodegroup(group.to_owned()), "VersionUpdate", &parameters)?;
    let found = find_mut(cluster, name, group)?;
    if !custom {
        found.stored.set("releaseVersion", json!(version::ami_release(&then)));
    }
    found.stored.set("version", json!(then));
    if let Some(template) = &template {
        found.stored.resource["launchTemplate"]["version"] = json!(template.version);
    }
    found.stored.set("status", json!("UPDATING"));
    if let Some(scaling_group) = state.groups.get_mut(&found.group) {
        scaling_group.next_generation(&found.stored.resource, template);
    }
    drop(guard);
    nodegroup_lifecycle::roll(account, name, group, answer["id"].as_str().unwrap_or_default());
    Ok(json!({ "update": answer }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taint_is_changed_by_its_key_and_effect() {
        let mut taints = json!([{ "key": "a", "value": "1", "effect": "NO_SCHEDULE" }]);
        change_taints(
            &mut taints,
            &json!({ "addOrUpdateTaints": [{ "key": "a", "value": "2", "effect": "NO_SCHEDULE" }] }),
        );
        assert_eq!(taints, json!([{ "key": "a", "value": "2", "effect": "NO_SCHEDULE" }]));
        change_taints(&mut taints, &json!({ "removeTaints": [{ "key": "a", "effect": "NO_SCHEDULE" }] }));
        assert_eq!(taints, json!([]));
    }
}

//! What of a live workload was deployed, and what others added to it since: reloaders and injectors write annotations, variables and
//! containers into templates that people deployed, which is no release. Field management tells who set what
//! (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>).

use super::workload;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The manager names of kubectl's commands begin so
/// (<https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/kubectl/pkg/cmd/util/helpers.go>): people's own hands.
const BY_HAND: &str = "kubectl";

/// What makes the workload's Pods, without what was added to it by others than those who deploy it, who are those that set what a
/// controller never does: the selector, or the schedule. The images of deployed containers count whoever set them. Where field
/// management does not tell, all of it counts.
#[must_use]
pub fn template(kind: &str, object: &Value) -> Value {
    let whole = workload::template(kind, object);
    if kind == "Pod" {
        return whole;
    }
    let entries = || {
        let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
        entries.filter(|entry| entry["subresource"].as_str().is_none_or(str::is_empty))
    };
    let deploys = |entry: &&Value| {
        ["f:selector", "f:schedule"].iter().any(|field| entry["fieldsV1"]["f:spec"].get(*field).is_some())
    };
    let name = |entry: &Value| entry["manager"].as_str().unwrap_or_default().to_owned();
    let deployers: BTreeSet<String> = entries().filter(deploys).map(name).collect();
    if deployers.is_empty() {
        return whole;
    }
    let path = if kind == "CronJob" { "/f:spec/f:jobTemplate/f:spec/f:template" } else { "/f:spec/f:template" };
    let mut fields = Map::new();
    for entry in entries().filter(|entry| deployers.contains(&name(entry)) || name(entry).starts_with(BY_HAND)) {
        if let Some(more) = entry["fieldsV1"].pointer(path).and_then(Value::as_object) {
            unite(&mut fields, more);
        }
    }
    if fields.is_empty() { whole } else { with_images(owned(&fields, &whole), &whole) }
}

/// Fields that any of the two owns.
fn unite(fields: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (name, inner) in more {
        match (fields.get_mut(name), inner) {
            // What one of them owns as a whole stays so.
            (Some(Value::Object(known)), Value::Object(inner)) if !known.is_empty() && !inner.is_empty() => {
                unite(known, inner);
            }
            (Some(Value::Object(known)), _) if known.is_empty() => {}
            _ => _ = fields.insert(name.clone(), inner.clone()),
        }
    }
}

fn owned(fields: &Map<String, Value>, value: &Value) -> Value {
    // A field that has no inner ones is owned as a whole, whatever is in it.
    if fields.is_empty() {
        return value.clone();
    }
    let inner = |name: &str| fields.get(name).and_then(Value::as_object);
    match value {
        Value::Object(values) => {
            let kept = values
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), owned(inner(&format!("f:{name}"))?, value))));
            Value::Object(kept.collect())
        }
        Value::Array(items) => {
            let of = |item: &Value| {
                fields.iter().find_map(|(name, fields)| {
                    let (kind, key) = name.split_once(':')?;
                    let key: Value = serde_json::from_str(key).ok()?;
                    match kind {
                        "k" => key
                            .as_object()?
                            .iter()
                            .all(|(name, value)| item[name.as_str()] == *value)
                            .then_some(fields.as_object()?),
                        "v" => (key == *item).then_some(fields.as_object()?),
                        _ => None,
                    }
                })
            };
            Value::Array(items.iter().filter_map(|item| Some(owned(of(item)?, item))).collect())
        }
        other => other.clone(),
    }
}

/// Every container that was deployed has the image that it runs.
fn with_images(mut kept: Value, whole: &Value) -> Value {
    for list in ["initContainers", "containers"] {
        let all = whole["spec"][list].as_array().map_or(&[][..], Vec::as_slice);
        let deployed = kept["spec"].get_mut(list).and_then(Value::as_array_mut);
        for container in deployed.into_iter().flatten() {
            if let Some(live) = all.iter().find(|live| live["name"] == container["name"]) {
                container["image"] = live["image"].clone();
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(manager: &str, operation: &str, spec: &Value) -> Value {
        json!({ "manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsV1": { "f:spec": spec } })
    }

    /// Deployed by `deployer`, with a variable and an annotation of a reloader, and a container of an injector.
    fn deployment() -> Value {
        let container =
            |inner: Value| json!({ "f:template": { "f:spec": { "f:containers": { "k:{\"name\":\"web\"}": inner } } } });
        let mut deployed = container(json!({
            ".": {}, "f:name": {}, "f:image": {}, "f:args": {}, "f:env": { ".": {}, "k:{\"name\":\"A\"}": { ".": {}, "f:name": {}, "f:value": {} } },
        }));
        deployed["f:selector"] = json!({});
        deployed["f:replicas"] = json!({});
        let mut reloaded =
            container(json!({ "f:env": { "k:{\"name\":\"STAMP\"}": { ".": {}, "f:name": {}, "f:value": {} } } }));
        reloaded["f:template"]["f:metadata"] = json!({ "f:annotations": { "f:reloaded": {} } });
        let injected = json!({ "f:template": { "f:spec": { "f:containers": { "k:{\"name\":\"proxy\"}": { ".": {}, "f:name": {}, "f:image": {} } } } } });
        let status = json!({ "manager": "kube-controller-manager", "operation": "Update", "subresource": "status", "fieldsV1": { "f:status": {} } });
        json!({
            "metadata": { "managedFields": [
                entry("deployer", "Apply", &deployed), entry("reloader", "Update", &reloaded), entry("injector", "Update", &injected), status,
            ] },
            "spec": { "replicas": 2, "selector": {}, "template": {
                "metadata": { "annotations": { "reloaded": "1" } },
                "spec": { "containers": [
                    { "name": "web", "image": "web:1", "args": ["-v"], "env": [{ "name": "A", "value": "a" }, { "name": "STAMP", "value": "1" }], "imagePullPolicy": "Always" },
                    { "name": "proxy", "image": "mesh:1" },
                ] },
            } },
        })
    }

    #[test]
    fn what_others_added_was_not_deployed() {
        let web = json!({ "name": "web", "image": "web:1", "args": ["-v"], "env": [{ "name": "A", "value": "a" }] });
        assert_eq!(template("Deployment", &deployment()), json!({ "spec": { "containers": [web] } }));
    }

    #[test]
    fn an_image_counts_whoever_set_it_and_so_does_what_people_set_by_hand() {
        let mut set = deployment();
        // As after `kubectl set env`, and an updater of images.
        set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("web:2");
        let entries = set["metadata"]["managedFields"].as_array_mut().unwrap();
        let container =
            &mut entries[0]["fieldsV1"]["f:spec"]["f:template"]["f:spec"]["f:containers"]["k:{\"name\":\"web\"}"];
        container.as_object_mut().unwrap().remove("f:image");
        let by_hand = json!({ "f:template": { "f:spec": { "f:containers": { "k:{\"name\":\"web\"}": { "f:env": { "k:{\"name\":\"STAMP\"}": { ".": {}, "f:name": {}, "f:value": {} } } } } } } });
        entries.push(entry("kubectl-set", "Update", &by_hand));
        let found = template("Deployment", &set);
        let web = &found["spec"]["containers"][0];
        assert_eq!(web["image"], "web:2");
        assert_eq!(web["env"], json!([{ "name": "A", "value": "a" }, { "name": "STAMP", "value": "1" }]));
    }

    #[test]
    fn where_nobody_tells_who_set_what_all_of_it_counts() {
        let mut untold = deployment();
        untold["metadata"] = json!({});
        assert_eq!(template("Deployment", &untold), untold["spec"]["template"]);
    }
}

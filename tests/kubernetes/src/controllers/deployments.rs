//! Deployments: rolling updates from one `ReplicaSet` to the next within `maxUnavailable` and `maxSurge`
//! (<https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment>).

use std::sync::Arc;

use serde_json::{Value, json};

use super::{pods, replica_sets};
use crate::{object, store::Resource, writes::Objects};

const HASH: &str = "pod-template-hash";
const REVISION: &str = "deployment.kubernetes.io/revision";

fn resource() -> Resource {
    Resource::new("apps", "deployments")
}

pub(super) fn reconcile(objects: &Objects) {
    for deployment in objects.store.all(&resource()) {
        if !object::is_terminating(&deployment) {
            one(objects, &deployment);
        }
    }
}

fn one(objects: &Objects, deployment: &Value) {
    let namespace = object::namespace(deployment);
    let owned = |objects: &Objects| -> Vec<Arc<Value>> {
        let (sets, _) = objects.store.list(&replica_sets::resource(), Some(namespace));
        sets.into_iter().filter(|set| object::is_controlled_by(set, object::uid(deployment))).collect()
    };
    let sets = owned(objects);
    let hash = pods::hash(&deployment["spec"]["template"]);
    let is_new = |set: &Value| object::label(set, HASH) == Some(hash.as_str());
    let paused = deployment["spec"]["paused"] == true;
    let newest = sets.iter().map(|set| revision(set)).max().unwrap_or(0);
    match sets.iter().find(|set| is_new(set)) {
        None if paused => {}
        None => {
            objects.make(&replica_sets::resource(), namespace, new_set(deployment, &hash, newest + 1));
        }
        // A rollback makes an old template the newest revision.
        Some(set) if revision(set) < newest && !paused => {
            annotate(objects, set, newest + 1);
        }
        Some(_) => {}
    }
    let sets = owned(objects);
    if let Some(new) = sets.iter().find(|set| is_new(set)) {
        let old: Vec<&Arc<Value>> = sets.iter().filter(|set| !is_new(set)).collect();
        for (set, replicas) in plan(deployment, new, &old) {
            objects.modify(&replica_sets::resource(), namespace, object::name(set), |set| {
                set["spec"]["replicas"] = json!(replicas);
            });
        }
        clean_up(objects, deployment, &old);
        if object::annotation(deployment, REVISION) != object::annotation(new, REVISION) {
            let revision = new["metadata"]["annotations"][REVISION].clone();
            objects.modify(&resource(), namespace, object::name(deployment), |deployment| {
                object::entry(object::metadata(deployment), "annotations")[REVISION] = revision;
            });
        }
    }
    status(objects, deployment, &owned(objects), &hash);
}

fn revision(set: &Value) -> i64 {
    object::annotation(set, REVISION).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn annotate(objects: &Objects, set: &Value, revision: i64) {
    objects.modify(&replica_sets::resource(), object::namespace(set), object::name(set), |set| {
        object::entry(object::metadata(set), "annotations")[REVISION] = json!(revision.to_string());
    });
}

fn new_set(deployment: &Value, hash: &str, revision: i64) -> Value {
    let mut template = deployment["spec"]["template"].clone();
    object::entry(object::metadata(&mut template), "labels")[HASH] = json!(hash);
    let mut selector = deployment["spec"]["selector"].clone();
    object::entry(&mut selector, "matchLabels")[HASH] = json!(hash);
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", object::name(deployment)), "labels": template["metadata"]["labels"],
            "annotations": {REVISION: revision.to_string()}, "ownerReferences": [object::owner_reference(deployment)],
        },
        "spec": {"replicas": 0, "selector": selector, "template": template},
    })
}

fn replicas(set: &Value) -> i64 {
    object::number(set, "/spec/replicas").unwrap_or(0)
}

fn available(set: &Value) -> i64 {
    object::number(set, "/status/availableReplicas").unwrap_or(0)
}

/// The next number of replicas of each set that changes.
fn plan<'a>(deployment: &Value, new: &'a Arc<Value>, old: &[&'a Arc<Value>]) -> Vec<(&'a Arc<Value>, i64)> {
    let wanted = object::number(deployment, "/spec/replicas").unwrap_or(1);
    let spec = &deployment["spec"];
    let total_old: i64 = old.iter().map(|set| replicas(set)).sum();
    if spec["paused"] == true {
        // Paused Deployments can still be scaled; here only the newest set is.
        return if total_old == 0 && replicas(new) != wanted { vec![(new, wanted)] } else { Vec::new() };
    }
    if spec["strategy"]["type"] == "Recreate" {
        let running: i64 = old.iter().map(|set| object::number(set, "/status/replicas").unwrap_or(0)).sum();
        let mut steps: Vec<_> = old.iter().filter(|set| replicas(set) > 0).map(|set| (*set, 0)).collect();
        if total_old == 0 && running == 0 && replicas(new) != wanted {
            steps.push((new, wanted));
        }
        return steps;
    }
    let surge = pods::share(&spec["strategy"]["rollingUpdate"]["maxSurge"], wanted, true);
    let mut unavailable = pods::share(&spec["strategy"]["rollingUpdate"]["maxUnavailable"], wanted, false);
    if surge == 0 && unavailable == 0 {
        unavailable = 1;
    }
    let mut steps = Vec::new();
    let mut next = replicas(new);
    if next > wanted {
        next = wanted;
    } else if next < wanted {
        next = wanted.min(next + (wanted + surge - next - total_old).max(0));
    }
    if next != replicas(new) {
        steps.push((new, next));
    }
    // Unavailable old replicas are removed first; available ones only as new replicas become available.
    let available_in_all =
        available(new).min(next) + old.iter().map(|set| available(set).min(replicas(set))).sum::<i64>();
    let mut spare = (available_in_all - (wanted - unavailable)).max(0);
    for set in old.iter().filter(|set| replicas(set) > 0) {
        let broken = (replicas(set) - available(set)).max(0);
        let going = (available(set).min(replicas(set))).min(spare);
        spare -= going;
        if broken + going > 0 {
            steps.push((*set, replicas(set) - broken - going));
        }
    }
    steps
}

/// Deletes old sets without Pods beyond `revisionHistoryLimit`.
fn clean_up(objects: &Objects, deployment: &Value, old: &[&Arc<Value>]) {
    let limit = object::number(deployment, "/spec/revisionHistoryLimit").unwrap_or(10);
    let mut idle: Vec<&&Arc<Value>> = old
        .iter()
        .filter(|set| replicas(set) == 0 && object::number(set, "/status/replicas").unwrap_or(0) == 0)
        .collect();
    idle.sort_by_key(|set| revision(set));
    let surplus = idle.len().saturating_sub(usize::try_from(limit).unwrap_or_default());
    for set in &idle[..surplus] {
        objects.discard(&replica_sets::resource(), set);
    }
}

fn status(objects: &Objects, deployment: &Value, sets: &[Arc<Value>], hash: &str) {
    let sum = |pointer: &str, new_only: bool| -> i64 {
        let sets = sets.iter().filter(|set| !new_only || object::label(set, HASH) == Some(hash));
        sets.map(|set| object::number(set, pointer).unwrap_or(0)).sum()
    };
    let wanted = object::number(deployment, "/spec/replicas").unwrap_or(1);
    let (total, updated) = (sum("/status/replicas", false), sum("/status/replicas", true));
    let available = sum("/status/availableReplicas", false);
    let mut status = json!({"observedGeneration": deployment["metadata"]["generation"]});
    let numbers = [
        ("replicas", total),
        ("updatedReplicas", updated),
        ("readyReplicas", sum("/status/readyReplicas", false)),
        ("availableReplicas", available),
        ("unavailableReplicas", (total.max(wanted) - available).max(0)),
    ];
    for (key, number) in numbers.into_iter().filter(|(_, number)| *number > 0) {
        status[key] = json!(number);
    }
    if let Some(conditions) = deployment.pointer("/status/conditions") {
        status["conditions"] = conditions.clone();
    }
    let rolling = &deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"];
    let least = wanted - pods::share(rolling, wanted, false);
    if available >= least {
        object::set_condition(
            &mut status,
            "Available",
            true,
            "MinimumReplicasAvailable",
            "Deployment has minimum availability.",
        );
    } else {
        let message = "Deployment does not have minimum availability.";
        object::set_condition(&mut status, "Available", false, "MinimumReplicasUnavailable", message);
    }
    progress(deployment, &mut status, updated == wanted && total == wanted && available == wanted);
    pods::set_status(objects, &resource(), deployment, status);
}

/// The Progressing condition: complete, progressing, or past `progressDeadlineSeconds`.
fn progress(deployment: &Value, status: &mut Value, complete: bool) {
    let name = object::name(deployment);
    let before =
        object::list(deployment, "/status/conditions").iter().find(|condition| condition["type"] == "Progressing");
    if complete {
        let message = format!("Deployment \"{name}\" has successfully progressed.");
        object::set_condition(status, "Progressing", true, "NewReplicaSetAvailable", &message);
    } else {
        let moved = ["updatedReplicas", "readyReplicas", "availableReplicas", "observedGeneration", "replicas"]
            .iter()
            .any(|key| deployment["status"][*key] != status[*key]);
        let since = before
            .and_then(|condition| condition["lastUpdateTime"].as_str())
            .and_then(|time| time.parse::<jiff::Timestamp>().ok());
        let deadline = object::number(deployment, "/spec/progressDeadlineSeconds").unwrap_or(600);
        let late = since.is_some_and(|since| jiff::Timestamp::now().duration_since(since).as_secs() > deadline);
        if late && !moved {
            let message = format!("Deployment \"{name}\" has timed out progressing.");
            object::set_condition(status, "Progressing", false, "ProgressDeadlineExceeded", &message);
        } else {
            let message = format!("Deployment \"{name}\" is progressing.");
            object::set_condition(status, "Progressing", true, "ReplicaSetUpdated", &message);
        }
        let time = if moved || since.is_none() {
            json!(object::now())
        } else {
            before.map(|before| before["lastUpdateTime"].clone()).unwrap_or_default()
        };
        update_time(status, time);
        return;
    }
    let done = before.filter(|before| before["reason"] == "NewReplicaSetAvailable");
    let time = done.and_then(|before| before.get("lastUpdateTime")).cloned().unwrap_or_else(|| json!(object::now()));
    update_time(status, time);
}

fn update_time(status: &mut Value, time: Value) {
    let conditions = status["conditions"].as_array_mut().into_iter().flatten();
    if let Some(condition) = conditions.into_iter().find(|condition| condition["type"] == "Progressing") {
        condition["lastUpdateTime"] = time;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(replicas: i64, strategy: &Value) -> Value {
        json!({"spec": {"replicas": replicas, "strategy": strategy}})
    }

    fn set(replicas: i64, available: i64) -> Arc<Value> {
        Arc::new(
            json!({"spec": {"replicas": replicas}, "status": {"replicas": replicas, "availableReplicas": available}}),
        )
    }

    fn numbers(plan: &[(&Arc<Value>, i64)]) -> Vec<i64> {
        plan.iter().map(|(_, replicas)| *replicas).collect()
    }

    #[test]
    fn a_rolling_update_of_one_replica_waits_for_the_new_pod_before_the_old_one_goes() {
        let rolling = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}});
        let deployment = deployment(1, &rolling);
        let old = set(1, 1);
        assert_eq!(numbers(&plan(&deployment, &set(0, 0), &[&old])), [1], "one more");
        assert_eq!(numbers(&plan(&deployment, &set(1, 0), &[&old])), Vec::<i64>::new(), "not ready yet");
        assert_eq!(numbers(&plan(&deployment, &set(1, 1), &[&old])), [0], "now the old one");
    }

    #[test]
    fn recreate_waits_until_the_old_pods_are_gone() {
        let deployment = deployment(2, &json!({"type": "Recreate"}));
        let (old, new) = (set(2, 2), set(0, 0));
        assert_eq!(numbers(&plan(&deployment, &new, &[&old])), [0]);
        let stopping = Arc::new(json!({"spec": {"replicas": 0}, "status": {"replicas": 1}}));
        assert_eq!(numbers(&plan(&deployment, &new, &[&stopping])), Vec::<i64>::new());
        assert_eq!(numbers(&plan(&deployment, &new, &[&set(0, 0)])), [2]);
    }

    #[test]
    fn scaling_without_a_rollout_changes_the_one_set() {
        let rolling = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}});
        assert_eq!(numbers(&plan(&deployment(5, &rolling), &set(2, 2), &[])), [5]);
        assert_eq!(numbers(&plan(&deployment(1, &rolling), &set(5, 5), &[])), [1]);
    }
}

//! Jobs: Pods that run to completion (<https://kubernetes.io/docs/concepts/workloads/controllers/job/>).

use serde_json::{Value, json};

use super::pods;
use crate::{object, store::Resource, writes::Objects};

pub(super) fn resource() -> Resource {
    Resource::new("batch", "jobs")
}

pub(super) fn reconcile(objects: &Objects) {
    for job in objects.store.all(&resource()) {
        if !object::is_terminating(&job) {
            one(objects, &job);
        }
    }
}

/// The label of a Job's Pods, which its default selector matches.
fn label(objects: &Objects, job: &Value) {
    let uid = object::uid(job);
    objects.modify(&resource(), object::namespace(job), object::name(job), |job| {
        let name = job["metadata"]["name"].clone();
        let spec = object::entry(job, "spec");
        spec["selector"] = json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}});
        let labels = object::entry(object::metadata(object::entry(spec, "template")), "labels");
        for (key, value) in [("controller-uid", json!(uid)), ("job-name", name)] {
            labels[key] = value.clone();
            labels[format!("batch.kubernetes.io/{key}")] = value;
        }
    });
}

fn one(objects: &Objects, job: &Value) {
    if job["spec"]["selector"].is_null() {
        label(objects, job);
        return;
    }
    if object::has_condition(job, "Complete") || object::has_condition(job, "Failed") {
        expire(objects, job);
        return;
    }
    let owned = pods::owned_by(objects, job);
    let suspended = job["spec"]["suspend"] == true;
    let completions = object::number(job, "/spec/completions");
    let parallelism = object::number(job, "/spec/parallelism").unwrap_or(1);
    let succeeded = pods::count(&owned, |pod| object::text(pod, "/status/phase") == Some("Succeeded"));
    let mut active = pods::count(&owned, |pod| pods::is_active(pod));
    if suspended {
        for pod in owned.iter().filter(|pod| pods::is_active(pod)) {
            objects.discard(&pods::resource(), pod);
        }
        active = 0;
    } else {
        let wanted =
            completions.map_or(if succeeded > 0 { 0 } else { parallelism }, |all| parallelism.min(all - succeeded));
        while active < wanted {
            let pod = pods::from_template(job, &job["spec"]["template"]);
            if objects.make(&pods::resource(), object::namespace(job), pod).is_none() {
                break;
            }
            active += 1;
        }
    }
    let mut status = job["status"].as_object().cloned().map_or_else(|| json!({}), Value::Object);
    status["active"] = json!(active);
    status["succeeded"] = json!(succeeded);
    status["ready"] = json!(pods::count(&owned, |pod| pods::is_ready(pod)));
    if !suspended {
        object::default(&mut status, "startTime", json!(object::now()));
    }
    if suspended != object::has_condition(job, "Suspended") {
        let reason = if suspended { "JobSuspended" } else { "JobResumed" };
        object::set_condition(&mut status, "Suspended", suspended, reason, "");
    }
    if !suspended && active == 0 && completions.map_or(succeeded > 0, |all| succeeded >= all) {
        object::set_condition(
            &mut status,
            "Complete",
            true,
            "CompletionsReached",
            "Reached expected number of succeeded pods",
        );
        status["completionTime"] = json!(object::now());
    }
    pods::set_status(objects, &resource(), job, status);
}

/// Deletes a finished Job after `ttlSecondsAfterFinished`, if set.
fn expire(objects: &Objects, job: &Value) {
    let Some(seconds) = object::number(job, "/spec/ttlSecondsAfterFinished") else { return };
    let ended = object::text(job, "/status/completionTime").and_then(|time| time.parse::<jiff::Timestamp>().ok());
    if ended.is_some_and(|ended| jiff::Timestamp::now().duration_since(ended).as_secs() >= seconds) {
        objects.discard(&resource(), job);
    }
}

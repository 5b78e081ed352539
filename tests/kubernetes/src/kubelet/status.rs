//! Pod status as the kubelet writes it.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use crate::{object, observed::Observed};

/// The state of a Pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Its containers are starting, after this number of restarts.
    Started { restarts: u32 },
    /// Its containers are ready.
    Ready { restarts: u32 },
    /// Its image cannot be pulled.
    NoImage,
    /// Its containers exited with status 0.
    Succeeded,
}

/// Writes the status of a Pod.
pub(crate) fn write(observed: &Observed, pod: &Value, host: &str, address: Option<Ipv4Addr>, state: State) {
    observed.set_status(pod, |current| set(current, host, address, state));
}

fn set(pod: &mut Value, host: &str, address: Option<Ipv4Addr>, state: State) {
    let (phase, ready) = match state {
        State::NoImage => ("Pending", false),
        State::Started { .. } => ("Running", false),
        State::Ready { .. } => ("Running", true),
        State::Succeeded => ("Succeeded", false),
    };
    let containers = object::list(pod, "/spec/containers").to_vec();
    let before = pod.pointer("/status/containerStatuses/0/state/running/startedAt").cloned();
    let restarted = before.is_none();
    let started = before.unwrap_or_else(|| json!(object::now()));
    let statuses: Vec<Value> =
        containers.iter().map(|container| container_status(container, state, &started)).collect();
    let status = object::entry(pod, "status");
    status["phase"] = json!(phase);
    status["hostIP"] = json!(host);
    object::default(status, "qosClass", json!("Burstable"));
    if let Some(address) = address {
        status["podIP"] = json!(address.to_string());
        status["podIPs"] = json!([{"ip": address.to_string()}]);
    }
    if restarted {
        object::default(status, "startTime", json!(object::now()));
    }
    status["containerStatuses"] = json!(statuses);
    let done = if state == State::Succeeded { "PodCompleted" } else { "" };
    let not_ready = if ready || !done.is_empty() { done } else { "ContainersNotReady" };
    object::set_condition(status, "PodScheduled", true, "", "");
    object::set_condition(status, "Initialized", true, done, "");
    object::set_condition(status, "ContainersReady", ready, not_ready, "");
    object::set_condition(status, "Ready", ready, not_ready, "");
}

fn container_status(container: &Value, state: State, started: &Value) -> Value {
    let image = container["image"].as_str().unwrap_or_default();
    let restarts = match state {
        State::Started { restarts } | State::Ready { restarts } => restarts,
        State::NoImage | State::Succeeded => 0,
    };
    let running = matches!(state, State::Started { .. } | State::Ready { .. });
    let inner = match state {
        State::NoImage => {
            let message = format!("Back-off pulling image {image:?}");
            json!({"waiting": {"reason": "ImagePullBackOff", "message": message}})
        }
        State::Succeeded => {
            json!({"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": started, "finishedAt": object::now()}})
        }
        _ => json!({"running": {"startedAt": started}}),
    };
    json!({
        "name": container["name"], "image": image, "imageID": if running { image } else { "" },
        "ready": matches!(state, State::Ready { .. }), "started": running, "restartCount": restarts, "state": inner, "lastState": {},
    })
}

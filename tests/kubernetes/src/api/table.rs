//! Tables, the format that `kubectl get` prints
//! (<https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables>).

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{kinds::Kind, object};

/// The table of a list of objects.
pub(crate) fn of(kind: &Kind, objects: &[&Arc<Value>], metadata: &Value) -> Value {
    let mut columns = vec![column("Name", "name")];
    columns.extend(columns_of(kind).iter().map(|name| column(name, "")));
    columns.push(column("Age", ""));
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            let mut cells = vec![json!(object::name(object))];
            cells.extend(cells_of(kind, object));
            cells.push(json!(age(object)));
            let partial =
                json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]});
            json!({"cells": cells, "object": partial})
        })
        .collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": columns, "rows": rows,
    })
}

fn column(name: &str, format: &str) -> Value {
    json!({"name": name, "type": "string", "format": format, "description": "", "priority": 0})
}

fn columns_of(kind: &Kind) -> &'static [&'static str] {
    match kind.kind.as_str() {
        "Pod" => &["Ready", "Status", "Restarts", "IP", "Node"],
        "Deployment" => &["Ready", "Up-to-date", "Available"],
        "StatefulSet" => &["Ready"],
        "DaemonSet" => &["Desired", "Current", "Ready", "Up-to-date", "Available"],
        "ReplicaSet" => &["Desired", "Current", "Ready"],
        "Service" => &["Type", "Cluster-IP", "Port(s)"],
        "Node" => &["Status", "Version", "Internal-IP"],
        "Namespace" | "PersistentVolumeClaim" | "PersistentVolume" => &["Status"],
        "Job" => &["Completions"],
        "CronJob" => &["Schedule", "Suspend"],
        "Ingress" => &["Class", "Hosts"],
        _ => &[],
    }
}

fn cells_of(kind: &Kind, object: &Value) -> Vec<Value> {
    let number = |pointer: &str| json!(object::number(object, pointer).unwrap_or(0).to_string());
    let text = |pointer: &str| json!(object::text(object, pointer).unwrap_or("<none>"));
    let share = |part: &str, whole: &str| {
        let number = |pointer| object::number(object, pointer).unwrap_or(0);
        json!(format!("{}/{}", number(part), number(whole)))
    };
    match kind.kind.as_str() {
        "Pod" => pod(object),
        "Deployment" => vec![
            share("/status/readyReplicas", "/spec/replicas"),
            number("/status/updatedReplicas"),
            number("/status/availableReplicas"),
        ],
        "StatefulSet" => vec![share("/status/readyReplicas", "/spec/replicas")],
        "DaemonSet" => vec![
            number("/status/desiredNumberScheduled"),
            number("/status/currentNumberScheduled"),
            number("/status/numberReady"),
            number("/status/updatedNumberScheduled"),
            number("/status/numberAvailable"),
        ],
        "ReplicaSet" => vec![number("/spec/replicas"), number("/status/replicas"), number("/status/readyReplicas")],
        "Service" => vec![text("/spec/type"), text("/spec/clusterIP"), json!(ports(object))],
        "Node" => {
            let ready = if object::has_condition(object, "Ready") { "Ready" } else { "NotReady" };
            let cordoned = if object["spec"]["unschedulable"] == true { ",SchedulingDisabled" } else { "" };
            let version = text("/status/nodeInfo/kubeletVersion");
            vec![json!(format!("{ready}{cordoned}")), version, text("/status/addresses/0/address")]
        }
        "Namespace" | "PersistentVolumeClaim" | "PersistentVolume" => vec![text("/status/phase")],
        "Job" => vec![share("/status/succeeded", "/spec/completions")],
        "CronJob" => vec![text("/spec/schedule"), json!(object["spec"]["suspend"].to_string())],
        "Ingress" => {
            let hosts = object::list(object, "/spec/rules").iter().filter_map(|rule| rule["host"].as_str());
            vec![text("/spec/ingressClassName"), json!(hosts.collect::<Vec<_>>().join(","))]
        }
        _ => Vec::new(),
    }
}

fn pod(pod: &Value) -> Vec<Value> {
    let containers = object::list(pod, "/status/containerStatuses");
    let ready = containers.iter().filter(|container| container["ready"] == true).count();
    let waiting = containers.iter().find_map(|container| container.pointer("/state/waiting/reason")?.as_str());
    let status = match object::text(pod, "/status/phase").unwrap_or("Pending") {
        _ if object::is_terminating(pod) => "Terminating",
        "Succeeded" => "Completed",
        phase => waiting.unwrap_or(phase),
    };
    let restarts: i64 = containers.iter().filter_map(|container| container["restartCount"].as_i64()).sum();
    let text = |pointer: &str| json!(object::text(pod, pointer).unwrap_or("<none>"));
    vec![
        json!(format!("{ready}/{}", object::list(pod, "/spec/containers").len())),
        json!(status),
        json!(restarts.to_string()),
        text("/status/podIP"),
        text("/spec/nodeName"),
    ]
}

fn ports(service: &Value) -> String {
    let ports = object::list(service, "/spec/ports").iter().map(|port| {
        let node = port["nodePort"].as_i64().map(|node| format!(":{node}")).unwrap_or_default();
        format!("{}{node}/{}", port["port"], port["protocol"].as_str().unwrap_or("TCP"))
    });
    ports.collect::<Vec<_>>().join(",")
}

/// The age of an object in kubectl's format.
fn age(object: &Value) -> String {
    let created = object::text(object, "/metadata/creationTimestamp").and_then(|time| time.parse::<Timestamp>().ok());
    let Some(created) = created else { return "<unknown>".to_owned() };
    match Timestamp::now().duration_since(created).as_secs().max(0) {
        seconds @ 0..120 => format!("{seconds}s"),
        seconds @ 120..7200 => format!("{}m", seconds / 60),
        seconds @ 7200..172_800 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86400),
    }
}

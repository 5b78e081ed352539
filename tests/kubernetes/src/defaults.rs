//! Default values of fields, which clients see when they read an object back: those of `pkg/apis/*/v1/defaults.go` in
//! Kubernetes for workloads, Services and related kinds.

use serde_json::{Value, json};

use crate::{
    kinds::Kind,
    object::{default, entry},
};

/// Sets the default values of a new or changed object.
pub(crate) fn fill(kind: &Kind, object: &mut Value) {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => pod_spec(entry(object, "spec")),
        ("", "Service") => service(entry(object, "spec")),
        ("", "Namespace") => namespace(object),
        ("", "Secret") => secret(object),
        ("", "PersistentVolumeClaim") => default(entry(object, "spec"), "volumeMode", json!("Filesystem")),
        ("apps", "Deployment") => deployment(entry(object, "spec")),
        ("apps", "ReplicaSet") => {
            let spec = entry(object, "spec");
            default(spec, "replicas", json!(1));
            template(spec);
        }
        ("apps", "StatefulSet") => stateful_set(entry(object, "spec")),
        ("apps", "DaemonSet") => {
            let spec = entry(object, "spec");
            default(spec, "revisionHistoryLimit", json!(10));
            default(
                spec,
                "updateStrategy",
                json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}),
            );
            template(spec);
        }
        ("batch", "Job") => job(entry(object, "spec")),
        ("batch", "CronJob") => {
            let spec = entry(object, "spec");
            default(spec, "suspend", json!(false));
            default(spec, "concurrencyPolicy", json!("Allow"));
            default(spec, "successfulJobsHistoryLimit", json!(3));
            default(spec, "failedJobsHistoryLimit", json!(1));
            job(entry(entry(spec, "jobTemplate"), "spec"));
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(entry(object, "spec")),
        ("autoscaling", "HorizontalPodAutoscaler") => default(entry(object, "spec"), "minReplicas", json!(1)),
        _ => {}
    }
}

fn namespace(object: &mut Value) {
    default(entry(object, "spec"), "finalizers", json!(["kubernetes"]));
    default(entry(object, "status"), "phase", json!("Active"));
    let name = object["metadata"]["name"].clone();
    let labels = entry(entry(object, "metadata"), "labels");
    labels["kubernetes.io/metadata.name"] = name;
}

/// Moves the write-only `stringData` to `data` in base64.
fn secret(object: &mut Value) {
    use base64::Engine as _;
    default(object, "type", json!("Opaque"));
    if let Some(Value::Object(strings)) = crate::object::remove(object, "stringData") {
        for (key, value) in strings {
            let encoded = base64::engine::general_purpose::STANDARD.encode(value.as_str().unwrap_or_default());
            entry(object, "data")[key] = json!(encoded);
        }
    }
}

fn service(spec: &mut Value) {
    default(spec, "type", json!("ClusterIP"));
    default(spec, "sessionAffinity", json!("None"));
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        default(port, "protocol", json!("TCP"));
        let number = port["port"].clone();
        default(port, "targetPort", number);
    }
    let kind = spec["type"].as_str().unwrap_or_default().to_owned();
    if kind != "ExternalName" {
        default(spec, "ipFamilies", json!(["IPv4"]));
        default(spec, "ipFamilyPolicy", json!("SingleStack"));
        default(spec, "internalTrafficPolicy", json!("Cluster"));
    }
    if kind == "NodePort" || kind == "LoadBalancer" {
        default(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    if kind == "LoadBalancer" {
        default(spec, "allocateLoadBalancerNodePorts", json!(true));
    }
}

fn deployment(spec: &mut Value) {
    default(spec, "replicas", json!(1));
    default(spec, "revisionHistoryLimit", json!(10));
    default(spec, "progressDeadlineSeconds", json!(600));
    let strategy = entry(spec, "strategy");
    default(strategy, "type", json!("RollingUpdate"));
    if strategy["type"] == "RollingUpdate" {
        let rolling = entry(strategy, "rollingUpdate");
        default(rolling, "maxUnavailable", json!("25%"));
        default(rolling, "maxSurge", json!("25%"));
    }
    template(spec);
}

fn stateful_set(spec: &mut Value) {
    default(spec, "replicas", json!(1));
    default(spec, "revisionHistoryLimit", json!(10));
    default(spec, "podManagementPolicy", json!("OrderedReady"));
    default(spec, "updateStrategy", json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}));
    default(spec, "persistentVolumeClaimRetentionPolicy", json!({"whenDeleted": "Retain", "whenScaled": "Retain"}));
    template(spec);
}

fn job(spec: &mut Value) {
    default(spec, "suspend", json!(false));
    default(spec, "backoffLimit", json!(6));
    default(spec, "completionMode", json!("NonIndexed"));
    if spec["completions"].is_null() && spec["parallelism"].is_null() {
        default(spec, "completions", json!(1));
    }
    default(spec, "parallelism", json!(1));
    template(spec);
}

fn definition(spec: &mut Value) {
    let names = entry(spec, "names");
    let kind = names["kind"].as_str().unwrap_or_default().to_owned();
    default(names, "singular", json!(kind.to_lowercase()));
    default(names, "listKind", json!(format!("{kind}List")));
    default(spec, "conversion", json!({"strategy": "None"}));
}

fn template(spec: &mut Value) {
    let template = entry(spec, "template");
    entry(template, "metadata");
    pod_spec(entry(template, "spec"));
}

fn pod_spec(spec: &mut Value) {
    default(spec, "restartPolicy", json!("Always"));
    default(spec, "terminationGracePeriodSeconds", json!(30));
    default(spec, "dnsPolicy", json!("ClusterFirst"));
    default(spec, "schedulerName", json!("default-scheduler"));
    default(spec, "securityContext", json!({}));
    if spec["serviceAccountName"].is_string() {
        let name = spec["serviceAccountName"].clone();
        default(spec, "serviceAccount", name);
    }
    for list in ["initContainers", "containers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            self::container(container);
        }
    }
    for volume in spec.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
        for source in ["configMap", "secret", "projected", "downwardAPI"] {
            if volume.get(source).is_some_and(Value::is_object) {
                default(&mut volume[source], "defaultMode", json!(0o644));
            }
        }
    }
}

fn container(container: &mut Value) {
    let image = container["image"].as_str().unwrap_or_default();
    let tag = image.rsplit('/').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag);
    let always = !image.contains('@') && matches!(tag, None | Some("latest"));
    default(container, "imagePullPolicy", json!(if always { "Always" } else { "IfNotPresent" }));
    default(container, "resources", json!({}));
    default(container, "terminationMessagePath", json!("/dev/termination-log"));
    default(container, "terminationMessagePolicy", json!("File"));
    for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        default(port, "protocol", json!("TCP"));
    }
    for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
        if !container.get(probe).is_some_and(Value::is_object) {
            continue;
        }
        let probe = &mut container[probe];
        default(probe, "timeoutSeconds", json!(1));
        default(probe, "periodSeconds", json!(10));
        default(probe, "successThreshold", json!(1));
        default(probe, "failureThreshold", json!(3));
        if probe.get("httpGet").is_some_and(Value::is_object) {
            default(&mut probe["httpGet"], "scheme", json!("HTTP"));
            default(&mut probe["httpGet"], "path", json!("/"));
        }
        if probe.get("grpc").is_some_and(Value::is_object) {
            default(&mut probe["grpc"], "service", json!(""));
        }
    }
    for variable in container.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(field) = variable.pointer_mut("/valueFrom/fieldRef") {
            default(field, "apiVersion", json!("v1"));
        }
    }
}

//! Pods with a Traefik image run the real Traefik. The arguments of their manifest are adapted to this machine: entry points
//! listen on the Pod's address, and the Kubernetes providers use this cluster's API server.
//!
//! Only arguments (with their `$(VARIABLES)`) are passed on, no configuration files from volumes.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use super::{
    Surroundings,
    probe::{self, Probe},
};
use crate::{object, process};

/// Interval between two probes.
const PERIOD: Duration = Duration::from_millis(100);
/// Minimum time from start to ready. Traefik answers pings about half a second before it has read its routes.
const WARM_UP: Duration = Duration::from_secs(1);

/// Whether a Pod is Traefik.
pub(crate) fn is_traefik(pod: &Value) -> bool {
    container(pod).is_some()
}

fn container(pod: &Value) -> Option<&Value> {
    object::list(pod, "/spec/containers").iter().find(|container| {
        let image = container["image"].as_str().unwrap_or_default();
        let name = image.rsplit('/').next().unwrap_or_default();
        name.split([':', '@']).next() == Some("traefik")
    })
}

/// The command that runs a Pod's Traefik.
pub(crate) fn command(surroundings: &Surroundings, pod: &Value, address: Ipv4Addr) -> Command {
    let mut command = process::command(&surroundings.traefik);
    command
        .args(arguments(pod, address))
        .env_clear()
        .env("KUBECONFIG", surroundings.kubeconfig())
        .current_dir(&surroundings.directory)
        .stdin(Stdio::null())
        .stdout(log(surroundings, pod))
        .stderr(log(surroundings, pod));
    command
}

/// Opens Traefik's log file in the cluster's directory. If that fails, the log is discarded.
fn log(surroundings: &Surroundings, pod: &Value) -> Stdio {
    let path = surroundings.directory.join(format!("{}.log", object::name(pod)));
    std::fs::File::options().create(true).append(true).open(path).map_or_else(|_| Stdio::null(), Stdio::from)
}

/// The adapted arguments of the manifest.
fn arguments(pod: &Value, address: Ipv4Addr) -> Vec<String> {
    let Some(container) = container(pod) else { return Vec::new() };
    let variables = variables(pod, container, address);
    let given = object::list(container, "/args").iter().filter_map(Value::as_str).map(|text| expand(text, &variables));
    let mut arguments = Vec::new();
    let mut admin = false;
    let mut any = false;
    for argument in given {
        let (key, value) = argument.split_once('=').unwrap_or((&argument, ""));
        let key = key.to_ascii_lowercase();
        let of_provider = key.starts_with("--providers.kubernetes")
            && [".endpoint", ".token", ".certauthfilepath"].iter().any(|suffix| key.ends_with(suffix));
        if of_provider {
            continue;
        }
        if key.starts_with("--entrypoints.") && key.ends_with(".address") {
            admin |= key == "--entrypoints.traefik.address";
            any |= key != "--entrypoints.traefik.address";
            let port = value.rsplit_once(':').map_or(value, |(_, port)| port);
            arguments.push(format!("{key}={address}:{port}"));
        } else {
            arguments.push(argument);
        }
    }
    // Entry points that Traefik opens by default would listen on all addresses.
    if !admin {
        arguments.push(format!("--entrypoints.traefik.address={address}:8080"));
    }
    if !any {
        arguments.push(format!("--entrypoints.web.address={address}:80"));
    }
    let mut default = |key: &str, value: &str| {
        if !arguments.iter().any(|argument| argument.to_ascii_lowercase().starts_with(&format!("{key}="))) {
            arguments.push(format!("{key}={value}"));
        }
    };
    // The default of two seconds delays route changes longer than needed here.
    default("--providers.providersthrottleduration", "100ms");
    default("--global.checknewversion", "false");
    default("--global.sendanonymoususage", "false");
    arguments
}

/// The environment variables of the container for `$(VARIABLES)`: plain values and fields of the Pod.
fn variables(pod: &Value, container: &Value, address: Ipv4Addr) -> BTreeMap<String, String> {
    let entries = object::list(container, "/env").iter().filter_map(|variable| {
        let name = variable["name"].as_str()?.to_owned();
        let field = variable.pointer("/valueFrom/fieldRef/fieldPath").and_then(Value::as_str);
        let value = match field {
            Some("status.podIP") => address.to_string(),
            Some(path) => object::text(pod, &format!("/{}", path.replace('.', "/")))?.to_owned(),
            None => variable["value"].as_str()?.to_owned(),
        };
        Some((name, value))
    });
    entries.collect()
}

fn expand(text: &str, variables: &BTreeMap<String, String>) -> String {
    variables.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("$({name})"), value))
}

/// Waits until the readiness probe succeeds, or without one until every container port accepts connections.
pub(crate) async fn until_ready(pod: &Value, address: Ipv4Addr) {
    let delay = container(pod).and_then(|container| object::number(container, "/readinessProbe/initialDelaySeconds"));
    let delay = Duration::from_secs(delay.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or_default());
    tokio::time::sleep(delay.max(WARM_UP)).await;
    for probe in probes(pod) {
        while !probe::succeeds(&probe, address).await {
            tokio::time::sleep(PERIOD).await;
        }
    }
}

fn probes(pod: &Value) -> Vec<Probe> {
    let Some(container) = container(pod) else { return Vec::new() };
    let number = |port: &Value| -> Option<u16> {
        let named = || {
            object::list(container, "/ports").iter().find(|candidate| candidate["name"] == *port)?["containerPort"]
                .as_u64()
        };
        port.as_u64().or_else(named).and_then(|port| u16::try_from(port).ok())
    };
    let probe = &container["readinessProbe"];
    if let Some(port) = number(&probe["httpGet"]["port"]) {
        let path = probe["httpGet"]["path"].as_str().unwrap_or("/").to_owned();
        return vec![Probe::Http { port, path }];
    }
    if let Some(port) = number(&probe["tcpSocket"]["port"]) {
        return vec![Probe::Tcp { port }];
    }
    let ports = object::list(container, "/ports").iter().filter(|port| port["protocol"] != "UDP");
    ports.filter_map(|port| number(&port["containerPort"])).map(|port| Probe::Tcp { port }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_are_fitted_to_the_pod_and_nothing_listens_on_all_addresses() {
        let pod = json!({"metadata": {"namespace": "edge"}, "spec": {"containers": [{"image": "docker.io/traefik:v3.7.15",
            "env": [{"name": "NS", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}],
            "args": ["--entryPoints.web.address=:8000/tcp", "--ping=true", "--providers.kubernetescrd.namespaces=$(NS)",
                "--providers.kubernetesIngress.endpoint=https://elsewhere"]}]}});
        assert!(is_traefik(&pod));
        assert_eq!(
            arguments(&pod, Ipv4Addr::new(127, 64, 16, 1)),
            [
                "--entrypoints.web.address=127.64.16.1:8000/tcp",
                "--ping=true",
                "--providers.kubernetescrd.namespaces=edge",
                "--entrypoints.traefik.address=127.64.16.1:8080",
                "--providers.providersthrottleduration=100ms",
                "--global.checknewversion=false",
                "--global.sendanonymoususage=false",
            ]
        );
    }

    #[test]
    fn only_the_image_of_traefik_is_traefik() {
        for (image, is) in [
            ("traefik", true),
            ("public.ecr.aws/x/traefik@sha256:0", true),
            ("traefik/whoami:v1", false),
            ("my-traefik:1", false),
        ] {
            assert_eq!(is_traefik(&json!({"spec": {"containers": [{"image": image}]}})), is, "{image}");
        }
    }
}

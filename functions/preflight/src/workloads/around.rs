//! What surrounds the workloads: what names blue, and the ports on which the load balancer expects an answer.

use domain::{
    Problem,
    manifest::{Object, named, workload},
    plan::{compute::Compute, edge::Edge},
};
use serde_json::Value;

/// How many places one message names.
const NAMED: usize = 40;

/// How long the identifier of a cluster is at least that begins its endpoint and ends its OIDC issuer.
const IDENTIFIER: usize = 16;

/// What surrounds the workloads of blue.
#[derive(Debug, Clone, Default)]
pub struct Around {
    names: Vec<String>,
    node_ports: Vec<u16>,
}

impl Around {
    /// What is known of blue: its cluster's name, its endpoint and the identifier in it, which its OIDC issuer has too, its security groups
    /// and its load balancer.
    #[must_use]
    pub fn of(compute: &Compute, edge: &Edge) -> Self {
        let blue = &compute.blue;
        let endpoint = blue.endpoint.trim_start_matches("https://").trim_end_matches('/');
        let identifier = endpoint.split('.').next().filter(|label| label.len() >= IDENTIFIER).unwrap_or_default();
        let names = [blue.name.as_str(), endpoint, identifier, &edge.load_balancer.arn]
            .into_iter()
            .chain(compute.blue_groups());
        let by_instance = edge.target_groups.iter().filter(|group| group.target_type == "instance");
        let ports = by_instance.flat_map(|group| [Some(group.port), group.health_check.port.parse().ok()]);
        let mut node_ports: Vec<u16> = ports.flatten().collect();
        node_ports.sort_unstable();
        node_ports.dedup();
        Self { names: names.filter(|name| !name.is_empty()).map(str::to_owned).collect(), node_ports }
    }

    /// The names of blue that nobody said to mean something else.
    pub(super) fn unexplained(&self, asked: &domain::input::Workloads) -> Vec<String> {
        let same = |name: &&String| asked.replace.iter().any(|word| word.blue == **name && word.green == **name);
        self.names.iter().filter(|name| !same(name)).cloned().collect()
    }

    /// The target groups send to a port of the nodes, which nothing may be given by chance
    /// (<https://kubernetes.io/docs/concepts/services-networking/service/#nodeport-custom-port>).
    pub(super) fn unanswered(&self, all: &[(usize, Object)]) -> Vec<Problem> {
        let silent = self.node_ports.iter().filter(|port| !all.iter().any(|(_, object)| answers(object, **port)));
        silent
            .map(|port| {
                let message = format!(
                    "blue's target groups send to the port {port} of the nodes, and nothing in the bundles answers there: no Service has it as its nodePort \
                     and no Pod as its hostPort. A port that Kubernetes chooses is another one on green; write nodePort: {port}"
                );
                Problem::new("$.workloads.manifests", message)
            })
            .collect()
    }
}

fn answers(object: &Object, port: u16) -> bool {
    let spec = &object.value["spec"];
    let is = |value: &Value| value.as_u64() == Some(u64::from(port));
    if object.id.kind == "Service" && object.id.group().is_empty() {
        let mut ports = spec["ports"].as_array().into_iter().flatten();
        return ports.any(|of| is(&of["nodePort"])) || is(&spec["healthCheckNodePort"]);
    }
    if !workload::is_workload(&object.id) {
        return false;
    }
    let Some(pods) = workload::pod_spec(&object.id.kind, &object.value) else { return false };
    let containers = pods["containers"].as_array().into_iter().flatten();
    let mut ports = containers.filter_map(|container| container["ports"].as_array()).flatten();
    ports.any(|of| is(&of["hostPort"]) || (pods["hostNetwork"] == true && is(&of["containerPort"])))
}

/// Where the object names blue, for its message.
pub(super) fn names_blue(object: &Object, names: &[String]) -> Option<String> {
    let mut places = named::places(&object.value, names);
    let more = places.len().saturating_sub(NAMED);
    places.truncate(NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!places.is_empty()).then(|| {
        format!(
            "{} names blue in {}{rest}: on green it would work on what is blue's. Say in workloads.replace what each word becomes on green, the same word where it \
             means something else",
            object.id,
            places.join(", ")
        )
    })
}

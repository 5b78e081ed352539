//! Pods on Fargate behind the load balancer: "Network Load Balancers and Application Load Balancers can be used with Fargate with IP targets
//! only" (<https://docs.aws.amazon.com/eks/latest/userguide/fargate.html>).

use super::manifest_path;
use domain::{
    Limit, Problem, Tags,
    manifest::{Object, class, workload},
    pattern::is_like,
    plan::{
        compute::FargateProfile,
        edge::{Edge, Service},
    },
};
use serde_json::{Map, Value};

/// What sends requests to instances.
#[derive(Debug, Clone, Default)]
pub(super) struct Instances {
    /// The ports of the nodes.
    ports: Vec<u16>,
    /// The Service whose load balancer does so.
    service: Option<Service>,
}

impl Instances {
    /// Those of blue's load balancer.
    pub(super) fn of(edge: &Edge) -> Self {
        let ports: Vec<u16> =
            edge.target_groups.iter().filter(|group| group.target_type == "instance").map(|group| group.port).collect();
        let service = edge.service.clone().filter(|_| !ports.is_empty());
        Self { ports, service }
    }

    fn reach(&self, service: &Object) -> bool {
        let is_own = self.service.as_ref().is_some_and(|of| of.id().identity() == service.id.identity());
        let ports = service.value["spec"]["ports"].as_array().into_iter().flatten();
        let mut node_ports = ports.filter_map(|port| port["nodePort"].as_u64());
        service.id.kind == "Service"
            && (is_own || node_ports.any(|port| self.ports.iter().any(|known| u64::from(*known) == port)))
    }
}

/// Workloads that Fargate runs, behind a Service that instances stand before.
pub(super) fn problems(profiles: &[FargateProfile], instances: &Instances, all: &[(usize, Object)]) -> Vec<Problem> {
    let services: Vec<&Object> =
        all.iter().map(|(_, object)| object).filter(|object| instances.reach(object)).collect();
    let mut problems = Vec::new();
    for (index, object) in all {
        let Some(labels) = workload::pod_labels(&object.id.kind, &object.value) else { continue };
        let Some(service) = services.iter().find(|service| class::sends_to(service, object)) else { continue };
        let namespace = object.id.namespace_or_default();
        let Some(profile) = profiles.iter().find(|profile| takes(profile, namespace, labels)) else { continue };
        let message = format!(
            "{} runs on Fargate by the profile {}, and blue's load balancer sends the requests of {} to instances: AWS reaches Pods on Fargate by IP targets only. \
             Take its Pods out of the profile, or give the Service a load balancer with IP targets (document {})",
            object.id, profile.name, service.id, object.document
        );
        problems.push(Limit::FargateTargets.refusal(manifest_path(*index), message));
    }
    problems
}

/// Whether a profile's selectors take Pods of this namespace with these labels.
fn takes(profile: &FargateProfile, namespace: &str, labels: &Map<String, Value>) -> bool {
    let has = |wanted: &Tags| {
        wanted.iter().all(|(key, value)| {
            labels
                .iter()
                .any(|(name, found)| is_like(key, name) && found.as_str().is_some_and(|text| is_like(value, text)))
        })
    };
    profile.selectors.iter().any(|selector| is_like(&selector.namespace, namespace) && has(&selector.labels))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::{compute::FargateSelector, edge::TargetGroup};
    use serde_json::json;

    fn object(value: Value) -> Object {
        Object::new(1, 1, value).unwrap()
    }

    fn all() -> Vec<(usize, Object)> {
        let service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web", "namespace": "shop" },
            "spec": { "selector": { "app": "web" }, "ports": [{ "port": 80, "nodePort": 30080 }] },
        });
        let deployment = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web", "namespace": "shop" },
            "spec": { "template": { "metadata": { "labels": { "app": "web", "tier": "front" } } } },
        });
        [service, deployment].map(|value| (0, object(value))).into()
    }

    fn profile(namespace: &str, labels: &[(&str, &str)]) -> FargateProfile {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        FargateProfile {
            name: "front".to_owned(),
            selectors: vec![FargateSelector { namespace: namespace.to_owned(), labels }],
            ..FargateProfile::default()
        }
    }

    fn told(target_type: &str, profile: FargateProfile) -> usize {
        let group = TargetGroup { port: 30_080, target_type: target_type.to_owned(), ..TargetGroup::default() };
        let edge = Edge { target_groups: vec![group], ..Edge::default() };
        problems(&[profile], &Instances::of(&edge), &all()).len()
    }

    #[test]
    fn instances_send_nothing_to_pods_on_fargate() {
        assert_eq!(told("instance", profile("shop", &[])), 1);
        assert_eq!(told("instance", profile("sh*", &[("tier", "fr?nt")])), 1);
        assert_eq!(told("instance", profile("shop", &[("tier", "back")])), 0);
        assert_eq!(told("instance", profile("other", &[])), 0);
        assert_eq!(told("ip", profile("shop", &[])), 0);
    }
}

//! What the AWS Load Balancer Controller makes of a Service of type `LoadBalancer`, as far as a migration meets it: names, tags, listeners and
//! target groups. A simulation of the controller (v3), after
//! <https://github.com/kubernetes-sigs/aws-load-balancer-controller/tree/main/pkg/service>: `model_build_load_balancer.go`,
//! `model_build_target_group.go`, `model_build_listener.go`, and the tags of `pkg/deploy/tracking/provider.go`. It knows TCP alone, and of the
//! annotations the scheme, the target type and the name.

use domain::Tags;
use domain::digest::sha256_hex;
use serde_json::Value;

/// By which the controller holds a Service until its load balancer is deleted (`pkg/shared_constants/finalizers.go`).
pub const FINALIZER: &str = "service.k8s.aws/resources";

/// The class of Services that the controller takes by default (`docs/guide/service/nlb.md`).
const CLASS: &str = "service.k8s.aws/nlb";

/// The load balancer of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// `internal` or `internet-facing`.
    pub scheme: String,
    /// Its tags.
    pub tags: Tags,
    /// One listener for each port of the Service.
    pub listeners: Vec<ListenerModel>,
}

/// A listener with its target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerModel {
    /// Its port.
    pub port: u16,
    /// The name of its target group.
    pub group: String,
    /// The tags of the target group.
    pub tags: Tags,
    /// `instance` or `ip`.
    pub target_type: String,
    /// The port of the target group: the node port, or that of the Pods.
    pub target_port: u16,
}

fn annotation<'a>(service: &'a Value, name: &str) -> Option<&'a str> {
    service["metadata"]["annotations"][format!("service.beta.kubernetes.io/aws-load-balancer-{name}")].as_str()
}

/// The name of the cluster under which the controller with these arguments works (`--cluster-name`).
#[must_use]
pub fn cluster_name(deployment: &Value) -> Option<String> {
    let containers = deployment["spec"]["template"]["spec"]["containers"].as_array().into_iter().flatten();
    let of_controller =
        |image: &Value| image.as_str().is_some_and(|image| image.contains("aws-load-balancer-controller"));
    let mut arguments = containers
        .filter(|container| of_controller(&container["image"]))
        .filter_map(|container| container["args"].as_array())
        .flatten();
    arguments.find_map(|argument| Some(argument.as_str()?.strip_prefix("--cluster-name=")?.to_owned()))
}

/// What the controller of this cluster makes of the Service; nothing where the Service is not its.
#[must_use]
pub fn model(service: &Value, cluster: &str) -> Option<Model> {
    let spec = &service["spec"];
    let is_its = match spec["loadBalancerClass"].as_str() {
        Some(class) => class == CLASS,
        None => annotation(service, "type") == Some("external"),
    };
    if spec["type"] != "LoadBalancer" || !is_its {
        return None;
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &service["metadata"];
    let (namespace, name, uid) = (text(&metadata["namespace"]), text(&metadata["name"]), text(&metadata["uid"]));
    let scheme = annotation(service, "scheme").unwrap_or("internal").to_owned();
    let target_type = annotation(service, "nlb-target-type").unwrap_or("instance").to_owned();
    let tags = |resource: String| {
        let stack = format!("{namespace}/{name}");
        [("elbv2.k8s.aws/cluster", cluster.to_owned()), ("service.k8s.aws/stack", stack)]
            .into_iter()
            .chain([("service.k8s.aws/resource", resource)])
            .map(|(key, value)| (key.to_owned(), value))
            .collect::<Tags>()
    };
    let short =
        |text: &str, most: usize| text.chars().filter(char::is_ascii_alphanumeric).take(most).collect::<String>();
    let named = |of: &str| {
        let hash = sha256_hex(of.as_bytes());
        format!("k8s-{}-{}-{}", short(&namespace, 8), short(&name, 8), short(&hash, 10))
    };
    let port = |value: &Value| value.as_u64().and_then(|port| u16::try_from(port).ok());
    let listeners = spec["ports"].as_array().into_iter().flatten().filter_map(|of| {
        let listens = port(&of["port"])?;
        // "when a literal targetPort is used, we just use a fixed 1 here" (buildTargetGroupPort) is for names of ports.
        let target_port = if target_type == "instance" {
            port(&of["nodePort"])?
        } else if of["targetPort"].is_string() {
            1
        } else {
            port(&of["targetPort"]).unwrap_or(listens)
        };
        Some(ListenerModel {
            port: listens,
            group: named(&format!("{cluster}{uid}{listens}{target_port}{target_type}")),
            tags: tags(format!("{namespace}/{name}:{listens}")),
            target_type: target_type.clone(),
            target_port,
        })
    });
    Some(Model {
        name: annotation(service, "name").map_or_else(|| named(&format!("{cluster}{uid}{scheme}")), str::to_owned),
        scheme,
        tags: tags("LoadBalancer".to_owned()),
        listeners: listeners.collect(),
    })
}

/// Whether tags are of what the controller of this cluster made for this Service.
#[must_use]
pub fn is_of(tags: &Tags, cluster: &str, namespace: &str, name: &str) -> bool {
    tags.get("elbv2.k8s.aws/cluster").is_some_and(|found| found == cluster)
        && tags.get("service.k8s.aws/stack").is_some_and(|stack| *stack == format!("{namespace}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn service(annotations: &Value, port: &Value) -> Value {
        json!({
            "metadata": { "namespace": "awesome", "name": "app-svc", "uid": "u", "annotations": annotations },
            "spec": { "type": "LoadBalancer", "loadBalancerClass": CLASS, "ports": [port] },
        })
    }

    // As in pkg/service/model_builder_test.go: names of 8, 8 and 10 letters, without others than letters and digits.
    #[test]
    fn a_service_gets_a_load_balancer_with_the_controllers_names_and_tags() {
        let found = model(&service(&json!({}), &json!({ "port": 80, "nodePort": 31_223 })), "my-cluster").unwrap();
        assert!(found.name.starts_with("k8s-awesome-appsvc-") && found.name.len() == "k8s-awesome-appsvc-".len() + 10);
        assert!(is_of(&found.tags, "my-cluster", "awesome", "app-svc"));
        assert_eq!((found.scheme.as_str(), found.listeners.len()), ("internal", 1));
        let listener = &found.listeners[0];
        assert_eq!((listener.port, listener.target_port, listener.target_type.as_str()), (80, 31_223, "instance"));
        assert_eq!(listener.tags["service.k8s.aws/resource"], "awesome/app-svc:80");
    }

    #[test]
    fn annotations_decide_target_type_scheme_and_name() {
        let annotations = json!({
            "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": "ip",
            "service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing",
            "service.beta.kubernetes.io/aws-load-balancer-name": "edge",
        });
        let found = model(&service(&annotations, &json!({ "port": 80, "targetPort": 8000 })), "c").unwrap();
        assert_eq!((found.name.as_str(), found.scheme.as_str()), ("edge", "internet-facing"));
        assert_eq!((found.listeners[0].target_port, found.listeners[0].target_type.as_str()), (8000, "ip"));
    }

    #[test]
    fn services_of_other_controllers_are_left_alone() {
        let mut of = service(&json!({}), &json!({ "port": 80 }));
        of["spec"]["loadBalancerClass"] = "example.com/other".into();
        assert_eq!(model(&of, "c"), None);
        of["spec"]["loadBalancerClass"] = Value::Null;
        assert_eq!(model(&of, "c"), None);
    }
}

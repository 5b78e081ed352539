//! What the AWS Load Balancer Controller, or EKS Auto Mode, makes of a Service of type `LoadBalancer`, as far as a migration meets it: names,
//! tags, listeners and target groups. A simulation of the controller (v3), after
//! <https://github.com/kubernetes-sigs/aws-load-balancer-controller/tree/main/pkg/service>: `model_build_load_balancer.go`,
//! `model_build_target_group.go`, `model_build_listener.go`, and the tags of `pkg/deploy/tracking/provider.go`. It knows TCP alone, and of the
//! annotations the scheme, the target type and the name. EKS Auto Mode is the same controller with a class of its own and addresses of Pods as
//! its default targets (<https://docs.aws.amazon.com/eks/latest/userguide/auto-networking.html>,
//! <https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-nlb.html>), and other tags
//! (<https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKSLoadBalancingPolicy.html>); it takes Services here by their class
//! only, though AWS gives that to those that say none.

use domain::Tags;
use domain::digest::sha256_hex;
pub use domain::plan::edge::service::Maker;
use serde_json::Value;

/// What differs between the two.
struct Words {
    maker: Maker,
    /// By which a Service is held until its load balancer is deleted: `pkg/shared_constants/finalizers.go`, and as people saw EKS's.
    finalizer: &'static str,
    /// The class of its Services: `docs/guide/service/nlb.md`, and auto-configure-nlb.html.
    class: &'static str,
    /// The tags with the cluster's name, with the Service, and with what it is for the Service.
    tags: [&'static str; 3],
    targets: &'static str,
}

const WORDS: [Words; 2] = [
    Words {
        maker: Maker::Controller,
        finalizer: "service.k8s.aws/resources",
        class: "service.k8s.aws/nlb",
        tags: ["elbv2.k8s.aws/cluster", "service.k8s.aws/stack", "service.k8s.aws/resource"],
        targets: "instance",
    },
    Words {
        maker: Maker::AutoMode,
        finalizer: "service.eks.amazonaws.com/resources",
        class: "eks.amazonaws.com/nlb",
        tags: ["eks:eks-cluster-name", "service.eks.amazonaws.com/stack", "service.eks.amazonaws.com/resource"],
        targets: "ip",
    },
];

fn words(maker: Maker) -> Option<&'static Words> {
    WORDS.iter().find(|words| words.maker == maker)
}

/// By what this one holds a Service until its load balancer is deleted.
#[must_use]
pub fn finalizer(maker: Maker) -> &'static str {
    words(maker).map(|words| words.finalizer).unwrap_or_default()
}

/// Which of the two makes the load balancer of a Service, by its class.
#[must_use]
pub fn maker(service: &Value) -> Option<Maker> {
    let spec = &service["spec"];
    if spec["type"] != "LoadBalancer" {
        return None;
    }
    match spec["loadBalancerClass"].as_str() {
        Some(class) => WORDS.iter().find(|words| words.class == class).map(|words| words.maker),
        None => (annotation(service, "type") == Some("external")).then_some(Maker::Controller),
    }
}

/// The cluster, the namespace and the name of the Service that something with these tags was made for.
#[must_use]
pub fn made_for(tags: &Tags) -> Option<(&str, &str, &str)> {
    let [cluster, stack, _] = words(Maker::of(tags))?.tags;
    let (namespace, name) = tags.get(stack)?.split_once('/')?;
    Some((tags.get(cluster)?, namespace, name))
}

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

/// What this one makes of the Service in the cluster of this name; nothing where the Service is not its.
#[must_use]
pub fn model(service: &Value, by: Maker, cluster: &str) -> Option<Model> {
    let words = words(by).filter(|_| maker(service) == Some(by))?;
    let spec = &service["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &service["metadata"];
    let (namespace, name, uid) = (text(&metadata["namespace"]), text(&metadata["name"]), text(&metadata["uid"]));
    let scheme = annotation(service, "scheme").unwrap_or("internal").to_owned();
    let target_type = annotation(service, "nlb-target-type").unwrap_or(words.targets).to_owned();
    let tags = |resource: String| {
        let values = [cluster.to_owned(), format!("{namespace}/{name}"), resource];
        words.tags.iter().map(|key| (*key).to_owned()).zip(values).collect::<Tags>()
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn service(annotations: &Value, port: &Value) -> Value {
        json!({
            "metadata": { "namespace": "awesome", "name": "app-svc", "uid": "u", "annotations": annotations },
            "spec": { "type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb", "ports": [port] },
        })
    }

    // As in pkg/service/model_builder_test.go: names of 8, 8 and 10 letters, without others than letters and digits.
    #[test]
    fn a_service_gets_a_load_balancer_with_the_controllers_names_and_tags() {
        let of = service(&json!({}), &json!({ "port": 80, "nodePort": 31_223 }));
        let found = model(&of, Maker::Controller, "my-cluster").unwrap();
        assert!(found.name.starts_with("k8s-awesome-appsvc-") && found.name.len() == "k8s-awesome-appsvc-".len() + 10);
        assert_eq!(made_for(&found.tags), Some(("my-cluster", "awesome", "app-svc")));
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
        let of = service(&annotations, &json!({ "port": 80, "targetPort": 8000 }));
        let found = model(&of, Maker::Controller, "c").unwrap();
        assert_eq!((found.name.as_str(), found.scheme.as_str()), ("edge", "internet-facing"));
        assert_eq!((found.listeners[0].target_port, found.listeners[0].target_type.as_str()), (8000, "ip"));
    }

    #[test]
    fn services_of_other_controllers_are_left_alone() {
        let mut of = service(&json!({}), &json!({ "port": 80 }));
        of["spec"]["loadBalancerClass"] = "example.com/other".into();
        assert_eq!(maker(&of), None);
        of["spec"]["loadBalancerClass"] = Value::Null;
        assert_eq!(model(&of, Maker::Controller, "c"), None);
    }

    #[test]
    fn eks_auto_mode_takes_services_of_its_class_and_gives_tags_of_its_own() {
        let mut of = service(&json!({}), &json!({ "port": 80, "targetPort": 8000 }));
        assert_eq!(model(&of, Maker::AutoMode, "c"), None);
        of["spec"]["loadBalancerClass"] = "eks.amazonaws.com/nlb".into();
        let found = model(&of, Maker::AutoMode, "c").unwrap();
        assert_eq!(found.listeners[0].target_type, "ip");
        assert_eq!(found.tags["eks:eks-cluster-name"], "c");
        assert_eq!(found.tags["service.eks.amazonaws.com/resource"], "LoadBalancer");
        assert_eq!(made_for(&found.tags), Some(("c", "awesome", "app-svc")));
    }
}

//! What a controller would make outside of the cluster for an object: load balancers, records, volumes, other resources of AWS. Told by
//! the controller that a class names and by groups of resources, never by what people called them.

use super::Object;
use crate::object::is_built_in;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Controllers of `IngressClass` that make a load balancer in AWS.
const INGRESS: [(&str, &str); 2] = [
    // https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/ingress_class/
    ("ingress.k8s.aws/alb", ALB),
    // https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-alb.html
    ("eks.amazonaws.com/alb", ALB),
];

/// Controllers of `GatewayClass` that make a load balancer in AWS, by themselves or by a Service of type LoadBalancer a Gateway.
const GATEWAY: [(&str, &str); 9] = [
    // https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/gateway/gateway/
    ("gateway.k8s.aws/alb", ALB),
    ("gateway.k8s.aws/nlb", "makes a Network Load Balancer"),
    // https://www.gateway-api-controller.eks.aws.dev/
    ("application-networking.k8s.aws/gateway-api-controller", "makes a service network of VPC Lattice"),
    // https://gateway.envoyproxy.io/docs/tasks/operations/customize-envoyproxy/
    ("gateway.envoyproxy.io/gatewayclass-controller", BY_SERVICE),
    // https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/#automated-deployment
    ("istio.io/gateway-controller", BY_SERVICE),
    // https://docs.cilium.io/en/stable/network/servicemesh/gateway-api/gateway-api/
    ("io.cilium/gateway-controller", BY_SERVICE),
    // https://projectcontour.io/docs/main/guides/gateway-api/
    ("projectcontour.io/gateway-controller", BY_SERVICE),
    // https://docs.nginx.com/nginx-gateway-fabric/
    ("gateway.nginx.org/nginx-gateway-controller", BY_SERVICE),
    // https://kgateway.dev/docs/
    ("kgateway.dev/kgateway", BY_SERVICE),
];

/// Classes that a controller or a chart makes itself under this name, for bundles that lack them.
const CUSTOMARY: [(&str, &str); 4] = [
    ("alb", "ingress.k8s.aws/alb"),
    ("amazon-vpc-lattice", "application-networking.k8s.aws/gateway-api-controller"),
    ("istio", "istio.io/gateway-controller"),
    ("cilium", "io.cilium/gateway-controller"),
];

const ALB: &str = "makes an Application Load Balancer";
const BY_SERVICE: &str = "makes a Service of type LoadBalancer";
const NODES: &str = "makes nodes outside of managed node groups, which Bascule does not move yet";
const AWS: &str = "manages an AWS resource from inside the cluster: both clusters would manage the same one";
const VOLUMES: &str = "makes volumes: Bascule does not move volumes, and those of green would be left behind with it";

/// (group, or the end of one where it begins with a dot; kinds, all where there is none; what is made).
const MAKERS: &[(&str, &[&str], &str)] = &[
    (
        "elbv2.k8s.aws",
        &["TargetGroupBinding"],
        "would register green's Pods in a target group of blue, which would send them requests before anybody approved",
    ),
    // https://karpenter.sh/docs/concepts/
    ("karpenter.sh", &[], NODES),
    ("karpenter.k8s.aws", &[], NODES),
    // https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html
    ("eks.amazonaws.com", &["NodeClass"], NODES),
    // https://cluster-api-aws.sigs.k8s.io/
    (".cluster.x-k8s.io", &[], AWS),
    ("cluster.x-k8s.io", &[], AWS),
    // https://aws-controllers-k8s.github.io/community/reference/
    (".services.k8s.aws", &[], AWS),
    // https://marketplace.upbound.io/providers/upbound/provider-family-aws
    (".aws.upbound.io", &[], AWS),
    (".aws.m.upbound.io", &[], AWS),
    // https://github.com/crossplane-contrib/provider-aws
    (".aws.crossplane.io", &[], AWS),
    // https://flux-iac.github.io/tofu-controller/ and https://developer.hashicorp.com/terraform/cloud-docs/integrations/kubernetes
    ("infra.contrib.fluxcd.io", &["Terraform"], AWS),
    ("app.terraform.io", &[], AWS),
    // https://www.pulumi.com/docs/iac/using-pulumi/continuous-delivery/pulumi-kubernetes-operator/
    ("pulumi.com", &["Stack"], AWS),
    // https://external-secrets.io/latest/api/pushsecret/
    ("external-secrets.io", &["PushSecret", "ClusterPushSecret"], AWS),
    // https://kubernetes-sigs.github.io/external-dns/latest/docs/sources/crd/
    (
        "externaldns.k8s.io",
        &["DNSEndpoint"],
        "makes DNS records: external-dns on green would take the names before anybody approved",
    ),
    // Volumes without a word of Kubernetes in the resource: https://cloudnative-pg.io/documentation/current/storage/,
    // https://postgres-operator.readthedocs.io/en/latest/reference/cluster_manifest/#volume-properties,
    // https://www.rabbitmq.com/kubernetes/operator/using-operator#persistence
    ("postgresql.cnpg.io", &["Cluster"], VOLUMES),
    ("acid.zalan.do", &["postgresql"], VOLUMES),
    ("rabbitmq.com", &["RabbitmqCluster"], VOLUMES),
];

/// Fields in which custom resources carry the description of a `PersistentVolumeClaim`, or ask for one.
const CLAIMS: [&str; 6] = [
    "volumeClaimTemplate",
    "volumeClaimTemplates",
    "volumeClaimSpec",
    "persistentVolumeClaimSpec",
    "persistentVolumeClaimTemplate",
    "cassandraDataVolumeClaimSpec",
];

/// Which controller serves each class that the bundles bring.
#[derive(Debug, Clone, Default)]
pub struct Controllers {
    ingress: BTreeMap<String, String>,
    default_ingress: Option<String>,
    gateway: BTreeMap<String, String>,
}

impl Controllers {
    /// Those of the classes among these objects.
    pub fn of<'a>(objects: impl Iterator<Item = &'a Object>) -> Self {
        let mut found = Self::default();
        for Object { id, value, .. } in objects {
            let name = || id.name.clone();
            match (id.group(), id.kind.as_str()) {
                ("networking.k8s.io", "IngressClass") => {
                    let controller = text(&value["spec"]["controller"]);
                    // https://kubernetes.io/docs/concepts/services-networking/ingress/#default-ingress-class
                    let default = &value["metadata"]["annotations"]["ingressclass.kubernetes.io/is-default-class"];
                    if default == "true" {
                        found.default_ingress = Some(controller.clone());
                    }
                    found.ingress.insert(name(), controller);
                }
                ("gateway.networking.k8s.io", "GatewayClass") => {
                    found.gateway.insert(name(), text(&value["spec"]["controllerName"]));
                }
                _ => {}
            }
        }
        found
    }

    fn of_ingress(&self, ingress: &Value) -> Option<&str> {
        let class = ingress["spec"]["ingressClassName"]
            .as_str()
            .or_else(|| ingress["metadata"]["annotations"]["kubernetes.io/ingress.class"].as_str());
        class.map_or(self.default_ingress.as_deref(), |class| known(&self.ingress, class))
    }
}

fn known<'a>(classes: &'a BTreeMap<String, String>, class: &str) -> Option<&'a str> {
    let brought = classes.get(class).map(String::as_str);
    brought.or_else(|| CUSTOMARY.iter().find(|(name, _)| *name == class).map(|(_, controller)| *controller))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What is made outside of the cluster for this object, in words that follow its name.
#[must_use]
pub fn made_for(object: &Object, controllers: &Controllers) -> Option<String> {
    let (group, kind) = (object.id.group(), object.id.kind.as_str());
    let balancer = |makers: &[(&str, &str)], controller: Option<&str>| {
        let controller = controller?;
        let (_, makes) = makers.iter().find(|(name, _)| *name == controller)?;
        Some(format!("{makes} (its class is served by {controller}), which Bascule does not know"))
    };
    match (group, kind) {
        ("networking.k8s.io" | "extensions", "Ingress") => {
            return balancer(&INGRESS, controllers.of_ingress(&object.value));
        }
        ("gateway.networking.k8s.io", "Gateway") if !is_inner(&object.value) => {
            let class = object.value["spec"]["gatewayClassName"].as_str().unwrap_or_default();
            return balancer(&GATEWAY, known(&controllers.gateway, class));
        }
        _ => {}
    }
    let maker = MAKERS.iter().find(|(of, kinds, _)| {
        let of_group = if of.starts_with('.') { group.ends_with(of) } else { group == *of };
        of_group && (kinds.is_empty() || kinds.contains(&kind))
    });
    if let Some((.., makes)) = maker {
        return Some((*makes).to_owned());
    }
    let custom = !is_built_in(&object.id.api_version);
    custom.then(|| claim("spec", &object.value["spec"])).flatten().map(|path| format!("{VOLUMES} ({path})"))
}

/// Istio makes a Service of another type where the Gateway says so
/// (<https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/#deployment-methods>).
fn is_inner(gateway: &Value) -> bool {
    let annotations = [&gateway["metadata"]["annotations"], &gateway["spec"]["infrastructure"]["annotations"]];
    annotations
        .iter()
        .any(|of| of["networking.istio.io/service-type"].as_str().is_some_and(|service| service != "LoadBalancer"))
}

/// Where a custom resource asks for a volume.
fn claim(path: &str, value: &Value) -> Option<String> {
    match value {
        Value::Object(fields) => {
            let here = fields.iter().find(|(name, value)| CLAIMS.contains(&name.as_str()) && !is_empty(value));
            if let Some((name, _)) = here {
                return Some(format!("{path}.{name}"));
            }
            let asks = value["resources"]["requests"]["storage"].is_string()
                // https://strimzi.io/docs/operators/latest/configuring#type-PersistentClaimStorage-reference
                || value["type"] == "persistent-claim";
            if asks {
                return Some(path.to_owned());
            }
            fields.iter().find_map(|(name, value)| claim(&format!("{path}.{name}"), value))
        }
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| claim(&format!("{path}[{index}]"), item))
        }
        _ => None,
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
}

#[cfg(test)]
mod tests;

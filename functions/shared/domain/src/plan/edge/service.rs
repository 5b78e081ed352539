//! The Service of type `LoadBalancer` that a load balancer belongs to, told by the tags that the controller gave it: the AWS Load Balancer
//! Controller (<https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/deploy/tracking/provider.go>), EKS Auto Mode
//! (<https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKSLoadBalancingPolicy.html>, which lets it give these tags and no
//! others), or the cloud provider of Kubernetes (<https://cloud-provider-aws.sigs.k8s.io/service_controller/>).

use super::LoadBalancer;
use crate::Tags;
use crate::object::ObjectId;
use crate::plan::compute::auto_mode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// The name of the cluster, of whatever the AWS Load Balancer Controller made: for a Service, an Ingress or a Gateway.
const CLUSTER: &str = "elbv2.k8s.aws/cluster";
/// Namespace and name of the Service that it made the load balancer for.
const STACK: &str = "service.k8s.aws/stack";
/// Namespace and name of the Service that EKS Auto Mode made the load balancer for.
const AUTO_STACK: &str = "service.eks.amazonaws.com/stack";
/// Namespace and name of the Service that the cloud provider made the load balancer for.
const NAME: &str = "kubernetes.io/service-name";

/// A Service of type `LoadBalancer`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Service {
    /// The object in its cluster.
    #[must_use]
    pub fn id(&self) -> ObjectId {
        ObjectId {
            api_version: "v1".to_owned(),
            kind: "Service".to_owned(),
            namespace: Some(self.namespace.clone()),
            name: self.name.clone(),
        }
    }

    /// Whether the load balancer belongs to the Service of this name in this cluster.
    #[must_use]
    pub fn owns(&self, cluster: &str, balancer: &LoadBalancer) -> bool {
        Self::of(cluster, &balancer.tags).as_ref() == Some(self)
    }

    /// The Service of this cluster that made what has these tags.
    #[must_use]
    pub fn of(cluster: &str, tags: &Tags) -> Option<Self> {
        let of = |stack: &str, of: &str| tags.get(stack).filter(|_| tags.get(of).is_some_and(|name| name == cluster));
        let by_provider = || tags.get(NAME).filter(|_| tags.contains_key(&of_provider(cluster)));
        let name = of(STACK, CLUSTER).or_else(|| of(AUTO_STACK, auto_mode::CLUSTER_TAG)).or_else(by_provider)?;
        let (namespace, name) = name.split_once('/')?;
        Some(Self { namespace: namespace.to_owned(), name: name.to_owned() })
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Service/{}/{}", self.namespace, self.name)
    }
}

/// The tag of everything that the cloud provider makes for a cluster.
#[must_use]
pub fn of_provider(cluster: &str) -> String {
    format!("kubernetes.io/cluster/{cluster}")
}

/// Whether something inside this cluster, or EKS Auto Mode for it, made the load balancer with these tags: for a Service, an Ingress or a Gateway.
#[must_use]
pub fn is_made_inside(cluster: &str, tags: &Tags) -> bool {
    let named = |tag: &str| tags.get(tag).is_some_and(|name| name == cluster);
    named(CLUSTER) || named(auto_mode::CLUSTER_TAG) || Service::of(cluster, tags).is_some()
}

/// Who makes load balancers of Services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// The AWS Load Balancer Controller, which runs in the cluster.
    Controller,
    /// EKS Auto Mode.
    AutoMode,
    /// The cloud provider of Kubernetes.
    Provider,
}

impl Maker {
    /// Who made the load balancer of a Service, by its tags.
    #[must_use]
    pub fn of(tags: &Tags) -> Self {
        if tags.contains_key(STACK) {
            Self::Controller
        } else if tags.contains_key(AUTO_STACK) {
            Self::AutoMode
        } else {
            Self::Provider
        }
    }
}

/// The tag by which a load balancer is known to be made by something inside a cluster, or by EKS Auto Mode for it, whichever.
#[must_use]
pub fn maker(tags: &Tags) -> Option<&str> {
    [CLUSTER, STACK, NAME, auto_mode::CLUSTER_TAG].into_iter().find(|tag| tags.contains_key(*tag))
}

/// The DNS name of the load balancer that the Service has by its status; nothing where no controller has made one
/// (<https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer>).
#[must_use]
pub fn hostname(service: &Value) -> Option<&str> {
    service["status"]["loadBalancer"]["ingress"][0]["hostname"].as_str().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    // The tags of provider.go, and of `describeLoadBalancer`'s callers in
    // https://github.com/kubernetes/cloud-provider-aws/blob/master/pkg/providers/v1/aws_loadbalancer.go.
    #[test]
    fn a_load_balancer_belongs_to_the_service_that_its_tags_name_in_their_cluster() {
        let controller =
            [(CLUSTER, "shop-blue"), (STACK, "shop/traefik"), ("service.k8s.aws/resource", "LoadBalancer")];
        let provider = [("kubernetes.io/cluster/shop-blue", "owned"), (NAME, "shop/traefik")];
        let ingress = [(CLUSTER, "shop-blue"), ("ingress.k8s.aws/stack", "shop/web")];
        let auto = [(auto_mode::CLUSTER_TAG, "shop-blue"), (AUTO_STACK, "shop/traefik")];
        let autos_ingress = [(auto_mode::CLUSTER_TAG, "shop-blue"), ("ingress.eks.amazonaws.com/stack", "shop/web")];
        for (found, cluster, service, inside) in [
            (&controller[..], "shop-blue", true, true),
            (&controller[..], "shop-green", false, false),
            (&provider[..], "shop-blue", true, true),
            (&provider[..], "shop-green", false, false),
            (&auto[..], "shop-blue", true, true),
            (&auto[..], "shop-green", false, false),
            (&ingress[..], "shop-blue", false, true),
            (&autos_ingress[..], "shop-blue", false, true),
            (&[("team", "shop")][..], "shop-blue", false, false),
        ] {
            let tags = tags(found);
            let expected = service.then(|| Service { namespace: "shop".into(), name: "traefik".into() });
            assert_eq!(Service::of(cluster, &tags), expected, "{found:?} {cluster}");
            assert_eq!(is_made_inside(cluster, &tags), inside, "{found:?} {cluster}");
            assert_eq!(maker(&tags).is_some(), found.len() > 1, "{found:?}");
        }
        for (found, by) in
            [(&controller[..], Maker::Controller), (&auto[..], Maker::AutoMode), (&provider[..], Maker::Provider)]
        {
            assert_eq!(Maker::of(&tags(found)), by, "{found:?}");
        }
    }
}

//! The AWS Load Balancer Controller in both clusters, simulated: it works while a cluster has a Deployment of it that is available, under the
//! name that the Deployment's arguments have; and that of EKS Auto Mode, which EKS runs. What it makes of a Service is said by [`testing::load_balancer_controller`], which cites the
//! controller's source; here it is made and deleted through Elastic Load Balancing, and its targets are registered: every node of the
//! cluster, or the Pods that the Service's `EndpointSlices` have
//! (<https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/targetgroupbinding/resource_manager.go>). It calls AWS as
//! the account's administrator, and makes no security groups.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use compute::Compute;
use http::Method;
use serde_json::{Value, json};
use testing::load_balancer_controller::{ListenerModel, Maker, Model, cluster_name, finalizer, maker, model};
use tokio::task::JoinHandle;

use crate::aws::Aws;
use crate::error::{Context, Error, Result};
use crate::world::front::Front;
use crate::world::workloads::Kubernetes;
use crate::world::{BLUE, GREEN, edge, eventually};

/// How long it waits between two looks at a cluster.
const PAUSE: Duration = Duration::from_millis(300);

/// How it changes objects.
const MERGE: &str = "application/merge-patch+json";

/// The Service that the shop's load balancer belongs to.
pub const SERVICE: &str = "/api/v1/namespaces/traefik/services/traefik";

/// The controller at work. It ends when this is dropped.
pub struct Controller(JoinHandle<()>);

impl Drop for Controller {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What it knows of a load balancer that it made: the target groups' ARNs with what they are for.
type Made = Vec<(String, ListenerModel)>;

/// Lets it work in both clusters, in these subnets.
#[must_use]
pub fn start(aws: &Aws, compute: &Compute, front: Front, vpc: &str, subnets: &[String]) -> Controller {
    let (aws, compute, vpc, subnets) = (aws.clone(), compute.clone(), vpc.to_owned(), subnets.to_vec());
    Controller(tokio::spawn(async move {
        let mut made = BTreeMap::new();
        loop {
            for cluster in [BLUE, GREEN] {
                let Some(kubeconfig) = compute.kubeconfig(cluster) else { continue };
                let auto_mode = (front == Front::AutoMode).then_some(cluster);
                let place = Place { aws: &aws, vpc: &vpc, subnets: &subnets, auto_mode };
                if let Err(error) = place.look(&kubeconfig, &mut made).await {
                    tracing::debug!(%error, cluster, "the load balancer controller tries again");
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }))
}

struct Place<'a> {
    aws: &'a Aws,
    vpc: &'a str,
    subnets: &'a [String],
    /// The name of the cluster, where it is in EKS Auto Mode.
    auto_mode: Option<&'a str>,
}

impl Place<'_> {
    /// One look at a cluster: what is missing is made, what is to go is deleted.
    async fn look(&self, kubeconfig: &str, made: &mut BTreeMap<String, Made>) -> Result<()> {
        let kubernetes = Kubernetes::of_component(kubeconfig)?;
        let deployments = kubernetes.list("/apis/apps/v1/deployments").await?;
        let available = |one: &&Value| one["status"]["availableReplicas"].as_u64().unwrap_or_default() > 0;
        let running = deployments.iter().filter(available).find_map(cluster_name);
        for service in kubernetes.list("/api/v1/services").await? {
            let Some(by) = maker(&service) else { continue };
            let name = if by == Maker::AutoMode { self.auto_mode } else { running.as_deref() };
            let Some(model) = name.and_then(|name| model(&service, by, name)) else { continue };
            let metadata = &service["metadata"];
            let text = |field: &str| metadata[field].as_str().unwrap_or_default();
            let path = format!("/api/v1/namespaces/{}/services/{}", text("namespace"), text("name"));
            let uid = text("uid").to_owned();
            let held = metadata["finalizers"].as_array().is_some_and(|all| all.contains(&json!(finalizer(by))));
            if !metadata["deletionTimestamp"].is_null() {
                if held {
                    self.delete(&model).await?;
                    made.remove(&uid);
                    kubernetes.patch(&path, &json!({ "metadata": { "finalizers": null } })).await?;
                }
                continue;
            }
            if !made.contains_key(&uid) {
                kubernetes.patch(&path, &json!({ "metadata": { "finalizers": [finalizer(by)] } })).await?;
                let (hostname, groups) = self.make(&model).await?;
                let status = json!({ "status": { "loadBalancer": { "ingress": [{ "hostname": hostname }] } } });
                kubernetes.patch(&format!("{path}/status"), &status).await?;
                made.insert(uid.clone(), groups);
            }
            for (arn, listener) in made.get(&uid).into_iter().flatten() {
                let wanted = wanted(&kubernetes, &service, listener).await?;
                self.register(arn, &wanted).await?;
            }
        }
        Ok(())
    }

    /// Makes load balancer, target groups and listeners; answers the DNS name and the target groups.
    async fn make(&self, model: &Model) -> Result<(String, Made)> {
        let mut sent = vec![
            ("Name".to_owned(), model.name.clone()),
            ("Type".to_owned(), "network".to_owned()),
            ("Scheme".to_owned(), model.scheme.clone()),
        ];
        sent.extend(numbered("Subnets.member", self.subnets));
        sent.extend(tags(&model.tags));
        let answer = self.elb("CreateLoadBalancer", &sent).await?;
        let arn = answer.value("LoadBalancerArn").context("LoadBalancerArn")?;
        let hostname = answer.value("DNSName").context("DNSName")?.to_lowercase();
        let mut groups = Vec::new();
        for listener in &model.listeners {
            let mut sent: Vec<(String, String)> = [
                ("Name", listener.group.as_str()),
                ("Protocol", "TCP"),
                ("Port", &listener.target_port.to_string()),
                ("VpcId", self.vpc),
                ("TargetType", &listener.target_type),
                ("HealthCheckProtocol", "TCP"),
                ("HealthCheckPort", "traffic-port"),
                ("HealthCheckIntervalSeconds", "10"),
                ("HealthyThresholdCount", "3"),
                ("UnhealthyThresholdCount", "3"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
            sent.extend(tags(&listener.tags));
            let group =
                self.elb("CreateTargetGroup", &sent).await?.value("TargetGroupArn").context("TargetGroupArn")?;
            let sent = [
                ("LoadBalancerArn", arn.as_str()),
                ("Protocol", "TCP"),
                ("Port", &listener.port.to_string()),
                ("DefaultActions.member.1.Type", "forward"),
                ("DefaultActions.member.1.TargetGroupArn", &group),
            ];
            edge::elb(self.aws, "CreateListener", &sent).await?;
            groups.push((group, listener.clone()));
        }
        Ok((hostname, groups))
    }

    /// Deletes the load balancer with its listeners, then its target groups.
    async fn delete(&self, model: &Model) -> Result<()> {
        if let Some(arn) = self.found("DescribeLoadBalancers", &model.name, "LoadBalancerArn").await? {
            edge::elb(self.aws, "DeleteLoadBalancer", &[("LoadBalancerArn", &arn)]).await?;
        }
        for listener in &model.listeners {
            if let Some(arn) = self.found("DescribeTargetGroups", &listener.group, "TargetGroupArn").await? {
                edge::elb(self.aws, "DeleteTargetGroup", &[("TargetGroupArn", &arn)]).await?;
            }
        }
        Ok(())
    }

    /// The ARN of what has this name.
    async fn found(&self, action: &str, name: &str, arn: &str) -> Result<Option<String>> {
        match edge::elb(self.aws, action, &[("Names.member.1", name)]).await {
            Ok(answer) => Ok(answer.value(arn)),
            Err(error) if error.to_string().contains("NotFound") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Registers the targets that are missing, and deregisters those that are to go.
    async fn register(&self, arn: &str, wanted: &BTreeSet<(String, u64)>) -> Result<()> {
        let answer = edge::elb(self.aws, "DescribeTargetHealth", &[("TargetGroupArn", arn)]).await?;
        let mut known = BTreeSet::new();
        for target in answer.list("TargetHealthDescriptions") {
            let port = target.value("Port").and_then(|port| port.parse().ok()).unwrap_or_default();
            if target.value("State").is_none_or(|state| state != "draining") {
                known.insert((target.value("Id").unwrap_or_default(), port));
            }
        }
        for (action, targets) in [
            ("RegisterTargets", wanted.difference(&known).collect::<Vec<_>>()),
            ("DeregisterTargets", known.difference(wanted).collect()),
        ] {
            if targets.is_empty() {
                continue;
            }
            let mut sent = vec![("TargetGroupArn".to_owned(), arn.to_owned())];
            for (number, (id, port)) in targets.into_iter().enumerate() {
                sent.push((format!("Targets.member.{}.Id", number + 1), id.clone()));
                sent.push((format!("Targets.member.{}.Port", number + 1), port.to_string()));
            }
            self.elb(action, &sent).await?;
        }
        Ok(())
    }

    async fn elb(&self, action: &str, sent: &[(String, String)]) -> Result<crate::xml::Element> {
        let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        edge::elb(self.aws, action, &sent).await
    }
}

fn numbered(name: &str, values: &[String]) -> impl Iterator<Item = (String, String)> {
    values.iter().enumerate().map(move |(number, value)| (format!("{name}.{}", number + 1), value.clone()))
}

fn tags(tags: &BTreeMap<String, String>) -> impl Iterator<Item = (String, String)> {
    tags.iter().enumerate().flat_map(|(number, (key, value))| {
        let name = format!("Tags.member.{}", number + 1);
        [(format!("{name}.Key"), key.clone()), (format!("{name}.Value"), value.clone())]
    })
}

/// The targets that a target group of the Service is to have, each with its port.
async fn wanted(kubernetes: &Kubernetes, service: &Value, listener: &ListenerModel) -> Result<BTreeSet<(String, u64)>> {
    if listener.target_type == "instance" {
        let nodes = kubernetes.list("/api/v1/nodes").await?;
        let ids = nodes.iter().filter_map(|node| node["spec"]["providerID"].as_str()?.rsplit('/').next());
        return Ok(ids.map(|id| (id.to_owned(), listener.target_port.into())).collect());
    }
    let text = |field: &str| service["metadata"][field].as_str().unwrap_or_default();
    let mut ports = service["spec"]["ports"].as_array().into_iter().flatten();
    let port = ports.find(|port| port["port"] == listener.port).cloned().unwrap_or_default();
    let slices =
        kubernetes.list(&format!("/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices", text("namespace"))).await?;
    let mut wanted = BTreeSet::new();
    for slice in slices.iter().filter(|one| one["metadata"]["labels"]["kubernetes.io/service-name"] == text("name")) {
        let mut named = slice["ports"].as_array().into_iter().flatten();
        let Some(number) = named.find(|one| one["name"] == port["name"]).and_then(|one| one["port"].as_u64()) else {
            continue;
        };
        let endpoints = slice["endpoints"].as_array().into_iter().flatten();
        for endpoint in endpoints.filter(|endpoint| endpoint["conditions"]["ready"] != false) {
            let addresses = endpoint["addresses"].as_array().into_iter().flatten().filter_map(Value::as_str);
            wanted.extend(addresses.map(|address| (address.to_owned(), number)));
        }
    }
    Ok(wanted)
}

/// Waits until the Service has a load balancer that is active, and answers it with its target groups.
///
/// # Errors
/// The first refusal, or that it took more than two minutes.
pub async fn made(aws: &Aws, kubernetes: &Kubernetes) -> Result<edge::LoadBalancer> {
    let arn = eventually("the Service's load balancer", async || {
        // It comes with the bundles.
        let service = kubernetes.get(SERVICE).await.unwrap_or_default();
        let Some(hostname) = service["status"]["loadBalancer"]["ingress"][0]["hostname"].as_str() else {
            return Ok(None);
        };
        let answer = edge::elb(aws, "DescribeLoadBalancers", &[]).await?;
        let mut all = answer.list("LoadBalancers").iter();
        let its = all.find(|one| one.value("DNSName").is_some_and(|name| name.eq_ignore_ascii_case(hostname)));
        let active =
            its.filter(|one| one.find("State").and_then(|state| state.value("Code")).as_deref() == Some("active"));
        Ok(active.and_then(|one| one.value("LoadBalancerArn")))
    })
    .await?;
    let answer = edge::elb(aws, "DescribeTargetGroups", &[("LoadBalancerArn", &arn)]).await?;
    let groups = answer.list("TargetGroups").iter().filter_map(|group| group.value("TargetGroupArn"));
    let target_groups: Vec<String> = groups.collect();
    if target_groups.is_empty() {
        return Err(Error::new(format!("{arn} has no target groups")));
    }
    Ok(edge::LoadBalancer { arn, target_groups })
}

impl Kubernetes {
    /// All objects of a collection.
    async fn list(&self, path: &str) -> Result<Vec<Value>> {
        let mut answer = self.get(path).await?;
        match answer["items"].take() {
            Value::Array(items) => Ok(items),
            _ => Ok(Vec::new()),
        }
    }

    async fn get(&self, path: &str) -> Result<Value> {
        let (status, answer) = self.send(Method::GET, path, None).await?;
        if status.is_success() { Ok(answer) } else { Err(Error::new(format!("GET {path}: {status}"))) }
    }

    async fn patch(&self, path: &str, change: &Value) -> Result<()> {
        let (status, answer) = self.send(Method::PATCH, path, Some((MERGE, change))).await?;
        if status.is_success() {
            return Ok(());
        }
        Err(Error::new(format!("PATCH {path}: {status} {}", answer["message"])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn lists_are_numbered_from_one_as_the_query_protocol_has_it() {
        let subnets: Vec<_> = numbered("Subnets.member", &["a".to_owned(), "b".to_owned()]).collect();
        assert_eq!(subnets[1], ("Subnets.member.2".to_owned(), "b".to_owned()));
        let all: Vec<_> = tags(&BTreeMap::from([("k".to_owned(), "v".to_owned())])).collect();
        let expected = [("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")];
        assert_eq!(all, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}

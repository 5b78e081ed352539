//! The Service of type `LoadBalancer` whose load balancer stands before the API. Its controller makes the load balancer once the bundles are
//! on green, with target groups and listeners, and deletes all of it before the Service goes: it holds the Service with a finalizer until then
//! (`service.eks.amazonaws.com/resources` where EKS Auto Mode is the controller; `service.k8s.aws/resources` in
//! <https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/controllers/service/service_controller.go>,
//! `service.kubernetes.io/load-balancer-cleanup` in
//! <https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer/#garbage-collecting-load-balancers>).

use super::{listener, load_balancer, target_group};
use crate::plan::Planned;
use crate::plan::edge::{Edge, Listener, LoadBalancer, Service, TargetGroup, service::hostname};
use crate::ports::{Kubernetes, KubernetesApi, Ledger, LoadBalancers, Neighbours};
use crate::{Kind, Migration, PhaseError, ResourceKey, Side, Status};
use serde_json::Value;
use std::collections::BTreeMap;

/// The IAM actions of the calls made here. In Kubernetes, Bascule's role is an administrator of the cluster.
pub const ACTIONS: &[&str] = &[
    "eks:DescribeCluster",
    "elasticloadbalancing:DescribeListenerAttributes",
    "elasticloadbalancing:DescribeListenerCertificates",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroups",
    "sts:AssumeRole",
];

/// The Service of a side in the ledger; its id is the DNS name of its load balancer.
#[must_use]
pub fn key(side: Side, service: &Service) -> ResourceKey {
    ResourceKey::new(side, Kind::Service, format!("{}/{}", service.namespace, service.name))
}

/// The deletion of blue's, for the approved list.
#[must_use]
pub fn planned(service: &Service, balancer: &LoadBalancer) -> Planned {
    Planned::existing(Kind::Service, format!("{}/{}", service.namespace, service.name), &balancer.dns_name)
}

/// Everything of green that comes with the Service, and the Service last.
fn keys(migration: &Migration, service: &Service) -> Vec<ResourceKey> {
    let edge = &migration.plan.edge;
    let mut keys = vec![load_balancer::key(migration)];
    keys.extend(edge.target_groups.iter().map(|group| target_group::key(&group.name)));
    keys.extend(edge.listeners.iter().map(|listener| listener::key(listener.port)));
    keys.push(key(Side::Green, service));
    keys
}

/// Says in the ledger what will come with green's Service, before anything of the bundles is applied. Does nothing where blue's load
/// balancer belongs to none.
///
/// # Errors
/// Those of the ledger only.
pub async fn intend<P: Ledger>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let Some(service) = &migration.plan.edge.service else { return Ok(()) };
    let known = ports.entry(migration, &key(Side::Green, service)).await?;
    if known.is_none_or(|entry| entry.status != Status::Present) {
        // The Service first, as it is forgotten last: where there is an entry of what comes with it, there is one of it.
        for key in keys(migration, service).iter().rev() {
            ports.intend(migration, key, Value::Null).await?;
        }
    }
    Ok(())
}

/// Waits until the controller on green has made a load balancer for the Service, and enters it with its target groups and listeners under
/// the keys of blue's, where it is like blue's in what the API needs of it.
///
/// # Errors
/// `NotReady` while there is none, `Unhealthy` with everything in which it is another one than blue's.
pub async fn ensure<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Kubernetes + LoadBalancers + Neighbours,
{
    let edge = &migration.plan.edge;
    let Some(service) = &edge.service else { return Ok(()) };
    let key = key(Side::Green, service);
    if ports.entry(migration, &key).await?.is_some_and(|entry| entry.status == Status::Present) {
        return Ok(());
    }
    let green = ports.connect(&migration.input.green.cluster).await?;
    let live = green.get(&service.id()).await?.unwrap_or_default();
    let Some(name) = hostname(&live) else {
        return Err(PhaseError::not_ready(format!(
            "{service} on green has no load balancer yet. Its controller makes it: see the Service's events, and, but for EKS Auto Mode, whether it runs there (it must not be held)"
        )));
    };
    let vpc = &edge.load_balancer.vpc_id;
    let balancers = ports.load_balancers_in(vpc).await?;
    let Some(balancer) = balancers.into_iter().find(|balancer| balancer.dns_name.eq_ignore_ascii_case(name)) else {
        return Err(PhaseError::not_ready(format!(
            "{service} on green is {name}, and no load balancer of {vpc} has that name yet"
        )));
    };
    if service.owns(&migration.input.green.cluster, &balancer) {
        load_balancer::readiness(&balancer)?;
    }
    let made = Made {
        listeners: ports.listeners(&balancer.arn).await?,
        target_groups: ports.target_groups_in(vpc).await?,
        balancer,
    };
    let differences = made.differences(edge, service, &migration.input.green.cluster);
    if !differences.is_empty() {
        return Err(PhaseError::unhealthy(format!(
            "the load balancer {} of {service} on green cannot take the place of blue's {}: {}. Mend the Service's annotations in the bundle, and start a new migration",
            made.balancer.name,
            edge.load_balancer.name,
            differences.join("; ")
        )));
    }
    for (key, id) in made.ids(migration) {
        if ports.entry(migration, &key).await?.is_none_or(|entry| entry.status != Status::Present) {
            ports.present(migration, &key, &id).await?;
        }
    }
    ports.present(migration, &key, name).await
}

/// What the controller on green made.
struct Made {
    balancer: LoadBalancer,
    listeners: Vec<Listener>,
    target_groups: Vec<TargetGroup>,
}

impl Made {
    /// The target group behind the listener of this port.
    fn group_behind(&self, port: u16) -> Option<&TargetGroup> {
        let listener = self.listeners.iter().find(|listener| listener.port == port)?;
        let [arn] = listener.target_group_arns.as_slice() else { return None };
        self.target_groups.iter().find(|group| group.arn == *arn)
    }

    /// In what it is another one than blue's, as far as the API, the VPC link and its listeners' clients can tell.
    fn differences(&self, edge: &Edge, service: &Service, cluster: &str) -> Vec<String> {
        let (blue, green) = (&edge.load_balancer, &self.balancer);
        if green.arn == blue.arn || !service.owns(cluster, green) {
            return vec![format!(
                "its tags do not say that it is {service} of {cluster}, so its controller works under another cluster's name (--cluster-name), and it is left as it is"
            )];
        }
        let mut found = Vec::new();
        let off = |value: &Option<String>| value.clone().unwrap_or_else(|| "none, without security groups".to_owned());
        let enforcement = [green, blue].map(|balancer| off(&balancer.private_link_enforcement));
        for (what, is, expected) in [
            ("type", &green.kind, &blue.kind),
            ("scheme", &green.scheme, &blue.scheme),
            ("address type", &green.ip_address_type, &blue.ip_address_type),
            ("enforcement of security groups on PrivateLink traffic", &enforcement[0], &enforcement[1]),
        ] {
            if is != expected {
                found.push(format!("its {what} is {is:?}, expected {expected:?}"));
            }
        }
        for like in &edge.listeners {
            let port = like.port;
            let Some(listener) = self.listeners.iter().find(|listener| listener.port == port) else {
                found.push(format!("it has no listener on port {port}"));
                continue;
            };
            if (&listener.protocol, &listener.certificates) != (&like.protocol, &like.certificates) {
                found.push(format!(
                    "its listener on port {port} is {} with the certificates {:?}, expected {} with {:?}",
                    listener.protocol, listener.certificates, like.protocol, like.certificates
                ));
            }
            let blues = edge.target_groups.iter().find(|group| like.target_group_arns.contains(&group.arn));
            let kind = |group: &TargetGroup| format!("{} to targets of the type {}", group.protocol, group.target_type);
            let (is, expected) = (self.group_behind(port).map(kind), blues.map(kind));
            if is != expected {
                let is = is.unwrap_or_else(|| "no target group".to_owned());
                found.push(format!("behind port {port} is {is}, expected {}", expected.unwrap_or_default()));
            }
        }
        found
    }

    /// Under which key each is known, with its id.
    fn ids(&self, migration: &Migration) -> BTreeMap<ResourceKey, String> {
        let edge = &migration.plan.edge;
        let mut ids = BTreeMap::from([(load_balancer::key(migration), self.balancer.arn.clone())]);
        for like in &edge.listeners {
            let listener = self.listeners.iter().find(|listener| listener.port == like.port);
            ids.extend(listener.map(|listener| (listener::key(like.port), listener.arn.clone())));
            let blues = edge.target_groups.iter().find(|group| like.target_group_arns.contains(&group.arn));
            let green = self.group_behind(like.port);
            ids.extend(blues.zip(green).map(|(blue, green)| (target_group::key(&blue.name), green.arn.clone())));
        }
        ids
    }
}

/// Deletes green's Service, as far as the ledger knows it, and waits until its controller has deleted the load balancer.
///
/// # Errors
/// `NotReady` while that goes on; `GuardBreached` where the Service has blue's load balancer, which would go with it.
pub async fn remove<P: Ledger + Kubernetes + Neighbours>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let (edge, cluster) = (&migration.plan.edge, &migration.input.green.cluster);
    let Some(service) = &edge.service else { return Ok(()) };
    if ports.live(migration, &key(Side::Green, service)).await?.is_none() {
        return Ok(());
    }
    if let Some(green) = api(ports, cluster).await?
        && let Some(live) = green.get(&service.id()).await?
    {
        if hostname(&live).is_some_and(|name| name.eq_ignore_ascii_case(&edge.load_balancer.dns_name)) {
            return Err(PhaseError::guard_breached(format!(
                "{service} on green has blue's load balancer {}, which would be deleted with it: nothing was touched. Stop the controller on green, take its \
                 finalizer off the Service, and start the rollback machine again",
                edge.load_balancer.name
            )));
        }
        delete(&green, service, &live, cluster).await?;
    }
    let balancers = ports.load_balancers_in(&edge.load_balancer.vpc_id).await?;
    if let Some(left) = balancers.iter().find(|balancer| service.owns(cluster, balancer)) {
        return Err(PhaseError::not_ready(still_there(service, &format!("the load balancer {}", left.name))));
    }
    for key in keys(migration, service) {
        if ports.live(migration, &key).await?.is_some() {
            ports.absent(migration, &key).await?;
        }
    }
    Ok(())
}

/// The API of a cluster; nothing where the cluster is gone, and took the Service with it.
///
/// # Errors
/// `NotReady` where the cluster has no API server now.
pub async fn api<P: Kubernetes>(ports: &P, cluster: &str) -> Result<Option<P::Api>, PhaseError> {
    match ports.reach(cluster).await? {
        Some(_) => ports.connect(cluster).await.map(Some),
        None => Ok(None),
    }
}

/// Deletes a Service, and waits until its controller lets it go.
async fn delete<A: KubernetesApi>(api: &A, service: &Service, live: &Value, cluster: &str) -> Result<(), PhaseError> {
    let uid = live["metadata"]["uid"].as_str().unwrap_or_default();
    api.delete(&service.id(), Some(uid)).await?;
    if api.get(&service.id()).await?.is_none() {
        return Ok(());
    }
    Err(PhaseError::not_ready(format!(
        "{service} of {cluster} is being deleted: its controller deletes the load balancer first. See the Service's events, and whether the controller runs"
    )))
}

/// What is told while a load balancer, or a target group of it, outlives its Service.
#[must_use]
pub fn still_there(service: &Service, what: &str) -> String {
    format!(
        "{what} is still there and {service} is gone: its controller deletes it. Where none runs any more, delete it by hand"
    )
}

/// The DNS name of the load balancer of blue's Service, while the Service is there: that of the plan, also while it is being deleted, when
/// its controller has emptied the status already.
///
/// # Errors
/// Only what the calls answer.
pub async fn find_on_blue<A: KubernetesApi>(blue: &A, edge: &Edge) -> Result<Option<String>, PhaseError> {
    let Some(service) = &edge.service else { return Ok(None) };
    let live = blue.get(&service.id()).await?;
    Ok(live.map(|live| {
        let name = hostname(&live).unwrap_or_default();
        let is_going = !live["metadata"]["deletionTimestamp"].is_null();
        if is_going || name.eq_ignore_ascii_case(&edge.load_balancer.dns_name) {
            edge.load_balancer.dns_name.clone()
        } else {
            name.to_owned()
        }
    }))
}

/// Asks for the deletion of blue's Service.
///
/// # Errors
/// Only what the calls answer.
pub async fn delete_on_blue<A: KubernetesApi>(blue: &A, service: &Service) -> Result<(), PhaseError> {
    match blue.get(&service.id()).await? {
        Some(live) => blue.delete(&service.id(), live["metadata"]["uid"].as_str()).await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;

//! The AWS Load Balancer Controller in the clusters, where a Deployment of theirs runs it, and that of EKS Auto Mode, which EKS runs for those
//! that are in it: a simulation of
//! <https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/controllers/service/service_controller.go>. It makes the load
//! balancer that [`crate::load_balancer_controller`] says, holds the Service with its finalizer, and writes its status; of a Service that is being
//! deleted it deletes listeners, load balancer and target groups, then takes the finalizer off. The one in a cluster never works while that has
//! no node. The load balancers of EKS Auto Mode have a security group each, which it lets into the cluster's
//! (<https://docs.aws.amazon.com/eks/latest/userguide/auto-networking.html#auto-lb-consider>).

use super::time::Change;
use super::{Account, Aws, Cluster};
use crate::load_balancer_controller::{self, Model, finalizer, made_for, maker};
use domain::PhaseError;
use domain::manifest::ObjectId;
use domain::manifest::readiness::{Readiness, readiness};
use domain::plan::compute::auto_mode::CLUSTER_TAG;
use domain::plan::compute::{Direction, Peer, Rule, SecurityGroup};
use domain::plan::edge::service::Maker;
use domain::plan::edge::{HealthCheck, Listener, LoadBalancer, TargetGroup};
use domain::ports::load_balancers::Target;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the API server and the controller write into a Service, and no bundle: by the object that holds it, and the name.
const OWN: [(&str, &str); 4] =
    [("metadata", "uid"), ("metadata", "finalizers"), ("metadata", "deletionTimestamp"), ("spec", "clusterIP")];

/// Takes out of a live Service what no bundle says of it.
pub(super) fn without_own(id: &ObjectId, live: &mut Value) {
    if is_service(id) {
        for (of, name) in OWN {
            if let Some(fields) = live[of].as_object_mut() {
                fields.remove(name);
            }
        }
    }
}

/// Keeps in an applied Service what the API server and the controller wrote into it, and gives a new one its UID and its address.
pub(super) fn with_own(id: &ObjectId, cluster: &str, live: &Value, applied: &mut Value) {
    if !is_service(id) || applied["spec"]["type"] != "LoadBalancer" {
        return;
    }
    for (of, name) in OWN {
        if !live[of][name].is_null() {
            applied[of][name] = live[of][name].clone();
        }
    }
    if applied["metadata"]["uid"].is_null() {
        applied["metadata"]["uid"] = format!("{cluster}-{}", id.name).into();
        applied["spec"]["clusterIP"] = "172.20.0.10".into();
    }
}

fn is_service(id: &ObjectId) -> bool {
    id.kind == "Service" && id.group().is_empty()
}

impl Aws {
    /// The objects of a cluster.
    fn in_cluster(&self, cluster: &str) -> impl Iterator<Item = (&ObjectId, &Value)> {
        self.objects.get(cluster).into_iter().flatten()
    }

    /// The cluster's name as this controller of it has it; nothing while none runs.
    fn controller_of(&self, cluster: &str, by: Maker) -> Option<String> {
        if by == Maker::AutoMode {
            let found = self.clusters.get(cluster).filter(|found| found.cluster.auto_mode.is_some());
            return found.map(|found| found.cluster.name.clone());
        }
        let has_nodes = self.scaling.values().any(|group| group.cluster == cluster && !group.instance_ids.is_empty());
        let mut ready = self.in_cluster(cluster).filter(|(id, value)| {
            id.kind == "Deployment" && value["spec"]["replicas"] != 0 && readiness(id, value) == Readiness::Ready
        });
        ready.find_map(|(_, value)| load_balancer_controller::cluster_name(value)).filter(|_| has_nodes)
    }

    /// The controller of the cluster looks at all Services after a while: something has changed that it watches.
    pub(super) fn wake_controller(&mut self, cluster: &str) {
        let services = self.in_cluster(cluster).map(|(id, _)| id).filter(|id| is_service(id)).cloned();
        for id in services.collect::<Vec<_>>() {
            self.later(|durations| durations.rollout, Change::ServiceReconciled(cluster.to_owned(), id));
        }
    }

    /// The controller looks at one Service.
    pub(super) fn reconcile_service(&mut self, cluster: &str, id: &ObjectId) {
        let Some(service) = self.objects.get(cluster).and_then(|objects| objects.get(id)).cloned() else { return };
        let Some(by) = maker(&service) else { return };
        let Some(name) = self.controller_of(cluster, by) else { return };
        if !service["metadata"]["deletionTimestamp"].is_null() {
            if self.delete_balancer(&name, by, id) {
                self.objects.entry(cluster.to_owned()).or_default().remove(id);
            }
            return;
        }
        let Some(model) = load_balancer_controller::model(&service, by, &name) else { return };
        let dns_name = self.make_balancer(&model);
        if let Some(live) = self.objects.get_mut(cluster).and_then(|objects| objects.get_mut(id)) {
            live["metadata"]["finalizers"] = json!([finalizer(by)]);
            live["status"]["loadBalancer"]["ingress"] = json!([{ "hostname": dns_name }]);
        }
    }

    /// Makes what is missing of the model, and gives the load balancer's DNS name.
    fn make_balancer(&mut self, model: &Model) -> String {
        if let Some(known) = self.balancers.values().find(|balancer| balancer.tags == model.tags) {
            return known.dns_name.clone();
        }
        let arn = self.create("LoadBalancer", "arn:balancer-", &model.name);
        let dns_name = format!("{}-0a1b2c3d.elb.eu-central-1.amazonaws.com", model.name);
        let vpc_id = self.clusters.values().map(|found| found.cluster.vpc_id.clone()).next().unwrap_or_default();
        let group = self.group_of_balancer(model, &vpc_id);
        let balancer = LoadBalancer {
            arn: arn.clone(),
            name: model.name.clone(),
            dns_name: dns_name.clone(),
            kind: "network".to_owned(),
            scheme: model.scheme.clone(),
            ip_address_type: "ipv4".to_owned(),
            vpc_id: vpc_id.clone(),
            subnet_ids: self.subnets.iter().map(|subnet| subnet.id.clone()).collect(),
            state: "provisioning".to_owned(),
            // Unless somebody says otherwise, where there are groups:
            // https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
            private_link_enforcement: group.as_ref().map(|_| "on".to_owned()),
            security_group_ids: group.into_iter().collect(),
            tags: model.tags.clone(),
            ..LoadBalancer::default()
        };
        self.balancers.insert(arn.clone(), balancer);
        self.later(|durations| durations.load_balancer, Change::LoadBalancerProvisioned(arn.clone()));
        for like in &model.listeners {
            let group = self.create("TargetGroup", "arn:group-", &like.group);
            let made = TargetGroup {
                arn: group.clone(),
                name: like.group.clone(),
                protocol: "TCP".to_owned(),
                port: like.target_port,
                vpc_id: vpc_id.clone(),
                target_type: like.target_type.clone(),
                ip_address_type: "ipv4".to_owned(),
                health_check: HealthCheck {
                    protocol: "TCP".to_owned(),
                    port: "traffic-port".to_owned(),
                    ..HealthCheck::default()
                },
                attributes: BTreeMap::new(),
                attached: Vec::new(),
                tags: like.tags.clone(),
            };
            self.target_groups.insert(group.clone(), made);
            let listener = Listener {
                arn: self.create("Listener", "arn:listener-", &format!("{arn}:{}", like.port)),
                port: like.port,
                protocol: "TCP".to_owned(),
                target_group_arns: vec![group],
                ..Listener::default()
            };
            self.listeners.entry(arn.clone()).or_default().push(listener);
        }
        dns_name
    }

    /// The security group of a load balancer of EKS Auto Mode, which the cluster's lets in.
    fn group_of_balancer(&mut self, model: &Model, vpc_id: &str) -> Option<String> {
        let cluster = model.tags.get(CLUSTER_TAG)?;
        let of_cluster = self.clusters.get(cluster)?.cluster.cluster_security_group_id.clone();
        let id = self.create("SecurityGroup", "sg-lb-", &model.name);
        let made = SecurityGroup {
            id: id.clone(),
            name: model.name.clone(),
            vpc_id: vpc_id.to_owned(),
            rules: vec![super::ec2::everything_out()],
            tags: model.tags.clone(),
            ..SecurityGroup::default()
        };
        self.security_groups.insert(id.clone(), made);
        let lets_in = model.listeners.iter().map(|listener| Rule {
            direction: Direction::Ingress,
            protocol: "tcp".to_owned(),
            from_port: Some(listener.target_port.into()),
            to_port: Some(listener.target_port.into()),
            peer: Peer::Group(id.clone()),
            description: None,
        });
        if let Some(group) = self.security_groups.get_mut(&of_cluster) {
            group.rules.extend(lets_in);
        }
        Some(id)
    }

    /// Deletes what the controller made for a Service; false while a VPC link uses the load balancer, which Elastic Load Balancing then does
    /// not delete (hashicorp/terraform-provider-aws#5701).
    fn delete_balancer(&mut self, cluster: &str, by: Maker, id: &ObjectId) -> bool {
        let is = |tags: &domain::Tags| {
            Maker::of(tags) == by && made_for(tags) == Some((cluster, id.namespace_or_default(), &id.name))
        };
        let arns: Vec<String> =
            self.balancers.values().filter(|found| is(&found.tags)).map(|found| found.arn.clone()).collect();
        if self.links.values().any(|link| link.target_arns.iter().any(|arn| arns.contains(arn))) {
            return false;
        }
        for arn in &arns {
            self.balancers.remove(arn);
            self.listeners.remove(arn);
        }
        self.target_groups.retain(|_, group| !is(&group.tags));
        let groups: Vec<String> =
            self.security_groups.values().filter(|group| is(&group.tags)).map(|group| group.id.clone()).collect();
        for group in self.security_groups.values_mut() {
            group.rules.retain(|rule| rule.peer_group().is_none_or(|peer| !groups.iter().any(|id| id == peer)));
        }
        self.security_groups.retain(|id, _| !groups.contains(id));
        true
    }

    /// The cluster whose controller registers the targets of this group.
    pub(super) fn registrar(group: &TargetGroup) -> Option<&str> {
        made_for(&group.tags).map(|(cluster, ..)| cluster)
    }

    /// The targets that the controller registers: every node, or the Pods of the Service.
    pub(super) fn registered(&self, cluster: &str, group: &TargetGroup) -> Vec<Target> {
        let service = made_for(&group.tags).and_then(|(_, namespace, name)| {
            let mut services = self.in_cluster(cluster).filter(|(id, _)| is_service(id));
            services.find(|(id, _)| id.namespace_or_default() == namespace && id.name == name)
        });
        let is_ready = service.is_some_and(|(_, service)| self.has_ready_pods(cluster, &service["spec"]["selector"]));
        let ids: Vec<String> = if group.target_type == "instance" {
            let groups = self.scaling.values().filter(|scaling| scaling.cluster == cluster);
            let of_groups = groups.flat_map(|scaling| scaling.instance_ids.clone());
            let autos = self.instances.iter().filter(|node| node.tags.get(CLUSTER_TAG).is_some_and(|of| of == cluster));
            of_groups.chain(autos.map(|node| node.id.clone())).collect()
        } else if is_ready {
            vec!["10.9.0.7".to_owned()]
        } else {
            Vec::new()
        };
        let (state, reason) = if is_ready { ("healthy", "") } else { ("unhealthy", "Target.FailedHealthChecks") };
        let target = |id: String| Target { id, port: group.port, state: state.to_owned(), reason: reason.to_owned() };
        ids.into_iter().map(target).collect()
    }
}

impl Cluster {
    /// Asks for a deletion: what has a finalizer is there until its controller has taken that off.
    pub(super) fn ask_for_deletion(&self, id: &ObjectId, uid: Option<&str>) -> Result<(), PhaseError> {
        self.change("kubernetes:Delete", |aws, cluster| {
            let now = aws.now().to_string();
            let Some(live) = aws.objects.get_mut(cluster).and_then(|objects| objects.get_mut(id)) else {
                return Ok(());
            };
            if uid.is_some_and(|uid| live["metadata"]["uid"].as_str().unwrap_or_default() != uid) {
                return Err(PhaseError::unavailable(format!("Precondition failed: {id} is another one")));
            }
            if aws.release(cluster, id) {
                return Ok(());
            }
            let Some(live) = aws.objects.get_mut(cluster).and_then(|objects| objects.get_mut(id)) else {
                return Ok(());
            };
            if live["metadata"]["finalizers"].as_array().is_some_and(|finalizers| !finalizers.is_empty()) {
                live["metadata"]["deletionTimestamp"] = now.into();
                aws.later(|durations| durations.rollout, Change::ServiceReconciled(cluster.to_owned(), id.clone()));
            } else {
                aws.delete_object(cluster, id);
                aws.others.remove(&(cluster.to_owned(), id.clone()));
            }
            Ok(())
        })
    }
}

impl Account {
    /// The controllers of the cluster have done all that they can.
    pub(crate) fn settle(&self, cluster: &str) {
        let mut aws = self.aws();
        aws.wake_controller(cluster);
        aws.wake_karpenter(cluster);
        while let Some(time) = aws.next_change() {
            aws.go_to(time);
        }
    }
}

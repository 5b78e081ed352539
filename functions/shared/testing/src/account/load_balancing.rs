//! Elastic Load Balancing, and what CloudWatch says of flows.

use super::apigateway::balancers_of;
use super::auto_scaling::attached;
use super::time::Change;
use super::{Account, Aws};
use domain::plan::edge::{Listener, LoadBalancer, TargetGroup};
use domain::ports::load_balancers::{Named, Target};
use domain::ports::{Flows, LoadBalancers, Neighbours, TargetGroups};
use domain::{PhaseError, Tags};
use std::collections::BTreeMap;

impl Aws {
    pub(super) fn load_balancer_provisioned(&mut self, arn: &str) {
        let balancer = self.balancers.get_mut(arn).filter(|balancer| balancer.state == "provisioning");
        if let Some(balancer) = balancer {
            "active".clone_into(&mut balancer.state);
        }
    }

    /// The targets of a group: the instances of the attached Auto Scaling groups. A target is healthy where its cluster answers on
    /// the group's port.
    pub(super) fn targets(&self, arn: &str) -> Vec<Target> {
        let Some(group) = self.target_groups.get(arn) else { return Vec::new() };
        if let Some(cluster) = Self::registrar(group) {
            return self.registered(cluster, group);
        }
        let mut targets = Vec::new();
        for scaling in attached(self, arn) {
            for id in &scaling.instance_ids {
                let state = match self.health.get(arn) {
                    Some(state) => state,
                    None if self.unchecked.contains(&(arn.to_owned(), id.clone())) => "initial",
                    None if self.listens(&scaling.cluster, group.port) => "healthy",
                    None => "unhealthy",
                };
                let reason = if state == "healthy" { "" } else { "Target.FailedHealthChecks" };
                targets.push(Target {
                    id: id.clone(),
                    port: group.port,
                    state: state.to_owned(),
                    reason: reason.to_owned(),
                });
            }
        }
        targets
    }

    /// The highest number of flows through a load balancer since then.
    fn flows(&self, arn: &str, since: jiff::Timestamp, until: jiff::Timestamp) -> Option<f64> {
        if let Some((from, flows)) = self.flows.get(arn) {
            // As the metric is from then on; before, everything flowed.
            return if until <= *from { Some(100.0) } else { *flows };
        }
        self.balancers.get(arn)?;
        let carries = self.carrying().iter().any(|balancer| balancer == arn);
        let lately = self.history.carried.get(arn).is_some_and(|last| *last >= since);
        Some(if carries || lately { 100.0 } else { 0.0 })
    }

    /// The load balancers that users' requests go through now.
    fn carrying(&self) -> Vec<String> {
        self.traffic.iter().flat_map(|(api, stage)| balancers_of(self, api, stage)).collect()
    }

    /// To be called before what stages serve changes.
    pub(super) fn note_flows(&mut self) {
        let now = self.now();
        for arn in self.carrying() {
            self.history.carried.insert(arn, now);
        }
    }
}

impl Neighbours for Account {
    async fn target_groups_in(&self, vpc_id: &str) -> Result<Vec<TargetGroup>, PhaseError> {
        self.read("elasticloadbalancing:DescribeTargetGroups", |aws| {
            aws.target_groups.values().filter(|group| group.vpc_id == vpc_id).cloned().collect()
        })
    }

    async fn load_balancers_in(&self, vpc_id: &str) -> Result<Vec<LoadBalancer>, PhaseError> {
        self.read("elasticloadbalancing:DescribeLoadBalancers", |aws| {
            aws.balancers.values().filter(|balancer| balancer.vpc_id == vpc_id).cloned().collect()
        })
    }
}

impl LoadBalancers for Account {
    async fn load_balancer(&self, which: Named<'_>) -> Result<Option<LoadBalancer>, PhaseError> {
        self.read("elasticloadbalancing:DescribeLoadBalancers", |aws| match which {
            Named::Arn(arn) => aws.balancers.get(arn).cloned(),
            Named::Name(name) => aws.balancers.values().find(|balancer| balancer.name == name).cloned(),
        })
    }

    async fn create_load_balancer(&self, name: &str, like: &LoadBalancer, tags: &Tags) -> Result<String, PhaseError> {
        self.change("elasticloadbalancing:CreateLoadBalancer", |aws| {
            // "If you attempt to create multiple load balancers with the same settings, each call succeeds"
            // (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html).
            if let Some(known) = aws.balancers.values().find(|known| known.name == name) {
                return Ok(known.arn.clone());
            }
            let arn = aws.create("LoadBalancer", "arn:balancer-", name);
            let enforcement = (!like.security_group_ids.is_empty()).then(|| "on".to_owned());
            let attributes = like.attributes.keys().map(|key| (key.clone(), "false".to_owned())).collect();
            let balancer = LoadBalancer {
                arn: arn.clone(),
                name: name.to_owned(),
                state: "provisioning".to_owned(),
                private_link_enforcement: enforcement,
                attributes,
                tags: tags.clone(),
                ..like.clone()
            };
            aws.balancers.insert(arn.clone(), balancer);
            aws.later(|durations| durations.load_balancer, Change::LoadBalancerProvisioned(arn.clone()));
            Ok(arn)
        })
    }

    async fn set_load_balancer_attributes(
        &self,
        arn: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), PhaseError> {
        self.change("elasticloadbalancing:ModifyLoadBalancerAttributes", |aws| {
            let balancer = aws.balancers.get_mut(arn).ok_or_else(|| PhaseError::refused("LoadBalancerNotFound"))?;
            balancer.attributes.extend(attributes.clone());
            Ok(())
        })
    }

    async fn enforce_on_private_link(&self, arn: &str, _: &[String], enforcement: &str) -> Result<(), PhaseError> {
        self.change("elasticloadbalancing:SetSecurityGroups", |aws| {
            let balancer = aws.balancers.get_mut(arn).ok_or_else(|| PhaseError::refused("LoadBalancerNotFound"))?;
            balancer.private_link_enforcement = Some(enforcement.to_owned());
            Ok(())
        })
    }

    async fn delete_load_balancer(&self, arn: &str) -> Result<(), PhaseError> {
        self.change("elasticloadbalancing:DeleteLoadBalancer", |aws| {
            if aws.links.values().any(|link| link.target_arns.iter().any(|target| target == arn)) {
                return Err(PhaseError::not_ready(
                    "ResourceInUse: the load balancer is associated with another service",
                ));
            }
            let Some(balancer) = aws.balancers.get(arn) else { return Ok(()) };
            if balancer.attributes.get("deletion_protection.enabled").is_some_and(|value| value == "true") {
                return Err(PhaseError::refused("OperationNotPermitted: deletion protection is enabled"));
            }
            aws.balancers.remove(arn);
            aws.listeners.remove(arn);
            Ok(())
        })
    }

    async fn listeners(&self, load_balancer_arn: &str) -> Result<Vec<Listener>, PhaseError> {
        self.read("elasticloadbalancing:DescribeListeners", |aws| {
            aws.listeners.get(load_balancer_arn).cloned().unwrap_or_default()
        })
    }

    async fn create_listener(&self, load_balancer_arn: &str, like: &Listener, _: &Tags) -> Result<String, PhaseError> {
        self.change("elasticloadbalancing:CreateListener", |aws| {
            let listeners = aws.listeners.get(load_balancer_arn).into_iter().flatten();
            if listeners.into_iter().any(|listener| listener.port == like.port) {
                return Err(PhaseError::refused("DuplicateListener"));
            }
            let name = format!("{load_balancer_arn}:{}", like.port);
            let arn = aws.create("Listener", "arn:listener-", &name);
            let listener = Listener { arn: arn.clone(), attributes: BTreeMap::new(), ..like.clone() };
            aws.listeners.entry(load_balancer_arn.to_owned()).or_default().push(listener);
            Ok(arn)
        })
    }

    async fn set_listener_attributes(
        &self,
        arn: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), PhaseError> {
        self.change("elasticloadbalancing:ModifyListenerAttributes", |aws| {
            let found = aws.listeners.values_mut().flatten().find(|listener| listener.arn == arn);
            let found = found.ok_or_else(|| PhaseError::refused("ListenerNotFound"))?;
            found.attributes.extend(attributes.clone());
            Ok(())
        })
    }
}

impl TargetGroups for Account {
    async fn target_group(&self, which: Named<'_>) -> Result<Option<TargetGroup>, PhaseError> {
        self.read("elasticloadbalancing:DescribeTargetGroups", |aws| match which {
            Named::Arn(arn) => aws.target_groups.get(arn).cloned(),
            Named::Name(name) => aws.target_groups.values().find(|group| group.name == name).cloned(),
        })
    }

    async fn create_target_group(&self, name: &str, like: &TargetGroup, tags: &Tags) -> Result<String, PhaseError> {
        self.change("elasticloadbalancing:CreateTargetGroup", |aws| {
            // Idempotent like load balancers
            // (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html).
            if let Some(known) = aws.target_groups.values().find(|known| known.name == name) {
                return Ok(known.arn.clone());
            }
            let arn = aws.create("TargetGroup", "arn:group-", name);
            let group = TargetGroup {
                arn: arn.clone(),
                name: name.to_owned(),
                attributes: BTreeMap::new(),
                attached: Vec::new(),
                tags: tags.clone(),
                ..like.clone()
            };
            aws.target_groups.insert(arn.clone(), group);
            Ok(arn)
        })
    }

    async fn set_target_group_attributes(
        &self,
        arn: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), PhaseError> {
        self.change("elasticloadbalancing:ModifyTargetGroupAttributes", |aws| {
            let group = aws.target_groups.get_mut(arn).ok_or_else(|| PhaseError::refused("TargetGroupNotFound"))?;
            group.attributes.extend(attributes.clone());
            Ok(())
        })
    }

    async fn delete_target_group(&self, arn: &str) -> Result<(), PhaseError> {
        self.change("elasticloadbalancing:DeleteTargetGroup", |aws| {
            let mut listeners = aws.listeners.values().flatten();
            if listeners.any(|listener| listener.target_group_arns.iter().any(|group| group == arn)) {
                return Err(PhaseError::not_ready("ResourceInUse"));
            }
            aws.target_groups.remove(arn);
            aws.unchecked.retain(|(group, _)| group != arn);
            Ok(())
        })
    }

    async fn targets(&self, arn: &str) -> Result<Vec<Target>, PhaseError> {
        self.read("elasticloadbalancing:DescribeTargetHealth", |aws| aws.targets(arn))
    }
}

impl Flows for Account {
    async fn active_flows(
        &self,
        load_balancer_arn: &str,
        since: jiff::Timestamp,
        until: jiff::Timestamp,
    ) -> Result<Option<f64>, PhaseError> {
        self.read("cloudwatch:GetMetricStatistics", |aws| aws.flows(load_balancer_arn, since, until))
    }
}

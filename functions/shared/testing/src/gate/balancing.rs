//! Load balancers, target groups and Auto Scaling groups.

use super::Gate;
use domain::PhaseError;
use domain::Tags;
use domain::plan::edge::{Listener, LoadBalancer, TargetGroup};
use domain::ports::load_balancers::{Named, Target};
use domain::ports::scaling::AutoScalingGroup;
use domain::ports::{Flows, LoadBalancers, Scaling, TargetGroups};
use std::collections::BTreeMap;

impl LoadBalancers for Gate {
    async fn load_balancer(&self, which: Named<'_>) -> Result<Option<LoadBalancer>, PhaseError> {
        self.read(|road| match which {
            Named::Arn(arn) => road.balancers.get(arn).cloned(),
            Named::Name(name) => road.balancers.values().find(|balancer| balancer.name == name).cloned(),
        })
    }

    async fn create_load_balancer(&self, name: &str, like: &LoadBalancer, tags: &Tags) -> Result<String, PhaseError> {
        self.change(|road| {
            let arn = road.next("arn:balancer-");
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
            road.balancers.insert(arn.clone(), balancer);
            Ok(arn)
        })
    }

    async fn set_load_balancer_attributes(
        &self,
        arn: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), PhaseError> {
        self.change(|road| {
            let balancer = road.balancers.get_mut(arn).ok_or_else(|| PhaseError::refused("no such load balancer"))?;
            balancer.attributes.extend(attributes.clone());
            Ok(())
        })
    }

    async fn enforce_on_private_link(&self, arn: &str, _: &[String], enforcement: &str) -> Result<(), PhaseError> {
        self.change(|road| {
            let balancer = road.balancers.get_mut(arn).ok_or_else(|| PhaseError::refused("no such load balancer"))?;
            balancer.private_link_enforcement = Some(enforcement.to_owned());
            Ok(())
        })
    }

    async fn delete_load_balancer(&self, arn: &str) -> Result<(), PhaseError> {
        self.change(|road| {
            if road.links.values().any(|link| link.target_arns.iter().any(|target| target == arn)) {
                return Err(PhaseError::not_ready("the load balancer is associated with another service"));
            }
            let protection =
                road.balancers.get(arn).and_then(|found| found.attributes.get("deletion_protection.enabled"));
            if protection.is_some_and(|value| value == "true") {
                return Err(PhaseError::refused("the load balancer's deletion protection is enabled"));
            }
            road.balancers.remove(arn);
            road.listeners.remove(arn);
            Ok(())
        })
    }

    async fn listeners(&self, load_balancer_arn: &str) -> Result<Vec<Listener>, PhaseError> {
        self.read(|road| road.listeners.get(load_balancer_arn).cloned().unwrap_or_default())
    }

    async fn create_listener(&self, load_balancer_arn: &str, like: &Listener, _: &Tags) -> Result<String, PhaseError> {
        self.change(|road| {
            let arn = road.next("arn:listener-");
            let listeners = road.listeners.entry(load_balancer_arn.to_owned()).or_default();
            if listeners.iter().any(|listener| listener.port == like.port) {
                return Err(PhaseError::refused("DuplicateListener"));
            }
            listeners.push(Listener { arn: arn.clone(), ..like.clone() });
            Ok(arn)
        })
    }

    async fn set_listener_attributes(
        &self,
        arn: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), PhaseError> {
        self.change(|road| {
            let found = road.listeners.values_mut().flatten().find(|listener| listener.arn == arn);
            found.ok_or_else(|| PhaseError::refused("no such listener"))?.attributes.extend(attributes.clone());
            Ok(())
        })
    }
}

impl TargetGroups for Gate {
    async fn target_group(&self, which: Named<'_>) -> Result<Option<TargetGroup>, PhaseError> {
        self.read(|road| match which {
            Named::Arn(arn) => road.groups.get(arn).cloned(),
            Named::Name(name) => road.groups.values().find(|group| group.name == name).cloned(),
        })
    }

    async fn create_target_group(&self, name: &str, like: &TargetGroup, tags: &Tags) -> Result<String, PhaseError> {
        self.change(|road| {
            let arn = road.next("arn:group-");
            let group = TargetGroup {
                arn: arn.clone(),
                name: name.to_owned(),
                attributes: BTreeMap::new(),
                attached: Vec::new(),
                tags: tags.clone(),
                ..like.clone()
            };
            road.groups.insert(arn.clone(), group);
            Ok(arn)
        })
    }

    async fn set_target_group_attributes(
        &self,
        arn: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), PhaseError> {
        self.change(|road| {
            let group = road.groups.get_mut(arn).ok_or_else(|| PhaseError::refused("no such target group"))?;
            group.attributes.extend(attributes.clone());
            Ok(())
        })
    }

    async fn delete_target_group(&self, arn: &str) -> Result<(), PhaseError> {
        self.change(|road| {
            let mut listeners = road.listeners.values().flatten();
            if listeners.any(|listener| listener.target_group_arns.iter().any(|group| group == arn)) {
                return Err(PhaseError::not_ready("ResourceInUse"));
            }
            road.groups.remove(arn);
            Ok(())
        })
    }

    async fn targets(&self, arn: &str) -> Result<Vec<Target>, PhaseError> {
        self.read(|road| {
            let attached =
                road.scaling.values().filter(|group| group.target_group_arns.iter().any(|found| found == arn));
            let target =
                |id: &String| Target { id: id.clone(), port: 0, state: "initial".to_owned(), reason: String::new() };
            attached.flat_map(|group| group.instance_ids.iter().map(target)).collect()
        })
    }
}

impl Flows for Gate {
    async fn active_flows(&self, load_balancer_arn: &str, _: jiff::Timestamp) -> Result<Option<f64>, PhaseError> {
        self.read(|road| road.flows.get(load_balancer_arn).copied())
    }
}

impl Scaling for Gate {
    async fn scaling_groups(&self, cluster: &str) -> Result<Vec<AutoScalingGroup>, PhaseError> {
        self.read(|road| road.scaling.values().filter(|group| group.cluster == cluster).cloned().collect())
    }

    async fn attached_to(&self, target_group_arn: &str) -> Result<Vec<AutoScalingGroup>, PhaseError> {
        self.read(|road| {
            let attached =
                |group: &&AutoScalingGroup| group.target_group_arns.iter().any(|arn| arn == target_group_arn);
            road.scaling.values().filter(attached).cloned().collect()
        })
    }

    async fn attach(&self, group: &str, target_group_arn: &str) -> Result<(), PhaseError> {
        self.change(|road| {
            let group = road.scaling.get_mut(group).ok_or_else(|| PhaseError::refused("no such group"))?;
            group.target_group_arns.push(target_group_arn.to_owned());
            Ok(())
        })
    }

    async fn detach(&self, group: &str, target_group_arn: &str) -> Result<(), PhaseError> {
        self.change(|road| {
            if let Some(group) = road.scaling.get_mut(group) {
                group.target_group_arns.retain(|arn| arn != target_group_arn);
            }
            Ok(())
        })
    }
}

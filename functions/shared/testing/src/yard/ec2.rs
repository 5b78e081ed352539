//! Amazon EC2 in memory.

use super::{Grounds, Yard};
use domain::{
    PhaseError, Tags,
    ownership::MIGRATION,
    plan::compute::{Direction, LaunchTemplate, Peer, Rule, SecurityGroup, Subnet},
    ports::{
        LaunchTemplates, Network,
        network::{Instance, Interface, NewLaunchTemplate},
    },
};

/// The rule that every new group has.
pub(super) fn everything_out() -> Rule {
    Rule {
        direction: Direction::Egress,
        protocol: "-1".to_owned(),
        from_port: None,
        to_port: None,
        peer: Peer::Ipv4("0.0.0.0/0".to_owned()),
        description: None,
    }
}

/// Whether a rule of another group, or a network interface, uses the group.
pub(super) fn in_use(grounds: &Grounds, id: &str) -> bool {
    let named = |group: &SecurityGroup| group.id != id && group.rules.iter().any(|rule| rule.peer_group() == Some(id));
    grounds.security_groups.values().any(named) || grounds.interfaces.iter().any(|i| i.groups.iter().any(|g| g == id))
}

impl Network for Yard {
    async fn subnets(&self, ids: &[String]) -> Result<Vec<Subnet>, PhaseError> {
        self.read(|grounds| grounds.subnets.iter().filter(|subnet| ids.contains(&subnet.id)).cloned().collect())
    }

    async fn security_groups(&self, vpc_id: &str) -> Result<Vec<SecurityGroup>, PhaseError> {
        self.read(|grounds| grounds.security_groups.values().filter(|group| group.vpc_id == vpc_id).cloned().collect())
    }

    async fn create_security_group(&self, group: &SecurityGroup) -> Result<String, PhaseError> {
        self.change(Some(format!("SecurityGroup {}", group.name)), |grounds| {
            if grounds.security_groups.values().any(|found| found.name == group.name) {
                return Err(PhaseError::refused(format!("InvalidGroup.Duplicate: {}", group.name)));
            }
            let id = format!("sg-of-{}", group.name);
            let created = SecurityGroup { id: id.clone(), rules: vec![everything_out()], ..group.clone() };
            grounds.security_groups.insert(id.clone(), created);
            Ok(id)
        })
    }

    async fn delete_security_group(&self, id: &str) -> Result<(), PhaseError> {
        self.change(None, |grounds| {
            if in_use(grounds, id) {
                return Err(PhaseError::not_ready(format!("DependencyViolation: {id}")));
            }
            grounds.security_groups.remove(id);
            Ok(())
        })
    }

    async fn authorize(&self, group_id: &str, rule: &Rule, _: &Tags) -> Result<(), PhaseError> {
        self.change(None, |grounds| {
            let Some(group) = grounds.security_groups.get_mut(group_id) else {
                return Err(PhaseError::refused(format!("InvalidGroup.NotFound: {group_id}")));
            };
            if !group.rules.iter().any(|found| found.allows_the_same(rule)) {
                group.rules.push(rule.clone());
            }
            Ok(())
        })
    }

    async fn revoke(&self, group_id: &str, rule: &Rule) -> Result<(), PhaseError> {
        self.change(None, |grounds| {
            if let Some(group) = grounds.security_groups.get_mut(group_id) {
                group.rules.retain(|found| !found.allows_the_same(rule));
            }
            Ok(())
        })
    }

    async fn network_interfaces(&self, _: &str) -> Result<Vec<Interface>, PhaseError> {
        self.read(|grounds| grounds.interfaces.clone())
    }

    async fn delete_network_interface(&self, id: &str) -> Result<(), PhaseError> {
        self.change(None, |grounds| {
            grounds.interfaces.retain(|interface| interface.id != id);
            Ok(())
        })
    }

    async fn instances_tagged(&self, key: &str, value: Option<&str>) -> Result<Vec<Instance>, PhaseError> {
        self.read(|grounds| {
            let carries =
                |instance: &&Instance| instance.tags.get(key).is_some_and(|found| value.is_none_or(|v| v == found));
            grounds.instances.iter().filter(carries).cloned().collect()
        })
    }
}

impl LaunchTemplates for Yard {
    async fn launch_template(&self, id: &str, _: &str, _: &[String]) -> Result<Option<LaunchTemplate>, PhaseError> {
        self.read(|grounds| grounds.launch_templates.get(id).cloned())
    }

    async fn own_launch_template(&self, name: &str, migration: &str) -> Result<Option<String>, PhaseError> {
        self.read(|grounds| {
            let own = |found: &&LaunchTemplate| {
                found.name == name && found.tags.get(MIGRATION).is_some_and(|m| m == migration)
            };
            grounds.launch_templates.values().find(own).map(|found| found.id.clone())
        })
    }

    async fn create_launch_template(&self, request: &NewLaunchTemplate) -> Result<String, PhaseError> {
        self.change(Some(format!("LaunchTemplate {}", request.name)), |grounds| {
            let id = format!("lt-of-{}", request.name);
            let created = LaunchTemplate {
                id: id.clone(),
                name: request.name.clone(),
                version: "1".to_owned(),
                data: request.data.clone(),
                tags: request.tags.clone(),
            };
            match grounds.launch_templates.insert(id.clone(), created) {
                None => Ok(id),
                Some(_) => Err(PhaseError::refused("InvalidLaunchTemplateName.AlreadyExistsException")),
            }
        })
    }

    async fn delete_launch_template(&self, id: &str) -> Result<(), PhaseError> {
        self.change(None, |grounds| {
            grounds.launch_templates.remove(id);
            Ok(())
        })
    }
}

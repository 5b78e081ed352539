//! Amazon EC2: security groups, network interfaces, instances and launch templates.

use super::aws::pair;
use super::eks::is_of;
use super::time::Change;
use super::{Account, Aws};
use domain::digest::md5_hex;
use domain::plan::compute::{Direction, LaunchTemplate, Peer, Rule, SecurityGroup, Subnet};
use domain::ports::network::{
    ClaimedVolume, IdentifiedRule, Image, Instance, InstanceType, Interface, NewLaunchTemplate, Stored, UserDataOf,
};
use domain::ports::{LaunchTemplates, Network, Quotas, SecurityGroupRules};
use domain::{PhaseError, Tags, user_data};

/// The rule that every new group has.
pub(crate) fn everything_out() -> Rule {
    Rule {
        direction: Direction::Egress,
        protocol: "-1".to_owned(),
        from_port: None,
        to_port: None,
        peer: Peer::Ipv4("0.0.0.0/0".to_owned()),
        description: None,
    }
}

impl Aws {
    /// Every network interface: those of control planes, nodes and load balancers, and the others.
    fn all_interfaces(&self) -> Vec<Interface> {
        let in_use = |id: String, description: String, groups: Vec<String>| Interface {
            id,
            status: "in-use".to_owned(),
            description,
            groups,
            ..Interface::default()
        };
        let control_planes = self.clusters.values().map(|found| {
            let cluster = &found.cluster;
            let mut groups = cluster.security_group_ids.clone();
            groups.extend(Some(cluster.cluster_security_group_id.clone()).filter(|group| !group.is_empty()));
            in_use(format!("eni-of-{}", cluster.name), format!("Amazon EKS {}", cluster.name), groups)
        });
        let nodes = self.scaling.values().flat_map(|scaling| {
            let group = self.node_groups.get(&(scaling.cluster.clone(), scaling.node_group.clone()));
            let template = group.and_then(|group| group.launch_template.as_deref()?.split('@').next());
            let template = template.and_then(|id| self.launch_templates.get(id));
            let groups = template.map(|template| template.data.groups()).unwrap_or_default();
            scaling.instance_ids.iter().map(move |instance| Interface {
                instance_id: Some(instance.clone()),
                ..in_use(format!("eni-of-{instance}"), String::new(), groups.clone())
            })
        });
        let balancers = self.balancers.values().map(|balancer| {
            let description = format!("ELB net/{}", balancer.name);
            in_use(format!("eni-of-{}", balancer.name), description, balancer.security_group_ids.clone())
        });
        control_planes.chain(nodes).chain(balancers).chain(self.interfaces.iter().cloned()).collect()
    }

    /// Whether a rule of another group, or a network interface, uses the group.
    pub(crate) fn uses_group(&self, id: &str) -> bool {
        let named =
            |group: &SecurityGroup| group.id != id && group.rules.iter().any(|rule| rule.peer_group() == Some(id));
        self.security_groups.values().any(named)
            || self.all_interfaces().iter().any(|interface| interface.groups.iter().any(|group| group == id))
    }
}

impl SecurityGroupRules for Account {
    /// With ids that are derived, where EC2 gives some of its own: nothing may rely on their form.
    async fn identified_rules(&self, group_ids: &[String]) -> Result<Vec<IdentifiedRule>, PhaseError> {
        self.read("ec2:DescribeSecurityGroupRules", |aws| {
            let groups = group_ids.iter().filter_map(|id| aws.security_groups.get(id));
            let rules = groups.flat_map(|group| group.rules.iter().map(move |rule| (group, rule)));
            let one = |(group, rule): (&SecurityGroup, &Rule)| IdentifiedRule {
                id: format!("sgr-{}", &md5_hex(format!("{}/{rule}", group.id).as_bytes())[..17]),
                group_id: group.id.clone(),
                rule: rule.clone(),
                tags: Tags::new(),
            };
            rules.map(one).collect()
        })
    }
}

impl Network for Account {
    async fn subnets(&self, ids: &[String]) -> Result<Vec<Subnet>, PhaseError> {
        self.read("ec2:DescribeSubnets", |aws| {
            aws.subnets.iter().filter(|subnet| ids.contains(&subnet.id)).cloned().collect()
        })
    }

    async fn vpc_subnets(&self, vpc_id: &str) -> Result<Vec<Subnet>, PhaseError> {
        self.read("ec2:DescribeSubnets", |aws| {
            aws.subnets.iter().filter(|subnet| subnet.vpc_id == vpc_id).cloned().collect()
        })
    }

    async fn security_groups(&self, vpc_id: &str) -> Result<Vec<SecurityGroup>, PhaseError> {
        self.read("ec2:DescribeSecurityGroups", |aws| {
            let seen = aws.security_groups.values().filter(|group| !aws.unseen.contains(&group.id));
            seen.filter(|group| group.vpc_id == vpc_id).cloned().collect()
        })
    }

    async fn create_security_group(&self, group: &SecurityGroup) -> Result<String, PhaseError> {
        self.change("ec2:CreateSecurityGroup", |aws| {
            if aws.security_groups.values().any(|found| found.name == group.name && found.vpc_id == group.vpc_id) {
                return Err(PhaseError::refused(format!("InvalidGroup.Duplicate: {}", group.name)));
            }
            let id = aws.create("SecurityGroup", "sg-of-", &group.name);
            let created = SecurityGroup { id: id.clone(), rules: vec![everything_out()], ..group.clone() };
            aws.security_groups.insert(id.clone(), created);
            if aws.clock.durations.security_group.is_positive() {
                aws.unseen.insert(id.clone());
                aws.later(|durations| durations.security_group, Change::SecurityGroupSeen(id.clone()));
            }
            Ok(id)
        })
    }

    async fn tag_security_group(&self, id: &str, tags: &Tags) -> Result<(), PhaseError> {
        self.change("ec2:CreateTags", |aws| {
            let group = aws.security_groups.get_mut(id);
            let group = group.ok_or_else(|| PhaseError::refused(format!("InvalidGroup.NotFound: '{id}'")))?;
            group.tags.extend(tags.clone());
            Ok(())
        })
    }

    async fn delete_security_group(&self, id: &str) -> Result<(), PhaseError> {
        self.change("ec2:DeleteSecurityGroup", |aws| {
            if aws.security_groups.contains_key(id) && aws.uses_group(id) {
                return Err(PhaseError::not_ready(format!("DependencyViolation: {id}")));
            }
            aws.security_groups.remove(id);
            Ok(())
        })
    }

    async fn authorize(&self, group_id: &str, rule: &Rule, _: &Tags) -> Result<(), PhaseError> {
        self.change("ec2:AuthorizeSecurityGroup", |aws| {
            let unseen = [Some(group_id), rule.peer_group()].into_iter().flatten().find(|id| aws.unseen.contains(*id));
            let absent = |id: &str| PhaseError::refused(format!("InvalidGroup.NotFound: '{id}' does not exist"));
            if let Some(id) = unseen {
                return Err(absent(id));
            }
            let group = aws.security_groups.get_mut(group_id).ok_or_else(|| absent(group_id))?;
            if !group.rules.iter().any(|found| found.allows_the_same(rule)) {
                group.rules.push(rule.clone());
                aws.create("SecurityGroupRule", "", &format!("{group_id}/{rule}"));
            }
            Ok(())
        })
    }

    async fn revoke(&self, group_id: &str, rule: &Rule) -> Result<(), PhaseError> {
        self.change("ec2:RevokeSecurityGroup", |aws| {
            if let Some(group) = aws.security_groups.get_mut(group_id) {
                group.rules.retain(|found| !found.allows_the_same(rule));
            }
            Ok(())
        })
    }

    async fn network_interfaces(&self, _: &str) -> Result<Vec<Interface>, PhaseError> {
        self.read("ec2:DescribeNetworkInterfaces", Aws::all_interfaces)
    }

    async fn delete_network_interface(&self, id: &str) -> Result<(), PhaseError> {
        self.change("ec2:DeleteNetworkInterface", |aws| {
            if aws.all_interfaces().iter().any(|interface| interface.id == id && interface.status == "in-use") {
                return Err(PhaseError::refused(format!("InvalidParameterValue: {id} is currently in use")));
            }
            aws.interfaces.retain(|interface| interface.id != id);
            Ok(())
        })
    }

    async fn instances_tagged(&self, key: &str, value: Option<&str>) -> Result<Vec<Instance>, PhaseError> {
        self.read("ec2:DescribeInstances", |aws| {
            let carries =
                |instance: &&Instance| instance.tags.get(key).is_some_and(|found| value.is_none_or(|v| v == found));
            aws.instances.iter().filter(carries).cloned().collect()
        })
    }

    async fn claimed_volumes(&self, cluster: &str) -> Result<Vec<ClaimedVolume>, PhaseError> {
        self.read("ec2:DescribeVolumes", |aws| aws.claimed(cluster))
    }

    async fn stored(&self, volume_type: &str) -> Result<Stored, PhaseError> {
        self.read("ec2:DescribeVolumes", |aws| aws.stored(volume_type))
    }

    async fn running_instances(&self) -> Result<Vec<Instance>, PhaseError> {
        self.read("ec2:DescribeInstances", |aws| aws.instances.clone())
    }

    async fn instance_types(&self, names: &[String]) -> Result<Vec<InstanceType>, PhaseError> {
        self.read("ec2:DescribeInstanceTypes", |aws| {
            aws.instance_types.iter().filter(|kind| names.contains(&kind.name)).cloned().collect()
        })
    }

    async fn images(&self, ids: &[String]) -> Result<Vec<Image>, PhaseError> {
        self.read("ec2:DescribeImages", |aws| {
            aws.images.iter().filter(|image| ids.contains(&image.id)).cloned().collect()
        })
    }

    async fn named_by_peers(&self, _: &str, group_ids: &[String]) -> Result<Vec<(String, String)>, PhaseError> {
        self.read("ec2:DescribeSecurityGroupReferences", |aws| {
            aws.named_by_peers.iter().filter(|(group, _)| group_ids.contains(group)).cloned().collect()
        })
    }
}

impl Quotas for Account {
    async fn quota(&self, service: &str, code: &str) -> Result<Option<f64>, PhaseError> {
        self.read("servicequotas:GetServiceQuota", |aws| aws.quotas.get(&pair(service, code)).copied())
    }
}

impl LaunchTemplates for Account {
    async fn launch_template(
        &self,
        id: &str,
        _: &str,
        blue: &UserDataOf,
    ) -> Result<Option<LaunchTemplate>, PhaseError> {
        self.read("ec2:DescribeLaunchTemplateVersions", |aws| {
            let mut found = aws.launch_templates.get(id).cloned()?;
            if let Some(text) = aws.user_data.get(id) {
                user_data::read(Some(text), blue, &mut found.data);
            }
            Some(found)
        })
    }

    async fn own_launch_template(&self, name: &str, migration: &str) -> Result<Option<String>, PhaseError> {
        self.read("ec2:DescribeLaunchTemplates", |aws| {
            let own = |found: &&LaunchTemplate| found.name == name && is_of(&found.tags, migration);
            aws.launch_templates.values().find(own).map(|found| found.id.clone())
        })
    }

    async fn create_launch_template(&self, request: &NewLaunchTemplate) -> Result<String, PhaseError> {
        self.change("ec2:CreateLaunchTemplate", |aws| {
            if aws.launch_templates.values().any(|found| found.name == request.name) {
                return Err(PhaseError::refused("InvalidLaunchTemplateName.AlreadyExistsException"));
            }
            let of_blue = request.user_data_of.as_ref().and_then(|(id, _)| aws.user_data.get(id)).cloned();
            let written = of_blue.map(|text| {
                user_data::of_green(text, request.data.join.as_ref(), request.clusters.as_ref(), &request.replace)
            });
            let written = written.transpose().map_err(PhaseError::conflict)?;
            let id = aws.create("LaunchTemplate", "lt-of-", &request.name);
            aws.user_data.extend(written.map(|text| (id.clone(), text)));
            let created = LaunchTemplate {
                id: id.clone(),
                name: request.name.clone(),
                version: "1".to_owned(),
                data: request.data.clone(),
                tags: request.tags.clone(),
            };
            aws.launch_templates.insert(id.clone(), created);
            Ok(id)
        })
    }

    async fn delete_launch_template(&self, id: &str) -> Result<(), PhaseError> {
        self.change("ec2:DeleteLaunchTemplate", |aws| {
            aws.launch_templates.remove(id);
            aws.user_data.remove(id);
            Ok(())
        })
    }
}

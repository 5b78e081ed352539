//! Subnets, security groups, network interfaces and instances.

use super::{filter, read_tags, rules, specification, unless};
use crate::{
    Account,
    error::{self, phase_error},
};
use aws_sdk_ec2::types::{self, ResourceType};
use domain::{
    PhaseError, Tags,
    plan::compute::{Direction, Rule, SecurityGroup, Subnet},
    ports::{
        Network,
        network::{Instance, Interface},
    },
};

impl Network for Account {
    async fn subnets(&self, ids: &[String]) -> Result<Vec<Subnet>, PhaseError> {
        // A filter, unlike a list of ids, is not refused for an id that does not exist.
        let subnets = self
            .ec2()
            .describe_subnets()
            .filters(filter("subnet-id", ids))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error("reading the subnets", &error))?;
        let subnets = subnets.into_iter().map(|subnet| Subnet {
            id: subnet.subnet_id.unwrap_or_default(),
            vpc_id: subnet.vpc_id.unwrap_or_default(),
            availability_zone: subnet.availability_zone.unwrap_or_default(),
            free_addresses: subnet.available_ip_address_count.unwrap_or_default(),
        });
        Ok(subnets.filter(|subnet| ids.contains(&subnet.id)).collect())
    }

    async fn security_groups(&self, vpc_id: &str) -> Result<Vec<SecurityGroup>, PhaseError> {
        let groups = self
            .ec2()
            .describe_security_groups()
            .filters(filter("vpc-id", [vpc_id]))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error(&format!("reading the security groups of {vpc_id}"), &error))?;
        Ok(groups.iter().map(security_group).collect())
    }

    async fn create_security_group(&self, group: &SecurityGroup) -> Result<String, PhaseError> {
        let context = format!("creating the security group {}", group.name);
        self.ec2()
            .create_security_group()
            .group_name(&group.name)
            .description(&group.description)
            .vpc_id(&group.vpc_id)
            .tag_specifications(specification(ResourceType::SecurityGroup, &group.tags))
            .send()
            .await
            .map_err(|error| phase_error(&context, &error))?
            .group_id
            .ok_or_else(|| PhaseError::unavailable(format!("{context}: EC2 answered without an id")))
    }

    async fn delete_security_group(&self, id: &str) -> Result<(), PhaseError> {
        match self.ec2().delete_security_group().group_id(id).send().await {
            Ok(_) => Ok(()),
            Err(error) => match error::code(&error) {
                "InvalidGroup.NotFound" | "InvalidGroupId.NotFound" => Ok(()),
                "DependencyViolation" => Err(PhaseError::not_ready(format!(
                    "deleting the security group {id}: network interfaces or rules still use it"
                ))),
                _ => Err(phase_error(&format!("deleting the security group {id}"), &error)),
            },
        }
    }

    async fn authorize(&self, group_id: &str, rule: &Rule, tags: &Tags) -> Result<(), PhaseError> {
        const THERE: [&str; 1] = ["InvalidPermission.Duplicate"];
        let context = format!("adding the rule {rule} to {group_id}");
        let permission = rules::permission(rule);
        let tags = specification(ResourceType::SecurityGroupRule, tags);
        let client = self.ec2();
        match rule.direction {
            Direction::Ingress => {
                let request = client.authorize_security_group_ingress().group_id(group_id).ip_permissions(permission);
                unless(&THERE, &context, request.tag_specifications(tags).send().await).map(drop)
            }
            Direction::Egress => {
                let request = client.authorize_security_group_egress().group_id(group_id).ip_permissions(permission);
                unless(&THERE, &context, request.tag_specifications(tags).send().await).map(drop)
            }
        }
    }

    async fn revoke(&self, group_id: &str, rule: &Rule) -> Result<(), PhaseError> {
        const GONE: [&str; 3] = ["InvalidPermission.NotFound", "InvalidGroup.NotFound", "InvalidGroupId.NotFound"];
        let context = format!("removing the rule {rule} from {group_id}");
        let permission = rules::permission(rule);
        let client = self.ec2();
        match rule.direction {
            Direction::Ingress => {
                let request = client.revoke_security_group_ingress().group_id(group_id).ip_permissions(permission);
                unless(&GONE, &context, request.send().await).map(drop)
            }
            Direction::Egress => {
                let request = client.revoke_security_group_egress().group_id(group_id).ip_permissions(permission);
                unless(&GONE, &context, request.send().await).map(drop)
            }
        }
    }

    async fn network_interfaces(&self, vpc_id: &str) -> Result<Vec<Interface>, PhaseError> {
        let interfaces = self
            .ec2()
            .describe_network_interfaces()
            .filters(filter("vpc-id", [vpc_id]))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error(&format!("reading the network interfaces of {vpc_id}"), &error))?;
        Ok(interfaces.iter().filter(|interface| interface.vpc_id() == Some(vpc_id)).map(read_interface).collect())
    }

    async fn delete_network_interface(&self, id: &str) -> Result<(), PhaseError> {
        let answer = self.ec2().delete_network_interface().network_interface_id(id).send().await;
        unless(&["InvalidNetworkInterfaceID.NotFound"], &format!("deleting the network interface {id}"), answer)
            .map(drop)
    }

    async fn instances_tagged(&self, key: &str, value: Option<&str>) -> Result<Vec<Instance>, PhaseError> {
        let tagged = value.map_or_else(|| filter("tag-key", [key]), |value| filter(&format!("tag:{key}"), [value]));
        let reservations = self
            .ec2()
            .describe_instances()
            .filters(tagged)
            .filters(filter("instance-state-name", ["pending", "running", "stopping", "stopped"]))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error("reading the instances", &error))?;
        let gone = |instance: &&types::Instance| {
            let state = instance.state().and_then(|state| state.name());
            state.is_some_and(|state| matches!(state.as_str(), "shutting-down" | "terminated"))
        };
        let instances = reservations.iter().flat_map(types::Reservation::instances);
        let instances = instances.filter(|instance| !gone(instance)).map(|instance| Instance {
            id: instance.instance_id().unwrap_or_default().to_owned(),
            tags: read_tags(instance.tags()),
        });
        let carries = |instance: &Instance| match (instance.tags.get(key), value) {
            (Some(found), Some(value)) => found == value,
            (found, _) => found.is_some(),
        };
        Ok(instances.filter(carries).collect())
    }
}

fn security_group(group: &types::SecurityGroup) -> SecurityGroup {
    let owner = group.owner_id().unwrap_or_default();
    let ingress =
        group.ip_permissions().iter().flat_map(|permission| rules::read(Direction::Ingress, owner, permission));
    let egress =
        group.ip_permissions_egress().iter().flat_map(|permission| rules::read(Direction::Egress, owner, permission));
    SecurityGroup {
        id: group.group_id().unwrap_or_default().to_owned(),
        name: group.group_name().unwrap_or_default().to_owned(),
        description: group.description().unwrap_or_default().to_owned(),
        vpc_id: group.vpc_id().unwrap_or_default().to_owned(),
        rules: ingress.chain(egress).collect(),
        tags: read_tags(group.tags()),
    }
}

fn read_interface(interface: &types::NetworkInterface) -> Interface {
    Interface {
        id: interface.network_interface_id().unwrap_or_default().to_owned(),
        status: interface.status().map_or("", types::NetworkInterfaceStatus::as_str).to_owned(),
        description: interface.description().unwrap_or_default().to_owned(),
        instance_id: interface.attachment().and_then(|attachment| attachment.instance_id()).map(ToOwned::to_owned),
        groups: interface.groups().iter().filter_map(|group| group.group_id().map(ToOwned::to_owned)).collect(),
        tags: read_tags(interface.tag_set()),
    }
}

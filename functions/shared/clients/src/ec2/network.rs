//! Subnets, security groups, network interfaces and instances.

use super::{filter, read_tags, rules, specification, tag_list, unless};
use crate::{
    Account,
    error::{self, phase_error},
};
use aws_sdk_ec2::types::{self, ResourceType};
use domain::{
    PhaseError, Tags,
    plan::{
        compute::{Direction, Rule, SecurityGroup, Subnet},
        ebs::EbsDriver,
    },
    ports::{
        Network,
        network::{CLAIM_TAGS, ClaimedVolume, Image, Instance, InstanceType, Interface, Stored},
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
        Ok(subnets.into_iter().map(subnet_of).filter(|subnet| ids.contains(&subnet.id)).collect())
    }

    async fn vpc_subnets(&self, vpc_id: &str) -> Result<Vec<Subnet>, PhaseError> {
        let subnets = self
            .ec2()
            .describe_subnets()
            .filters(filter("vpc-id", [vpc_id]))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error(&format!("reading the subnets of {vpc_id}"), &error))?;
        Ok(subnets.into_iter().map(subnet_of).collect())
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

    async fn tag_security_group(&self, id: &str, tags: &Tags) -> Result<(), PhaseError> {
        let answer = self.ec2().create_tags().resources(id).set_tags(Some(tag_list(tags))).send().await;
        answer.map(drop).map_err(|error| phase_error(&format!("tagging the security group {id}"), &error))
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
        let instances = reservations.iter().flat_map(types::Reservation::instances);
        let instances = instances.filter(|instance| !is_gone(instance)).map(read_instance);
        let carries = |instance: &Instance| match (instance.tags.get(key), value) {
            (Some(found), Some(value)) => found == value,
            (found, _) => found.is_some(),
        };
        Ok(instances.filter(carries).collect())
    }

    async fn claimed_volumes(&self, cluster: &str) -> Result<Vec<ClaimedVolume>, PhaseError> {
        let volumes = self
            .ec2()
            .describe_volumes()
            .filters(filter("tag-key", EbsDriver::cluster_tags(cluster)))
            .filters(filter(&format!("tag:{}", CLAIM_TAGS[1]), ["*"]))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error(&format!("reading the volumes of {cluster}"), &error))?;
        let claimed = volumes.into_iter().filter_map(|volume| {
            let tags = read_tags(volume.tags());
            let [namespace, name] = CLAIM_TAGS.map(|key| tags.get(key).map(String::as_str));
            let drivers = Some(EbsDriver::having(&tags, cluster)).filter(|drivers| !drivers.is_empty())?;
            Some(ClaimedVolume {
                drivers,
                claim: format!("{}/{}", namespace.unwrap_or_default(), name?),
                is_attached: !volume.attachments().is_empty(),
                zone: volume.availability_zone.unwrap_or_default(),
                id: volume.volume_id?,
                gib: volume.size.unwrap_or_default(),
                volume_type: volume.volume_type.map(|of| of.as_str().to_owned()).unwrap_or_default(),
                iops: volume.iops,
                key_arn: volume.kms_key_id,
                is_multi_attach: volume.multi_attach_enabled == Some(true),
            })
        });
        Ok(claimed.collect())
    }

    async fn stored(&self, volume_type: &str) -> Result<Stored, PhaseError> {
        let volumes = self
            .ec2()
            .describe_volumes()
            .filters(filter("volume-type", [volume_type]))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error(&format!("reading the volumes of the type {volume_type}"), &error))?;
        let add = |sum: Stored, volume: &types::Volume| Stored {
            gib: sum.gib + i64::from(volume.size.unwrap_or_default()),
            iops: sum.iops + i64::from(volume.iops.unwrap_or_default()),
        };
        Ok(volumes.iter().fold(Stored::default(), add))
    }

    async fn running_instances(&self) -> Result<Vec<Instance>, PhaseError> {
        let reservations = self
            .ec2()
            .describe_instances()
            .filters(filter("instance-state-name", ["pending", "running"]))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error("reading the instances that run", &error))?;
        let instances = reservations.iter().flat_map(types::Reservation::instances);
        Ok(instances.filter(|instance| !is_gone(instance)).map(read_instance).collect())
    }

    async fn instance_types(&self, names: &[String]) -> Result<Vec<InstanceType>, PhaseError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        // By filter: a name that does not exist is an error otherwise, for all of them.
        let found = self
            .ec2()
            .describe_instance_types()
            .filters(filter("instance-type", names.iter().map(String::as_str)))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error("reading the instance types", &error))?;
        let read = |kind: &types::InstanceTypeInfo| InstanceType {
            name: kind.instance_type().map_or("", types::InstanceType::as_str).to_owned(),
            vcpus: kind.v_cpu_info().and_then(types::VCpuInfo::default_v_cpus).unwrap_or_default(),
            architectures: kind
                .processor_info()
                .map_or(&[][..], types::ProcessorInfo::supported_architectures)
                .iter()
                .map(|architecture| architecture.as_str().to_owned())
                .collect(),
        };
        Ok(found.iter().map(read).collect())
    }

    async fn images(&self, ids: &[String]) -> Result<Vec<Image>, PhaseError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        // By filter: an id that does not exist is an error otherwise, for all of them.
        let found = self
            .ec2()
            .describe_images()
            .filters(filter("image-id", ids.iter().map(String::as_str)))
            .include_deprecated(true)
            .send()
            .await
            .map_err(|error| phase_error("reading the AMIs", &error))?;
        let read = |image: &types::Image| Image {
            id: image.image_id().unwrap_or_default().to_owned(),
            state: image.state().map_or("", types::ImageState::as_str).to_owned(),
            architecture: image.architecture().map_or("", types::ArchitectureValues::as_str).to_owned(),
        };
        Ok(found.images().iter().map(read).collect())
    }

    async fn named_by_peers(&self, vpc_id: &str, group_ids: &[String]) -> Result<Vec<(String, String)>, PhaseError> {
        let peerings = self
            .ec2()
            .describe_vpc_peering_connections()
            .filters(filter("status-code", ["active"]))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error(&format!("reading the peerings of {vpc_id}"), &error))?;
        let ends = |peering: &types::VpcPeeringConnection| {
            let vpcs = [peering.requester_vpc_info(), peering.accepter_vpc_info()];
            vpcs.into_iter().flatten().any(|vpc| vpc.vpc_id() == Some(vpc_id))
        };
        if group_ids.is_empty() || !peerings.iter().any(ends) {
            return Ok(Vec::new());
        }
        let request = self.ec2().describe_security_group_references().set_group_id(Some(group_ids.to_vec()));
        let answer = request.send().await;
        let answer = answer.map_err(|error| phase_error("reading the references of peered VPCs", &error))?;
        let named = answer.security_group_reference_set().iter().map(|reference| {
            let vpc = reference.referencing_vpc_id().unwrap_or("a peered VPC");
            (reference.group_id().unwrap_or_default().to_owned(), vpc.to_owned())
        });
        Ok(named.collect())
    }
}

fn is_gone(instance: &types::Instance) -> bool {
    let state = instance.state().and_then(|state| state.name());
    state.is_some_and(|state| matches!(state.as_str(), "shutting-down" | "terminated"))
}

fn read_instance(instance: &types::Instance) -> Instance {
    let cpu = instance.cpu_options();
    let number = |value: Option<i32>| value.unwrap_or_default();
    Instance {
        id: instance.instance_id().unwrap_or_default().to_owned(),
        instance_type: instance.instance_type().map_or("", types::InstanceType::as_str).to_owned(),
        vcpus: number(cpu.and_then(types::CpuOptions::core_count))
            * number(cpu.and_then(types::CpuOptions::threads_per_core)),
        spot: instance.instance_lifecycle().is_some_and(|lifecycle| lifecycle.as_str() == "spot"),
        tags: read_tags(instance.tags()),
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

/// The addresses of its subnet that an interface holds. A prefix is one of /28
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-prefix-eni.html>).
fn held(interface: &types::NetworkInterface) -> i32 {
    let count = |length: usize| i32::try_from(length).unwrap_or(i32::MAX);
    count(interface.private_ip_addresses().len()) + 16 * count(interface.ipv4_prefixes().len())
}

fn read_interface(interface: &types::NetworkInterface) -> Interface {
    Interface {
        id: interface.network_interface_id().unwrap_or_default().to_owned(),
        status: interface.status().map_or("", types::NetworkInterfaceStatus::as_str).to_owned(),
        description: interface.description().unwrap_or_default().to_owned(),
        subnet_id: interface.subnet_id().unwrap_or_default().to_owned(),
        held: held(interface),
        addresses: interface
            .private_ip_addresses()
            .iter()
            .filter_map(|address| address.private_ip_address())
            .chain(interface.ipv4_prefixes().iter().filter_map(|prefix| prefix.ipv4_prefix()))
            .map(ToOwned::to_owned)
            .collect(),
        instance_id: interface.attachment().and_then(|attachment| attachment.instance_id()).map(ToOwned::to_owned),
        groups: interface.groups().iter().filter_map(|group| group.group_id().map(ToOwned::to_owned)).collect(),
        tags: read_tags(interface.tag_set()),
    }
}

fn subnet_of(subnet: types::Subnet) -> Subnet {
    Subnet {
        tags: read_tags(subnet.tags()),
        id: subnet.subnet_id.unwrap_or_default(),
        vpc_id: subnet.vpc_id.unwrap_or_default(),
        availability_zone: subnet.availability_zone.unwrap_or_default(),
        free_addresses: subnet.available_ip_address_count.unwrap_or_default(),
    }
}

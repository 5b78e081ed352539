//! What a launch template says, read and written again. A field that is not written again is named as not copied.

use super::{read_tags, tag_list};
use aws_sdk_ec2::types::{
    self, LaunchTemplateBlockDeviceMapping, LaunchTemplateBlockDeviceMappingRequest,
    LaunchTemplateEbsBlockDeviceRequest, LaunchTemplateHttpTokensState, LaunchTemplateInstanceMetadataEndpointState,
    LaunchTemplateInstanceMetadataOptionsRequest, LaunchTemplateInstanceMetadataProtocolIpv6,
    LaunchTemplateInstanceMetadataTagsState, LaunchTemplateInstanceNetworkInterfaceSpecification,
    LaunchTemplateInstanceNetworkInterfaceSpecificationRequest, LaunchTemplatePlacementRequest,
    LaunchTemplateTagSpecificationRequest, LaunchTemplatesMonitoringRequest, RequestLaunchTemplateData, ResourceType,
    ResponseLaunchTemplateData, VolumeType, builders::RequestLaunchTemplateDataBuilder,
};
use domain::{
    plan::compute::{
        LaunchTemplateData,
        nodes::{Metadata, NetworkInterface, Volume},
    },
    ports::network::UserDataOf,
    user_data,
};

pub(super) fn read(data: &ResponseLaunchTemplateData, blue: &UserDataOf) -> LaunchTemplateData {
    let mut read = LaunchTemplateData {
        instance_type: data.instance_type().map(|kind| kind.as_str().to_owned()),
        image_id: data.image_id().map(ToOwned::to_owned),
        key_name: data.key_name().map(ToOwned::to_owned),
        ebs_optimized: data.ebs_optimized(),
        monitoring: data.monitoring().and_then(types::LaunchTemplatesMonitoring::enabled),
        security_group_ids: data.security_group_ids().to_vec(),
        volumes: data.block_device_mappings().iter().map(volume).collect(),
        network_interfaces: data.network_interfaces().iter().map(interface).collect(),
        metadata: data.metadata_options().map(|options| Metadata {
            http_tokens: options.http_tokens().map(|value| value.as_str().to_owned()),
            http_put_response_hop_limit: options.http_put_response_hop_limit(),
            http_endpoint: options.http_endpoint().map(|value| value.as_str().to_owned()),
            http_protocol_ipv6: options.http_protocol_ipv6().map(|value| value.as_str().to_owned()),
            instance_metadata_tags: options.instance_metadata_tags().map(|value| value.as_str().to_owned()),
        }),
        placement_group: data.placement().and_then(|placement| placement.group_name()).map(ToOwned::to_owned),
        tag_specifications: data
            .tag_specifications()
            .iter()
            .filter_map(|specification| {
                specification.resource_type().map(|kind| (kind.as_str().to_owned(), read_tags(specification.tags())))
            })
            .collect(),
        not_copied: not_copied(data),
        ..LaunchTemplateData::default()
    };
    user_data::read(data.user_data(), blue, &mut read);
    read
}

fn volume(mapping: &LaunchTemplateBlockDeviceMapping) -> Volume {
    let ebs = mapping.ebs();
    Volume {
        device_name: mapping.device_name().unwrap_or_default().to_owned(),
        size: ebs.and_then(types::LaunchTemplateEbsBlockDevice::volume_size),
        volume_type: ebs.and_then(|ebs| ebs.volume_type()).map(|kind| kind.as_str().to_owned()),
        iops: ebs.and_then(types::LaunchTemplateEbsBlockDevice::iops),
        throughput: ebs.and_then(types::LaunchTemplateEbsBlockDevice::throughput),
        encrypted: ebs.and_then(types::LaunchTemplateEbsBlockDevice::encrypted),
        kms_key_id: ebs.and_then(|ebs| ebs.kms_key_id()).map(ToOwned::to_owned),
        snapshot_id: ebs.and_then(|ebs| ebs.snapshot_id()).map(ToOwned::to_owned),
        delete_on_termination: ebs.and_then(types::LaunchTemplateEbsBlockDevice::delete_on_termination),
    }
}

fn interface(interface: &LaunchTemplateInstanceNetworkInterfaceSpecification) -> NetworkInterface {
    NetworkInterface {
        device_index: interface.device_index(),
        groups: interface.groups().to_vec(),
        associate_public_ip_address: interface.associate_public_ip_address(),
        delete_on_termination: interface.delete_on_termination(),
        description: interface.description().map(ToOwned::to_owned),
    }
}

/// The fields of <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ResponseLaunchTemplateData.html> that are set and that
/// [`write()`] would lose.
fn not_copied(data: &ResponseLaunchTemplateData) -> Vec<String> {
    let placement = data.placement();
    let ebs_lost = data.block_device_mappings().iter().any(|mapping| {
        mapping.virtual_name().is_some()
            || mapping.no_device().is_some()
            || mapping
                .ebs()
                .is_some_and(|ebs| ebs.volume_initialization_rate().is_some() || ebs.ebs_card_index().is_some())
    });
    let interface_lost = data.network_interfaces().iter().any(|interface| {
        interface.network_interface_id().is_some()
            || interface.private_ip_address().is_some()
            || interface.subnet_id().is_some()
            || interface.interface_type().is_some_and(|kind| kind != "interface")
            || interface.network_card_index().is_some_and(|index| index != 0)
            || interface.associate_carrier_ip_address().is_some()
            || !interface.ipv6_addresses().is_empty()
            || !interface.private_ip_addresses().is_empty()
            || !interface.ipv4_prefixes().is_empty()
            || !interface.ipv6_prefixes().is_empty()
            || interface.primary_ipv6().is_some()
            || interface.ena_queue_count().is_some()
            || interface.ipv6_address_count().is_some()
            || interface.ipv4_prefix_count().is_some()
            || interface.ipv6_prefix_count().is_some()
            || interface.secondary_private_ip_address_count().is_some()
            || interface.ena_srd_specification().is_some()
            || interface.connection_tracking_specification().is_some()
    });
    let placement_lost = placement.is_some_and(|placement| {
        placement.host_id().is_some()
            || placement.host_resource_group_arn().is_some()
            || placement.partition_number().is_some()
            || placement.group_id().is_some()
            || placement.availability_zone().is_some()
            || placement.availability_zone_id().is_some()
            || placement.affinity().is_some()
            || placement.spread_domain().is_some()
            || placement.tenancy().is_some_and(|tenancy| tenancy.as_str() != "default")
    });
    let lost = [
        (data.kernel_id().is_some(), "KernelId"),
        (data.ram_disk_id().is_some(), "RamDiskId"),
        (data.iam_instance_profile().is_some(), "IamInstanceProfile"),
        (ebs_lost, "BlockDeviceMappings (virtual name, no device, initialization rate or card index)"),
        (
            interface_lost,
            "NetworkInterfaces (fixed or carrier address, IPv6, subnet, interface type, prefixes, queues or further cards)",
        ),
        (placement_lost, "Placement (host, affinity, partition, spread domain, zone, group id or tenancy)"),
        (data.disable_api_termination() == Some(true), "DisableApiTermination"),
        (data.disable_api_stop() == Some(true), "DisableApiStop"),
        (
            data.instance_initiated_shutdown_behavior().is_some_and(|what| what.as_str() != "stop"),
            "InstanceInitiatedShutdownBehavior",
        ),
        (!data.security_groups().is_empty(), "SecurityGroups (names; use ids)"),
        (data.instance_market_options().is_some(), "InstanceMarketOptions"),
        (data.credit_specification().is_some(), "CreditSpecification"),
        (data.cpu_options().is_some(), "CpuOptions"),
        (data.capacity_reservation_specification().is_some(), "CapacityReservationSpecification"),
        (!data.license_specifications().is_empty(), "LicenseSpecifications"),
        (data.hibernation_options().is_some_and(|options| options.configured() == Some(true)), "HibernationOptions"),
        (data.enclave_options().is_some_and(|options| options.enabled() == Some(true)), "EnclaveOptions"),
        (data.instance_requirements().is_some(), "InstanceRequirements"),
        (data.private_dns_name_options().is_some(), "PrivateDnsNameOptions"),
        (data.maintenance_options().is_some(), "MaintenanceOptions"),
        (data.network_performance_options().is_some(), "NetworkPerformanceOptions"),
        (!data.secondary_interfaces().is_empty(), "SecondaryInterfaces"),
        (!data.elastic_gpu_specifications().is_empty(), "ElasticGpuSpecifications"),
        (!data.elastic_inference_accelerators().is_empty(), "ElasticInferenceAccelerators"),
        (
            user_data::is_unreadable(data.user_data()),
            "UserData (compressed or binary, so that nobody sees whether it names blue)",
        ),
    ];
    lost.iter().filter(|(there, _)| *there).map(|(_, name)| (*name).to_owned()).collect()
}

/// Everything but the user data, which is not in the plan.
pub(super) fn write(data: &LaunchTemplateData) -> RequestLaunchTemplateDataBuilder {
    let some = |list: Vec<_>| Some(list).filter(|list| !list.is_empty());
    let tags: Vec<_> = data
        .tag_specifications
        .iter()
        .filter(|(_, tags)| !tags.is_empty())
        .map(|(kind, tags)| {
            LaunchTemplateTagSpecificationRequest::builder()
                .resource_type(ResourceType::from(kind.as_str()))
                .set_tags(Some(tag_list(tags)))
                .build()
        })
        .collect();
    RequestLaunchTemplateData::builder()
        .set_instance_type(data.instance_type.as_deref().map(types::InstanceType::from))
        .set_image_id(data.image_id.clone())
        .set_key_name(data.key_name.clone())
        .set_ebs_optimized(data.ebs_optimized)
        .set_monitoring(
            data.monitoring.map(|enabled| LaunchTemplatesMonitoringRequest::builder().enabled(enabled).build()),
        )
        .set_security_group_ids(some(data.security_group_ids.clone()))
        .set_block_device_mappings(
            Some(data.volumes.iter().map(write_volume).collect::<Vec<_>>()).filter(|list| !list.is_empty()),
        )
        .set_network_interfaces(
            Some(data.network_interfaces.iter().map(write_interface).collect::<Vec<_>>())
                .filter(|list| !list.is_empty()),
        )
        .set_metadata_options(data.metadata.as_ref().map(write_metadata))
        .set_placement(
            data.placement_group
                .as_ref()
                .map(|group| LaunchTemplatePlacementRequest::builder().group_name(group).build()),
        )
        .set_tag_specifications(Some(tags).filter(|list| !list.is_empty()))
}

fn write_volume(volume: &Volume) -> LaunchTemplateBlockDeviceMappingRequest {
    let ebs = LaunchTemplateEbsBlockDeviceRequest::builder()
        .set_volume_size(volume.size)
        .set_volume_type(volume.volume_type.as_deref().map(VolumeType::from))
        .set_iops(volume.iops)
        .set_throughput(volume.throughput)
        .set_encrypted(volume.encrypted)
        .set_kms_key_id(volume.kms_key_id.clone())
        .set_snapshot_id(volume.snapshot_id.clone())
        .set_delete_on_termination(volume.delete_on_termination)
        .build();
    LaunchTemplateBlockDeviceMappingRequest::builder().device_name(&volume.device_name).ebs(ebs).build()
}

fn write_interface(interface: &NetworkInterface) -> LaunchTemplateInstanceNetworkInterfaceSpecificationRequest {
    LaunchTemplateInstanceNetworkInterfaceSpecificationRequest::builder()
        .set_device_index(interface.device_index)
        .set_groups(Some(interface.groups.clone()).filter(|groups| !groups.is_empty()))
        .set_associate_public_ip_address(interface.associate_public_ip_address)
        .set_delete_on_termination(interface.delete_on_termination)
        .set_description(interface.description.clone())
        .build()
}

fn write_metadata(metadata: &Metadata) -> LaunchTemplateInstanceMetadataOptionsRequest {
    LaunchTemplateInstanceMetadataOptionsRequest::builder()
        .set_http_tokens(metadata.http_tokens.as_deref().map(LaunchTemplateHttpTokensState::from))
        .set_http_put_response_hop_limit(metadata.http_put_response_hop_limit)
        .set_http_endpoint(metadata.http_endpoint.as_deref().map(LaunchTemplateInstanceMetadataEndpointState::from))
        .set_http_protocol_ipv6(
            metadata.http_protocol_ipv6.as_deref().map(LaunchTemplateInstanceMetadataProtocolIpv6::from),
        )
        .set_instance_metadata_tags(
            metadata.instance_metadata_tags.as_deref().map(LaunchTemplateInstanceMetadataTagsState::from),
        )
        .build()
}

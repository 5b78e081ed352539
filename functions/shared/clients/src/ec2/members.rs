//! Every member of a launch template's data has its fate: [`super::template_data`] copies it or names it as not copied.

use crate::fate::{Fate::Copied, check, check_shape};
use aws_sdk_ec2::types;
use testing::fate::ec2 as table;

#[test]
fn every_member_of_a_launch_template_has_its_fate() {
    check_shape(&types::LaunchTemplateVersion::builder().build(), &table::TEMPLATE_VERSION);
    check_shape(&types::ResponseLaunchTemplateData::builder().build(), &table::TEMPLATE_DATA);
    check_shape(&types::LaunchTemplateTagSpecification::builder().build(), &table::TAG_SPECIFICATION);
}

#[test]
fn every_member_of_what_a_launch_template_says_of_interfaces_and_places_has_its_fate() {
    check_shape(
        &types::LaunchTemplateInstanceNetworkInterfaceSpecification::builder().build(),
        &table::NETWORK_INTERFACE,
    );
    check_shape(&types::LaunchTemplatePlacement::builder().build(), &table::PLACEMENT);
}

#[test]
fn every_member_of_what_a_launch_template_says_of_metadata_and_volumes_has_its_fate() {
    check_shape(&types::LaunchTemplateInstanceMetadataOptions::builder().build(), &table::METADATA_OPTIONS);
    check_shape(&types::LaunchTemplateBlockDeviceMapping::builder().build(), &table::BLOCK_DEVICE);
    check_shape(&types::LaunchTemplateEbsBlockDevice::builder().build(), &table::EBS);
    check(&types::LaunchTemplatesMonitoring::builder().build(), &[("enabled", Copied)]);
}

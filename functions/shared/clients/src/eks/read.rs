//! From the SDK's shapes to the plan's.

use super::components;
use aws_sdk_eks::types::{self, AuthenticationMode};
use domain::Tags;
use domain::plan::compute::{Addon, AutoMode, Cluster, ClusterStatus, Issue, NodeGroup, Scaling, nodes::RepairLimits};
use domain::ports::clusters::AddonStatus;
use std::collections::HashMap;

pub(super) fn tags(tags: Option<&HashMap<String, String>>) -> Tags {
    tags.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
}

pub(super) fn time(at: Option<&aws_smithy_types::DateTime>) -> jiff::Timestamp {
    at.and_then(|at| jiff::Timestamp::from_second(at.secs()).ok()).unwrap_or_default()
}

fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

/// A setting that is copied by nobody, where it is there.
fn not_copied(settings: &[(bool, &str)]) -> Vec<String> {
    settings.iter().filter(|(there, _)| *there).map(|(_, name)| (*name).to_owned()).collect()
}

pub(super) fn cluster(cluster: &types::Cluster) -> ClusterStatus {
    let vpc = cluster.resources_vpc_config();
    let network = cluster.kubernetes_network_config();
    let key = cluster
        .encryption_config()
        .first()
        .and_then(|config| config.provider())
        .and_then(|provider| provider.key_arn());
    let logging = cluster
        .logging()
        .map(types::Logging::cluster_logging)
        .unwrap_or_default()
        .iter()
        .filter(|setup| setup.enabled() == Some(true))
        .flat_map(|setup| setup.types().iter().map(|kind| kind.as_str().to_owned()))
        .collect();
    let facts = Cluster {
        name: text(cluster.name()),
        arn: text(cluster.arn()),
        version: text(cluster.version()),
        role_arn: text(cluster.role_arn()),
        vpc_id: text(vpc.and_then(|vpc| vpc.vpc_id())),
        subnet_ids: vpc.map(|vpc| vpc.subnet_ids().to_vec()).unwrap_or_default(),
        security_group_ids: vpc.map(|vpc| vpc.security_group_ids().to_vec()).unwrap_or_default(),
        cluster_security_group_id: text(vpc.and_then(|vpc| vpc.cluster_security_group_id())),
        endpoint_public_access: vpc.is_some_and(types::VpcConfigResponse::endpoint_public_access),
        endpoint_private_access: vpc.is_some_and(types::VpcConfigResponse::endpoint_private_access),
        public_access_cidrs: vpc.map(|vpc| vpc.public_access_cidrs().to_vec()).unwrap_or_default(),
        // Clusters from before access entries say nothing here.
        authentication_mode: cluster
            .access_config()
            .and_then(|access| access.authentication_mode())
            .map_or("CONFIG_MAP", AuthenticationMode::as_str)
            .to_owned(),
        service_cidr: network.and_then(|network| network.service_ipv4_cidr()).map(ToOwned::to_owned),
        ip_family: network.and_then(|network| network.ip_family()).map_or("ipv4", |family| family.as_str()).to_owned(),
        logging,
        encryption_key_arn: key.map(ToOwned::to_owned),
        support_type: cluster
            .upgrade_policy()
            .and_then(|policy| policy.support_type())
            .map(|support| support.as_str().to_owned()),
        deletion_protection: cluster.deletion_protection().unwrap_or_default(),
        zonal_shift: cluster
            .zonal_shift_config()
            .and_then(types::ZonalShiftConfigResponse::enabled)
            .unwrap_or_default(),
        egress_mode: vpc
            .and_then(|vpc| vpc.control_plane_egress_mode())
            // EKS's own default, which older Regions may not know.
            .filter(|mode| **mode != types::ControlPlaneEgressModeType::AwsManaged)
            .map(|mode| mode.as_str().to_owned()),
        components: components::read(cluster),
        // Block storage and load balancing are enabled with it, or EKS refuses.
        auto_mode: cluster.compute_config().filter(|compute| compute.enabled() == Some(true)).map(|compute| AutoMode {
            node_pools: compute.node_pools().to_vec(),
            node_role_arn: compute.node_role_arn().map(ToOwned::to_owned),
        }),
        scaling_tier: cluster
            .control_plane_scaling_config()
            .and_then(|scaling| scaling.tier())
            .map(|tier| tier.as_str().to_owned()),
        tags: tags(cluster.tags()),
        endpoint: text(cluster.endpoint()),
        oidc_issuer: text(cluster.identity().and_then(|identity| identity.oidc()).and_then(|oidc| oidc.issuer())),
        certificate_authority: text(cluster.certificate_authority().and_then(|authority| authority.data())),
        not_copied: not_copied(&[
            (cluster.outpost_config().is_some(), "outpostConfig"),
            (cluster.connector_config().is_some(), "connectorConfig"),
            (cluster.remote_network_config().is_some(), "remoteNetworkConfig (EKS Hybrid Nodes)"),
        ]),
    };
    ClusterStatus {
        cluster: facts,
        status: text(cluster.status().map(types::ClusterStatus::as_str)),
        created_at: time(cluster.created_at()),
        issues: cluster
            .health()
            .map(types::ClusterHealth::issues)
            .unwrap_or_default()
            .iter()
            .map(|issue| Issue {
                code: text(issue.code().map(types::ClusterIssueCode::as_str)),
                message: text(issue.message()),
            })
            .collect(),
    }
}

pub(super) fn node_group(group: &types::Nodegroup) -> NodeGroup {
    let scaling = group.scaling_config();
    let update = group.update_config();
    let template = group.launch_template();
    let repair = group.node_repair_config();
    NodeGroup {
        name: text(group.nodegroup_name()),
        arn: text(group.nodegroup_arn()),
        role_arn: text(group.node_role()),
        version: text(group.version()),
        subnet_ids: group.subnets().to_vec(),
        green_subnet_ids: Vec::new(),
        scaling: Scaling {
            min: scaling.and_then(types::NodegroupScalingConfig::min_size).unwrap_or_default(),
            max: scaling.and_then(types::NodegroupScalingConfig::max_size).unwrap_or_default(),
            desired: scaling.and_then(types::NodegroupScalingConfig::desired_size).unwrap_or_default(),
        },
        ami_type: text(group.ami_type().map(types::AmiTypes::as_str)),
        capacity_type: text(group.capacity_type().map(types::CapacityTypes::as_str)),
        instance_types: group.instance_types().to_vec(),
        disk_size: group.disk_size(),
        labels: tags(group.labels()),
        taints: group
            .taints()
            .iter()
            .map(|taint| {
                (
                    text(taint.key()),
                    taint.value().map(ToOwned::to_owned),
                    text(taint.effect().map(types::TaintEffect::as_str)),
                )
            })
            .collect(),
        max_unavailable: update.and_then(types::NodegroupUpdateConfig::max_unavailable),
        max_unavailable_percentage: update.and_then(types::NodegroupUpdateConfig::max_unavailable_percentage),
        update_strategy: update
            .and_then(|update| update.update_strategy())
            .map(|strategy| strategy.as_str().to_owned()),
        node_repair: repair.is_some_and(|repair| repair.enabled() == Some(true)),
        repair_limits: repair
            .map(|repair| RepairLimits {
                unhealthy: repair.max_unhealthy_node_threshold_count(),
                unhealthy_percentage: repair.max_unhealthy_node_threshold_percentage(),
                parallel: repair.max_parallel_nodes_repaired_count(),
                parallel_percentage: repair.max_parallel_nodes_repaired_percentage(),
            })
            .unwrap_or_default(),
        ssh_key: group.remote_access().and_then(|access| access.ec2_ssh_key()).map(ToOwned::to_owned),
        ssh_source_groups: group
            .remote_access()
            .map(|access| access.source_security_groups().to_vec())
            .unwrap_or_default(),
        launch_template: template.map(|template| format!("{}@{}", text(template.id()), text(template.version()))),
        auto_scaling_groups: group
            .resources()
            .map(types::NodegroupResources::auto_scaling_groups)
            .unwrap_or_default()
            .iter()
            .filter_map(|group| group.name().map(ToOwned::to_owned))
            .collect(),
        tags: tags(group.tags()),
        status: text(group.status().map(types::NodegroupStatus::as_str)),
        issues: group
            .health()
            .map(types::NodegroupHealth::issues)
            .unwrap_or_default()
            .iter()
            .map(|issue| Issue {
                code: text(issue.code().map(types::NodegroupIssueCode::as_str)),
                message: text(issue.message()),
            })
            .collect(),
        not_copied: not_copied(&[
            (group.warm_pool_config().is_some_and(|pool| pool.enabled() == Some(true)), "warmPoolConfig"),
            (
                repair.is_some_and(|repair| !repair.node_repair_config_overrides().is_empty()),
                "nodeRepairConfig.nodeRepairConfigOverrides",
            ),
        ]),
    }
}

pub(super) fn addon(addon: &types::Addon) -> AddonStatus {
    let version = text(addon.addon_version());
    AddonStatus {
        addon: Addon {
            name: text(addon.addon_name()),
            blue_version: version.clone(),
            version,
            configuration: addon.configuration_values().filter(|values| !values.is_empty()).map(ToOwned::to_owned),
            service_account_role_arn: addon
                .service_account_role_arn()
                .filter(|arn| !arn.is_empty())
                .map(ToOwned::to_owned),
            pod_identities: Vec::new(),
            namespace: addon.namespace_config().and_then(|config| config.namespace()).map(ToOwned::to_owned),
            tags: tags(addon.tags()),
        },
        arn: text(addon.addon_arn()),
        status: text(addon.status().map(types::AddonStatus::as_str)),
        created_at: time(addon.created_at()),
        issues: addon
            .health()
            .map(types::AddonHealth::issues)
            .unwrap_or_default()
            .iter()
            .map(|issue| Issue {
                code: text(issue.code().map(types::AddonIssueCode::as_str)),
                message: text(issue.message()),
            })
            .collect(),
        association_arns: addon.pod_identity_associations().to_vec(),
    }
}

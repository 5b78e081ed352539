//! EKS managed node groups.

use super::{created, deleted, found, is_gone, read};
use crate::{Account, error::phase_error};
use aws_sdk_eks::types::{
    AmiTypes, CapacityTypes, LaunchTemplateSpecification, NodeRepairConfig, NodegroupScalingConfig,
    NodegroupUpdateConfig, NodegroupUpdateStrategies, RemoteAccessConfig, Taint, TaintEffect,
};
use domain::{
    PhaseError,
    plan::compute::{
        NodeGroup, Scaling,
        nodes::{self, RepairLimits},
    },
    ports::{NodeGroups, clusters::NewNodeGroup},
};

impl NodeGroups for Account {
    async fn node_groups(&self, cluster: &str) -> Result<Vec<String>, PhaseError> {
        let answer = self
            .eks()
            .list_nodegroups()
            .cluster_name(cluster)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await;
        match answer {
            Err(error) if is_gone(&error) => Ok(Vec::new()),
            answer => answer.map_err(|error| phase_error(&format!("listing the node groups of {cluster}"), &error)),
        }
    }

    async fn node_group(&self, cluster: &str, name: &str) -> Result<Option<NodeGroup>, PhaseError> {
        let context = format!("reading the node group {name} of {cluster}");
        let answer = self.eks().describe_nodegroup().cluster_name(cluster).nodegroup_name(name).send().await;
        Ok(found(&context, answer)?.and_then(|answer| answer.nodegroup).map(|group| read::node_group(&group)))
    }

    async fn create_node_group(&self, request: &NewNodeGroup) -> Result<String, PhaseError> {
        let like = &request.like;
        let context = format!("creating the node group {} of {}", like.name, request.cluster);
        let scaling = NodegroupScalingConfig::builder()
            .min_size(like.scaling.min)
            .max_size(like.scaling.max)
            .desired_size(like.scaling.desired)
            .build();
        let template = request
            .launch_template
            .as_ref()
            .map(|(id, version)| LaunchTemplateSpecification::builder().id(id).version(version).build());
        // A custom AMI says both: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
        let is_custom = like.ami_type == nodes::CUSTOM;
        let answer = self
            .eks()
            .create_nodegroup()
            .client_request_token(&request.token)
            .cluster_name(&request.cluster)
            .nodegroup_name(&like.name)
            .set_version((!is_custom).then(|| request.version.clone()))
            .node_role(&like.role_arn)
            .scaling_config(scaling)
            .set_subnets(Some(like.green_subnet_ids.clone()))
            .set_ami_type((!is_custom).then(|| AmiTypes::from(like.ami_type.as_str())))
            .set_capacity_type(
                (!like.capacity_type.is_empty()).then(|| CapacityTypes::from(like.capacity_type.as_str())),
            )
            .set_instance_types(Some(like.instance_types.clone()).filter(|types| !types.is_empty()))
            // Neither goes with a launch template: https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
            .set_disk_size(like.disk_size.filter(|_| template.is_none()))
            .set_remote_access(remote_access(request).filter(|_| template.is_none()))
            .set_labels(Some(like.labels.clone().into_iter().collect()))
            .set_taints(taints(like))
            .set_update_config(update(like))
            .set_node_repair_config(like.node_repair.then(|| repair(like.repair_limits)))
            .set_launch_template(template)
            .set_tags(Some(request.tags.clone().into_iter().collect()))
            .send()
            .await;
        created(&context, answer)?
            .nodegroup
            .and_then(|group| group.nodegroup_arn)
            .ok_or_else(|| PhaseError::unavailable(format!("{context}: EKS answered without an ARN")))
    }

    async fn scale_node_group(&self, cluster: &str, name: &str, scaling: Scaling) -> Result<(), PhaseError> {
        let context = format!("changing the number of nodes of {name} of {cluster}");
        let wanted = NodegroupScalingConfig::builder()
            .min_size(scaling.min)
            .max_size(scaling.max)
            .desired_size(scaling.desired)
            .build();
        let request = self.eks().update_nodegroup_config().cluster_name(cluster).nodegroup_name(name);
        match request.scaling_config(wanted).send().await {
            Ok(_) => Ok(()),
            Err(error) if crate::error::code(&error) == "ResourceInUseException" => {
                Err(PhaseError::not_ready(phase_error(&context, &error).message))
            }
            Err(error) => Err(phase_error(&context, &error)),
        }
    }

    async fn delete_node_group(&self, cluster: &str, name: &str) -> Result<(), PhaseError> {
        let context = format!("deleting the node group {name} of {cluster}");
        deleted(&context, self.eks().delete_nodegroup().cluster_name(cluster).nodegroup_name(name).send().await)
    }
}

fn remote_access(request: &NewNodeGroup) -> Option<RemoteAccessConfig> {
    request.like.ssh_key.as_ref().map(|key| {
        RemoteAccessConfig::builder()
            .ec2_ssh_key(key)
            .set_source_security_groups(Some(request.ssh_source_groups.clone()).filter(|groups| !groups.is_empty()))
            .build()
    })
}

fn taints(like: &NodeGroup) -> Option<Vec<Taint>> {
    let taints: Vec<_> = like
        .taints
        .iter()
        .map(|(key, value, effect)| {
            Taint::builder().key(key).set_value(value.clone()).effect(TaintEffect::from(effect.as_str())).build()
        })
        .collect();
    Some(taints).filter(|taints| !taints.is_empty())
}

fn repair(limits: RepairLimits) -> NodeRepairConfig {
    NodeRepairConfig::builder()
        .enabled(true)
        .set_max_unhealthy_node_threshold_count(limits.unhealthy)
        .set_max_unhealthy_node_threshold_percentage(limits.unhealthy_percentage)
        .set_max_parallel_nodes_repaired_count(limits.parallel)
        .set_max_parallel_nodes_repaired_percentage(limits.parallel_percentage)
        .build()
}

fn update(like: &NodeGroup) -> Option<NodegroupUpdateConfig> {
    if like.max_unavailable.is_none() && like.max_unavailable_percentage.is_none() && like.update_strategy.is_none() {
        return None;
    }
    Some(
        NodegroupUpdateConfig::builder()
            .set_max_unavailable(like.max_unavailable)
            .set_max_unavailable_percentage(like.max_unavailable_percentage)
            .set_update_strategy(like.update_strategy.as_deref().map(NodegroupUpdateStrategies::from))
            .build(),
    )
}

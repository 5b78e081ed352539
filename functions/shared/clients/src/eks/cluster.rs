//! EKS control planes.

use super::{components, created, deleted, found, read};
use crate::{Account, error::phase_error};
use aws_sdk_eks::types::{
    self, AuthenticationMode, BlockStorage, ComputeConfigRequest, ControlPlaneEgressModeType,
    ControlPlaneScalingConfig, CreateAccessConfigRequest, ElasticLoadBalancing, EncryptionConfig, IpFamily,
    KubernetesNetworkConfigRequest, LogSetup, LogType, Logging, Provider, ProvisionedControlPlaneTier,
    StorageConfigRequest, SupportType, UpdateAccessConfigRequest, UpgradePolicyRequest, VpcConfigRequest,
    ZonalShiftConfigRequest,
};
use domain::{
    PhaseError,
    plan::compute::{AutoMode, Cluster, ClusterStatus},
    ports::{Clusters, clusters::NewCluster},
};

impl Clusters for Account {
    async fn cluster(&self, name: &str) -> Result<Option<ClusterStatus>, PhaseError> {
        let context = format!("reading the cluster {name}");
        let answer = self.eks().describe_cluster().name(name).send().await;
        Ok(found(&context, answer)?.and_then(|answer| answer.cluster).map(|cluster| read::cluster(&cluster)))
    }

    async fn cluster_names(&self) -> Result<Vec<String>, PhaseError> {
        self.eks()
            .list_clusters()
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error("listing the clusters", &error))
    }

    async fn offered_versions(&self) -> Result<Vec<String>, PhaseError> {
        let answers = self
            .eks()
            .describe_cluster_versions()
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error("reading the versions that EKS offers", &error))?;
        Ok(answers.into_iter().filter_map(|version| version.cluster_version).collect())
    }

    async fn create_cluster(&self, request: &NewCluster) -> Result<String, PhaseError> {
        let (blue, green) = (&request.blue, &request.green);
        let context = format!("creating the cluster {}", green.name);
        let access = CreateAccessConfigRequest::builder()
            .authentication_mode(AuthenticationMode::from(green.authentication_mode.as_str()))
            .bootstrap_cluster_creator_admin_permissions(false)
            .build();
        let answer = self
            .eks()
            .create_cluster()
            .client_request_token(&request.token)
            .name(&green.name)
            .version(&green.version)
            .role_arn(&blue.role_arn)
            .resources_vpc_config(vpc(request))
            .kubernetes_network_config(kubernetes_network(blue))
            .access_config(access)
            // Blue has vpc-cni, kube-proxy and CoreDNS as add-ons, or preflight refuses it.
            .bootstrap_self_managed_addons(false)
            .set_kube_api_server_config(components::api_server(&blue.components))
            .set_kube_scheduler_config(components::scheduler(&blue.components))
            .set_kube_controller_manager_config(components::controller_manager(&blue.components))
            .set_logging(logging(&blue.logging))
            .set_encryption_config(encryption(blue))
            .set_upgrade_policy(
                blue.support_type
                    .as_deref()
                    .map(|support| UpgradePolicyRequest::builder().support_type(SupportType::from(support)).build()),
            )
            .set_compute_config(blue.auto_mode.as_ref().map(compute))
            .set_storage_config(blue.auto_mode.as_ref().map(|_| {
                StorageConfigRequest::builder().block_storage(BlockStorage::builder().enabled(true).build()).build()
            }))
            .set_zonal_shift_config(blue.zonal_shift.then(|| ZonalShiftConfigRequest::builder().enabled(true).build()))
            .set_control_plane_scaling_config(
                blue.scaling_tier.as_deref().map(|tier| {
                    ControlPlaneScalingConfig::builder().tier(ProvisionedControlPlaneTier::from(tier)).build()
                }),
            )
            .set_deletion_protection(blue.deletion_protection.then_some(true))
            .set_tags(Some(request.tags.clone().into_iter().collect()))
            .send()
            .await;
        let cluster = created(&context, answer)?.cluster;
        cluster
            .and_then(|cluster| cluster.arn)
            .ok_or_else(|| PhaseError::unavailable(format!("{context}: EKS answered without an ARN")))
    }

    async fn let_access_entries_in(&self, name: &str, token: &str) -> Result<(), PhaseError> {
        let access =
            UpdateAccessConfigRequest::builder().authentication_mode(AuthenticationMode::ApiAndConfigMap).build();
        let update = self.eks().update_cluster_config().name(name).client_request_token(token).access_config(access);
        created(&format!("moving the cluster {name} to access entries"), update.send().await).map(drop)
    }

    async fn drop_deletion_protection(&self, name: &str) -> Result<(), PhaseError> {
        let context = format!("lifting the deletion protection of the cluster {name}");
        deleted(&context, self.eks().update_cluster_config().name(name).deletion_protection(false).send().await)
    }

    async fn delete_cluster(&self, name: &str) -> Result<(), PhaseError> {
        deleted(&format!("deleting the cluster {name}"), self.eks().delete_cluster().name(name).send().await)
    }

    async fn capabilities(&self, cluster: &str) -> Result<Vec<String>, PhaseError> {
        let found = self
            .eks()
            .list_capabilities()
            .cluster_name(cluster)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error(&format!("listing the capabilities of {cluster}"), &error))?;
        Ok(found
            .iter()
            .map(|capability| {
                let kind = capability.r#type().map_or("", types::CapabilityType::as_str);
                format!("{} ({kind})", capability.capability_name().unwrap_or_default())
            })
            .collect())
    }
}

fn vpc(request: &NewCluster) -> VpcConfigRequest {
    let blue = &request.blue;
    let groups = Some(request.security_group_ids.clone()).filter(|groups| !groups.is_empty());
    let cidrs = Some(blue.public_access_cidrs.clone()).filter(|cidrs| blue.endpoint_public_access && !cidrs.is_empty());
    VpcConfigRequest::builder()
        .set_subnet_ids(Some(request.green.subnet_ids.clone()))
        .set_security_group_ids(groups)
        .endpoint_public_access(blue.endpoint_public_access)
        .endpoint_private_access(blue.endpoint_private_access)
        .set_public_access_cidrs(cidrs)
        .set_control_plane_egress_mode(blue.egress_mode.as_deref().map(ControlPlaneEgressModeType::from))
        .build()
}

fn compute(auto: &AutoMode) -> ComputeConfigRequest {
    ComputeConfigRequest::builder()
        .enabled(true)
        .set_node_pools(Some(auto.node_pools.clone()))
        .set_node_role_arn(auto.node_role_arn.clone())
        .build()
}

fn kubernetes_network(blue: &Cluster) -> KubernetesNetworkConfigRequest {
    // A CIDR can be chosen for IPv4 only: https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html
    KubernetesNetworkConfigRequest::builder()
        .ip_family(IpFamily::from(blue.ip_family.as_str()))
        .set_service_ipv4_cidr(blue.service_cidr.clone().filter(|_| blue.ip_family != "ipv6"))
        .set_elastic_load_balancing(
            blue.auto_mode.as_ref().map(|_| ElasticLoadBalancing::builder().enabled(true).build()),
        )
        .build()
}

fn logging(types: &[String]) -> Option<Logging> {
    if types.is_empty() {
        return None;
    }
    let types = types.iter().map(|kind| LogType::from(kind.as_str())).collect();
    Some(Logging::builder().cluster_logging(LogSetup::builder().enabled(true).set_types(Some(types)).build()).build())
}

/// EKS encrypts everything by default and the list of resources no longer counts, yet `secrets` is its documented value
/// (<https://docs.aws.amazon.com/eks/latest/APIReference/API_EncryptionConfig.html>).
#[expect(deprecated, reason = "the only documented way to name a key of one's own")]
fn encryption(blue: &Cluster) -> Option<Vec<EncryptionConfig>> {
    blue.encryption_key_arn.as_ref().map(|key| {
        vec![
            EncryptionConfig::builder().resources("secrets").provider(Provider::builder().key_arn(key).build()).build(),
        ]
    })
}

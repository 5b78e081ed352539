//! Creation and deletion of clusters.
//!
//! EKS takes about ten minutes to create a cluster, the simulation [`crate::Delays::cluster_create`]. Then a Kubernetes API
//! of the `kubernetes` crate listens at the cluster's endpoint: the real kube-apiserver where the options have its programs.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::auto_mode;
use crate::{
    account::Account, authenticator::IamAuthenticator, ec2, identifier, loopback, query_protocol::Fault, storage,
};

/// Number of ranges of loopback addresses for clusters: 127.64.0.0/16 to 127.127.0.0/16.
const RANGES: u8 = 64;

/// Brings a cluster to ACTIVE, or FAILED with the reason in its health.
pub(crate) fn create(account: &Arc<Account>, name: String) {
    let delay = account.delays().cluster_create;
    let task = Arc::clone(account);
    account.spawn(async move {
        let made = security_group(&task, &name).await;
        tokio::time::sleep(delay).await;
        let outcome = match made {
            Ok(()) => start(&task, &name).await,
            Err(fault) => Err(("Ec2SecurityGroupNotFound", fault.message)),
        };
        if let Err((code, message)) = outcome {
            tracing::warn!(cluster = name, code, message, "the cluster could not be created");
            if let Some(cluster) = task.state().clusters.get_mut(&name) {
                cluster.stored.set("status", json!("FAILED"));
                cluster
                    .stored
                    .set("health", json!({ "issues": [{ "code": code, "message": message, "resourceIds": [] }] }));
            }
        }
    });
}

/// The cluster security group, which EKS creates for every cluster and attaches to control plane and nodes:
/// <https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html>
async fn security_group(account: &Account, name: &str) -> Result<(), Fault> {
    let Some(vpc) = account
        .state()
        .clusters
        .get(name)
        .and_then(|cluster| cluster.stored.resource["resourcesVpcConfig"]["vpcId"].as_str().map(str::to_owned))
    else {
        return Ok(());
    };
    let group_name = format!("eks-cluster-sg-{name}-{}", identifier::hexadecimal(8));
    let description = "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well \
                       as any managed workloads.";
    let tags = BTreeMap::from([
        ("Name".to_owned(), format!("eks-cluster-sg-{name}")),
        ("aws:eks:cluster-name".to_owned(), name.to_owned()),
        (format!("kubernetes.io/cluster/{name}"), "owned".to_owned()),
    ]);
    let group = ec2::create_security_group(&account.neighbours, &group_name, description, &vpc, &tags).await?;
    if let Some(cluster) = account.state().clusters.get_mut(name) {
        cluster.stored.resource["resourcesVpcConfig"]["clusterSecurityGroupId"] = json!(group);
    }
    ec2::allow_from_itself(&account.neighbours, &group).await
}

/// Starts the Kubernetes API.
async fn start(account: &Arc<Account>, name: &str) -> Result<(), (&'static str, String)> {
    let claim = loopback::claim(0..RANGES, |subnet| loopback::node(subnet, 254))
        .ok_or(("InsufficientFreeAddresses", "no free range of loopback addresses".to_owned()))?;
    let Some(version) = account.state().clusters.get(name).map(|cluster| cluster.version().to_owned()) else {
        return Ok(());
    };
    let api = kubernetes::Cluster::start(kubernetes::Options {
        name: name.to_owned(),
        version,
        authenticator: Arc::new(IamAuthenticator::new(account)),
        traefik: account.options.traefik.clone(),
        subnet: claim.number,
        assets: account.options.control_planes.clone(),
    })
    .await
    .map_err(|error| ("InternalFailure", error.to_string()))?;

    let followed = api.clone();
    let mut state = account.state();
    if let Some(cluster) = state.clusters.get_mut(name) {
        let issuer = identifier::hexadecimal(32).to_uppercase();
        let region = &account.options.region;
        cluster.stored.set("status", json!("ACTIVE"));
        cluster.stored.set("endpoint", json!(api.endpoint()));
        cluster.stored.set("certificateAuthority", json!({ "data": STANDARD.encode(api.ca_pem()) }));
        cluster.stored.set(
            "identity",
            json!({ "oidc": { "issuer": format!("https://oidc.eks.{region}.amazonaws.com/id/{issuer}") } }),
        );
        cluster.addresses = Some(claim);
        cluster.kubernetes = Some(api);
    }
    drop(state);
    auto_mode::begin(account, name);
    account.spawn(storage::follow(Arc::clone(account), name.to_owned(), followed));
    Ok(())
}

/// Deletes a cluster with its Kubernetes API and its security group.
pub(crate) fn delete(account: &Arc<Account>, name: String) {
    account.later(account.delays().cluster_delete, |account| async move {
        let (api, group) = {
            let mut state = account.state();
            let Some(cluster) = state.clusters.get_mut(&name) else { return };
            let group =
                cluster.stored.resource["resourcesVpcConfig"]["clusterSecurityGroupId"].as_str().map(str::to_owned);
            (cluster.kubernetes.take(), group)
        };
        if let Some(api) = api {
            api.stop().await;
        }
        auto_mode::end(&account, &name).await;
        if let Some(group) = group
            && let Err(fault) = ec2::delete_security_group(&account.neighbours, &group).await
        {
            // As on AWS, the cluster is deleted even if its security group is still in use and stays.
            tracing::warn!(cluster = name, group, code = fault.code, "the cluster security group stays");
        }
        account.state().clusters.remove(&name);
    });
}

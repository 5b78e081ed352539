//! Clusters: `CreateCluster`, `DescribeCluster`, `ListClusters`, `DeleteCluster`.
//!
//! <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html>

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::{
    Outcome, access_entry,
    access_entry::AccessEntry,
    cluster_lifecycle,
    fault::Fault,
    nodegroup::Nodegroup,
    request::{Request, page},
    stored::{Stored, checked_name, texts},
    version,
};
use crate::{
    account::{Account, State},
    authenticator, ec2, identifier,
    loopback::Claim,
};

/// A cluster with its node groups, Fargate profiles, add-ons, access entries, associations and identity providers.
pub(crate) struct Cluster {
    /// The cluster in the format of `DescribeCluster`.
    pub(crate) stored: Stored,
    /// ARN of the principal that created it.
    pub(crate) creator: String,
    /// Its range of loopback addresses.
    pub(crate) addresses: Option<Claim>,
    /// Its Kubernetes API, from ACTIVE on.
    pub(crate) kubernetes: Option<kubernetes::Cluster>,
    /// Node groups by name.
    pub(crate) nodegroups: BTreeMap<String, Nodegroup>,
    /// Fargate profiles by name.
    pub(crate) fargate_profiles: BTreeMap<String, Stored>,
    /// Add-ons by name.
    pub(crate) addons: BTreeMap<String, Stored>,
    /// Access entries by principal ARN.
    pub(crate) access_entries: BTreeMap<String, AccessEntry>,
    /// Pod identity associations by id.
    pub(crate) pod_identities: BTreeMap<String, Stored>,
    /// Configurations of OIDC identity providers by name.
    pub(crate) identity_providers: BTreeMap<String, Stored>,
    /// The instances that EKS Auto Mode has made.
    pub(crate) auto_nodes: Vec<String>,
    /// Number of the last launched node in the range of addresses.
    pub(crate) last_node: u8,
}

impl Cluster {
    /// How principals are mapped: `API`, `API_AND_CONFIG_MAP` or `CONFIG_MAP`.
    pub(crate) fn authentication_mode(&self) -> &str {
        self.stored.resource["accessConfig"]["authenticationMode"].as_str().unwrap_or("CONFIG_MAP")
    }

    /// The Kubernetes version.
    pub(crate) fn version(&self) -> &str {
        self.stored.resource["version"].as_str().unwrap_or_default()
    }

    /// Refuses changes unless the cluster is ACTIVE.
    pub(crate) fn require_active(&self) -> Result<(), Fault> {
        let name = self.stored.resource["name"].as_str().unwrap_or_default();
        match self.stored.status() {
            "ACTIVE" => Ok(()),
            "UPDATING" => Err(Fault::in_use(format!("Cluster {name} currently has an update in progress.")).of(name)),
            status => {
                Err(Fault::invalid_request(format!("Cluster '{name}' is not in ACTIVE status but {status}.")).of(name))
            }
        }
    }
}

/// A cluster by name.
pub(crate) fn find<'a>(state: &'a State, name: &str) -> Result<&'a Cluster, Fault> {
    state.clusters.get(name).ok_or_else(|| Fault::no_cluster(name))
}

/// Like [`find`], to change it.
pub(crate) fn find_mut<'a>(state: &'a mut State, name: &str) -> Result<&'a mut Cluster, Fault> {
    state.clusters.get_mut(name).ok_or_else(|| Fault::no_cluster(name))
}

/// `DescribeCluster`
pub(crate) fn describe(account: &Account, name: &str) -> Outcome {
    Ok(json!({ "cluster": find(&account.state(), name)?.stored.resource }))
}

/// `ListClusters`
pub(crate) fn list(account: &Account, request: &Request) -> Outcome {
    page(request, "clusters", account.state().clusters.keys().map(|name| json!(name)).collect())
}

/// `ListCapabilities`; always empty, since nothing of that sort can be created here.
pub(crate) fn no_capabilities(account: &Account, name: &str) -> Outcome {
    find(&account.state(), name)?;
    Ok(json!({ "capabilities": [] }))
}

/// `CreateCluster`
pub(crate) async fn create(account: &Arc<Account>, request: &Request) -> Outcome {
    let name = checked_name(request.required("name")?)?.to_owned();
    if let Some(repeated) = existing(&account.state(), &name, request)? {
        return Ok(repeated);
    }
    request.required("roleArn")?;
    let kubernetes_version = request.text("version").unwrap_or(version::DEFAULT);
    if !version::is_supported(kubernetes_version) {
        return Err(Fault::invalid_parameter(format!("unsupported Kubernetes version {kubernetes_version}")).of(&name));
    }
    let mode = access_config(request)?;
    let network = network(account, request).await?;
    let creator = authenticator::caller(account, request.access_key.as_deref()).await;

    let mut cluster = Cluster {
        stored: Stored {
            resource: resource(account, request, &name, kubernetes_version, &network)?,
            request: request.body.clone(),
        },
        creator: creator.clone(),
        addresses: None,
        kubernetes: None,
        nodegroups: BTreeMap::new(),
        fargate_profiles: BTreeMap::new(),
        addons: BTreeMap::new(),
        access_entries: BTreeMap::new(),
        pod_identities: BTreeMap::new(),
        identity_providers: BTreeMap::new(),
        auto_nodes: Vec::new(),
        last_node: 0,
    };
    // The creator's access entry: https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
    if mode != "CONFIG_MAP" && request.body["accessConfig"]["bootstrapClusterCreatorAdminPermissions"] != json!(false) {
        let entry = access_entry::of_creator(account, &name, &creator);
        cluster.access_entries.insert(creator, entry);
    }
    if let Some(role) = request.body["computeConfig"]["nodeRoleArn"].as_str() {
        cluster.access_entries.insert(role.to_owned(), access_entry::of_auto_nodes(account, &name, role));
    }
    let answer = json!({ "cluster": cluster.stored.resource });
    {
        let mut state = account.state();
        if let Some(repeated) = existing(&state, &name, request)? {
            return Ok(repeated);
        }
        state.clusters.insert(name.clone(), cluster);
    }
    cluster_lifecycle::create(account, name);
    Ok(answer)
}

/// `DeleteCluster`: <https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteCluster.html>
///
/// Refused while there are node groups or while deletion protection is on
/// (<https://docs.aws.amazon.com/eks/latest/userguide/deletion-protection.html>).
pub(crate) fn delete(account: &Arc<Account>, name: &str) -> Outcome {
    let answer = {
        let mut state = account.state();
        let cluster = find_mut(&mut state, name)?;
        if cluster.stored.resource["deletionProtection"] == json!(true) {
            return Err(Fault::invalid_request(format!(
                "Cluster {name} has deletion protection enabled. Disable deletion protection before deleting the cluster."
            ))
            .of(name));
        }
        if let Some(group) = cluster.nodegroups.keys().next() {
            return Err(Fault::in_use("Cluster has nodegroups attached").of(name).with("nodegroupName", group));
        }
        if !cluster.fargate_profiles.is_empty() {
            return Err(Fault::in_use("Cluster has Fargate profiles attached").of(name));
        }
        if !matches!(cluster.stored.status(), "ACTIVE" | "FAILED") {
            let status = cluster.stored.status();
            return Err(Fault::in_use(format!("Cannot delete because cluster {name} is in status {status}")).of(name));
        }
        cluster.stored.set("status", json!("DELETING"));
        json!({ "cluster": cluster.stored.resource })
    };
    cluster_lifecycle::delete(account, name.to_owned());
    Ok(answer)
}

/// The existing cluster if the request repeats its creation, or `ResourceInUseException` if the name is taken.
fn existing(state: &State, name: &str, request: &Request) -> Result<Option<Value>, Fault> {
    let Some(cluster) = state.clusters.get(name) else { return Ok(None) };
    match cluster.stored.repeated(request) {
        Some(resource) => Ok(Some(json!({ "cluster": resource }))),
        None => Err(Fault::in_use(format!("Cluster already exists with name: {name}")).of(name)),
    }
}

/// The authentication mode asked for; the API's default is `CONFIG_MAP`.
fn access_config(request: &Request) -> Result<String, Fault> {
    let config = request.member_or("accessConfig", json!({}));
    let mode = config["authenticationMode"].as_str().unwrap_or("CONFIG_MAP");
    // In CONFIG_MAP mode nobody has access without the creator's permissions.
    if mode == "CONFIG_MAP" && config["bootstrapClusterCreatorAdminPermissions"] == json!(false) {
        return Err(Fault::invalid_parameter(
            "bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP",
        ));
    }
    match mode {
        "API" | "API_AND_CONFIG_MAP" | "CONFIG_MAP" => Ok(mode.to_owned()),
        other => Err(Fault::invalid_parameter(format!("authenticationMode {other} is not valid."))),
    }
}

/// `resourcesVpcConfig` of the response. Subnets and security groups have to exist.
async fn network(account: &Account, request: &Request) -> Result<Value, Fault> {
    let asked = request.member_or("resourcesVpcConfig", json!({}));
    let subnet_ids = texts(&asked["subnetIds"]);
    let groups = texts(&asked["securityGroupIds"]);
    if subnet_ids.is_empty() {
        return Err(Fault::invalid_parameter("resourcesVpcConfig.subnetIds is required."));
    }
    let subnets = ec2::subnets(&account.neighbours, &subnet_ids).await?;
    ec2::security_groups_exist(&account.neighbours, &groups).await?;
    if subnets.iter().any(|subnet| subnet.zone != subnets[0].zone) {
        let private = asked["endpointPrivateAccess"].as_bool().unwrap_or(false);
        let public = asked["endpointPublicAccess"].as_bool().unwrap_or(true);
        if !private && !public {
            return Err(Fault::invalid_parameter("Private and public endpoint access cannot be false"));
        }
        let cidrs = asked["publicAccessCidrs"].as_array().cloned().unwrap_or_else(|| vec![json!("0.0.0.0/0")]);
        Ok(json!({
            "subnetIds": subnet_ids,
            "securityGroupIds": groups,
            "vpcId": subnets[0].vpc,
            "endpointPublicAccess": public,
            "endpointPrivateAccess": private,
            "publicAccessCidrs": cidrs,
        }))
    } else {
        Err(Fault::invalid_parameter("Subnets specified must be in at least two different AZs"))
    }
}

/// Whether the cluster is to be in EKS Auto Mode: compute, load balancing and block storage are all enabled, or none is
/// (<https://docs.aws.amazon.com/eks/latest/userguide/auto-disable.html>). Its nodes are said in [`super::auto_mode`]; load balancers and volumes
/// are not simulated here.
fn is_auto(request: &Request) -> Result<bool, Fault> {
    let enabled = |pointer: &str| request.body.pointer(pointer) == Some(&json!(true));
    let all = ["/computeConfig", "/kubernetesNetworkConfig/elasticLoadBalancing", "/storageConfig/blockStorage"];
    let all = all.map(|place| enabled(&format!("{place}/enabled")));
    if all.iter().any(|one| *one != all[0]) {
        return Err(Fault::invalid_parameter(
            "computeConfig, kubernetesNetworkConfig.elasticLoadBalancing and storageConfig.blockStorage must all be enabled, or all disabled.",
        ));
    }
    Ok(all[0])
}

fn resource(
    account: &Account,
    request: &Request,
    name: &str,
    kubernetes_version: &str,
    network: &Value,
) -> Result<Value, Fault> {
    let service_range = request.body["kubernetesNetworkConfig"]["serviceIpv4Cidr"].as_str().unwrap_or("172.20.0.0/16");
    let log_types = json!(["api", "audit", "authenticator", "controllerManager", "scheduler"]);
    let bootstrap = request.body["accessConfig"]["bootstrapClusterCreatorAdminPermissions"].as_bool().unwrap_or(true);
    let mut resource = json!({
        "name": name,
        "arn": account.arn("eks", &format!("cluster/{name}")),
        "createdAt": identifier::epoch_seconds(),
        "version": kubernetes_version,
        "roleArn": request.required("roleArn")?,
        "resourcesVpcConfig": network,
        "kubernetesNetworkConfig": {
            "serviceIpv4Cidr": service_range, "ipFamily": "ipv4",
            "elasticLoadBalancing": { "enabled": is_auto(request)? },
        },
        "logging": request.member_or("logging", json!({ "clusterLogging": [{ "types": log_types, "enabled": false }] })),
        "status": "CREATING",
        "certificateAuthority": {},
        "platformVersion": version::platform(kubernetes_version),
        "tags": request.tags()?,
        "health": { "issues": [] },
        "accessConfig": { "authenticationMode": access_config(request)?, "bootstrapClusterCreatorAdminPermissions": bootstrap },
        "upgradePolicy": request.member_or("upgradePolicy", json!({ "supportType": "EXTENDED" })),
        "deletionProtection": request.member_or("deletionProtection", json!(false)),
    });
    for kept in ["encryptionConfig", "zonalShiftConfig", "remoteNetworkConfig", "computeConfig", "storageConfig"] {
        if let Some(value) = request.body.get(kept) {
            resource[kept] = value.clone();
        }
    }
    Ok(resource)
}

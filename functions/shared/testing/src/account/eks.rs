//! Amazon EKS: control planes, node groups and add-ons.

mod access;
mod auto_mode;
mod fargate;

pub(crate) use auto_mode::auto_nodes;

use super::aws::pair;
use super::ec2::everything_out;
use super::time::Change;
use super::{Account, Aws};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::plan::compute::{
    Addon, Cluster, ClusterStatus, Direction, Issue, NodeGroup, POD_IDENTITY_AGENT, Peer, Rule, Scaling, SecurityGroup,
    VPC_CNI,
};
use domain::ports::clusters::{AddonOffer, AddonSchema, AddonStatus, NewCluster, NewNodeGroup};
use domain::ports::network::{Instance, Interface};
use domain::ports::scaling::{AutoScalingGroup, CLUSTER_TAG, NODE_GROUP_TAG};
use domain::ports::{Addons, Clusters, NodeGroups};
use domain::{PhaseError, Tags, ownership};
use std::collections::BTreeMap;

/// The ARN of something of EKS.
pub(crate) fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:eks:eu-central-1:123456789012:{kind}/{name}")
}

/// 32 hexadecimal digits, as EKS names issuers, which tell nothing of the cluster's name.
/// The certificate authority of a cluster's endpoint, as EKS tells it in base64.
fn authority(name: &str) -> String {
    STANDARD.encode(format!("the authority of {name}"))
}

fn issuer_id(name: &str) -> String {
    let digits: Vec<String> = name.bytes().rev().map(|byte| format!("{byte:02X}")).collect();
    format!("{:0<32.32}", digits.concat())
}

fn names<T>(map: &BTreeMap<(String, String), T>, cluster: &str) -> Vec<String> {
    map.keys().filter(|(of, _)| of == cluster).map(|(_, name)| name.clone()).collect()
}

/// Why the nodes of a cluster stay unready: without the VPC CNI, or without what gives it its credentials
/// (<https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html#not-ready>).
fn no_network(addons: &BTreeMap<(String, String), AddonStatus>, cluster: &str) -> Option<String> {
    let Some(cni) = addons.get(&pair(cluster, VPC_CNI)) else {
        return Some("Unhealthy nodes in the kubernetes cluster: cni plugin not initialized".to_owned());
    };
    let agent = addons.contains_key(&pair(cluster, POD_IDENTITY_AGENT));
    (!cni.addon.pod_identities.is_empty() && !agent)
        .then(|| "Unhealthy nodes in the kubernetes cluster: aws-node has no credentials".to_owned())
}

impl Aws {
    /// Why nodes of a custom AMI join no cluster, or another: EKS adds nothing to their user data
    /// (<https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-custom-ami>).
    fn strays(&self, cluster: &str, name: &str) -> Option<String> {
        let group = self.node_groups.get(&pair(cluster, name))?;
        let id = group.launch_template.as_ref()?.split('@').next()?;
        self.launch_templates.get(id)?.data.image_id.as_ref()?;
        let cluster = &self.clusters.get(cluster)?.cluster;
        let user_data = self.user_data.get(id).and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
        let text = String::from_utf8_lossy(&user_data).into_owned();
        let says = |value: &String| text.contains(value.as_str());
        let joins = [&cluster.name, &cluster.endpoint, &cluster.certificate_authority].into_iter().all(says)
            && cluster.service_cidr.iter().all(says);
        (!joins).then(|| "Instances failed to join the kubernetes cluster".to_owned())
    }

    /// The control plane is there, with its security group.
    pub(crate) fn cluster_created(&mut self, name: &str) {
        let Some(found) = self.clusters.get_mut(name).filter(|found| found.status == "CREATING") else { return };
        let id = format!("sg-cluster-{name}");
        "ACTIVE".clone_into(&mut found.status);
        found.cluster.cluster_security_group_id.clone_from(&id);
        found.cluster.endpoint = format!("https://{name}.eks.amazonaws.com");
        found.cluster.certificate_authority = authority(name);
        found.cluster.oidc_issuer = format!("https://oidc.eks.eu-central-1.amazonaws.com/id/{}", issuer_id(name));
        let itself = Rule { direction: Direction::Ingress, peer: Peer::Group(id.clone()), ..everything_out() };
        let group = SecurityGroup {
            id: id.clone(),
            name: format!("eks-cluster-sg-{name}"),
            vpc_id: found.cluster.vpc_id.clone(),
            rules: vec![itself, everything_out()],
            ..SecurityGroup::default()
        };
        self.security_groups.insert(id, group);
        self.auto_mode_begins(name);
    }

    /// The control plane is gone with all that hung on it. EKS leaves a security group that something names.
    pub(crate) fn cluster_deleted(&mut self, name: &str) {
        let Some(found) = self.clusters.remove(name) else { return };
        self.auto_mode_ends(name);
        let group = found.cluster.cluster_security_group_id;
        if !self.uses_group(&group) {
            self.security_groups.remove(&group);
        }
        self.addons.retain(|(cluster, _), _| cluster != name);
        self.access_entries.retain(|(cluster, _), _| cluster != name);
        self.pod_identities.retain(|(cluster, _), _| cluster != name);
        self.identity_providers.retain(|(cluster, _), _| cluster != name);
        self.objects.remove(name);
        self.others.retain(|(cluster, _), _| cluster != name);
    }

    /// The nodes are there, in an Auto Scaling group that EKS has made.
    pub(crate) fn node_group_created(&mut self, cluster: &str, name: &str) {
        let strays = self.strays(cluster, name);
        let Some(group) = self.node_groups.get_mut(&pair(cluster, name)) else { return };
        if group.status != "CREATING" {
            return;
        }
        if let Some(message) = no_network(&self.addons, cluster).or(strays) {
            "CREATE_FAILED".clone_into(&mut group.status);
            group.issues = vec![Issue { code: "NodeCreationFailure".to_owned(), message }];
            return;
        }
        "ACTIVE".clone_into(&mut group.status);
        let (scaling, instance) = (format!("eks-{name}-{cluster}"), format!("i-{cluster}-{name}"));
        group.auto_scaling_groups = vec![scaling.clone()];
        let tags = [(CLUSTER_TAG, cluster), (NODE_GROUP_TAG, name)];
        let mut tags: Tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        tags.insert(format!("kubernetes.io/cluster/{cluster}"), "owned".to_owned());
        self.instances.push(Instance { id: instance.clone(), tags, ..Instance::default() });
        let group = AutoScalingGroup {
            name: scaling.clone(),
            cluster: cluster.to_owned(),
            node_group: name.to_owned(),
            target_group_arns: Vec::new(),
            instance_ids: vec![instance],
            settings: Vec::new(),
        };
        self.scaling.insert(scaling, group);
    }

    /// The nodes are gone, and the VPC CNI has left one of their network interfaces
    /// (<https://github.com/aws/amazon-vpc-cni-k8s/issues/1223>).
    pub(crate) fn node_group_deleted(&mut self, cluster: &str, name: &str) {
        let Some(group) = self.node_groups.remove(&pair(cluster, name)) else { return };
        for scaling in &group.auto_scaling_groups {
            for id in self.scaling.remove(scaling).into_iter().flat_map(|scaling| scaling.instance_ids) {
                self.instances.retain(|instance| instance.id != id);
                self.unchecked.retain(|(_, target)| *target != id);
            }
        }
        self.interfaces.push(Interface {
            id: format!("eni-left-by-{cluster}-{name}"),
            status: "available".to_owned(),
            tags: [("cluster.k8s.amazonaws.com/name".to_owned(), cluster.to_owned())].into(),
            ..Interface::default()
        });
    }

    /// The cluster has access entries beside its `ConfigMap`.
    pub(crate) fn authentication_mode_moved(&mut self, name: &str) {
        let Some(found) = self.clusters.get_mut(name).filter(|found| found.status == "UPDATING") else { return };
        "ACTIVE".clone_into(&mut found.status);
        "API_AND_CONFIG_MAP".clone_into(&mut found.cluster.authentication_mode);
    }

    /// The API server has been updated for an identity provider.
    pub(crate) fn identity_provider_associated(&mut self, cluster: &str, name: &str) {
        if let Some(found) = self.identity_providers.get_mut(&pair(cluster, name)) {
            "ACTIVE".clone_into(&mut found.status);
        }
        if let Some(found) = self.clusters.get_mut(cluster).filter(|found| found.status == "UPDATING") {
            "ACTIVE".clone_into(&mut found.status);
        }
    }

    pub(crate) fn addon_created(&mut self, cluster: String, name: String) {
        let addon = self.addons.get_mut(&(cluster, name)).filter(|addon| addon.status == "CREATING");
        if let Some(addon) = addon {
            "ACTIVE".clone_into(&mut addon.status);
        }
    }
}

impl Clusters for Account {
    async fn cluster(&self, name: &str) -> Result<Option<ClusterStatus>, PhaseError> {
        self.read("eks:DescribeCluster", |aws| aws.clusters.get(name).cloned())
    }

    async fn cluster_names(&self) -> Result<Vec<String>, PhaseError> {
        self.read("eks:ListClusters", |aws| aws.clusters.keys().cloned().collect())
    }

    async fn offered_versions(&self) -> Result<Vec<String>, PhaseError> {
        self.read("eks:DescribeClusterVersions", |aws| aws.versions.clone())
    }

    async fn create_cluster(&self, request: &NewCluster) -> Result<String, PhaseError> {
        let name = &request.green.name;
        self.change("eks:CreateCluster", |aws| {
            if aws.clusters.contains_key(name) {
                return Err(PhaseError::conflict(format!("ResourceInUseException: {name}")));
            }
            let cluster = Cluster {
                name: name.clone(),
                arn: arn("cluster", name),
                version: request.green.version.clone(),
                subnet_ids: request.green.subnet_ids.clone(),
                security_group_ids: request.security_group_ids.clone(),
                cluster_security_group_id: String::new(),
                authentication_mode: request.green.authentication_mode.clone(),
                tags: request.tags.clone(),
                endpoint: String::new(),
                oidc_issuer: String::new(),
                ..request.blue.clone()
            };
            aws.create("Cluster", "", name);
            let created =
                ClusterStatus { cluster, status: "CREATING".to_owned(), created_at: aws.now(), issues: Vec::new() };
            aws.clusters.insert(name.clone(), created);
            aws.later(|durations| durations.cluster, Change::ClusterCreated(name.clone()));
            Ok(arn("cluster", name))
        })
    }

    async fn let_access_entries_in(&self, name: &str, _: &str) -> Result<(), PhaseError> {
        self.change("eks:UpdateClusterConfig", |aws| {
            let found = aws.clusters.get_mut(name).filter(|found| found.status == "ACTIVE");
            let found = found.ok_or_else(|| PhaseError::not_ready("ResourceInUseException: update in progress"))?;
            // EKS changes no mode to itself (aws/aws-cdk#31032).
            let mode = &found.cluster.authentication_mode;
            if mode != "CONFIG_MAP" {
                return Err(PhaseError::refused(format!(
                    "InvalidParameterException: Unsupported authentication mode update from {mode} to API_AND_CONFIG_MAP"
                )));
            }
            "UPDATING".clone_into(&mut found.status);
            aws.create("AuthenticationMode", "", name);
            aws.later(|durations| durations.authentication_mode, Change::AuthenticationModeMoved(name.to_owned()));
            Ok(())
        })
    }

    async fn drop_deletion_protection(&self, name: &str) -> Result<(), PhaseError> {
        self.change("eks:UpdateClusterConfig", |aws| {
            if let Some(found) = aws.clusters.get_mut(name) {
                found.cluster.deletion_protection = false;
            }
            Ok(())
        })
    }

    async fn delete_cluster(&self, name: &str) -> Result<(), PhaseError> {
        self.change("eks:DeleteCluster", |aws| {
            let busy = !names(&aws.node_groups, name).is_empty() || !names(&aws.fargate_profiles, name).is_empty();
            let Some(found) = aws.clusters.get_mut(name) else { return Ok(()) };
            if busy || ["CREATING", "UPDATING"].contains(&found.status.as_str()) {
                return Err(PhaseError::not_ready("ResourceInUseException"));
            }
            if found.cluster.deletion_protection {
                return Err(PhaseError::refused("InvalidRequestException: deletion protection is on"));
            }
            if found.status != "DELETING" {
                "DELETING".clone_into(&mut found.status);
                aws.later(|durations| durations.cluster_deletion, Change::ClusterDeleted(name.to_owned()));
            }
            Ok(())
        })
    }

    async fn capabilities(&self, _: &str) -> Result<Vec<String>, PhaseError> {
        self.read("eks:ListCapabilities", |_| Vec::new())
    }
}

impl NodeGroups for Account {
    async fn node_groups(&self, cluster: &str) -> Result<Vec<String>, PhaseError> {
        self.read("eks:ListNodegroups", |aws| names(&aws.node_groups, cluster))
    }

    async fn node_group(&self, cluster: &str, name: &str) -> Result<Option<NodeGroup>, PhaseError> {
        self.read("eks:DescribeNodegroup", |aws| aws.node_groups.get(&pair(cluster, name)).cloned())
    }

    async fn create_node_group(&self, request: &NewNodeGroup) -> Result<String, PhaseError> {
        let (cluster, name) = (&request.cluster, &request.like.name);
        self.change("eks:CreateNodegroup", |aws| {
            if aws.clusters.get(cluster).is_none_or(|found| found.status != "ACTIVE") {
                return Err(PhaseError::refused("InvalidRequestException: the cluster is not active"));
            }
            let template = request.launch_template.as_ref();
            if template.is_some_and(|(id, _)| !aws.launch_templates.contains_key(id)) {
                return Err(PhaseError::refused("InvalidParameterException: the launch template does not exist"));
            }
            let image = template.and_then(|(id, _)| aws.launch_templates.get(id)?.data.image_id.as_ref());
            if image.is_some() != (request.like.ami_type == "CUSTOM") {
                return Err(PhaseError::refused(
                    "InvalidParameterException: the AMI type does not go with the launch template",
                ));
            }
            if aws.node_groups.contains_key(&pair(cluster, name)) {
                return Err(PhaseError::conflict(format!("ResourceInUseException: {name}")));
            }
            let arn = arn("nodegroup", &format!("{cluster}/{name}/2"));
            let created = NodeGroup {
                arn: arn.clone(),
                version: request.version.clone(),
                subnet_ids: request.like.green_subnet_ids.clone(),
                launch_template: template.map(|(id, version)| format!("{id}@{version}")),
                auto_scaling_groups: Vec::new(),
                status: "CREATING".to_owned(),
                tags: request.tags.clone(),
                ..request.like.clone()
            };
            aws.create("NodeGroup", "", name);
            aws.node_groups.insert(pair(cluster, name), created);
            aws.later(|durations| durations.node_group, Change::NodeGroupCreated(cluster.clone(), name.clone()));
            Ok(arn)
        })
    }

    async fn scale_node_group(&self, cluster: &str, name: &str, scaling: Scaling) -> Result<(), PhaseError> {
        self.change("eks:UpdateNodegroupConfig", |aws| {
            let group = aws.node_groups.get_mut(&pair(cluster, name));
            group.ok_or_else(|| PhaseError::refused("ResourceNotFoundException"))?.scaling = scaling;
            Ok(())
        })
    }

    async fn delete_node_group(&self, cluster: &str, name: &str) -> Result<(), PhaseError> {
        self.change("eks:DeleteNodegroup", |aws| {
            let group = aws.node_groups.get_mut(&pair(cluster, name)).filter(|group| group.status != "DELETING");
            if let Some(group) = group {
                "DELETING".clone_into(&mut group.status);
                let deleted = Change::NodeGroupDeleted(cluster.to_owned(), name.to_owned());
                aws.later(|durations| durations.node_group_deletion, deleted);
            }
            Ok(())
        })
    }
}

impl Addons for Account {
    async fn addon_names(&self, cluster: &str) -> Result<Vec<String>, PhaseError> {
        self.read("eks:ListAddons", |aws| names(&aws.addons, cluster))
    }

    async fn addon(&self, cluster: &str, name: &str) -> Result<Option<AddonStatus>, PhaseError> {
        self.read("eks:DescribeAddon", |aws| aws.addons.get(&pair(cluster, name)).cloned())
    }

    async fn addon_versions(&self, name: &str, kubernetes_version: &str) -> Result<AddonOffer, PhaseError> {
        self.read("eks:DescribeAddonVersions", |aws| AddonOffer {
            default_namespace: None,
            versions: aws.addon_versions.get(&pair(name, kubernetes_version)).cloned().unwrap_or_default(),
        })
    }

    async fn addon_schema(&self, name: &str, _: &str) -> Result<Option<AddonSchema>, PhaseError> {
        self.read("eks:DescribeAddonConfiguration", |aws| aws.addon_schemas.get(name).cloned())
    }

    async fn create_addon(&self, cluster: &str, addon: &Addon, tags: &Tags, _: &str) -> Result<String, PhaseError> {
        self.change("eks:CreateAddon", |aws| {
            let key = pair(cluster, &addon.name);
            if !aws.clusters.contains_key(cluster) {
                return Err(PhaseError::refused("ResourceNotFoundException"));
            }
            if aws.addons.contains_key(&key) {
                return Err(PhaseError::conflict(format!("ResourceInUseException: {}", addon.name)));
            }
            for (account, role) in &addon.pod_identities {
                aws.lets_pods(role, None, account)?;
            }
            let arn = arn("addon", &format!("{cluster}/{}/1", addon.name));
            let created = AddonStatus {
                addon: Addon { tags: tags.clone(), ..addon.clone() },
                arn: arn.clone(),
                status: "CREATING".to_owned(),
                created_at: aws.now(),
                issues: Vec::new(),
                association_arns: Vec::new(),
            };
            aws.create("Addon", "", &addon.name);
            aws.addons.insert(key, created);
            aws.later(|durations| durations.addon, Change::AddonCreated(cluster.to_owned(), addon.name.clone()));
            Ok(arn)
        })
    }
}

/// Whether a migration of this name made it.
pub(crate) fn is_of(tags: &Tags, migration: &str) -> bool {
    tags.get(ownership::MIGRATION).is_some_and(|name| name == migration)
}

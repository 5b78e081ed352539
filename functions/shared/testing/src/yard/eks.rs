//! Amazon EKS in memory.

use super::{Grounds, Yard, ec2};
use domain::{
    PhaseError, Tags,
    plan::compute::{
        AccessEntry, AccessPolicy, Addon, Cluster, ClusterStatus, Direction, NodeGroup, Peer, PodIdentity, Rule,
        SecurityGroup,
    },
    ports::{
        Access, Addons, Clusters, NodeGroups,
        clusters::{AddonOffer, AddonStatus, NewCluster, NewNodeGroup},
    },
};

fn pair(cluster: &str, name: &str) -> (String, String) {
    (cluster.to_owned(), name.to_owned())
}

fn names<T>(map: &std::collections::BTreeMap<(String, String), T>, cluster: &str) -> Vec<String> {
    map.keys().filter(|(of, _)| of == cluster).map(|(_, name)| name.clone()).collect()
}

/// The cluster is there, with its security group.
pub(super) fn finish(grounds: &mut Grounds, name: &str) {
    let Some(found) = grounds.clusters.get_mut(name) else { return };
    let id = format!("sg-cluster-{name}");
    "ACTIVE".clone_into(&mut found.status);
    found.cluster.cluster_security_group_id.clone_from(&id);
    found.cluster.endpoint = format!("https://{name}.eks.amazonaws.com");
    let itself = Rule { direction: Direction::Ingress, peer: Peer::Group(id.clone()), ..ec2::everything_out() };
    let group = SecurityGroup {
        id: id.clone(),
        name: format!("eks-cluster-sg-{name}"),
        vpc_id: found.cluster.vpc_id.clone(),
        rules: vec![itself, ec2::everything_out()],
        ..SecurityGroup::default()
    };
    grounds.security_groups.insert(id, group);
}

/// The cluster is gone with all that hung on it. EKS leaves a security group that something names.
pub(super) fn vanish(grounds: &mut Grounds, name: &str) {
    let Some(found) = grounds.clusters.remove(name) else { return };
    let group = found.cluster.cluster_security_group_id;
    if !ec2::in_use(grounds, &group) {
        grounds.security_groups.remove(&group);
    }
    grounds.addons.retain(|(cluster, _), _| cluster != name);
    grounds.access_entries.retain(|(cluster, _), _| cluster != name);
    grounds.pod_identities.retain(|(cluster, _), _| cluster != name);
}

impl Clusters for Yard {
    async fn cluster(&self, name: &str) -> Result<Option<ClusterStatus>, PhaseError> {
        self.read(|grounds| grounds.clusters.get(name).cloned())
    }

    async fn cluster_names(&self) -> Result<Vec<String>, PhaseError> {
        self.read(|grounds| grounds.clusters.keys().cloned().collect())
    }

    async fn offered_versions(&self) -> Result<Vec<String>, PhaseError> {
        self.read(|grounds| grounds.versions.clone())
    }

    async fn create_cluster(&self, request: &NewCluster) -> Result<String, PhaseError> {
        let name = request.green.name.clone();
        self.change(Some(format!("Cluster {name}")), |grounds| {
            if grounds.clusters.contains_key(&name) {
                return Err(PhaseError::conflict(format!("ResourceInUseException: {name}")));
            }
            let arn = format!("arn:aws:eks:eu-central-1:123456789012:cluster/{name}");
            let cluster = Cluster {
                name: name.clone(),
                arn: arn.clone(),
                version: request.green.version.clone(),
                subnet_ids: request.green.subnet_ids.clone(),
                security_group_ids: request.security_group_ids.clone(),
                cluster_security_group_id: String::new(),
                authentication_mode: request.green.authentication_mode.clone(),
                tags: request.tags.clone(),
                endpoint: String::new(),
                ..request.blue.clone()
            };
            let created = ClusterStatus {
                cluster,
                status: "CREATING".to_owned(),
                created_at: jiff::Timestamp::UNIX_EPOCH,
                issues: Vec::new(),
            };
            grounds.clusters.insert(name.clone(), created);
            Ok(arn)
        })
    }

    async fn drop_deletion_protection(&self, name: &str) -> Result<(), PhaseError> {
        self.change(None, |grounds| {
            if let Some(found) = grounds.clusters.get_mut(name) {
                found.cluster.deletion_protection = false;
            }
            Ok(())
        })
    }

    async fn delete_cluster(&self, name: &str) -> Result<(), PhaseError> {
        self.change(None, |grounds| {
            let busy = !names(&grounds.node_groups, name).is_empty();
            let Some(found) = grounds.clusters.get_mut(name) else { return Ok(()) };
            if busy || found.status == "CREATING" {
                return Err(PhaseError::not_ready("ResourceInUseException"));
            }
            if found.cluster.deletion_protection {
                return Err(PhaseError::refused("InvalidRequestException: deletion protection is on"));
            }
            "DELETING".clone_into(&mut found.status);
            Ok(())
        })
    }

    async fn fargate_profiles(&self, cluster: &str) -> Result<Vec<String>, PhaseError> {
        self.read(|grounds| grounds.fargate_profiles.get(cluster).cloned().unwrap_or_default())
    }
}

impl NodeGroups for Yard {
    async fn node_groups(&self, cluster: &str) -> Result<Vec<String>, PhaseError> {
        self.read(|grounds| names(&grounds.node_groups, cluster))
    }

    async fn node_group(&self, cluster: &str, name: &str) -> Result<Option<NodeGroup>, PhaseError> {
        self.read(|grounds| grounds.node_groups.get(&pair(cluster, name)).cloned())
    }

    async fn create_node_group(&self, request: &NewNodeGroup) -> Result<String, PhaseError> {
        let name = &request.like.name;
        self.change(Some(format!("NodeGroup {name}")), |grounds| {
            if grounds.clusters.get(&request.cluster).is_none_or(|found| found.status != "ACTIVE") {
                return Err(PhaseError::refused("InvalidRequestException: the cluster is not active"));
            }
            let arn = format!("arn:aws:eks:eu-central-1:123456789012:nodegroup/{}/{name}/2", request.cluster);
            let created = NodeGroup {
                arn: arn.clone(),
                version: request.version.clone(),
                subnet_ids: request.like.green_subnet_ids.clone(),
                launch_template: request.launch_template.as_ref().map(|(id, version)| format!("{id}@{version}")),
                status: "CREATING".to_owned(),
                tags: request.tags.clone(),
                ..request.like.clone()
            };
            match grounds.node_groups.insert(pair(&request.cluster, name), created) {
                None => Ok(arn),
                Some(_) => Err(PhaseError::conflict("ResourceInUseException")),
            }
        })
    }

    async fn delete_node_group(&self, cluster: &str, name: &str) -> Result<(), PhaseError> {
        self.change(None, |grounds| {
            if let Some(group) = grounds.node_groups.get_mut(&pair(cluster, name)) {
                "DELETING".clone_into(&mut group.status);
            }
            Ok(())
        })
    }
}

impl Addons for Yard {
    async fn addon_names(&self, cluster: &str) -> Result<Vec<String>, PhaseError> {
        self.read(|grounds| names(&grounds.addons, cluster))
    }

    async fn addon(&self, cluster: &str, name: &str) -> Result<Option<AddonStatus>, PhaseError> {
        self.read(|grounds| grounds.addons.get(&pair(cluster, name)).cloned())
    }

    async fn addon_versions(&self, name: &str, kubernetes_version: &str) -> Result<AddonOffer, PhaseError> {
        self.read(|grounds| AddonOffer {
            default_namespace: None,
            versions: grounds.addon_versions.get(&pair(name, kubernetes_version)).cloned().unwrap_or_default(),
        })
    }

    async fn create_addon(&self, cluster: &str, addon: &Addon, _: &Tags, _: &str) -> Result<String, PhaseError> {
        self.change(Some(format!("Addon {}", addon.name)), |grounds| {
            let arn = format!("arn:aws:eks:eu-central-1:123456789012:addon/{cluster}/{}/1", addon.name);
            let created = AddonStatus {
                addon: addon.clone(),
                arn: arn.clone(),
                status: "CREATING".to_owned(),
                created_at: jiff::Timestamp::UNIX_EPOCH,
                issues: Vec::new(),
                association_arns: Vec::new(),
            };
            match grounds.addons.insert(pair(cluster, &addon.name), created) {
                None => Ok(arn),
                Some(_) => Err(PhaseError::conflict("ResourceInUseException")),
            }
        })
    }
}

impl Access for Yard {
    async fn access_entries(&self, cluster: &str) -> Result<Vec<String>, PhaseError> {
        self.read(|grounds| names(&grounds.access_entries, cluster))
    }

    async fn access_entry(&self, cluster: &str, principal_arn: &str) -> Result<Option<AccessEntry>, PhaseError> {
        self.read(|grounds| grounds.access_entries.get(&pair(cluster, principal_arn)).cloned())
    }

    async fn create_access_entry(
        &self,
        cluster: &str,
        entry: &AccessEntry,
        tags: &Tags,
        _: &str,
    ) -> Result<String, PhaseError> {
        self.change(Some(format!("AccessEntry {cluster} {}", entry.principal_arn)), |grounds| {
            let created = AccessEntry { policies: Vec::new(), tags: tags.clone(), ..entry.clone() };
            match grounds.access_entries.insert(pair(cluster, &entry.principal_arn), created) {
                None => Ok(format!("arn:aws:eks:eu-central-1:123456789012:access-entry/{cluster}/1")),
                Some(_) => Err(PhaseError::conflict("ResourceInUseException")),
            }
        })
    }

    async fn associate_access_policy(
        &self,
        cluster: &str,
        principal_arn: &str,
        policy: &AccessPolicy,
    ) -> Result<(), PhaseError> {
        self.change(None, |grounds| match grounds.access_entries.get_mut(&pair(cluster, principal_arn)) {
            Some(entry) if entry.policies.contains(policy) => Ok(()),
            Some(entry) => {
                entry.policies.push(policy.clone());
                Ok(())
            }
            None => Err(PhaseError::refused("ResourceNotFoundException")),
        })
    }

    async fn delete_access_entry(&self, cluster: &str, principal_arn: &str) -> Result<(), PhaseError> {
        self.change(None, |grounds| {
            grounds.access_entries.remove(&pair(cluster, principal_arn));
            Ok(())
        })
    }

    async fn pod_identities(&self, cluster: &str) -> Result<Vec<PodIdentity>, PhaseError> {
        self.read(|grounds| {
            grounds.pod_identities.iter().filter(|((of, _), _)| of == cluster).map(|(_, found)| found.clone()).collect()
        })
    }

    async fn create_pod_identity(
        &self,
        cluster: &str,
        association: &PodIdentity,
        tags: &Tags,
        _: &str,
    ) -> Result<String, PhaseError> {
        let name = association.key();
        self.change(Some(format!("PodIdentityAssociation {name}")), |grounds| {
            let arn = format!("arn:aws:eks:eu-central-1:123456789012:podidentityassociation/{cluster}/{name}");
            let created = PodIdentity { arn: arn.clone(), tags: tags.clone(), ..association.clone() };
            match grounds.pod_identities.insert(pair(cluster, &name), created) {
                None => Ok(arn),
                Some(_) => Err(PhaseError::conflict("ResourceInUseException")),
            }
        })
    }
}

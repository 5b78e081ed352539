//! Fargate profiles, of which EKS makes or deletes one at a time in a cluster
//! (<https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteFargateProfile.html>, hashicorp/terraform#25059 and
//! hashicorp/terraform-provider-aws#16272), with the access entry that it makes for the Pod execution role
//! (<https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html>).

use super::super::aws::pair;
use super::super::time::Change;
use super::super::{Account, Aws};
use super::{arn, names};
use domain::plan::compute::{AccessEntry, FargateProfile};
use domain::ports::FargateProfiles;
use domain::{PhaseError, Tags};

impl Aws {
    /// The profile is there.
    pub(crate) fn fargate_profile_created(&mut self, cluster: &str, name: &str) {
        let created = self.fargate_profiles.get_mut(&pair(cluster, name)).filter(|found| found.status == "CREATING");
        let Some(profile) = created else { return };
        "ACTIVE".clone_into(&mut profile.status);
        let entry = AccessEntry {
            principal_arn: profile.pod_execution_role_arn.clone(),
            entry_type: "FARGATE_LINUX".to_owned(),
            ..AccessEntry::default()
        };
        self.access_entries.insert(pair(cluster, &entry.principal_arn), entry);
    }

    /// The profile is gone, and its Pods with it.
    pub(crate) fn fargate_profile_deleted(&mut self, cluster: &str, name: &str) {
        self.fargate_profiles.remove(&pair(cluster, name));
    }

    /// Why nothing can be done to a profile: EKS has another one to make or to delete.
    fn busy_fargate_profile(&self, cluster: &str) -> Result<(), PhaseError> {
        let mut of_cluster = self.fargate_profiles.iter().filter(|((of, _), _)| of == cluster);
        let busy = of_cluster.find(|(_, found)| matches!(found.status.as_str(), "CREATING" | "DELETING"));
        busy.map_or(Ok(()), |((_, name), found)| {
            let status = &found.status;
            let message = format!(
                "cluster {cluster} currently has Fargate profile {name} in status {status}: ResourceInUseException"
            );
            Err(PhaseError::not_ready(message))
        })
    }
}

impl FargateProfiles for Account {
    async fn fargate_profiles(&self, cluster: &str) -> Result<Vec<String>, PhaseError> {
        self.read("eks:ListFargateProfiles", |aws| names(&aws.fargate_profiles, cluster))
    }

    async fn fargate_profile(&self, cluster: &str, name: &str) -> Result<Option<FargateProfile>, PhaseError> {
        self.read("eks:DescribeFargateProfile", |aws| aws.fargate_profiles.get(&pair(cluster, name)).cloned())
    }

    async fn create_fargate_profile(
        &self,
        cluster: &str,
        like: &FargateProfile,
        tags: &Tags,
        _: &str,
    ) -> Result<String, PhaseError> {
        let name = &like.name;
        self.change("eks:CreateFargateProfile", |aws| {
            if aws.clusters.get(cluster).is_none_or(|found| found.status != "ACTIVE") {
                return Err(PhaseError::refused("InvalidRequestException: the cluster is not active"));
            }
            if aws.fargate_profiles.contains_key(&pair(cluster, name)) {
                return Err(PhaseError::conflict(format!("ResourceInUseException: {name}")));
            }
            aws.busy_fargate_profile(cluster)?;
            let arn = arn("fargateprofile", &format!("{cluster}/{name}/2"));
            let created = FargateProfile {
                arn: arn.clone(),
                status: "CREATING".to_owned(),
                tags: tags.clone(),
                issues: Vec::new(),
                ..like.clone()
            };
            aws.create("FargateProfile", "", name);
            aws.fargate_profiles.insert(pair(cluster, name), created);
            let change = Change::FargateProfileCreated(cluster.to_owned(), name.clone());
            aws.later(|durations| durations.fargate_profile, change);
            Ok(arn)
        })
    }

    async fn delete_fargate_profile(&self, cluster: &str, name: &str) -> Result<(), PhaseError> {
        self.change("eks:DeleteFargateProfile", |aws| {
            if !aws.fargate_profiles.contains_key(&pair(cluster, name)) {
                return Ok(());
            }
            aws.busy_fargate_profile(cluster)?;
            if let Some(found) = aws.fargate_profiles.get_mut(&pair(cluster, name)) {
                "DELETING".clone_into(&mut found.status);
            }
            let change = Change::FargateProfileDeleted(cluster.to_owned(), name.to_owned());
            aws.later(|durations| durations.fargate_profile, change);
            Ok(())
        })
    }
}

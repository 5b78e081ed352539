//! The shop whose batch work and whose reports run on Fargate.

use super::{BLUE, input};
use crate::account::{Aws, pair};
use crate::{Account, migration};
use domain::plan::Planned;
use domain::plan::compute::{AccessEntry, FargateProfile, FargateSelector};
use domain::{Kind, Migration, Plan, Problem};
use serde_json::json;

/// The names of the profiles.
pub const PROFILES: [&str; 2] = ["batch", "reports"];

/// The ARN of the role by which Fargate fetches images.
pub const ROLE: &str = "arn:aws:iam::123456789012:role/fargate";

/// What trusts Fargate for the profiles of both clusters
/// (<https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html>).
#[must_use]
pub fn trust(clusters: &[&str]) -> String {
    let profiles: Vec<String> = clusters
        .iter()
        .map(|cluster| format!("arn:aws:eks:eu-central-1:123456789012:fargateprofile/{cluster}/*"))
        .collect();
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "eks-fargate-pods.amazonaws.com" },
            "Action": "sts:AssumeRole",
            "Condition": { "ArnLike": { "aws:SourceArn": profiles } },
        }],
    })
    .to_string()
}

fn profile(name: &str) -> FargateProfile {
    FargateProfile {
        name: name.to_owned(),
        arn: format!("arn:aws:eks:eu-central-1:123456789012:fargateprofile/{BLUE}/{name}/1"),
        pod_execution_role_arn: ROLE.to_owned(),
        subnet_ids: ["subnet-a", "subnet-b"].map(str::to_owned).into(),
        selectors: vec![FargateSelector {
            namespace: name.to_owned(),
            labels: [("compute".to_owned(), "fargate".to_owned())].into(),
        }],
        tags: [("cluster".to_owned(), BLUE.to_owned())].into(),
        status: "ACTIVE".to_owned(),
        ..FargateProfile::default()
    }
}

fn put(aws: &mut Aws) {
    aws.roles.insert("fargate".to_owned(), trust(&["shop-blue", "shop-green"]));
    for name in PROFILES {
        aws.fargate_profiles.insert(pair(BLUE, name), profile(name));
    }
    let entry = AccessEntry {
        principal_arn: ROLE.to_owned(),
        entry_type: "FARGATE_LINUX".to_owned(),
        ..AccessEntry::default()
    };
    aws.access_entries.insert(pair(BLUE, ROLE), entry);
}

impl Account {
    /// The account of this shop before its migration.
    #[must_use]
    pub fn fargate_shop() -> Self {
        let account = Self::shop();
        put(&mut account.aws());
        account
    }

    /// This shop with a migration, opened with the plan that preflight makes.
    ///
    /// # Errors
    /// Every problem of the input.
    pub fn fargate_opened() -> Result<(Self, Migration), Vec<Problem>> {
        let account = Self::fargate_shop();
        let migration = Migration { plan: account.fargate_plan(), ..migration(&input())? };
        account.enter(&migration);
        Ok((account, migration))
    }

    /// What preflight finds of this shop.
    #[must_use]
    pub fn fargate_plan(&self) -> Plan {
        let mut plan = self.plan();
        for profile in PROFILES.map(profile) {
            plan.deletes.push(Planned::existing(Kind::FargateProfile, &profile.name, &profile.arn));
            plan.compute.fargate_profiles.push(profile);
        }
        plan
    }
}

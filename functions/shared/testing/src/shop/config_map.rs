//! The shop of long ago, into whose blue only the `ConfigMap` `aws-auth` lets anybody. Beside the nodes' role it names one of people, which the
//! bundles bring to green.

use super::{BLUE, BUNDLE, input_with, manifests};
use crate::{Account, migration};
use domain::resources::authentication_mode::{self, BOTH, CONFIG_MAP};
use domain::{Migration, Problem};
use serde_json::{Value, json};

/// What the shop's people ask for, with these fields more.
#[must_use]
pub fn input(fields: Value) -> Value {
    let mut input = input_with(fields);
    input["blue"]["authenticationMode"] = json!(BOTH);
    input
}

/// As in <https://docs.aws.amazon.com/eks/latest/userguide/auth-configmap.html>.
#[must_use]
pub fn aws_auth() -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "aws-auth", "namespace": "kube-system" },
        "data": { "mapRoles": "- groups:\n  - system:bootstrappers\n  - system:nodes\n  rolearn: arn:aws:iam::123456789012:role/nodes\n  \
            username: system:node:{{EC2PrivateDNSName}}\n- groups:\n  - viewers\n  rolearn: arn:aws:iam::123456789012:role/people\n  \
            username: people\n" },
    })
}

impl Account {
    /// The account of this shop before its migration.
    #[must_use]
    pub fn config_map_shop() -> Self {
        let account = Self::shop();
        {
            let mut aws = account.aws();
            if let Some(blue) = aws.clusters.get_mut(BLUE) {
                CONFIG_MAP.clone_into(&mut blue.cluster.authentication_mode);
            }
            aws.access_entries.clear();
        }
        let mut bundle = manifests();
        bundle.push(aws_auth());
        account.upload(BUNDLE, bundle);
        account.cluster(BLUE).put(aws_auth());
        account
    }

    /// This shop with a migration, opened with the plan that preflight makes.
    ///
    /// # Errors
    /// Every problem of the input.
    pub fn config_map_opened() -> Result<(Self, Migration), Vec<Problem>> {
        let account = Self::config_map_shop();
        let mut plan = account.plan();
        plan.compute.access_entries.clear();
        BOTH.clone_into(&mut plan.compute.green.authentication_mode);
        let moved = authentication_mode::planned(&plan.compute);
        plan.creates.extend(moved);
        let migration = Migration { plan, ..migration(&input(json!({})))? };
        account.enter(&migration);
        Ok((account, migration))
    }
}

//! A shop before its migration, and as phases leave it on the way.
//!
//! Blue is the cluster `shop-blue` with two node groups on one launch template, security groups that name each other and the load
//! balancer's, add-ons, people with access and a Pod Identity association. In front of it are a REST API of five methods with
//! keys and a usage plan, a VPC link (V1) and a Network Load Balancer with one target group. On it run an ingress
//! controller, a web server, and two workloads that must run in one cluster only.

pub mod auto_mode;
mod compute;
pub mod config_map;
pub mod custom_ami;
mod edge;
pub mod existing;
pub mod fargate;
mod front;
mod green;
pub mod http_api;
pub mod irsa;
pub mod karpenter;
pub mod private_api;
pub mod service;
pub mod snapshots;
mod terraform;
pub mod two_apis;
pub mod volumes;
pub mod warehouse;
mod workloads;

pub use front::Front;
pub use green::{G, GREEN_BALANCER, GREEN_LINK, GREEN_TARGET_GROUP, TEMPORARY, TEMPORARY_GREEN};
pub use terraform::{GATEWAY, LOCKS, NETWORK, NETWORK_GREEN, STATES, state, terraform, terraform_with_adoption};
pub use workloads::{BUNDLE, manifests};

use crate::{Account, migration};
use domain::ports::Settings;
use domain::{Entry, Migration, Plan, Problem, ResourceKey, Status};
use serde_json::{Value, json};

/// Blue's name.
pub const BLUE: &str = "shop-blue";
/// Green's name.
pub const GREEN: &str = "shop-green";
/// The id of the public API; its stage is `prod`.
pub const API: &str = "shop1";

/// What the shop's people ask for.
#[must_use]
pub fn input() -> Value {
    json!({
        "blue": { "cluster": BLUE },
        "green": { "cluster": GREEN, "version": "1.34" },
        "gateway": { "restApiId": API, "stage": "prod" },
        "workloads": {
            "manifests": [BUNDLE],
            "hosts": [{ "primary": "shop.example.com", "temporary": "green.example.com" }],
            "hold": ["CronJob/shop/nightly", "Deployment/shop/consumer"],
        },
    })
}

/// The same with other fields at the top, such as `cutover`.
#[must_use]
pub fn input_with(fields: Value) -> Value {
    let mut input = input();
    if let (Some(input), Value::Object(fields)) = (input.as_object_mut(), fields) {
        input.extend(fields);
    }
    input
}

impl Account {
    /// The shop's account before its migration.
    #[must_use]
    pub fn shop() -> Self {
        Self::shop_behind(Front::Plain)
    }

    /// The same with a variant of its API.
    #[must_use]
    pub fn shop_behind(front: Front) -> Self {
        let account = Self::new();
        compute::put(&mut account.aws());
        edge::put(&mut account.aws());
        front.put(&mut account.aws());
        terraform::put(&mut account.aws());
        workloads::put(&account);
        account
    }

    /// The shop with a migration of this input, opened with the plan that preflight makes.
    ///
    /// # Errors
    /// Every problem of the input.
    pub fn opened(input: &Value) -> Result<(Self, Migration), Vec<Problem>> {
        let account = Self::shop();
        let migration = Migration { plan: account.plan(), ..migration(input)? };
        account.enter(&migration);
        Ok((account, migration))
    }

    /// What preflight finds of the shop, with green as `shop-green` of version 1.34.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let (compute, edge) = (compute::found(&self.aws()), edge::found());
        let (creates, deletes) = (compute::creates(), [compute::deletes(&compute), edge::deletes()].concat());
        Plan {
            region: "eu-central-1".to_owned(),
            account: "123456789012".to_owned(),
            compute,
            edge,
            workloads: workloads::found(self),
            creates,
            deletes,
            ..Plan::default()
        }
    }

    /// Has the ledger know something as present, without a call.
    pub fn know(&self, migration: &Migration, key: ResourceKey, id: &str) {
        let entry = Entry { key, status: Status::Present, id: Some(id.to_owned()), detail: Value::Null };
        if let Some(record) = self.table().migrations.get_mut(&migration.id) {
            record.entries.insert(entry.key.clone(), entry);
        }
    }

    /// Bascule's role in the clusters.
    fn role(&self) -> String {
        self.kubernetes_role_arn().unwrap_or_default()
    }
}

//! The shop whose Pods take IAM roles through blue's OIDC provider: its cart by the annotation of a service account, and the network plugin
//! by its add-on.

use super::{BLUE, BUNDLE, GREEN, input_with, manifests};
use crate::account::pair;
use crate::{Account, migration};
use domain::plan::{Planned, compute::Compute};
use domain::ports::oidc_providers::OidcProvider;
use domain::resources::{oidc_provider, trust_statement};
use domain::{Kind, Migration, Plan, Problem, trust_policy::issuer};
use serde_json::{Value, json};

/// The roles: the cart's, whose policy people wrote over several lines, and the network plugin's, which instances may assume too.
pub const ROLES: [&str; 2] = ["cart", "cni"];

/// What the shop's people ask for, with these fields more.
#[must_use]
pub fn input(fields: Value) -> Value {
    let mut input = input_with(fields);
    input["identities"] = json!({ "irsa": "extend" });
    input
}

/// The ARN of a role of the shop.
#[must_use]
pub fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::123456789012:role/{name}")
}

/// What a role says of a provider, as in <https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html>.
#[must_use]
pub fn statement(name: &str, provider: &str) -> Value {
    let issuer = issuer(provider);
    let account = if name == "cart" { "shop:cart" } else { "kube-system:aws-node" };
    json!({
        "Effect": "Allow",
        "Principal": { "Federated": provider },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": {
            format!("{issuer}:aud"): "sts.amazonaws.com",
            format!("{issuer}:sub"): format!("system:serviceaccount:{account}"),
        } },
    })
}

fn policy(name: &str, provider: &str) -> String {
    let own = statement(name, provider);
    if name == "cart" {
        format!("{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": {own}\n}}\n")
    } else {
        let instances =
            json!({ "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" });
        json!({ "Version": "2012-10-17", "Statement": [instances, own] }).to_string()
    }
}

/// The bundle with the cart's service account.
fn bundle() -> Vec<Value> {
    let mut manifests = manifests();
    manifests.push(json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": { "name": "cart", "namespace": "shop", "annotations": { "eks.amazonaws.com/role-arn": role_arn("cart") } },
    }));
    manifests
}

impl Account {
    /// The ARN of the OIDC provider of a cluster that exists.
    #[must_use]
    pub fn provider_of(&self, cluster: &str) -> Option<String> {
        self.aws().clusters.get(cluster).and_then(|found| oidc_provider::arn(&found.cluster))
    }

    /// The account of this shop before its migration.
    #[must_use]
    pub fn irsa_shop() -> Self {
        let account = Self::shop();
        let arn = account.provider_of(BLUE).unwrap_or_default();
        {
            let mut aws = account.aws();
            aws.irsa_roles = Some("c*".to_owned());
            aws.roles.extend(ROLES.map(|name| (name.to_owned(), policy(name, &arn))));
            if let Some(plugin) = aws.addons.get_mut(&pair(BLUE, "vpc-cni")) {
                plugin.addon.service_account_role_arn = Some(role_arn("cni"));
            }
            let provider = OidcProvider {
                arn: arn.clone(),
                client_ids: vec!["sts.amazonaws.com".to_owned()],
                thumbprints: vec!["9e99a48a9960b14926bb7f3b02e22da2b0ab7280".to_owned()],
                tags: [("cluster".to_owned(), BLUE.to_owned())].into(),
            };
            aws.oidc_providers.insert(arn, provider);
        }
        account.upload(BUNDLE, bundle());
        if let Some(service_account) = bundle().pop() {
            account.cluster(BLUE).put(service_account);
        }
        account
    }

    /// This shop with a migration, opened with the plan that preflight makes.
    ///
    /// # Errors
    /// Every problem of the input.
    pub fn irsa_opened() -> Result<(Self, Migration), Vec<Problem>> {
        let account = Self::irsa_shop();
        let migration = Migration { plan: account.irsa_plan(), ..migration(&input(json!({})))? };
        account.enter(&migration);
        Ok((account, migration))
    }

    /// What preflight finds of this shop's compute.
    #[must_use]
    pub fn irsa_compute(&self) -> Compute {
        let mut compute = self.plan().compute;
        for addon in compute.addons.iter_mut().filter(|addon| addon.name == "vpc-cni") {
            addon.service_account_role_arn = Some(role_arn("cni"));
        }
        compute
    }

    fn irsa_plan(&self) -> Plan {
        let mut plan = Plan { compute: self.irsa_compute(), ..self.plan() };
        let aws = self.aws();
        for (arn, blue) in &aws.oidc_providers {
            plan.deletes.push(Planned::existing(Kind::OidcProvider, &plan.compute.blue.oidc_issuer, arn));
            plan.creates.push(oidc_provider::planned(GREEN, blue));
            for name in ROLES {
                let said = [statement(name, arn)];
                let (created, deleted) = trust_statement::planned((name, &role_arn(name)), &said, arn, GREEN);
                plan.creates.push(created);
                plan.deletes.push(deleted);
            }
        }
        drop(aws);
        plan
    }
}

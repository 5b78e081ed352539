//! The shop whose Pods take IAM roles through blue's OIDC provider: its cart by the annotation of a service account, and the network plugin
//! by its add-on. In a variant its nodes have the agent of EKS Pod Identity.

use super::compute::add_on;
use super::{BLUE, BUNDLE, GREEN, input_with, manifests};
use crate::account::pair;
use crate::{Account, migration};
use domain::plan::Planned;
use domain::plan::compute::{Compute, IdentityProvider, POD_IDENTITY_AGENT, PodIdentity};
use domain::ports::clusters::{AddonSchema, IdentityProviderStatus};
use domain::ports::oidc_providers::OidcProvider;
use domain::resources::{oidc_provider, trust_statement};
use domain::trust_policy::{for_pods, issuer};
use domain::{Kind, Migration, Plan, Problem};
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

/// The service account whose Pods take a role, namespace and name.
#[must_use]
pub fn taker(role: &str) -> (&'static str, &'static str) {
    if role == "cart" { ("shop", "cart") } else { ("kube-system", "aws-node") }
}

/// The identity provider of the shop's staff, as in
/// <https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html>.
#[must_use]
pub fn staff() -> IdentityProvider {
    IdentityProvider {
        name: "staff".to_owned(),
        issuer_url: "https://login.example.com".to_owned(),
        client_id: "kubernetes".to_owned(),
        username_claim: Some("email".to_owned()),
        groups_claim: Some("cognito:groups".to_owned()),
        groups_prefix: Some("gid:".to_owned()),
        required_claims: [("aud".to_owned(), "kubernetes".to_owned())].into(),
        tags: [("team".to_owned(), "shop".to_owned())].into(),
        ..IdentityProvider::default()
    }
}

/// What a role says of a provider, as in <https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html>.
#[must_use]
pub fn statement(name: &str, provider: &str) -> Value {
    let issuer = issuer(provider);
    let (namespace, account) = taker(name);
    json!({
        "Effect": "Allow",
        "Principal": { "Federated": provider },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": {
            format!("{issuer}:aud"): "sts.amazonaws.com",
            format!("{issuer}:sub"): format!("system:serviceaccount:{namespace}:{account}"),
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

    /// The account of this shop whose nodes have the agent of EKS Pod Identity, and whose staff has an identity provider, before its migration.
    #[must_use]
    pub fn pods_shop() -> Self {
        let account = Self::irsa_shop();
        {
            let mut aws = account.aws();
            add_on(&mut aws, POD_IDENTITY_AGENT);
            let schema = AddonSchema { service_accounts: vec![taker("cni").1.to_owned()], ..AddonSchema::default() };
            aws.addon_schemas.insert("vpc-cni".to_owned(), schema);
            let staff = IdentityProviderStatus { provider: staff(), status: "ACTIVE".to_owned() };
            aws.identity_providers.insert(pair(BLUE, &staff.provider.name), staff);
        }
        account
    }

    /// That one with a migration, opened with the plan that preflight makes.
    ///
    /// # Errors
    /// Every problem of the input.
    pub fn pods_opened() -> Result<(Self, Migration), Vec<Problem>> {
        let account = Self::pods_shop();
        let mut plan = Plan { compute: account.pods_compute(), ..account.plan() };
        for (name, namespace) in [("cart", Some("shop")), ("cni", None)] {
            let blue = account.provider_of(BLUE).unwrap_or_default();
            let (said, added) = ([statement(name, &blue)], [for_pods(namespace, taker(name).1)]);
            let (created, deleted) = trust_statement::planned_for_pods((name, &role_arn(name)), &said, &added);
            plan.creates.extend(created);
            plan.deletes.push(deleted);
        }
        let migration = Migration { plan, ..migration(&input(json!({})))? };
        account.enter(&migration);
        Ok((account, migration))
    }

    /// What green is to get by EKS Pod Identity, as preflight leaves it.
    #[must_use]
    pub fn pods_compute(&self) -> Compute {
        let mut compute = self.plan().compute;
        for addon in compute.addons.iter_mut().filter(|addon| addon.name == "vpc-cni") {
            addon.pod_identities = vec![(taker("cni").1.to_owned(), role_arn("cni"))];
        }
        let agent = pair(BLUE, POD_IDENTITY_AGENT);
        compute.addons.extend(self.aws().addons.get(&agent).map(|found| found.addon.clone()));
        compute.addons.sort_by(|a, b| a.name.cmp(&b.name));
        compute.identity_providers = vec![staff()];
        let (namespace, service_account) = taker("cart");
        compute.pod_identities.push(PodIdentity {
            namespace: namespace.to_owned(),
            service_account: service_account.to_owned(),
            role_arn: role_arn("cart"),
            ..PodIdentity::default()
        });
        compute
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

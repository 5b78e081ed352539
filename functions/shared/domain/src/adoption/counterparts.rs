//! What of green stands for what of blue, as the ledger has it.

use crate::{
    Entry, Kind, Migration, ResourceKey, Side,
    plan::compute::{Cluster, Rule},
    ports::network::IdentifiedRule,
    resources::{
        cluster, deployment, launch_template, listener, load_balancer, oidc_provider, security_group, target_group,
        trust_statement, vpc_link,
    },
};
use serde_json::Value;
use std::collections::BTreeMap;

/// What of green stands for what of blue.
#[derive(Debug, Clone, Default)]
pub struct Counterparts {
    /// Ids and ARNs, none of which can mean something else.
    ids: BTreeMap<String, String>,
    /// What Bascule created for green, by its key in the ledger.
    made: BTreeMap<ResourceKey, String>,
    /// Green, as nodes of custom AMIs are told of it.
    pub(super) joined: Option<Cluster>,
    /// What was added to the trust policies of roles, by their names.
    trusted: BTreeMap<String, Vec<Value>>,
    /// Rules of security groups as EC2 knows them.
    rules: Vec<IdentifiedRule>,
}

impl Counterparts {
    /// By the entries of the ledger.
    #[must_use]
    pub fn of(migration: &Migration, entries: &[Entry]) -> Self {
        let (compute, edge) = (&migration.plan.compute, &migration.plan.edge);
        let live = entries.iter().filter(|entry| entry.is_live() && entry.key.side == Side::Green);
        let made: BTreeMap<_, _> = live.filter_map(|entry| Some((entry.key.clone(), entry.id.clone()?))).collect();
        let templates = compute.launch_templates.iter().map(|one| (&one.id, launch_template::key(one)));
        let groups = compute.security_groups.iter().map(|one| (&one.id, security_group::key(&one.id)));
        let targets = edge.target_groups.iter().map(|one| (&one.arn, target_group::key(&one.name)));
        let listeners = edge.listeners.iter().map(|one| (&one.arn, listener::key(one.port)));
        let provider = made.keys().find(|key| key.kind == Kind::OidcProvider).cloned();
        let blues = oidc_provider::arn(&compute.blue);
        let single = [
            (&compute.blue.arn, cluster::key(migration)),
            (&compute.blue.cluster_security_group_id, security_group::key(&compute.blue.cluster_security_group_id)),
            (&edge.load_balancer.arn, load_balancer::key(migration)),
            (&edge.vpc_link.id, vpc_link::key(migration)),
        ];
        let views = migration.per_api();
        let deployments =
            views.iter().map(|view| (&view.plan.edge.stage.deployment_id, deployment::green(view.as_ref())));
        let pairs = templates.chain(groups).chain(targets).chain(listeners).chain(single).chain(deployments);
        let pairs = pairs.chain(blues.as_ref().zip(provider));
        // Of several versions of a template that were cloned, the first.
        let mut ids = BTreeMap::new();
        for (blue, key) in pairs.filter(|(blue, _)| !blue.is_empty()) {
            if let Some(green) = made.get(&key) {
                ids.entry(blue.clone()).or_insert_with(|| green.clone());
            }
        }
        let mut templates = entries.iter().filter(|entry| entry.key.kind == Kind::LaunchTemplate);
        let trusted = entries.iter().filter(|entry| entry.is_live() && entry.key.kind == Kind::TrustStatement);
        let trusted = trusted.map(|entry| (entry.key.name.clone(), trust_statement::added(entry))).collect();
        Self { ids, made, joined: templates.find_map(launch_template::joins), trusted, rules: Vec::new() }
    }

    /// With the rules of the groups of [`super::groups_of_rules`].
    #[must_use]
    pub fn with_rules(self, rules: Vec<IdentifiedRule>) -> Self {
        Self { rules, ..self }
    }

    /// What EC2 knows of a rule, in green's ids.
    pub(super) fn rule(&self, group_id: &str, rule: &Rule) -> Option<&IdentifiedRule> {
        self.rules.iter().find(|found| found.group_id == group_id && found.rule.allows_the_same(rule))
    }

    /// The trust policy that a role of this name has now, where it had this one before something was added for green.
    pub(super) fn trust_policy(&self, role: &str, former: &str) -> Option<String> {
        self.trusted.get(role).and_then(|added| trust_statement::policy_with(former, added))
    }

    /// The id or ARN of what Bascule created under this key.
    pub(super) fn made(&self, key: &ResourceKey) -> Option<&str> {
        self.made.get(key).map(String::as_str)
    }

    /// Whether this is the id or ARN of something of green. An access entry is known by its principal, which is there without it.
    #[must_use]
    pub fn is_green(&self, id: &str) -> bool {
        self.made.iter().any(|(key, made)| key.kind != Kind::AccessEntry && made == id)
    }

    /// The value with green's ids and ARNs for blue's, wherever in it one stands for itself.
    #[must_use]
    pub fn of_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.ids.get(text).unwrap_or(text).clone()),
            Value::Array(values) => values.iter().map(|value| self.of_value(value)).collect(),
            Value::Object(fields) => {
                Value::Object(fields.iter().map(|(name, value)| (name.clone(), self.of_value(value))).collect())
            }
            other => other.clone(),
        }
    }
}

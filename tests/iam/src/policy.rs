//! Policy documents (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>) and their evaluation.

use serde_json::Value;

use crate::access::Access;
use crate::condition::{Condition, texts};
use crate::pattern::fits;

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy(Vec<Statement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    denies: bool,
    /// Whether it is about everybody; the policies of roles name nobody, since they are about the role.
    of_everybody: bool,
    actions: Named,
    resources: Named,
    conditions: Vec<Condition>,
}

/// `Action` or `Resource`, or `NotAction` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    patterns: Vec<String>,
    others: bool,
}

/// What policies say of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it, and none denies it.
    Allowed,
    /// A statement denies it.
    ExplicitlyDenied,
    /// No statement allows it.
    ImplicitlyDenied,
}

impl Policy {
    /// Reads a policy document.
    ///
    /// # Errors
    /// What is no policy, or what is not simulated.
    pub fn read(document: &Value) -> Result<Self, String> {
        let statements = match &document["Statement"] {
            Value::Array(several) => several.iter().collect(),
            Value::Null => return Err("a policy without statements".to_owned()),
            one => vec![one],
        };
        statements.into_iter().map(Statement::read).collect::<Result<_, _>>().map(Self)
    }
}

impl Statement {
    fn read(statement: &Value) -> Result<Self, String> {
        let denies = match statement["Effect"].as_str() {
            Some("Allow") => false,
            Some("Deny") => true,
            _ => return Err(format!("a statement with the effect {}", statement["Effect"])),
        };
        if statement.get("NotPrincipal").is_some() {
            return Err("NotPrincipal is not simulated".to_owned());
        }
        Ok(Self {
            denies,
            of_everybody: match statement.get("Principal") {
                None => true,
                Some(Value::Object(kinds)) => kinds
                    .get("AWS")
                    .is_some_and(|named| texts(named).is_ok_and(|named| named.iter().any(|one| one == "*"))),
                Some(named) => named == "*",
            },
            actions: Named::read(statement, "Action", "NotAction")?,
            resources: Named::read(statement, "Resource", "NotResource")?,
            conditions: Condition::read(&statement["Condition"])?,
        })
    }

    fn applies(&self, access: &Access) -> bool {
        let is_action = |pattern: &str| fits(&pattern.to_ascii_lowercase(), &access.action.to_ascii_lowercase());
        self.of_everybody
            && self.actions.include(is_action)
            && self.resources.include(|pattern| fits(pattern, &access.resource))
            && self.conditions.iter().all(|condition| condition.holds(access))
    }
}

impl Named {
    fn read(statement: &Value, these: &str, others: &str) -> Result<Self, String> {
        match (statement.get(these), statement.get(others)) {
            (Some(named), None) => Ok(Self { patterns: texts(named)?, others: false }),
            (None, Some(named)) => Ok(Self { patterns: texts(named)?, others: true }),
            _ => Err(format!("a statement needs either {these} or {others}")),
        }
    }

    fn include(&self, fits: impl Fn(&str) -> bool) -> bool {
        self.patterns.iter().any(|pattern| fits(pattern)) != self.others
    }
}

/// What the policies of one kind say together.
#[must_use]
pub fn evaluate(policies: &[Policy], access: &Access) -> Decision {
    let applying: Vec<&Statement> =
        policies.iter().flat_map(|policy| &policy.0).filter(|statement| statement.applies(access)).collect();
    if applying.iter().any(|statement| statement.denies) {
        Decision::ExplicitlyDenied
    } else if applying.is_empty() {
        Decision::ImplicitlyDenied
    } else {
        Decision::Allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The example of
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_AccessPolicyLanguage_Interplay.html>:
    /// all actions that begin with Get and List but those of reports; iam:CreatePolicy is denied implicitly.
    #[test]
    fn a_deny_beats_an_allow_and_what_nothing_allows_is_denied() {
        let policy = Policy::read(&json!({
            "Version": "2012-10-17",
            "Statement": [
                { "Sid": "AllowGetList", "Effect": "Allow", "Action": ["iam:Get*", "iam:List*"], "Resource": "*" },
                { "Sid": "DenyReports", "Effect": "Deny", "Action": "iam:*Report", "Resource": "*" },
            ],
        }))
        .unwrap();
        let reports = Policy::read(&json!({
            "Statement": { "Effect": "Allow", "Action": "iam:GetOrganizationsAccessReport", "Resource": "*" },
        }))
        .unwrap();
        let policies = [policy, reports];
        let decided = |action: &str| evaluate(&policies, &Access::new(action, "*"));
        assert_eq!(decided("iam:ListRoles"), Decision::Allowed);
        assert_eq!(decided("IAM:getrole"), Decision::Allowed);
        assert_eq!(decided("iam:GetOrganizationsAccessReport"), Decision::ExplicitlyDenied);
        assert_eq!(decided("iam:CreatePolicy"), Decision::ImplicitlyDenied);
    }

    #[test]
    fn a_statement_names_its_actions_and_resources_or_all_others() {
        let policy = |statement: &Value| [Policy::read(&json!({ "Statement": [statement] })).unwrap()];
        let read = Access::new("s3:GetObject", "arn:aws:s3:::bucket/key");
        for (statement, expected) in [
            (json!({ "Effect": "Allow", "NotAction": "s3:Delete*", "Resource": "*" }), Decision::Allowed),
            (json!({ "Effect": "Allow", "NotAction": "s3:Get*", "Resource": "*" }), Decision::ImplicitlyDenied),
            (json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::bucket/*" }), Decision::Allowed),
            (
                json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::bucket" }),
                Decision::ImplicitlyDenied,
            ),
            (json!({ "Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::other/*" }), Decision::Allowed),
            (
                json!({ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:root" }, "Action": "s3:*", "Resource": "*" }),
                Decision::ImplicitlyDenied,
            ),
            (
                json!({ "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "s3:*", "Resource": "*" }),
                Decision::Allowed,
            ),
        ] {
            assert_eq!(evaluate(&policy(&statement), &read), expected, "{statement}");
        }
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        for document in [
            json!({}),
            json!({ "Statement": [{ "Effect": "Maybe", "Action": "*", "Resource": "*" }] }),
            json!({ "Statement": [{ "Effect": "Allow", "Action": "*" }] }),
            json!({ "Statement": [{ "Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*" }] }),
            json!({ "Statement": [{ "Effect": "Allow", "NotPrincipal": "*", "Action": "*", "Resource": "*" }] }),
        ] {
            assert!(Policy::read(&document).is_err(), "{document}");
        }
    }
}

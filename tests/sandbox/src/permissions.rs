//! Whose the functions' access keys are, and what their roles allow: what the front door checks calls by.
//!
//! The stack is deployed with the roles as infra/template.yaml has them, and each role's policies are read back from IAM. Then those
//! conditions are taken from the emulator's roles that the emulator cannot check; the front door checks the tags among them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use front_door::Callers;
use http::Method;
use iam::{Caller, Policy};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::aws::{ACCOUNT, Aws};
use crate::error::{Context, Result};
use crate::processes;

/// IAM's API version.
const VERSION: &str = "2010-05-08";

/// Condition keys that ministack does not fill: what they restrict would be denied altogether. `dynamodb:EnclosingOperation`, which
/// stands beside the first, is one as well.
const UNFILLED: [&str; 3] = ["dynamodb:LeadingKeys", "aws:ResourceTag/", "lambda:Principal"];

/// What the emulator's IAM asks about OIDC providers it asks about `*`, where AWS asks about the provider
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html>): a statement about
/// some of them would allow nothing. The tests of the template alone hold these statements to the providers and their tags.
const UNNAMED: &str = "OpenIDConnectProvider";

/// The callers of an account. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Permissions(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The process group of the functions.
    group: OnceLock<i32>,
    /// Sessions by function.
    functions: OnceLock<BTreeMap<String, Caller>>,
    /// Callers by access key id.
    keys: Mutex<BTreeMap<String, Caller>>,
}

impl Permissions {
    /// Says in which process group the functions run.
    pub fn run_in(&self, group: i32) {
        self.0.group.get_or_init(|| group);
    }

    /// Who calls, for the front door. The root user's keys are those that ministack takes for it; a function is known by the process
    /// that has the key. Nobody else calls what is checked here.
    #[must_use]
    pub fn callers(&self) -> Callers {
        let known = Arc::clone(&self.0);
        Arc::new(move |key| {
            let caller = known.caller(&key);
            Box::pin(std::future::ready(caller))
        })
    }

    /// Reads what the functions' roles allow, and takes from the emulator's copy what the emulator cannot check.
    ///
    /// # Errors
    /// When Lambda or IAM refuses, or a policy has something that the evaluation does not simulate.
    pub async fn take(&self, aws: &Aws, functions: &[String]) -> Result<()> {
        let mut sessions = BTreeMap::new();
        for function in functions {
            let name = format!("bascule-{function}");
            let path = format!("/2015-03-31/functions/{name}/configuration");
            let configuration = aws.rest("lambda", Method::GET, &path, None).await?;
            let role = configuration["Role"].as_str().and_then(|arn| arn.rsplit('/').next()).context("a role")?;
            let mut policies = inline(aws, role).await?;
            policies.extend(attached(aws, role).await?);
            let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}");
            sessions.insert(function.clone(), Caller::Session { arn, policies: policies.into() });
        }
        self.0.functions.get_or_init(|| sessions);
        Ok(())
    }
}

impl Known {
    fn caller(&self, key: &str) -> Option<Caller> {
        if key == "test" || key == ACCOUNT {
            return Some(Caller::Root);
        }
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(caller) = keys.get(key) {
            return Some(caller.clone());
        }
        let process = processes::of_key(*self.group.get()?, key)?;
        let caller = self.functions.get()?.get(&process.function)?.clone();
        keys.insert(key.to_owned(), caller.clone());
        Some(caller)
    }
}

/// A role's own policies.
async fn inline(aws: &Aws, role: &str) -> Result<Vec<Policy>> {
    let mut policies = Vec::new();
    let answer = aws.query("iam", VERSION, "ListRolePolicies", &[("RoleName", role)]).await?;
    for name in answer.list("PolicyNames") {
        let of = [("RoleName", role), ("PolicyName", name.text.as_str())];
        let answer = aws.query("iam", VERSION, "GetRolePolicy", &of).await?;
        let mut document = document(answer.value("PolicyDocument"))?;
        policies.push(policy(role, &document)?);
        if without_unfilled(&mut document) {
            let [role, name] = of;
            let put = [role, name, ("PolicyDocument", &document.to_string())];
            aws.query("iam", VERSION, "PutRolePolicy", &put).await?;
        }
    }
    Ok(policies)
}

/// The managed policies that a role has.
async fn attached(aws: &Aws, role: &str) -> Result<Vec<Policy>> {
    let mut policies = Vec::new();
    let answer = aws.query("iam", VERSION, "ListAttachedRolePolicies", &[("RoleName", role)]).await?;
    for member in answer.list("AttachedPolicies") {
        let arn = member.value("PolicyArn").context("an attached policy's ARN")?;
        let found = aws.query("iam", VERSION, "GetPolicy", &[("PolicyArn", &arn)]).await?;
        let version = found.value("DefaultVersionId").context("a policy's version")?;
        let of = [("PolicyArn", arn.as_str()), ("VersionId", &version)];
        let answer = aws.query("iam", VERSION, "GetPolicyVersion", &of).await?;
        policies.push(policy(role, &document(answer.value("Document"))?)?);
    }
    Ok(policies)
}

/// A document, which IAM answers percent-encoded.
fn document(encoded: Option<String>) -> Result<Value> {
    let encoded = encoded.context("a policy document")?;
    serde_json::from_str(&percent_decode_str(&encoded).decode_utf8_lossy()).context("a policy document")
}

fn policy(role: &str, document: &Value) -> Result<Policy> {
    Policy::read(document).context(format!("the policy of {role}"))
}

/// Removes the conditions that name one of [`UNFILLED`], each with what stands beside it, and lets statements about what is [`UNNAMED`] be
/// about anything; whether there was one.
fn without_unfilled(document: &mut Value) -> bool {
    let mut removed = false;
    for statement in document["Statement"].as_array_mut().into_iter().flatten() {
        if statement["Action"].to_string().contains(UNNAMED)
            && let Some(statement) = statement.as_object_mut()
        {
            statement.insert("Resource".to_owned(), "*".into());
            statement.remove("Condition");
            removed = true;
            continue;
        }
        let operators = statement["Condition"].as_object().into_iter().flatten();
        let mut keys = operators.flat_map(|(_, keys)| keys.as_object().into_iter().flatten()).map(|(key, _)| key);
        if keys.any(|key| UNFILLED.iter().any(|unfilled| key.starts_with(unfilled)))
            && let Some(statement) = statement.as_object_mut()
        {
            statement.remove("Condition");
            removed = true;
        }
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conditions_that_the_emulator_cannot_check_are_taken_and_the_others_stay() {
        let passes = json!({ "Action": "iam:PassRole", "Condition": { "StringEquals": { "iam:PassedToService": "eks.amazonaws.com" } } });
        let mut document = json!({ "Statement": [
            { "Action": "dynamodb:PutItem", "Condition": {
                "Null": { "dynamodb:LeadingKeys": "false" },
                "StringEquals": { "dynamodb:EnclosingOperation": "TransactWriteItems" },
            } },
            { "Action": "ec2:DeleteSecurityGroup", "Condition": { "StringLike": { "aws:ResourceTag/bascule:migration": "*" } } },
            { "Action": "sns:Publish" },
            { "Action": "iam:DeleteOpenIDConnectProvider", "Resource": "arn:aws:iam::1:oidc-provider/oidc.eks.*", "Condition": {} },
            passes,
        ] });
        assert!(without_unfilled(&mut document));
        let expected = json!({ "Statement": [
            { "Action": "dynamodb:PutItem" }, { "Action": "ec2:DeleteSecurityGroup" }, { "Action": "sns:Publish" },
            { "Action": "iam:DeleteOpenIDConnectProvider", "Resource": "*" }, passes,
        ] });
        assert_eq!(document, expected);
        without_unfilled(&mut document);
        assert_eq!(document, expected);
    }

    #[test]
    fn the_root_users_keys_are_known_and_a_key_without_a_process_is_nobodys() {
        let known = Known::default();
        assert!(matches!(known.caller("test"), Some(Caller::Root)));
        assert!(matches!(known.caller(ACCOUNT), Some(Caller::Root)));
        assert!(known.caller("ASIANOBODY").is_none());
    }
}

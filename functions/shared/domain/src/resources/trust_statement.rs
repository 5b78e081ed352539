//! The statements of an IAM role's trust policy by which Pods of a cluster take the role. Green gets what is said of blue's OIDC provider, said
//! of green's, or what lets EKS Pod Identity assume the role. The role is the user's: Bascule adds statements and takes its own away again, and IAM replaces a trust
//! policy as a whole, whoever else changes it at the same time.
//!
//! IAM shows a change after some seconds (see [`crate::ports::roles`]), so what was not seen is written again rather than believed.

use crate::{
    Condition, Entry, Kind, Migration, PhaseError, ResourceKey, Side,
    plan::Planned,
    ports::{Ledger, Roles, roles::Role},
    reconcile,
    trust_policy::{TrustPolicy, for_provider},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &["iam:GetRole", "iam:UpdateAssumeRolePolicy"];

/// The statements of a role.
#[must_use]
pub fn key(side: Side, role: &str) -> ResourceKey {
    ResourceKey::new(side, Kind::TrustStatement, role)
}

/// What the plan knows of a role: its name, its statements about blue's provider, and what is added where that does not depend on green's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Facts {
    role: String,
    statements: Vec<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    for_pods: Vec<Value>,
}

/// What the ledger keeps of a role whose policy was changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Changed {
    /// The policy, byte for byte as it was.
    original: String,
    added: Vec<Value>,
}

/// What the plan says of a role: what is added for green, of which the issuer's name is not known yet, and what the cleanup takes away.
#[must_use]
pub fn planned(role: (&str, &str), statements: &[Value], blue: &str, green: &str) -> (Planned, Planned) {
    let of_green = format!("{}<OIDC issuer of {green}>", blue.trim_end_matches(crate::trust_policy::issuer(blue)));
    let added: Vec<Value> = statements.iter().map(|statement| for_provider(statement, blue, &of_green)).collect();
    let facts = Facts { role: role.0.to_owned(), statements: statements.to_vec(), for_pods: Vec::new() };
    (addition(role.1, &added, &facts), removal(role, statements))
}

/// What the plan says of a role that green's Pods get from EKS Pod Identity: what is added, nothing where it lets EKS already, and what
/// the cleanup takes away.
#[must_use]
pub fn planned_for_pods(role: (&str, &str), statements: &[Value], added: &[Value]) -> (Option<Planned>, Planned) {
    let facts = Facts { role: role.0.to_owned(), statements: Vec::new(), for_pods: added.to_vec() };
    ((!added.is_empty()).then(|| addition(role.1, added, &facts)), removal(role, statements))
}

fn addition(arn: &str, added: &[Value], facts: &Facts) -> Planned {
    let added: Vec<String> = added.iter().map(ToString::to_string).collect();
    Planned::new(Kind::TrustStatement, format!("in the trust policy of {arn}: + {}", added.join(" + ")))
        .with(json!(facts))
}

fn removal((name, arn): (&str, &str), statements: &[Value]) -> Planned {
    let facts = Facts { role: name.to_owned(), statements: statements.to_vec(), for_pods: Vec::new() };
    Planned::existing(Kind::TrustStatement, name, arn).with(json!(facts))
}

/// What was added to the policy of the entry's role; nothing where the entry does not say so.
#[must_use]
pub fn added(entry: &Entry) -> Vec<Value> {
    serde_json::from_value(entry.detail.clone()).map(|Changed { added, .. }| added).unwrap_or_default()
}

/// A policy with these statements; nothing where it has them all, or the text is no policy.
#[must_use]
pub fn policy_with(former: &str, added: &[Value]) -> Option<String> {
    let former = TrustPolicy::read(former)?;
    let with = former.with(added);
    (!with.says_the_same_as(&former)).then(|| with.text())
}

fn facts(planned: &Planned) -> Result<Facts, PhaseError> {
    serde_json::from_value(planned.facts.clone())
        .map_err(|error| PhaseError::conflict(format!("the plan's facts of {} cannot be read: {error}", planned.name)))
}

fn policy(role: &Role) -> Result<TrustPolicy, PhaseError> {
    TrustPolicy::read(&role.trust_policy).ok_or_else(|| {
        PhaseError::conflict(format!("the trust policy of {} cannot be read; nothing was changed", role.arn))
    })
}

/// Adds what is said of blue's provider, said of green's, or what lets EKS Pod Identity assume the role. `providers` are the ARNs of both.
///
/// # Errors
/// `Refused` where the role is gone, or IAM refuses the policy, for its length as an example; `Conflict` where the plan has no provider to name.
pub async fn ensure<P: Ledger + Roles>(
    ports: &P,
    migration: &Migration,
    planned: &Planned,
    providers: Option<&(String, String)>,
) -> Result<(), PhaseError> {
    let Facts { role: name, statements, for_pods } = facts(planned)?;
    let role = ports.role(&name).await?.ok_or_else(|| {
        PhaseError::refused(format!(
            "the role {name} is gone since the plan was made; create it again, and start again"
        ))
    })?;
    let added: Vec<Value> = match providers {
        _ if !for_pods.is_empty() => for_pods,
        Some((blue, green)) => statements.iter().map(|statement| for_provider(statement, blue, green)).collect(),
        None => {
            return Err(PhaseError::conflict(format!("the plan has no OIDC provider for the role {name} to trust")));
        }
    };
    let found = policy(&role)?;
    let has = added.iter().all(|statement| found.has(statement)).then(|| role.arn.clone());
    let with = found.with(&added).text();
    let detail = json!(Changed { original: role.trust_policy, added });
    let create = || async { ports.set_trust_policy(&name, &with).await.map(|()| role.arn) };
    reconcile::ensure(ports, migration, &key(Side::Green, &name), detail, || async { Ok(has) }, create).await.map(drop)
}

/// Takes away what was added: the policy is byte for byte as before where nobody else changed it, and loses Bascule's statements where
/// somebody did.
///
/// # Errors
/// `Conflict` where nothing else is left in it; `NotReady` while IAM still shows the statements.
pub async fn remove<P: Ledger + Roles>(ports: &P, migration: &Migration, entry: &Entry) -> Result<(), PhaseError> {
    let name = &entry.key.name;
    let changed: Changed = serde_json::from_value(entry.detail.clone())
        .map_err(|error| PhaseError::conflict(format!("{}: its detail cannot be read: {error}", entry.key)))?;
    if let Some(role) = ports.role(name).await?
        && let Some(restored) = restored(&role, &changed)?
    {
        ports.set_trust_policy(name, &restored).await?;
        gone(ports, name, &changed.added).await?;
    }
    ports.absent(migration, &entry.key).await
}

/// The policy to write; `None` where nothing of Bascule's is in it.
fn restored(role: &Role, changed: &Changed) -> Result<Option<String>, PhaseError> {
    let Changed { original, added } = changed;
    // Nothing was added, or IAM does not show it yet.
    if role.trust_policy == *original {
        return Ok(Some(original.clone()));
    }
    let now = policy(role)?;
    if TrustPolicy::read(original).is_some_and(|original| now.says_the_same_as(&original.with(added))) {
        return Ok(Some(original.clone()));
    }
    if !added.iter().any(|statement| now.has(statement)) {
        return Ok(None);
    }
    without(&role.arn, &now, added).map(Some)
}

fn without(arn: &str, policy: &TrustPolicy, removed: &[Value]) -> Result<String, PhaseError> {
    let rest = policy.without(removed).ok_or_else(|| {
        PhaseError::conflict(format!(
            "the trust policy of {arn} has nothing but what is to be taken out of it, {}; IAM takes no policy without a statement. Delete the role, or \
             write who else may assume it, and start this machine again",
            removed.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
        ))
    })?;
    Ok(rest.text())
}

/// The error of EKS where it does not know yet what Bascule has just added to this role's policy: it asks IAM whether Pods may get the role
/// (hashicorp/terraform-provider-aws#41483): `NotReady` there, the error itself otherwise.
pub async fn unless_new<P: Ledger>(ports: &P, migration: &Migration, error: PhaseError, role_arn: &str) -> PhaseError {
    let name = role_arn.rsplit('/').next().unwrap_or_default();
    let is_told = error.condition == Condition::Refused && error.message.contains("Trust policy of the role");
    if !is_told {
        return error;
    }
    match ports.live(migration, &key(Side::Green, name)).await {
        Ok(Some(_)) => PhaseError::not_ready(format!("{}; the policy was changed a moment ago", error.message)),
        Ok(None) => error,
        Err(failed) => failed,
    }
}

async fn gone<P: Roles>(ports: &P, name: &str, removed: &[Value]) -> Result<(), PhaseError> {
    match ports.role(name).await? {
        Some(role) if any(&role, removed)? => {
            Err(PhaseError::not_ready(format!("IAM still shows the former trust policy of {}", role.arn)))
        }
        _ => Ok(()),
    }
}

fn any(role: &Role, statements: &[Value]) -> Result<bool, PhaseError> {
    let policy = policy(role)?;
    Ok(statements.iter().any(|statement| policy.has(statement)))
}

/// The ARN of a role that still has statements about blue's provider whose removal people approved.
///
/// # Errors
/// Only what the calls answer.
pub async fn find_approved<P: Roles>(ports: &P, planned: &Planned) -> Result<Option<String>, PhaseError> {
    let Facts { role, statements, .. } = facts(planned)?;
    let Some(role) = ports.role(&role).await? else { return Ok(None) };
    Ok(any(&role, &statements)?.then_some(role.arn))
}

/// Takes the statements about blue's provider that people approved the removal of out of a role's policy; nothing where they are gone.
///
/// # Errors
/// `Conflict` where nothing else is left in it: Pods of green would lose the role.
pub async fn delete_approved<P: Roles>(ports: &P, planned: &Planned) -> Result<(), PhaseError> {
    let Facts { role: name, statements, .. } = facts(planned)?;
    let Some(role) = ports.role(&name).await? else { return Ok(()) };
    let rest = without(&role.arn, &policy(&role)?, &statements)?;
    ports.set_trust_policy(&name, &rest).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(issuer: &str) -> Value {
        json!({ "Effect": "Allow", "Principal": { "Federated": format!("arn:aws:iam::1:oidc-provider/{issuer}") },
            "Action": "sts:AssumeRoleWithWebIdentity" })
    }

    fn role(policy: impl Into<String>) -> Role {
        Role { arn: "arn:aws:iam::1:role/cart".to_owned(), trust_policy: policy.into() }
    }

    #[test]
    fn a_policy_is_put_back_byte_for_byte_unless_somebody_else_changed_it() {
        let (blue, green, other) = (statement("issuer/b"), statement("issuer/g"), statement("issuer/o"));
        let original = format!("{{ \"Statement\" : {blue} ,\n \"Version\": \"2012-10-17\" }}");
        let changed = Changed { original: original.clone(), added: vec![green.clone()] };
        let of = |statements: &Value| json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        for (now, expected) in [
            (original.clone(), Some(original.clone())),
            (of(&json!([blue, green])), Some(original.clone())),
            (of(&json!([green, blue])), Some(original)),
            (of(&json!([blue, green, other])), Some(of(&json!([blue, other])))),
            (of(&json!([other, green])), Some(of(&json!([other])))),
            (of(&json!([blue, other])), None),
        ] {
            assert_eq!(restored(&role(now.clone()), &changed), Ok(expected), "{now}");
        }
        let error = restored(&role(of(&json!([green]))), &changed).unwrap_err();
        assert!(error.message.contains("Delete the role, or write who else may assume it"), "{error}");
    }

    #[test]
    fn the_plan_tells_what_is_added_to_which_role() {
        let blue = "arn:aws:iam::1:oidc-provider/issuer/b";
        let (created, deleted) =
            planned(("cart", "arn:aws:iam::1:role/team/cart"), &[statement("issuer/b")], blue, "shop-green");
        assert_eq!(
            created.name,
            "in the trust policy of arn:aws:iam::1:role/team/cart: + {\"Effect\":\"Allow\",\"Principal\":{\"Federated\":\
             \"arn:aws:iam::1:oidc-provider/<OIDC issuer of shop-green>\"},\"Action\":\"sts:AssumeRoleWithWebIdentity\"}"
        );
        assert_eq!((deleted.name.as_str(), deleted.id.as_deref()), ("cart", Some("arn:aws:iam::1:role/team/cart")));
    }
}

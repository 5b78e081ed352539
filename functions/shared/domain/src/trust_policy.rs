//! Trust policies of IAM roles, and what of them lets Pods take a role: through the OIDC provider of their cluster
//! (<https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html>), or from EKS Pod Identity.

use serde_json::{Map, Value, json};

/// A trust policy. Its statements are a list, however it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct TrustPolicy {
    document: Map<String, Value>,
    statements: Vec<Value>,
}

/// What a trust policy says of an OIDC provider.
#[derive(Debug, Clone, PartialEq)]
pub enum Trust {
    /// Nothing.
    None,
    /// These statements are about those who come through it.
    Statements(Vec<Value>),
    /// A statement names its issuer and is about others too: what it would have to say of another provider is not clear.
    Unclear(Value),
}

impl TrustPolicy {
    /// Reads a document; `None` where it is none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let Ok(Value::Object(mut document)) = serde_json::from_str(text) else { return None };
        let statements = match document.get_mut("Statement")?.take() {
            Value::Array(statements) => statements,
            one @ Value::Object(_) => vec![one],
            _ => return None,
        };
        Some(Self { document, statements })
    }

    /// What it says of the provider with this ARN.
    #[must_use]
    pub fn says_of(&self, provider: &str) -> Trust {
        let about: Vec<&Value> =
            self.statements.iter().filter(|statement| statement.to_string().contains(issuer(provider))).collect();
        if let Some(unclear) = about.iter().find(|statement| !is_for(statement, provider)) {
            return Trust::Unclear((**unclear).clone());
        }
        if about.is_empty() { Trust::None } else { Trust::Statements(about.into_iter().cloned().collect()) }
    }

    /// Principals that were deleted since: IAM shows their unique ids in place of their ARNs, and takes no policy that names one
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>).
    #[must_use]
    pub fn deleted_principals(&self) -> Vec<&str> {
        let named = self.statements.iter().flat_map(|statement| several(&statement["Principal"]["AWS"]));
        let is_id = |name: &&str| ["AIDA", "AROA"].iter().any(|prefix| name.starts_with(prefix));
        named.filter_map(Value::as_str).filter(is_id).collect()
    }

    /// Whether EKS Pod Identity may assume the role for this service account: whoever the Pods are, or as [`for_pods`] says it.
    #[must_use]
    pub fn lets_pods(&self, namespace: Option<&str>, account: &str) -> bool {
        self.has(&for_pods(namespace, account)) || self.statements.iter().any(is_for_all_pods)
    }

    /// The ARNs, which may be patterns, to which it binds a service: its conditions on `aws:SourceArn`, the names of condition keys being in any
    /// case (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html>). None where a statement lets the service
    /// in for whatever it does, or none is about the service.
    #[must_use]
    pub fn sources_of(&self, service: &str) -> Vec<&str> {
        let about = self.statements.iter().filter(|statement| lists(&statement["Principal"]["Service"], service));
        let bounds: Vec<Vec<&str>> = about.map(sources).collect();
        if bounds.iter().any(Vec::is_empty) { Vec::new() } else { bounds.concat() }
    }

    /// Whether it has a statement that says the same.
    #[must_use]
    pub fn has(&self, statement: &Value) -> bool {
        let wanted = canonical(statement);
        self.statements.iter().any(|found| canonical(found) == wanted)
    }

    /// With these statements behind its own, where it does not have them.
    #[must_use]
    pub fn with(&self, added: &[Value]) -> Self {
        let mut all = self.clone();
        all.statements.extend(added.iter().filter(|statement| !self.has(statement)).cloned());
        all
    }

    /// Without the statements that say the same as one of these; `None` where no statement is left, which IAM takes for no policy.
    #[must_use]
    pub fn without(&self, removed: &[Value]) -> Option<Self> {
        let removed: Vec<String> = removed.iter().map(canonical).collect();
        let mut rest = self.clone();
        rest.statements.retain(|statement| !removed.contains(&canonical(statement)));
        (!rest.statements.is_empty()).then_some(rest)
    }

    /// Whether both say the same: IAM is free to order keys and lists, and to write a list of one as that one.
    #[must_use]
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        self.value_is_like(other) && canonical(&json!(self.statements)) == canonical(&json!(other.statements))
    }

    fn value_is_like(&self, other: &Self) -> bool {
        ["Version", "Id"].iter().all(|member| self.document.get(*member) == other.document.get(*member))
    }

    /// The document as short as it can be written: what counts for the quota "Role trust policy length".
    #[must_use]
    pub fn text(&self) -> String {
        let mut document = self.document.clone();
        document.insert("Statement".to_owned(), json!(self.statements));
        Value::Object(document).to_string()
    }
}

/// Whether the statement is about those who come through this provider.
fn is_for(statement: &Value, provider: &str) -> bool {
    lists(&statement["Principal"]["Federated"], provider)
}

/// The service for which EKS assumes roles for Pods, in every partition.
const PODS: &str = "pods.eks.amazonaws.com";

/// What EKS does with a role for Pods (<https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html>).
const POD_ACTIONS: [&str; 2] = ["sts:AssumeRole", "sts:TagSession"];

/// What lets EKS Pod Identity assume a role for the Pods of one service account, of any namespace where none is given, in whichever cluster of
/// the account has the association: the session tags that it sends (<https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html>).
#[must_use]
pub fn for_pods(namespace: Option<&str>, account: &str) -> Value {
    let mut tags = json!({ "aws:RequestTag/kubernetes-service-account": account });
    if let Some(namespace) = namespace {
        tags["aws:RequestTag/kubernetes-namespace"] = json!(namespace);
    }
    json!({
        "Effect": "Allow", "Principal": { "Service": PODS }, "Action": POD_ACTIONS, "Condition": { "StringEquals": tags },
    })
}

/// Whether a member is the word, or a list with it.
fn lists(member: &Value, word: &str) -> bool {
    several(member).iter().any(|one| one == word)
}

/// A list, which may be written as its only member.
fn several(member: &Value) -> &[Value] {
    match member {
        Value::Array(several) => several,
        one => std::slice::from_ref(one),
    }
}

/// The condition key of the ARN for which a service assumes a role.
const SOURCE: &str = "aws:SourceArn";

/// The ARNs that a statement is bound to; none where it is bound to none.
fn sources(statement: &Value) -> Vec<&str> {
    let conditions = statement["Condition"].as_object().into_iter().flat_map(Map::values);
    let keys = conditions.filter_map(Value::as_object).flatten();
    let values = keys.filter(|(key, _)| key.eq_ignore_ascii_case(SOURCE)).flat_map(|(_, value)| several(value));
    values.filter_map(Value::as_str).collect()
}

/// Whether the statement lets EKS Pod Identity assume the role for any Pods.
fn is_for_all_pods(statement: &Value) -> bool {
    statement["Effect"] == "Allow"
        && statement.get("Condition").is_none()
        && lists(&statement["Principal"]["Service"], PODS)
        && POD_ACTIONS.iter().all(|action| lists(&statement["Action"], action))
}

/// `arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE` is of the issuer after the first slash.
#[must_use]
pub fn issuer(provider: &str) -> &str {
    provider.split_once(":oidc-provider/").map_or(provider, |(_, issuer)| issuer)
}

/// What a statement about one provider says of another one, and of nobody else. Without the id of the first: ids are unique within a policy
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html>).
#[must_use]
pub fn for_provider(statement: &Value, from: &str, to: &str) -> Value {
    let mut written = renamed(statement, issuer(from), issuer(to));
    if let Some(members) = written.as_object_mut() {
        members.shift_remove("Sid");
        members.insert("Principal".to_owned(), json!({ "Federated": to }));
    }
    written
}

/// Issuers are part of the names of condition keys too: `<issuer>:sub`.
fn renamed(value: &Value, from: &str, to: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(from, to)),
        Value::Array(items) => items.iter().map(|item| renamed(item, from, to)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.replace(from, to), renamed(value, from, to))).collect()
        }
        other => other.clone(),
    }
}

/// The same text for all that IAM takes for the same.
fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) if items.len() == 1 => canonical(&items[0]),
        Value::Array(items) => {
            let mut items: Vec<String> = items.iter().map(canonical).collect();
            items.sort();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let mut members: Vec<String> =
                members.iter().map(|(name, value)| format!("{name:?}:{}", canonical(value))).collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
        Value::String(text) => format!("{text:?}"),
        other => format!("{:?}", other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLUE: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/B1";
    const GREEN: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/A2";

    /// As in <https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html>.
    fn statement(issuer: &str) -> Value {
        json!({
            "Effect": "Allow",
            "Principal": { "Federated": format!("arn:aws:iam::111122223333:oidc-provider/{issuer}") },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": {
                format!("{issuer}:sub"): "system:serviceaccount:default:my-service-account",
                format!("{issuer}:aud"): "sts.amazonaws.com",
            } },
        })
    }

    fn policy(statements: &Value) -> TrustPolicy {
        TrustPolicy::read(&json!({ "Version": "2012-10-17", "Statement": statements }).to_string()).unwrap()
    }

    #[test]
    fn a_service_is_bound_to_sources_unless_one_statement_lets_it_in_for_all() {
        let service = "eks-fargate-pods.amazonaws.com";
        let of = |principal: Value, sources: Value| {
            let mut statement =
                json!({ "Effect": "Allow", "Principal": { "Service": principal }, "Action": "sts:AssumeRole" });
            if !sources.is_null() {
                statement["Condition"] = json!({ "ArnLike": { "AWS:sourcearn": sources } });
            }
            statement
        };
        let (one, two) = (of(json!(service), json!("arn:a")), of(json!(["x", service]), json!(["arn:b", "arn:c"])));
        assert_eq!(policy(&json!([one, two])).sources_of(service), ["arn:a", "arn:b", "arn:c"]);
        let open = of(json!(service), Value::Null);
        assert_eq!(policy(&json!([one, open])).sources_of(service), [""; 0]);
        assert_eq!(policy(&one).sources_of("ec2.amazonaws.com"), [""; 0]);
    }

    #[test]
    fn a_statement_about_blues_provider_is_said_of_greens_and_of_nobody_else() {
        let mut of_blue = statement(issuer(BLUE));
        assert_eq!(for_provider(&of_blue, BLUE, GREEN), statement(issuer(GREEN)));
        of_blue["Sid"] = json!("Pods");
        of_blue["Principal"] =
            json!({ "Federated": [BLUE, "accounts.google.com"], "AWS": "arn:aws:iam::111122223333:root" });
        assert_eq!(for_provider(&of_blue, BLUE, GREEN), statement(issuer(GREEN)));
    }

    #[test]
    fn what_a_policy_says_of_a_provider_is_nothing_or_statements_or_not_clear() {
        let (blue, green) = (statement(issuer(BLUE)), statement(issuer(GREEN)));
        let service =
            json!({ "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" });
        let deny_others = json!({
            "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringNotLike": { "oidc.eks.us-west-2.amazonaws.com/id/B1:sub": "system:serviceaccount:shop:*" } },
        });
        for (statements, expected) in [
            (json!([service, green]), Trust::None),
            (blue.clone(), Trust::Statements(vec![blue.clone()])),
            (json!([service, blue, green]), Trust::Statements(vec![blue.clone()])),
            (json!([blue, deny_others]), Trust::Unclear(deny_others.clone())),
        ] {
            assert_eq!(policy(&statements).says_of(BLUE), expected, "{statements}");
        }
        for text in ["", "[]", "{}", r#"{"Statement": "x"}"#] {
            assert_eq!(TrustPolicy::read(text), None, "{text}");
        }
    }

    // The policies of https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html.
    #[test]
    fn eks_pod_identity_may_assume_a_role_for_any_pods_or_for_those_of_the_service_account() {
        let of = |condition: &Value| {
            let mut statement = json!({
                "Sid": "AllowEksAuthToAssumeRoleForPodIdentity", "Effect": "Allow",
                "Principal": { "Service": "pods.eks.amazonaws.com" }, "Action": ["sts:AssumeRole", "sts:TagSession"],
            });
            if !condition.is_null() {
                statement["Condition"] = condition.clone();
            }
            statement
        };
        let tags = |namespace: &str, account: &str| json!({ "StringEquals": { "aws:RequestTag/kubernetes-namespace": [namespace], "aws:RequestTag/kubernetes-service-account": [account] } });
        let mut added = of(&tags("shop", "cart"));
        added.as_object_mut().unwrap().shift_remove("Sid");
        let mut untagged = of(&Value::Null);
        untagged["Action"] = json!("sts:AssumeRole");
        for (statement, expected) in [
            (of(&Value::Null), true),
            (added, true),
            (of(&tags("shop", "search")), false),
            (
                of(&json!({ "StringEquals": { "aws:SourceArn": "arn:aws:eks:us-west-2:111122223333:cluster/blue" } })),
                false,
            ),
            (untagged, false),
            (statement(issuer(BLUE)), false),
        ] {
            assert_eq!(policy(&statement).lets_pods(Some("shop"), "cart"), expected, "{statement}");
        }
        let with = policy(&statement(issuer(BLUE))).with(&[for_pods(None, "aws-node")]);
        assert!(with.lets_pods(None, "aws-node") && !with.lets_pods(Some("kube-system"), "aws-node"));
    }

    #[test]
    fn a_principal_that_was_deleted_is_known_by_its_unique_id() {
        let of = |principal: &Value| {
            let policy = policy(&json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }));
            policy.deleted_principals().into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let arn = "arn:aws:iam::111122223333:role/AROA";
        assert_eq!(of(&json!({ "AWS": [arn, "AROADBQP57FF2AEXAMPLE"] })), ["AROADBQP57FF2AEXAMPLE"]);
        assert_eq!(of(&json!({ "AWS": "AIDACKCEVSQ6C2EXAMPLE" })), ["AIDACKCEVSQ6C2EXAMPLE"]);
        for principal in [json!({ "AWS": [arn, "111122223333", "*"] }), json!("*"), json!({ "Federated": BLUE })] {
            assert_eq!(of(&principal), [""; 0], "{principal}");
        }
    }

    #[test]
    fn what_was_added_is_taken_away_again_however_iam_writes_it() {
        let (blue, green) = (statement(issuer(BLUE)), statement(issuer(GREEN)));
        let before = policy(&blue);
        let both = before.with(std::slice::from_ref(&green));
        assert_eq!(both.text(), json!({ "Version": "2012-10-17", "Statement": [blue, green] }).to_string());
        assert_eq!(both.with(std::slice::from_ref(&green)), both);
        let mut rewritten = green.clone();
        rewritten["Action"] = json!(["sts:AssumeRoleWithWebIdentity"]);
        let shown = policy(&json!([rewritten, blue]));
        assert!(shown.says_the_same_as(&both) && !shown.says_the_same_as(&before));
        assert_eq!(shown.without(std::slice::from_ref(&green)), Some(before));
        assert_eq!(policy(&green).without(&[green]), None);
    }

    #[test]
    fn a_change_of_who_is_trusted_or_under_which_condition_is_a_change() {
        let before = statement(issuer(BLUE));
        let mut other = before.clone();
        other["Condition"]["StringEquals"]["oidc.eks.us-west-2.amazonaws.com/id/B1:aud"] = json!("another");
        assert!(!policy(&before).says_the_same_as(&policy(&other)));
        assert!(!policy(&before).says_the_same_as(&policy(&json!([before, other]))));
        assert!(!policy(&before).has(&other));
    }
}

//! A shop whose Pods take IAM roles through the OIDC provider of their cluster (IRSA): the cart by the annotation of its service account, the
//! network plugin by its add-on (<https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html>).

use std::collections::BTreeMap;

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::aws::{ACCOUNT, Aws};
use crate::error::{Context, Result};
use crate::world::roles::VERSION;

/// The role of the cart's Pods.
pub const CART: &str = "shop-irsa-cart";
/// The role of the network plugin, which nodes may assume too.
pub const PLUGIN: &str = "shop-irsa-cni";

/// The ARN of one of the shop's roles.
#[must_use]
pub fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

/// Makes the provider of a cluster that is ACTIVE, tagged as eksctl tags its own, and the two roles that trust it.
///
/// # Errors
/// The first refusal of EKS or IAM.
pub async fn build(aws: &Aws, cluster: &str) -> Result<()> {
    let answer = aws.rest("eks", Method::GET, &format!("/clusters/{cluster}"), None).await?;
    let url = answer["cluster"]["identity"]["oidc"]["issuer"].as_str().context("the cluster's OIDC issuer")?.to_owned();
    let provider = [
        ("Url", url.as_str()),
        ("ClientIDList.member.1", "sts.amazonaws.com"),
        ("ThumbprintList.member.1", "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"),
        ("Tags.member.1.Key", TAG),
        ("Tags.member.1.Value", cluster),
    ];
    aws.query("iam", VERSION, "CreateOpenIDConnectProvider", &provider).await?;
    let issuer = url.trim_start_matches("https://");
    let nodes =
        json!({ "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" });
    // As people write them, over several lines.
    let cart = format!(
        "{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": {}\n}}\n",
        statement(issuer, "default:cartservice")
    );
    let plugin = json!({ "Version": "2012-10-17", "Statement": [nodes, statement(issuer, "kube-system:aws-node")] });
    for (name, policy) in [(CART, cart), (PLUGIN, plugin.to_string())] {
        let parameters = [("RoleName", name), ("AssumeRolePolicyDocument", policy.as_str())];
        aws.query("iam", VERSION, "CreateRole", &parameters).await?;
    }
    Ok(())
}

/// How eksctl tags what belongs to a cluster.
pub(crate) const TAG: &str = "alpha.eksctl.io/cluster-name";

/// As in <https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html>.
fn statement(issuer: &str, account: &str) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": { "Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}") },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": {
            format!("{issuer}:sub"): format!("system:serviceaccount:{account}"),
            format!("{issuer}:aud"): "sts.amazonaws.com",
        } },
    })
}

/// The bundle of the workloads, whose cart names its role.
#[must_use]
pub fn annotated(plain: &str) -> String {
    let account = "kind: ServiceAccount\nmetadata:\n  name: cartservice\n";
    let annotation = format!("{account}  annotations:\n    eks.amazonaws.com/role-arn: {}\n", role_arn(CART));
    plain.replace(account, &annotation)
}

/// Whom the roles of the shop for Pods trust, byte for byte; nothing where it has none.
///
/// # Errors
/// When IAM answers no policy.
pub async fn trust(aws: &Aws) -> Result<BTreeMap<String, String>> {
    let mut trust = BTreeMap::new();
    for role in aws.query("iam", VERSION, "ListRoles", &[]).await?.list("Roles") {
        let name = role.value("RoleName").unwrap_or_default();
        if [CART, PLUGIN].contains(&name.as_str()) {
            let policy = role.value("AssumeRolePolicyDocument").context("a trust policy")?;
            trust.insert(name, percent_decode_str(&policy).decode_utf8().context("a trust policy")?.into_owned());
        }
    }
    Ok(trust)
}

/// What is wrong with the roles' trust policies in the end. Where blue is deleted they say of green's provider what they said of blue's, or let
/// EKS Pod Identity assume them where there is no provider any more, and nothing of blue's; where blue serves they are byte for byte as before.
/// `providers` are the ARNs of the account's OIDC providers.
#[must_use]
pub fn wrong(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    providers: &[String],
    blue_deleted: bool,
) -> Vec<String> {
    if !blue_deleted {
        let changed = before.iter().filter(|(name, policy)| after.get(*name) != Some(policy));
        return changed.map(|(name, policy)| format!("{name}: {:?}, and was {policy:?}", after.get(name))).collect();
    }
    let issuer = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let mut wrong = Vec::new();
    for (name, policy) in before {
        let blue = policy.split("/id/").nth(1).unwrap_or_default();
        let blue: String = blue.chars().take_while(char::is_ascii_alphanumeric).collect();
        let expected = match providers {
            [] => of_pods(name, &read(policy)),
            [green] => read(&policy.replace(&blue, &issuer(green))),
            _ => return vec![format!("the OIDC providers {providers:?}, expected green's alone")],
        };
        let found = after.get(name).map(String::as_str).map(read).unwrap_or_default();
        if statements(&found) != statements(&expected) {
            wrong.push(format!("{name} trusts {found}, expected {expected}"));
        }
    }
    wrong
}

/// The policy with EKS Pod Identity for blue's provider, as <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html> shows it. The
/// namespace is the workloads' own: that of an add-on is EKS's to say.
fn of_pods(name: &str, before: &Value) -> Value {
    let tags = if name == CART {
        json!({ "aws:RequestTag/kubernetes-service-account": "cartservice", "aws:RequestTag/kubernetes-namespace": "default" })
    } else {
        json!({ "aws:RequestTag/kubernetes-service-account": "aws-node" })
    };
    let mut all = statements(before);
    all.retain(|statement| statement["Principal"].get("Federated").is_none());
    all.push(json!({
        "Effect": "Allow", "Principal": { "Service": "pods.eks.amazonaws.com" }, "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": { "StringEquals": tags },
    }));
    json!({ "Statement": all })
}

/// A single statement may stand for the list of it.
fn statements(policy: &Value) -> Vec<Value> {
    policy["Statement"].as_array().cloned().unwrap_or_else(|| vec![policy["Statement"].clone()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies(issuer: &str) -> BTreeMap<String, String> {
        let issuer = format!("oidc.eks.eu-central-1.amazonaws.com/id/{issuer}");
        let policy = json!({ "Version": "2012-10-17", "Statement": statement(&issuer, "default:cartservice") });
        BTreeMap::from([(CART.to_owned(), policy.to_string())])
    }

    #[test]
    fn the_cart_names_its_role_and_nothing_else_changes() {
        let plain = include_str!("../../../data/online-boutique.yaml");
        let annotated = annotated(plain);
        let added: Vec<&str> = annotated.lines().filter(|line| line.contains("role-arn")).collect();
        assert_eq!(added, ["    eks.amazonaws.com/role-arn: arn:aws:iam::000000000000:role/shop-irsa-cart"]);
        assert_eq!(annotated.lines().count(), plain.lines().count() + 2);
    }

    #[test]
    fn what_a_role_trusts_beside_green_or_otherwise_than_before_is_told() {
        let (blue, green) = (policies("B1"), policies("A2"));
        let provider = ["arn:aws:iam::1:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/A2".to_owned()];
        assert_eq!(wrong(&blue, &green, &provider, true), [""; 0]);
        assert_eq!(wrong(&blue, &blue, &provider, true).len(), 1);
        assert_eq!(wrong(&blue, &green, &[], true).len(), 1);
        assert_eq!(wrong(&blue, &green, &[provider[0].clone(), "another".to_owned()], true).len(), 1);
        assert_eq!(wrong(&blue, &blue, &[], false), [""; 0]);
        let rewritten = blue.iter().map(|(name, policy)| (name.clone(), format!("{policy} "))).collect();
        assert_eq!(wrong(&blue, &rewritten, &[], false).len(), 1);
    }
}

//! The shop's staff, whom its cluster's API server knows by their company's OIDC identity provider
//! (<https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html>). The sandbox's API servers take no such token: it
//! is the configuration that is looked at.

use http::Method;
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::error::Result;
use crate::world::eventually;

/// The name of the configuration.
const NAME: &str = "staff";

fn asked() -> Value {
    json!({
        "identityProviderConfigName": NAME, "issuerUrl": "https://login.example.com", "clientId": "kubernetes",
        "usernameClaim": "email", "groupsClaim": "cognito:groups", "groupsPrefix": "gid:",
        "requiredClaims": { "aud": "kubernetes" },
    })
}

/// Gives a cluster the provider, and waits until EKS has updated it.
///
/// # Errors
/// The first refusal of EKS.
pub async fn build(aws: &Aws, cluster: &str) -> Result<()> {
    let path = format!("/clusters/{cluster}/identity-provider-configs/associate");
    aws.rest("eks", Method::POST, &path, Some(&json!({ "oidc": asked(), "tags": { "team": "shop" } }))).await?;
    eventually("the staff's identity provider", async || {
        Ok(found(aws, cluster).await?.is_some_and(|found| found["status"] == "ACTIVE").then_some(()))
    })
    .await
}

async fn found(aws: &Aws, cluster: &str) -> Result<Option<Value>> {
    let path = format!("/clusters/{cluster}/identity-provider-configs");
    let listed = aws.rest("eks", Method::GET, &path, None).await?;
    if listed["identityProviderConfigs"] != json!([{ "type": "oidc", "name": NAME }]) {
        return Ok(None);
    }
    let named = json!({ "identityProviderConfig": { "type": "oidc", "name": NAME } });
    let answer = aws.rest("eks", Method::POST, &format!("{path}/describe"), Some(&named)).await?;
    Ok(Some(answer["identityProviderConfig"]["oidc"].clone()))
}

/// What is wrong with the provider of the cluster that serves in the end.
///
/// # Errors
/// When EKS refuses.
pub async fn wrong(aws: &Aws, cluster: &str) -> Result<Vec<String>> {
    Ok(differences(cluster, found(aws, cluster).await?.as_ref()))
}

fn differences(cluster: &str, found: Option<&Value>) -> Vec<String> {
    let Some(found) = found else {
        return vec![format!("{cluster} has no identity provider {NAME}, or another one too")];
    };
    let asked = asked();
    let members = asked.as_object().into_iter().flatten();
    let mut wrong: Vec<String> = members
        .filter(|(member, value)| found[member.as_str()] != **value)
        .map(|(member, value)| format!("{cluster}: {member} of {NAME} is {}, expected {value}", found[member.as_str()]))
        .collect();
    if found["status"] != "ACTIVE" || found["tags"]["team"] != "shop" {
        wrong.push(format!("{cluster}: {NAME} is {} with the tags {}", found["status"], found["tags"]));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_that_is_another_one_or_none_is_told() {
        let mut provider = asked();
        provider["status"] = json!("ACTIVE");
        provider["tags"] = json!({ "team": "shop", "bascule:side": "green" });
        assert_eq!(differences("shop-green", Some(&provider)), [""; 0]);
        provider["groupsPrefix"] = json!("");
        assert_eq!(differences("shop-green", Some(&provider)).len(), 1);
        assert_eq!(differences("shop-green", None).len(), 1);
    }
}

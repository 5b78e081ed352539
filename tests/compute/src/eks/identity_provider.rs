//! The OIDC identity providers of a cluster's users: `AssociateIdentityProviderConfig`, `DescribeIdentityProviderConfig`,
//! `ListIdentityProviderConfigs`, `DisassociateIdentityProviderConfig`.
//!
//! <https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html>; paths, members and the names of updates are
//! those of botocore's model of EKS. The cluster is UPDATING for [`crate::Delays::update`], which takes a quarter of an hour in AWS
//! (aws/containers-roadmap#1438), and has one configuration at most. Nobody presents a token of such a provider here: the Kubernetes API
//! takes none.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Outcome,
    cluster::{self, Cluster},
    fault::Fault,
    request::{Request, page},
    stored::{Stored, checked_name},
};
use crate::{account::Account, identifier};

/// The only type of a configuration.
const OIDC: &str = "oidc";

/// The text of eksctl-io/eksctl#6293.
fn absent(cluster: &str, kind: &str, name: &str) -> Fault {
    Fault::not_found(format!("No config found for cluster: {cluster}, config type: {kind}, config name: {name}"))
        .of(cluster)
}

/// The configuration that a request names.
pub(super) fn named<'a>(cluster: &'a Cluster, asked: &Value) -> Option<&'a Stored> {
    let name = asked["name"].as_str().filter(|_| asked["type"] == OIDC)?;
    cluster.identity_providers.get(name)
}

fn update(kind: &str, name: &str) -> Value {
    json!({
        "id": identifier::uuid(),
        "status": "InProgress",
        "type": kind,
        "params": [{ "type": "IdentityProviderConfig", "value": json!([{ "type": OIDC, "name": name }]).to_string() }],
        "createdAt": identifier::epoch_seconds(),
        "errors": [],
    })
}

/// `AssociateIdentityProviderConfig`
pub(crate) fn associate(account: &Arc<Account>, name: &str, request: &Request) -> Outcome {
    let asked = request.member_or("oidc", json!({}));
    let text = |member: &str| asked[member].as_str().filter(|text| !text.is_empty());
    let (Some(config), Some(issuer), Some(_)) =
        (text("identityProviderConfigName"), text("issuerUrl"), text("clientId"))
    else {
        let message = "oidc.identityProviderConfigName, oidc.issuerUrl and oidc.clientId are required.";
        return Err(Fault::invalid_parameter(message).of(name));
    };
    let config = checked_name(config)?.to_owned();
    let mut state = account.state();
    let cluster = cluster::find_mut(&mut state, name)?;
    if let Some(existing) = cluster.identity_providers.get(&config)
        && existing.repeated(request).is_some()
    {
        return Ok(json!({ "update": update("AssociateIdentityProviderConfig", &config), "tags": request.tags()? }));
    }
    cluster.require_active()?;
    // terraform-aws-modules/terraform-aws-eks#3328
    if cluster.stored.resource["identity"]["oidc"]["issuer"] == issuer {
        let message = "Incorrect Identity Provider URL configuration. The Identity Provider URL cannot be same as OpenID Connect (OIDC) issuer URL";
        return Err(Fault::invalid_parameter(message).of(name));
    }
    if !cluster.identity_providers.is_empty() {
        let message = format!("Cluster {name} already has an OIDC identity provider configuration.");
        return Err(Fault::in_use(message).of(name));
    }
    let arn = account.arn("eks", &format!("identityproviderconfig/{name}/{OIDC}/{config}/{}", identifier::uuid()));
    let mut resource = asked;
    for (member, value) in [
        ("identityProviderConfigArn", json!(arn)),
        ("clusterName", json!(name)),
        ("tags", request.tags()?),
        ("status", json!("CREATING")),
    ] {
        resource[member] = value;
    }
    cluster.stored.set("status", json!("UPDATING"));
    cluster.identity_providers.insert(config.clone(), Stored { resource, request: request.body.clone() });
    drop(state);

    let answer = json!({ "update": update("AssociateIdentityProviderConfig", &config), "tags": request.tags()? });
    updated(account, name, move |cluster| {
        if let Some(stored) = cluster.identity_providers.get_mut(&config) {
            stored.set("status", json!("ACTIVE"));
        }
    });
    Ok(answer)
}

/// Ends the update of a cluster, a while later.
fn updated(account: &Arc<Account>, name: &str, change: impl FnOnce(&mut Cluster) + Send + 'static) {
    let name = name.to_owned();
    account.later(account.delays().update, move |account| async move {
        if let Ok(cluster) = cluster::find_mut(&mut account.state(), &name) {
            change(cluster);
            cluster.stored.set("status", json!("ACTIVE"));
        }
    });
}

/// `DescribeIdentityProviderConfig`
pub(crate) fn describe(account: &Account, name: &str, request: &Request) -> Outcome {
    let asked = request.member_or("identityProviderConfig", json!({}));
    let text = |member: &str| asked[member].as_str().unwrap_or_default();
    let state = account.state();
    let found = named(cluster::find(&state, name)?, &asked).ok_or_else(|| absent(name, text("type"), text("name")))?;
    Ok(json!({ "identityProviderConfig": { OIDC: found.resource } }))
}

/// `ListIdentityProviderConfigs`
pub(crate) fn list(account: &Account, name: &str, request: &Request) -> Outcome {
    let state = account.state();
    let names = cluster::find(&state, name)?.identity_providers.keys();
    page(request, "identityProviderConfigs", names.map(|name| json!({ "type": OIDC, "name": name })).collect())
}

/// `DisassociateIdentityProviderConfig`
pub(crate) fn disassociate(account: &Arc<Account>, name: &str, request: &Request) -> Outcome {
    let asked = request.member_or("identityProviderConfig", json!({}));
    let config = asked["name"].as_str().unwrap_or_default().to_owned();
    let mut state = account.state();
    let cluster = cluster::find_mut(&mut state, name)?;
    if named(cluster, &asked).is_none() {
        return Err(absent(name, asked["type"].as_str().unwrap_or_default(), &config));
    }
    cluster.require_active()?;
    cluster.stored.set("status", json!("UPDATING"));
    if let Some(stored) = cluster.identity_providers.get_mut(&config) {
        stored.set("status", json!("DELETING"));
    }
    drop(state);

    let answer = json!({ "update": update("DisassociateIdentityProviderConfig", &config) });
    updated(account, name, move |cluster| drop(cluster.identity_providers.remove(&config)));
    Ok(answer)
}

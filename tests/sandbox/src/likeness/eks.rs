//! What EKS tells of a cluster and of what hangs on it.

use http::Method;
use serde_json::{Value, json};
use testing::fate::{Shape, eks};

use super::Side;
use crate::aws::{Aws, percent};
use crate::error::Result;

/// What has a name that its list gives: folder, members of list and answer, kind, type.
const NAMED: [(&str, &str, &str, &str, &Shape); 3] = [
    ("node-groups", "nodegroups", "nodegroup", "node group", &eks::NODE_GROUP),
    ("fargate-profiles", "fargateProfileNames", "fargateProfile", "Fargate profile", &eks::FARGATE_PROFILE),
    ("addons", "addons", "addon", "add-on", &eks::ADDON),
];

pub(super) async fn read(aws: &Aws, cluster: &str, side: &mut Side) -> Result<()> {
    let root = format!("/clusters/{cluster}");
    let get = async |path: &str| aws.rest("eks", Method::GET, &format!("{root}{path}"), None).await;
    let found = get("").await?["cluster"].take();
    for (what, place) in [
        ("the endpoint", "/endpoint"),
        ("the certificate authority", "/certificateAuthority/data"),
        ("the issuer", "/identity/oidc/issuer"),
        ("the cluster's security group", "/resourcesVpcConfig/clusterSecurityGroupId"),
    ] {
        side.names(what, found.pointer(place).and_then(Value::as_str).unwrap_or_default());
    }
    let has_entries = found["accessConfig"]["authenticationMode"] != "CONFIG_MAP";
    side.add("cluster", "", &eks::CLUSTER, found);
    for (folder, list, member, kind, shape) in NAMED {
        for name in texts(&get(&format!("/{folder}")).await?[list]) {
            let told = get(&format!("/{folder}/{name}")).await?[member].take();
            side.add(kind, name, shape, told);
        }
    }
    let associations = get("/pod-identity-associations").await?["associations"].take();
    for id in associations.as_array().into_iter().flatten().filter_map(|one| one["associationId"].as_str()) {
        let told = get(&format!("/pod-identity-associations/{id}")).await?["association"].take();
        let text = |member: &str| told[member].as_str().unwrap_or_default().to_owned();
        let name = format!("{}/{}", text("namespace"), text("serviceAccount"));
        side.names(format!("the association of {name}"), &text("associationArn"));
        side.add("Pod Identity association", name, &eks::POD_IDENTITY_ASSOCIATION, told);
    }
    let providers = get("/identity-provider-configs").await?["identityProviderConfigs"].take();
    for provider in providers.as_array().into_iter().flatten() {
        let path = format!("{root}/identity-provider-configs/describe");
        let named = json!({ "identityProviderConfig": provider });
        let told = aws.rest("eks", Method::POST, &path, Some(&named)).await?["identityProviderConfig"]["oidc"].take();
        let name = provider["name"].as_str().unwrap_or_default();
        side.add("identity provider", name, &eks::IDENTITY_PROVIDER, told);
    }
    // https://docs.aws.amazon.com/eks/latest/userguide/setting-up-access-entries.html: without them EKS refuses to list any.
    if !has_entries {
        return Ok(());
    }
    for principal in texts(&get("/access-entries").await?["accessEntries"]) {
        let path = format!("/access-entries/{}", percent(&principal));
        let told = get(&path).await?["accessEntry"].take();
        let policies = get(&format!("{path}/access-policies")).await?["associatedAccessPolicies"].take();
        for policy in policies.as_array().into_iter().flatten() {
            let name = format!("{} of {principal}", policy["policyArn"].as_str().unwrap_or_default());
            side.add("access policy", name, &eks::ACCESS_POLICY, policy.clone());
        }
        side.add("access entry", principal, &eks::ACCESS_ENTRY, told);
    }
    Ok(())
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

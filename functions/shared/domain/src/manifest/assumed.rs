//! IAM roles that Pods take through their cluster's OIDC provider: a role's trust policy must name it
//! (<https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html>).

use super::{Object, workload};
use serde_json::Value;

/// EKS's webhook gives Pods of a service account with this annotation a token and the role's ARN
/// (<https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html>).
const ROLE_ANNOTATION: &str = "eks.amazonaws.com/role-arn";

/// What every SDK takes a role and a token from, whoever sets it
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html>).
const ROLE_VARIABLE: &str = "AWS_ROLE_ARN";
const TOKEN_VARIABLE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";

/// The ARNs of the roles that Pods get by this object, each once: by the annotation of a service account, or by what a container sets itself.
#[must_use]
pub fn roles(object: &Object) -> Vec<&str> {
    let annotation = &object.value["metadata"]["annotations"][ROLE_ANNOTATION];
    let mut roles: Vec<&str> = match object.id.kind.as_str() {
        "ServiceAccount" if object.id.group().is_empty() => annotation.as_str().into_iter().collect(),
        _ if workload::is_workload(&object.id) => {
            let set = |container: &'_ Value, name: &str| {
                let variables = container["env"].as_array();
                variables.is_some_and(|variables| variables.iter().any(|variable| variable["name"] == name))
            };
            let with_token = workload::containers(object).filter(|container| set(container, TOKEN_VARIABLE));
            let variables = with_token.filter_map(|container| container["env"].as_array()).flatten();
            variables
                .filter(|variable| variable["name"] == ROLE_VARIABLE)
                .filter_map(|variable| variable["value"].as_str())
                .collect()
        }
        _ => Vec::new(),
    };
    roles.retain(|role| !role.is_empty());
    roles.sort_unstable();
    roles.dedup();
    roles
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_role_is_taken_by_a_service_accounts_annotation_or_by_a_containers_own_variables() {
        let account = |kind: &str| json!({ "apiVersion": "v1", "kind": kind, "metadata": { "name": "x", "annotations": { "eks.amazonaws.com/role-arn": "arn:cart" } } });
        let pods = |env: Value| {
            let pod = json!({ "containers": [{ "env": env }, { "env": env }] });
            json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "x" }, "spec": { "template": { "spec": pod } } })
        };
        let role = json!({ "name": "AWS_ROLE_ARN", "value": "arn:cart" });
        let token = json!({ "name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/var/run/token" });
        for (value, expected) in [
            (account("ServiceAccount"), &["arn:cart"][..]),
            (account("ConfigMap"), &[]),
            (pods(json!([role, token])), &["arn:cart"]),
            // A role that is assumed with other credentials.
            (pods(json!([role])), &[]),
            (json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "x" } }), &[]),
        ] {
            assert_eq!(roles(&Object::new(1, 1, value.clone()).unwrap()), expected, "{value}");
        }
    }
}

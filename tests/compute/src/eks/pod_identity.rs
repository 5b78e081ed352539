//! Pod identity associations: <https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html>.
//!
//! Only the control plane is simulated; Pods get no credentials.

use serde_json::{Value, json};

use super::{
    Outcome,
    cluster::{self, Cluster},
    fault::Fault,
    request::{Request, page},
    stored::Stored,
};
use crate::{account::Account, identifier};

fn absent(cluster: &str, id: &str) -> Fault {
    Fault::not_found(format!("Association not found: {id}")).of(cluster)
}

fn make(account: &Account, cluster: &str, namespace: &str, service_account: &str, role: &str) -> (String, Stored) {
    let id = format!("a-{}", identifier::hexadecimal(17));
    let now = identifier::epoch_seconds();
    let mut stored = Stored::default();
    for (member, value) in [
        ("clusterName", json!(cluster)),
        ("namespace", json!(namespace)),
        ("serviceAccount", json!(service_account)),
        ("roleArn", json!(role)),
        ("associationArn", json!(account.arn("eks", &format!("podidentityassociation/{cluster}/{id}")))),
        ("associationId", json!(id)),
        ("tags", json!({})),
        ("createdAt", json!(now)),
        ("modifiedAt", json!(now)),
        ("disableSessionTags", json!(false)),
    ] {
        stored.set(member, value);
    }
    (id, stored)
}

/// Refuses a second association of a service account.
fn refuse_second(cluster: &Cluster, name: &str, namespace: &str, service_account: &str) -> Result<(), Fault> {
    let taken = cluster.pod_identities.values().any(|identity| {
        identity.resource["namespace"] == namespace && identity.resource["serviceAccount"] == service_account
    });
    if taken {
        return Err(Fault::in_use(format!("Association already exists: {namespace}/{service_account}")).of(name));
    }
    Ok(())
}

/// Creates the associations in an add-on's request, which the add-on owns, and returns their ARNs.
pub(crate) fn of_addon(
    account: &Account,
    cluster: &mut Cluster,
    name: &str,
    addon: &str,
    asked: &Value,
) -> Result<Vec<String>, Fault> {
    let mut arns = Vec::new();
    for one in asked.as_array().into_iter().flatten() {
        let (service_account, role) =
            (one["serviceAccount"].as_str().unwrap_or_default(), one["roleArn"].as_str().unwrap_or_default());
        refuse_second(cluster, name, "kube-system", service_account)?;
        let (id, mut stored) = make(account, name, "kube-system", service_account, role);
        stored.set("ownerArn", json!(addon));
        arns.push(stored.resource["associationArn"].as_str().unwrap_or_default().to_owned());
        cluster.pod_identities.insert(id, stored);
    }
    Ok(arns)
}

/// `CreatePodIdentityAssociation`
pub(crate) fn create(account: &Account, name: &str, request: &Request) -> Outcome {
    let (namespace, service_account) = (request.required("namespace")?, request.required("serviceAccount")?);
    let role = request.required("roleArn")?;
    if !role.contains(":role/") {
        return Err(Fault::invalid_parameter("Invalid Role Arn").of(name));
    }
    let mut state = account.state();
    let cluster = cluster::find_mut(&mut state, name)?;
    if let Some(resource) = cluster.pod_identities.values().find_map(|identity| identity.repeated(request)) {
        return Ok(json!({ "association": resource }));
    }
    refuse_second(cluster, name, namespace, service_account)?;
    let (id, mut stored) = make(account, name, namespace, service_account, role);
    stored.request.clone_from(&request.body);
    stored.set("tags", request.tags()?);
    for kept in ["disableSessionTags", "targetRoleArn", "policy"] {
        if let Some(value) = request.body.get(kept).filter(|value| !value.is_null()) {
            stored.set(kept, value.clone());
        }
    }
    let answer = json!({ "association": stored.resource });
    cluster.pod_identities.insert(id, stored);
    Ok(answer)
}

/// `DescribePodIdentityAssociation`
pub(crate) fn describe(account: &Account, name: &str, id: &str) -> Outcome {
    let state = account.state();
    let stored = cluster::find(&state, name)?.pod_identities.get(id).ok_or_else(|| absent(name, id))?;
    Ok(json!({ "association": stored.resource }))
}

/// `ListPodIdentityAssociations`
pub(crate) fn list(account: &Account, name: &str, request: &Request) -> Outcome {
    let state = account.state();
    let summary = ["clusterName", "namespace", "serviceAccount", "associationArn", "associationId", "ownerArn"];
    let wanted = |resource: &Value| {
        ["namespace", "serviceAccount"]
            .iter()
            .all(|member| request.parameter(member).is_none_or(|value| resource[*member] == value))
    };
    let found = cluster::find(&state, name)?
        .pod_identities
        .values()
        .map(|stored| &stored.resource)
        .filter(|resource| wanted(resource));
    let summaries = found.map(|resource| {
        let present = summary.iter().filter_map(|member| Some(((*member).to_owned(), resource.get(*member)?.clone())));
        Value::Object(present.collect())
    });
    page(request, "associations", summaries.collect())
}

//! Changes of a cluster: `UpdateClusterConfig`, `UpdateClusterVersion`.
//!
//! <https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html>: one kind of change a call, one
//! update at a time. The change shows when its update is `Successful`, after [`crate::Delays::update`].

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Outcome, access_entry, cluster,
    fault::Fault,
    request::Request,
    stored::texts,
    update::{self, Subject},
    version,
};
use crate::{account::Account, ec2};

/// The members of which a call has exactly one, and the update's type.
const KINDS: [(&str, &str); 6] = [
    ("resourcesVpcConfig", "VpcConfigUpdate"),
    ("logging", "LoggingUpdate"),
    ("accessConfig", "AccessConfigUpdate"),
    ("upgradePolicy", "UpgradePolicyUpdate"),
    ("zonalShiftConfig", "ZonalShiftConfigUpdate"),
    ("deletionProtection", "DeletionProtectionUpdate"),
];

/// `UpdateClusterConfig`
pub(crate) async fn update(account: &Arc<Account>, name: &str, request: &Request) -> Outcome {
    let asked: Vec<_> =
        KINDS.iter().filter(|(member, _)| request.body.get(*member).is_some_and(|value| !value.is_null())).collect();
    let [(member, kind)] = asked.as_slice() else {
        return Err(Fault::invalid_parameter(if asked.is_empty() {
            "The type of update is not specified."
        } else {
            "Only one type of update can be allowed."
        })
        .of(name));
    };
    let value = request.body[*member].clone();
    if *member == "resourcesVpcConfig" {
        ec2::subnets(&account.neighbours, &texts(&value["subnetIds"])).await?;
        ec2::security_groups_exist(&account.neighbours, &texts(&value["securityGroupIds"])).await?;
    }
    let kind = vpc_update_kind(&value).filter(|_| *member == "resourcesVpcConfig").unwrap_or(kind);
    let parameters = parameters(member, &value);

    let mut state = account.state();
    let cluster = cluster::find_mut(&mut state, name)?;
    cluster.require_active()?;
    refuse_pointless(&cluster.stored.resource, member, &value).map_err(|fault| fault.of(name))?;
    let parameters: Vec<_> = parameters.iter().map(|(kind, value)| (*kind, value.clone())).collect();
    let answer = update::begin(cluster, Subject::Cluster, kind, &parameters)?;
    let id = answer["id"].as_str().unwrap_or_default().to_owned();
    let entering_api = *member == "accessConfig" && cluster.authentication_mode() == "CONFIG_MAP";
    cluster.stored.set("status", json!("UPDATING"));
    drop(state);

    let (name, member) = (name.to_owned(), (*member).to_owned());
    account.later(account.delays().update, move |account| async move {
        let mut state = account.state();
        let Ok(cluster) = cluster::find_mut(&mut state, &name) else { return };
        merge(&mut cluster.stored.resource, &member, value);
        cluster.stored.set("status", json!("ACTIVE"));
        if entering_api {
            // https://docs.aws.amazon.com/eks/latest/userguide/setting-up-access-entries.html: entries for the creator and for nodes.
            let creator = cluster.creator.clone();
            let entry = access_entry::of_creator(&account, &name, &creator);
            cluster.access_entries.entry(creator).or_insert(entry);
            let roles = cluster.nodegroups.values().filter_map(|group| group.stored.resource["nodeRole"].as_str());
            for role in roles.map(str::to_owned).collect::<Vec<_>>() {
                let entry = access_entry::of_nodes(&account, &name, &role);
                cluster.access_entries.entry(role).or_insert(entry);
            }
        }
        update::end(cluster, &id, None);
    });
    Ok(json!({ "update": answer }))
}

fn vpc_update_kind(value: &Value) -> Option<&'static str> {
    let endpoint = ["endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs"];
    endpoint.iter().any(|member| !value[member].is_null()).then_some("EndpointAccessUpdate")
}

fn parameters(member: &str, value: &Value) -> Vec<(&'static str, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match member {
        "accessConfig" => vec![("AuthenticationMode", text(&value["authenticationMode"]))],
        "logging" => vec![("ClusterLogging", value.to_string())],
        "upgradePolicy" => vec![("UpgradePolicy", value.to_string())],
        "zonalShiftConfig" => vec![("ZonalShiftConfig", value.to_string())],
        "deletionProtection" => vec![("DeletionProtection", value.to_string())],
        _ => [
            ("endpointPublicAccess", "EndpointPublicAccess"),
            ("endpointPrivateAccess", "EndpointPrivateAccess"),
            ("publicAccessCidrs", "PublicAccessCidrs"),
            ("subnetIds", "Subnets"),
            ("securityGroupIds", "SecurityGroups"),
        ]
        .iter()
        .filter(|(member, _)| !value[member].is_null())
        .map(|(member, kind)| (*kind, text(&value[member])))
        .collect(),
    }
}

/// A mode is only ever left towards `API`, and a change to what is already set is refused.
fn refuse_pointless(resource: &Value, member: &str, value: &Value) -> Result<(), Fault> {
    match member {
        "accessConfig" => {
            let rank = |mode: &str| ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"].iter().position(|known| *known == mode);
            let now = resource["accessConfig"]["authenticationMode"].as_str().unwrap_or("CONFIG_MAP");
            let then = value["authenticationMode"].as_str().unwrap_or_default();
            match (rank(now), rank(then)) {
                (_, None) => Err(Fault::invalid_parameter(format!("authenticationMode {then} is not valid."))),
                (Some(now_rank), Some(then_rank)) if then_rank > now_rank => Ok(()),
                _ => {
                    Err(Fault::invalid_request(format!("Unsupported authentication mode update from {now} to {then}")))
                }
            }
        }
        "deletionProtection" if resource.get("deletionProtection") == Some(value) => Err(Fault::invalid_request(
            "Cluster is already at the desired configuration with deletionProtection set to that value",
        )),
        "resourcesVpcConfig" => {
            let mut then = resource["resourcesVpcConfig"].clone();
            lay_over(&mut then, value.clone());
            if then == resource["resourcesVpcConfig"] {
                return Err(Fault::invalid_parameter("Cluster is already at the desired configuration"));
            }
            if then["endpointPublicAccess"] == json!(false) && then["endpointPrivateAccess"] == json!(false) {
                return Err(Fault::invalid_parameter("Private and public endpoint access cannot be false"));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn merge(resource: &mut Value, member: &str, value: Value) {
    match resource.get_mut(member) {
        Some(present) if present.is_object() && value.is_object() => lay_over(present, value),
        _ => {
            resource[member] = value;
        }
    }
}

fn lay_over(present: &mut Value, value: Value) {
    if let (Some(present), Value::Object(value)) = (present.as_object_mut(), value) {
        present.extend(value.into_iter().filter(|(_, value)| !value.is_null()));
    }
}

/// `UpdateClusterVersion`: one minor version at a time, upwards
/// (<https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html>). Rolling an upgrade back is not simulated.
pub(crate) fn update_version(account: &Arc<Account>, name: &str, request: &Request) -> Outcome {
    let then = request.required("version")?.to_owned();
    let mut state = account.state();
    let cluster = cluster::find_mut(&mut state, name)?;
    cluster.require_active()?;
    let now = cluster.version().to_owned();
    if !version::is_supported(&then) {
        return Err(Fault::invalid_parameter(format!("unsupported Kubernetes version {then}")).of(name));
    }
    if now == then {
        return Err(Fault::invalid_parameter(format!("Cluster is already at version {then}")).of(name));
    }
    if version::minor(&then) != version::minor(&now).map(|minor| minor + 1) {
        return Err(Fault::invalid_parameter(format!(
            "Unsupported Kubernetes minor version update from {now} to {then}"
        ))
        .of(name));
    }
    let parameters = [("Version", then.clone()), ("PlatformVersion", version::platform(&then).to_owned())];
    let answer = update::begin(cluster, Subject::Cluster, "VersionUpdate", &parameters)?;
    let id = answer["id"].as_str().unwrap_or_default().to_owned();
    cluster.stored.set("status", json!("UPDATING"));
    drop(state);

    let name = name.to_owned();
    account.later(account.delays().update, move |account| async move {
        let mut state = account.state();
        let Ok(cluster) = cluster::find_mut(&mut state, &name) else { return };
        cluster.stored.set("platformVersion", json!(version::platform(&then)));
        cluster.stored.set("version", json!(then));
        cluster.stored.set("status", json!("ACTIVE"));
        update::end(cluster, &id, None);
    });
    Ok(json!({ "update": answer }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_mode(mode: &str) -> Value {
        json!({ "accessConfig": { "authenticationMode": mode } })
    }

    #[test]
    fn an_authentication_mode_is_only_left_towards_api() {
        let to = |mode: &str| json!({ "authenticationMode": mode });
        assert!(refuse_pointless(&with_mode("CONFIG_MAP"), "accessConfig", &to("API_AND_CONFIG_MAP")).is_ok());
        assert!(refuse_pointless(&with_mode("API"), "accessConfig", &to("CONFIG_MAP")).is_err());
        assert!(refuse_pointless(&with_mode("API"), "accessConfig", &to("API")).is_err());
    }
}

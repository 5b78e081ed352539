//! In what green may differ from blue in a world of the sandbox beside what the APIs' table says: what the input asks for is expected of green
//! exactly, and the rest is said here with its reason.

use serde_json::{Value, json};

use super::Side;
use crate::world::front::Front;

/// In which worlds something is so.
type Worlds = fn(Front) -> bool;

/// What is so in every world.
const ALL: Worlds = |_| true;

/// Members that are green's own: world, kind, member, reason.
const MEMBERS: [(Worlds, &str, &str, &str); 4] = [
    (ALL, "security group", "group_description", "a text of people's, which is copied as it is"),
    (
        |front| front == Front::PodIdentity,
        "add-on",
        "service_account_role_arn",
        "the input asks for an association in place of the role by blue's OIDC provider",
    ),
    (
        |front| front == Front::PodIdentity,
        "add-on",
        "pod_identity_associations",
        "the input asks for an association in place of the role by blue's OIDC provider",
    ),
    (
        |front| front == Front::ServiceNlbInstance,
        "target group",
        "port",
        "Kubernetes chooses the node ports of a Service, in each cluster anew",
    ),
];

/// What green has and blue has not: world, kind, a part of its name, reason.
const BESIDE: [(Worlds, &str, &str, &str); 4] = [
    (ALL, "access entry", ":role/bascule-", "Bascule's own, for as long as the migration lasts"),
    (ALL, "access policy", ":role/bascule-", "Bascule's own, for as long as the migration lasts"),
    (
        |front| front == Front::ConfigMap,
        "access entry",
        ":role/shop-node",
        "blue's nodes are let in by aws-auth; EKS makes the entry for green's, whose mode has entries",
    ),
    (
        |front| front == Front::PodIdentity,
        "Pod Identity association",
        "",
        "the input asks for associations in place of roles by blue's OIDC provider",
    ),
];

/// Why a member of green may be another one in this world; nothing where it may not.
pub(super) fn allowed(front: Front, kind: &str, member: &str) -> Option<&'static str> {
    let is_it = |of: &str| member == of || member.strip_prefix(of).is_some_and(|rest| rest.starts_with(['.', '[']));
    let mut rows = MEMBERS.iter().filter(|(worlds, of, name, _)| worlds(front) && *of == kind && is_it(name));
    rows.next().map(|(.., why)| *why)
}

/// Why green may have this, which blue has not.
pub(super) fn beside(front: Front, kind: &str, name: &str) -> Option<&'static str> {
    let mut rows = BESIDE.iter().filter(|(worlds, of, part, _)| worlds(front) && *of == kind && name.contains(part));
    rows.next().map(|(.., why)| *why)
}

/// Changes what is expected of green to what the input asks for.
pub(super) fn expect(side: &mut Side, input: &Value) {
    let mode = &input["blue"]["authenticationMode"];
    let groups = input["green"]["nodeGroups"].as_array().cloned().unwrap_or_default();
    for thing in &mut side.things {
        let asked = groups.iter().find(|group| group["name"] == thing.name).unwrap_or(&Value::Null);
        let told = &mut thing.told;
        match thing.kind {
            "cluster" if !mode.is_null() => told["accessConfig"]["authenticationMode"] = mode.clone(),
            "node group" => {
                for (member, asked) in [
                    ("instanceTypes", &asked["instanceTypes"]),
                    ("amiType", &asked["amiType"]),
                    ("subnets", &asked["subnetIds"]),
                    ("diskSize", &asked["diskSize"]),
                ] {
                    if !asked.is_null() {
                        told[member] = asked.clone();
                    }
                }
                if let Some(size) = asked["scaling"].as_object() {
                    let of = |name: &str| size.get(name).cloned().unwrap_or_default();
                    told["scalingConfig"] =
                        json!({ "minSize": of("min"), "maxSize": of("max"), "desiredSize": of("desired") });
                }
            }
            "launch template" if !asked["imageId"].is_null() => {
                told["launchTemplateData"]["imageId"] = asked["imageId"].clone();
            }
            _ => {}
        }
    }
}

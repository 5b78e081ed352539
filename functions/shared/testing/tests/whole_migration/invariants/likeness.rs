//! Green is like blue, attribute by attribute, but for what a table allows.
//!
//! The account in memory speaks Bascule's model, so that the table has the model's members. What the APIs tell is in [`testing::fate`], which the
//! sandbox holds its worlds against.

use super::Sight;
use crate::ways::{Way, World};
use domain::Kind;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use testing::Aws;
use testing::shop::{BLUE, GREEN};

/// In what green may differ from blue, by kind and member, and why. Tags are compared as far as blue has them.
const MAY_DIFFER: &[(Kind, &str, &str)] = &[
    (Kind::Cluster, "version", "the user chooses green's"),
    (Kind::Cluster, "securityGroupIds", "copies of blue's"),
    (Kind::Cluster, "clusterSecurityGroupId", "EKS makes green's"),
    (Kind::Cluster, "certificateAuthority", "green's own"),
    (Kind::Cluster, "oidcIssuer", "green's own"),
    (Kind::NodeGroup, "version", "that of green's control plane"),
    (Kind::NodeGroup, "launchTemplate", "a clone of blue's, which is compared by itself"),
    (Kind::NodeGroup, "greenSubnetIds", "the plan's, not EKS's"),
    (Kind::NodeGroup, "arn", "which one it is"),
    (Kind::LaunchTemplate, "securityGroupIds", "copies of blue's"),
    (Kind::LaunchTemplate, "networkInterfaces", "with copies of blue's security groups"),
    (Kind::LaunchTemplate, "imageId", "an AMI for green's version, where the input names one"),
    (Kind::LaunchTemplate, "tagSpecifications", "blue's tags and Bascule's"),
    (Kind::LaunchTemplate, "userDataSha256", "of a custom AMI it has green's name, endpoint and authority"),
    (Kind::LaunchTemplate, "join", "how nodes find the cluster, which is green"),
    (Kind::Addon, "version", "one that green's Kubernetes version has"),
    (Kind::Addon, "blueVersion", "the plan's, not EKS's"),
    (Kind::Addon, "arn", "which one it is"),
    (Kind::PodIdentityAssociation, "arn", "which one it is"),
    (Kind::PodIdentityAssociation, "associationId", "which one it is"),
    (Kind::FargateProfile, "arn", "which one it is"),
    (Kind::LoadBalancer, "arn", "which one it is"),
    (Kind::LoadBalancer, "name", "green's own"),
    (Kind::LoadBalancer, "dnsName", "green's own"),
    (Kind::LoadBalancer, "deletion_protection.enabled", "preflight says to turn it on after the bake"),
    (Kind::TargetGroup, "arn", "which one it is"),
    (Kind::TargetGroup, "name", "green's own"),
    (Kind::TargetGroup, "attached", "green's nodes"),
    (Kind::Listener, "arn", "which one it is"),
    (Kind::Listener, "targetGroupArns", "green's"),
];

/// Once green serves, and blue, as it was before, is gone: whatever Bascule made of green is like it.
pub(super) fn green_is_like_blue(sight: &Sight, way: &Way) -> Result<(), String> {
    if matches!(way.world, World::Existing | World::ExistingEdge) {
        // Preflight compares what people have built.
        return Ok(());
    }
    let mut of = Comparison { asked: way.input["green"]["nodeGroups"].clone(), found: Vec::new() };
    let (before, now) = (&sight.witness.before, sight.aws);
    let cluster = |aws: &Aws, name: &str| aws.clusters.get(name).map(|found| json(&found.cluster));
    let mut blue = cluster(before, BLUE).unwrap_or_default();
    if way.world == World::ConfigMap {
        // Blue's own mode is moved first, as the input says.
        blue["authenticationMode"] = "API_AND_CONFIG_MAP".into();
    }
    of.pair(Kind::Cluster, BLUE, &blue, cluster(now, GREEN));
    of.all(Kind::NodeGroup, &before.node_groups, &now.node_groups, json);
    of.all(Kind::LaunchTemplate, &before.node_groups, &now.node_groups, |group| {
        let id = group.launch_template.as_ref().and_then(|template| template.split('@').next());
        let template = id.and_then(|id| before.launch_templates.get(id).or_else(|| now.launch_templates.get(id)));
        template.map(|template| json(&template.data)).unwrap_or_default()
    });
    let pods = way.world == World::Pods;
    of.all(Kind::Addon, &before.addons, &now.addons, |addon| {
        let mut told = json(&addon.addon);
        // An association in place of the role, as the input asks for: whether Pods get it is looked at all the time.
        for member in ["podIdentities", "serviceAccountRoleArn"].iter().filter(|_| pods) {
            told[*member].take();
        }
        told
    });
    // EKS makes the entry of nodes with their group.
    let is_of_nodes = |principal: &String| before.node_groups.values().any(|group| group.role_arn == *principal);
    let people = before.access_entries.iter().filter(|((_, principal), _)| !is_of_nodes(principal));
    let people = people.map(|(key, entry)| (key.clone(), entry.clone())).collect();
    of.all(Kind::AccessEntry, &people, &now.access_entries, json);
    of.all(Kind::PodIdentityAssociation, &before.pod_identities, &now.pod_identities, json);
    of.all(Kind::FargateProfile, &before.fargate_profiles, &now.fargate_profiles, json);
    of.all(Kind::IdentityProvider, &before.identity_providers, &now.identity_providers, |found| json(&found.provider));
    if !matches!(way.world, World::Service(_) | World::AutoAlone(_)) {
        of.edge(before, now);
    }
    if of.found.is_empty() { Ok(()) } else { Err(format!("green is not like blue: {}", of.found.join("; "))) }
}

fn json(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

/// What is found.
struct Comparison {
    /// What the input says of green's node groups.
    asked: Value,
    found: Vec<String>,
}

impl Comparison {
    /// Everything of a kind that hangs on blue, each beside what has its name on green.
    fn all<T>(
        &mut self,
        kind: Kind,
        before: &BTreeMap<(String, String), T>,
        now: &BTreeMap<(String, String), T>,
        told: impl Fn(&T) -> Value,
    ) {
        for ((cluster, name), blue) in before {
            if cluster == BLUE {
                let green = now.get(&(GREEN.to_owned(), name.replace(BLUE, GREEN)));
                self.pair(kind, name, &told(blue), green.map(&told));
            }
        }
    }

    /// Load balancers, target groups and listeners: those that are new beside those that went; what stays is not blue's.
    fn edge(&mut self, before: &Aws, now: &Aws) {
        let new = |arn: &String| !before.balancers.contains_key(arn) && !before.target_groups.contains_key(arn);
        let balancer = now.balancers.iter().find(|(arn, _)| new(arn)).map(|(_, balancer)| balancer);
        for blue in before.balancers.values().filter(|found| !now.balancers.contains_key(&found.arn)) {
            self.pair(Kind::LoadBalancer, &blue.name, &json(blue), balancer.map(json));
            let listeners = balancer.and_then(|found| now.listeners.get(&found.arn));
            for own in before.listeners.get(&blue.arn).into_iter().flatten() {
                let green = listeners.into_iter().flatten().find(|listener| listener.port == own.port);
                self.pair(Kind::Listener, &own.port.to_string(), &json(own), green.map(json));
            }
        }
        for blue in before.target_groups.values().filter(|found| !now.target_groups.contains_key(&found.arn)) {
            let green = now.target_groups.iter().find(|(arn, group)| new(arn) && group.port == blue.port);
            self.pair(Kind::TargetGroup, &blue.name, &json(blue), green.map(|(_, group)| json(group)));
        }
    }

    fn pair(&mut self, kind: Kind, name: &str, blue: &Value, green: Option<Value>) {
        let Some(green) = green else {
            self.found.push(format!("{kind} {name} is missing"));
            return;
        };
        // What names blue names green there.
        let blue: Value = blue.to_string().replace(BLUE, GREEN).parse().unwrap_or_default();
        let asked = self.asked.as_array().into_iter().flatten().find(|asked| asked["name"] == name).cloned();
        let mut members = BTreeMap::new();
        flat(&blue, "", &mut members);
        let mut of_green = BTreeMap::new();
        flat(&green, "", &mut of_green);
        for member in of_green.keys().filter(|member| !is_tag(member)) {
            members.entry(member.clone()).or_default();
        }
        for (member, expected) in members {
            let top = member.split(['/', '[']).find(|part| !part.is_empty()).unwrap_or_default();
            let last = member.rsplit('/').next().unwrap_or_default();
            let is_allowed =
                MAY_DIFFER.iter().any(|(of, allowed, _)| *of == kind && (*allowed == top || *allowed == last));
            // What the input asks for another of is as it says, which the phase's own tests show.
            let is_asked = asked.as_ref().is_some_and(|asked| !asked[top].is_null());
            let found = of_green.get(&member).cloned().unwrap_or_default();
            if !is_allowed && !is_asked && found != expected {
                self.found.push(format!("{kind} {name} has {member} {found}, expected {expected}"));
            }
        }
    }
}

/// Green has tags of Bascule's beside blue's.
fn is_tag(member: &str) -> bool {
    member.starts_with("/tags/")
}

/// Every member with its path; lists as they are.
fn flat(value: &Value, path: &str, members: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                flat(value, &format!("{path}/{name}"), members);
            }
        }
        other => {
            members.insert(path.to_owned(), other.clone());
        }
    }
}

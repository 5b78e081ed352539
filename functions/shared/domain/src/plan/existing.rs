//! What of green the user built, as preflight found it. Such things are verified and used; nothing of them is made, changed or deleted.

use super::{Plan, edge::TargetGroup};
use crate::{Kind, ResourceKey, Side};
use serde::{Deserialize, Serialize};

/// Whose a resource of green is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose<'a> {
    /// Bascule's to make: the ledger knows it, and the way back takes it away.
    Bascules,
    /// The user's, to be verified. Its id or ARN; of what is in a cluster, the cluster's ARN.
    Users(&'a str),
}

/// A cluster that the user built, and what hangs on it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExistingCluster {
    /// ARN of the cluster.
    pub arn: String,
    /// Where its Kubernetes API answers: a cluster that was made again under the same name has another endpoint.
    pub endpoint: String,
    /// The groups of its control plane and of its nodes.
    pub security_group_ids: Vec<String>,
    /// The names of its managed node groups.
    pub node_groups: Vec<String>,
    /// The names of its add-ons.
    pub addons: Vec<String>,
    /// The ARN of its IAM OIDC provider, whether that exists or not.
    pub oidc_provider_arn: String,
}

/// A load balancer that the user built, and a VPC link to it, where that is the user's too.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExistingEdge {
    /// ARN of the load balancer.
    pub load_balancer_arn: String,
    /// Its target groups: the name of blue's in whose place one stands, and its ARN.
    pub target_groups: Vec<(String, String)>,
    /// Its listeners: port and ARN.
    pub listeners: Vec<(u16, String)>,
    /// The id of the VPC link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_link_id: Option<String>,
}

impl ExistingCluster {
    /// The node groups behind a target group that `blues` are behind on blue's side: those of the same names or, where one of them has
    /// another name here, all.
    #[must_use]
    pub fn counterparts<'a>(&'a self, blues: &[&'a str]) -> Vec<&'a str> {
        let is_there = |name: &&str| self.node_groups.iter().any(|own| own == name);
        if blues.iter().all(is_there) {
            return blues.to_vec();
        }
        self.node_groups.iter().map(String::as_str).collect()
    }
}

impl Plan {
    /// Whose the resource at this key is. This alone says so: a phase makes what is Bascule's and verifies what is the user's.
    #[must_use]
    pub fn whose(&self, key: &ResourceKey) -> Whose<'_> {
        let id = (key.side == Side::Green).then(|| self.id_of_users(key.kind, &key.name)).flatten();
        id.map_or(Whose::Bascules, Whose::Users)
    }

    /// The node groups of green that belong behind its counterpart of one of blue's target groups.
    #[must_use]
    pub fn behind<'a>(&'a self, of_blue: &'a TargetGroup) -> Vec<&'a str> {
        let blues: Vec<&str> = of_blue.attached.iter().map(|attached| attached.node_group.as_str()).collect();
        match &self.compute.existing {
            Some(existing) => existing.counterparts(&blues),
            None => blues,
        }
    }

    fn id_of_users(&self, kind: Kind, name: &str) -> Option<&str> {
        let edge = self.edge.existing.as_ref();
        match kind {
            Kind::Cluster
            | Kind::SecurityGroup
            | Kind::LaunchTemplate
            | Kind::NodeGroup
            | Kind::FargateProfile
            | Kind::Addon
            | Kind::PodIdentityAssociation
            | Kind::IdentityProvider
            | Kind::OidcProvider
            | Kind::TrustStatement
            | Kind::LogGroup => Some(&self.compute.existing.as_ref()?.arn),
            Kind::LoadBalancer => Some(&edge?.load_balancer_arn),
            Kind::TargetGroup => edge?.target_groups.iter().find(|(of, _)| of == name).map(|(_, arn)| arn.as_str()),
            Kind::Listener => {
                edge?.listeners.iter().find(|(port, _)| port.to_string() == name).map(|(_, arn)| arn.as_str())
            }
            Kind::VpcLink => edge?.vpc_link_id.as_deref(),
            // Bascule's own access, what it hangs on the user's things, and what it applies: taken away again from wherever it is.
            Kind::AccessEntry
            | Kind::AuthenticationMode
            | Kind::SecurityGroupRule
            | Kind::TargetGroupAttachment
            | Kind::Bundle
            | Kind::Workload
            | Kind::Volume
            | Kind::Snapshot
            | Kind::VolumeCopy
            | Kind::NodePool
            | Kind::Service
            | Kind::RestApi
            | Kind::Deployment
            | Kind::Stage
            | Kind::StageShift
            | Kind::Integration
            | Kind::UsagePlan
            | Kind::LambdaPermission
            | Kind::Schedule => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        let mut plan = Plan::default();
        plan.compute.existing = Some(ExistingCluster {
            arn: "arn:cluster".to_owned(),
            node_groups: ["a", "b"].map(str::to_owned).into(),
            ..ExistingCluster::default()
        });
        plan.edge.existing = Some(ExistingEdge {
            load_balancer_arn: "arn:balancer".to_owned(),
            target_groups: vec![("http".to_owned(), "arn:group".to_owned())],
            listeners: vec![(80, "arn:listener".to_owned())],
            vpc_link_id: None,
        });
        plan
    }

    #[test]
    fn what_the_user_built_is_the_users_and_what_bascule_hangs_on_it_is_bascules() {
        let plan = plan();
        for (side, kind, name, expected) in [
            (Side::Green, Kind::Cluster, "green", Whose::Users("arn:cluster")),
            (Side::Green, Kind::NodeGroup, "any", Whose::Users("arn:cluster")),
            (Side::Green, Kind::AccessEntry, "arn:role", Whose::Bascules),
            (Side::Green, Kind::SecurityGroupRule, "functions", Whose::Bascules),
            (Side::Green, Kind::Bundle, "s3://b/k", Whose::Bascules),
            (Side::Green, Kind::LoadBalancer, "blue", Whose::Users("arn:balancer")),
            (Side::Green, Kind::TargetGroup, "http", Whose::Users("arn:group")),
            (Side::Green, Kind::TargetGroup, "other", Whose::Bascules),
            (Side::Green, Kind::Listener, "80", Whose::Users("arn:listener")),
            (Side::Green, Kind::TargetGroupAttachment, "http/a", Whose::Bascules),
            // The user built none, so Bascule makes one to the user's load balancer.
            (Side::Green, Kind::VpcLink, "blue", Whose::Bascules),
            (Side::Blue, Kind::Cluster, "blue", Whose::Bascules),
        ] {
            assert_eq!(plan.whose(&ResourceKey::new(side, kind, name)), expected, "{side} {kind} {name}");
        }
        let key = ResourceKey::new(Side::Green, Kind::Cluster, "green");
        assert_eq!(Plan::default().whose(&key), Whose::Bascules);
    }

    #[test]
    fn node_groups_of_other_names_are_all_behind_the_load_balancer() {
        let cluster = plan().compute.existing.unwrap_or_default();
        assert_eq!(cluster.counterparts(&["a"]), ["a"]);
        assert_eq!(cluster.counterparts(&["a", "c"]), ["a", "b"]);
    }
}

//! Cluster insights: <https://docs.aws.amazon.com/eks/latest/userguide/cluster-insights.html>.
//!
//! EKS looks through audit logs, nodes and add-ons. Here one insight a check that the simulated control plane can make
//! itself: versions of node groups (kubelet version skew) and of add-ons against the next Kubernetes version.

use serde_json::{Value, json};

use super::{
    Outcome, addon_catalogue,
    cluster::{self, Cluster},
    fault::Fault,
    request::{Request, page},
    version,
};
use crate::account::Account;

/// The checks, each with a stable id.
const CHECKS: [(&str, &str); 2] =
    [("kubelet-version-skew", "Kubelet version skew"), ("addon-version", "EKS add-on version compatibility")];

fn id(cluster: &Cluster, check: &str) -> String {
    // A UUID-shaped id that stays the same for the cluster's life.
    let made = cluster.stored.resource["createdAt"].as_f64().unwrap_or_default().to_bits();
    let check = CHECKS.iter().position(|(known, _)| *known == check).unwrap_or_default();
    format!("{:08x}-{:04x}-4000-8000-{check:012x}", made >> 32, made & 0xffff)
}

fn evaluate(cluster: &Cluster, check: &str, title: &str) -> Value {
    let minor = version::minor(cluster.version()).unwrap_or_default();
    let resources: Vec<Value> = match check {
        "kubelet-version-skew" => cluster
            .nodegroups
            .iter()
            .filter(|(_, group)| group.stored.resource["version"].as_str().and_then(version::minor).is_some_and(|kubelet| kubelet + 3 < minor + 1))
            .map(|(name, _)| json!({ "arn": name, "insightStatus": { "status": "WARNING", "reason": "The kubelet is more than three minor versions older than the next version." } }))
            .collect(),
        _ => cluster
            .addons
            .iter()
            .filter(|(name, addon)| {
                let installed = addon.resource["addonVersion"].as_str();
                addon_catalogue::choose(name, installed, &format!("1.{}", minor + 1)).is_err()
            })
            .map(|(name, _)| json!({ "arn": name, "insightStatus": { "status": "WARNING", "reason": "The installed version does not support the next Kubernetes version." } }))
            .collect(),
    };
    let status = if resources.is_empty() { "PASSING" } else { "WARNING" };
    json!({
        "id": id(cluster, check),
        "name": title,
        "category": "UPGRADE_READINESS",
        "kubernetesVersion": format!("1.{}", minor + 1),
        "lastRefreshTime": crate::identifier::epoch_seconds(),
        "lastTransitionTime": cluster.stored.resource["createdAt"],
        "description": format!("Checks {title} for the next Kubernetes version."),
        "insightStatus": { "status": status, "reason": if resources.is_empty() { "Nothing found." } else { "See resources." } },
        "recommendation": "Update what is listed before the cluster.",
        "additionalInfo": {},
        "resources": resources,
        "categorySpecificSummary": { "deprecationDetails": [] },
    })
}

/// `ListInsights`
pub(crate) fn list(account: &Account, name: &str, request: &Request) -> Outcome {
    let state = account.state();
    let cluster = cluster::find(&state, name)?;
    let filter = request.member_or("filter", json!({}));
    let passes = |insight: &Value| {
        let among = |member: &str, value: &Value| filter[member].as_array().is_none_or(|wanted| wanted.contains(value));
        among("categories", &insight["category"])
            && among("kubernetesVersions", &insight["kubernetesVersion"])
            && among("statuses", &insight["insightStatus"]["status"])
    };
    let summaries =
        CHECKS.iter().map(|(check, title)| evaluate(cluster, check, title)).filter(passes).map(|mut insight| {
            for detail in ["recommendation", "additionalInfo", "resources", "categorySpecificSummary"] {
                if let Some(members) = insight.as_object_mut() {
                    members.remove(detail);
                }
            }
            insight
        });
    page(request, "insights", summaries.collect())
}

/// `DescribeInsight`
pub(crate) fn describe(account: &Account, name: &str, wanted: &str) -> Outcome {
    let state = account.state();
    let cluster = cluster::find(&state, name)?;
    CHECKS
        .iter()
        .find(|(check, _)| id(cluster, check) == wanted)
        .map(|(check, title)| json!({ "insight": evaluate(cluster, check, title) }))
        .ok_or_else(|| Fault::not_found(format!("Insight not found: {wanted}")).of(name))
}

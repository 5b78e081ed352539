//! Blue and green side by side: the same releases.

use domain::{
    PhaseError,
    evidence::Workload,
    manifest::{
        Live, Object, ObjectId, named, once,
        prepare::each,
        readiness::can_wait,
        state::{differences, template_digest},
        workload,
    },
    plan::workloads::Workloads,
    ports::Manifests,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What the bundles have.
#[derive(Debug, Default)]
pub(crate) struct Bundles {
    /// The manifests of the objects that make Pods.
    pub(crate) workloads: BTreeMap<ObjectId, Value>,
    /// Everything else that may not be ready yet: custom resources and their definitions, claims, Services, APIs.
    pub(crate) others: BTreeSet<ObjectId>,
    /// What is deleted once it has ended.
    pub(crate) fleeting: BTreeSet<ObjectId>,
}

/// Reads every bundle.
///
/// # Errors
/// `Conflict` where one changed since the plan.
pub(crate) async fn bundles<M: Manifests>(ports: &M, plan: &Workloads) -> Result<Bundles, PhaseError> {
    let mut found = Bundles::default();
    for bundle in &plan.bundles {
        let take = |object: Object| {
            if once::deletes_itself(&object.value) {
                found.fleeting.insert(object.id.clone());
            }
            if workload::is_workload(&object.id) {
                found.workloads.insert(object.id, object.value);
            } else if can_wait(&object.id) {
                found.others.insert(object.id);
            }
        };
        each(ports, bundle, &plan.replace, take).await?;
    }
    for workload in &plan.workloads {
        found.others.remove(&workload.id);
    }
    Ok(found)
}

/// The evidence of each workload: its images, and a digest of what each side runs, with which later releases are noticed.
///
/// # Errors
/// `Conflict` where blue and green differ in a field that the manifests set.
pub(crate) fn compare(
    plan: &Workloads,
    manifests: &BTreeMap<ObjectId, Value>,
    blue: &Live,
    green: &Live,
) -> Result<BTreeMap<String, Workload>, PhaseError> {
    let mut evidence = BTreeMap::new();
    let mut differ = Vec::new();
    for id in plan.workloads.iter().map(|workload| &workload.id) {
        // A Service that is held has no Pods to compare.
        let Some(manifest) = manifests.get(id) else { continue };
        // Jobs on blue may have ended and be gone; a green one that is missing is told with those that are not ready.
        let (on_blue, on_green) = (blue.get(id), green.get(id));
        if let (Some(on_blue), Some(on_green)) = (on_blue, on_green) {
            let mut as_green = on_blue.clone();
            named::replace(&mut as_green, &plan.replace);
            let paths = differences(&id.kind, manifest, &as_green, on_green);
            if !paths.is_empty() {
                let images = |live| workload::images(&id.kind, live).join(", ");
                differ.push(format!(
                    "{id} in {} ({} on blue, {} on green)",
                    paths.join(", "),
                    images(on_blue),
                    images(on_green)
                ));
            }
        } else if on_blue.is_none() && id.kind != "Job" {
            differ.push(format!("{id} is not on blue"));
        }
        let digest = |live: Option<&Value>| live.map(|live| template_digest(&id.kind, live));
        let replicas = |live: Option<&Value>| live.and_then(|live| workload::replicas(&id.kind, live));
        let seen = Workload {
            images: on_green.map(|live| workload::images(&id.kind, live)),
            blue: digest(on_blue),
            green: digest(on_green),
            replicas: replicas(on_green),
            blue_replicas: replicas(on_blue),
            ready: on_green.and_then(|live| workload::ready(&id.kind, live)),
        };
        evidence.insert(id.to_string(), seen);
    }
    if differ.is_empty() {
        Ok(evidence)
    } else {
        Err(PhaseError::conflict(format!(
            "blue and green run different releases: {}. Bring the bundles and blue to the same release, then start a new migration",
            differ.join("; ")
        )))
    }
}

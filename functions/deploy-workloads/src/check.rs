//! Whether green's API server would take what the bundles have, and whether they have all that blue has: asked as soon as green answers, before
//! a node is built, and with every fault at once. Nothing is created for it.

mod custom;
mod faults;

use domain::{
    Condition, Migration, Outcome, PhaseError,
    manifest::{
        ObjectId, Placed, Prepared, aws_auth, left,
        order::Step,
        prepare::{Hosts, Preparation, read},
    },
    object::{DEFAULT_NAMESPACE, is_initial_namespace},
    plan::workloads::Bundle,
    ports::{Kubernetes, KubernetesApi, Manifests, kubernetes::Tried},
    resources::volume,
};
use faults::Faults;
use std::collections::BTreeSet;

/// One object and the bundle that it is in.
pub(crate) struct Of<'a> {
    pub(crate) bundle: &'a Bundle,
    pub(crate) object: Prepared,
}

/// Has green's API server try every object of every bundle, and holds custom resources against their definitions where the bundles bring
/// them. Kinds that neither the server nor a bundle knows are left to whoever installs them.
///
/// # Errors
/// `Refused` with everything that the server would refuse, in its words, and with what of blue is in no bundle and is not left by the input; `Conflict` where all of it is conflicts with other field managers;
/// `NotReady` and `Unavailable` where not everything could be tried.
pub(crate) async fn check<P: Manifests + Kubernetes>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    let workloads = &migration.plan.workloads;
    let preparation = Preparation::new(workloads, Hosts::Temporary, &migration.input.workloads.force_conflicts);
    let green = ports.connect(&migration.input.green.cluster).await?;
    let namespaces = green.metadata("v1", "Namespace").await?;
    let namespaces: BTreeSet<&str> = namespaces.iter().filter_map(|metadata| metadata["name"].as_str()).collect();
    let mut faults = Faults::default();
    let (mut custom, mut definitions) = (Vec::new(), Vec::new());
    let mut unknown = 0;
    let mut brought = BTreeSet::new();
    for bundle in &workloads.bundles {
        let placed = read(ports, bundle, &preparation, |_| true).await?;
        let (resources, objects): (Vec<_>, Vec<_>) =
            placed.into_iter().partition(|placed| placed.step == Step::CustomResources);
        custom.extend(resources.into_iter().map(|Placed { object, .. }| Of { bundle, object }));
        let objects: Vec<_> = objects.into_iter().map(|Placed { object, .. }| Of { bundle, object }).collect();
        unknown += rehearse(&green, &objects, &namespaces, migration.deadline, &mut faults).await;
        for of in objects {
            faults.brings(&of.object.id);
            brought.insert(identity(&of.object.id));
            if of.object.id.kind == "CustomResourceDefinition" {
                definitions.push(of.object);
            }
        }
    }
    brought.extend(custom.iter().map(|of| identity(&of.object.id)));
    let blue = ports.connect(&migration.input.blue.cluster).await?;
    if volume::shares(workloads) {
        match volume::copies(&blue, workloads).await.map_err(spreading)? {
            Ok(copies) => brought.extend(copies.iter().map(|copy| identity(&copy.id))),
            Err(messages) => faults.cannot_share(messages),
        }
    }
    faults.cannot_copy(volume::not_as_planned(&blue, workloads).await.map_err(spreading)?);
    let mut left = left::only_on_blue(&blue, &green).await.map_err(spreading)?;
    left.retain(|id| !brought.contains(&identity(id)) && !left::is_left(id, &migration.input.workloads.leave));
    faults.lacks(&left);
    // Blue may let people in by a ConfigMap, and the bundles may bring it.
    let compute = &migration.plan.compute;
    if compute.blue.authentication_mode != "API" && !brought.contains(&identity(&aws_auth::id())) {
        let config = blue.get(&aws_auth::id()).await.map_err(spreading)?;
        faults.keeps_out(&config.map(|config| aws_auth::only_there(&config, compute)).unwrap_or_default());
    }
    let undefined = custom::against(&definitions, custom, &mut faults);
    unknown += rehearse(&green, &undefined, &namespaces, migration.deadline, &mut faults).await;
    faults.finish()?;
    let objects: usize = workloads.bundles.iter().map(|bundle| bundle.objects).sum();
    Ok(Outcome::done().with("objects", objects).with("unknown", unknown))
}

/// Bascule's access to blue was given a moment ago, and blue's API server may not have heard of it (gravitational/teleport#38205).
fn spreading(error: PhaseError) -> PhaseError {
    if error.condition == Condition::Denied { PhaseError::not_ready(error.message) } else { error }
}

/// What makes it the same object on both sides, whatever the version it is written or listed in.
fn identity(id: &ObjectId) -> (String, String, String, String) {
    let (group, kind, namespace, name) = id.identity();
    (group.to_owned(), kind.to_owned(), namespace.to_owned(), name.to_owned())
}

/// Tries the objects, and answers how many are of kinds that green does not serve. An object in a namespace that the bundles bring is
/// tried in another one: a server takes no object into a namespace that is not there, not even for a trial.
async fn rehearse<A: KubernetesApi>(
    green: &A,
    objects: &[Of<'_>],
    namespaces: &BTreeSet<&str>,
    deadline: jiff::Timestamp,
    faults: &mut Faults,
) -> usize {
    let stand_ins: Vec<Option<Prepared>> = objects
        .iter()
        .map(|of| {
            let there = |namespace: &str| is_initial_namespace(namespace) || namespaces.contains(namespace);
            let missing = of.object.id.namespace.as_deref().is_some_and(|namespace| !there(namespace));
            missing.then(|| elsewhere(&of.object))
        })
        .collect();
    let tried: Vec<&Prepared> =
        objects.iter().zip(&stand_ins).map(|(of, stand_in)| stand_in.as_ref().unwrap_or(&of.object)).collect();
    let mut unknown = 0;
    for (of, answer) in objects.iter().zip(green.rehearse(&tried, deadline).await) {
        match answer {
            Ok(Tried::Accepted) => {}
            Ok(Tried::NotServed) => unknown += 1,
            Err(error) => faults.add(of, error),
        }
    }
    unknown
}

/// The object as if it were in the namespace that every cluster has.
fn elsewhere(object: &Prepared) -> Prepared {
    let mut value = object.value();
    value["metadata"]["namespace"] = DEFAULT_NAMESPACE.into();
    let mut moved = object.clone();
    moved.id.namespace = Some(DEFAULT_NAMESPACE.to_owned());
    moved.json = value.to_string().into_bytes().into_boxed_slice();
    moved
}

#[cfg(test)]
mod tests;

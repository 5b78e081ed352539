//! What runs on the clusters: reads the bundles, and refuses what Bascule cannot move or must not run twice.

mod bundles;
mod routes;

use domain::{
    Input, Kind, PhaseError, Problem,
    manifest::{
        Classes, HOLD_LABEL, Object, RUN_LABEL, class, classify,
        refusal::{defined_kind, needed_namespace, reasons},
        removed, state, workload,
    },
    object::is_built_in,
    plan::{
        Found, Planned,
        workloads::{Bundle, Workload, Workloads},
    },
    ports::{Kubernetes, Manifests},
};
use std::collections::{BTreeMap, BTreeSet};

/// How many names one message holds.
const NAMED: usize = 40;

/// Reads every bundle, and asks blue's API server whether it answers.
///
/// # Errors
/// `Unavailable` and `Denied` only: whatever else is wrong is in the problems, all at once.
pub async fn read<P>(ports: &P, input: &Input) -> Result<Found<Workloads>, PhaseError>
where
    P: Manifests + Kubernetes,
{
    let mut problems = Vec::new();
    // A cluster that does not exist is told by who reads the clusters.
    let cluster = &input.blue.cluster;
    let blue = if cluster.is_empty() { None } else { ports.reach(cluster).await? };
    if let Some(fault) = blue.as_ref().and_then(|blue| blue.fault.as_ref()) {
        problems.push(Problem::new(
            "$.blue.cluster",
            format!(
                "the API server of {} does not answer ({fault}). Where its endpoint is private, deploy Bascule with subnets and a security group that reach it",
                input.blue.cluster
            ),
        ));
    }
    let version = input.green.version.clone().or_else(|| blue.map(|blue| blue.version)).unwrap_or_default();
    let mut bundles = Vec::new();
    let mut all: Vec<(usize, Object)> = Vec::new();
    let named = input.workloads.manifests.iter().enumerate().filter(|(_, uri)| !uri.is_empty());
    for (index, uri) in named {
        let path = manifest_path(index);
        let Some(served) = ports.bundle(uri, None).await? else {
            problems.push(Problem::new(path, format!("found nothing at {uri} that Bascule may read; upload it, or let bascule-preflight read it (s3:GetObject)")));
            continue;
        };
        problems.extend(
            served
                .unreadable
                .iter()
                .map(|fault| Problem::new(&path, format!("{fault}, in {uri}; mend it and upload it again"))),
        );
        if served.objects.is_empty() && served.unreadable.is_empty() {
            problems.push(Problem::new(
                &path,
                format!("found no object in {uri}; upload what `kubectl kustomize` renders"),
            ));
        }
        bundles.push(Bundle {
            uri: uri.clone(),
            version: served.version,
            etag: served.etag,
            digest: served.digest,
            objects: served.objects.len(),
        });
        all.extend(served.objects.into_iter().map(|object| (index, bundles::without_bulk(object))));
    }
    let mut found = judge(input, &all, &version);
    found.facts.bundles = bundles;
    problems.append(&mut found.problems);
    found.problems = problems;
    found.creates = found.facts.bundles.iter().map(planned).collect();
    Ok(found)
}

fn planned(bundle: &Bundle) -> Planned {
    Planned::new(Kind::Bundle, format!("{} ({} objects)", bundle.uri, bundle.objects))
}

fn manifest_path(index: usize) -> String {
    format!("$.workloads.manifests[{index}]")
}

/// Everything that the objects of all bundles say, each with the index of its bundle.
fn judge(input: &Input, all: &[(usize, Object)], version: &str) -> Found<Workloads> {
    let objects: Vec<Object> = all.iter().map(|(_, object)| object.clone()).collect();
    let asked = &input.workloads;
    let classes = classify(&objects, &asked.hold, &asked.run);
    let (routes, mut problems, mut advice) = routes::judge(&asked.hosts, all);
    problems.extend(class_problems(input, &classes, &objects));
    problems.extend(bundles::duplicates(all));
    problems.extend(missing_namespaces(all));
    for (index, object) in all {
        // A Service that is not classed is told with the others that are not.
        let told = class::is_load_balancer(object) && classes.unclassed.contains(&object.id);
        let mut messages = reasons(object, told || classes.hold.contains(&object.id));
        messages.extend(removed::replacement(&object.id, version).map(|instead| {
            format!(
                "{} is written for {}, which Kubernetes {version} does not serve any more; use {instead}",
                object.id, object.id.api_version
            )
        }));
        problems.extend(
            messages.into_iter().map(|message| {
                Problem::new(manifest_path(*index), format!("{message} (document {})", object.document))
            }),
        );
    }
    let workloads = workloads(&objects, &classes);
    advice.extend(unknown_kinds(&objects));
    advice.extend(runs(&workloads));
    let facts = Workloads { bundles: Vec::new(), workloads, hosts: asked.hosts.clone(), routes };
    let mut found = Found::new(facts);
    found.problems = problems;
    found.advice = advice;
    found
}

fn class_problems(input: &Input, classes: &Classes, objects: &[Object]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let hold = "$.workloads.hold";
    if !classes.unclassed.is_empty() {
        problems.push(Problem::new(
            hold,
            format!(
                "these workloads work without being asked, since no Service of the bundles selects their Pods, or get a load balancer of their own: {}. \
                 On green they would take production's messages before anybody approved. Put each in workloads.hold (suspended on green until the switch, on blue after it) \
                 or workloads.run (may run in both clusters at once), or label it {HOLD_LABEL} or {RUN_LABEL}",
                names(classes.unclassed.iter())
            ),
        ));
    }
    if !classes.cannot_hold.is_empty() {
        problems.push(Problem::new(
            hold,
            format!(
                "these cannot be suspended: {}. Make each a Deployment, or let it run on both sides",
                names(classes.cannot_hold.iter())
            ),
        ));
    }
    if !classes.both.is_empty() {
        problems.push(Problem::new(
            hold,
            format!(
                "these are labelled both {HOLD_LABEL} and {RUN_LABEL}: {}. Remove one, or decide in the input",
                names(classes.both.iter())
            ),
        ));
    }
    let known: BTreeSet<String> = objects
        .iter()
        .filter(|object| workload::is_workload(&object.id) || class::is_load_balancer(object))
        .map(|object| object.id.to_string())
        .collect();
    for (field, list) in [("hold", &input.workloads.hold), ("run", &input.workloads.run)] {
        for (index, name) in list.iter().enumerate().filter(|(_, name)| !known.contains(*name)) {
            problems.push(Problem::new(
                format!("$.workloads.{field}[{index}]"),
                format!("{name} names nothing in the bundles; the names are Kind/namespace/name, with the namespace default where the manifest has none"),
            ));
        }
    }
    problems
}

fn names<'a>(ids: impl ExactSizeIterator<Item = &'a domain::manifest::ObjectId>) -> String {
    let more = ids.len().saturating_sub(NAMED);
    let named: Vec<String> = ids.take(NAMED).map(ToString::to_string).collect();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", named.join(", "))
}

fn missing_namespaces(all: &[(usize, Object)]) -> Vec<Problem> {
    let made: BTreeSet<&str> = all
        .iter()
        .filter(|(_, object)| object.id.kind == "Namespace")
        .map(|(_, object)| object.id.name.as_str())
        .collect();
    let mut missing: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (index, object) in all {
        if let Some(namespace) = needed_namespace(object).filter(|namespace| !made.contains(namespace)) {
            missing.entry(namespace).or_insert((*index, 0)).1 += 1;
        }
    }
    missing
        .into_iter()
        .map(|(namespace, (index, count))| {
            let message = format!("{count} objects are in the namespace {namespace}, which no bundle has: green will not have it. Add the Namespace to a bundle");
            Problem::new(manifest_path(index), message)
        })
        .collect()
}

fn workloads(objects: &[Object], classes: &Classes) -> Vec<Workload> {
    let autoscaled: BTreeSet<(&str, &str, &str)> = objects
        .iter()
        .filter(|object| object.id.kind == "HorizontalPodAutoscaler")
        .filter_map(|object| {
            let (kind, name) = state::scaled_by(object.value.as_object()?)?;
            Some((object.id.namespace_or_default(), kind, name))
        })
        .collect();
    objects
        .iter()
        .filter(|object| classes.hold.contains(&object.id) || classes.run.contains(&object.id))
        .map(|object| {
            let id = object.id.clone();
            let held = classes.hold.contains(&id);
            Workload {
                held,
                images: workload::images(&id.kind, &object.value),
                replicas: workload::replicas(&id.kind, &object.value),
                autoscaled: autoscaled.contains(&(id.namespace_or_default(), id.kind.as_str(), id.name.as_str())),
                id,
            }
        })
        .collect()
}

/// Custom resources whose definition is in no bundle: an operator may bring it, or nobody.
fn unknown_kinds(objects: &[Object]) -> Option<String> {
    let defined: BTreeSet<(&str, &str)> = objects
        .iter()
        .filter(|object| object.id.kind == "CustomResourceDefinition")
        .filter_map(|object| defined_kind(&object.value))
        .collect();
    let unknown: BTreeSet<(&str, &str)> = objects
        .iter()
        .filter(|object| !is_built_in(&object.id.api_version))
        .map(|object| (object.id.group(), object.id.kind.as_str()))
        .filter(|kind| !defined.contains(kind))
        .collect();
    (!unknown.is_empty()).then(|| {
        let kinds: Vec<String> = unknown.into_iter().map(|(group, kind)| format!("{kind}.{group}")).collect();
        format!(
            "no bundle brings the CustomResourceDefinition of {}: green serves these only if something in the bundles installs them by itself",
            kinds.join(", ")
        )
    })
}

/// Consumers behind a Service cannot be told from servers: the plan names all that runs, for people to look at.
fn runs(workloads: &[Workload]) -> Vec<String> {
    let list = |held: bool| {
        let ids: Vec<_> =
            workloads.iter().filter(|workload| workload.held == held).map(|workload| &workload.id).collect();
        (!ids.is_empty()).then(|| names(ids.into_iter()))
    };
    let running = list(false)
        .map(|names| format!("runs on green before the approval, and in both clusters until blue is deleted: {names}"));
    let held = list(true).map(|names| format!("is suspended on green until the switch, and on blue after it: {names}"));
    running.into_iter().chain(held).collect()
}

#[cfg(test)]
mod tests;

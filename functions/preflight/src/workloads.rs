//! What runs on the clusters: reads the bundles, and refuses what Bascule cannot move or must not run twice.

mod around;
mod auto_mode;
mod bundles;
mod copies;
mod definitions;
mod fargate;
mod karpenter;
mod routes;
mod selectors;
mod service;
mod storage;

pub use around::Around;

use domain::{
    Input, Kind, PhaseError, Problem,
    manifest::{
        Classes, HOLD_LABEL, Object, ObjectId, RUN_LABEL, assumed, class, classify, helm, hold, outside::Controllers,
        prepare::as_green, refusal::reasons, removed, volumes, workload,
    },
    object::{actors::Actor, autoscalers},
    plan::{
        Found, Planned,
        workloads::{Assumed, Bundle, Workload, Workloads},
    },
    ports::{Kubernetes, Manifests, Network, Quotas},
};
use std::collections::BTreeSet;

/// How many names one message holds.
const NAMED: usize = 40;

/// Reads every bundle, and asks blue's API server whether it answers; `around` is what is known of blue by now.
///
/// # Errors
/// `Unavailable` and `Denied` only: whatever else is wrong is in the problems, all at once.
pub async fn read<P>(ports: &P, input: &Input, around: &Around) -> Result<Found<Workloads>, PhaseError>
where
    P: Manifests + Kubernetes + Network + Quotas,
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
    let asked = input.green.version.clone().or_else(|| blue.map(|blue| blue.version)).unwrap_or_default();
    if input.green.existing {
        let green = ports.reach(&input.green.cluster).await?;
        problems.extend(green.and_then(|green| green.fault).map(|fault| {
            let cluster = &input.green.cluster;
            let message = format!("the API server of {cluster} does not answer ({fault}). Where its endpoint is private, deploy Bascule with subnets and a security group that reach it");
            Problem::new("$.green.cluster", message)
        }));
    }
    let version = if input.green.existing { around.version.clone() } else { asked };
    let blues = around.unexplained(&input.workloads);
    let mut left_out = Vec::new();
    let mut of_blue = karpenter::OfBlue::default();
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
        let hooks = served.objects.iter().filter(|object| helm::is_left_out(object));
        left_out.extend(hooks.map(|object| object.id.to_string()));
        of_blue.see(&served.objects);
        for object in as_green(served.objects, &input.workloads.replace) {
            let named = around::names_blue(&object, &blues);
            let told = named.or_else(|| around::finds_groups_of_both(&object, &input.green.cluster));
            problems
                .extend(told.map(|message| Problem::new(&path, format!("{message} (document {})", object.document))));
            all.push((index, bundles::without_bulk(object)));
        }
    }
    problems.extend(around.unanswered(&all));
    let mut found = judge(input, &all, &version, around);
    let claimed = if cluster.is_empty() { Vec::new() } else { ports.claimed_volumes(cluster).await? };
    copies::read(ports, input, (&all, &claimed), around, &mut found).await?;
    storage::read(ports, &all, around, &mut found).await?;
    karpenter::read(ports, input, &all, around, &of_blue, &mut found).await?;
    auto_mode::read(ports, input, &all, around, &mut found).await?;
    found.advice.extend(storage::left(&claimed));
    if !left_out.is_empty() {
        found
            .advice
            .push(format!("left out, as hooks of Helm that an installation does not run: {}", left_out.join(", ")));
    }
    found.facts.bundles = bundles;
    problems.append(&mut found.problems);
    found.problems = problems;
    found.creates.extend(found.facts.bundles.iter().map(planned));
    Ok(found)
}

fn planned(bundle: &Bundle) -> Planned {
    Planned::new(Kind::Bundle, format!("{} ({} objects)", bundle.uri, bundle.objects))
}

fn manifest_path(index: usize) -> String {
    format!("$.workloads.manifests[{index}]")
}

/// Everything that the objects of all bundles say, each with the index of its bundle.
fn judge(input: &Input, all: &[(usize, Object)], version: &str, around: &Around) -> Found<Workloads> {
    let objects: Vec<Object> = all.iter().map(|(_, object)| object.clone()).collect();
    let asked = &input.workloads;
    let edge = around.service.as_ref().map(|of| of.service.id());
    // What stands before the API is needed on both sides.
    let run: Vec<String> = asked.run.iter().cloned().chain(edge.as_ref().map(ToString::to_string)).collect();
    let classes = classify(&objects, &asked.hold, &run);
    let (routes, mut problems, mut advice) = routes::judge(&asked.hosts, all);
    problems.extend(class_problems(input, &classes, &objects));
    problems.extend(bundles::duplicates(all));
    problems.extend(bundles::missing_namespaces(all));
    problems.extend(bundles::node_ports(all));
    problems.extend(bundles::unknown_names(all, "forceConflicts", &asked.force_conflicts));
    problems.extend(definitions::unserved(all));
    problems.extend(karpenter::problems(input, &classes, all));
    problems.extend(fargate::problems(&around.fargate, &around.instances, all));
    let (volumes, refused) = volumes::decide(&objects, &asked.volumes);
    problems.extend(refused);
    problems.extend(around.service.iter().flat_map(|of| of.problems(&classes, all)));
    let controllers = Controllers::of(objects.iter());
    for (index, object) in all {
        // A Service that is not classed is told with the others that are not.
        let told = class::is_load_balancer(object) && classes.unclassed.contains(&object.id);
        let is_edge = edge.as_ref() == Some(&object.id);
        let held = told || is_edge || classes.hold.contains(&object.id);
        let mut messages = reasons(object, held, classes.run.contains(&object.id), &controllers);
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
    let mut workloads = workloads(&objects, &classes);
    workloads.retain(|workload| edge.as_ref() != Some(&workload.id));
    advice.extend(definitions::unknown_kinds(&objects));
    advice.extend(runs(&workloads, &classes));
    let facts = Workloads {
        bundles: Vec::new(),
        workloads,
        hosts: asked.hosts.clone(),
        routes,
        replace: asked.replace.clone(),
        assumed: all.iter().flat_map(|(index, object)| takes_roles(*index, object)).collect(),
        volumes,
        copies: Vec::new(),
        node_pools: Vec::new(),
    };
    let mut found = Found::new(facts);
    found.problems = problems;
    found.advice = advice;
    found
}

fn takes_roles(index: usize, object: &Object) -> impl Iterator<Item = Assumed> {
    let by = format!("{} (document {} of {})", object.id, object.document, manifest_path(index));
    let roles = assumed::roles(object).into_iter();
    let account = (object.id.kind == "ServiceAccount").then(|| {
        let namespace = object.id.namespace.as_deref().unwrap_or("default");
        (namespace.to_owned(), object.id.name.clone())
    });
    roles.map(move |role| Assumed { role_arn: role.to_owned(), by: by.clone(), service_account: account.clone() })
}

fn class_problems(input: &Input, classes: &Classes, objects: &[Object]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let hold = "$.workloads.hold";
    if !classes.unclassed.is_empty() {
        problems.push(Problem::new(
            hold,
            format!(
                "these workloads work without being asked, since no Service of the bundles selects their Pods or their controllers act by themselves, or get a load \
                 balancer of their own: {}.{} \
                 On green they would take production's messages before anybody approved. Put each in workloads.hold (suspended on green until the switch, on blue after it) \
                 or workloads.run (may run in both clusters at once), or label it {HOLD_LABEL} or {RUN_LABEL}",
                names(classes.unclassed.iter()),
                acting(classes)
            ),
        ));
    }
    if !classes.cannot_hold.is_empty() {
        problems.push(Problem::new(
            hold,
            format!(
                "these cannot be suspended, or scale what is to be: {}. Make each a Deployment, take it out of the bundle, or let it run on both sides",
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
    let known: BTreeSet<String> =
        objects.iter().filter(|object| class::can_be_classed(object)).map(|object| object.id.to_string()).collect();
    for (field, list) in [("hold", &input.workloads.hold), ("run", &input.workloads.run)] {
        for (index, name) in list.iter().enumerate().filter(|(_, name)| !known.contains(*name)) {
            problems.push(Problem::new(
                format!("$.workloads.{field}[{index}]"),
                format!("{name} names nothing in the bundles; the names are Kind/namespace/name, with the namespace default where the manifest has none, and Kind/name of what has no namespace"),
            ));
        }
    }
    problems
}

/// What the custom resources among those that are not classed do.
fn acting(classes: &Classes) -> String {
    let acting = classes.unclassed.iter().filter_map(|id| Some(format!(" {id} {}.", Actor::of(id)?.does)));
    acting.take(NAMED).collect()
}

fn names<'a>(ids: impl ExactSizeIterator<Item = &'a ObjectId>) -> String {
    let more = ids.len().saturating_sub(NAMED);
    let named: Vec<String> = ids.take(NAMED).map(ToString::to_string).collect();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", named.join(", "))
}

fn workloads(objects: &[Object], classes: &Classes) -> Vec<Workload> {
    let autoscaled: BTreeSet<(&str, &str, &str)> = objects
        .iter()
        .filter_map(|object| {
            let (kind, name) = autoscalers::replicas_of(&object.id, &object.value)?;
            Some((object.id.namespace_or_default(), kind, name))
        })
        .collect();
    let is_autoscaled =
        |id: &ObjectId| autoscaled.contains(&(id.namespace_or_default(), id.kind.as_str(), id.name.as_str()));
    // Of the custom resources that run, only those whose replicas are left to an autoscaler matter later.
    let runs = |object: &&Object| {
        let makes_pods = workload::is_workload(&object.id) || class::is_load_balancer(object);
        classes.run.contains(&object.id) && (makes_pods || is_autoscaled(&object.id))
    };
    let mut found: Vec<Workload> = objects
        .iter()
        .filter(|object| classes.hold.contains(&object.id) || runs(object))
        .map(|object| {
            let id = object.id.clone();
            let held = classes.hold.contains(&id);
            Workload {
                held,
                images: workload::images(&id.kind, &object.value),
                replicas: workload::replicas(&id.kind, &object.value),
                autoscaled: is_autoscaled(&id),
                resume: hold::suspension(&id, &object.value).filter(|_| held).map(|of| of.restore).unwrap_or_default(),
                id,
            }
        })
        .collect();
    // An autoscaler is suspended before what it scales.
    found.sort_by_key(|workload| classes.hold.iter().position(|id| *id == workload.id).unwrap_or(usize::MAX));
    // Two bundles may hold the same object.
    let mut seen = BTreeSet::new();
    found.retain(|workload| seen.insert(workload.id.clone()));
    found
}

/// Consumers behind a Service cannot be told from servers: the plan names all that runs, for people to look at.
fn runs(workloads: &[Workload], classes: &Classes) -> Vec<String> {
    let list = |held: bool| {
        let of_plan = workloads.iter().filter(|workload| workload.held == held).map(|workload| &workload.id);
        // Custom resources that run are not compared between the sides, and in no plan.
        let planned = |id: &&ObjectId| !workloads.iter().any(|workload| workload.id == **id);
        let others = classes.run.iter().filter(|_| !held).filter(planned);
        let ids: Vec<_> = of_plan.chain(others).collect();
        (!ids.is_empty()).then(|| names(ids.into_iter()))
    };
    let running = list(false)
        .map(|names| format!("runs on green before the approval, and in both clusters until blue is deleted: {names}"));
    let held = list(true).map(|names| format!("is suspended on green until the switch, and on blue after it: {names}"));
    running.into_iter().chain(held).collect()
}

#[cfg(test)]
mod tests;

//! From a bundle as its users wrote it to what is applied to green.

use super::{Object, Placed, helm, hold, hosts, named, order, volumes};
use crate::{
    PhaseError,
    input::Replacement,
    plan::workloads::{Bundle, Workloads},
    ports::Manifests,
};
use std::collections::HashSet;

/// Under which names green's routes answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosts {
    /// For the people who qualify green.
    Temporary,
    /// As production knows them.
    Public,
}

/// Shows the objects of a bundle as preflight saw it, in the order in which they are written: in the version that the plan has, where its
/// bucket keeps versions, whatever was uploaded since. What names blue is replaced, and hooks that Helm would not run are left out. What was
/// shown counts only where this ends well.
///
/// # Errors
/// `Conflict` where S3 serves something else by now: what was planned and approved is not what would be applied.
pub async fn each<M: Manifests>(
    manifests: &M,
    bundle: &Bundle,
    replace: &[Replacement],
    mut see: impl FnMut(Object) + Send,
) -> Result<(), PhaseError> {
    let uri = &bundle.uri;
    let read = manifests.read(uri, bundle.version.as_deref(), |object| {
        if let Some(object) = for_green(object, replace) {
            see(object);
        }
    });
    let source = read.await?.ok_or_else(|| {
        PhaseError::conflict(format!(
            "{uri} is gone, or may no longer be read; put it back as it was when the plan was made"
        ))
    })?;
    if source.digest != bundle.digest || !source.unreadable.is_empty() {
        return Err(PhaseError::conflict(format!(
            "{uri} changed since the plan was made: found SHA-256 {}, expected {}; put it back, or start a new migration with the new manifests",
            source.digest, bundle.digest
        )));
    }
    Ok(())
}

/// The objects of a bundle as green gets them: without hooks that Helm would not run, and with what names blue replaced.
#[must_use]
pub fn as_green(objects: Vec<Object>, replace: &[Replacement]) -> Vec<Object> {
    objects.into_iter().filter_map(|object| for_green(object, replace)).collect()
}

fn for_green(mut object: Object, replace: &[Replacement]) -> Option<Object> {
    if helm::is_left_out(&object) {
        return None;
    }
    named::replace(&mut object.value, replace);
    Some(object)
}

/// How the objects of bundles are changed before they are applied to green.
#[derive(Debug)]
pub struct Preparation<'a> {
    workloads: &'a Workloads,
    hosts: Hosts,
    held: HashSet<Identity<'a>>,
    autoscaled: HashSet<Identity<'a>>,
    forced: HashSet<&'a str>,
}

type Identity<'a> = (&'a str, &'a str, &'a str, &'a str);

impl<'a> Preparation<'a> {
    /// With holds suspended, replicas left to autoscalers, and routes under the hosts of this time; `forced` names the objects whose fields
    /// are taken from others who manage them.
    #[must_use]
    pub fn new(workloads: &'a Workloads, hosts: Hosts, forced: &'a [String]) -> Self {
        let those = |which: fn(&crate::plan::workloads::Workload) -> bool| {
            workloads
                .workloads
                .iter()
                .filter(|workload| which(workload))
                .map(|workload| workload.id.identity())
                .collect()
        };
        Self {
            workloads,
            hosts,
            held: those(|workload| workload.held),
            autoscaled: those(|workload| workload.autoscaled),
            forced: forced.iter().map(String::as_str).collect(),
        }
    }

    /// What is applied of an object.
    #[must_use]
    pub fn object(&self, mut object: Object) -> Object {
        if self.held.contains(&object.id.identity())
            && let Some(patches) = hold::suspension(&object.id, &object.value)
        {
            hold::merge(&mut object.value, &patches.suspend);
        } else if self.autoscaled.contains(&object.id.identity())
            && let Some(spec) = object.value["spec"].as_object_mut()
        {
            // Applied, this field would take the autoscaler's number back to the manifest's each time
            // (https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#migrating-deployments-and-statefulsets-to-horizontal-autoscaling).
            spec.remove("replicas");
        }
        volumes::keep(&mut object);
        volumes::copies::reserve(&mut object, self.workloads);
        if self.hosts == Hosts::Temporary {
            hosts::rewrite(&mut object, &self.workloads.hosts);
        }
        object
    }

    /// The same, as it is sent.
    #[must_use]
    pub fn placed(&self, object: Object) -> Placed {
        let is_forced = self.forced.contains(object.id.to_string().as_str());
        Placed::new(self.object(object), is_forced)
    }
}

/// A bundle as it is applied to green: in the order of dependencies, what stands in it twice once. Where both differ, preflight has refused
/// the bundle.
///
/// # Errors
/// `Conflict` where the bundle changed since the plan.
pub async fn read<M: Manifests>(
    manifests: &M,
    bundle: &Bundle,
    preparation: &Preparation<'_>,
    wanted: impl Fn(&Object) -> bool + Send + Sync,
) -> Result<Vec<Placed>, PhaseError> {
    let mut objects = Vec::with_capacity(bundle.objects);
    let replace = &preparation.workloads.replace;
    each(manifests, bundle, replace, |object| {
        if wanted(&object) {
            objects.push(preparation.placed(object));
        }
    })
    .await?;
    let mut seen: HashSet<Identity<'_>> = HashSet::with_capacity(objects.len());
    let first: Vec<bool> = objects.iter().map(|placed| seen.insert(placed.object.id.identity())).collect();
    let mut first = first.into_iter();
    objects.retain(|_| first.next().unwrap_or(true));
    objects.sort_by_key(|placed| placed.step);
    Ok(objects)
}

/// What is applied to green: in the order of dependencies, holds suspended, replicas left to autoscalers, and routes under the
/// hosts of this time.
#[must_use]
pub fn prepare(mut objects: Vec<Object>, workloads: &Workloads, hosts: Hosts) -> Vec<Object> {
    let preparation = Preparation::new(workloads, hosts, &[]);
    order::sort(&mut objects);
    objects.into_iter().map(|object| preparation.object(object)).collect()
}

/// Whether this is a route whose hosts are others for qualification than for production: all that changes when green gets the
/// public names. Everything else is applied already, and applying it again would undo what was scaled since.
#[must_use]
pub fn is_renamed(object: &Object, workloads: &Workloads) -> bool {
    hosts::is_route(object) && hosts::rewrite(&mut object.clone(), &workloads.hosts) > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{input::Host, plan::workloads::Workload};
    use serde_json::{Value, json};

    fn object(value: Value) -> Object {
        Object::new(1, 1, value).unwrap()
    }

    fn shop() -> (Vec<Object>, Workloads) {
        let deployment = |name: &str| json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name }, "spec": { "replicas": 3 } });
        let objects = vec![
            object(
                json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "i" }, "spec": { "rules": [{ "host": "a.example" }] } }),
            ),
            object(
                json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "j" }, "spec": { "rules": [{ "host": "x.example" }] } }),
            ),
            object(deployment("held")),
            object(deployment("scaled")),
            object(deployment("plain")),
        ];
        let workload = |index: usize, held, autoscaled| {
            let object: &Object = &objects[index];
            Workload { id: object.id.clone(), held, images: vec![], replicas: Some(3), autoscaled, resume: Value::Null }
        };
        let workloads = Workloads {
            workloads: vec![workload(2, true, false), workload(3, false, true), workload(4, false, false)],
            hosts: vec![Host { primary: "a.example".into(), temporary: "t.example".into() }],
            ..Workloads::default()
        };
        (objects, workloads)
    }

    #[test]
    fn holds_are_suspended_autoscaled_replicas_left_out_and_hosts_rewritten() {
        let (objects, workloads) = shop();
        let prepared = prepare(objects, &workloads, Hosts::Temporary);
        let specs: Vec<String> = prepared.iter().map(|o| format!("{} {}", o.id.name, o.value["spec"])).collect();
        assert_eq!(
            specs,
            [
                r#"held {"replicas":0}"#,
                "scaled {}",
                r#"plain {"replicas":3}"#,
                r#"i {"rules":[{"host":"t.example"}]}"#,
                r#"j {"rules":[{"host":"x.example"}]}"#
            ]
        );
    }

    #[test]
    fn only_renamed_routes_change_with_the_hosts() {
        let (objects, workloads) = shop();
        let renamed: Vec<&str> = objects
            .iter()
            .filter(|object| is_renamed(object, &workloads))
            .map(|object| object.id.name.as_str())
            .collect();
        assert_eq!(renamed, ["i"]);
        let public = Preparation::new(&workloads, Hosts::Public, &[]).object(objects[0].clone());
        assert_eq!(public, objects[0]);
    }
}

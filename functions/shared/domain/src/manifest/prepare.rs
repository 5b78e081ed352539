//! From a bundle as its users wrote it to what is applied to green.

use super::{Object, helm, hold, hosts, named, order};
use crate::{
    PhaseError,
    input::Replacement,
    plan::workloads::{Bundle, Workloads},
    ports::Manifests,
};

/// Under which names green's routes answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosts {
    /// For the people who qualify green.
    Temporary,
    /// As production knows them.
    Public,
}

/// The objects of a bundle as preflight saw it, in the order in which they are written: in the version that the plan has, where its
/// bucket keeps versions, whatever was uploaded since. What names blue is replaced, and hooks that Helm would not run are left out.
///
/// # Errors
/// `Conflict` where S3 serves something else by now: what was planned and approved is not what would be applied.
pub async fn unchanged<M: Manifests>(
    manifests: &M,
    bundle: &Bundle,
    replace: &[Replacement],
) -> Result<Vec<Object>, PhaseError> {
    let uri = &bundle.uri;
    let served = manifests.bundle(uri, bundle.version.as_deref()).await?.ok_or_else(|| {
        PhaseError::conflict(format!(
            "{uri} is gone, or may no longer be read; put it back as it was when the plan was made"
        ))
    })?;
    if served.digest != bundle.digest || !served.unreadable.is_empty() {
        return Err(PhaseError::conflict(format!(
            "{uri} changed since the plan was made: found SHA-256 {}, expected {}; put it back, or start a new migration with the new manifests",
            served.digest, bundle.digest
        )));
    }
    Ok(as_green(served.objects, replace))
}

/// The objects of a bundle as green gets them: without hooks that Helm would not run, and with what names blue replaced.
#[must_use]
pub fn as_green(mut objects: Vec<Object>, replace: &[Replacement]) -> Vec<Object> {
    objects.retain(|object| !helm::is_left_out(object));
    for object in &mut objects {
        named::replace(&mut object.value, replace);
    }
    objects
}

/// What is applied to green: in the order of dependencies, holds suspended, replicas left to autoscalers, and routes under the
/// hosts of this time.
#[must_use]
pub fn prepare(mut objects: Vec<Object>, workloads: &Workloads, hosts: Hosts) -> Vec<Object> {
    order::sort(&mut objects);
    for object in &mut objects {
        if workloads.is_held(&object.id)
            && let Some(patches) = hold::suspension(&object.id, &object.value)
        {
            hold::merge(&mut object.value, &patches.suspend);
        } else if workloads.is_autoscaled(&object.id)
            && let Some(spec) = object.value["spec"].as_object_mut()
        {
            // Applied, this field would take the autoscaler's number back to the manifest's each time
            // (https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#migrating-deployments-and-statefulsets-to-horizontal-autoscaling).
            spec.remove("replicas");
        }
        if hosts == Hosts::Temporary {
            hosts::rewrite(object, &workloads.hosts);
        }
    }
    objects
}

/// The routes whose hosts are others for qualification than for production: all that changes when green gets the
/// public names. Everything else is applied already, and applying it again would undo what was scaled since.
#[must_use]
pub fn routes(objects: Vec<Object>, workloads: &Workloads, hosts: Hosts) -> Vec<Object> {
    let renamed: Vec<Object> =
        objects.into_iter().filter(|object| super::hosts::rewrite(&mut object.clone(), &workloads.hosts) > 0).collect();
    prepare(renamed, workloads, hosts)
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
        let public = routes(objects.clone(), &workloads, Hosts::Public);
        assert_eq!(public, [objects[0].clone()]);
        let temporary = routes(objects, &workloads, Hosts::Temporary);
        assert_eq!(temporary[0].value["spec"]["rules"][0]["host"], "t.example");
    }
}

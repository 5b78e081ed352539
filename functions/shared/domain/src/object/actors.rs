//! Custom resources whose controllers work without being asked: they start Pods, apply other manifests, manage what is outside of the
//! cluster, or run on a schedule. Told by what the controller does, each with the field by which its own documents say that it is
//! suspended.

mod sorts;
mod table;

use super::{
    ObjectId,
    kinds::is_of,
    patches::{Patches, keeps},
};
use serde_json::{Value, json};
use sorts::{CLUSTER_WIDE, FINITE, SETTINGS};
use table::{Path, ROWS, Word};

/// What a controller does with a custom resource, before anybody approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// In words that follow the name of the resource.
    pub does: &'static str,
    suspend: &'static [(Path, Word)],
}

impl Actor {
    /// The actor that this object is for its controller.
    #[must_use]
    pub fn of(id: &ObjectId) -> Option<Self> {
        Self::find(id.group(), &id.kind)
    }

    fn find(group: &str, kind: &str) -> Option<Self> {
        let row = ROWS.iter().find(|row| is_of((row.group, row.kinds), group, kind))?;
        if SETTINGS.iter().any(|of| is_of(*of, group, kind)) {
            return None;
        }
        Some(Self { does: row.does, suspend: row.suspend })
    }

    /// The merge patches that suspend the object, and that put it back as it is; `None` where its controller knows no suspension.
    #[must_use]
    pub fn suspension(&self, object: &Value) -> Option<Patches> {
        let fields = self.suspend.iter().map(|(path, word)| match word {
            Word::True => Some((*path, json!(true))),
            Word::Zero => Some((*path, json!(0))),
            Word::Text(text) => Some((*path, json!(text))),
            Word::TextWithin(text) => has_parent(object, path).then(|| (*path, json!(text))),
        });
        let fields: Vec<_> = fields.collect::<Option<_>>()?;
        (!fields.is_empty()).then(|| Patches::setting(object, &fields))
    }

    /// Whether the object is written as suspended. A number of replicas is none of it: whoever scales changes that.
    #[must_use]
    pub fn is_suspended(&self, object: &Value) -> bool {
        let by_number = self.suspend.iter().any(|(_, word)| *word == Word::Zero);
        !by_number && self.suspension(object).is_some_and(|patches| keeps(object, &patches.suspend))
    }
}

fn has_parent(object: &Value, path: Path) -> bool {
    let (_, parents) = path.split_last().unwrap_or((&"", &[]));
    parents.iter().try_fold(object, |value, name| value.get(*name)).is_some_and(Value::is_object)
}

/// Whether resources of this group and kind, which a bundle may leave without a namespace, have one.
pub(super) fn is_namespaced(group: &str, kind: &str) -> bool {
    let is_cluster_wide = CLUSTER_WIDE.iter().any(|of| is_of(*of, group, kind)) && !group.contains(".m.");
    Actor::find(group, kind).is_some() && !is_cluster_wide
}

/// Whether objects of this kind end, as a Job does: one that is gone has done its work, and was deleted for it by its controller
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/>) or by who cleans up.
#[must_use]
pub fn ends(id: &ObjectId) -> bool {
    (id.group() == "batch" && id.kind == "Job") || FINITE.iter().any(|of| is_of(*of, id.group(), &id.kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_actor_is_in_the_table_once() {
        for (index, row) in ROWS.iter().enumerate() {
            for kind in row.kinds {
                let first = ROWS.iter().position(|other| is_of((other.group, other.kinds), row.group, kind));
                assert_eq!(first, Some(index), "{} {kind}", row.group);
            }
        }
    }

    #[test]
    fn what_ends_is_a_job_or_in_the_table() {
        let id = |api_version: &str, kind: &str| ObjectId {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: None,
            name: "x".into(),
        };
        for (api_version, kind, expected) in [
            ("batch/v1", "Job", true),
            ("batch/v1", "CronJob", false),
            ("argoproj.io/v1alpha1", "Workflow", true),
            ("argoproj.io/v1alpha1", "CronWorkflow", false),
            ("ray.io/v1", "RayService", false),
            ("example.com/v1", "Job", false),
        ] {
            assert_eq!(ends(&id(api_version, kind)), expected, "{api_version} {kind}");
        }
        for (group, kinds) in FINITE {
            assert!(ROWS.iter().any(|row| row.group == *group), "{group}");
            assert!(kinds.iter().all(|kind| Actor::find(group, kind).is_some()), "{group}");
        }
    }

    #[test]
    fn an_actor_is_suspended_by_its_own_field() {
        let of = |group: &str, kind: &str, object: Value| {
            let patches = Actor::find(group, kind).unwrap().suspension(&object)?;
            Some((patches.suspend, patches.restore))
        };
        assert_eq!(
            of("argoproj.io", "CronWorkflow", json!({ "spec": { "suspend": false } })),
            Some((json!({ "spec": { "suspend": true } }), json!({ "spec": { "suspend": false } })))
        );
        assert_eq!(
            of("keda.sh", "ScaledJob", json!({ "metadata": { "annotations": {} } })),
            Some((
                json!({ "metadata": { "annotations": { "autoscaling.keda.sh/paused": "true" } } }),
                json!({ "metadata": { "annotations": { "autoscaling.keda.sh/paused": null } } })
            ))
        );
        assert_eq!(
            of("actions.github.com", "AutoscalingRunnerSet", json!({ "spec": { "minRunners": 2 } })),
            Some((
                json!({ "spec": { "maxRunners": 0, "minRunners": 0 } }),
                json!({ "spec": { "maxRunners": null, "minRunners": 2 } })
            ))
        );
        for (group, kind) in
            [("argoproj.io", "ApplicationSet"), ("argoproj.io", "Sensor"), ("s3.services.k8s.aws", "Bucket")]
        {
            assert_eq!(of(group, kind, json!({ "spec": { "replicas": 1 } })), None, "{kind}");
        }
    }

    #[test]
    fn what_is_written_as_suspended_is_known_and_a_number_of_replicas_is_none_of_it() {
        for (group, kind, spec, expected) in [
            ("argoproj.io", "CronWorkflow", json!({ "suspend": true }), true),
            ("argoproj.io", "CronWorkflow", json!({ "suspend": false }), false),
            ("argoproj.io", "Rollout", json!({ "replicas": 0 }), false),
            ("argoproj.io", "ApplicationSet", json!({}), false),
        ] {
            let actor = Actor::find(group, kind).unwrap();
            assert_eq!(actor.is_suspended(&json!({ "spec": spec })), expected, "{kind} {spec}");
        }
    }

    #[test]
    fn a_session_cluster_of_flink_has_no_job_to_suspend() {
        let flink = Actor::find("flink.apache.org", "FlinkDeployment").unwrap();
        assert_eq!(flink.suspension(&json!({ "spec": { "image": "flink:1" } })), None);
        assert!(flink.suspension(&json!({ "spec": { "job": { "jarURI": "local:///a.jar" } } })).is_some());
    }

    #[test]
    fn all_kinds_of_a_family_of_groups_are_known_and_its_own_settings_are_not() {
        for (group, kind, expected) in [
            ("rds.services.k8s.aws", "DBInstance", true),
            ("s3.aws.m.upbound.io", "Bucket", true),
            ("ec2.aws.crossplane.io", "VPC", true),
            ("infrastructure.cluster.x-k8s.io", "AWSMachinePool", true),
            ("aws.upbound.io", "ProviderConfig", false),
            ("mysql.sql.crossplane.io", "Grant", true),
            ("mysql.sql.crossplane.io", "ProviderConfig", false),
            ("repo.github.m.upbound.io", "Repository", true),
            ("pkg.crossplane.io", "Provider", false),
            ("apiextensions.crossplane.io", "Composition", false),
            ("sources.triggermesh.io", "AWSSQSSource", true),
            ("datadoghq.com", "DatadogAgent", false),
            ("services.k8s.aws", "FieldExport", false),
            ("external-secrets.io", "ExternalSecret", false),
            ("source.toolkit.fluxcd.io", "GitRepository", false),
            ("argoproj.io", "AppProject", false),
        ] {
            assert_eq!(Actor::find(group, kind).is_some(), expected, "{group} {kind}");
        }
        assert!(is_namespaced("s3.aws.m.upbound.io", "Bucket") && !is_namespaced("s3.aws.upbound.io", "Bucket"));
        assert!(is_namespaced("helm.m.crossplane.io", "Release") && !is_namespaced("helm.crossplane.io", "Release"));
    }
}

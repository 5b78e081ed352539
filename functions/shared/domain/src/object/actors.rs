//! Custom resources whose controllers work without being asked: they start Pods, apply other manifests, or run on a schedule.
//! Told by what the controller does, each with the field by which its own documents say that it is suspended.

use super::ObjectId;
use serde_json::{Value, json};

/// The field that suspends a resource, as its path and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Suspend {
    /// A field that is set to true.
    True(&'static [&'static str]),
    /// A number of replicas that is set to none.
    Zero(&'static [&'static str]),
    /// A text.
    Text(&'static [&'static str], &'static str),
    /// Its controller cannot be told to leave it alone.
    Never,
}

/// What a controller does with a custom resource, before anybody approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// In words that follow the name of the resource.
    pub does: &'static str,
    suspend: Suspend,
}

const PODS: &str = "starts Pods";
const MANIFESTS: &str =
    "applies other manifests, unclassed, and takes suspensions and temporary hosts of what it manages back";
const SCHEDULE: &str = "works on a schedule";

const SUSPEND: Suspend = Suspend::True(&["spec", "suspend"]);
const REPLICAS: Suspend = Suspend::Zero(&["spec", "replicas"]);

/// The group of KEDA, whose `ScaledObject` is an autoscaler and not here.
const KEDA: &str = "keda.sh";

/// (group, kind, what its controller does, how it is suspended), sources above each group.
const ACTORS: &[(&str, &str, &str, Suspend)] = &[
    // https://keda.sh/docs/latest/reference/scaledjob-spec/#pausing-autoscaling
    (KEDA, "ScaledJob", PODS, Suspend::Text(&["metadata", "annotations", "autoscaling.keda.sh/paused"], "true")),
    // https://argo-workflows.readthedocs.io/en/latest/fields/#cronworkflowspec
    ("argoproj.io", "CronWorkflow", PODS, SUSPEND),
    ("argoproj.io", "Workflow", PODS, SUSPEND),
    // https://argo-rollouts.readthedocs.io/en/stable/features/specification/
    ("argoproj.io", "Rollout", PODS, REPLICAS),
    // https://argoproj.github.io/argo-events/
    ("argoproj.io", "Sensor", PODS, REPLICAS),
    ("argoproj.io", "EventSource", PODS, Suspend::Never),
    // https://argo-cd.readthedocs.io/en/stable/user-guide/skip_reconcile/
    (
        "argoproj.io",
        "Application",
        MANIFESTS,
        Suspend::Text(&["metadata", "annotations", "argocd.argoproj.io/skip-reconcile"], "true"),
    ),
    ("argoproj.io", "ApplicationSet", MANIFESTS, Suspend::Never),
    // https://fluxcd.io/flux/components/kustomize/kustomizations/#suspend
    ("kustomize.toolkit.fluxcd.io", "Kustomization", MANIFESTS, SUSPEND),
    // https://fluxcd.io/flux/components/helm/helmreleases/#suspend
    ("helm.toolkit.fluxcd.io", "HelmRelease", MANIFESTS, SUSPEND),
    // https://fluxcd.io/flux/components/image/imageupdateautomations/#suspend
    ("image.toolkit.fluxcd.io", "ImageUpdateAutomation", "commits to Git", SUSPEND),
    // https://fleet.rancher.io/ref-gitrepo
    ("fleet.cattle.io", "GitRepo", MANIFESTS, Suspend::True(&["spec", "paused"])),
    ("fleet.cattle.io", "Bundle", MANIFESTS, Suspend::True(&["spec", "paused"])),
    // https://docs.k3s.io/helm
    ("helm.cattle.io", "HelmChart", MANIFESTS, Suspend::Never),
    // https://carvel.dev/kapp-controller/docs/latest/app-spec/
    ("kappctrl.k14s.io", "App", MANIFESTS, Suspend::True(&["spec", "paused"])),
    ("packaging.carvel.dev", "PackageInstall", MANIFESTS, Suspend::True(&["spec", "paused"])),
    // https://olm.operatorframework.io/docs/concepts/crds/subscription/
    ("operators.coreos.com", "Subscription", MANIFESTS, Suspend::Never),
    // https://openkruise.io/docs/user-manuals/cloneset and advancedcronjob
    ("apps.kruise.io", "CloneSet", PODS, REPLICAS),
    ("apps.kruise.io", "StatefulSet", PODS, REPLICAS),
    ("apps.kruise.io", "AdvancedCronJob", PODS, Suspend::True(&["spec", "paused"])),
    ("apps.kruise.io", "BroadcastJob", PODS, Suspend::True(&["spec", "paused"])),
    // https://jobset.sigs.k8s.io/docs/concepts/
    ("jobset.x-k8s.io", "JobSet", PODS, SUSPEND),
    // https://www.kubeflow.org/docs/components/trainer/legacy-v1/ (RunPolicy.suspend) and trainer v2 (spec.suspend)
    ("kubeflow.org", "MPIJob", PODS, Suspend::True(&["spec", "runPolicy", "suspend"])),
    ("kubeflow.org", "PyTorchJob", PODS, Suspend::True(&["spec", "runPolicy", "suspend"])),
    ("kubeflow.org", "TFJob", PODS, Suspend::True(&["spec", "runPolicy", "suspend"])),
    ("trainer.kubeflow.org", "TrainJob", PODS, SUSPEND),
    // https://docs.ray.io/en/latest/cluster/kubernetes/index.html
    ("ray.io", "RayJob", PODS, SUSPEND),
    ("ray.io", "RayCluster", PODS, SUSPEND),
    // https://www.kubeflow.org/docs/components/spark-operator/
    ("sparkoperator.k8s.io", "ScheduledSparkApplication", PODS, SUSPEND),
    ("sparkoperator.k8s.io", "SparkApplication", PODS, Suspend::Never),
    // https://nightlies.apache.org/flink/flink-kubernetes-operator-docs-main/docs/custom-resource/job-management/
    ("flink.apache.org", "FlinkDeployment", PODS, Suspend::Text(&["spec", "job", "state"], "suspended")),
    ("flink.apache.org", "FlinkSessionJob", PODS, Suspend::Text(&["spec", "job", "state"], "suspended")),
    // https://volcano.sh/en/docs/vcjob/
    ("batch.volcano.sh", "Job", PODS, Suspend::Never),
    // https://tekton.dev/docs/pipelines/pipelineruns/#pending-pipelineruns
    ("tekton.dev", "PipelineRun", PODS, Suspend::Text(&["spec", "status"], "PipelineRunPending")),
    ("tekton.dev", "TaskRun", PODS, Suspend::Never),
    // https://strimzi.io/docs/operators/latest/configuring
    ("kafka.strimzi.io", "KafkaConnect", PODS, REPLICAS),
    ("kafka.strimzi.io", "KafkaMirrorMaker2", PODS, REPLICAS),
    ("kafka.strimzi.io", "KafkaConnector", "moves records", Suspend::Text(&["spec", "state"], "stopped")),
    // https://github.com/actions/actions-runner-controller
    ("actions.summerwind.dev", "RunnerDeployment", PODS, REPLICAS),
    ("actions.github.com", "AutoscalingRunnerSet", PODS, Suspend::Zero(&["spec", "maxRunners"])),
    // https://velero.io/docs/main/api-types/schedule/
    ("velero.io", "Schedule", SCHEDULE, Suspend::True(&["spec", "paused"])),
];

impl Actor {
    /// The actor that this object is for its controller.
    #[must_use]
    pub fn of(id: &ObjectId) -> Option<Self> {
        Self::find(id.group(), &id.kind)
    }

    pub(super) fn find(group: &str, kind: &str) -> Option<Self> {
        let (.., does, suspend) = *ACTORS.iter().find(|(of, name, ..)| *of == group && *name == kind)?;
        Some(Self { does, suspend })
    }

    /// The merge patches that suspend the object, and that put it back as it is; `None` where its controller knows no suspension.
    #[must_use]
    pub fn suspension(&self, object: &Value) -> Option<(Value, Value)> {
        let (path, value) = match self.suspend {
            Suspend::True(path) => (path, json!(true)),
            Suspend::Zero(path) => (path, json!(0)),
            Suspend::Text(path, text) => (path, json!(text)),
            Suspend::Never => return None,
        };
        Some(patches(object, path, value))
    }
}

/// Whether the object is KEDA's autoscaler: it scales what it targets, from nothing too
/// (<https://keda.sh/docs/latest/reference/scaledobject-spec/>).
#[must_use]
pub fn is_scaled_object(id: &ObjectId) -> bool {
    id.group() == KEDA && id.kind == "ScaledObject"
}

/// How an autoscaler of KEDA is paused: it keeps its target at no replicas
/// (<https://keda.sh/docs/latest/concepts/scaling-deployments/#pausing-autoscaling>).
#[must_use]
pub fn pause(scaled_object: &Value) -> (Value, Value) {
    patches(scaled_object, &["metadata", "annotations", "autoscaling.keda.sh/paused-replicas"], json!("0"))
}

/// Whether resources of this group and kind, which a bundle may leave without a namespace, have one.
pub(super) fn is_namespaced(group: &str, kind: &str) -> bool {
    Actor::find(group, kind).is_some() || (group == KEDA && kind == "ScaledObject")
}

fn patches(object: &Value, path: &[&str], value: Value) -> (Value, Value) {
    let found = path.iter().try_fold(object, |value, name| value.get(*name)).cloned().unwrap_or_default();
    let nested = |value: Value| path.iter().rev().fold(value, |inner, name| json!({ *name: inner }));
    (nested(value), nested(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_actor_is_in_the_table_once() {
        for (index, (group, kind, ..)) in ACTORS.iter().enumerate() {
            let first = ACTORS.iter().position(|(of, name, ..)| (of, name) == (group, kind));
            assert_eq!(first, Some(index), "{group} {kind}");
        }
    }

    #[test]
    fn an_actor_is_suspended_by_its_own_field() {
        let of = |group: &str, kind: &str, object: Value| Actor::find(group, kind).unwrap().suspension(&object);
        assert_eq!(
            of("argoproj.io", "CronWorkflow", json!({ "spec": { "suspend": false } })),
            Some((json!({ "spec": { "suspend": true } }), json!({ "spec": { "suspend": false } })))
        );
        assert_eq!(
            of("keda.sh", "ScaledJob", json!({})),
            Some((
                json!({ "metadata": { "annotations": { "autoscaling.keda.sh/paused": "true" } } }),
                json!({ "metadata": { "annotations": { "autoscaling.keda.sh/paused": null } } })
            ))
        );
        assert_eq!(of("argoproj.io", "ApplicationSet", json!({})), None);
    }
}

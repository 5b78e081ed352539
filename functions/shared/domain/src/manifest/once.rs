//! What runs once and then deletes itself: once it is gone nobody can tell it from what was never there, and applied again it would run a
//! second time. So it is made suspended, the ledger is told that it is there, and only then is it let go.

use super::{
    Done, Placed, Prepared,
    hold::{merge, suspension},
};
use crate::{
    PhaseError,
    object::patches::{Patches, keeps},
    ports::KubernetesApi,
};
use serde_json::Value;

/// Where kinds say that their objects are deleted after their end, some by a word: of Kubernetes itself and `JobSets`
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/>), of Kubeflow's training operator
/// (<https://www.kubeflow.org/docs/components/trainer/legacy-v1/user-guides/job-scheduling/>), of Argo Workflows
/// (<https://argo-workflows.readthedocs.io/en/latest/fields/#ttlstrategy>), of the operator for Spark
/// (<https://github.com/kubeflow/spark-operator/blob/master/docs/api-docs.md>), of `BroadcastJobs`
/// (<https://openkruise.io/docs/user-manuals/broadcastjob>), and of k6
/// (<https://grafana.com/docs/k6/latest/set-up/set-up-distributed-k6/usage/configure-testrun-crd/>).
const DELETED_AFTER: [(&str, Option<&str>); 6] = [
    ("/spec/ttlSecondsAfterFinished", None),
    ("/spec/runPolicy/ttlSecondsAfterFinished", None),
    ("/spec/ttlStrategy", None),
    ("/spec/timeToLiveSeconds", None),
    ("/spec/completionPolicy/ttlSecondsAfterFinished", None),
    ("/spec/cleanup", Some("post")),
];

/// Words of which one is in each of these paths.
const WORDS: [&[u8]; 3] = [b"ttl", b"timeToLive", b"cleanup"];

/// Whether the object is gone some time after it has ended.
#[must_use]
pub fn deletes_itself(object: &Value) -> bool {
    DELETED_AFTER.iter().any(|(path, word)| {
        let after = object.pointer(path).filter(|after| !after.is_null());
        after.is_some_and(|after| word.is_none_or(|word| after == word))
    })
}

/// How the object is suspended; `None` where it stays after its end, is suspended anyway, or cannot be.
fn fleeting(object: &Prepared) -> Option<Patches> {
    // Most objects are none, and to parse each of thousands would take longer than to look for a word.
    if !WORDS.iter().any(|word| object.json.windows(word.len()).any(|bytes| bytes == *word)) {
        return None;
    }
    let value = object.value();
    let patches = suspension(&object.id, &value).filter(|_| deletes_itself(&value))?;
    (!keeps(&value, &patches.suspend)).then_some(patches)
}

/// Makes what deletes itself suspended, marks it as made, and marks as done what was made before and has been let go since. Answers the
/// errors of those that could not be made, which must not be applied either.
///
/// # Errors
/// Only what the calls of `get` answer.
pub(super) async fn make<A: KubernetesApi>(
    api: &A,
    objects: &[Placed],
    pending: &[usize],
    done: &mut Done,
    deadline: jiff::Timestamp,
) -> Result<Vec<(usize, PhaseError)>, PhaseError> {
    let mut made = Vec::new();
    for index in pending {
        let object = &objects[*index].object;
        let Some(patches) = fleeting(object) else { continue };
        if !done.is_made(*index) {
            let mut value = object.value();
            merge(&mut value, &patches.suspend);
            made.push((*index, Prepared { json: value.to_string().into_bytes().into(), ..object.clone() }));
        } else if !api.get(&object.id).await?.is_some_and(|live| keeps(&live, &patches.suspend)) {
            done.mark(*index);
        }
    }
    let sent: Vec<&Prepared> = made.iter().map(|(_, object)| object).collect();
    if sent.is_empty() {
        return Ok(Vec::new());
    }
    let mut errors = Vec::new();
    for (answer, (index, _)) in api.apply(&sent, deadline).await.into_iter().zip(&made) {
        match answer {
            Ok(()) => done.make(*index),
            Err(error) => errors.push((*index, error)),
        }
    }
    Ok(errors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Object;
    use serde_json::json;

    fn suspended(api_version: &str, kind: &str, spec: &Value) -> Option<Value> {
        let value = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "x" }, "spec": spec });
        fleeting(&Prepared::new(Object::new(1, 1, value).unwrap(), false)).map(|patches| patches.suspend)
    }

    #[test]
    fn what_deletes_itself_is_suspended_by_its_own_field() {
        let suspend = Some(json!({ "spec": { "suspend": true } }));
        let policy = Some(json!({ "spec": { "runPolicy": { "suspend": true } } }));
        let paused = |word: Value| Some(json!({ "spec": { "paused": word } }));
        for (api_version, kind, spec, expected) in [
            ("batch/v1", "Job", json!({ "ttlSecondsAfterFinished": 0 }), &suspend),
            ("batch/v1", "Job", json!({ "ttlSecondsAfterFinished": 60, "suspend": false }), &suspend),
            ("argoproj.io/v1alpha1", "Workflow", json!({ "ttlStrategy": { "secondsAfterCompletion": 5 } }), &suspend),
            ("jobset.x-k8s.io/v1alpha2", "JobSet", json!({ "ttlSecondsAfterFinished": 5 }), &suspend),
            ("kubeflow.org/v1", "TFJob", json!({ "runPolicy": { "ttlSecondsAfterFinished": 5 } }), &policy),
            ("sparkoperator.k8s.io/v1beta2", "SparkApplication", json!({ "timeToLiveSeconds": 5 }), &suspend),
            (
                "apps.kruise.io/v1beta1",
                "BroadcastJob",
                json!({ "completionPolicy": { "ttlSecondsAfterFinished": 5 } }),
                &paused(json!(true)),
            ),
            ("k6.io/v1alpha1", "TestRun", json!({ "cleanup": "post" }), &paused(json!("true"))),
        ] {
            assert_eq!(suspended(api_version, kind, &spec), *expected, "{kind}");
        }
    }

    #[test]
    fn what_stays_or_is_suspended_or_cannot_be_is_applied_as_it_is() {
        for (api_version, kind, spec) in [
            ("batch/v1", "Job", json!({})),
            ("batch/v1", "Job", json!({ "ttlSecondsAfterFinished": null })),
            ("batch/v1", "Job", json!({ "ttlSecondsAfterFinished": 60, "suspend": true })),
            ("batch.volcano.sh/v1alpha1", "Job", json!({ "ttlSecondsAfterFinished": 60 })),
            ("v1", "ConfigMap", json!({ "ttlStrategy": "x" })),
            ("k6.io/v1alpha1", "TestRun", json!({ "cleanup": "" })),
        ] {
            assert_eq!(suspended(api_version, kind, &spec), None, "{api_version} {kind}");
        }
    }
}

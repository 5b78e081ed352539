use super::*;
use serde_json::json;

#[test]
fn a_pod_that_waits_will_come_and_one_that_crashes_will_not() {
    let pod = |reason: &str| json!({ "metadata": { "namespace": "shop", "name": "web-1" }, "status": { "containerStatuses": [{ "name": "server", "image": "web:1", "state": { "waiting": { "reason": reason } } }] } });
    assert_eq!(trouble(&pod("ContainerCreating")), None);
    assert_eq!(
        trouble(&pod("ImagePullBackOff")).unwrap(),
        "Pod/shop/web-1: ImagePullBackOff of container server (web:1)"
    );
}

#[test]
fn a_digest_does_not_depend_on_the_order_of_fields_or_on_a_restart() {
    let of = |template: Value| template_digest("Deployment", &json!({ "spec": { "template": template } }));
    let plain = of(json!({ "metadata": { "labels": { "a": "b" } }, "spec": { "containers": [] } }));
    assert_eq!(plain, of(json!({ "spec": { "containers": [] }, "metadata": { "labels": { "a": "b" } } })));
    assert_eq!(
        plain,
        of(
            json!({ "metadata": { "labels": { "a": "b" }, "annotations": { RESTARTED: "now" } }, "spec": { "containers": [] } })
        )
    );
    assert_ne!(plain, of(json!({ "metadata": { "labels": { "a": "c" } }, "spec": { "containers": [] } })));
}

#[test]
fn sides_differ_where_the_manifest_speaks_and_nowhere_else() {
    let deployment = |containers: Value| json!({ "spec": { "template": { "spec": { "containers": containers } } } });
    let manifest = deployment(json!([{ "name": "server", "image": "web:1", "args": ["-v"] }]));
    let blue = deployment(json!([{ "name": "server", "image": "web:1", "args": ["-v"], "imagePullPolicy": "Always" }]));
    let green = deployment(
        json!([{ "name": "sidecar", "image": "mesh:1" }, { "name": "server", "image": "web:1", "args": ["-v"] }]),
    );
    assert!(differences("Deployment", &manifest, &blue, &green).is_empty());
    let released = deployment(json!([{ "name": "server", "image": "web:2", "args": [] }]));
    assert_eq!(
        differences("Deployment", &manifest, &released, &green),
        ["spec.containers[server].image", "spec.containers[server].args"]
    );
}

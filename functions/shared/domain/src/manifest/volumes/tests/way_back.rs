//! What the way back does with claims and volumes.

use super::*;
use removal::removal;

fn bound(name: &str, deleted: bool) -> Value {
    let stamp = if deleted { json!("2026-01-01T00:00:00Z") } else { Value::Null };
    json!({ "metadata": { "name": name, "namespace": "shop", "deletionTimestamp": stamp }, "spec": { "volumeName": format!("pv-{name}") } })
}

fn of(name: &str, policy: &str, is_made: bool) -> Value {
    let annotations = if is_made { json!({ "pv.kubernetes.io/provisioned-by": "ebs.csi.aws.com" }) } else { json!({}) };
    let spec = json!({
        "persistentVolumeReclaimPolicy": policy, "capacity": { "storage": "10Gi" }, "csi": { "volumeHandle": format!("vol-{name}") },
        "claimRef": { "namespace": "shop", "name": name },
    });
    json!({ "metadata": { "name": format!("pv-{name}"), "annotations": annotations }, "spec": spec, "status": { "phase": "Bound" } })
}

fn pod(name: &str, claim: Value, owner: Value, node: Value) -> Value {
    let metadata = json!({ "name": name, "namespace": "shop", "ownerReferences": [owner] });
    json!({ "metadata": metadata, "spec": { "nodeName": node, "volumes": [claim] } })
}

fn deleted(claims: &[Value], volumes: &[Value], pods: &[Value]) -> Vec<String> {
    removal(claims, volumes, pods).delete.iter().map(ToString::to_string).collect()
}

#[test]
fn claims_go_with_what_has_them_and_volumes_are_waited_for() {
    let named = json!({ "name": "data", "persistentVolumeClaim": { "claimName": "a" } });
    let own = json!({ "name": "scratch", "ephemeral": {} });
    let set = json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "search" });
    let replicas = json!({ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1" });
    let pods = [
        pod("search-0", named.clone(), set.clone(), json!("node")),
        pod("search-1", named.clone(), set, json!("node")),
        pod("web", own, replicas.clone(), json!("node")),
        pod("pending", named, replicas.clone(), Value::Null),
        pod("other", json!({ "name": "tmp", "emptyDir": {} }), replicas, json!("node")),
    ];
    let (claims, volumes) =
        ([bound("a", false), bound("web-scratch", true)], [of("a", "Delete", true), of("web-scratch", "Delete", true)]);
    let found = deleted(&claims, &volumes, &pods);
    assert_eq!(found, ["PersistentVolumeClaim/shop/a", "StatefulSet/shop/search", "Pod/shop/web"]);
    let waiting = removal(&claims, &volumes, &pods).waiting;
    assert_eq!(waiting.len(), 4, "{waiting:?}");
    assert!(waiting[0].contains("vol-a, Bound"), "{waiting:?}");
}

#[test]
fn a_claim_that_has_no_volume_yet_goes_too() {
    let mut pending = bound("a", false);
    pending["spec"] = json!({});
    assert_eq!(deleted(&[pending], &[], &[]), ["PersistentVolumeClaim/shop/a"]);
}

#[test]
fn a_volume_whose_claim_is_gone_is_waited_for_until_the_driver_has_deleted_it() {
    let mut failed = of("a", "Delete", true);
    failed["status"] = json!({ "phase": "Failed", "message": "VolumeInUse" });
    let found = removal(&[], &[failed], &[]);
    assert_eq!(
        (found.delete.len(), found.waiting),
        (0, vec!["PersistentVolume/pv-a (vol-a, Failed: VolumeInUse)".to_owned()])
    );
}

#[test]
fn what_is_shared_or_kept_stays_and_what_was_made_and_is_kept_is_listed() {
    let found =
        removal(&[bound("a", false), bound("b", false)], &[of("a", "Retain", false), of("b", "Retain", true)], &[]);
    assert_eq!((found.delete.len(), found.waiting.len()), (0, 0));
    assert_eq!(found.kept, [json!({ "volume": "vol-b", "size": "10Gi", "claim": "shop/b" })]);
}

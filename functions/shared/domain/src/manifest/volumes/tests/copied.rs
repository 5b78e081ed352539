//! Volumes of Amazon EBS that green gets copies of.

use super::*;
use crate::plan::workloads::{Copied, Workload, Workloads};
use copies::{found, persistent_volume};

fn copied(claim: &str, volume: &str) -> Copied {
    Copied {
        namespace: "shop".to_owned(),
        claim: claim.to_owned(),
        volume_id: volume.to_owned(),
        gib: 10,
        volume_type: "gp3".to_owned(),
        zone: "eu-central-1b".to_owned(),
        class: "gp3".to_owned(),
        holders: Vec::new(),
    }
}

fn bound(name: &str, volume: &str) -> Value {
    json!({ "metadata": { "name": name, "namespace": "shop" }, "spec": { "volumeName": volume } })
}

fn of(name: &str, source: Value) -> Value {
    let mut spec = json!({
        "capacity": { "storage": "10Gi" }, "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Delete", "storageClassName": "gp2",
        "claimRef": { "namespace": "shop", "name": "c", "uid": "u" }, "volumeMode": "Filesystem",
    });
    if let (Some(spec), Value::Object(source)) = (spec.as_object_mut(), source) {
        spec.extend(source);
    }
    json!({ "metadata": { "name": name }, "spec": spec })
}

fn by_driver(id: &str) -> Value {
    let attributes = json!({ "storage.kubernetes.io/csiProvisionerIdentity": "1-ebs", "partition": "1" });
    json!({ "csi": { "driver": "ebs.csi.aws.com", "volumeHandle": id, "fsType": "xfs", "volumeAttributes": attributes } })
}

fn in_tree(id: &str) -> Value {
    json!({ "awsElasticBlockStore": { "volumeID": id, "fsType": "ext4" } })
}

fn plan(of: Object, copies: Vec<Copied>) -> Workloads {
    let says = Volumes { snapshot: vec!["Namespace/shop".to_owned()], ..Volumes::default() };
    let (volumes, problems) = decide(&[of], &says);
    assert_eq!(problems, []);
    Workloads { volumes, copies, ..Workloads::default() }
}

#[test]
fn volumes_are_found_by_the_words_of_their_driver_and_by_those_from_before() {
    let plan = plan(claim("c", asks("gp3")), vec![copied("c", "vol-1")]);
    for source in [by_driver("vol-1"), in_tree("vol-1"), in_tree("aws://eu-central-1b/vol-1")] {
        let volumes = [of("pv", source)];
        let (found, faults) = found(&plan, &[bound("c", "pv")], &volumes);
        assert_eq!((found.len(), faults.len()), (1, 0), "{faults:?}");
    }
}

#[test]
fn what_is_no_longer_as_the_plan_says_is_told() {
    let one = || plan(claim("c", asks("gp3")), vec![copied("c", "vol-1")]);
    let efs = json!({ "csi": { "driver": "efs.csi.aws.com", "volumeHandle": "vol-1" } });
    for (claims, volumes, expected) in [
        (vec![], vec![], "is gone or not bound"),
        (vec![bound("c", "pv")], vec![], "is gone or not bound"),
        (vec![bound("c", "pv")], vec![of("pv", by_driver("vol-2"))], "bound to pv (vol-2)"),
        (vec![bound("c", "pv")], vec![of("pv", efs)], "no volume of Amazon EBS"),
    ] {
        let plan = one();
        let (found, faults) = found(&plan, &claims, &volumes);
        assert_eq!((found.len(), faults.len()), (0, 1));
        assert!(faults[0].contains(expected), "{faults:?}");
    }
    let grown = plan(set("gp3"), vec![copied("data-search-0", "vol-0")]);
    let claims = [bound("data-search-0", "pv-0"), bound("data-search-1", "pv-1")];
    let volumes = [of("pv-0", by_driver("vol-0")), of("pv-1", by_driver("vol-1"))];
    let (found, faults) = found(&grown, &claims, &volumes);
    assert_eq!(found.len(), 1);
    assert_eq!(faults.len(), 1);
    assert!(faults[0].contains("has the claim data-search-1 on blue, of which the plan says nothing"), "{faults:?}");
}

#[test]
fn greens_claim_gets_the_copy_as_blues_had_the_original() {
    let copied = copied("c", "vol-1");
    let expected = |csi: Value| {
        let zone = json!({ "key": "topology.kubernetes.io/zone", "operator": "In", "values": ["eu-central-1b"] });
        json!({
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": "copy-of-vol-1" },
            "spec": {
                "capacity": { "storage": "10Gi" }, "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Retain", "storageClassName": "gp3",
                "csi": csi, "volumeMode": "Filesystem",
                "claimRef": { "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": "shop", "name": "c" },
                "nodeAffinity": { "required": { "nodeSelectorTerms": [{ "matchExpressions": [zone] }] } },
            },
        })
    };
    for (source, csi) in [
        (
            by_driver("vol-1"),
            json!({ "driver": "ebs.csi.aws.com", "volumeHandle": "vol-9", "fsType": "xfs", "volumeAttributes": { "partition": "1" } }),
        ),
        (in_tree("vol-1"), json!({ "driver": "ebs.csi.aws.com", "volumeHandle": "vol-9", "fsType": "ext4" })),
    ] {
        assert_eq!(persistent_volume(&copied, &of("pv", source), "vol-9").unwrap().value, expected(csi));
    }
}

#[test]
fn a_claim_of_the_bundles_waits_for_its_copy_and_for_no_other() {
    let plan = plan(claim("c", asks("gp3")), vec![copied("c", "vol-1")]);
    for (name, expected) in [("c", json!("copy-of-vol-1")), ("d", Value::Null)] {
        let mut object = claim(name, asks("gp3"));
        copies::reserve(&mut object, &plan);
        assert_eq!(object.value["spec"]["volumeName"], expected, "{name}");
    }
}

#[test]
fn everything_that_has_a_claim_must_be_held_and_of_a_kind_whose_end_is_seen() {
    let mounts = |kind: &str, api_version: &str, spec: Value| {
        object(
            json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "w", "namespace": "shop" }, "spec": spec }),
        )
    };
    let pods = json!({ "spec": { "volumes": [{ "name": "v", "persistentVolumeClaim": { "claimName": "c" } }] } });
    let deployment = mounts("Deployment", "apps/v1", json!({ "template": pods }));
    let job = mounts("CronJob", "batch/v1", json!({ "jobTemplate": { "spec": { "template": pods } } }));
    let held = |id: &ObjectId, held| Workload {
        id: id.clone(),
        held,
        images: vec![],
        replicas: None,
        autoscaled: false,
        resume: Value::Null,
    };
    for (object, is_held, expected) in [
        (Some(&deployment), true, None),
        (Some(&deployment), false, Some("is not held")),
        (Some(&job), true, Some("only what a StatefulSet or a Deployment has")),
        (None, true, Some("no workload of the bundles has the claim c")),
    ] {
        let mut plan = plan(claim("c", asks("gp3")), Vec::new());
        plan.workloads = object.map(|object| held(&object.id, is_held)).into_iter().collect();
        let objects: Vec<Object> = object.into_iter().cloned().collect();
        let (holders, faults) = copies::holders(&objects, &plan, &plan.volumes[0], "c");
        assert_eq!(holders.len(), objects.len());
        assert_eq!(faults.len(), usize::from(expected.is_some()), "{faults:?}");
        assert!(expected.is_none_or(|expected| faults[0].contains(expected)), "{faults:?}");
    }
}

#[test]
fn quantities_are_read_as_kubernetes_writes_them() {
    for (text, expected) in [
        ("10Gi", Some(10 << 30)),
        ("512Mi", Some(512 << 20)),
        ("10G", Some(10_000_000_000)),
        ("1024", Some(1024)),
        ("1Ti", Some(1 << 40)),
        ("1.5Gi", None),
        ("1e9", None),
        ("", None),
    ] {
        assert_eq!(copies::bytes(text), expected, "{text}");
    }
}

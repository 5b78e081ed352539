//! Volumes of Amazon EBS that green gets copies of.

use super::*;
use crate::plan::workloads::{Copied, Workload, Workloads};
use classes::{Around, ebs_driver, unmet};
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
        driver: EbsDriver::Addon,
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

fn of_auto_mode(id: &str) -> Value {
    let attributes = json!({ "storage.kubernetes.io/csiProvisionerIdentity": "1-ebs" });
    json!({ "csi": { "driver": "ebs.csi.eks.amazonaws.com", "volumeHandle": id, "fsType": "ext4", "volumeAttributes": attributes } })
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
        (vec![bound("c", "pv")], vec![of("pv", by_driver("vol-2"))], "bound to pv (vol-2 of ebs.csi.aws.com)"),
        (
            vec![bound("c", "pv")],
            vec![of("pv", of_auto_mode("vol-1"))],
            "bound to pv (vol-1 of ebs.csi.eks.amazonaws.com), and the plan has vol-1 (10 GiB of gp3 for shop/c) of ebs.csi.aws.com",
        ),
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

// Nodes as `pkg/migrator/migrator.go` of https://github.com/awslabs/eks-auto-mode-ebs-migration-tool writes them.
#[test]
fn a_copy_for_eks_auto_mode_is_of_its_driver_and_for_its_nodes() {
    let copied = Copied { driver: EbsDriver::AutoMode, ..copied("c", "vol-1") };
    let plan = plan(claim("c", asks("gp3")), vec![copied.clone()]);
    let on_blue = [of("pv", of_auto_mode("vol-1"))];
    let (found, faults) = found(&plan, &[bound("c", "pv")], &on_blue);
    assert_eq!((found.len(), faults.len()), (1, 0), "{faults:?}");
    let spec = &persistent_volume(&copied, &on_blue[0], "vol-9").unwrap().value["spec"];
    let csi = json!({ "driver": "ebs.csi.eks.amazonaws.com", "volumeHandle": "vol-9", "fsType": "ext4" });
    assert_eq!(spec["csi"], csi);
    let nodes = json!([
        { "key": "topology.kubernetes.io/zone", "operator": "In", "values": ["eu-central-1b"] },
        { "key": "eks.amazonaws.com/compute-type", "operator": "In", "values": ["auto"] },
    ]);
    assert_eq!(spec["nodeAffinity"]["required"]["nodeSelectorTerms"], json!([{ "matchExpressions": nodes }]));
}

#[test]
fn a_copy_needs_its_driver_on_green_though_no_bundle_brings_its_class() {
    let objects = [claim("c", asks("of-blue"))];
    let says = Volumes { snapshot: vec!["Namespace/shop".to_owned()], ..Volumes::default() };
    let (volumes, _) = decide(&objects, &says);
    let addon = || Around { addons: ["aws-ebs-csi-driver".to_owned()].into(), ..Around::default() };
    let auto = || Around { is_auto: true, ..Around::default() };
    for (driver, around, expected) in [
        (EbsDriver::Addon, addon(), None),
        (
            EbsDriver::Addon,
            auto(),
            Some("shop/c: nothing on green makes or attaches these volumes: blue has no add-on"),
        ),
        (EbsDriver::AutoMode, auto(), None),
        (EbsDriver::AutoMode, addon(), Some("which blue is not in and green will not be")),
    ] {
        let copies = [Copied { driver, class: "of-blue".to_owned(), ..copied("c", "vol-1") }];
        let (problems, _) = unmet(&objects, &volumes, &copies, &around);
        assert_eq!(problems.len(), usize::from(expected.is_some()), "{problems:?}");
        assert!(expected.is_none_or(|expected| problems[0].contains(expected)), "{problems:?}");
    }
}

#[test]
fn a_class_tells_its_driver_where_it_is_known() {
    let class = |name: &str, provisioner: &str| {
        object(
            json!({ "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": { "name": name }, "provisioner": provisioner }),
        )
    };
    let objects = [
        class("gp3", "ebs.csi.aws.com"),
        class("auto", "ebs.csi.eks.amazonaws.com"),
        class("old", "kubernetes.io/aws-ebs"),
        class("efs", "efs.csi.aws.com"),
    ];
    for (name, expected) in [
        ("gp3", Some(EbsDriver::Addon)),
        ("auto", Some(EbsDriver::AutoMode)),
        ("old", Some(EbsDriver::Addon)),
        ("gp2", Some(EbsDriver::Addon)),
        ("efs", None),
        ("other", None),
    ] {
        assert_eq!(ebs_driver(&objects, &Around::default(), name), expected, "{name}");
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

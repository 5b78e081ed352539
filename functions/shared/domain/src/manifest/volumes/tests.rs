#![expect(clippy::needless_pass_by_value, reason = "what json! makes is passed as it is")]

mod copied;
mod way_back;

use super::*;
use classes::{Around, unmet};
use serde_json::json;

fn object(value: Value) -> Object {
    Object::new(1, 1, value).unwrap()
}

fn claim(name: &str, spec: Value) -> Object {
    object(
        json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": name, "namespace": "shop" }, "spec": spec }),
    )
}

fn asks(class: &str) -> Value {
    json!({ "storageClassName": class, "resources": { "requests": { "storage": "10Gi" } } })
}

fn set(class: &str) -> Object {
    let templates = json!([{ "metadata": { "name": "data" }, "spec": asks(class) }]);
    let metadata = json!({ "name": "search", "namespace": "shop" });
    object(
        json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": { "volumeClaimTemplates": templates } }),
    )
}

fn volume(spec: Value) -> Object {
    object(json!({ "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": "uploads" }, "spec": spec }))
}

fn prometheus() -> Object {
    let storage = json!({ "volumeClaimTemplate": { "spec": asks("gp3") } });
    let metadata = json!({ "name": "k8s", "namespace": "monitoring" });
    object(
        json!({ "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": metadata, "spec": { "storage": storage } }),
    )
}

fn ephemeral() -> Object {
    let scratch = json!({ "name": "scratch", "ephemeral": { "volumeClaimTemplate": { "spec": asks("gp3") } } });
    let metadata = json!({ "name": "web", "namespace": "shop" });
    let template = json!({ "spec": { "volumes": [scratch, { "name": "tmp", "emptyDir": {} }] } });
    object(
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": { "template": template } }),
    )
}

fn efs() -> Value {
    json!({ "csi": { "driver": "efs.csi.aws.com", "volumeHandle": "fs-1" }, "capacity": { "storage": "1Gi" } })
}

fn says(empty: &[&str], shared: &[&str]) -> Volumes {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Volumes { empty: list(empty), shared: list(shared), snapshot: Vec::new() }
}

#[test]
fn what_the_input_does_not_name_is_refused_with_the_whole_list() {
    let objects = [claim("cache", asks("gp3")), set("gp3"), prometheus(), ephemeral(), volume(efs())];
    let (volumes, problems) = decide(&objects, &Volumes::default());
    assert_eq!(volumes, []);
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!((problem.path.as_str(), problem.code.as_str()), ("$.workloads.volumes", "volumes"));
    for named in [
        "PersistentVolumeClaim/shop/cache (cache, 10Gi of class \"gp3\")",
        "StatefulSet/shop/search (data, 10Gi of class \"gp3\")",
        "Prometheus/monitoring/k8s (spec.storage.volumeClaimTemplate, 10Gi of class \"gp3\")",
        "Deployment/shop/web (scratch, 10Gi of class \"gp3\")",
        "PersistentVolume/uploads (uploads, 1Gi of the default class)",
    ] {
        assert!(problem.message.contains(named), "{named}: {problem}");
    }
}

#[test]
fn an_objects_own_name_goes_before_its_namespaces() {
    let objects = [
        claim("uploads", asks("efs")),
        set("gp3"),
        prometheus(),
        object(json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" } })),
    ];
    let input = says(&["Namespace/shop", "Namespace/monitoring"], &["PersistentVolumeClaim/shop/uploads"]);
    let (volumes, problems) = decide(&objects, &input);
    assert_eq!(problems, []);
    let found: Vec<_> = volumes.iter().map(|volume| (volume.id.to_string(), volume.becomes)).collect();
    assert_eq!(
        found,
        [
            ("PersistentVolumeClaim/shop/uploads".to_owned(), Becomes::Shared),
            ("StatefulSet/shop/search".to_owned(), Becomes::Empty),
            ("Prometheus/monitoring/k8s".to_owned(), Becomes::Empty),
        ]
    );
}

#[test]
fn a_volume_of_the_bundles_is_shared_with_the_claim_that_it_is_kept_for() {
    let mut kept = efs();
    kept["claimRef"] = json!({ "namespace": "shop", "name": "uploads" });
    let named = json!({ "volumeName": "uploads", "storageClassName": "" });
    for (of_volume, of_claim) in [(kept, asks("")), (efs(), named)] {
        let objects = [volume(of_volume), claim("uploads", of_claim)];
        let (volumes, problems) = decide(&objects, &says(&[], &["Namespace/shop"]));
        assert_eq!((volumes.len(), problems), (2, vec![]));
    }
    let (_, problems) = decide(&[volume(efs()), claim("other", asks("efs"))], &says(&[], &["Namespace/shop"]));
    assert!(problems[0].message.contains("PersistentVolume/uploads"), "{problems:?}");
}

/// What the input says of what is to be copied.
fn copied(name: &str) -> Volumes {
    Volumes { snapshot: vec![name.to_owned()], ..Volumes::default() }
}

#[test]
fn what_cannot_become_what_is_asked_is_refused_with_the_reason() {
    let ebs = json!({ "csi": { "driver": "ebs.csi.aws.com", "volumeHandle": "vol-1" } });
    for (object, input, path, expected) in [
        (
            volume(ebs),
            says(&[], &["PersistentVolume/uploads"]),
            "shared[0]",
            "no file system that several clusters use at once",
        ),
        (volume(efs()), says(&["PersistentVolume/uploads"], &[]), "empty[0]", "names storage that exists"),
        (prometheus(), says(&[], &["Namespace/monitoring"]), "shared[0]", "only its controller knows"),
        (ephemeral(), says(&[], &["Namespace/shop"]), "shared[0]", "for each Pod"),
        (claim("c", json!({ "volumeName": "v" })), says(&["Namespace/shop"], &[]), "empty[0]", "none is made for it"),
        (claim("c", asks("")), says(&["Namespace/shop"], &[]), "empty[0]", "none is made for it"),
        (
            claim("c", json!({ "dataSource": { "kind": "VolumeSnapshot", "name": "s" } })),
            says(&["Namespace/shop"], &[]),
            "empty[0]",
            "has a data source",
        ),
        (volume(efs()), copied("PersistentVolume/uploads"), "snapshot[0]", "names storage that exists"),
        (prometheus(), copied("Namespace/monitoring"), "snapshot[0]", "limit volume-snapshots"),
        (ephemeral(), copied("Namespace/shop"), "snapshot[0]", "for each Pod"),
        (claim("c", asks("")), copied("Namespace/shop"), "snapshot[0]", "names no storage class"),
        (
            claim("c", asks("gp3")),
            says(&["Namespace/shop", "StatefulSet/shop/c"], &[]),
            "empty[1]",
            "names nothing in the bundles",
        ),
    ] {
        let (_, problems) = decide(&[object], &input);
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with(&format!("$.workloads.volumes.{path}")) && told[0].contains(expected), "{told:?}");
    }
}

fn class(name: &str, provisioner: &str, more: Value) -> Object {
    let mut value = json!({ "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": { "name": name }, "provisioner": provisioner });
    if let (Some(all), Value::Object(more)) = (value.as_object_mut(), more) {
        all.extend(more);
    }
    object(value)
}

fn green(addons: &[&str]) -> Around {
    let text = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let zones = text(&["eu-central-1a", "eu-central-1b"]);
    Around { addons: text(addons), is_auto: false, has_default_class: false, zones }
}

#[test]
fn green_needs_the_class_and_its_driver_in_its_zones() {
    let ebs = &["aws-ebs-csi-driver"][..];
    let zone = |zone: &str| json!({ "allowedTopologies": [{ "matchLabelExpressions": [{ "key": "topology.ebs.csi.aws.com/zone", "values": [zone] }] }] });
    let default = json!({ "metadata": { "name": "std", "annotations": { "storageclass.kubernetes.io/is-default-class": "true" } } });
    let without = || claim("c", json!({ "resources": { "requests": { "storage": "1Gi" } } }));
    let driver = object(
        json!({ "apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": { "name": "ebs.csi.aws.com" } }),
    );
    for (objects, addons, expected) in [
        (vec![set("gp2")], ebs, None),
        (vec![set("gp2")], &[], Some("blue has no add-on aws-ebs-csi-driver")),
        (vec![set("gp2"), driver], &[], None),
        (vec![set("gp3")], ebs, Some("of the class \"gp3\", which no bundle brings")),
        (vec![set("gp3"), class("gp3", "ebs.csi.aws.com", json!({}))], ebs, None),
        (vec![set("gp3"), class("gp3", "ebs.csi.aws.com", zone("eu-central-1b"))], ebs, None),
        (
            vec![set("gp3"), class("gp3", "ebs.csi.aws.com", zone("eu-central-1c"))],
            ebs,
            Some("makes volumes in eu-central-1c only"),
        ),
        (vec![without()], ebs, Some("names no class, and green will have no default one")),
        (vec![without(), class("std", "ebs.csi.aws.com", default)], ebs, None),
        (vec![set("local"), class("local", "rancher.io/local-path", json!({}))], &[], None),
    ] {
        let (volumes, problems) = decide(&objects, &says(&["Namespace/shop"], &[]));
        assert_eq!(problems, []);
        let (problems, _) = unmet(&objects, &volumes, &[], &green(addons));
        assert_eq!(problems.len(), usize::from(expected.is_some()), "{problems:?}");
        assert!(expected.is_none_or(|expected| problems[0].contains(expected)), "{problems:?}");
    }
}

#[test]
fn a_driver_that_green_lacks_is_told_once_with_all_that_want_it() {
    let of = |name: &str, provisioner: &str| class(name, provisioner, json!({}));
    let objects = [
        set("gp3"),
        claim("c", asks("gp3")),
        claim("uploads", asks("efs")),
        of("gp3", "ebs.csi.aws.com"),
        of("efs", "efs.csi.aws.com"),
    ];
    let input = Volumes {
        snapshot: vec!["StatefulSet/shop/search".to_owned()],
        ..says(&["PersistentVolumeClaim/shop/c"], &["PersistentVolumeClaim/shop/uploads"])
    };
    let (volumes, problems) = decide(&objects, &input);
    assert_eq!(problems, []);
    let (problems, _) = unmet(&objects, &volumes, &[], &green(&[]));
    let [ebs, efs] = problems.as_slice() else { panic!("{problems:#?}") };
    assert!(ebs.starts_with("PersistentVolumeClaim/shop/c, StatefulSet/shop/search: nothing on green makes"), "{ebs}");
    assert!(efs.starts_with("PersistentVolumeClaim/shop/uploads: nothing on green makes"), "{efs}");
    assert!(ebs.contains("no add-on aws-ebs-csi-driver") && efs.contains("no add-on aws-efs-csi-driver"));
}

// The class of https://docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html.
#[test]
fn the_driver_of_eks_auto_mode_is_there_where_green_is_in_it() {
    let of_nodes =
        json!([{ "matchLabelExpressions": [{ "key": "eks.amazonaws.com/compute-type", "values": ["auto"] }] }]);
    let auto = class("auto-ebs-sc", "ebs.csi.eks.amazonaws.com", json!({ "allowedTopologies": of_nodes }));
    let objects = [set("auto-ebs-sc"), auto];
    let (volumes, problems) = decide(&objects, &says(&["Namespace/shop"], &[]));
    assert_eq!(problems, []);
    for (is_auto, expected) in [(true, 0), (false, 1)] {
        let green = Around { is_auto, ..green(&["aws-ebs-csi-driver"]) };
        let (problems, _) = unmet(&objects, &volumes, &[], &green);
        assert_eq!(problems.len(), expected, "{problems:?}");
        assert!(
            problems.iter().all(|problem| problem.contains("ebs.csi.eks.amazonaws.com is a part of EKS Auto Mode"))
        );
    }
}

#[test]
fn the_addons_default_class_serves_claims_without_one() {
    let objects = [claim("c", json!({}))];
    let (volumes, _) = decide(&objects, &says(&["Namespace/shop"], &[]));
    let green = Around { has_default_class: true, ..green(&["aws-ebs-csi-driver"]) };
    assert_eq!(unmet(&objects, &volumes, &[], &green), (vec![], vec![]));
}

#[test]
fn a_class_that_keeps_its_volumes_is_told() {
    let objects = [set("gp3"), class("gp3", "ebs.csi.aws.com", json!({ "reclaimPolicy": "Retain" }))];
    let (volumes, _) = decide(&objects, &says(&["Namespace/shop"], &[]));
    let (problems, advice) = unmet(&objects, &volumes, &[], &green(&["aws-ebs-csi-driver"]));
    assert_eq!(problems.len(), 0);
    assert!(advice[0].contains("stay in AWS after a way back"), "{advice:?}");
}

#[test]
fn a_file_system_needs_a_driver_or_is_mounted_by_nfs() {
    let shared = |object: Object| {
        let objects = [object];
        let (volumes, problems) =
            decide(&objects, &says(&[], &["PersistentVolume/uploads", "PersistentVolumeClaim/shop/uploads"]));
        assert_eq!(problems.len(), 1, "one of the two names is idle");
        move |addons: &[&str]| unmet(&objects, &volumes, &[], &green(addons)).0.len()
    };
    let copied = shared(claim("uploads", asks("efs-sc")));
    assert_eq!((copied(&[]), copied(&["aws-efs-csi-driver"])), (1, 0));
    let nfs = shared(volume(json!({ "nfs": { "server": "fs-1.efs.eu-central-1.amazonaws.com", "path": "/" } })));
    assert_eq!(nfs(&[]), 0);
}

mod on_blue {
    use super::*;
    use crate::plan::workloads::Workloads;

    fn bound(name: &str, volume: &str) -> Value {
        json!({ "metadata": { "name": name, "namespace": "shop" }, "spec": { "volumeName": volume } })
    }

    fn of(name: &str, driver: &str) -> Value {
        let claim = json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": "shop", "name": "uploads", "uid": "u", "resourceVersion": "7" });
        let spec = json!({ "csi": { "driver": driver, "volumeHandle": "fs-1::fsap-1" }, "claimRef": claim, "persistentVolumeReclaimPolicy": "Delete" });
        json!({ "metadata": { "name": name, "uid": "v", "finalizers": ["kubernetes.io/pv-protection"] }, "spec": spec, "status": { "phase": "Bound" } })
    }

    fn plan(objects: &[Object]) -> Workloads {
        let (volumes, problems) = decide(objects, &says(&[], &["Namespace/shop"]));
        assert_eq!(problems, []);
        Workloads { volumes, ..Workloads::default() }
    }

    #[test]
    fn a_shared_volume_is_copied_for_the_same_claim_and_keeps_its_storage() {
        let plan = plan(&[claim("uploads", asks("efs"))]);
        let (copies, faults) = shared::copies(
            &plan,
            &[bound("uploads", "pv-1"), bound("other", "pv-2")],
            &[of("pv-1", "efs.csi.aws.com"), of("pv-2", "efs.csi.aws.com")],
        );
        assert_eq!(faults, [""; 0]);
        let [copy] = copies.as_slice() else { panic!("{copies:?}") };
        let expected = json!({
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": "pv-1" },
            "spec": {
                "csi": { "driver": "efs.csi.aws.com", "volumeHandle": "fs-1::fsap-1" }, "persistentVolumeReclaimPolicy": "Retain",
                "claimRef": { "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": "shop", "name": "uploads" },
            },
        });
        assert_eq!(copy.value, expected);
    }

    #[test]
    fn each_claim_of_a_template_is_copied_and_no_other() {
        let plan = plan(&[set("efs")]);
        let claims = ["data-search-0", "data-search-11", "data-search-x", "data-searching-0", "logs-search-0"];
        let claims: Vec<Value> = claims.iter().map(|name| bound(name, &format!("pv-{name}"))).collect();
        let volumes: Vec<Value> =
            claims.iter().map(|claim| of(text(&claim["spec"]["volumeName"]), "fsx.csi.aws.com")).collect();
        let (copies, faults) = shared::copies(&plan, &claims, &volumes);
        let names: Vec<&str> = copies.iter().map(|copy| copy.id.name.as_str()).collect();
        assert_eq!((names, faults.len()), (vec!["pv-data-search-0", "pv-data-search-11"], 0));
    }

    #[test]
    fn what_blue_cannot_share_is_told() {
        let plan = plan(&[claim("uploads", asks("efs"))]);
        for (claims, volumes, expected) in [
            (vec![], vec![], "has no claim on blue"),
            (vec![bound("uploads", "")], vec![], "is not bound to a volume"),
            (vec![bound("uploads", "pv-1")], vec![of("pv-1", "ebs.csi.aws.com")], "is no file system"),
        ] {
            let (copies, faults) = shared::copies(&plan, &claims, &volumes);
            assert_eq!((copies.len(), faults.len()), (0, 1));
            assert!(faults[0].contains(expected), "{faults:?}");
        }
    }

    #[test]
    fn a_volume_that_a_bundle_brings_is_not_copied_and_keeps_its_storage_too() {
        let mut brought = volume(of("uploads", "efs.csi.aws.com")["spec"].clone());
        let plan = plan(&[claim("uploads", asks("efs")), brought.clone()]);
        let (copies, faults) =
            shared::copies(&plan, &[bound("uploads", "uploads")], &[of("uploads", "efs.csi.aws.com")]);
        assert_eq!((copies.len(), faults.len()), (0, 0));
        keep(&mut brought);
        assert_eq!(brought.value["spec"]["persistentVolumeReclaimPolicy"], "Retain");
        assert!(brought.value["spec"]["claimRef"]["uid"].is_null());
    }
}

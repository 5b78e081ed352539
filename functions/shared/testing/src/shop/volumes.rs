//! The shop that keeps data in volumes: its search in one of Amazon EBS for each Pod of a StatefulSet, which starts anew on green, and its
//! uploads on a file system of Amazon EFS, which both clusters use.

use super::{BLUE, BUNDLE, compute::add_on, manifests};
use crate::Account;
use serde_json::{Value, json};

/// What the input says of them.
#[must_use]
pub fn asked() -> Value {
    json!({ "empty": ["StatefulSet/shop/search"], "shared": ["Namespace/shop"] })
}

/// What holds the uploads, by the words of its driver: a file system, and an access point.
pub const UPLOADS: &str = "fs-1::fsap-1";

pub(super) fn class(name: &str, provisioner: &str) -> Value {
    let metadata = json!({ "name": name });
    json!({ "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": metadata, "provisioner": provisioner })
}

pub(super) fn claim(class: &str, size: &str) -> Value {
    json!({ "accessModes": ["ReadWriteOnce"], "storageClassName": class, "resources": { "requests": { "storage": size } } })
}

/// The bundle with them.
pub(super) fn bundle() -> Vec<Value> {
    let search = json!({
        "replicas": 2, "serviceName": "search",
        "template": {
            "metadata": { "labels": { "app": "search" } },
            "spec": { "containers": [{ "name": "search", "image": "search:1" }] },
        },
        "volumeClaimTemplates": [{ "metadata": { "name": "data" }, "spec": claim("gp3", "10Gi") }],
    });
    let of_shop = |name: &str| json!({ "name": name, "namespace": "shop" });
    let mut all = manifests();
    all.extend([
        class("gp3", "ebs.csi.aws.com"),
        class("efs-sc", "efs.csi.aws.com"),
        json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": of_shop("uploads"), "spec": claim("efs-sc", "1Gi") }),
        json!({ "apiVersion": "v1", "kind": "Service", "metadata": of_shop("search"), "spec": { "selector": { "app": "search" } } }),
        json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": of_shop("search"), "spec": search }),
    ]);
    all
}

/// A claim of blue and its volume, as their drivers made them, by Kubernetes' own controllers.
pub(super) fn bound(name: &str, driver: &str, handle: &str, class: &str) -> [Value; 2] {
    let volume = format!("pvc-{name}");
    let mut spec = claim(class, "1Gi");
    spec["volumeName"] = json!(volume);
    let metadata =
        json!({ "name": name, "namespace": "shop", "managedFields": [{ "manager": "kube-controller-manager" }] });
    let claim = json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec });
    let metadata = json!({ "name": volume, "annotations": { "pv.kubernetes.io/provisioned-by": driver } });
    let spec = json!({
        "persistentVolumeReclaimPolicy": "Delete", "storageClassName": class, "capacity": { "storage": "1Gi" },
        "claimRef": { "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": "shop", "name": name, "uid": "u", "resourceVersion": "7" },
        "csi": { "driver": driver, "volumeHandle": handle },
    });
    [claim, json!({ "apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec })]
}

impl Account {
    /// The account of this shop before its migration.
    #[must_use]
    pub fn volumes_shop() -> Self {
        let account = Self::shop();
        for name in ["aws-ebs-csi-driver", "aws-efs-csi-driver"] {
            add_on(&mut account.aws(), name);
        }
        account.upload(BUNDLE, bundle());
        for value in bundle() {
            account.cluster(BLUE).put(value);
        }
        for (name, driver, handle, class, maker) in [
            ("data-search-0", "ebs.csi.aws.com", "vol-shop-blue-0", "gp3", "StatefulSet/shop/search"),
            ("data-search-1", "ebs.csi.aws.com", "vol-shop-blue-1", "gp3", "StatefulSet/shop/search"),
            ("uploads", "efs.csi.aws.com", UPLOADS, "efs-sc", "PersistentVolumeClaim/shop/uploads"),
        ] {
            for value in bound(name, driver, handle, class) {
                account.cluster(BLUE).put(value);
            }
            account.aws().volumes.insert(handle.to_owned(), maker.to_owned());
        }
        account
    }
}

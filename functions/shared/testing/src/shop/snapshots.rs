//! The shop of `volumes` whose orders and stock are in volumes of Amazon EBS too, of a StatefulSet and of a Deployment that must run in one
//! cluster only: green gets copies.

use super::{BLUE, BUNDLE, volumes, workloads::deployment};
use crate::Account;
use serde_json::{Value, json};

/// What the input says of all volumes.
#[must_use]
pub fn asked() -> Value {
    let mut asked = volumes::asked();
    asked["snapshot"] = json!(["StatefulSet/shop/orders", "PersistentVolumeClaim/shop/stock"]);
    asked
}

/// What is held.
#[must_use]
pub fn held() -> Value {
    json!(["CronJob/shop/nightly", "Deployment/shop/consumer", "StatefulSet/shop/orders", "Deployment/shop/stock"])
}

/// Blue's volumes that are copied, each with its claim.
pub const COPIED: [(&str, &str); 3] = [
    ("vol-shop-blue-orders-0", "data-orders-0"),
    ("vol-shop-blue-orders-1", "data-orders-1"),
    ("vol-shop-blue-stock", "stock"),
];

fn more() -> Vec<Value> {
    let metadata = |name: &str| json!({ "name": name, "namespace": "shop" });
    let orders = json!({
        "replicas": 2, "serviceName": "orders",
        "template": {
            "metadata": { "labels": { "app": "orders" } },
            "spec": { "containers": [{ "name": "orders", "image": "orders:1" }] },
        },
        "volumeClaimTemplates": [{ "metadata": { "name": "data" }, "spec": volumes::claim("gp3", "10Gi") }],
    });
    let mut stock = deployment("stock", 1, "stock:1");
    stock["spec"]["template"]["spec"]["volumes"] =
        json!([{ "name": "stock", "persistentVolumeClaim": { "claimName": "stock" } }]);
    vec![
        json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata("stock"), "spec": volumes::claim("gp3", "10Gi") }),
        json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata("orders"), "spec": orders }),
        stock,
    ]
}

impl Account {
    /// The account of this shop before its migration.
    #[must_use]
    pub fn snapshots_shop() -> Self {
        let account = Self::volumes_shop();
        // First, so that what is held has been seen by its controllers once the others are ready.
        let mut bundle = more();
        bundle.extend(volumes::bundle());
        account.upload(BUNDLE, bundle);
        for value in more() {
            account.cluster(BLUE).put(value);
        }
        for (handle, claim) in COPIED {
            let maker = if claim == "stock" { "PersistentVolumeClaim/shop/stock" } else { "StatefulSet/shop/orders" };
            for value in volumes::bound(claim, "ebs.csi.aws.com", handle, "gp3") {
                account.cluster(BLUE).put(value);
            }
            account.aws().volumes.insert(handle.to_owned(), maker.to_owned());
        }
        account
    }
}

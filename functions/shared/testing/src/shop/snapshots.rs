//! The shop of `volumes` whose orders and stock are in volumes of Amazon EBS too, of a StatefulSet and of a Deployment that must run in one
//! cluster only: green gets copies.

use super::{BLUE, BUNDLE, auto_mode, volumes, workloads::deployment};
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

/// The class of the orders, and its driver.
type Class = (&'static str, &'static str);

/// Of <https://docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html>.
const AUTO_MODE: Class = ("auto-ebs-sc", "ebs.csi.eks.amazonaws.com");

fn more(class: &str) -> Vec<Value> {
    let metadata = |name: &str| json!({ "name": name, "namespace": "shop" });
    let orders = json!({
        "replicas": 2, "serviceName": "orders",
        "template": {
            "metadata": { "labels": { "app": "orders" } },
            "spec": { "containers": [{ "name": "orders", "image": "orders:1" }] },
        },
        "volumeClaimTemplates": [{ "metadata": { "name": "data" }, "spec": volumes::claim(class, "10Gi") }],
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
        Self::volumes_shop().with_orders(("gp3", "ebs.csi.aws.com"))
    }

    /// The same in EKS Auto Mode, whose driver has the orders, beside that of the add-on.
    #[must_use]
    pub fn auto_snapshots_shop() -> Self {
        let account = Self::volumes_shop();
        auto_mode::enable(&mut account.aws());
        account.with_orders(AUTO_MODE)
    }

    fn with_orders(self, class: Class) -> Self {
        let account = self;
        // First, so that what is held has been seen by its controllers once the others are ready.
        let mut own = more(class.0);
        own.extend((class == AUTO_MODE).then(|| volumes::class(class.0, class.1)));
        account.upload(BUNDLE, own.iter().cloned().chain(volumes::bundle()).collect());
        for value in own {
            account.cluster(BLUE).put(value);
        }
        for (handle, claim) in COPIED {
            let is_stock = claim == "stock";
            let maker = if is_stock { "PersistentVolumeClaim/shop/stock" } else { "StatefulSet/shop/orders" };
            let (class, driver) = if is_stock { ("gp3", "ebs.csi.aws.com") } else { class };
            for value in volumes::bound(claim, driver, handle, class) {
                account.cluster(BLUE).put(value);
            }
            account.aws().volumes.insert(handle.to_owned(), maker.to_owned());
        }
        account
    }
}

//! The shop whose web servers run on nodes that Karpenter makes: it runs on blue's node groups and comes with the bundle.

use super::workloads::{deployment, service};
use super::{BLUE, BUNDLE, GREEN, input_with, manifests};
use crate::{Account, migration};
use domain::input::Replacement;
use domain::manifest::{Object, ObjectId};
use domain::resources::node_pool::{is_class, is_pool, planned};
use domain::{Migration, Plan, Problem};
use serde_json::{Value, json};

/// The tag by which Karpenter finds subnets here: it names no cluster, since both use the same ones.
pub const SUBNETS: &str = "shop/nodes";

/// The tag by which it finds security groups: green's copies have green's name in it.
pub const DISCOVERY: &str = "karpenter.sh/discovery";

/// What the shop's people ask for, with these fields more: Karpenter works under green's name there.
#[must_use]
pub fn input(fields: Value) -> Value {
    let mut input = input_with(fields);
    input["workloads"]["replace"] = json!([{ "blue": BLUE, "green": GREEN }]);
    input
}

fn definition(group: &str, kind: &str, plural: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{plural}.{group}") },
        "spec": {
            "group": group, "scope": "Cluster", "names": { "kind": kind, "plural": plural },
            "versions": [{ "name": "v1", "served": true, "storage": true }],
        },
    })
}

/// The bundle with Karpenter, as its chart and <https://karpenter.sh/docs/getting-started/getting-started-with-karpenter/> make it.
#[must_use]
pub fn bundle() -> Vec<Value> {
    let mut all = manifests();
    let mut controller = deployment("karpenter", 2, "public.ecr.aws/karpenter/controller:1.8.1");
    controller["spec"]["template"]["spec"]["containers"][0]["env"] = json!([
        { "name": "KARPENTER_SERVICE", "value": "karpenter" },
        { "name": "CLUSTER_NAME", "value": BLUE },
        { "name": "INTERRUPTION_QUEUE", "value": BLUE },
    ]);
    let class = json!({
        "apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "metadata": { "name": "default" },
        "spec": {
            "role": "nodes",
            "amiSelectorTerms": [{ "alias": "al2023@latest" }],
            "subnetSelectorTerms": [{ "tags": { SUBNETS: "*" } }],
            "securityGroupSelectorTerms": [{ "tags": { DISCOVERY: BLUE } }],
        },
    });
    let reference = json!({ "group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default" });
    let pool = json!({
        "apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": { "name": "default" },
        "spec": { "template": { "spec": { "nodeClassRef": reference } } },
    });
    all.extend([
        definition("karpenter.sh", "NodePool", "nodepools"),
        definition("karpenter.sh", "NodeClaim", "nodeclaims"),
        definition("karpenter.k8s.aws", "EC2NodeClass", "ec2nodeclasses"),
        controller,
        service("karpenter", json!({ "ports": [{ "port": 8_080 }] })),
        class,
        pool,
    ]);
    all
}

fn node_pools() -> Vec<ObjectId> {
    let objects = bundle().into_iter().filter_map(|value| Object::new(0, 0, value)).map(|object| object.id);
    objects.filter(|id| is_pool(id) || is_class(id)).collect()
}

impl Account {
    /// The account of this shop before its migration.
    #[must_use]
    pub fn karpenter_shop() -> Self {
        let account = Self::shop();
        for subnet in &mut account.aws().subnets {
            subnet.tags.insert(SUBNETS.to_owned(), String::new());
        }
        if let Some(group) = account.aws().security_groups.get_mut("sg-nodes") {
            group.tags.insert(DISCOVERY.to_owned(), BLUE.to_owned());
        }
        account.upload(BUNDLE, bundle());
        for manifest in bundle().into_iter().filter(|manifest| manifest["metadata"]["name"] != "web") {
            account.cluster(BLUE).put(manifest);
        }
        account.settle(BLUE);
        account
    }

    /// This shop with a migration, opened with the plan that preflight makes.
    ///
    /// # Errors
    /// Every problem of the input.
    pub fn karpenter_opened() -> Result<(Self, Migration), Vec<Problem>> {
        let account = Self::karpenter_shop();
        let mut plan: Plan = account.plan();
        plan.workloads.bundles = vec![account.upload(BUNDLE, bundle())];
        plan.workloads.replace = vec![Replacement { blue: BLUE.to_owned(), green: GREEN.to_owned() }];
        plan.workloads.node_pools = node_pools();
        plan.deletes.extend(node_pools().iter().map(|id| planned(BLUE, id)));
        let migration = Migration { plan, ..migration(&input(json!({})))? };
        account.enter(&migration);
        Ok((account, migration))
    }
}

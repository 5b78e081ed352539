use super::*;
use crate::workloads;
use serde_json::{Value, json};
use testing::shop::{BUNDLE, auto_mode, service::Targets};
use testing::{Account, Aws};

/// What preflight says of the bundles of the shop without managed node groups, with one thing changed: in the account, in the bundle, and in
/// what is known of blue.
async fn found(
    account: impl FnOnce(&mut Aws),
    bundle: impl FnOnce(&mut Vec<Value>),
    around: impl FnOnce(&mut Around),
) -> Found<Workloads> {
    let shop = Account::auto_alone_shop(Targets::Ip);
    account(&mut shop.aws());
    let mut manifests = auto_mode::bundle(Targets::Ip);
    bundle(&mut manifests);
    shop.upload(BUNDLE, manifests);
    let input = Input::read(&auto_mode::input_alone(json!({}))).unwrap();
    let compute = crate::compute::read(&shop, &input).await.unwrap().facts;
    let edge = crate::edge::read(&shop, &input, &compute).await.unwrap().facts;
    let mut known = Around::of(&compute, &edge);
    around(&mut known);
    workloads::read(&shop, &input, &known).await.unwrap()
}

fn of_kind<'a>(manifests: &'a mut [Value], kind: &str) -> &'a mut Value {
    &mut manifests.iter_mut().find(|manifest| manifest["kind"] == kind).unwrap()["spec"]
}

fn texts(found: &Found<Workloads>) -> Vec<String> {
    found.problems.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn node_pools_and_node_classes_of_the_bundles_are_taken_and_go_with_the_cluster() {
    let found = found(|_| {}, |_| {}, |_| {}).await;
    assert_eq!(texts(&found), [""; 0]);
    // Those of Karpenter are deleted before the cluster.
    assert_eq!((found.facts.node_pools.len(), found.deletes.len()), (0, 0));
    assert!(found.advice.iter().any(|told| told.contains("NodeClass/batch, NodePool/batch")), "{:?}", found.advice);
}

#[tokio::test]
async fn what_keeps_eks_from_making_greens_nodes_or_would_tie_them_to_blue_is_refused() {
    type Bundle = fn(&mut Vec<Value>);
    let cases: [(&str, Bundle); 7] = [
        ("gives its nodes the role shop-nodes, which has no access entry of the type EC2", |all| {
            of_kind(all, "NodeClass")["role"] = json!("shop-nodes");
        }),
        ("says no role of its nodes", |all| of_kind(all, "NodeClass")["role"] = Value::Null),
        ("finds none of the VPC's subnets by", |all| {
            of_kind(all, "NodeClass")["subnetSelectorTerms"] = json!([{ "tags": { "Name": "private-subnet" } }]);
        }),
        ("finds no security group by", |all| {
            of_kind(all, "NodeClass")["securityGroupSelectorTerms"] = json!([{ "tags": { "Name": "eks-cluster-sg" } }]);
        }),
        ("finds blue's security groups sg-plane by", |all| {
            of_kind(all, "NodeClass")["podSecurityGroupSelectorTerms"] = json!([{ "name": "shop-sg-plane" }]);
        }),
        ("finds none of the VPC's subnets by", |all| {
            of_kind(all, "NodeClass")["podSubnetSelectorTerms"] = json!([{ "id": "subnet-x" }]);
        }),
        ("refers to the NodeClass \"other\", which is in no bundle", |all| {
            of_kind(all, "NodePool")["template"]["spec"]["nodeClassRef"]["name"] = json!("other");
        }),
    ];
    for (part, bundle) in cases {
        let found = found(|_| {}, bundle, |_| {}).await;
        assert_eq!(found.problems.len(), 1, "{part}: {:?}", texts(&found));
        assert!(texts(&found)[0].contains(part), "{part}: {:?}", texts(&found));
        assert_eq!(found.problems[0].code, "auto-mode", "{part}");
    }
}

#[tokio::test]
async fn an_access_entry_without_the_policy_lets_no_node_in() {
    let without = |aws: &mut Aws| {
        for entry in aws.access_entries.values_mut() {
            entry.policies.clear();
        }
    };
    let found = found(without, |_| {}, |_| {}).await;
    assert_eq!(found.problems.len(), 1, "{:?}", texts(&found));
    assert!(texts(&found)[0].contains("AmazonEKSAutoNodePolicy"), "{:?}", texts(&found));
}

#[tokio::test]
async fn a_node_pool_may_refer_to_the_class_of_the_built_in_pools_where_there_are_any() {
    let refer = |all: &mut Vec<Value>| {
        of_kind(all, "NodePool")["template"]["spec"]["nodeClassRef"]["name"] = json!("default");
    };
    assert_eq!(texts(&found(|_| {}, refer, |_| {}).await), [""; 0]);
    let none = |around: &mut Around| around.auto_mode = Some(AutoMode::default());
    let told = texts(&found(|_| {}, refer, none).await);
    assert!(told.iter().any(|told| told.contains("refers to the NodeClass \"default\"")), "{told:?}");
}

#[tokio::test]
async fn nodes_of_a_node_pool_that_is_in_no_bundle_are_refused() {
    let without = |all: &mut Vec<Value>| all.retain(|manifest| manifest["kind"] != "NodePool");
    let found = found(|_| {}, without, |_| {}).await;
    assert_eq!(found.problems.len(), 1, "{:?}", texts(&found));
    assert_eq!(found.problems[0].code, "unmanaged-nodes");
    assert!(texts(&found)[0].contains("i-auto-shop-blue-batch of blue for the NodePool batch"), "{:?}", texts(&found));
}

#[tokio::test]
async fn they_are_refused_for_a_cluster_that_is_not_in_eks_auto_mode_and_for_a_green_of_the_users_own() {
    type Known = fn(&mut Around);
    let cases: [(Known, &str); 2] = [
        (|around| around.auto_mode = None, "is for EKS Auto Mode, which shop-blue is not in"),
        (|around| around.is_users = true, "on a green of your own Bascule would not know them from yours"),
    ];
    for (around, part) in cases {
        let found = found(|_| {}, |_| {}, around).await;
        let told: Vec<_> = found.problems.iter().filter(|problem| problem.code == "auto-mode").collect();
        assert_eq!(told.len(), 2, "{part}: {:?}", texts(&found));
        assert!(told.iter().all(|problem| problem.message.contains(part)), "{part}: {:?}", texts(&found));
    }
}

//! Preflight of clusters in EKS Auto Mode, beside managed node groups and without any.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::{Input, Kind, Problem};
use preflight::workloads::Around;
use serde_json::json;
use testing::shop::{self, service::Targets};
use testing::{Account, Aws};

fn texts(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

fn input() -> Input {
    Input::read(&shop::auto_mode::input_alone(json!({}))).unwrap()
}

#[tokio::test]
async fn eks_auto_mode_is_cloned_and_what_eks_makes_for_it_is_not() {
    let (account, migration) = Account::auto_mode_opened().unwrap();
    let found = preflight::compute::read(&account, &migration.input).await.unwrap();
    assert_eq!(texts(&found.problems), [""; 0]);
    assert_eq!(found.facts, migration.plan.compute);
    assert!(
        found.advice.iter().any(|advice| advice.contains("node pools (general-purpose, system)")),
        "{:?}",
        found.advice
    );

    // Without it the nodes would be nobody's.
    if let Some(blue) = account.aws().clusters.get_mut("shop-blue") {
        blue.cluster.auto_mode = None;
    }
    let refused = preflight::compute::read(&account, &migration.input).await.unwrap().problems;
    assert!(refused.iter().any(|problem| problem.code == "unmanaged-nodes"), "{refused:?}");
}

/// What preflight says of blue, of its edge and of the bundles.
async fn problems(account: &Account) -> Vec<Problem> {
    let compute = preflight::compute::read(account, &input()).await.unwrap();
    let edge = preflight::edge::read(account, &input(), &compute.facts).await.unwrap();
    let around = Around::of(&compute.facts, &edge.facts);
    let workloads = preflight::workloads::read(account, &input(), &around).await.unwrap();
    [compute.problems, edge.problems, workloads.problems].concat()
}

async fn problems_of(change: impl FnOnce(&mut Aws)) -> Vec<Problem> {
    let account = Account::auto_alone_shop(Targets::Ip);
    change(&mut account.aws());
    problems(&account).await
}

#[tokio::test]
async fn a_cluster_whose_nodes_eks_makes_is_taken_with_the_load_balancer_that_it_makes() {
    for targets in [Targets::Ip, Targets::Instance] {
        let account = Account::auto_alone_shop(targets);
        let before = account.aws().clone();
        assert_eq!(texts(&problems(&account).await), [""; 0], "{targets:?}");
        assert_eq!(*account.aws(), before, "preflight changes nothing");
        let found = preflight::compute::read(&account, &input()).await.unwrap();
        assert_eq!((found.facts.node_groups.len(), found.facts.addons.len()), (0, 0));
        let deletes: Vec<Kind> = found.deletes.iter().map(|planned| planned.kind).collect();
        assert!(!deletes.contains(&Kind::NodeGroup) && deletes.contains(&Kind::Cluster), "{deletes:?}");
        let edge = preflight::edge::read(&account, &input(), &found.facts).await.unwrap();
        assert_eq!(edge.facts.service.map(|of| of.to_string()).as_deref(), Some("Service/shop/traefik"));
    }
}

#[tokio::test]
async fn rules_about_the_load_balancers_that_eks_makes_are_not_copied() {
    let account = Account::auto_alone_shop(Targets::Ip);
    let made = account.aws().security_groups.keys().find(|id| id.starts_with("sg-lb-")).cloned().unwrap();
    let lets_in = account.aws().security_groups["sg-cluster-shop-blue"].clone();
    assert!(lets_in.rules.iter().any(|rule| rule.peer_group() == Some(&made)), "{lets_in:?}");
    if let Some(group) = account.aws().security_groups.get_mut(&made) {
        group.rules[0].peer = domain::plan::compute::Peer::Group("sg-cluster-shop-blue".to_owned());
    }
    let found = preflight::compute::read(&account, &input()).await.unwrap().facts;
    let peers: Vec<&str> = found.cluster_group_rules.iter().filter_map(|rule| rule.peer_group()).collect();
    assert_eq!(peers, ["sg-nlb"]);
    assert!(found.references.iter().all(|reference| reference.group_id == "sg-nlb"), "{:?}", found.references);
}

#[tokio::test]
async fn what_only_managed_node_groups_give_is_refused_where_there_are_none() {
    let refused = problems_of(|aws| {
        for balancer in aws.balancers.values_mut() {
            balancer.tags.clear();
        }
        for group in aws.target_groups.values_mut() {
            group.tags.clear();
            "instance".clone_into(&mut group.target_type);
        }
    })
    .await;
    // Beside it, that the bundle's Service would get a load balancer that nobody switches, and that nothing answers on the nodes.
    let codes: Vec<_> = refused.iter().map(|found| found.code.as_str()).collect();
    assert_eq!(codes, ["foreign-targets", "", ""]);
    assert!(refused[0].message.contains("where EKS Auto Mode makes the nodes"), "{}", refused[0].message);

    let refused = problems_of(|aws| {
        if let Some(blue) = aws.clusters.get_mut("shop-blue") {
            blue.cluster.auto_mode = None;
        }
    })
    .await;
    let told = texts(&refused);
    assert!(told.iter().any(|told| told.contains("no managed node group and is not in EKS Auto Mode")), "{told:?}");
    assert!(told.iter().any(|told| told.contains("(limit network-plugin)")), "{told:?}");
}

#[tokio::test]
async fn a_load_balancer_of_eks_auto_mode_for_something_else_than_a_service_of_blue_is_refused() {
    for (tag, value) in [("service.eks.amazonaws.com/stack", None), ("eks:eks-cluster-name", Some("shop-test"))] {
        let refused = problems_of(|aws| {
            for balancer in aws.balancers.values_mut() {
                match value {
                    Some(value) => balancer.tags.insert(tag.to_owned(), value.to_owned()),
                    None => balancer.tags.remove(tag),
                };
            }
        })
        .await;
        let told = texts(&refused).join("; ");
        let is_said = refused.iter().any(|problem| problem.code == "service-load-balancer");
        assert!(is_said && told.contains("tag eks:eks-cluster-name"), "{tag}: {told}");
    }
}

#[tokio::test]
async fn a_service_of_another_class_than_blues_is_refused() {
    let account = Account::auto_alone_shop(Targets::Ip);
    let mut bundle = shop::auto_mode::bundle(Targets::Ip);
    let service = bundle.iter_mut().find(|one| one["spec"]["type"] == "LoadBalancer").unwrap();
    service["spec"]["loadBalancerClass"] = json!("service.k8s.aws/nlb");
    account.upload(shop::BUNDLE, bundle);
    let refused = problems(&account).await;
    assert_eq!(refused.iter().map(|found| found.code.as_str()).collect::<Vec<_>>(), ["service-load-balancer"]);
    assert!(refused[0].message.contains("loadBalancerClass: eks.amazonaws.com/nlb"), "{}", refused[0].message);
}

//! Preflight's look at an API whose methods go through several VPC links, on an account in memory: healthy, and with one thing changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::Input;
use domain::plan::Found;
use domain::plan::edge::{Connection, Edge, LoadBalancer, VpcLink};
use preflight::edge::read;
use serde_json::json;
use testing::shop::{Front, input_with, two_apis, warehouse};
use testing::{Account, Aws};

async fn found(change: impl FnOnce(&mut Aws)) -> Found<Edge> {
    let account = Account::shop_behind(Front::Warehouse);
    change(&mut account.aws());
    let before = account.aws().clone();
    let input = Input::read(&input_with(json!({}))).unwrap();
    let found = read(&account, &input, &account.plan().compute).await.unwrap();
    assert_eq!(*account.aws(), before, "preflight changes nothing");
    found
}

/// The refusal's code and message where there is one alone.
fn refusal(found: &Found<Edge>) -> (&str, &str) {
    let [problem] = &found.problems[..] else { return ("", "") };
    (&problem.code, &problem.message)
}

#[tokio::test]
async fn methods_to_another_cluster_stay_as_they_are_and_the_plan_says_so() {
    let found = found(|_| {}).await;
    assert_eq!(found.problems, []);
    assert_eq!(found.facts, Account::shop().plan().edge, "of the other link nothing is switched");
    let told = found.advice.join("\n");
    assert!(
        told.contains(
            "the VPC link stock1 (GET /stock, PUT /stock), to the load balancer stock, which has no target of blue's"
        ),
        "{told}"
    );
}

#[tokio::test]
async fn a_link_behind_which_is_blue_or_may_be_is_refused_with_what_was_seen() {
    let blues = |aws: &mut Aws| {
        let of_blue = aws.scaling.values().find(|scaling| scaling.cluster == "shop-blue").unwrap();
        let ids = of_blue.instance_ids.clone();
        aws.scaling.get_mut("eks-all-warehouse").unwrap().instance_ids = ids;
    };
    let of_a_service = |aws: &mut Aws| {
        let balancer = aws.balancers.get_mut("arn:balancer-stock").unwrap();
        balancer.tags.insert("elbv2.k8s.aws/cluster".to_owned(), "shop-blue".to_owned());
    };
    let application = |aws: &mut Aws| {
        let balancer = aws.balancers.get_mut("arn:balancer-stock").unwrap();
        *balancer = LoadBalancer { kind: "application".to_owned(), ..balancer.clone() };
    };
    let empty = |aws: &mut Aws| aws.scaling.get_mut("eks-all-warehouse").unwrap().instance_ids.clear();
    let gone = |aws: &mut Aws| drop(aws.balancers.remove("arn:balancer-stock"));
    let changes = [
        (&blues as &dyn Fn(&mut Aws), "of shop-blue"),
        (&of_a_service, "was made inside shop-blue"),
        (&application, "where it forwards to is not read"),
        (&empty, "has no target that tells whose it is"),
        (&gone, "leads to no load balancer that is there"),
    ];
    for (change, part) in changes {
        let found = found(change).await;
        let (code, message) = refusal(&found);
        assert_eq!(code, "several-links", "{part}: {:?}", found.problems);
        assert!(message.contains("the VPC link stock1 (GET /stock, PUT /stock), "), "{message}");
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[tokio::test]
async fn two_links_to_blues_load_balancer_are_refused() {
    let found = found(|aws| {
        let link = aws.links["blue1"].clone();
        aws.links.insert(warehouse::LINK.to_owned(), VpcLink { id: warehouse::LINK.to_owned(), ..link });
    })
    .await;
    let (code, message) = refusal(&found);
    assert_eq!(code, "several-links", "{:?}", found.problems);
    assert!(message.contains("the VPC link blue1 (") && message.contains("the VPC link stock1 ("), "{message}");
}

#[tokio::test]
async fn where_none_of_several_links_leads_to_blue_that_is_said_of_each() {
    let found = found(|aws| {
        let link = aws.links[warehouse::LINK].clone();
        aws.links.insert("blue1".to_owned(), VpcLink { id: "blue1".to_owned(), ..link });
    })
    .await;
    let (code, message) = refusal(&found);
    assert_eq!(code, "several-links", "{:?}", found.problems);
    assert!(message.contains("to the load balancer stock"), "{message}");
}

#[tokio::test]
async fn each_of_several_apis_may_have_links_to_other_clusters() {
    let account = Account::shop_behind(Front::TwoApis);
    {
        let mut aws = account.aws();
        let warehouse = Account::shop_behind(Front::Warehouse);
        let other = warehouse.aws();
        let stock = other.methods["shop1"].iter().filter(|method| method.path == warehouse::PATH);
        let stock: Vec<_> = stock.cloned().collect();
        assert!(
            stock.iter().all(|method| method.linked().unwrap().integration.connection
                == Connection::VpcLink(warehouse::LINK.to_owned()))
        );
        aws.methods.get_mut(two_apis::OTHER).unwrap().extend(stock.clone());
        for ((api, _), (_, methods)) in &mut aws.deployments {
            if api == two_apis::OTHER {
                methods.extend(stock.clone());
            }
        }
        for (id, balancer) in &other.balancers {
            aws.balancers.entry(id.clone()).or_insert_with(|| balancer.clone());
        }
        aws.links.extend(other.links.clone());
        aws.listeners.extend(other.listeners.clone());
        aws.target_groups.extend(other.target_groups.clone());
        aws.scaling.extend(other.scaling.clone());
    }
    let input = Input::read(&input_with(json!({ "gateway": two_apis::gateway() }))).unwrap();
    let found = read(&account, &input, &account.plan().compute).await.unwrap();
    assert_eq!(found.problems, []);
    assert_eq!(found.facts.others, [two_apis::found()]);
    assert!(found.advice.iter().any(|line| line.contains("the VPC link stock1")), "{:?}", found.advice);
}

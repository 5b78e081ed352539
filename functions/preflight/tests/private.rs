//! Preflight's look at a private API, on an account in memory: healthy, and with one thing changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::Input;
use domain::plan::compute::Peer;
use domain::plan::edge::Edge;
use domain::ports::vpc_endpoints::VpcEndpoint;
use preflight::edge::read;
use serde_json::json;
use testing::shop::private_api::{ENDPOINT, FUNCTIONS, OF_ENDPOINT};
use testing::shop::{API, Front, input_with};
use testing::{Account, Aws};

/// The facts, and the messages of what is refused, all of it with the code and the path of this limit.
async fn found(change: impl FnOnce(&mut Aws)) -> (Edge, Vec<String>) {
    let account = Account::shop_behind(Front::Private);
    change(&mut account.aws());
    let before = account.aws().clone();
    let found = read(&account, &Input::read(&input_with(json!({}))).unwrap(), &account.plan().compute).await.unwrap();
    assert_eq!(*account.aws(), before, "preflight changes nothing");
    for problem in &found.problems {
        assert_eq!((problem.path.as_str(), problem.code.as_str()), ("$.gateway.restApiId", "private-api"));
    }
    (found.facts, found.problems.into_iter().map(|problem| problem.message).collect())
}

fn endpoint(aws: &mut Aws) -> &mut VpcEndpoint {
    aws.vpc_endpoints.first_mut().unwrap()
}

#[tokio::test]
async fn requests_go_through_the_endpoint_that_the_api_is_associated_with_and_the_plan_says_so() {
    let account = Account::shop_behind(Front::Private);
    let found = read(&account, &Input::read(&input_with(json!({}))).unwrap(), &account.plan().compute).await.unwrap();
    assert_eq!(found.problems, []);
    assert_eq!(found.facts.vpc_endpoint.as_deref(), Some(ENDPOINT));
    let told = found.advice.join("\n");
    assert!(told.contains("its temporary API is too") && told.contains(ENDPOINT), "{told}");
}

#[tokio::test]
async fn an_api_without_an_endpoint_of_its_own_is_reached_under_its_private_dns_name() {
    let (edge, told) = found(|aws| {
        aws.apis.get_mut(API).unwrap().vpc_endpoint_ids.clear();
        endpoint(aws).has_private_dns = true;
    })
    .await;
    assert_eq!((edge.vpc_endpoint, told), (None, Vec::new()));
}

#[tokio::test]
async fn of_several_endpoints_one_is_taken_that_lets_requests_pass() {
    let (edge, told) = found(|aws| {
        let other = VpcEndpoint { id: "vpce-first".to_owned(), state: "pending".to_owned(), ..endpoint(aws).clone() };
        aws.vpc_endpoints.insert(0, other);
        aws.apis.get_mut(API).unwrap().vpc_endpoint_ids.insert(0, "vpce-first".to_owned());
    })
    .await;
    assert_eq!((edge.vpc_endpoint.as_deref(), told), (Some(ENDPOINT), Vec::new()));
}

/// The change of a healthy world.
type Change = fn(&mut Aws);

#[tokio::test]
async fn what_keeps_requests_from_a_private_api_is_refused_with_what_to_do() {
    let changes: [(Change, &str); 10] = [
        (|aws| aws.functions_group = None, "run in no VPC: deploy its stack with SubnetIds and SecurityGroupId"),
        (|aws| aws.vpc_endpoints.clear(), "there is no VPC endpoint for execute-api in the VPC"),
        (|aws| "vpc-2".clone_into(&mut endpoint(aws).vpc_id), "there is no VPC endpoint for execute-api in the VPC"),
        (|aws| "pending".clone_into(&mut endpoint(aws).state), "vpce-shop: it is pending, expected available"),
        (|aws| aws.apis.get_mut(API).unwrap().vpc_endpoint_ids.clear(), "not associated with the API"),
        (|aws| aws.apis.get_mut(API).unwrap().is_strict = true, "STRICT, which takes private DNS names only"),
        (
            |aws| {
                let rules = &mut aws.security_groups.get_mut(OF_ENDPOINT).unwrap().rules;
                rules[0].peer = Peer::Group("sg-of-others".to_owned());
            },
            "no rule of its security groups (sg-endpoints) lets sg-functions in by port 443",
        ),
        (
            |aws| {
                let open = endpoint(aws).policy.take().unwrap();
                endpoint(aws).policy = Some(
                    open.replace("\"Resource\":\"*\"", "\"Resource\":\"arn:aws:execute-api:eu-central-1:1:shop1/*\""),
                );
            },
            r#""Resource":"arn:aws:execute-api:eu-central-1:1:*""#,
        ),
        (
            |aws| {
                let api = aws.apis.get_mut(API).unwrap();
                api.policy = api.policy.take().map(|policy| policy.replace(ENDPOINT, "vpce-of-others"));
            },
            "the API's resource policy denies requests that come through it",
        ),
        (|aws| aws.apis.get_mut(API).unwrap().policy = None, "the API has no resource policy"),
    ];
    for (change, expected) in changes {
        let (edge, told) = found(change).await;
        assert_eq!((edge.vpc_endpoint, told.len()), (None, 1), "{expected}: {told:?}");
        assert!(told[0].contains("the API shop1 is private") && told[0].contains(expected), "{expected}: {told:?}");
    }
}

#[tokio::test]
async fn a_rule_for_addresses_is_taken_to_let_the_functions_in() {
    let (edge, told) = found(|aws| {
        let rules = &mut aws.security_groups.get_mut(OF_ENDPOINT).unwrap().rules;
        assert_eq!(rules[0].peer_group(), Some(FUNCTIONS));
        rules[0].peer = Peer::Ipv4("10.0.0.0/16".to_owned());
    })
    .await;
    assert_eq!((edge.vpc_endpoint.as_deref(), told), (Some(ENDPOINT), Vec::new()));
}

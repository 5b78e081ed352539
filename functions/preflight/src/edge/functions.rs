//! The Lambda functions that the API invokes: the temporary API, and the stages that hold blue's and green's deployments, need
//! statements of their own in the functions' policies; pure.

use crate::Place;
use domain::plan::Planned;
use domain::plan::edge::{Edge, InvokedFunction};
use domain::{Input, Kind, Limit, Problem};

/// Functions whose policies Bascule may not change.
pub(crate) fn problems(input: &Input, edge: &Edge, place: &Place) -> Vec<Problem> {
    let here = (place.region.as_str(), place.account.as_str());
    let edges = edge.per_api();
    let functions = edges
        .iter()
        .enumerate()
        .flat_map(|(index, edge)| edge.functions.iter().map(move |function| (input.gateway.api_path(index), function)));
    functions
        .filter(|(_, function)| function.place() != here)
        .map(|(path, function)| {
            let (region, account) = function.place();
            let message = format!(
                "{} is invoked by {} and is in the account {account:?} and Region {region:?}, expected {:?} and {:?}: the temporary \
                 API could not invoke it, since its policy is not Bascule's to change. Give the integration or authorizer a role \
                 (credentials, authorizerCredentials) that may invoke it, which needs no statement in the policy, and deploy",
                function.arn,
                function.users(),
                place.account,
                place.region
            );
            Limit::ForeignFunction.refusal(path, message)
        })
        .collect()
}

/// What will be created.
pub(super) fn creates(edge: &Edge) -> impl Iterator<Item = Planned> {
    let line = |function: &InvokedFunction| {
        let stages = if function.methods.is_empty() { "" } else { " and by the stages that hold the two deployments" };
        let name = format!("{}: invoked by the temporary API{stages}, for {}", function.arn, function.users());
        Planned::new(Kind::LambdaPermission, name)
    };
    edge.functions.iter().map(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(arn: &str) -> Edge {
        let function =
            InvokedFunction { arn: arn.to_owned(), methods: Vec::new(), authorizers: vec!["guard".to_owned()] };
        Edge { functions: vec![function], ..Edge::default() }
    }

    #[test]
    fn functions_of_other_accounts_and_regions_are_refused() {
        let place = Place { region: "eu-central-1".to_owned(), account: "123456789012".to_owned() };
        let input = Input::read(&serde_json::json!({
            "blue": { "cluster": "shop-blue" },
            "green": { "cluster": "shop-green" },
            "gateway": { "restApiId": "shop1", "stage": "prod" },
            "workloads": { "manifests": ["s3://shop/production.yaml"] },
        }));
        let input = input.unwrap();
        for (arn, refused) in [
            ("arn:aws:lambda:eu-central-1:123456789012:function:guard:live", false),
            ("arn:aws:lambda:eu-central-1:210987654321:function:guard", true),
            ("arn:aws:lambda:eu-west-1:123456789012:function:guard", true),
        ] {
            let problems = problems(&input, &edge(arn), &place);
            assert_eq!(!problems.is_empty(), refused, "{arn}");
            assert!(problems.iter().all(|problem| problem.path == "$.gateway.restApiId"), "{problems:?}");
            assert!(problems.iter().all(|problem| problem.message.contains("the authorizer guard")));
        }
    }
}

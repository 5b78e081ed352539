//! The shop behind a private API: a VPC endpoint for `execute-api` in the VPC, which the API is associated with, a resource policy that lets in
//! what comes through it and nothing else, and Bascule's functions in the same VPC.

use super::API;
use crate::account::Aws;
use domain::plan::compute::{Direction, Peer, Rule, SecurityGroup};
use domain::ports::vpc_endpoints::VpcEndpoint;
use serde_json::json;

/// The endpoint.
pub const ENDPOINT: &str = "vpce-shop";
/// The security group of Bascule's functions.
pub const FUNCTIONS: &str = "sg-functions";
/// The security group of the endpoint.
pub const OF_ENDPOINT: &str = "sg-endpoints";

pub(super) fn put(aws: &mut Aws) {
    let own = |rest: &str| format!("arn:aws:execute-api:eu-central-1:123456789012:{API}/{rest}");
    let everybody = json!({
        "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": own("*"),
    });
    let others = json!({
        "Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": own("*"),
        "Condition": { "StringNotEquals": { "aws:SourceVpce": ENDPOINT } },
    });
    if let Some(api) = aws.apis.get_mut(API) {
        "PRIVATE".clone_into(&mut api.endpoint_type);
        api.vpc_endpoint_ids = vec![ENDPOINT.to_owned()];
        api.policy = Some(json!({ "Version": "2012-10-17", "Statement": [everybody, others] }).to_string());
    }
    let open = json!({ "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }] });
    aws.vpc_endpoints.push(VpcEndpoint {
        id: ENDPOINT.to_owned(),
        vpc_id: "vpc-1".to_owned(),
        state: "available".to_owned(),
        has_private_dns: false,
        policy: Some(open.to_string()),
        group_ids: vec![OF_ENDPOINT.to_owned()],
    });
    let from_functions = Rule {
        direction: Direction::Ingress,
        protocol: "tcp".to_owned(),
        from_port: Some(443),
        to_port: Some(443),
        peer: Peer::Group(FUNCTIONS.to_owned()),
        description: None,
    };
    for (id, rules) in [(FUNCTIONS, Vec::new()), (OF_ENDPOINT, vec![from_functions])] {
        let group = SecurityGroup {
            id: id.to_owned(),
            name: id.to_owned(),
            vpc_id: "vpc-1".to_owned(),
            rules,
            ..SecurityGroup::default()
        };
        aws.security_groups.insert(id.to_owned(), group);
    }
    aws.functions_group = Some(FUNCTIONS.to_owned());
}

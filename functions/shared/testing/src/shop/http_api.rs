//! The shop behind an HTTP API: routes that share integrations, a route for all else, and no keys. Its VPC link V2 leads to the load
//! balancer's listener, its stage deploys nothing by itself, and another stage serves nothing yet.

use super::front::{LISTENER, change_methods, second_link};
use super::{API, edge::method};
use crate::account::{Aws, pair};
use domain::plan::edge::{Connection, Integration, Protocol, Stage};
use domain::ports::gateway::Method;
use serde_json::{Value, json};

/// The name of the stage that is served from the base of the URL.
pub const DEFAULT: &str = "$default";

/// The name of a stage to which nothing was deployed yet.
const EMPTY: &str = "next";

/// What integrations map of requests.
const HOST: (&str, &str) = ("overwrite:header.host", "shop.example.com");
const PATH: (&str, &str) = ("overwrite:path", "$request.path");

/// What the input names it by.
#[must_use]
pub fn gateway(stage: &str) -> Value {
    json!({ "httpApiId": API, "stage": stage })
}

fn methods(mappings: &[(&str, &str)]) -> Vec<Method> {
    let mappings = mappings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let linked = Integration {
        kind: "HTTP_PROXY".to_owned(),
        http_method: "ANY".to_owned(),
        connection: Connection::of("VPC_LINK", "second1", LISTENER),
        timeout_millis: 30_000,
        request_parameters: mappings.collect(),
        ..Integration::default()
    };
    let outside = Integration {
        uri: "https://status.example.com/".to_owned(),
        connection: Connection::Internet,
        request_parameters: [].into(),
        ..linked.clone()
    };
    let route = |verb: &str, path: &str, id: &str, integration: &Integration| Method {
        resource_id: id.to_owned(),
        api_key_required: false,
        integration: Some(integration.clone()),
        ..method(verb, path)
    };
    vec![
        route("ANY", "/$default", "i-shop", &linked),
        route("GET", "/cart", "i-shop", &linked),
        route("POST", "/cart", "i-shop", &linked),
        route("GET", "/product/{id}", "i-product", &linked),
        route("GET", "/status", "i-status", &outside),
    ]
}

/// On the stage `prod`, whose name no backend sees.
pub(super) fn put(aws: &mut Aws) {
    put_with(aws, &[HOST, PATH]);
}

/// On the stage `$default`; on others backends would see the stage's name in the path.
pub(super) fn put_default(aws: &mut Aws) {
    put_with(aws, &[HOST]);
    if let Some(mut stage) = aws.stages.remove(&pair(API, "prod")) {
        DEFAULT.clone_into(&mut stage.name);
        aws.stages.insert(pair(API, DEFAULT), stage);
    }
    aws.traffic = [pair(API, DEFAULT)].into();
}

fn put_with(aws: &mut Aws, mappings: &[(&str, &str)]) {
    second_link(aws);
    change_methods(aws, |all| *all = methods(mappings));
    if let Some(api) = aws.apis.get_mut(API) {
        api.protocol = Protocol::Http;
        api.minimum_compression_size = None;
        api.binary_media_types.clear();
    }
    if let Some(stage) = aws.stages.get_mut(&pair(API, "prod")) {
        stage.client_certificate_id = None;
        let (name, deployment_id) = (EMPTY.to_owned(), String::new());
        let empty = Stage { name, deployment_id, ..stage.clone() };
        aws.stages.insert(pair(API, EMPTY), empty);
    }
    aws.plans.clear();
}

//! What else APIs have in front of their clusters: the shop's in variants, each with what Bascule has to do for it.

use super::edge::method;
use super::{API, http_api, private_api, two_apis, warehouse};
use crate::account::{Authorizer, Aws, Permission, pair};
use domain::plan::edge::{Connection, Integration, LoadBalancer};
use domain::ports::gateway::Method;

/// A variant of the shop's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Front {
    /// Methods through one VPC link V1, and a mock.
    #[default]
    Plain,
    /// Beside them a Lambda integration, an HTTP endpoint outside, a greedy path, and a Lambda authorizer. The functions' policies
    /// let the production stage, or the API's authorizers, invoke them and nothing else.
    Functions,
    /// The id of the VPC link V1 in a variable of the production stage, for every method; another stage has another link.
    Variable,
    /// A VPC link V2: some methods name the load balancer, others its listener.
    SecondLink,
    /// An HTTP API.
    HttpApi,
    /// An HTTP API whose stage is `$default`, and whose backends see the names of other stages.
    HttpApiDefault,
    /// Another API through the same VPC link V1.
    TwoApis,
    /// A private API, behind a VPC endpoint.
    Private,
    /// Methods through another VPC link V1, to another cluster.
    Warehouse,
    /// The plain API without its default endpoint: a custom domain is its only way in.
    Closed,
}

/// The load balancer behind the VPC link V2, and its listener: one is told from the other by its ARN.
const BALANCER: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/net/shop-blue/0a1b2c3d";
pub(super) const LISTENER: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/net/shop-blue/0a1b2c3d/4e5f";

/// The function of the integration, by its alias.
const HITS: &str = "arn:aws:lambda:eu-central-1:123456789012:function:hits";
/// The function that is the authorizer.
const GUARD: &str = "arn:aws:lambda:eu-central-1:123456789012:function:guard";

impl Front {
    pub(super) fn put(self, aws: &mut Aws) {
        match self {
            Self::Plain => {}
            Self::Functions => functions(aws),
            Self::Variable => variable(aws),
            Self::SecondLink => second_link(aws),
            Self::HttpApi => http_api::put(aws),
            Self::HttpApiDefault => http_api::put_default(aws),
            Self::TwoApis => two_apis::put(aws),
            Self::Private => private_api::put(aws),
            Self::Warehouse => warehouse::put(aws),
            Self::Closed => {
                if let Some(api) = aws.apis.get_mut(API) {
                    api.execute_api_disabled = true;
                }
            }
        }
    }
}

fn functions(aws: &mut Aws) {
    let uri = |arn: &str| format!("arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{arn}/invocations");
    let lambda = Integration {
        kind: "AWS_PROXY".to_owned(),
        http_method: "POST".to_owned(),
        uri: uri(&format!("{HITS}:live")),
        timeout_millis: 29_000,
        ..Integration::default()
    };
    let outside = Integration {
        kind: "HTTP_PROXY".to_owned(),
        http_method: "GET".to_owned(),
        uri: "https://status.example.com/".to_owned(),
        timeout_millis: 29_000,
        ..Integration::default()
    };
    let with = |verb: &str, path: &str, integration: Integration| Method {
        integration: Some(integration),
        ..method(verb, path)
    };
    let guarded = Method { authorization: "CUSTOM".to_owned(), ..method("GET", "/orders") };
    change_methods(aws, |methods| {
        methods.extend([
            with("GET", "/hits", lambda.clone()),
            with("GET", "/status", outside.clone()),
            guarded.clone(),
            method("ANY", "/static/{proxy+}"),
        ]);
    });
    aws.authorizers.insert(API.to_owned(), Authorizer { name: "guard".to_owned(), uri: uri(GUARD) });
    let source = |what: &str| format!("arn:aws:execute-api:eu-central-1:123456789012:{API}/{what}");
    let live = Permission { qualifier: Some("live".to_owned()), source_arn: source("prod/GET/hits") };
    let authorizers = Permission { qualifier: None, source_arn: source("authorizers/*") };
    aws.functions.insert(HITS.to_owned(), [("prod".to_owned(), live)].into());
    aws.functions.insert(GUARD.to_owned(), [("api".to_owned(), authorizers)].into());
}

fn variable(aws: &mut Aws) {
    reconnect(aws, |_| Connection::of("VPC_LINK", "${stageVariables.link}", ""));
    if let Some(stage) = aws.stages.get_mut(&pair(API, "prod")) {
        stage.variables.insert("link".to_owned(), "blue1".to_owned());
    }
}

pub(super) fn second_link(aws: &mut Aws) {
    reconnect(aws, |path| {
        let target = if path == "/cart" { LISTENER } else { BALANCER };
        Connection::of("VPC_LINK", "second1", target)
    });
    aws.links.remove("blue1");
    let balancers = std::mem::take(&mut aws.balancers).into_values();
    aws.balancers = balancers
        .map(|balancer| (BALANCER.to_owned(), LoadBalancer { arn: BALANCER.to_owned(), ..balancer }))
        .collect();
    let listeners = std::mem::take(&mut aws.listeners).into_values();
    aws.listeners = listeners
        .map(|mut of| {
            for listener in &mut of {
                LISTENER.clone_into(&mut listener.arn);
            }
            (BALANCER.to_owned(), of)
        })
        .collect();
}

/// Lets the methods that go through the VPC link go another way, which their path decides.
fn reconnect(aws: &mut Aws, way: impl Fn(&str) -> Connection) {
    change_methods(aws, |methods| {
        for method in methods {
            let linked = method.integration.as_mut().filter(|found| found.connection != Connection::Internet);
            if let Some(integration) = linked {
                integration.connection = way(&method.path);
            }
        }
    });
}

/// Changes the configuration of the public API, and deployment B with it.
pub(super) fn change_methods(aws: &mut Aws, change: impl Fn(&mut Vec<Method>)) {
    if let Some(methods) = aws.methods.get_mut(API) {
        change(methods);
    }
    if let Some((_, methods)) = aws.deployments.get_mut(&pair(API, "deployment-b")) {
        change(methods);
    }
}

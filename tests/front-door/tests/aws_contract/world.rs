//! Set-up of the tests: an emulator that echoes requests, a front door, the AWS SDK, and backends that answer with their name.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_apigateway::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_apigateway::types::{Op, PatchOperation, VpcLinkStatus};
use axum::Router;
use bytes::Bytes;
use front_door::{ApiGateway, Destination, ExecuteApi, FrontDoor, Functions, Options, Resolver};
use futures::future::BoxFuture;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use iam::{Caller, Policy};
use serde_json::{Value, json};

/// The session of [`World::with_role`].
pub(crate) const SESSION: &str = "arn:aws:sts::000000000000:assumed-role/deployer/ann";

/// The ARN of a load balancer of the tests.
pub(crate) fn nlb(name: &str) -> String {
    format!("arn:aws:elasticloadbalancing:eu-central-1:000000000000:loadbalancer/net/{name}/50dc6c495c0c9188")
}

/// A server on loopback that answers with its name and the request; it runs until the test's runtime ends.
pub(crate) async fn backend(name: &'static str) -> SocketAddr {
    let answer = move |request: axum::extract::Request| async move {
        let (parts, body) = request.into_parts();
        let length = axum::body::to_bytes(body, usize::MAX).await.unwrap().len();
        if let Some(millis) = parts.uri.path().strip_prefix("/slow/") {
            tokio::time::sleep(Duration::from_millis(millis.parse().unwrap())).await;
        }
        let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        axum::Json(json!({
            "name": name,
            "method": parts.method.as_str(),
            "path": parts.uri.to_string(),
            "host": header("host"),
            "apiId": header("x-amzn-apigateway-api-id"),
            "authorization": header("authorization"),
            "length": length,
        }))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    address
}

/// A running front door with gateway, data plane and SDK client.
pub(crate) struct World {
    pub(crate) gateway: ApiGateway,
    pub(crate) door: FrontDoor,
    pub(crate) plane: ExecuteApi,
    pub(crate) aws: Client,
    load_balancers: Arc<Mutex<HashMap<String, SocketAddr>>>,
}

/// Options without waits and quotas.
pub(crate) fn at_once() -> Options {
    Options {
        vpc_link_creation: Duration::ZERO,
        vpc_link_deletion: Duration::ZERO,
        propagation: Duration::ZERO..=Duration::ZERO,
        quotas: None,
        ..Options::default()
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(at_once()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        Self::with_role(options, &json!([])).await
    }

    /// Where the access key `ASIAROLE` is that of a role with these statements, and [`Self::aws`] has the root user's.
    pub(crate) async fn with_role(options: Options, statements: &Value) -> Self {
        Self::built(options, statements, None).await
    }

    /// With Lambda functions.
    pub(crate) async fn with_functions(options: Options, functions: Functions) -> Self {
        Self::built(options, &json!([]), Some(functions)).await
    }

    async fn built(options: Options, statements: &Value, functions: Option<Functions>) -> Self {
        let policy = Policy::read(&json!({ "Statement": statements })).unwrap();
        let session = Caller::Session { arn: SESSION.to_owned(), policies: [policy].into() };
        let callers = Arc::new(move |key: String| -> BoxFuture<'static, Option<Caller>> {
            let caller = match key.as_str() {
                "AKIDTESTER" => Some(Caller::Root),
                "ASIAROLE" => Some(session.clone()),
                _ => None,
            };
            Box::pin(std::future::ready(caller))
        });
        let load_balancers: Arc<Mutex<HashMap<String, SocketAddr>>> = Arc::default();
        let (known, balanced) = (Arc::clone(&load_balancers), Arc::clone(&load_balancers));
        let gateway = ApiGateway::new(options, Arc::new(move |arn: &str| known.lock().unwrap().contains_key(arn)));
        let emulator = backend("emulator").await;
        let door = FrontDoor::builder(format!("http://{emulator}")).apigateway(&gateway).callers(callers);
        let door = door.start().await.unwrap();
        let resolver: Resolver = Arc::new(move |destination| {
            let arn = match destination {
                Destination::Port(arn, _) => arn.to_owned(),
                Destination::Listener(listener) => {
                    listener.rsplit_once('/').unwrap().0.replace(":listener/", ":loadbalancer/")
                }
            };
            balanced.lock().unwrap().get(&arn).copied()
        });
        let anywhere = "127.0.0.1:0".parse().unwrap();
        let plane = ExecuteApi::start_with(anywhere, &gateway, resolver, functions).await.unwrap();
        let aws = client(door.address(), "AKIDTESTER");
        Self { gateway, door, plane, aws, load_balancers }
    }

    /// A client of the role.
    pub(crate) fn role(&self) -> Client {
        client(self.door.address(), "ASIAROLE")
    }

    /// The access key of the role.
    pub(crate) const ROLE: &str = "ASIAROLE";

    /// Creates a load balancer in front of a backend and returns its ARN.
    pub(crate) fn balance(&self, name: &str, backend: SocketAddr) -> String {
        self.load_balancers.lock().unwrap().insert(nlb(name), backend);
        nlb(name)
    }

    /// Creates a link to a load balancer in front of a new backend of the same name.
    pub(crate) async fn link(&self, name: &'static str) -> String {
        let arn = self.balance(name, backend(name).await);
        let link = self.aws.create_vpc_link().name(name).target_arns(arn).send().await.unwrap();
        assert_eq!(link.status(), Some(&VpcLinkStatus::Pending));
        link.id().unwrap().to_owned()
    }

    /// Imports a document and returns the ids of the API and its root resource.
    pub(crate) async fn import(&self, document: &Value) -> (String, String) {
        let import =
            self.aws.import_rest_api().fail_on_warnings(true).parameters("endpointConfigurationTypes", "REGIONAL");
        let api = import.body(document.to_string().into_bytes().into()).send().await.unwrap();
        (api.id().unwrap().to_owned(), api.root_resource_id().unwrap().to_owned())
    }

    /// The error of an import that is refused.
    pub(crate) async fn refused_import(&self, document: &Value) -> String {
        let import = self.aws.import_rest_api().body(document.to_string().into_bytes().into());
        message(import.send().await.unwrap_err())
    }

    /// Points the integration of the root's GET at another link.
    pub(crate) async fn relink(&self, api: &str, resource: &str, link: &str) {
        let update = self.aws.update_integration().rest_api_id(api).resource_id(resource).http_method("GET");
        update.patch_operations(replace("/connectionId", link)).send().await.unwrap();
    }

    /// Creates a deployment of the current configuration.
    pub(crate) async fn deploy(&self, api: &str) -> String {
        self.aws.create_deployment().rest_api_id(api).send().await.unwrap().id().unwrap().to_owned()
    }

    /// Creates a stage on a deployment.
    pub(crate) async fn stage(&self, api: &str, name: &str, deployment: &str) {
        self.aws.create_stage().rest_api_id(api).stage_name(name).deployment_id(deployment).send().await.unwrap();
    }

    /// Blue and green: an API whose stage `prod` serves deployment B (blue's link), and a deployment G (green's link).
    pub(crate) async fn two_sides(&self) -> Sides {
        let (blue, green) = (self.link("blue").await, self.link("green").await);
        let (api, root) = self.import(&shop(&blue)).await;
        let b = self.deploy(&api).await;
        self.stage(&api, "prod", &b).await;
        self.relink(&api, &root, &green).await;
        let g = self.deploy(&api).await;
        self.relink(&api, &root, &blue).await;
        Sides { api, b, g, blue, green }
    }

    /// Sends a GET to the data plane, and returns status and body.
    pub(crate) async fn get(&self, api: &str, path: &str) -> (u16, Value) {
        self.request(&format!("{api}.execute-api.eu-central-1.amazonaws.com"), path, &[]).await
    }

    /// Sends a GET to the data plane with a host and headers.
    pub(crate) async fn request(&self, host: &str, path: &str, headers: &[(&str, &str)]) -> (u16, Value) {
        let mut request = http::Request::builder().uri(format!("http://{}{path}", self.plane.address()));
        request = request.header("host", host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(request.body(Full::default()).unwrap()).await
    }

    /// The name of the backend that answers at the root of `prod`.
    pub(crate) async fn serving(&self, api: &str) -> String {
        let (status, body) = self.get(api, "/prod").await;
        assert_eq!(status, 200, "{body}");
        body["name"].as_str().unwrap().to_owned()
    }

    /// A call of API Gateway V2 with the access key of the account; status and answer.
    pub(crate) async fn v2(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.v2_as("AKIDTESTER", method, path, body).await
    }

    /// The same with another access key.
    pub(crate) async fn v2_as(&self, key: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let scope = format!("{key}/20261201/eu-central-1/apigateway/aws4_request");
        let request = http::Request::builder()
            .method(method)
            .uri(format!("http://{}/v2{path}", self.door.address()))
            .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"));
        let body = if body.is_null() { Full::default() } else { Full::from(body.to_string()) };
        send(request.body(body).unwrap()).await
    }

    /// The answer of a call of V2 that succeeds.
    pub(crate) async fn done(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.v2(method, path, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// `UpdateStage` of `prod`.
    pub(crate) async fn update_stage(&self, api: &str, operations: Vec<PatchOperation>) -> Result<(), String> {
        let update = self.aws.update_stage().rest_api_id(api).stage_name("prod");
        let result = update.set_patch_operations(Some(operations)).send().await;
        result.map(|_| ()).map_err(message)
    }
}

/// The document of an API with these paths.
pub(crate) fn api(paths: &Value) -> Value {
    json!({ "openapi": "3.0.1", "info": { "title": "shop", "version": "1" }, "paths": paths })
}

/// The document of an API whose root has a GET through a link.
pub(crate) fn shop(link: &str) -> Value {
    api(&json!({ "/": { "get": { "x-amazon-apigateway-integration": {
        "type": "http_proxy", "httpMethod": "GET", "uri": "http://shop.example.com/",
        "connectionType": "VPC_LINK", "connectionId": link,
    } } } }))
}

/// The document of [`shop`] with a security scheme that its method requires.
pub(crate) fn secured(link: &str, name: &str, scheme: &Value) -> Value {
    let mut document = shop(link);
    document["paths"]["/"]["get"]["security"] = json!([{ name: [] }]);
    document["components"] = json!({ "securitySchemes": { name: scheme } });
    document
}

/// The ids that [`World::two_sides`] created.
pub(crate) struct Sides {
    pub(crate) api: String,
    pub(crate) b: String,
    pub(crate) g: String,
    pub(crate) blue: String,
    pub(crate) green: String,
}

/// An SDK client that talks to an address with an access key and never retries.
pub(crate) fn client(address: SocketAddr, access_key_id: &str) -> Client {
    let config = aws_sdk_apigateway::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(format!("http://{address}"))
        .credentials_provider(Credentials::new(access_key_id, "secret", None, None, "tests"))
        .retry_config(aws_sdk_apigateway::config::retry::RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

/// Sends a request and returns status and body, as JSON or else as a string.
pub(crate) async fn send(request: http::Request<Full<Bytes>>) -> (u16, Value) {
    let client: HttpClient<_, Full<Bytes>> = HttpClient::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into_owned().into()))
}

/// A `replace` operation.
pub(crate) fn replace(path: &str, value: &str) -> PatchOperation {
    PatchOperation::builder().op(Op::Replace).path(path).value(value).build()
}

/// A `remove` operation.
pub(crate) fn remove(path: &str) -> PatchOperation {
    PatchOperation::builder().op(Op::Remove).path(path).build()
}

/// The code and the message of an error answer.
pub(crate) fn message<E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static>(
    error: SdkError<E>,
) -> String {
    match error.as_service_error() {
        Some(error) => format!("{}: {}", error.code().unwrap_or_default(), error.message().unwrap_or_default()),
        None => format!("no answer of the service: {}", error.into_source().unwrap()),
    }
}

//! `ImportApi` and `ReimportApi`: an HTTP API of an `OpenAPI` 3.0 document with API Gateway's extensions
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html>). Documents are read in JSON.
//!
//! Differences from AWS: schemas, request bodies and answers are passed over, as AWS does for HTTP APIs, but without a warning.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::apis::{self, Api, Cors};
use super::authorizers::Authorizer;
use super::integrations::{Given, Integration, TlsConfig};
use super::routes::{self, Route};
use super::state::Configuration;
use super::vpc_links::VpcLink;
use crate::apigateway::error::{ApiError, Result};
use crate::apigateway::id;
use crate::apigateway::request::{Answer, Request};
use crate::apigateway::state::State;

/// Where an integration that routes share stands
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-extensions-integrations.html>).
const SHARED: &str = "#/components/x-amazon-apigateway-integrations/";

/// What a document says of an integration
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html>). What HTTP APIs do not
/// have is passed over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extension {
    #[serde(rename = "type")]
    kind: String,
    http_method: Option<String>,
    uri: Option<String>,
    connection_type: Option<String>,
    connection_id: Option<String>,
    credentials: Option<String>,
    subtype: Option<String>,
    payload_format_version: Option<String>,
    request_parameters: Option<BTreeMap<String, String>>,
    response_parameters: Option<BTreeMap<String, BTreeMap<String, String>>>,
    timeout_in_millis: Option<u32>,
    tls_config: Option<TlsConfig>,
}

fn invalid(error: impl std::fmt::Display) -> ApiError {
    ApiError::bad_request(format!("Invalid OpenAPI input: {error}"))
}

/// The document in a request's `body`.
fn document(request: &Request) -> Result<Value> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        body: String,
    }
    serde_json::from_str(&request.json::<Body>()?.body).map_err(invalid)
}

/// Creates an API.
pub(super) fn import(state: &mut State, request: &Request) -> Result<Answer> {
    let document = document(request)?;
    let mut about = Api::new(&state.context, String::new());
    describe(&mut about, &document)?;
    let configuration = Reader::new(&document, &state.http.vpc_links).read()?;
    let answer = Answer::created(&about);
    apis::insert(state, about, configuration);
    answer
}

/// Replaces an API's configuration and description; its stages and deployments stay. Everything gets a new id.
pub(super) fn reimport(state: &mut State, request: &Request) -> Result<Answer> {
    let document = document(request)?;
    let mut about = state.http.api(request.label(0))?.about.clone();
    (about.cors_configuration, about.description, about.version) = (None, None, None);
    about.disable_execute_api_endpoint = false;
    describe(&mut about, &document)?;
    let configuration = Reader::new(&document, &state.http.vpc_links).read()?;
    let api = state.http.api_mut(request.label(0))?;
    (api.about, api.configuration) = (about, configuration);
    Answer::created(&api.about)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The API's properties. Its tags stand beside the document's own ones
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-tag-value.html>).
fn describe(about: &mut Api, document: &Value) -> Result<()> {
    if !document["openapi"].as_str().is_some_and(|version| version.starts_with("3.0")) {
        return Err(invalid("HTTP APIs are imported from OpenAPI 3.0 alone"));
    }
    about.name = text(&document["info"]["title"]).ok_or_else(|| invalid("info.title is missing"))?;
    about.description = text(&document["info"]["description"]);
    about.version = text(&document["info"]["version"]);
    if let Some(cors) = document.get("x-amazon-apigateway-cors") {
        about.cors_configuration = Some(serde_json::from_value::<Cors>(cors.clone()).map_err(invalid)?);
    }
    for server in document["servers"].as_array().into_iter().flatten() {
        let endpoint = &server["x-amazon-apigateway-endpoint-configuration"];
        about.disable_execute_api_endpoint |= endpoint["disableExecuteApiEndpoint"].as_bool().unwrap_or(false);
    }
    let tags = document["tags"].as_array().into_iter().flatten();
    about.tags.extend(tags.filter_map(|tag| Some((text(&tag["name"])?, text(&tag["x-amazon-apigateway-tag-value"])?))));
    Ok(())
}

/// Reads a document's configuration.
struct Reader<'document> {
    document: &'document Value,
    links: &'document BTreeMap<String, VpcLink>,
    configuration: Configuration,
    /// The ids of shared integrations by their names.
    shared: BTreeMap<String, String>,
}

impl<'document> Reader<'document> {
    fn new(document: &'document Value, links: &'document BTreeMap<String, VpcLink>) -> Self {
        Self { document, links, configuration: Configuration::default(), shared: BTreeMap::new() }
    }

    fn read(mut self) -> Result<Configuration> {
        for (name, scheme) in self.document["components"]["securitySchemes"].as_object().into_iter().flatten() {
            if let Some(extension) = scheme.get("x-amazon-apigateway-authorizer") {
                let authorizer = authorizer(name, extension)?;
                self.configuration.authorizers.insert(authorizer.authorizer_id.clone(), authorizer);
            }
        }
        for (path, item) in self.document["paths"].as_object().into_iter().flatten() {
            let operations = item.as_object().into_iter().flatten();
            for (verb, operation) in operations.filter(|(verb, _)| *verb != "parameters") {
                self.route(path, verb, operation)?;
            }
        }
        Ok(self.configuration)
    }

    fn route(&mut self, path: &str, verb: &str, operation: &Value) -> Result<()> {
        let method = if verb == "x-amazon-apigateway-any-method" { "ANY".into() } else { verb.to_ascii_uppercase() };
        let key = match path.strip_prefix('/') {
            Some(routes::DEFAULT) => routes::DEFAULT.to_owned(),
            _ => format!("{method} {path}"),
        };
        let mut route = Route::new(key);
        route.operation_name = text(&operation["operationId"]);
        if let Some(extension) = operation.get("x-amazon-apigateway-integration") {
            route.target = Some(format!("integrations/{}", self.integration(extension)?));
        }
        for (name, scopes) in
            operation["security"].as_array().into_iter().flatten().filter_map(Value::as_object).flatten()
        {
            self.secure(&mut route, name, scopes)?;
        }
        routes::insert(&mut self.configuration, route)
    }

    /// The id of an integration, which is made where it is not a shared one that is known already.
    fn integration(&mut self, extension: &Value) -> Result<String> {
        let Some(reference) = extension["$ref"].as_str() else { return self.make(extension) };
        let name = reference.strip_prefix(SHARED).ok_or_else(|| invalid(format!("{reference} is no integration")))?;
        if let Some(id) = self.shared.get(name) {
            return Ok(id.clone());
        }
        let shared = &self.document["components"]["x-amazon-apigateway-integrations"][name];
        let id = self.make(shared)?;
        self.shared.insert(name.to_owned(), id.clone());
        Ok(id)
    }

    fn make(&mut self, extension: &Value) -> Result<String> {
        let extension: Extension = serde_json::from_value(extension.clone()).map_err(invalid)?;
        let integration = Integration::new(Given {
            connection_id: extension.connection_id,
            connection_type: extension.connection_type,
            credentials_arn: extension.credentials,
            integration_method: extension.http_method,
            integration_subtype: extension.subtype,
            integration_type: Some(extension.kind.to_ascii_uppercase()),
            integration_uri: extension.uri,
            payload_format_version: extension.payload_format_version,
            request_parameters: extension.request_parameters,
            response_parameters: extension.response_parameters,
            timeout_in_millis: extension.timeout_in_millis,
            tls_config: extension.tls_config,
            ..Given::default()
        });
        integration.check(self.links)?;
        let id = integration.integration_id.clone();
        self.configuration.integrations.insert(id.clone(), integration);
        Ok(id)
    }

    /// Has a route ask the authorizer of a security scheme, or IAM.
    fn secure(&self, route: &mut Route, name: &str, scopes: &Value) -> Result<()> {
        let scheme = &self.document["components"]["securitySchemes"][name];
        if scheme["x-amazon-apigateway-authtype"] == "awsSigv4" {
            route.authorization_type = "AWS_IAM".into();
            return Ok(());
        }
        let known = self.configuration.authorizers.values().find(|authorizer| authorizer.name == name);
        let authorizer = known.ok_or_else(|| invalid(format!("no authorizer is named {name}")))?;
        let kind = if authorizer.authorizer_type == "JWT" { "JWT" } else { "CUSTOM" };
        kind.clone_into(&mut route.authorization_type);
        route.authorizer_id = Some(authorizer.authorizer_id.clone());
        route.authorization_scopes = scopes.as_array().into_iter().flatten().filter_map(text).collect();
        Ok(())
    }
}

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html>
fn authorizer(name: &str, extension: &Value) -> Result<Authorizer> {
    let of = |member: &str| text(&extension[member]);
    let kind = of("type").map(|kind| kind.to_ascii_uppercase());
    let authorizer_type = kind.filter(|kind| ["JWT", "REQUEST"].contains(&kind.as_str()));
    let sources = of("identitySource").unwrap_or_default();
    Ok(Authorizer {
        authorizer_id: id::random(6),
        authorizer_type: authorizer_type
            .ok_or_else(|| invalid(format!("the authorizer {name} is of no known type")))?,
        identity_source: sources.split(',').map(|source| source.trim().to_owned()).filter(|s| !s.is_empty()).collect(),
        name: name.to_owned(),
        jwt_configuration: extension.get("jwtConfiguration").cloned(),
        authorizer_uri: of("authorizerUri"),
        authorizer_payload_format_version: of("authorizerPayloadFormatVersion"),
        authorizer_result_ttl_in_seconds: extension["authorizerResultTtlInSeconds"].as_u64(),
        enable_simple_responses: extension["enableSimpleResponses"].as_bool(),
        authorizer_credentials_arn: of("authorizerCredentials"),
    })
}

/// What `export` writes of an authorizer.
pub(super) fn written(authorizer: &Authorizer) -> Value {
    let mut extension = Map::new();
    let text = |value: &Option<String>| value.clone().map(Value::from);
    let members = [
        ("identitySource", Some(Value::from(authorizer.identity_source.join(",")))),
        ("jwtConfiguration", authorizer.jwt_configuration.clone()),
        ("authorizerUri", text(&authorizer.authorizer_uri)),
        ("authorizerPayloadFormatVersion", text(&authorizer.authorizer_payload_format_version)),
        ("authorizerResultTtlInSeconds", authorizer.authorizer_result_ttl_in_seconds.map(Value::from)),
        ("enableSimpleResponses", authorizer.enable_simple_responses.map(Value::from)),
        ("authorizerCredentials", text(&authorizer.authorizer_credentials_arn)),
        ("type", Some(Value::from(authorizer.authorizer_type.to_ascii_lowercase()))),
    ];
    extension.extend(members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    Value::Object(extension)
}

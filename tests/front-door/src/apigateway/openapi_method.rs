//! Reads the operations of an OpenAPI path item into methods.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::Result;
use super::method_responses::MethodResponse;
use super::methods::Method;
use super::openapi_integration;
use super::openapi_read::invalid;
use super::state::Configuration;
use super::vpc_links::VpcLink;

/// The keys of a path item that are operations.
const OPERATIONS: [(&str, &str); 8] = [
    ("get", "GET"),
    ("put", "PUT"),
    ("post", "POST"),
    ("delete", "DELETE"),
    ("options", "OPTIONS"),
    ("head", "HEAD"),
    ("patch", "PATCH"),
    ("x-amazon-apigateway-any-method", "ANY"),
];

/// Reads every operation of a path item into the resource.
pub(crate) fn read_all(
    document: &Value,
    item: &Value,
    path: &str,
    resource: &str,
    configuration: &mut Configuration,
    links: &BTreeMap<String, VpcLink>,
) -> Result<()> {
    for (key, verb) in OPERATIONS {
        let Some(operation) = item.get(key) else { continue };
        let mut method = read(document, item, operation, verb, configuration)?;
        if let Some(extension) = operation.get("x-amazon-apigateway-integration") {
            let mut integration = openapi_integration::read(extension, &format!("{path} {verb}"))?;
            integration.complete(resource, &method, links)?;
            method.method_integration = Some(integration);
        }
        configuration.resource_mut(resource)?.methods.insert(verb.to_owned(), method);
    }
    Ok(())
}

fn read(
    document: &Value,
    item: &Value,
    operation: &Value,
    verb: &str,
    configuration: &Configuration,
) -> Result<Method> {
    let mut method = Method { http_method: verb.to_owned(), authorization_type: "NONE".into(), ..Method::default() };
    method.operation_name = operation["operationId"].as_str().map(str::to_owned);
    let parameters = parameters(item).chain(self::parameters(operation)).collect::<BTreeMap<_, _>>();
    method.request_parameters = (!parameters.is_empty()).then_some(parameters);
    method.request_models = models(&operation["requestBody"]["content"]);
    for (code, response) in operation["responses"].as_object().into_iter().flatten() {
        if code.parse::<u16>().is_ok() {
            method.method_responses.insert(code.clone(), method_response(code, response));
        }
    }
    let wanted = operation
        .get("x-amazon-apigateway-request-validator")
        .or_else(|| document.get("x-amazon-apigateway-request-validator"));
    if let Some(name) = wanted.and_then(Value::as_str) {
        let validator = configuration.request_validators.values().find(|validator| validator.name == name);
        let validator = validator.ok_or_else(|| invalid(format!("the request validator {name} is not defined")))?;
        method.request_validator_id = Some(validator.id.clone());
    }
    let security = operation.get("security").or_else(|| document.get("security"));
    for requirement in security.and_then(Value::as_array).into_iter().flatten() {
        for (name, scopes) in requirement.as_object().into_iter().flatten() {
            secure(&mut method, name, scopes, &document["components"]["securitySchemes"][name], configuration)?;
        }
    }
    Ok(method)
}

fn secure(
    method: &mut Method,
    name: &str,
    scopes: &Value,
    scheme: &Value,
    configuration: &Configuration,
) -> Result<()> {
    if let Some(authorizer) = configuration.authorizers.values().find(|authorizer| authorizer.name == name) {
        let cognito = authorizer.kind == "COGNITO_USER_POOLS";
        method.authorization_type = if cognito { "COGNITO_USER_POOLS" } else { "CUSTOM" }.into();
        method.authorizer_id = Some(authorizer.id.clone());
        let scopes: Vec<String> = serde_json::from_value(scopes.clone()).map_err(invalid)?;
        method.authorization_scopes = (!scopes.is_empty()).then_some(scopes);
    } else if scheme["x-amazon-apigateway-authtype"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("awsSigv4"))
    {
        method.authorization_type = "AWS_IAM".into();
    } else if scheme["type"] == "apiKey" {
        method.api_key_required = true;
    } else {
        return Err(invalid(format!(
            "the security scheme {name} is not defined or has a type that API Gateway does not know"
        )));
    }
    Ok(())
}

/// `method.request.{path|querystring|header}.{name}` and whether it is required.
fn parameters(of: &Value) -> impl Iterator<Item = (String, bool)> {
    of["parameters"].as_array().into_iter().flatten().filter_map(|parameter| {
        let place = match parameter["in"].as_str()? {
            "path" => "path",
            "query" => "querystring",
            "header" => "header",
            _ => return None,
        };
        let name = parameter["name"].as_str()?;
        Some((format!("method.request.{place}.{name}"), parameter["required"].as_bool().unwrap_or(false)))
    })
}

fn method_response(code: &str, response: &Value) -> MethodResponse {
    let headers = response["headers"].as_object();
    MethodResponse {
        status_code: code.to_owned(),
        response_parameters: headers
            .map(|headers| headers.keys().map(|name| (format!("method.response.header.{name}"), false)).collect()),
        response_models: models(&response["content"]),
    }
}

/// Content type to the name of the model that its schema refers to.
fn models(content: &Value) -> Option<BTreeMap<String, String>> {
    let models: BTreeMap<String, String> = content
        .as_object()?
        .iter()
        .filter_map(|(content_type, body)| {
            let reference = body["schema"]["$ref"].as_str()?;
            Some((content_type.clone(), reference.rsplit('/').next()?.to_owned()))
        })
        .collect();
    (!models.is_empty()).then_some(models)
}

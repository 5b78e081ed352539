//! What API Gateway asks of a request before it asks the backend: a request with an API key alone is refused by methods that want more.

use crate::plan::edge::integration::DEFAULT_ROUTE;
use crate::ports::gateway::Method;
use serde_json::Value;

/// The extension that says how an authorizer is asked
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html>).
const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";

/// The headers that Bascule's requests have.
const SENT: [&str; 3] = ["x-api-key", "host", "user-agent"];

/// The method of an API that a GET of this path meets: the most exact resource, and GET before ANY
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html>), and where there is none,
/// an HTTP API's route for all else
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html#http-api-develop-routes.evaluation>).
#[must_use]
pub fn met<'a>(methods: &'a [Method], path: &str) -> Option<&'a Method> {
    let asked: Vec<&str> =
        path.split(['?', '#']).next().unwrap_or(path).split('/').filter(|part| !part.is_empty()).collect();
    let of_a_get = methods.iter().filter(|method| ["GET", "ANY"].contains(&method.method.as_str()));
    let met =
        of_a_get.clone().filter_map(|method| Some((exactness(&method.path, &asked)?, method.method == "GET", method)));
    let met = met.max_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1))).map(|(.., method)| method);
    met.or_else(|| of_a_get.clone().find(|method| method.path == DEFAULT_ROUTE))
}

/// How exactly a resource's path says this one, part by part: by its text, as any one part, as the rest. Nothing where it does not.
fn exactness(resource: &str, asked: &[&str]) -> Option<Vec<u8>> {
    if resource == DEFAULT_ROUTE {
        return None;
    }
    let parts: Vec<&str> = resource.split('/').filter(|part| !part.is_empty()).collect();
    let mut exactness = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        if part.starts_with('{') && part.ends_with("+}") {
            exactness.push(0);
            return (asked.len() > index).then_some(exactness);
        }
        let found = asked.get(index)?;
        exactness.push(if part.starts_with('{') && part.ends_with('}') {
            1
        } else if part == found {
            2
        } else {
            return None;
        });
    }
    (parts.len() == asked.len()).then_some(exactness)
}

/// What the method wants of a request that has an API key alone and is refused for that, whatever its authorizer would say; `export` is what
/// the stage serves. Nothing where such a request may pass.
#[must_use]
pub fn wanted(method: &Method, export: &Value) -> Option<String> {
    match method.authorization.as_str() {
        "AWS_IAM" => Some("a signature of AWS IAM".to_owned()),
        "JWT" => Some("a JSON Web Token".to_owned()),
        "COGNITO_USER_POOLS" => Some("a token of an Amazon Cognito user pool".to_owned()),
        "CUSTOM" => {
            let item = &export["paths"][&method.path];
            let verb = if method.method == "ANY" {
                "x-amazon-apigateway-any-method".to_owned()
            } else {
                method.method.to_lowercase()
            };
            let schemes = item[&verb]["security"].as_array().into_iter().flatten().filter_map(Value::as_object);
            schemes.flat_map(|scheme| scheme.keys()).find_map(|name| {
                let scheme = &export["components"]["securitySchemes"][name];
                identity(&scheme[AUTHORIZER], scheme["name"].as_str())
                    .map(|what| format!("{what} for the Lambda authorizer {name}"))
            })
        }
        _ => None,
    }
}

/// What of a request a source names, as in `header.Authorization`: in a REST API, or in an HTTP API
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>).
fn of_request(source: &str) -> Option<&str> {
    source.strip_prefix("method.request.").or_else(|| source.strip_prefix("$request."))
}

/// What must be in a request before the authorizer's function is asked: a token in any case, and what a cache of its answers goes by
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html>).
fn identity(authorizer: &Value, header: Option<&str>) -> Option<String> {
    let of_header = |name: &str| format!("the header {name}");
    let sources = authorizer["identitySource"].as_str().unwrap_or_default().split(',').map(str::trim);
    let mut missing = sources.filter_map(|source| match of_request(source)?.split_once('.')? {
        ("header", name) if SENT.iter().any(|sent| sent.eq_ignore_ascii_case(name)) => None,
        ("header", name) => Some(of_header(name)),
        ("querystring", name) => Some(format!("the query parameter {name}")),
        _ => None,
    });
    let is_cached = authorizer["authorizerResultTtlInSeconds"].as_u64() != Some(0);
    match authorizer["type"].as_str()? {
        "token" => missing.next().or_else(|| Some(of_header(header.unwrap_or("Authorization")))),
        "request" if is_cached => missing.next(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn method(name: &str, path: &str, authorization: &str) -> Method {
        let (method, path, authorization) = (name.to_owned(), path.to_owned(), authorization.to_owned());
        Method { path, method, authorization, ..Method::default() }
    }

    #[test]
    fn a_request_meets_the_most_exact_resource() {
        let methods = [
            method("ANY", "/{proxy+}", ""),
            method("GET", "/", ""),
            method("ANY", "/cart", ""),
            method("GET", "/cart", ""),
            method("POST", "/orders", ""),
            method("GET", "/orders/{id}", ""),
            method("GET", "/orders/new", ""),
        ];
        for (path, expected) in [
            ("/", "GET /"),
            ("/cart", "GET /cart"),
            ("/cart?x=1", "GET /cart"),
            ("/orders", "ANY /{proxy+}"),
            ("/orders/7", "GET /orders/{id}"),
            ("/orders/new", "GET /orders/new"),
            ("/orders/7/lines", "ANY /{proxy+}"),
        ] {
            let found = met(&methods, path).map(|method| format!("{} {}", method.method, method.path));
            assert_eq!(found.as_deref(), Some(expected), "{path}");
        }
        assert_eq!(met(&methods[1..2], "/cart"), None);
        let with_default = [method("ANY", "/$default", ""), method("GET", "/cart", "")];
        for (path, expected) in [("/cart", "/cart"), ("/other", "/$default"), ("/$default", "/$default")] {
            assert_eq!(met(&with_default, path).map(|method| method.path.as_str()), Some(expected), "{path}");
        }
    }

    // Authorizers as in the examples of
    // https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html.
    #[test]
    fn a_request_with_a_key_alone_is_refused_where_more_is_wanted_before_a_function_is_asked() {
        let export = |authorizer: Value| {
            json!({
                "paths": { "/cart": { "get": { "security": [{ "guard": [] }, { "api_key": [] }] } } },
                "components": { "securitySchemes": {
                    "api_key": { "type": "apiKey", "name": "x-api-key", "in": "header" },
                    "guard": { "type": "apiKey", "name": "Token", "in": "header", AUTHORIZER: authorizer },
                } },
            })
        };
        let custom = |authorizer| wanted(&method("GET", "/cart", "CUSTOM"), &export(authorizer));
        for (authorizer, expected) in [
            (json!({ "type": "token" }), Some("the header Token for the Lambda authorizer guard")),
            (
                json!({ "type": "token", "identitySource": "method.request.header.Authorization" }),
                Some("the header Authorization for the Lambda authorizer guard"),
            ),
            (
                json!({ "type": "request", "identitySource": "method.request.header.X-Api-Key, method.request.querystring.who" }),
                Some("the query parameter who for the Lambda authorizer guard"),
            ),
            (
                json!({ "type": "request", "identitySource": "method.request.header.x-api-key, context.identity.sourceIp" }),
                None,
            ),
            (
                json!({ "type": "request", "identitySource": "$request.header.Authorization" }),
                Some("the header Authorization for the Lambda authorizer guard"),
            ),
            // Without a cache the function is asked whatever is missing, and may let the request pass.
            (
                json!({ "type": "request", "identitySource": "method.request.header.who", "authorizerResultTtlInSeconds": 0 }),
                None,
            ),
        ] {
            assert_eq!(custom(authorizer.clone()).as_deref(), expected, "{authorizer}");
        }
        for (authorization, is_refused) in
            [("NONE", false), ("AWS_IAM", true), ("COGNITO_USER_POOLS", true), ("JWT", true)]
        {
            assert_eq!(wanted(&method("GET", "/cart", authorization), &Value::Null).is_some(), is_refused);
        }
    }
}

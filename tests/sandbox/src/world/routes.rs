//! The shop's public API: its methods, and the OpenAPI document that API Gateway imports them from.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::world::HOST;

/// Methods by path. Every one is a private integration with Traefik behind the VPC link.
const ROUTES: [(&str, &[&str]); 29] = [
    ("/", &["get"]),
    ("/products", &["get", "post"]),
    ("/products/{id}", &["get", "put"]),
    ("/products/{id}/reviews", &["get", "post"]),
    ("/categories", &["get"]),
    ("/categories/{id}", &["get"]),
    ("/search", &["get"]),
    ("/cart", &["get", "post", "delete"]),
    ("/cart/items", &["get", "post"]),
    ("/cart/items/{id}", &["get", "put", "delete"]),
    ("/checkout", &["post"]),
    ("/checkout/{id}", &["get"]),
    ("/checkout/{id}/address", &["put"]),
    ("/checkout/{id}/payment", &["put"]),
    ("/checkout/{id}/confirm", &["post"]),
    ("/orders", &["get"]),
    ("/orders/{id}", &["get"]),
    ("/orders/{id}/cancel", &["post"]),
    ("/orders/{id}/invoice", &["get"]),
    ("/account", &["get", "put"]),
    ("/account/addresses", &["get", "post"]),
    ("/account/addresses/{id}", &["put", "delete"]),
    ("/currencies", &["get"]),
    ("/currencies/{id}", &["get"]),
    ("/recommendations", &["get"]),
    ("/recommendations/{id}", &["get"]),
    ("/shipping/quotes", &["get", "post"]),
    ("/wishlist", &["get", "post"]),
    ("/static/{proxy+}", &["x-amazon-apigateway-any-method"]),
];

/// One request that a customer of the shop might make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The HTTP method.
    pub method: String,
    /// The path, with its parameters filled in.
    pub path: String,
}

/// One request for every method of the API.
#[must_use]
pub fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for (path, methods) in ROUTES {
        for method in methods {
            let method = if *method == "x-amazon-apigateway-any-method" { "get" } else { method };
            let path = path.replace("{id}", &format!("{}", 1000 + samples.len())).replace("{proxy+}", "css/shop.css");
            samples.push(Sample { method: method.to_uppercase(), path });
        }
    }
    samples
}

/// The OpenAPI document with API Gateway's extensions, integrations pointing at the VPC link.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html>
#[must_use]
pub fn document(link: &str) -> Value {
    let mut paths: Map<String, Value> =
        ROUTES.iter().map(|(path, methods)| ((*path).to_owned(), operations(path, methods, link))).collect();
    paths.insert("/health".to_owned(), health());
    json!({
        "openapi": "3.0.1",
        "info": {"title": "shop", "version": "2026-11-01", "description": "The shop's public API"},
        "paths": paths,
        "components": {"securitySchemes": {"api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}},
        "x-amazon-apigateway-api-key-source": "HEADER",
    })
}

fn operations(path: &str, methods: &[&str], link: &str) -> Value {
    let names: Vec<&str> = path.split('{').skip(1).filter_map(|rest| rest.split(['}', '+']).next()).collect();
    let parameters: Vec<Value> = names
        .iter()
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    let mapping: BTreeMap<String, String> = names
        .iter()
        .map(|name| (format!("integration.request.path.{name}"), format!("method.request.path.{name}")))
        .collect();
    let operations: Map<String, Value> = methods
        .iter()
        .map(|method| {
            let verb = if method.starts_with("x-") { "ANY".to_owned() } else { method.to_uppercase() };
            let operation = json!({
                "parameters": parameters,
                "security": [{"api_key": []}],
                "responses": {"200": {"description": "The service's answer"}},
                "x-amazon-apigateway-integration": {
                    "type": "http_proxy",
                    "httpMethod": verb,
                    "uri": format!("http://{HOST}{}", path.replace("{proxy+}", "{proxy}")),
                    "connectionType": "VPC_LINK",
                    "connectionId": link,
                    "passthroughBehavior": "when_no_match",
                    "timeoutInMillis": 29000,
                    "requestParameters": mapping,
                },
            });
            ((*method).to_owned(), operation)
        })
        .collect();
    Value::Object(operations)
}

/// A method that API Gateway answers itself, without a key.
fn health() -> Value {
    json!({"get": {
        "responses": {"200": {"description": "Up"}},
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "requestTemplates": {"application/json": "{\"statusCode\": 200}"},
            "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": "{\"status\": \"up\"}"}}},
            "passthroughBehavior": "when_no_match",
        },
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shop_has_at_least_forty_methods() {
        assert!(samples().len() >= 40, "{}", samples().len());
    }

    #[test]
    fn a_path_parameter_is_mapped_to_the_integration() {
        let document = document("link");
        let integration =
            &document["paths"]["/static/{proxy+}"]["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"];
        assert_eq!(integration["uri"], "http://shop.example.com/static/{proxy}");
        assert_eq!(integration["requestParameters"]["integration.request.path.proxy"], "method.request.path.proxy");
        assert_eq!(integration["connectionId"], "link");
    }
}

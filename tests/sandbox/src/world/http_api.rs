//! The shop's public API as an HTTP API: the routes of the REST API, through a VPC link V2 to the listener of the load balancer, and one for
//! everything else. All but one share an integration, which sends the path without the stage's name and the shop's host name
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-private.html>). There are no API keys.

use http::Method;
use serde_json::{Map, Value, json};

use crate::aws::Aws;
use crate::error::{Context, Error, Result};
use crate::world::edge::{LoadBalancer, elb};
use crate::world::gateway::{Api, DOMAIN, STAGE, domain, post, text};
use crate::world::network::Network;
use crate::world::{HOST, eventually, routes};

/// Makes the link, the API, its deployment, a stage that does not deploy by itself, and the custom domain.
///
/// # Errors
/// The first refusal of a service.
pub async fn build(aws: &Aws, network: &Network, balancer: &LoadBalancer) -> Result<Api> {
    let link = link(aws, network).await.context("the VPC link V2")?;
    let document = document(&link, &listener(aws, balancer).await?);
    let import = json!({ "body": document.to_string() });
    let api = aws.rest("apigateway", Method::PUT, "/v2/apis", Some(&import)).await?;
    let id = text(&api, "apiId")?;
    let release = json!({ "description": "Release 2026-11-01" });
    let deployment = post(aws, &format!("/v2/apis/{id}/deployments"), &release).await?;
    let stage = json!({ "stageName": STAGE, "deploymentId": deployment["deploymentId"], "autoDeploy": false });
    post(aws, &format!("/v2/apis/{id}/stages"), &stage).await?;
    domain(aws).await?;
    let mapping = json!({ "apiId": id, "stage": STAGE });
    post(aws, &format!("/v2/domainnames/{DOMAIN}/apimappings"), &mapping).await?;
    Ok(Api { id, is_http: true, others: Vec::new(), vpc_endpoint: None, has_endpoint: true, keys: Vec::new() })
}

/// Makes the link in the network's subnets, and waits until it is AVAILABLE.
async fn link(aws: &Aws, network: &Network) -> Result<String> {
    let link = json!({ "name": "shop", "subnetIds": network.subnets, "securityGroupIds": [network.nodes] });
    let id = text(&post(aws, "/v2/vpclinks", &link).await?, "vpcLinkId")?;
    eventually("the VPC link V2", async || {
        let answer = aws.rest("apigateway", Method::GET, &format!("/v2/vpclinks/{id}"), None).await?;
        match answer["vpcLinkStatus"].as_str() {
            Some("AVAILABLE") => Ok(Some(())),
            Some("PENDING") => Ok(None),
            _ => Err(Error::new(format!("the VPC link V2 is {answer}"))),
        }
    })
    .await?;
    Ok(id)
}

/// The ARN of the load balancer's listener for HTTP.
async fn listener(aws: &Aws, balancer: &LoadBalancer) -> Result<String> {
    let answer = elb(aws, "DescribeListeners", &[("LoadBalancerArn", &balancer.arn)]).await?;
    let listeners = answer.list("Listeners");
    let plain = listeners.iter().find(|listener| listener.value("Port").as_deref() == Some("80"));
    plain.and_then(|listener| listener.value("ListenerArn")).context("a listener on port 80")
}

/// The document that API Gateway imports the API from
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html>).
fn document(link: &str, listener: &str) -> Value {
    let integration = json!({
        "type": "http_proxy",
        "httpMethod": "ANY",
        "uri": listener,
        "connectionType": "VPC_LINK",
        "connectionId": link,
        "payloadFormatVersion": "1.0",
        "timeoutInMillis": 29000,
        "requestParameters": { "overwrite:path": "$request.path", "overwrite:header.host": HOST },
    });
    let shared = json!({ "$ref": "#/components/x-amazon-apigateway-integrations/traefik" });
    let plain = routes::document(link);
    let through_link = |item: &Value| {
        let mut methods = item.as_object().into_iter().flatten();
        methods.any(|(_, method)| method["x-amazon-apigateway-integration"]["connectionType"] == "VPC_LINK")
    };
    let items = plain["paths"].as_object().into_iter().flatten().filter(|(_, item)| through_link(item));
    let mut paths: Map<String, Value> = items
        .map(|(path, item)| {
            let own = if path.ends_with("+}") { &integration } else { &shared };
            let methods = item.as_object().into_iter().flatten().map(|(verb, _)| (verb.clone(), operation(own)));
            (path.clone(), methods.collect())
        })
        .collect();
    let mut default = operation(&shared);
    default["isDefaultRoute"] = true.into();
    paths.insert("/$default".to_owned(), json!({ "x-amazon-apigateway-any-method": default }));
    json!({
        "openapi": "3.0.1",
        "info": plain["info"],
        "tags": [{ "name": "team", "x-amazon-apigateway-tag-value": "shop" }],
        "paths": paths,
        "components": { "x-amazon-apigateway-integrations": { "traefik": integration } },
        "x-amazon-apigateway-importexport-version": "1.0",
    })
}

fn operation(integration: &Value) -> Value {
    json!({
        "responses": { "default": { "description": "The service's answer" } },
        "x-amazon-apigateway-integration": integration,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_shop_is_a_route_and_the_greedy_one_has_an_integration_of_its_own() {
        let document = document("link1", "arn:listener");
        let paths = document["paths"].as_object().unwrap();
        let methods: usize = paths.values().map(|item| item.as_object().unwrap().len()).sum();
        assert_eq!(methods, routes::samples().len() + 1, "and the default route");
        let of = |path: &str, verb: &str| paths[path][verb]["x-amazon-apigateway-integration"].clone();
        assert_eq!(of("/static/{proxy+}", "x-amazon-apigateway-any-method")["uri"], "arn:listener");
        let shared = "#/components/x-amazon-apigateway-integrations/traefik";
        assert_eq!(of("/products/{id}", "put")["$ref"], shared);
        assert_eq!(of("/$default", "x-amazon-apigateway-any-method")["$ref"], shared);
        assert_eq!(document["components"]["x-amazon-apigateway-integrations"]["traefik"]["connectionId"], "link1");
    }
}

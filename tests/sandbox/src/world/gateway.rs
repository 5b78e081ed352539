//! The public API `shop`: import, deployment, stage, keys, usage plan, custom domain.

use http::Method;
use serde_json::{Value, json};

use crate::aws::{Aws, REGION};
use crate::error::{Context, Result};
use crate::world::front::Front;
use crate::world::private::{self, Entrance};
use crate::world::routes;

/// The production stage.
pub const STAGE: &str = "prod";
/// The custom domain.
pub const DOMAIN: &str = "api.shop.example.com";

/// The public API, as its customers use it.
#[derive(Clone, Debug)]
pub struct Api {
    /// The API's id.
    pub id: String,
    /// Whether it is an HTTP API.
    pub is_http: bool,
    /// The ids of the APIs beside it, which the same keys open.
    pub others: Vec<String>,
    /// The VPC endpoint that leads to them, where they are private.
    pub vpc_endpoint: Option<String>,
    /// Whether it has its default endpoint.
    pub has_endpoint: bool,
    /// The values of the two API keys.
    pub keys: Vec<String>,
}

impl Api {
    /// The ids of all APIs.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        std::iter::once(&self.id).chain(&self.others).map(String::as_str).collect()
    }
}

/// Makes the API of this document, and those beside it on the VPC link, which has no id where there is none; a private one where an endpoint
/// leads to it.
///
/// # Errors
/// The first refusal of API Gateway.
pub async fn build(
    aws: &Aws,
    front: Front,
    link: &str,
    mut document: Value,
    entrance: Option<&Entrance>,
) -> Result<Api> {
    front.functions(aws).await.context("the shop's functions")?;
    let vpc_endpoint = entrance.map(|entrance| entrance.endpoint.clone());
    let id = match &vpc_endpoint {
        Some(endpoint) => {
            private::behind(&mut document, endpoint);
            import_as(aws, "PRIVATE", &document).await?
        }
        None => import(aws, &document).await?,
    };
    front.permissions(aws, &id).await?;
    deploy_with(aws, &id, &front.variables(link)).await?;
    let limits = json!({"rateLimit": 10000.0, "burstLimit": 5000});
    let mut others = Vec::new();
    for title in front.others() {
        let mut document = routes::document(link);
        document["info"]["title"] = (*title).into();
        let other = import(aws, &document).await?;
        deploy(aws, &other).await?;
        others.push(other);
    }
    let stages: Vec<Value> =
        std::iter::once(&id).chain(&others).map(|api| json!({"apiId": api, "stage": STAGE})).collect();
    let plan = json!({"name": "shop", "apiStages": stages, "throttle": limits});
    let plan = text(&post(aws, "/usageplans", &plan).await?, "id")?;
    let mut keys = Vec::new();
    for name in ["web", "mobile"] {
        let key = post(aws, "/apikeys", &json!({"name": name, "enabled": true})).await?;
        let member = json!({"keyId": key["id"], "keyType": "API_KEY"});
        post(aws, &format!("/usageplans/{plan}/keys"), &member).await?;
        keys.push(text(&key, "value")?);
    }
    let api = Api { id, is_http: false, others, vpc_endpoint, has_endpoint: front.has_endpoint(), keys };
    if api.vpc_endpoint.is_none() {
        domain(aws).await?;
        let mapping = json!({"restApiId": api.id, "stage": STAGE});
        post(aws, &format!("/domainnames/{DOMAIN}/basepathmappings"), &mapping).await?;
    }
    Ok(api)
}

/// Makes the custom domain, which leads nowhere yet.
pub(crate) async fn domain(aws: &Aws) -> Result<()> {
    let domain = json!({
        "domainName": DOMAIN,
        "regionalCertificateArn": format!("arn:aws:acm:{REGION}:{}:certificate/5a0b3b7e-1c4f-4d7e-9d55-2f6f0c3a1b77", crate::aws::ACCOUNT),
        "endpointConfiguration": {"types": ["REGIONAL"]},
        "securityPolicy": "TLS_1_2",
    });
    post(aws, "/domainnames", &domain).await.map(drop)
}

/// Makes a regional API of an OpenAPI document, and answers its id.
pub(crate) async fn import(aws: &Aws, document: &Value) -> Result<String> {
    import_as(aws, "REGIONAL", document).await
}

/// The same with another type of endpoint.
async fn import_as(aws: &Aws, endpoint_type: &str, document: &Value) -> Result<String> {
    let path = format!("/restapis?endpointConfigurationTypes={endpoint_type}&failonwarnings=true&mode=import");
    text(&post(aws, &path, document).await?, "id")
}

/// Deploys an API to the production stage.
pub(crate) async fn deploy(aws: &Aws, api: &str) -> Result<()> {
    deploy_with(aws, api, &json!({})).await
}

/// The same with variables of the stage.
async fn deploy_with(aws: &Aws, api: &str, variables: &Value) -> Result<()> {
    let deployment = json!({"stageName": STAGE, "description": "Release 2026-11-01", "variables": variables});
    post(aws, &format!("/restapis/{api}/deployments"), &deployment).await.map(drop)
}

pub(crate) async fn post(aws: &Aws, path: &str, body: &Value) -> Result<Value> {
    aws.rest("apigateway", Method::POST, path, Some(body)).await
}

pub(crate) fn text(answer: &Value, field: &str) -> Result<String> {
    answer[field].as_str().map(str::to_owned).context(field)
}

//! What accounts have that a migration cannot go with: beside the shop, so that the shop itself stays as it is.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::error::{Context, Result};
use crate::shop::Shop;
use crate::snapshot::items;
use crate::world::gateway::{STAGE, deploy, import, post};
use crate::world::workloads::BUCKET;
use crate::world::{BLUE, cluster, routes};

/// A cluster of somebody else.
pub const TAKEN: &str = "shop-taken";
/// A stage like the production stage, of every API here that has a link.
pub const PREVIEW: &str = "preview";
/// A stage with an active canary, of the same APIs.
pub const CANDIDATE: &str = "candidate";
/// Where something lies that is no YAML.
pub const BROKEN: &str = "s3://shop-manifests/broken.yaml";
/// The path of the method that was edited.
pub const EDITED_PATH: &str = "/cart";

/// The APIs.
#[derive(Clone, Debug)]
pub struct Flaws {
    /// An API that reaches nothing through a VPC link.
    pub unlinked_api: String,
    /// An API like the shop's, with an edit that was never deployed.
    pub edited_api: String,
}

/// Makes them, as their owners would.
///
/// # Errors
/// The first thing that a service refuses.
pub async fn build(aws: &Aws, shop: &Shop) -> Result<Flaws> {
    let apis = async {
        stages(aws, &shop.api.id).await?;
        let unlinked = import(aws, &unlinked(&routes::document("none"))).await?;
        deploy(aws, &unlinked).await?;
        let edited = edited(aws).await?;
        Ok(Flaws { unlinked_api: unlinked, edited_api: edited })
    };
    let key = BROKEN.rsplit('/').next().unwrap_or_default();
    let (flaws, (), ()) = tokio::try_join!(
        apis,
        cluster::like_blue(aws, TAKEN),
        aws.put_object(BUCKET, key, Bytes::from_static(b"kind: [Deployment\nmetadata: }\n")),
    )?;
    Ok(flaws)
}

/// Two stages on the deployment of the production stage, one with a canary.
async fn stages(aws: &Aws, api: &str) -> Result<()> {
    let prod = aws.rest("apigateway", Method::GET, &format!("/restapis/{api}/stages/{STAGE}"), None).await?;
    let deployment = &prod["deploymentId"];
    let path = format!("/restapis/{api}/stages");
    post(aws, &path, &json!({"stageName": PREVIEW, "deploymentId": deployment})).await?;
    let canary = json!({"deploymentId": deployment, "percentTraffic": 10.0});
    let candidate = json!({"stageName": CANDIDATE, "deploymentId": deployment, "canarySettings": canary});
    post(aws, &path, &candidate).await.map(drop)
}

/// The document without everything that goes through a link: its health check remains.
fn unlinked(document: &Value) -> Value {
    let mut document = document.clone();
    if let Some(paths) = document["paths"].as_object_mut() {
        paths.retain(|path, _| path == "/health");
    }
    document
}

async fn edited(aws: &Aws) -> Result<String> {
    let links = items(&aws.rest("apigateway", Method::GET, "/vpclinks", None).await?);
    let blue = links.iter().find(|link| link["name"] == BLUE).and_then(|link| link["id"].as_str());
    let api = import(aws, &routes::document(blue.context("the VPC link")?)).await?;
    deploy(aws, &api).await?;
    stages(aws, &api).await?;
    let resources = aws.rest("apigateway", Method::GET, &format!("/restapis/{api}/resources?limit=500"), None).await?;
    let resources = items(&resources);
    let cart = resources.iter().find(|resource| resource["path"] == EDITED_PATH);
    let id = cart.and_then(|resource| resource["id"].as_str()).context(EDITED_PATH)?;
    let edit = json!({"op": "replace", "path": "/uri", "value": "http://shop.example.com/basket"});
    let path = format!("/restapis/{api}/resources/{id}/methods/GET/integration");
    aws.rest("apigateway", Method::PATCH, &path, Some(&json!({"patchOperations": [edit]}))).await?;
    Ok(api)
}

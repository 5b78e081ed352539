//! The people who compare the two sides while the bake lasts: they open the temporary URL.

use bytes::Bytes;
use http::{Method, Request};
use serde_json::Value;

use crate::account::Account;
use crate::error::{Context, Result};
use crate::snapshot::items;
use crate::wire::Wire;
use crate::world::gateway::STAGE;
use crate::world::private;

/// What they open: any service of the shop tells which cluster it runs in.
const PATH: &str = "/products";

/// Who answers on the temporary URL: the cluster's name, or what came instead.
///
/// # Errors
/// When there is no temporary API, or no answer at all.
pub async fn open(account: &Account, key: &str) -> Result<String> {
    let mut apis = Vec::new();
    for path in ["/restapis?limit=500", "/v2/apis?maxResults=500"] {
        apis.extend(items(&account.aws.rest("apigateway", Method::GET, path, None).await?));
    }
    let api = apis.iter().find(|api| api["tags"]["bascule:side"] == "temporary").context("a temporary API")?;
    let id = api["id"].as_str().or_else(|| api["apiId"].as_str()).context("the id of the temporary API")?;
    let endpoint = api["endpointConfiguration"]["vpcEndpointIds"][0].as_str();
    let request = Request::builder()
        .uri(format!("http://{}/{STAGE}{PATH}", account.execute_api.address()))
        .header("host", private::host(id, endpoint))
        .header("x-api-key", key)
        .body(Bytes::new())
        .context("the temporary URL")?;
    let answer = Wire::plain()?.send(request).await.context("opening the temporary URL")?;
    let body = String::from_utf8_lossy(answer.body()).into_owned();
    let cluster =
        serde_json::from_str::<Value>(&body).ok().and_then(|body| body["cluster"].as_str().map(str::to_owned));
    Ok(cluster
        .filter(|_| answer.status().is_success())
        .unwrap_or_else(|| format!("{} {}", answer.status(), body.trim())))
}

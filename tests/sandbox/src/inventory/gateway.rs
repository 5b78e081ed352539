//! API Gateway.

use http::Method;
use serde_json::Value;

use crate::aws::{ACCOUNT, Aws, REGION};
use crate::error::Result;
use crate::inventory::Resource;
use crate::snapshot::items;
use crate::world::front::{Front, functions};

pub(super) async fn all(aws: &Aws) -> Result<Vec<Resource>> {
    let mut all = Vec::new();
    for api in items(&get(aws, "/restapis?limit=500").await?) {
        let id = text(&api, "id");
        for stage in items(&get(aws, &format!("/restapis/{id}/stages")).await?) {
            let name = text(&stage, "stageName");
            all.push(Resource::new("Stage", format!("{id}/{name}"), name));
        }
        for deployment in items(&get(aws, &format!("/restapis/{id}/deployments?limit=500")).await?) {
            let name = text(&deployment, "id");
            all.push(Resource::new("Deployment", format!("{id}/{name}"), name));
        }
        all.push(Resource::new("RestApi", id, text(&api, "name")));
    }
    for api in items(&get(aws, "/v2/apis?maxResults=500").await?) {
        let id = text(&api, "apiId");
        for (kind, path, name) in [("Stage", "stages", "stageName"), ("Deployment", "deployments", "deploymentId")] {
            for one in items(&get(aws, &format!("/v2/apis/{id}/{path}?maxResults=500")).await?) {
                let name = text(&one, name);
                all.push(Resource::new(kind, format!("{id}/{name}"), name));
            }
        }
        all.push(Resource::new("HttpApi", id, text(&api, "name")));
    }
    for link in items(&get(aws, "/v2/vpclinks?maxResults=500").await?) {
        all.push(Resource::new("VpcLinkV2", text(&link, "vpcLinkId"), text(&link, "name")));
    }
    let plain = [
        ("VpcLink", "/vpclinks?limit=500", "id"),
        ("UsagePlan", "/usageplans?limit=500", "id"),
        ("ApiKey", "/apikeys?limit=500", "id"),
        ("DomainName", "/domainnames?limit=500", "domainName"),
    ];
    for (kind, path, id) in plain {
        for one in items(&get(aws, path).await?) {
            all.push(Resource::new(kind, text(&one, id), text(&one, "name")));
        }
    }
    for function in Front::function_names() {
        for statement in functions::statements(aws, function).await? {
            let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}");
            all.push(Resource::new("LambdaPermission", format!("{arn} {statement}"), statement));
        }
    }
    // What belongs to an API that is itself new goes with it: a temporary API's stages and deployments.
    let is_api = |one: &&Resource| matches!(one.kind, "RestApi" | "HttpApi");
    let apis: Vec<String> = all.iter().filter(is_api).map(|one| one.id.clone()).collect();
    for resource in &mut all {
        if matches!(resource.kind, "Stage" | "Deployment")
            && let Some(api) = apis.iter().find(|api| resource.id.starts_with(&format!("{api}/")))
        {
            resource.owner = Some(api.clone());
        }
    }
    Ok(all)
}

async fn get(aws: &Aws, path: &str) -> Result<Value> {
    aws.rest("apigateway", Method::GET, path, None).await
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

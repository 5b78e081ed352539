//! Where an API is reached: its host names, and what of a document gives a private one those of its VPC endpoints.

use crate::plan::edge::api::ENDPOINT_EXTENSION;
use serde_json::{Value, json};

/// The URL of a stage of an API
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-call-api.html>), by way of a VPC endpoint where there is one.
#[must_use]
pub fn url(region: &str, api: &str, vpc_endpoint: Option<&str>, stage: &str) -> String {
    format!("https://{}{}", host(region, api, vpc_endpoint), path(stage))
}

/// The path of a stage, before those of its resources: `$default` is served from the base of the URL
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html>).
#[must_use]
pub fn path(stage: &str) -> String {
    if stage == "$default" { String::new() } else { format!("/{stage}") }
}

/// The host name of an API: also its private DNS name, where it is private. Through a VPC endpoint that it is associated with it has another
/// one, an alias of the endpoint
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html>).
#[must_use]
pub fn host(region: &str, api: &str, vpc_endpoint: Option<&str>) -> String {
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    let way = vpc_endpoint.map(|id| format!("-{id}")).unwrap_or_default();
    format!("{api}{way}.execute-api.{region}.amazonaws.com{suffix}")
}

/// Has an import, or an overwrite, associate the API with these VPC endpoints: an overwrite takes associations away that its document does
/// not name, and host names with them (<https://github.com/aws/aws-sam-cli/issues/2353>).
pub(super) fn associate(document: &mut Value, vpc_endpoint_ids: &[String]) {
    let Some(document) = document.as_object_mut() else { return };
    let servers = document.entry("servers").or_insert_with(|| json!([{}]));
    for server in servers.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        let configuration = server.entry(ENDPOINT_EXTENSION).or_insert_with(|| json!({}));
        if let Some(configuration) = configuration.as_object_mut() {
            configuration.insert("vpcEndpointIds".to_owned(), json!(vpc_endpoint_ids));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The two forms: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html.
    #[test]
    fn a_private_api_has_a_name_for_each_endpoint_that_it_is_associated_with() {
        for (region, endpoint, expected) in [
            ("us-east-2", None, "a1b2c3d4e5.execute-api.us-east-2.amazonaws.com"),
            (
                "us-east-2",
                Some("vpce-01567890abcdef"),
                "a1b2c3d4e5-vpce-01567890abcdef.execute-api.us-east-2.amazonaws.com",
            ),
            ("cn-north-1", Some("vpce-1"), "a1b2c3d4e5-vpce-1.execute-api.cn-north-1.amazonaws.com.cn"),
        ] {
            assert_eq!(host(region, "a1b2c3d4e5", endpoint), expected);
            assert_eq!(url(region, "a1b2c3d4e5", endpoint, "prod"), format!("https://{expected}/prod"));
            assert_eq!(url(region, "a1b2c3d4e5", endpoint, "$default"), format!("https://{expected}"));
        }
    }

    #[test]
    fn a_document_associates_the_same_endpoints_whatever_it_said() {
        let endpoints = ["vpce-1".to_owned(), "vpce-2".to_owned()];
        let ids = json!({ "vpcEndpointIds": ["vpce-1", "vpce-2"] });
        let known = json!({ "url": "https://a", ENDPOINT_EXTENSION: { "vpcEndpointIds": ["vpce-9"] } });
        for (servers, expected) in [
            (None, json!([{ ENDPOINT_EXTENSION: ids }])),
            (Some(json!([{ "url": "https://a" }])), json!([{ "url": "https://a", ENDPOINT_EXTENSION: ids }])),
            (Some(json!([known])), json!([{ "url": "https://a", ENDPOINT_EXTENSION: ids }])),
        ] {
            let mut document = json!({ "info": {} });
            if let Some(servers) = servers {
                document["servers"] = servers;
            }
            associate(&mut document, &endpoints);
            assert_eq!(document["servers"], expected);
        }
    }
}

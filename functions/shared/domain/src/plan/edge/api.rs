//! Facts of Amazon API Gateway REST APIs (<https://docs.aws.amazon.com/apigateway/latest/api/API_Operations.html>).

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The extension about an API's endpoint: of the document, or of its servers
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/openapi-extensions-endpoint-configuration.html>).
pub const ENDPOINT_EXTENSION: &str = "x-amazon-apigateway-endpoint-configuration";

/// The kinds of APIs that Bascule switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Protocol {
    /// A REST API (<https://docs.aws.amazon.com/apigateway/latest/api/API_RestApi.html>).
    #[default]
    Rest,
    /// An HTTP API (<https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html>).
    Http,
}

impl Protocol {
    /// Whether it is a REST API.
    #[must_use]
    pub fn is_rest(&self) -> bool {
        *self == Self::Rest
    }
}

/// An API.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Api {
    /// Id of the API.
    pub id: String,
    /// Name of the API.
    pub name: String,
    /// Whether it is a REST API or an HTTP API.
    #[serde(default, skip_serializing_if = "Protocol::is_rest")]
    pub protocol: Protocol,
    /// `REGIONAL`, `EDGE` or `PRIVATE`.
    pub endpoint_type: String,
    /// The VPC endpoints that a private API is associated with: each gives it a host name of its own, which resolves anywhere
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/associate-private-api-with-vpc-endpoint.html>).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vpc_endpoint_ids: Vec<String>,
    /// Whether its endpoint access mode is `STRICT`
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html>).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_strict: bool,
    /// Media types that are passed on as they are.
    pub binary_media_types: Vec<String>,
    /// Its resource policy, JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// `HEADER` or `AUTHORIZER`.
    pub api_key_source: String,
    /// Answers from this size on are compressed, in bytes; never where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_compression_size: Option<i32>,
    /// Whether only custom domains reach it.
    pub execute_api_disabled: bool,
    /// Tags of the REST API.
    pub tags: BTreeMap<String, String>,
}

impl Api {
    /// Whether only VPC endpoints lead to it.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.endpoint_type == "PRIVATE"
    }
}

/// A stage of an API.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// Name of the stage.
    pub name: String,
    /// The deployment that it serves; empty where its HTTP API was never deployed to it.
    pub deployment_id: String,
    /// Whether each change of the configuration of its HTTP API is deployed to it at once
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html>).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub auto_deploy: bool,
    /// The deployment that some of the requests get instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// Its variables.
    pub variables: BTreeMap<String, String>,
    /// The size of its cache in GB, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_size: Option<String>,
    /// The certificate that backends know API Gateway by
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/getting-started-client-side-ssl-authentication.html>).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate_id: Option<String>,
    /// The ARN of the web ACL in front of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_acl_arn: Option<String>,
    /// Whether AWS X-Ray traces it.
    pub tracing: bool,
    /// Tags of the stage.
    pub tags: BTreeMap<String, String>,
}

impl Stage {
    /// Whether anything was deployed to it: else it answers nothing, and has nothing to export.
    #[must_use]
    pub const fn is_deployed(&self) -> bool {
        !self.deployment_id.is_empty()
    }
}

/// A canary of a stage
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/canary-release.html>).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Canary {
    /// The deployment that it serves.
    pub deployment_id: String,
    /// Of 100 requests, how many it gets.
    pub percent: f64,
    /// Stage variables that are others for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
}

/// A VPC link of REST APIs (V1)
/// (<https://docs.aws.amazon.com/apigateway/latest/api/API_VpcLink.html>).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcLink {
    /// Id of the VPC link.
    pub id: String,
    /// Name of the VPC link.
    pub name: String,
    /// The ARN of the load balancer behind it.
    pub target_arns: Vec<String>,
    /// `AVAILABLE`, `PENDING`, `DELETING` or `FAILED`.
    pub status: String,
    /// What AWS says of the status.
    pub status_message: String,
    /// Tags of the VPC link.
    pub tags: BTreeMap<String, String>,
}

/// A usage plan (<https://docs.aws.amazon.com/apigateway/latest/api/API_UsagePlan.html>).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsagePlan {
    /// Id of the usage plan.
    pub id: String,
    /// Name of the usage plan.
    pub name: String,
    /// The stages that it covers, as API id and stage name.
    pub stages: Vec<(String, String)>,
    /// Its throttle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Throttle>,
    /// Its quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    /// The ids of its API keys; the keys themselves are never read here.
    pub key_ids: Vec<String>,
    /// Tags of the usage plan.
    pub tags: BTreeMap<String, String>,
}

/// How many requests a usage plan lets through.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Throttle {
    /// Requests a second.
    pub rate: f64,
    /// Requests at once.
    pub burst: i32,
}

/// How many requests a usage plan lets through in a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    /// Requests.
    pub limit: i32,
    /// Requests less in the first period.
    pub offset: i32,
    /// `DAY`, `WEEK` or `MONTH`.
    pub period: String,
}

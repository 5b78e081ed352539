//! Service Quotas: `GetServiceQuota`
//! (<https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html>), for what preflight asks.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use iam::Access;
use serde_json::{Value, json};

use crate::account::Account;

/// Service, code and the value that a new account has.
const QUOTAS: [(&str, &str, f64); 5] = [
    ("ebs", "L-7A658B76", 50.0),
    ("ec2", "L-1216C47A", 1152.0),
    ("ec2", "L-34B43A08", 1152.0),
    ("iam", "L-C07B4B0D", 2048.0),
    ("vpc", "L-0EA8095F", 60.0),
];

/// Answers one HTTP request.
pub(crate) async fn handle(_: Arc<Account>, request: Request<Bytes>) -> Response<Bytes> {
    let operation = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let asked: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let found =
        QUOTAS.iter().find(|(service, code, _)| asked["ServiceCode"] == *service && asked["QuotaCode"] == *code);
    let (status, body) = match found {
        _ if operation != "ServiceQuotasV20190624.GetServiceQuota" => {
            (StatusCode::NOT_IMPLEMENTED, json!({ "__type": "UnknownOperationException", "Message": operation }))
        }
        Some((service, code, value)) => {
            (StatusCode::OK, json!({ "Quota": { "ServiceCode": service, "QuotaCode": code, "Value": value } }))
        }
        None => (
            StatusCode::BAD_REQUEST,
            json!({ "__type": "NoSuchResourceException", "Message": "The request failed because the specified service does not exist." }),
        ),
    };
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    response
}

/// What IAM checks for a request. What AWS lists besides is for quotas of services that are not simulated
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_servicequotas.html>).
pub(crate) async fn accesses(account: Arc<Account>, request: Request<Bytes>) -> Vec<Access> {
    let asked: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let text = |member: &str| asked[member].as_str().unwrap_or_default();
    let (service, code) = (text("ServiceCode"), text("QuotaCode"));
    let quota = account.arn("servicequotas", &format!("{service}/{code}"));
    let mut accesses = vec![Access::new("servicequotas:GetServiceQuota", quota).with("servicequotas:service", service)];
    if service == "iam" {
        accesses.push(Access::new("iam:GetAccountSummary", "*"));
    }
    accesses
}

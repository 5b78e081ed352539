//! The name of the operation that a request asks for, in each of AWS's protocols.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};

use crate::query as parameters;
use crate::rest_routes::{self, EKS, LAMBDA, SCHEDULER};

/// The operation of a request to a service (its signing name), as its API reference calls it: `CreateCluster`.
///
/// Read from `X-Amz-Target` (AWS JSON), the path (Smithy RPC v2), `Action` (AWS Query and EC2) or method and path (REST).
/// Operations that no table lists are named by method and path.
pub(crate) fn operation(
    service: &str,
    method: &Method,
    path: &str,
    query: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
) -> String {
    target(headers)
        .or_else(|| rpc_v2(path))
        .or_else(|| action(query, headers, body))
        .or_else(|| rest(service, method, path, query))
        .unwrap_or_else(|| format!("{method} {path}"))
}

fn target(headers: &HeaderMap) -> Option<String> {
    let target = headers.get("x-amz-target")?.to_str().ok()?;
    Some(target.rsplit('.').next().unwrap_or(target).to_owned())
}

fn rpc_v2(path: &str) -> Option<String> {
    let (_, operation) = path.strip_prefix("/service/")?.split_once("/operation/")?;
    Some(operation.to_owned())
}

fn action(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Option<String> {
    if let Some(action) = query.and_then(|query| parameters::value(query, "Action")) {
        return Some(action);
    }
    let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        return None;
    }
    parameters::value(std::str::from_utf8(body).ok()?, "Action")
}

fn rest(service: &str, method: &Method, path: &str, query: Option<&str>) -> Option<String> {
    let routes = match service {
        "apigateway" => rest_routes::of_apigateway(path),
        "eks" => EKS,
        "scheduler" => SCHEDULER,
        "lambda" => LAMBDA,
        "s3" => return Some(s3(method, path)),
        _ => return None,
    };
    let (operation, _) = rest_routes::find(routes, method.as_str(), path)?;
    Some(rest_routes::with_mode(operation, query).to_owned())
}

/// Path-style S3 operations, named by the HTTP method and whether the path has a key; subresources are ignored.
fn s3(method: &Method, path: &str) -> String {
    let object = path.trim_start_matches('/').split_once('/').is_some_and(|(_, key)| !key.is_empty());
    let verb = match *method {
        Method::GET if !object => "List",
        Method::GET => "Get",
        Method::PUT if !object => "Create",
        Method::PUT => "Put",
        Method::HEAD => "Head",
        Method::DELETE => "Delete",
        _ => "Post",
    };
    format!("{verb}{}", if object { "Object" } else { "Bucket" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn name(service: &str, method: &Method, path: &str, query: Option<&str>) -> String {
        operation(service, method, path, query, &HeaderMap::new(), b"")
    }

    #[test]
    fn aws_json_names_its_operation_in_a_header() {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-amz-target"),
            HeaderValue::from_static("DynamoDB_20120810.TransactWriteItems"),
        )]);
        assert_eq!(operation("dynamodb", &Method::POST, "/", None, &headers, b"{}"), "TransactWriteItems");
    }

    #[test]
    fn aws_query_names_its_operation_in_the_form() {
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(form))]);
        let body = b"Action=DescribeLoadBalancers&Version=2015-12-01";
        let found = operation("elasticloadbalancing", &Method::POST, "/", None, &headers, body);
        assert_eq!(found, "DescribeLoadBalancers");
    }

    #[test]
    fn a_presigned_query_names_its_operation_in_the_url() {
        assert_eq!(
            name("sts", &Method::GET, "/", Some("Action=GetCallerIdentity&Version=2011-06-15")),
            "GetCallerIdentity"
        );
    }

    #[test]
    fn rpc_v2_names_its_operation_in_the_path() {
        let path = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
        assert_eq!(name("monitoring", &Method::POST, path, None), "PutMetricData");
    }

    #[test]
    fn rest_services_are_known_by_method_and_path() {
        assert_eq!(name("eks", &Method::POST, "/clusters/shop/node-groups", None), "CreateNodegroup");
        assert_eq!(name("apigateway", &Method::PATCH, "/restapis/a/stages/b", None), "UpdateStage");
        assert_eq!(name("lambda", &Method::POST, "/2015-03-31/functions/f/invocations", None), "Invoke");
        assert_eq!(name("s3", &Method::PUT, "/bucket/a/key", None), "PutObject");
    }

    #[test]
    fn an_import_differs_from_a_create_by_its_query() {
        assert_eq!(
            name("apigateway", &Method::POST, "/restapis", Some("mode=import&failonwarnings=true")),
            "ImportRestApi"
        );
        assert_eq!(name("apigateway", &Method::POST, "/restapis", None), "CreateRestApi");
    }

    #[test]
    fn the_rest_is_named_by_method_and_path() {
        assert_eq!(name("", &Method::GET, "/_ministack/health", None), "GET /_ministack/health");
    }
}

//! EKS's wire format: REST with JSON bodies (<https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>).

use bytes::Bytes;
use http::{HeaderValue, Request as HttpRequest, Response, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::{Outcome, fault::Fault};
use crate::identifier;

/// A parsed request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// The HTTP method.
    pub(crate) method: String,
    /// The decoded path segments; an ARN is one segment.
    pub(crate) segments: Vec<String>,
    /// The query string.
    pub(crate) query: Vec<(String, String)>,
    /// The body; an empty object if there is none.
    pub(crate) body: Value,
    /// The access key id of the signature.
    pub(crate) access_key: Option<String>,
}

impl Request {
    /// Parses a request. A body that is not a JSON object is refused.
    pub(crate) fn read(request: &HttpRequest<Bytes>) -> Result<Self, Fault> {
        let body = match request.body().as_ref() {
            [] => json!({}),
            bytes => match serde_json::from_slice(bytes) {
                Ok(body @ Value::Object(_)) => body,
                _ => return Err(Fault::invalid_parameter("The request body is not a JSON object.")),
            },
        };
        let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        Ok(Self {
            method: request.method().to_string(),
            segments: request
                .uri()
                .path()
                .split('/')
                .filter(|part| !part.is_empty())
                .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
                .collect(),
            query: form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect(),
            body,
            access_key: authorization.and_then(access_key).map(str::to_owned),
        })
    }

    /// A string member of the body.
    pub(crate) fn text(&self, member: &str) -> Option<&str> {
        self.body.get(member).and_then(Value::as_str)
    }

    /// A required string member of the body.
    pub(crate) fn required(&self, member: &str) -> Result<&str, Fault> {
        self.text(member)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| Fault::invalid_parameter(format!("{member} is required.")))
    }

    /// The first value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a query parameter.
    pub(crate) fn parameters<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A member of the body, or a default.
    pub(crate) fn member_or(&self, member: &str, default: Value) -> Value {
        match self.body.get(member) {
            None | Some(Value::Null) => default,
            Some(value) => value.clone(),
        }
    }

    /// The tags of a create request.
    pub(crate) fn tags(&self) -> Result<Value, Fault> {
        let tags = self.member_or("tags", json!({}));
        match tags.as_object() {
            Some(map) if map.len() > 50 => Err(Fault::invalid_parameter("A resource can have at most 50 tags.")),
            Some(map) if map.keys().any(|key| key.starts_with("aws:")) => {
                Err(Fault::invalid_parameter("Tag keys starting with aws: are reserved."))
            }
            Some(_) => Ok(tags),
            None => Err(Fault::invalid_parameter("tags must be an object.")),
        }
    }
}

/// A page of a list by `maxResults` and `nextToken`, under its member's name.
pub(crate) fn page(request: &Request, member: &str, all: Vec<Value>) -> Outcome {
    let size = match request
        .parameter("maxResults")
        .map(str::to_owned)
        .or_else(|| request.body.get("maxResults").map(Value::to_string))
    {
        None => 100,
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|size| (1..=100).contains(size))
            .ok_or_else(|| Fault::invalid_parameter("maxResults must be between 1 and 100."))?,
    };
    let start = match request.parameter("nextToken").or_else(|| request.text("nextToken")) {
        None | Some("") => 0,
        Some(token) => token
            .strip_prefix("after-")
            .and_then(|number| number.parse::<usize>().ok())
            .ok_or_else(|| Fault::invalid_parameter("nextToken is not valid."))?,
    };
    let next = start.saturating_add(size);
    let more = next < all.len();
    let items: Vec<Value> = all.into_iter().skip(start).take(size).collect();
    let mut answer = Map::new();
    answer.insert(member.into(), Value::Array(items));
    if more {
        answer.insert("nextToken".into(), json!(format!("after-{next}")));
    }
    Ok(Value::Object(answer))
}

/// The HTTP answer.
pub(crate) fn respond(outcome: Outcome) -> Response<Bytes> {
    let (status, body, name) = match outcome {
        Ok(body) => (200, body, None),
        Err(fault) => (fault.status, Value::Object(fault.body), Some(fault.name)),
    };
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(name) = name {
        headers.insert("x-amzn-errortype", HeaderValue::from_static(name));
    }
    if let Ok(id) = HeaderValue::from_str(&identifier::uuid()) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

fn access_key(authorization: &str) -> Option<&str> {
    authorization.split_once("Credential=")?.1.split('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_in_a_path_is_one_segment() {
        let request = HttpRequest::get("/clusters/a/access-entries/arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx?maxResults=3")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=AKIA/2026/eu/eks/aws4_request, SignedHeaders=host")
            .body(Bytes::new())
            .unwrap();
        let read = Request::read(&request).unwrap();
        assert_eq!(read.segments, ["clusters", "a", "access-entries", "arn:aws:iam::1:role/x"]);
        assert_eq!(read.parameter("maxResults"), Some("3"));
        assert_eq!(read.access_key.as_deref(), Some("AKIA"));
    }

    #[test]
    fn a_list_longer_than_a_page_goes_on_at_its_token() {
        let all = || (0..5).map(|number| json!(number)).collect::<Vec<_>>();
        let with = |query: &[(&str, &str)]| Request {
            query: query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            ..Request::default()
        };
        let first = page(&with(&[("maxResults", "2")]), "n", all()).unwrap();
        assert_eq!(first, json!({"n": [0, 1], "nextToken": "after-2"}));
        let last = page(&with(&[("maxResults", "3"), ("nextToken", "after-2")]), "n", all()).unwrap();
        assert_eq!(last, json!({"n": [2, 3, 4]}));
        assert_eq!(page(&with(&[("maxResults", "0")]), "n", all()).unwrap_err().name, "InvalidParameterException");
    }
}

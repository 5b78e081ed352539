//! The server side of AWS's query protocol: requests are forms, responses are XML.
//!
//! Elastic Load Balancing (2015-12-01) and Auto Scaling (2011-01-01) use it. Lists are `Name.member.N`, an answer is
//! `<ActionResponse><ActionResult>…</ActionResult><ResponseMetadata>`, a refusal `<ErrorResponse><Error>`.
//! <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Response, header::CONTENT_TYPE};

use crate::{identifier, xml::Element};

/// An error response of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The error code that SDKs match on.
    pub(crate) code: String,
    /// The error message.
    pub(crate) message: String,
}

impl Fault {
    /// An error with status 400, the status of nearly all errors of these services.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.to_owned(), message: message.into() }
    }

    /// `ValidationError`: a parameter is missing or malformed.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationError", message)
    }
}

/// The parameters of a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads a form.
    pub(crate) fn parse(body: &str) -> Self {
        Self(form_urlencoded::parse(body.as_bytes()).into_owned().collect())
    }

    /// The value of a parameter, if it was sent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a parameter that the API requires.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Fault> {
        self.get(name).filter(|value| !value.is_empty()).ok_or_else(|| {
            Fault::validation(format!(
                "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
            ))
        })
    }

    /// The value of a numeric parameter within its range, if it was sent.
    pub(crate) fn number(&self, name: &str, least: i64, most: i64) -> Result<Option<i64>, Fault> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match text.parse::<i64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
            _ => Err(Fault::validation(format!(
                "1 validation error detected: Value '{text}' at '{name}' failed to satisfy constraint: \
                 Member must be between {least} and {most}"
            ))),
        }
    }

    /// The members of a list of strings.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        (1..).map_while(|at| self.get(&format!("{name}.member.{at}")).map(str::to_owned)).collect()
    }

    /// The members of a list of structures, each with its own parameters.
    pub(crate) fn structures(&self, name: &str) -> Vec<Self> {
        (1..)
            .map_while(|at| Some(self.structure(&format!("{name}.member.{at}"))).filter(|member| !member.0.is_empty()))
            .collect()
    }

    /// The parameters below a structure's name.
    pub(crate) fn structure(&self, name: &str) -> Self {
        let prefix = format!("{name}.");
        Self(
            self.0
                .iter()
                .filter_map(|(key, value)| key.strip_prefix(&prefix).map(|rest| (rest.to_owned(), value.clone())))
                .collect(),
        )
    }

    /// A list of `Key`/`Value` structures.
    pub(crate) fn tags(&self, name: &str) -> BTreeMap<String, String> {
        self.structures(name)
            .iter()
            .filter_map(|tag| Some((tag.get("Key")?.to_owned(), tag.get("Value").unwrap_or_default().to_owned())))
            .collect()
    }
}

/// Tags as a list of `Key` and `Value`.
pub(crate) fn tag_list(tags: &BTreeMap<String, String>) -> Element {
    Element::members(
        "Tags",
        tags.iter().map(|(key, value)| vec![Element::text("Key", key), Element::text("Value", value)]),
    )
}

/// The HTTP answer to a call.
pub(crate) fn respond(action: &str, namespace: &str, outcome: Result<Vec<Element>, Fault>) -> Response<Bytes> {
    let request_id = identifier::uuid();
    let (status, tree) = match outcome {
        Ok(result) => (
            200,
            Element::new(
                &format!("{action}Response"),
                vec![
                    Element::new(&format!("{action}Result"), result),
                    Element::new("ResponseMetadata", vec![Element::text("RequestId", &request_id)]),
                ],
            ),
        ),
        Err(fault) => (
            fault.status,
            Element::new(
                "ErrorResponse",
                vec![
                    Element::new(
                        "Error",
                        vec![
                            Element::text("Type", if fault.status < 500 { "Sender" } else { "Receiver" }),
                            Element::text("Code", &fault.code),
                            Element::text("Message", &fault.message),
                        ],
                    ),
                    Element::text("RequestId", &request_id),
                ],
            ),
        ),
    };
    let mut response = Response::new(Bytes::from(tree.document(namespace)));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("text/xml"));
    if let Ok(value) = http::HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-amzn-requestid", value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_structures_are_read_by_their_numbers() {
        let sent = Parameters::parse("Names.member.1=a&Names.member.2=b&Tags.member.1.Key=k&Tags.member.1.Value=v");
        assert_eq!(sent.list("Names"), ["a", "b"]);
        assert_eq!(sent.tags("Tags"), BTreeMap::from([("k".to_owned(), "v".to_owned())]));
    }

    #[test]
    fn a_number_outside_its_range_is_a_validation_error() {
        let sent = Parameters::parse("Port=70000");
        assert_eq!(sent.number("Port", 1, 65535).unwrap_err().code, "ValidationError");
        assert_eq!(sent.number("Other", 1, 2), Ok(None));
    }
}

//! EKS's refusals: <https://docs.aws.amazon.com/eks/latest/APIReference/CommonErrors.html>.

use serde_json::{Map, Value, json};

use super::request::Request;
use crate::query_protocol;

/// A refusal with the members that SDKs parse.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The error's name, such as `ResourceNotFoundException`.
    pub(crate) name: &'static str,
    /// The body: `message` and what the error names, such as `clusterName`.
    pub(crate) body: Map<String, Value>,
}

impl Fault {
    fn new(status: u16, name: &'static str, message: &str) -> Self {
        let mut body = Map::new();
        body.insert("message".into(), json!(message));
        Self { status, name, body }
    }

    /// Adds the cluster that it is about.
    pub(crate) fn of(mut self, cluster: &str) -> Self {
        self.body.insert("clusterName".into(), json!(cluster));
        self
    }

    /// Adds another member.
    pub(crate) fn with(mut self, member: &str, value: &str) -> Self {
        self.body.insert(member.into(), json!(value));
        self
    }

    /// `InvalidParameterException`: a value that can never be right.
    pub(crate) fn invalid_parameter(message: impl AsRef<str>) -> Self {
        Self::new(400, "InvalidParameterException", message.as_ref())
    }

    /// `InvalidRequestException`: not in this state of the cluster.
    pub(crate) fn invalid_request(message: impl AsRef<str>) -> Self {
        Self::new(400, "InvalidRequestException", message.as_ref())
    }

    /// `ResourceInUseException`: it exists, or something depends on it.
    pub(crate) fn in_use(message: impl AsRef<str>) -> Self {
        Self::new(409, "ResourceInUseException", message.as_ref())
    }

    /// `ResourceNotFoundException`
    pub(crate) fn not_found(message: impl AsRef<str>) -> Self {
        Self::new(404, "ResourceNotFoundException", message.as_ref())
    }

    /// `NotFoundException`, which only the tag operations raise.
    pub(crate) fn tag_not_found(message: impl AsRef<str>) -> Self {
        Self::new(404, "NotFoundException", message.as_ref())
    }

    /// `BadRequestException`, which only the tag operations raise.
    pub(crate) fn bad_request(message: impl AsRef<str>) -> Self {
        Self::new(400, "BadRequestException", message.as_ref())
    }

    /// There is no such cluster.
    pub(crate) fn no_cluster(name: &str) -> Self {
        Self::not_found(format!("No cluster found for name: {name}.")).of(name)
    }

    /// A method and path that this simulation does not have. A status of 501 is none that EKS gives: a call that
    /// nobody thought of must be told from one that was refused.
    pub(crate) fn unknown_operation(request: &Request) -> Self {
        let path = request.segments.join("/");
        Self::new(501, "UnknownOperationException", &format!("{} /{path} is not simulated", request.method))
    }
}

/// A refusal of another service, as EKS passes it on.
impl From<query_protocol::Fault> for Fault {
    fn from(fault: query_protocol::Fault) -> Self {
        if fault.status >= 500 {
            return Self::new(500, "ServerException", &fault.message);
        }
        Self::invalid_parameter(format!(
            "{} (Service: Ec2, Status Code: {}, Error Code: {})",
            fault.message, fault.status, fault.code
        ))
    }
}

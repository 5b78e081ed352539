//! EKS's errors: <https://docs.aws.amazon.com/eks/latest/APIReference/CommonErrors.html>.

use serde_json::{Map, Value, json};

use super::request::Request;
use crate::query_protocol;

/// An error with the members that SDKs parse.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The error's name, such as `ResourceNotFoundException`.
    pub(crate) name: &'static str,
    /// The body: `message` and members such as `clusterName`.
    pub(crate) body: Map<String, Value>,
}

impl Fault {
    fn new(status: u16, name: &'static str, message: &str) -> Self {
        let mut body = Map::new();
        body.insert("message".into(), json!(message));
        Self { status, name, body }
    }

    /// Adds the cluster's name.
    pub(crate) fn of(mut self, cluster: &str) -> Self {
        self.body.insert("clusterName".into(), json!(cluster));
        self
    }

    /// Adds another member.
    pub(crate) fn with(mut self, member: &str, value: &str) -> Self {
        self.body.insert(member.into(), json!(value));
        self
    }

    /// `InvalidParameterException`: a parameter is invalid.
    pub(crate) fn invalid_parameter(message: impl AsRef<str>) -> Self {
        Self::new(400, "InvalidParameterException", message.as_ref())
    }

    /// `InvalidRequestException`: the state of the cluster does not allow the request.
    pub(crate) fn invalid_request(message: impl AsRef<str>) -> Self {
        Self::new(400, "InvalidRequestException", message.as_ref())
    }

    /// `ResourceInUseException`: the resource exists already, or another one depends on it.
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

    /// `ResourceNotFoundException` for a cluster.
    pub(crate) fn no_cluster(name: &str) -> Self {
        Self::not_found(format!("No cluster found for name: {name}.")).of(name)
    }

    /// An operation that is not simulated. EKS never answers with status 501, so these calls can be told from EKS's errors.
    pub(crate) fn unknown_operation(request: &Request) -> Self {
        let path = request.segments.join("/");
        Self::new(501, "UnknownOperationException", &format!("{} /{path} is not simulated", request.method))
    }
}

/// An error of EC2 in the form in which EKS returns it.
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

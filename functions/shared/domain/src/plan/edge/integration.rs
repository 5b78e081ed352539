//! Integrations of API Gateway, and how they reach their backends
//! (<https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/private-integration.html>).

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// How API Gateway reaches the backend of a method.
///
/// Serialized as the fields of an Integration (and of an export's `x-amazon-apigateway-integration`): `connectionType`,
/// `connectionId`, `integrationTarget`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(from = "Fields", into = "Fields")]
pub enum Connection {
    /// Without a VPC link: over the internet, to an AWS service, or to no backend (`MOCK`).
    #[default]
    Internet,
    /// Through the VPC link V1 of this id.
    VpcLink(String),
    /// Through the VPC link V1 whose id is in a stage variable; the `connectionId` as written, such as
    /// `${stageVariables.vpcLink}`.
    StageVariable(String),
    /// Through a VPC link V2.
    VpcLinkV2 {
        /// The VPC link's id, or a stage variable that holds it.
        id: String,
        /// The ARN of the load balancer, or of one of its listeners.
        target: String,
    },
}

/// A connection as API Gateway writes it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    connection_type: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    connection_id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    integration_target: String,
}

/// The path of an HTTP API's route for what meets no other, as an export writes it; no request has this path
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>).
pub const DEFAULT_ROUTE: &str = "/$default";

const VPC_LINK: &str = "VPC_LINK";
const VARIABLE: &str = "${stageVariables.";

impl From<Fields> for Connection {
    fn from(fields: Fields) -> Self {
        let Fields { connection_type, connection_id: id, integration_target: target } = fields;
        if !target.is_empty() {
            Self::VpcLinkV2 { id, target }
        } else if id.contains(VARIABLE) {
            Self::StageVariable(id)
        } else if !id.is_empty() || connection_type == VPC_LINK {
            Self::VpcLink(id)
        } else {
            Self::Internet
        }
    }
}

impl From<Connection> for Fields {
    fn from(connection: Connection) -> Self {
        let (connection_id, integration_target) = match connection {
            Connection::Internet => (String::new(), String::new()),
            Connection::VpcLink(id) | Connection::StageVariable(id) => (id, String::new()),
            Connection::VpcLinkV2 { id, target } => (id, target),
        };
        let connection_type = if connection_id.is_empty() { String::new() } else { VPC_LINK.to_owned() };
        Self { connection_type, connection_id, integration_target }
    }
}

impl Connection {
    /// Reads the three fields of an Integration; each may be empty.
    #[must_use]
    pub fn of(connection_type: &str, connection_id: &str, integration_target: &str) -> Self {
        Fields {
            connection_type: connection_type.to_owned(),
            connection_id: connection_id.to_owned(),
            integration_target: integration_target.to_owned(),
        }
        .into()
    }

    /// The fields that name it, as an Integration and an export have them; none without a VPC link.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let (id, target) = match self {
            Self::Internet => ("", ""),
            Self::VpcLink(id) | Self::StageVariable(id) => (id.as_str(), ""),
            Self::VpcLinkV2 { id, target } => (id.as_str(), target.as_str()),
        };
        [("connectionId", id), ("integrationTarget", target)].into_iter().filter(|(_, value)| !value.is_empty())
    }

    /// The id of the VPC link V1 on a stage with these variables; nothing for any other connection, and where the stage lacks
    /// a variable.
    #[must_use]
    pub fn vpc_link(&self, variables: &BTreeMap<String, String>) -> Option<String> {
        match self {
            Self::VpcLink(id) => Some(id.clone()),
            Self::StageVariable(text) => with_variables(text, variables),
            Self::Internet | Self::VpcLinkV2 { .. } => None,
        }
    }

    /// The stage variable that holds the id of the VPC link V1, where that is all that the connection names.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        match self {
            Self::StageVariable(text) => {
                let name = text.strip_prefix(VARIABLE)?.strip_suffix('}')?;
                (!name.contains('}')).then_some(name)
            }
            _ => None,
        }
    }

    /// The ARN of the load balancer that a VPC link V2 leads to: the target, or the load balancer of the listener that is the target
    /// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Listener.html>); nothing where it leads to a service of
    /// AWS Cloud Map.
    #[must_use]
    pub fn load_balancer(&self) -> Option<String> {
        let Self::VpcLinkV2 { target, .. } = self else { return None };
        match target.split_once(":listener/") {
            Some((place, listener)) => {
                let (balancer, _) = listener.rsplit_once('/')?;
                Some(format!("{place}:loadbalancer/{balancer}"))
            }
            None => (!target.contains(":servicediscovery:")).then(|| target.clone()),
        }
    }
}

/// The text with the values of the stage variables that it names; nothing where the stage lacks one.
#[must_use]
pub fn with_variables(text: &str, variables: &BTreeMap<String, String>) -> Option<String> {
    let Some((before, rest)) = text.split_once(VARIABLE) else {
        return Some(text.to_owned());
    };
    let (name, after) = rest.split_once('}')?;
    Some(format!("{before}{}{}", variables.get(name)?, with_variables(after, variables)?))
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Internet => f.write_str("no VPC link"),
            Self::VpcLink(id) => write!(f, "the VPC link {id}"),
            Self::StageVariable(text) => write!(f, "the VPC link of {text}"),
            Self::VpcLinkV2 { id, target } => write!(f, "the VPC link V2 {id} to {target}"),
        }
    }
}

/// The integration of a method, as far as Bascule compares or changes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    /// `HTTP_PROXY`, `HTTP`, `MOCK`, `AWS` or `AWS_PROXY`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// The method of the backend's request.
    #[serde(default)]
    pub http_method: String,
    /// Where the request goes: its host becomes the Host header, its path the path.
    pub uri: String,
    /// How API Gateway reaches the backend.
    #[serde(flatten)]
    pub connection: Connection,
    /// The longest time it may take, in milliseconds.
    pub timeout_millis: u32,
    /// Whether the backend's certificate may be anybody's.
    pub insecure_skip_verification: bool,
    /// How the backend's request is made from the caller's.
    pub request_parameters: BTreeMap<String, String>,
}

/// A method whose integration goes through a VPC link.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkedMethod {
    /// The resource's id.
    pub resource_id: String,
    /// The resource's path.
    pub path: String,
    /// The method, such as `GET` or `ANY`.
    pub method: String,
    /// Its integration.
    #[serde(flatten)]
    pub integration: Integration,
}

impl fmt::Display for LinkedMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The first three are of AWS's guides to private integrations (V1, V1 with a stage variable, V2).
    fn connections() -> [(Connection, serde_json::Value); 5] {
        let target = "arn:aws:elasticloadbalancing:us-east-2:111122223333:loadbalancer/app/shop/1234567891011";
        let variable = "${stageVariables.vpcLinkId}";
        [
            (
                Connection::VpcLink("bbb111".to_owned()),
                json!({ "connectionType": "VPC_LINK", "connectionId": "bbb111" }),
            ),
            (
                Connection::StageVariable(variable.to_owned()),
                json!({ "connectionType": "VPC_LINK", "connectionId": variable }),
            ),
            (
                Connection::VpcLinkV2 { id: "bbb111".to_owned(), target: target.to_owned() },
                json!({ "connectionType": "VPC_LINK", "connectionId": "bbb111", "integrationTarget": target }),
            ),
            (
                Connection::VpcLinkV2 { id: variable.to_owned(), target: target.to_owned() },
                json!({ "connectionType": "VPC_LINK", "connectionId": variable, "integrationTarget": target }),
            ),
            (Connection::Internet, json!({})),
        ]
    }

    #[test]
    fn a_connection_is_told_by_the_fields_of_its_integration() {
        for (connection, fields) in connections() {
            assert_eq!(serde_json::from_value::<Connection>(fields.clone()).unwrap(), connection);
            assert_eq!(serde_json::to_value(&connection).unwrap(), fields);
        }
        assert_eq!(Connection::of("INTERNET", "", ""), Connection::Internet);
        assert_eq!(Connection::of("", "bbb111", ""), Connection::VpcLink("bbb111".to_owned()));
    }

    #[test]
    fn a_stage_variable_is_resolved_by_its_stage() {
        let variables = [("link".to_owned(), "bbb111".to_owned()), ("tier".to_owned(), "gold".to_owned())].into();
        let link = |id: &str| Connection::of("VPC_LINK", id, "").vpc_link(&variables);
        assert_eq!(link("${stageVariables.link}").as_deref(), Some("bbb111"));
        assert_eq!(link("x-${stageVariables.tier}-${stageVariables.link}").as_deref(), Some("x-gold-bbb111"));
        assert_eq!(link("${stageVariables.missing}"), None);
        assert_eq!(link("ccc222").as_deref(), Some("ccc222"));
        assert_eq!(Connection::Internet.vpc_link(&variables), None);
        assert_eq!(Connection::of("VPC_LINK", "bbb111", "arn").vpc_link(&variables), None);
    }

    #[test]
    fn a_variable_is_the_link_where_it_is_all_of_the_connection() {
        for (id, expected) in [
            ("${stageVariables.link}", Some("link")),
            ("x-${stageVariables.link}", None),
            ("${stageVariables.a}${stageVariables.b}", None),
            ("bbb111", None),
        ] {
            assert_eq!(Connection::of("VPC_LINK", id, "").variable(), expected, "{id}");
        }
        assert_eq!(Connection::of("VPC_LINK", "${stageVariables.link}", "arn").variable(), None);
    }

    // ARNs as in https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html.
    #[test]
    fn a_load_balancer_is_told_by_its_arn_or_by_that_of_a_listener() {
        let place = "arn:aws:elasticloadbalancing:us-west-2:123456789012:";
        let balancer = format!("{place}loadbalancer/net/shop/50dc6c495c0c9188");
        let listener = format!("{place}listener/net/shop/50dc6c495c0c9188/f2f7dc8efc522ab2");
        for target in [&balancer, &listener] {
            let connection = Connection::of("VPC_LINK", "bbb111", target);
            assert_eq!(connection.load_balancer().as_ref(), Some(&balancer));
        }
        assert_eq!(Connection::of("VPC_LINK", "bbb111", "").load_balancer(), None);
    }

    #[test]
    fn a_method_is_kept_as_plans_and_windows_of_earlier_versions_have_it() {
        let kept = json!({
            "resourceId": "r1", "path": "/cart", "method": "GET", "connectionId": "blue1", "uri": "http://shop/cart",
            "timeoutMillis": 29_000, "insecureSkipVerification": false, "requestParameters": {},
        });
        let method: LinkedMethod = serde_json::from_value(kept).unwrap();
        assert_eq!(method.integration.connection, Connection::VpcLink("blue1".to_owned()));
        let again = serde_json::to_value(&method).unwrap();
        assert_eq!(serde_json::from_value::<LinkedMethod>(again).unwrap(), method);
    }
}

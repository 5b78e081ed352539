//! What an API's methods go through to blue, and what of that Bascule does not support.

use super::export;
use crate::plan::edge::{Connection, LinkedMethod};
use crate::word::is_named;
use crate::{Limit, Problem};
use serde_json::Value;
use std::collections::BTreeMap;

/// How many methods one message names.
const NAMED: usize = 5;

/// What all methods of an API to blue go through.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lead {
    /// The VPC link V1 of this id, named by the methods or by a stage variable.
    Link(String),
    /// VPC links V2 to the load balancer with this ARN.
    LoadBalancer(String),
}

/// Methods of an API that name what is behind a VPC link in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entrance {
    /// For people: the link, the variable, or the load balancer.
    pub name: String,
    /// What they go through; nothing where the stage lacks the variable, and where it is a service of AWS Cloud Map.
    pub lead: Option<Lead>,
    /// The methods.
    pub methods: Vec<LinkedMethod>,
    /// Why it leads to blue, or may, where several were looked behind.
    pub seen: Option<String>,
}

impl Entrance {
    /// For people, with its methods.
    #[must_use]
    pub fn told(&self) -> String {
        let methods: Vec<String> = self.methods.iter().map(ToString::to_string).collect();
        let seen = self.seen.as_ref().map(|seen| format!(", {seen}")).unwrap_or_default();
        format!("{} ({}){seen}", self.name, some(&methods))
    }
}

/// How the methods of an API name what is behind VPC links, on a stage with these variables.
#[must_use]
pub fn entrances(linked: &[LinkedMethod], variables: &BTreeMap<String, String>) -> Vec<Entrance> {
    let mut all: Vec<Entrance> = Vec::new();
    for method in linked {
        let connection = &method.integration.connection;
        let (name, lead) = match connection {
            Connection::Internet => continue,
            Connection::VpcLink(id) => (format!("the VPC link {id}"), Some(Lead::Link(id.clone()))),
            Connection::StageVariable(text) => (text.clone(), connection.vpc_link(variables).map(Lead::Link)),
            Connection::VpcLinkV2 { target, .. } => {
                let arn = connection.load_balancer();
                (format!("a VPC link V2 to {}", arn.as_ref().unwrap_or(target)), arn.map(Lead::LoadBalancer))
            }
        };
        match all.iter_mut().find(|known| known.name == name) {
            Some(known) => known.methods.push(method.clone()),
            None => all.push(Entrance { name, lead, methods: vec![method.clone()], seen: None }),
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// What the methods of an API to blue go through, which these are, on a stage with these variables and this export.
///
/// # Errors
/// Every reason why the API cannot be switched, for the field `path`: no VPC link, several, or a stage variable that holds more than the
/// link.
pub fn lead(
    path: &str,
    api: &str,
    entrances: &[Entrance],
    variables: &BTreeMap<String, String>,
    export: &Value,
) -> Result<Lead, Vec<Problem>> {
    let methods = entrances.iter().flat_map(|entrance| &entrance.methods);
    let connections = methods.map(|method| &method.integration.connection);
    let mut problems: Vec<_> =
        connections.filter_map(|connection| variable(path, connection, variables, export)).collect();
    problems.dedup();
    match entrances {
        [Entrance { lead: Some(lead), .. }] if problems.is_empty() => return Ok(lead.clone()),
        [] => problems.push(Problem::new(
            path,
            format!(
                "the API {api} has no integration through a VPC link, so there is nothing to switch; name the API whose \
                 integrations reach blue through one"
            ),
        )),
        [entrance] if problems.is_empty() => problems.push(Limit::ApplicationLoadBalancer.refusal(
            path,
            format!(
                "the API {api} goes through {}, which is no load balancer: a service of AWS Cloud Map is not cloned. Let the integrations \
                 name a listener of a Network Load Balancer",
                entrance.told()
            ),
        )),
        [_] => {}
        _ => {
            let several: Vec<_> = entrances.iter().map(Entrance::told).collect();
            problems.push(Limit::SeveralLinks.refusal(
                path,
                format!(
                    "the API {api} reaches blue, as far as can be told, in several ways: {}; one call switches one of them. Let the methods \
                     that reach blue go through one VPC link to one load balancer",
                    several.join("; ")
                ),
            ));
        }
    }
    Err(problems)
}

/// Why the stage variable that a connection names cannot be what is switched.
fn variable(
    path: &str,
    connection: &Connection,
    variables: &BTreeMap<String, String>,
    export: &Value,
) -> Option<Problem> {
    let Connection::StageVariable(text) = connection else { return None };
    let refuse = |message: String| Some(Limit::LinkVariable.refusal(path, message));
    let Some(name) = connection.variable() else {
        return refuse(format!(
            "the connectionId {text} is more than one stage variable; let one variable hold the whole id of the VPC link"
        ));
    };
    if variables.get(name).is_none_or(String::is_empty) {
        return refuse(format!("the stage has no variable {name}, which the connectionId {text} names; set it"));
    }
    let others = other_uses(export, name);
    if others.is_empty() {
        return None;
    }
    refuse(format!(
        "the stage variable {name} holds the VPC link and is used for something else too, which would change with it: {}. Give the \
         link a variable of its own",
        some(&others)
    ))
}

/// The methods of an export that name the variable otherwise than as their VPC link.
fn other_uses(export: &Value, name: &str) -> Vec<String> {
    let named = format!("stageVariables.{name}");
    let uses = export::integrations(export).filter(|(_, _, integration)| {
        let mut rest = (*integration).clone();
        let is_link = export::connection(integration).variable() == Some(name);
        if let (true, Some(fields)) = (is_link, rest.as_object_mut()) {
            fields.remove("connectionId");
        }
        is_named(&rest.to_string(), &named)
    });
    uses.map(|(path, method, _)| format!("{} {path}", export::verb(method))).collect()
}

fn some(methods: &[String]) -> String {
    let more = methods.len().saturating_sub(NAMED);
    let first = methods.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::edge::Integration;
    use serde_json::json;

    const BALANCER: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/net/shop/0a1b";
    const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/net/shop/0a1b/2c3d";

    fn method(path: &str, link: &str, target: &str) -> LinkedMethod {
        let connection = Connection::of("VPC_LINK", link, target);
        LinkedMethod {
            path: path.to_owned(),
            method: "GET".to_owned(),
            integration: Integration { connection, ..Integration::default() },
            ..LinkedMethod::default()
        }
    }

    fn of(methods: &[LinkedMethod], export: &Value) -> Result<Lead, Vec<Problem>> {
        let variables = [("link".to_owned(), "one".to_owned())].into();
        lead("$", "api1", &entrances(methods, &variables), &variables, export)
    }

    fn codes(methods: &[LinkedMethod]) -> Vec<String> {
        of(methods, &Value::Null).unwrap_err().into_iter().map(|problem| problem.code).collect()
    }

    #[test]
    fn one_way_to_blue_is_found_however_it_is_named() {
        let link = Lead::Link("one".to_owned());
        let balancer = Lead::LoadBalancer(BALANCER.to_owned());
        for (methods, expected) in [
            ([method("/a", "one", ""), method("/b", "one", "")], link.clone()),
            ([method("/a", "${stageVariables.link}", ""), method("/b", "${stageVariables.link}", "")], link),
            ([method("/a", "v2", BALANCER), method("/b", "other", LISTENER)], balancer),
        ] {
            assert_eq!(of(&methods, &Value::Null), Ok(expected));
        }
    }

    #[test]
    fn several_ways_and_none_are_refused() {
        let variable = || method("/v", "${stageVariables.link}", "");
        let (one, two, v2) = (|| method("/a", "one", ""), || method("/b", "two", ""), || method("/2", "x", BALANCER));
        for methods in [vec![one(), two()], vec![one(), variable()], vec![one(), v2()], vec![variable(), v2()]] {
            assert_eq!(codes(&methods), ["several-links"], "{methods:?}");
        }
        let none = of(&[], &Value::Null).unwrap_err();
        assert!(none[0].message.starts_with("the API api1 has no integration through a VPC link"), "{none:?}");
    }

    // "For AWS Cloud Map, specify the ARN of the service" of
    // https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations.html.
    #[test]
    fn a_service_of_cloud_map_is_no_load_balancer() {
        let service = "arn:aws:servicediscovery:us-east-2:123456789012:service/srv-id";
        assert_eq!(codes(&[method("/a", "v2", service)]), ["application-load-balancer"]);
        assert_eq!(codes(&[method("/a", "v2", service), method("/b", "v2", BALANCER)]), ["several-links"]);
    }

    #[test]
    fn methods_are_told_apart_by_how_they_name_their_way() {
        let methods = [method("/b", "two", ""), method("/a", "one", ""), method("/c", "two", "")];
        let mut found = entrances(&methods, &BTreeMap::new());
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].lead, Some(Lead::Link("one".to_owned())));
        assert_eq!(found[1].methods, [methods[0].clone(), methods[2].clone()]);
        found[1].seen = Some("which has i-1 of blue".to_owned());
        assert_eq!(found[1].told(), "the VPC link two (GET /b, GET /c), which has i-1 of blue");
    }

    #[test]
    fn a_variable_that_is_not_the_link_alone_is_refused() {
        for id in ["${stageVariables.missing}", "x-${stageVariables.link}"] {
            assert_eq!(codes(&[method("/v", id, "")]), ["link-variable"], "{id}");
        }
        let linked = [method("/v", "${stageVariables.link}", "")];
        let export = |uri: &str| {
            let integration =
                json!({ "connectionId": "${stageVariables.link}", "connectionType": "VPC_LINK", "uri": uri });
            json!({ "paths": { "/v": { "get": { export::INTEGRATION: integration } } } })
        };
        assert!(of(&linked, &export("http://shop/${stageVariables.linked}")).is_ok());
        let refused = of(&linked, &export("http://${stageVariables.link}/")).unwrap_err();
        assert!(refused[0].message.contains("GET /v"), "{refused:?}");
    }

    #[test]
    fn a_message_names_five_methods_and_counts_the_others() {
        let methods: Vec<String> = (1..=7).map(|n| format!("GET /{n}")).collect();
        assert_eq!(some(&methods), "GET /1, GET /2, GET /3, GET /4, GET /5 and 2 more");
    }
}

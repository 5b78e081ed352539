//! The hosts of routes, rewritten for the time of qualification and nothing else with them.

mod listeners;
mod routes;
mod text;
mod traefik;

pub use listeners::{is_certificate, is_outside, uncovered};

use super::Object;
use crate::input::Host;
use routes::{Holds, Wildcard};
use serde_json::Value;

/// One host name, or a text that holds some.
enum Found<'a> {
    Host(&'a mut String),
    Text(&'a mut String),
}

/// The hosts that an object routes, in the order in which they stand there, each once.
#[must_use]
pub fn of(object: &Object) -> Vec<String> {
    let mut found = Vec::new();
    let mut copy = object.clone();
    visit(&mut copy, &mut |place| {
        if let Found::Host(host) = place
            && !found.contains(host)
        {
            found.push(host.clone());
        }
    });
    found
}

/// Whether the object routes by host at all, or listens for hosts.
#[must_use]
pub fn is_route(object: &Object) -> bool {
    routes::of(&object.id).is_some_and(|routes| routes.answers() || routes.listens)
}

/// Puts the temporary host in the place of each primary one; answers how many were replaced.
pub fn rewrite(object: &mut Object, hosts: &[Host]) -> usize {
    let mut replaced = 0;
    visit(object, &mut |place| match place {
        Found::Host(found) => {
            if let Some(host) = hosts.iter().find(|host| host.primary.eq_ignore_ascii_case(found)) {
                found.clone_from(&host.temporary);
                replaced += 1;
            }
        }
        Found::Text(text) => {
            if let Some(renamed) = text::renamed(text, hosts) {
                *text = renamed;
                replaced += 1;
            }
        }
    });
    replaced
}

fn visit(object: &mut Object, see: &mut impl FnMut(Found<'_>)) {
    let Some(routes) = routes::of(&object.id) else { return };
    if object.id.kind == "Ingress" {
        annotations(&mut object.value, see);
    }
    for path in routes.hosts {
        each(&mut object.value, path, &mut |value| {
            if let Value::String(host) = value {
                see(Found::Host(host));
            }
        });
    }
    for path in routes.rules {
        each(&mut object.value, path, &mut |value| {
            if let Value::String(rule) = value {
                *rule = traefik::hosts(rule, &mut |host| see(Found::Host(host)));
            }
        });
    }
    for path in routes.texts {
        each(&mut object.value, path, &mut |value| {
            if let Value::String(text) = value {
                see(Found::Text(text));
            }
        });
    }
}

/// Shows every value at a path such as `spec.rules[].host`.
fn each(value: &mut Value, path: &str, see: &mut impl FnMut(&mut Value)) {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let (name, is_list) = name.strip_suffix("[]").map_or((name, false), |name| (name, true));
    let Some(found) = value.get_mut(name) else { return };
    let one = std::slice::from_mut(found);
    let all = match one {
        [Value::Array(items)] if is_list => items.as_mut_slice(),
        _ if is_list => return,
        one => one,
    };
    for found in all {
        if rest.is_empty() {
            see(found);
        } else {
            each(found, rest, see);
        }
    }
}

fn annotations(ingress: &mut Value, see: &mut impl FnMut(Found<'_>)) {
    let annotations = ingress.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    for (name, value) in annotations.into_iter().flatten() {
        let (Value::String(text), Some(holds)) = (value, routes::annotation(name)) else { continue };
        match holds {
            Holds::Text => see(Found::Text(text)),
            Holds::Pattern => {}
            Holds::Hosts => {
                let seen = text.split(',').map(|host| {
                    let mut host = host.trim().to_owned();
                    if !host.starts_with('~') {
                        see(Found::Host(&mut host));
                    }
                    host
                });
                *text = seen.collect::<Vec<_>>().join(",");
            }
        }
    }
}

/// Patterns of hosts that an object routes: a rule of Traefik or an alias of nginx that chooses hosts by a regular expression.
#[must_use]
pub fn patterns(object: &Object) -> Vec<String> {
    let mut found: Vec<String> = rules(object).iter().flat_map(|rule| traefik::patterns(rule)).collect();
    if object.id.kind == "Ingress" {
        let annotations = object.value["metadata"]["annotations"].as_object();
        for (name, value) in annotations.into_iter().flatten() {
            let (Some(holds), Some(text)) = (routes::annotation(name), value.as_str()) else { continue };
            match holds {
                Holds::Hosts => {
                    found
                        .extend(text.split(',').map(str::trim).filter(|host| host.starts_with('~')).map(str::to_owned));
                }
                Holds::Pattern => found.push(text.to_owned()),
                Holds::Text => {}
            }
        }
    }
    found
}

/// Rules of Traefik that cannot be read: their hosts would be missed.
#[must_use]
pub fn unreadable(object: &Object) -> Vec<String> {
    rules(object).into_iter().filter(|rule| !traefik::is_readable(rule)).collect()
}

fn rules(object: &Object) -> Vec<String> {
    let mut found = Vec::new();
    let mut copy = object.value.clone();
    for path in routes::of(&object.id).map_or(&[][..], |routes| routes.rules) {
        each(&mut copy, path, &mut |rule| found.extend(rule.as_str().map(str::to_owned)));
    }
    found
}

/// Whether a host of a route, which may begin with a wildcard, covers this one.
#[must_use]
pub fn covers(route: &Object, wildcard: &str, host: &str) -> bool {
    let Some(suffix) = wildcard.strip_prefix('*') else { return wildcard.eq_ignore_ascii_case(host) };
    let host = host.to_ascii_lowercase();
    let label = host.strip_suffix(&suffix.to_ascii_lowercase()).filter(|label| !label.is_empty());
    let one_label = routes::of(&route.id).is_some_and(|routes| routes.wildcard == Wildcard::OneLabel);
    label.is_some_and(|label| !one_label || !label.contains('.'))
}

/// Whether a part of the route answers whatever the host is.
#[must_use]
pub fn answers_any(object: &Object) -> bool {
    let Some(routes) = routes::of(&object.id).filter(|routes| routes.answers()) else { return false };
    let spec = &object.value["spec"];
    if !routes.rules.is_empty() {
        return rules(object).iter().any(|rule| traefik::is_of_any_host(rule));
    }
    let is_empty = |hosts: &Value| hosts.as_array().is_none_or(Vec::is_empty);
    let none = |value: &Value| value.as_str().is_none_or(|host| host.is_empty() || host == "*");
    match object.id.kind.as_str() {
        "Ingress" => {
            let mut rules = spec["rules"].as_array().into_iter().flatten();
            !spec["defaultBackend"].is_null() || rules.any(|rule| none(&rule["host"]))
        }
        _ if routes.parents => is_empty(&spec["hostnames"]),
        "RouteGroup" => is_empty(&spec["hosts"]),
        "Mapping" => none(&spec["hostname"]) && none(&spec["host"]),
        "ApisixRoute" => {
            let mut rules = spec["http"].as_array().into_iter().flatten();
            rules.any(|rule| is_empty(&rule["match"]["hosts"]))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;

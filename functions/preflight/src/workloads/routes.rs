//! The hosts of the routes against those of the input.

use super::manifest_path;
use domain::{
    Problem,
    input::Host,
    manifest::{Object, hosts},
};
use std::collections::BTreeSet;

/// How many routes will be rewritten, the problems, and what the operator should know.
pub(super) fn judge(asked: &[Host], all: &[(usize, Object)]) -> (usize, Vec<Problem>, Vec<String>) {
    let routes: Vec<(&Object, Vec<String>)> = all
        .iter()
        .filter(|(_, object)| hosts::is_route(object))
        .map(|(_, object)| (object, hosts::of(object)))
        .collect();
    let is = |host: &Host, found: &str| host.primary.eq_ignore_ascii_case(found);
    let mut problems = Vec::new();
    for (index, host) in asked.iter().enumerate() {
        let covers = |name: &str| {
            routes.iter().any(|(route, found)| found.iter().any(|found| hosts::covers(route, found, name)))
        };
        let exact = routes.iter().any(|(_, found)| found.iter().any(|found| is(host, found)));
        // A wildcard that covers both answers under both: nothing is renamed.
        let wildcard = covers(&host.primary) && covers(&host.temporary);
        if !exact && !wildcard && covers(&host.primary) {
            problems.push(Problem::new(
                format!("$.workloads.hosts[{index}].temporary"),
                format!(
                    "a wildcard of the bundles' routes covers {} and not {}; choose a temporary host that it covers too",
                    host.primary, host.temporary
                ),
            ));
        } else if !exact && !wildcard {
            let used: BTreeSet<&str> = routes.iter().flat_map(|(_, found)| found).map(String::as_str).collect();
            problems.push(Problem::new(
                format!("$.workloads.hosts[{index}].primary"),
                format!("no route of the bundles has the host {}; theirs are {}", host.primary, listed(&used)),
            ));
        }
    }
    let gateways: Vec<&Object> = routes
        .iter()
        .map(|(object, _)| *object)
        .filter(|object| object.id.kind.ends_with("Gateway") || object.id.kind.ends_with("ListenerSet"))
        .collect();
    for (route, found) in &routes {
        for (index, host) in asked.iter().enumerate() {
            let renamed = found.iter().any(|found| is(host, found));
            if renamed && hosts::is_outside(route, &host.temporary, &gateways, asked) {
                problems.push(Problem::new(
                    format!("$.workloads.hosts[{index}].temporary"),
                    format!(
                        "{} would not attach under {}: no listener of its Gateway has a hostname that covers it. Choose one that a listener covers",
                        route.id, host.temporary
                    ),
                ));
            }
        }
    }
    for (index, object) in all.iter().filter(|(_, object)| hosts::is_route(object)) {
        for (host, found) in asked.iter().flat_map(|host| hosts::of(object).into_iter().map(move |found| (host, found)))
        {
            if host.temporary.eq_ignore_ascii_case(&found) {
                problems.push(Problem::new(
                    manifest_path(*index),
                    format!("{} has the temporary host {found} already; choose one that no route uses", object.id),
                ));
            }
        }
    }
    let renamed =
        routes.iter().filter(|(_, found)| found.iter().any(|found| asked.iter().any(|host| is(host, found)))).count();
    let mut told = advice(asked, &routes);
    let patterns: BTreeSet<String> = routes.iter().flat_map(|(route, _)| hosts::patterns(route)).collect();
    if !patterns.is_empty() {
        let patterns: Vec<String> = patterns.into_iter().collect();
        told.push(format!(
            "rules of Traefik that choose hosts by a pattern are not renamed, and answer on green as on blue: {}",
            patterns.join(", ")
        ));
    }
    (renamed, problems, told)
}

fn advice(asked: &[Host], routes: &[(&Object, Vec<String>)]) -> Vec<String> {
    let kept: BTreeSet<&str> = routes
        .iter()
        .flat_map(|(_, found)| found)
        .map(String::as_str)
        .filter(|found| !asked.iter().any(|host| host.primary.eq_ignore_ascii_case(found)))
        .collect();
    if kept.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "routes with the hosts {} are not in workloads.hosts: they answer under the same names on green while it is qualified",
        listed(&kept)
    )]
}

fn listed(hosts: &BTreeSet<&str>) -> String {
    if hosts.is_empty() {
        return "none".to_owned();
    }
    hosts.iter().copied().collect::<Vec<_>>().join(", ")
}

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
        if !routes.iter().any(|(_, found)| found.iter().any(|found| is(host, found))) {
            let used: BTreeSet<&str> = routes.iter().flat_map(|(_, found)| found).map(String::as_str).collect();
            problems.push(Problem::new(
                format!("$.workloads.hosts[{index}].primary"),
                format!("no route of the bundles has the host {}; theirs are {}", host.primary, listed(&used)),
            ));
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
    (renamed, problems, advice(asked, &routes))
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

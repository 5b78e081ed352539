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
    let routes: Vec<Route<'_>> = all
        .iter()
        .filter(|(_, object)| hosts::is_route(object))
        .map(|(bundle, object)| Route { bundle: *bundle, object, hosts: hosts::of(object) })
        .collect();
    let mut problems = missing(asked, &routes);
    problems.extend(unfit(asked, &routes, all));
    problems.extend(taken(asked, &routes));
    let renamed = routes.iter().filter(|route| asked.iter().any(|host| route.has(&host.primary))).count();
    (renamed, problems, advice(asked, &routes))
}

/// One route, or a set of listeners.
struct Route<'a> {
    bundle: usize,
    object: &'a Object,
    hosts: Vec<String>,
}

impl Route<'_> {
    fn has(&self, host: &str) -> bool {
        self.hosts.iter().any(|found| host.eq_ignore_ascii_case(found))
    }

    /// Whether it answers under this host by a wildcard, or under any.
    fn covers(&self, host: &str) -> bool {
        self.hosts.iter().any(|found| hosts::covers(self.object, found, host)) || hosts::answers_any(self.object)
    }

    /// Whether cert-manager makes a certificate for its hosts (<https://cert-manager.io/docs/usage/ingress/#supported-annotations>,
    /// <https://cert-manager.io/docs/usage/gateway/#supported-annotations>).
    fn orders(&self) -> bool {
        let annotations = &self.object.value["metadata"]["annotations"];
        ["cert-manager.io/issuer", "cert-manager.io/cluster-issuer"].iter().any(|name| annotations[*name].is_string())
    }

    fn listens(&self) -> bool {
        self.object.id.kind.ends_with("Gateway") || self.object.id.kind.ends_with("ListenerSet")
    }
}

/// Hosts of the input that no route has, and those that a wildcard covers under one of their names only.
fn missing(asked: &[Host], routes: &[Route<'_>]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, host) in asked.iter().enumerate() {
        let covers = |name: &str| routes.iter().any(|route| route.covers(name));
        let exact = routes.iter().any(|route| route.has(&host.primary));
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
            let used: BTreeSet<&str> = routes.iter().flat_map(|route| &route.hosts).map(String::as_str).collect();
            problems.push(Problem::new(
                format!("$.workloads.hosts[{index}].primary"),
                format!("no route of the bundles has the host {}; theirs are {}", host.primary, listed(&used)),
            ));
        }
    }
    problems
}

/// Temporary hosts that no listener takes, or that a certificate does not cover.
fn unfit(asked: &[Host], routes: &[Route<'_>], all: &[(usize, Object)]) -> Vec<Problem> {
    let gateways: Vec<&Object> = routes.iter().filter(|route| route.listens()).map(|route| route.object).collect();
    let certificates = all.iter().map(|(_, object)| object);
    let certificates: Vec<&Object> = certificates.filter(|object| hosts::is_certificate(object)).collect();
    let mut problems = Vec::new();
    for (route, (index, host)) in
        routes.iter().flat_map(|route| asked.iter().enumerate().map(move |host| (route, host)))
    {
        let path = format!("$.workloads.hosts[{index}].temporary");
        if route.has(&host.primary) && hosts::is_outside(route.object, &host.temporary, &gateways, asked) {
            problems.push(Problem::new(
                &path,
                format!(
                    "{} would not attach under {}: no listener of its Gateway has a hostname that covers it. Choose one that a listener covers",
                    route.object.id, host.temporary
                ),
            ));
        }
        for certificate in hosts::uncovered(route.object, host, &certificates) {
            problems.push(Problem::new(
                &path,
                format!(
                    "{}, with which {} answers, does not cover {}. Have it cover that too (dnsNames of a Certificate), or choose a temporary host that it covers",
                    certificate.id, route.object.id, host.temporary
                ),
            ));
        }
    }
    problems
}

/// Temporary hosts that a route has already.
fn taken(asked: &[Host], routes: &[Route<'_>]) -> Vec<Problem> {
    let pairs = routes.iter().flat_map(|route| asked.iter().map(move |host| (route, host)));
    pairs
        .filter(|(route, host)| route.has(&host.temporary))
        .map(|(route, host)| {
            let message = format!(
                "{} has the temporary host {} already; choose one that no route uses",
                route.object.id, host.temporary
            );
            Problem::new(manifest_path(route.bundle), message)
        })
        .collect()
}

/// What answers on green under other names than the temporary ones while it is qualified.
fn advice(asked: &[Host], routes: &[Route<'_>]) -> Vec<String> {
    let mut told = Vec::new();
    let kept: BTreeSet<&str> = routes
        .iter()
        .flat_map(|route| &route.hosts)
        .map(String::as_str)
        .filter(|found| !asked.iter().any(|host| host.primary.eq_ignore_ascii_case(found)))
        .collect();
    if !kept.is_empty() {
        told.push(format!(
            "routes with the hosts {} are not in workloads.hosts: they answer under the same names on green while it is qualified",
            listed(&kept)
        ));
    }
    for host in asked {
        let still =
            routes.iter().filter(|route| !route.listens() && !route.has(&host.primary) && route.covers(&host.primary));
        let names: Vec<String> = still.map(|route| route.object.id.to_string()).collect();
        if !names.is_empty() {
            told.push(format!(
                "these answer on green under {} too while it is qualified, by a wildcard or under any host: {}",
                host.primary,
                names.join(", ")
            ));
        }
    }
    let ordered = routes.iter().filter(|route| asked.iter().any(|host| route.has(&host.primary)) && route.orders());
    let names: Vec<String> = ordered.map(|route| route.object.id.to_string()).collect();
    if !names.is_empty() {
        told.push(format!(
            "cert-manager orders the certificates of these for the temporary hosts, and anew when green gets the public ones: {}. What reaches green over TLS before \
             they are there sees another certificate; a Certificate of its own with both names needs no order then",
            names.join(", ")
        ));
    }
    let patterns: BTreeSet<String> = routes.iter().flat_map(|route| hosts::patterns(route.object)).collect();
    if !patterns.is_empty() {
        let patterns: Vec<String> = patterns.into_iter().collect();
        told.push(format!(
            "rules that choose hosts by a pattern are not renamed, and answer on green as on blue: {}",
            patterns.join(", ")
        ));
    }
    let unread =
        routes.iter().flat_map(|route| hosts::unreadable(route.object).into_iter().map(move |rule| (route, rule)));
    told.extend(unread.map(|(route, rule)| {
        format!("a rule of {} cannot be read, so that its hosts are not renamed: {rule}", route.object.id)
    }));
    told
}

fn listed(hosts: &BTreeSet<&str>) -> String {
    if hosts.is_empty() {
        return "none".to_owned();
    }
    hosts.iter().copied().collect::<Vec<_>>().join(", ")
}

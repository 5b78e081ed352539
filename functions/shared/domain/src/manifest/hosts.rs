//! The hosts of routes, rewritten for the time of qualification and nothing else with them.

mod traefik;

use super::Object;
use crate::input::Host;
use serde_json::Value;

/// What brings traffic by host name.
enum Routes {
    /// `spec.rules[].host` and `spec.tls[].hosts[]`, <https://kubernetes.io/docs/concepts/services-networking/ingress/>.
    Ingress,
    /// `` Host(`…`) `` and `` HostSNI(`…`) `` in `spec.routes[].match`, and `spec.tls.domains[]`,
    /// <https://doc.traefik.io/traefik/routing/providers/kubernetes-crd/>.
    Traefik,
    /// `spec.hostnames[]`, <https://gateway-api.sigs.k8s.io/api-types/httproute/>.
    GatewayRoute,
    /// `spec.listeners[].hostname`, which a route's hosts must match.
    Gateway,
}

fn routes(object: &Object) -> Option<Routes> {
    match (object.id.group(), object.id.kind.as_str()) {
        ("networking.k8s.io" | "extensions", "Ingress") => Some(Routes::Ingress),
        ("traefik.io" | "traefik.containo.us", "IngressRoute" | "IngressRouteTCP") => Some(Routes::Traefik),
        ("gateway.networking.k8s.io", "HTTPRoute" | "GRPCRoute" | "TLSRoute") => Some(Routes::GatewayRoute),
        ("gateway.networking.k8s.io", "Gateway" | "ListenerSet") | ("gateway.networking.x-k8s.io", "XListenerSet") => {
            Some(Routes::Gateway)
        }
        _ => None,
    }
}

/// Annotations of an Ingress that hold hosts, split by commas: <https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#server-alias>,
/// <https://haproxy-ingress.github.io/docs/configuration/keys/#server-alias>.
const ALIASES: [&str; 2] = ["nginx.ingress.kubernetes.io/server-alias", "haproxy-ingress.github.io/server-alias"];

/// Annotations of an Ingress for Traefik that hold hosts, `router.tls.domains.<n>.main` and `.sans`
/// (<https://doc.traefik.io/traefik/routing/providers/kubernetes-ingress/#annotations>).
const TRAEFIK_DOMAINS: &str = "traefik.ingress.kubernetes.io/router.tls.domains.";

/// The hosts that an object routes, in the order in which they stand there, each once.
#[must_use]
pub fn of(object: &Object) -> Vec<String> {
    let mut found = Vec::new();
    let mut copy = object.clone();
    visit(&mut copy, &mut |host| {
        if !found.contains(host) {
            found.push(host.clone());
        }
    });
    found
}

/// Whether the object routes by host at all.
#[must_use]
pub fn is_route(object: &Object) -> bool {
    routes(object).is_some()
}

/// Puts the temporary host in the place of each primary one; answers how many were replaced.
pub fn rewrite(object: &mut Object, hosts: &[Host]) -> usize {
    let mut replaced = 0;
    visit(object, &mut |found| {
        if let Some(host) = hosts.iter().find(|host| host.primary.eq_ignore_ascii_case(found)) {
            found.clone_from(&host.temporary);
            replaced += 1;
        }
    });
    replaced
}

fn visit(object: &mut Object, see: &mut impl FnMut(&mut String)) {
    let Some(routes) = routes(object) else { return };
    if matches!(routes, Routes::Ingress) {
        annotations(&mut object.value, see);
    }
    let Some(spec) = object.value.get_mut("spec") else { return };
    match routes {
        Routes::Ingress => {
            items(spec, "rules").for_each(|rule| text(rule, "host", see));
            items(spec, "tls").for_each(|tls| items(tls, "hosts").for_each(|host| item(host, see)));
        }
        Routes::Traefik => {
            items(spec, "routes").for_each(|route| {
                if let Some(Value::String(rule)) = route.get_mut("match") {
                    *rule = traefik::hosts(rule, see);
                }
            });
            if let Some(tls) = spec.get_mut("tls") {
                items(tls, "domains").for_each(|domain| {
                    text(domain, "main", see);
                    items(domain, "sans").for_each(|host| item(host, see));
                });
            }
        }
        Routes::GatewayRoute => items(spec, "hostnames").for_each(|host| item(host, see)),
        Routes::Gateway => items(spec, "listeners").for_each(|listener| text(listener, "hostname", see)),
    }
}

fn annotations(ingress: &mut Value, see: &mut impl FnMut(&mut String)) {
    let annotations = ingress.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    for (name, value) in annotations.into_iter().flatten() {
        if !ALIASES.contains(&name.as_str()) && !name.starts_with(TRAEFIK_DOMAINS) {
            continue;
        }
        if let Value::String(hosts) = value {
            let seen = hosts.split(',').map(|host| {
                let mut host = host.trim().to_owned();
                see(&mut host);
                host
            });
            *hosts = seen.collect::<Vec<_>>().join(",");
        }
    }
}

/// Patterns of hosts that an object routes: a rule of Traefik that chooses hosts by a regular expression.
#[must_use]
pub fn patterns(object: &Object) -> Vec<String> {
    if !matches!(routes(object), Some(Routes::Traefik)) {
        return Vec::new();
    }
    let rules = object.value["spec"]["routes"].as_array().into_iter().flatten();
    rules.filter_map(|route| route["match"].as_str()).flat_map(traefik::patterns).collect()
}

/// Whether a host of a route, which may begin with a wildcard, covers this one: one label of it where an Ingress says so
/// (<https://kubernetes.io/docs/concepts/services-networking/ingress/#hostname-wildcards>), any number in the Gateway API
/// (<https://gateway-api.sigs.k8s.io/reference/spec/#hostname>).
#[must_use]
pub fn covers(route: &Object, wildcard: &str, host: &str) -> bool {
    let Some(suffix) = wildcard.strip_prefix('*') else { return wildcard.eq_ignore_ascii_case(host) };
    let host = host.to_ascii_lowercase();
    let label = host.strip_suffix(&suffix.to_ascii_lowercase()).filter(|label| !label.is_empty());
    label.is_some_and(|label| !matches!(routes(route), Some(Routes::Ingress)) || !label.contains('.'))
}

/// Whether a Gateway among `gateways` that the route names as a parent has listeners, none of which covers this host: the route
/// would not attach (<https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec>). `rename` is what listeners will be called.
#[must_use]
pub fn is_outside(route: &Object, host: &str, gateways: &[&Object], rename: &[Host]) -> bool {
    if !matches!(routes(route), Some(Routes::GatewayRoute)) {
        return false;
    }
    let mut parents = route.value["spec"]["parentRefs"].as_array().into_iter().flatten();
    parents.any(|parent| {
        let namespace = parent["namespace"].as_str().unwrap_or_else(|| route.id.namespace_or_default());
        let gateway = gateways.iter().find(|gateway| {
            gateway.id.kind == parent["kind"].as_str().unwrap_or("Gateway")
                && parent["name"] == gateway.id.name.as_str()
                && gateway.id.namespace_or_default() == namespace
        });
        gateway.is_some_and(|gateway| {
            let mut gateway = (*gateway).clone();
            rewrite(&mut gateway, rename);
            let section = &parent["sectionName"];
            let listeners = gateway.value["spec"]["listeners"].as_array().into_iter().flatten();
            let mut named = listeners.filter(|listener| section.is_null() || listener["name"] == *section).peekable();
            named.peek().is_some()
                && !named.any(|listener| match listener["hostname"].as_str() {
                    None | Some("") => true,
                    Some(hostname) => covers(&gateway, hostname, host),
                })
        })
    })
}

fn items<'a>(value: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> {
    value.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}

fn text(value: &mut Value, name: &str, see: &mut impl FnMut(&mut String)) {
    if let Some(value) = value.get_mut(name) {
        item(value, see);
    }
}

fn item(value: &mut Value, see: &mut impl FnMut(&mut String)) {
    if let Value::String(host) = value {
        see(host);
    }
}

#[cfg(test)]
mod tests;

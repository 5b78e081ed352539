//! The hosts of routes, rewritten for the time of qualification and nothing else with them.

use super::Object;
use crate::input::Host;
use serde_json::Value;

/// What brings traffic by host name.
enum Routes {
    /// `spec.rules[].host` and `spec.tls[].hosts[]`, <https://kubernetes.io/docs/concepts/services-networking/ingress/>.
    Ingress,
    /// `` Host(`…`) `` and `` HostSNI(`…`) `` in `spec.routes[].match`,
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
        ("gateway.networking.k8s.io", "Gateway") => Some(Routes::Gateway),
        _ => None,
    }
}

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
    let Some(spec) = object.value.get_mut("spec") else { return };
    match routes {
        Routes::Ingress => {
            items(spec, "rules").for_each(|rule| text(rule, "host", see));
            items(spec, "tls").for_each(|tls| items(tls, "hosts").for_each(|host| item(host, see)));
        }
        Routes::Traefik => items(spec, "routes").for_each(|route| {
            if let Some(Value::String(rule)) = route.get_mut("match") {
                *rule = rule_hosts(rule, see);
            }
        }),
        Routes::GatewayRoute => items(spec, "hostnames").for_each(|host| item(host, see)),
        Routes::Gateway => items(spec, "listeners").for_each(|listener| text(listener, "hostname", see)),
    }
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

/// A Traefik rule with every argument of `Host` and `HostSNI` seen, and the rest as it stands: other matchers may hold
/// the same text in their arguments.
fn rule_hosts(rule: &str, see: &mut impl FnMut(&mut String)) -> String {
    let mut written = String::with_capacity(rule.len());
    let mut rest = rule;
    let mut matcher = "";
    let mut hosts = false;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_alphanumeric() {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            matcher = &rest[..end];
            written.push_str(matcher);
            rest = &rest[end..];
            continue;
        }
        let quoted = matches!(c, '`' | '"').then(|| rest[1..].find(c)).flatten();
        if let Some(end) = quoted {
            let mut argument = rest[1..=end].to_owned();
            if hosts {
                see(&mut argument);
            }
            written.push(c);
            written.push_str(&argument);
            written.push(c);
            rest = &rest[end + 2..];
            continue;
        }
        match c {
            '(' => hosts = matches!(matcher, "Host" | "HostSNI"),
            ')' => hosts = false,
            _ => {}
        }
        if !c.is_whitespace() {
            matcher = "";
        }
        written.push(c);
        rest = &rest[c.len_utf8()..];
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rewritten(value: Value) -> (usize, Value) {
        let mut object = Object::new(1, 1, value).unwrap();
        let hosts = [Host { primary: "shop.example.com".into(), temporary: "green.example.com".into() }];
        (rewrite(&mut object, &hosts), object.value)
    }

    #[test]
    fn an_ingress_gets_the_temporary_host_in_rules_and_tls() {
        let (replaced, value) = rewritten(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "shop", "annotations": { "a": "shop.example.com" } },
            "spec": {
                "tls": [{ "hosts": ["shop.example.com", "other.example.com"], "secretName": "shop.example.com" }],
                "rules": [{ "host": "shop.example.com", "http": {} }, { "host": "other.example.com" }, { "http": {} }],
            },
        }));
        assert_eq!(replaced, 2);
        assert_eq!(
            value["spec"]["tls"][0],
            json!({ "hosts": ["green.example.com", "other.example.com"], "secretName": "shop.example.com" })
        );
        assert_eq!(
            value["spec"]["rules"],
            json!([{ "host": "green.example.com", "http": {} }, { "host": "other.example.com" }, { "http": {} }])
        );
        assert_eq!(value["metadata"]["annotations"]["a"], "shop.example.com");
    }

    #[test]
    fn a_traefik_rule_changes_in_its_hosts_only() {
        for (rule, expected, count) in [
            ("Host(`shop.example.com`)", "Host(`green.example.com`)", 1),
            (
                "Host(\"shop.example.com\") && PathPrefix(`/api`)",
                "Host(\"green.example.com\") && PathPrefix(`/api`)",
                1,
            ),
            ("Host(`a.example.com`, `shop.example.com`)", "Host(`a.example.com`, `green.example.com`)", 1),
            (
                "Path(`/a`) && (Host(`shop.example.com`) || Host(`SHOP.example.com`))",
                "Path(`/a`) && (Host(`green.example.com`) || Host(`green.example.com`))",
                2,
            ),
            ("Header(`Host`, `shop.example.com`)", "Header(`Host`, `shop.example.com`)", 0),
            ("Path(`/Host(`) && Query(`shop.example.com`)", "Path(`/Host(`) && Query(`shop.example.com`)", 0),
            ("HostRegexp(`shop.example.com`)", "HostRegexp(`shop.example.com`)", 0),
            ("Host(`shop.example.com.evil`)", "Host(`shop.example.com.evil`)", 0),
            ("!Host( `shop.example.com` )", "!Host( `green.example.com` )", 1),
            ("Host(`unclosed", "Host(`unclosed", 0),
            ("Pfad(`/ü`) || Host(`shop.example.com`)", "Pfad(`/ü`) || Host(`green.example.com`)", 1),
        ] {
            let (replaced, value) = rewritten(json!({
                "apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": { "name": "shop" },
                "spec": { "routes": [{ "kind": "Rule", "match": rule, "services": [] }] },
            }));
            assert_eq!(value["spec"]["routes"][0]["match"], expected);
            assert_eq!(replaced, count, "{rule}");
        }
    }

    #[test]
    fn gateway_routes_and_their_listeners_change_together() {
        let (_, route) = rewritten(
            json!({ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": { "name": "r" }, "spec": { "hostnames": ["shop.example.com"] } }),
        );
        assert_eq!(route["spec"]["hostnames"], json!(["green.example.com"]));
        let (_, gateway) = rewritten(
            json!({ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": { "name": "g" }, "spec": { "listeners": [{ "hostname": "shop.example.com" }, { "name": "any" }] } }),
        );
        assert_eq!(gateway["spec"]["listeners"], json!([{ "hostname": "green.example.com" }, { "name": "any" }]));
    }

    #[test]
    fn nothing_else_is_a_route() {
        let config = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" }, "data": { "host": "shop.example.com" } });
        assert_eq!(rewritten(config.clone()), (0, config));
        let empty =
            json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "i" }, "spec": {} });
        assert_eq!(rewritten(empty.clone()), (0, empty));
    }

    #[test]
    fn the_hosts_of_a_route_are_listed_once() {
        let object = Object::new(
            1,
            1,
            json!({
                "apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": { "name": "shop" },
                "spec": { "routes": [{ "match": "Host(`a`) || Host(`b`)" }, { "match": "Host(`a`)" }] },
            }),
        )
        .unwrap();
        assert_eq!(of(&object), ["a", "b"]);
    }
}

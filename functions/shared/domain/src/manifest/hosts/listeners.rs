//! What a route needs beside its own hosts: listeners that take them, and certificates that cover them.

use super::{Object, Value, covers, of, rewrite, routes};
use crate::input::Host;
use base64::{Engine, engine::general_purpose::STANDARD};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use std::borrow::Cow;
use webpki::EndEntityCert;

/// Whether a Gateway among `gateways` that the route names as a parent has listeners, none of which covers this host: the route
/// would not attach (<https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec>). `rename` is what listeners will be called.
#[must_use]
pub fn is_outside(route: &Object, host: &str, gateways: &[&Object], rename: &[Host]) -> bool {
    if !routes::of(&route.id).is_some_and(|routes| routes.parents) {
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
            let (section, port) = (&parent["sectionName"], &parent["port"]);
            let listeners = gateway.value["spec"]["listeners"].as_array().into_iter().flatten();
            let mut named = listeners
                .filter(|listener| section.is_null() || listener["name"] == *section)
                .filter(|listener| port.is_null() || listener["port"] == *port)
                .peekable();
            named.peek().is_some()
                && !named.any(|listener| match listener["hostname"].as_str() {
                    None | Some("") => true,
                    Some(hostname) => covers(&gateway, hostname, host),
                })
        })
    })
}

/// Whether the object is, or says how to issue, a certificate with which a route may answer: a Certificate of cert-manager
/// (<https://cert-manager.io/docs/usage/certificate/>), or a TLS Secret
/// (<https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets>).
#[must_use]
pub fn is_certificate(object: &Object) -> bool {
    match (object.id.group(), object.id.kind.as_str()) {
        ("cert-manager.io", "Certificate") => true,
        ("", "Secret") => object.value["type"] == "kubernetes.io/tls",
        _ => false,
    }
}

/// Those of the certificates that the route uses for this host and that do not cover the temporary one: over TLS the route would answer
/// with a certificate of another name.
#[must_use]
pub fn uncovered<'a>(route: &Object, host: &Host, certificates: &[&'a Object]) -> Vec<&'a Object> {
    if !of(route).iter().any(|found| host.primary.eq_ignore_ascii_case(found)) {
        return Vec::new();
    }
    let secrets = secrets(route);
    let used = certificates.iter().filter(|certificate| {
        let made = certificate.value["spec"]["secretName"].as_str();
        let secret = if certificate.id.kind == "Secret" { &certificate.id.name } else { made.unwrap_or_default() };
        certificate.id.namespace_or_default() == route.id.namespace_or_default()
            && secrets.iter().any(|of| of == secret)
    });
    let covers = |of: &Object, host: &str| if of.id.kind == "Secret" { has(of, host) } else { names(of, host) };
    used.filter(|of| covers(of, &host.primary) && !covers(of, &host.temporary)).copied().collect()
}

/// Whether the certificate in a TLS Secret, the first of its chain, covers a name as clients check it.
fn has(secret: &Object, host: &str) -> bool {
    let text = |field: &str| secret.value[field]["tls.crt"].as_str();
    let pem = match (text("stringData"), text("data")) {
        (Some(text), _) => Cow::Borrowed(text.as_bytes()),
        (None, Some(encoded)) => Cow::Owned(STANDARD.decode(encoded).unwrap_or_default()),
        (None, None) => return false,
    };
    // What is no certificate covers nothing: whatever is wrong with it is so on blue too.
    let (Ok(certificate), Ok(name)) = (CertificateDer::from_pem_slice(&pem), ServerName::try_from(host)) else {
        return false;
    };
    EndEntityCert::try_from(&certificate)
        .is_ok_and(|certificate| certificate.verify_is_valid_for_subject_name(&name).is_ok())
}

/// The Secrets with which a route or a listener answers over TLS.
fn secrets(route: &Object) -> Vec<String> {
    let spec = &route.value["spec"];
    let list = |value: &'_ Value| value.as_array().cloned().unwrap_or_default();
    let of_tls = list(&spec["tls"]).into_iter().map(|tls| tls["secretName"].clone());
    let of_listeners = list(&spec["listeners"])
        .into_iter()
        .flat_map(|listener| listener["tls"]["certificateRefs"].as_array().cloned().unwrap_or_default())
        .map(|reference| reference["name"].clone());
    let others = [&spec["tls"]["secretName"], &spec["tls"]["secret"], &spec["virtualhost"]["tls"]["secretName"]];
    let all = of_tls.chain(of_listeners).chain(others.into_iter().cloned());
    all.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// Whether a certificate covers a name; its wildcards stand for one label (<https://www.rfc-editor.org/rfc/rfc6125#section-6.4.3>).
fn names(certificate: &Object, host: &str) -> bool {
    let spec = &certificate.value["spec"];
    let names = spec["dnsNames"].as_array().into_iter().flatten().chain([&spec["commonName"]]);
    let mut names = names.filter_map(Value::as_str);
    names.any(|name| match name.strip_prefix("*.") {
        Some(suffix) => host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(suffix)),
        None => name.eq_ignore_ascii_case(host),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_temporary_host_is_outside_where_no_listener_of_the_routes_gateway_covers_it() {
        let of = |kind: &str, name: &str, spec: Value| {
            let value = json!({ "apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": { "name": name }, "spec": spec });
            Object::new(1, 1, value).unwrap()
        };
        let rename = [Host { primary: "shop.example.com".into(), temporary: "green.other.net".into() }];
        for (listeners, parent, expected) in [
            (json!([{ "name": "a", "hostname": "*.example.com" }]), json!({ "name": "web" }), true),
            (json!([{ "name": "a", "hostname": "*.other.net" }]), json!({ "name": "web" }), false),
            (json!([{ "name": "a" }]), json!({ "name": "web" }), false),
            (json!([{ "name": "a", "hostname": "shop.example.com" }]), json!({ "name": "web" }), false),
            (
                json!([{ "name": "a" }, { "name": "b", "hostname": "*.example.com" }]),
                json!({ "name": "web", "sectionName": "b" }),
                true,
            ),
            (json!([{ "name": "a", "hostname": "*.example.com" }]), json!({ "name": "elsewhere" }), false),
        ] {
            let gateway = of("Gateway", "web", json!({ "listeners": listeners }));
            let route = of("HTTPRoute", "shop", json!({ "parentRefs": [parent] }));
            assert_eq!(is_outside(&route, "green.other.net", &[&gateway], &rename), expected, "{listeners} {parent}");
        }
    }

    #[test]
    fn a_certificate_covers_the_temporary_host_or_is_told() {
        let of = |api_version: &str, kind: &str, spec: Value| {
            let value = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "x" }, "spec": spec });
            Object::new(1, 1, value).unwrap()
        };
        let host = Host { primary: "shop.example.com".into(), temporary: "green.example.com".into() };
        let ingress = of(
            "networking.k8s.io/v1",
            "Ingress",
            json!({ "rules": [{ "host": "shop.example.com" }], "tls": [{ "secretName": "tls", "hosts": ["shop.example.com"] }] }),
        );
        let gateway = of(
            "gateway.networking.k8s.io/v1",
            "Gateway",
            json!({ "listeners": [{ "hostname": "shop.example.com", "tls": { "certificateRefs": [{ "name": "tls" }] } }] }),
        );
        let route = of(
            "traefik.io/v1alpha1",
            "IngressRoute",
            json!({ "routes": [{ "match": "Host(`shop.example.com`)" }], "tls": { "secretName": "tls" } }),
        );
        for (secret, names, told) in [
            ("tls", json!(["shop.example.com"]), 1),
            ("tls", json!(["shop.example.com", "green.example.com"]), 0),
            ("tls", json!(["*.example.com"]), 0),
            ("other", json!(["shop.example.com"]), 0),
        ] {
            let certificate =
                of("cert-manager.io/v1", "Certificate", json!({ "secretName": secret, "dnsNames": names }));
            for route in [&ingress, &gateway, &route] {
                assert_eq!(uncovered(route, &host, &[&certificate]).len(), told, "{secret} {names} {}", route.id);
            }
        }
    }

    /// Made by `openssl req -x509 -newkey ec` with the names shop.example.com and *.stage.example.com.
    const PEM: &str = "-----BEGIN CERTIFICATE-----
MIIBwjCCAWegAwIBAgIUCr+UFY02dCPy+H0BrVuD0c5wlLMwCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQc2hvcC5leGFtcGxlLmNvbTAgFw0yNjExMzAxMjA4MjNaGA8y
MTI2MTEwNjEyMDgyM1owGzEZMBcGA1UEAwwQc2hvcC5leGFtcGxlLmNvbTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABI/fiQYJk+hkVg2PC9Fovja41ZQWGRneI47N
2qSlsChOgFEjkUr+Q2xuc0ONIERweU4HHYMLO2Ov2WbLEwyBBMWjgYYwgYMwHQYD
VR0OBBYEFFWBbCpmxC+UXwZbHkc92zYmuk7qMB8GA1UdIwQYMBaAFFWBbCpmxC+U
XwZbHkc92zYmuk7qMA8GA1UdEwEB/wQFMAMBAf8wMAYDVR0RBCkwJ4IQc2hvcC5l
eGFtcGxlLmNvbYITKi5zdGFnZS5leGFtcGxlLmNvbTAKBggqhkjOPQQDAgNJADBG
AiEAkjysWuxy5/A12XweiH2FYR3kNR3PcZ4AOI7yXqAp5DICIQD4CIVPxCJnPpSP
zlKAp8STYqOW4/7L8Jj8f2ZxSgpjsw==
-----END CERTIFICATE-----
";

    #[test]
    fn the_certificate_in_a_secret_covers_the_temporary_host_or_is_told() {
        let of = |api_version: &str, kind: &str, name: &str, rest: Value| {
            let mut value = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": name } });
            value.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            Object::new(1, 1, value).unwrap()
        };
        let tls = |name: &str, rest: Value| {
            let mut secret = of("v1", "Secret", name, rest);
            secret.value["type"] = json!("kubernetes.io/tls");
            secret
        };
        let ingress =
            json!({ "spec": { "rules": [{ "host": "shop.example.com" }], "tls": [{ "secretName": "tls" }] } });
        let ingress = of("networking.k8s.io/v1", "Ingress", "shop", ingress);
        let written = json!({ "stringData": { "tls.crt": PEM } });
        let encoded = json!({ "data": { "tls.crt": STANDARD.encode(PEM) } });
        for (secret, temporary, told) in [
            (tls("tls", written.clone()), "green.example.com", 1),
            (tls("tls", encoded.clone()), "green.example.com", 1),
            (tls("tls", encoded.clone()), "shop.stage.example.com", 0),
            (tls("tls", encoded.clone()), "a.shop.stage.example.com", 1),
            (tls("other", encoded), "green.example.com", 0),
            (tls("tls", json!({ "data": { "tls.crt": "bm90aGluZw==" } })), "green.example.com", 0),
            (tls("tls", json!({})), "green.example.com", 0),
        ] {
            let host = Host { primary: "shop.example.com".into(), temporary: temporary.into() };
            assert!(is_certificate(&secret));
            assert_eq!(uncovered(&ingress, &host, &[&secret]).len(), told, "{} {temporary}", secret.id);
        }
        assert!(!is_certificate(&of("v1", "Secret", "tls", written)));
    }
}

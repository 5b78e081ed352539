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
        ("Host(\"shop.example.com\") && PathPrefix(`/api`)", "Host(\"green.example.com\") && PathPrefix(`/api`)", 1),
        ("Host(`a.example.com`, `shop.example.com`)", "Host(`a.example.com`, `green.example.com`)", 1),
        (
            "Path(`/a`) && (Host(`shop.example.com`) || Host(`SHOP.example.com`))",
            "Path(`/a`) && (Host(`green.example.com`) || Host(`green.example.com`))",
            2,
        ),
        ("Header(`Host`, `shop.example.com`)", "Header(`Host`, `shop.example.com`)", 0),
        ("Path(`/Host(`) && Query(`shop.example.com`)", "Path(`/Host(`) && Query(`shop.example.com`)", 0),
        ("HostRegexp(`shop.example.com`)", "HostRegexp(`shop.example.com`)", 0),
        ("host(`shop.example.com`)", "host(`green.example.com`)", 1),
        (
            "HOST(`shop.example.com`) || Hostsni(`shop.example.com`)",
            "HOST(`green.example.com`) || Hostsni(`green.example.com`)",
            2,
        ),
        (
            "HostHeader(`shop.example.com`) && PathPrefix(`/api`)",
            "HostHeader(`green.example.com`) && PathPrefix(`/api`)",
            1,
        ),
        (
            r#"Header("X-Note", "say \"hi\"") && Host("shop.example.com")"#,
            r#"Header("X-Note", "say \"hi\"") && Host("green.example.com")"#,
            1,
        ),
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
fn annotations_that_hold_hosts_change_with_the_rules() {
    let (replaced, value) = rewritten(json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "name": "shop", "annotations": {
            "nginx.ingress.kubernetes.io/server-alias": "www.example.com, shop.example.com",
            "konghq.com/host-aliases": "shop.example.com",
            "haproxy-ingress.github.io/server-alias-regex": "^shop\\.example\\.com$",
            "traefik.ingress.kubernetes.io/router.tls.domains.0.main": "shop.example.com",
            "nginx.ingress.kubernetes.io/upstream-vhost": "shop.example.com",
        } },
        "spec": {},
    }));
    assert_eq!(replaced, 3);
    assert_eq!(patterns(&Object::new(1, 1, value.clone()).unwrap()), ["^shop\\.example\\.com$"]);
    assert_eq!(
        value["metadata"]["annotations"],
        json!({
            "nginx.ingress.kubernetes.io/server-alias": "www.example.com,green.example.com",
            "konghq.com/host-aliases": "green.example.com",
            "haproxy-ingress.github.io/server-alias-regex": "^shop\\.example\\.com$",
            "traefik.ingress.kubernetes.io/router.tls.domains.0.main": "green.example.com",
            "nginx.ingress.kubernetes.io/upstream-vhost": "shop.example.com",
        })
    );
}

#[test]
fn the_names_in_a_certificate_of_traefik_change_with_the_rules_over_tcp_too() {
    let (replaced, value) = rewritten(json!({
        "apiVersion": "traefik.io/v1alpha1", "kind": "IngressRouteTCP", "metadata": { "name": "shop" },
        "spec": {
            "routes": [{ "match": "HostSNI(`shop.example.com`)" }],
            "tls": { "domains": [{ "main": "example.com", "sans": ["shop.example.com"] }] },
        },
    }));
    assert_eq!(replaced, 2);
    assert_eq!(value["spec"]["tls"]["domains"][0]["sans"], json!(["green.example.com"]));
}

#[test]
fn a_wildcard_covers_one_label_in_an_ingress_and_any_number_in_the_gateway_api() {
    let of = |api_version: &str, kind: &str| {
        Object::new(1, 1, json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "r" } })).unwrap()
    };
    let (ingress, route) = (of("networking.k8s.io/v1", "Ingress"), of("gateway.networking.k8s.io/v1", "HTTPRoute"));
    for (host, by_ingress, by_route) in [
        ("shop.example.com", true, true),
        ("a.shop.example.com", false, true),
        ("example.com", false, false),
        ("shop.example.org", false, false),
    ] {
        assert_eq!(covers(&ingress, "*.example.com", host), by_ingress, "{host}");
        assert_eq!(covers(&route, "*.example.com", host), by_route, "{host}");
    }
    assert!(covers(&ingress, "Shop.example.com", "shop.example.com"));
}

#[test]
fn where_callers_are_sent_changes_with_the_hosts_and_what_a_backend_is_told_does_not() {
    let annotations = json!({
        "nginx.ingress.kubernetes.io/auth-url": "https://shop.example.com/auth",
        "nginx.ingress.kubernetes.io/auth-signin": "https://sso.example.com/?rd=https://shop.example.com",
        "nginx.ingress.kubernetes.io/permanent-redirect": "https://shop.example.com/new",
        "nginx.ingress.kubernetes.io/cors-allow-origin": "https://shop.example.com, https://a.example.com",
        "nginx.ingress.kubernetes.io/configuration-snippet": "if ($host != shop.example.com) { return 301 https://shop.example.com$request_uri; }",
        "nginx.ingress.kubernetes.io/upstream-vhost": "shop.example.com",
        "nginx.ingress.kubernetes.io/auth-request-redirect": "https://shop.example.com/",
        "haproxy.org/request-redirect": "shop.example.com",
        "cert-manager.io/common-name": "shop.example.com",
        "example.com/permanent-redirect": "https://shop.example.com",
    });
    let value = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": { "name": "shop", "annotations": annotations }, "spec": {},
    });
    assert_eq!(of(&Object::new(1, 1, value.clone()).unwrap()), [""; 0], "it answers under none of these");
    let (replaced, value) = rewritten(value);
    assert_eq!(replaced, 8);
    assert_eq!(
        value["metadata"]["annotations"],
        json!({
            "nginx.ingress.kubernetes.io/auth-url": "https://green.example.com/auth",
            "nginx.ingress.kubernetes.io/auth-signin": "https://sso.example.com/?rd=https://green.example.com",
            "nginx.ingress.kubernetes.io/permanent-redirect": "https://green.example.com/new",
            "nginx.ingress.kubernetes.io/cors-allow-origin": "https://green.example.com, https://a.example.com",
            "nginx.ingress.kubernetes.io/configuration-snippet": "if ($host != green.example.com) { return 301 https://green.example.com$request_uri; }",
            "nginx.ingress.kubernetes.io/upstream-vhost": "shop.example.com",
            "nginx.ingress.kubernetes.io/auth-request-redirect": "https://green.example.com/",
            "haproxy.org/request-redirect": "green.example.com",
            "cert-manager.io/common-name": "green.example.com",
            "example.com/permanent-redirect": "https://shop.example.com",
        })
    );
}

#[test]
fn hosts_are_found_wherever_a_kind_of_routes_has_them() {
    for (api_version, kind, spec, replaced) in [
        (
            "traefik.io/v1alpha1",
            "Middleware",
            json!({ "redirectRegex": { "regex": "^http://shop\\.example\\.com/(.*)", "replacement": "https://shop.example.com/${1}" } }),
            2,
        ),
        (
            "traefik.io/v1alpha1",
            "Middleware",
            json!({ "forwardAuth": { "address": "https://shop.example.com/auth" } }),
            1,
        ),
        ("traefik.io/v1alpha1", "Middleware", json!({ "redirectScheme": { "scheme": "https" } }), 0),
        (
            "traefik.containo.us/v1alpha1",
            "IngressRouteTCP",
            json!({ "routes": [{ "match": "HostSNI(`shop.example.com`)" }] }),
            1,
        ),
        (
            "gateway.networking.k8s.io/v1beta1",
            "HTTPRoute",
            json!({ "hostnames": ["shop.example.com"], "rules": [{ "filters": [{ "requestRedirect": { "hostname": "shop.example.com" } }] }] }),
            2,
        ),
        ("gateway.networking.k8s.io/v1alpha2", "TLSRoute", json!({ "hostnames": ["shop.example.com"] }), 1),
        (
            "gateway.networking.k8s.io/v1",
            "ListenerSet",
            json!({ "listeners": [{ "hostname": "shop.example.com" }] }),
            1,
        ),
        (
            "gateway.networking.x-k8s.io/v1alpha1",
            "XListenerSet",
            json!({ "listeners": [{ "hostname": "shop.example.com" }] }),
            1,
        ),
        ("projectcontour.io/v1", "HTTPProxy", json!({ "virtualhost": { "fqdn": "shop.example.com" } }), 1),
        ("networking.istio.io/v1", "VirtualService", json!({ "hosts": ["shop.example.com"] }), 1),
        ("networking.istio.io/v1beta1", "Gateway", json!({ "servers": [{ "hosts": ["shop/shop.example.com"] }] }), 1),
        ("k8s.nginx.org/v1", "VirtualServer", json!({ "host": "shop.example.com" }), 1),
        ("route.openshift.io/v1", "Route", json!({ "host": "shop.example.com" }), 1),
        ("configuration.konghq.com/v1beta1", "TCPIngress", json!({ "rules": [{ "host": "shop.example.com" }] }), 1),
        ("apisix.apache.org/v2", "ApisixRoute", json!({ "http": [{ "match": { "hosts": ["shop.example.com"] } }] }), 1),
        ("gateway.solo.io/v1", "VirtualService", json!({ "virtualHost": { "domains": ["shop.example.com"] } }), 1),
        ("getambassador.io/v3alpha1", "Mapping", json!({ "hostname": "shop.example.com" }), 1),
        ("getambassador.io/v3alpha1", "Host", json!({ "hostname": "shop.example.com" }), 1),
        ("zalando.org/v1", "RouteGroup", json!({ "hosts": ["shop.example.com"] }), 1),
        (
            "gateway.envoyproxy.io/v1alpha1",
            "SecurityPolicy",
            json!({ "oidc": { "redirectURL": "https://shop.example.com/oauth2/callback" } }),
            1,
        ),
    ] {
        let value = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "r" }, "spec": spec });
        let (found, value) = rewritten(value);
        assert_eq!(found, replaced, "{kind} {value}");
        assert!(!value.to_string().contains("shop.example.com"), "{value}");
    }
}

#[test]
fn a_route_without_a_host_answers_under_any() {
    let any = |api_version: &str, kind: &str, spec: Value| {
        let value = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "r" }, "spec": spec });
        answers_any(&Object::new(1, 1, value).unwrap())
    };
    let (ingress, gateway) = ("networking.k8s.io/v1", "gateway.networking.k8s.io/v1");
    assert!(any(ingress, "Ingress", json!({ "rules": [{ "host": "a" }, { "http": {} }] })));
    assert!(any(ingress, "Ingress", json!({ "defaultBackend": {} })));
    assert!(!any(ingress, "Ingress", json!({ "rules": [{ "host": "a" }] })));
    assert!(any(gateway, "HTTPRoute", json!({ "parentRefs": [] })));
    assert!(
        !any(gateway, "Gateway", json!({ "listeners": [{ "name": "any" }] })),
        "a listener answers nothing by itself"
    );
    assert!(any("traefik.io/v1alpha1", "IngressRoute", json!({ "routes": [{ "match": "Path(`/`)" }] })));
    assert!(any("zalando.org/v1", "RouteGroup", json!({})));
    assert!(!any("zalando.org/v1", "RouteGroup", json!({ "hosts": ["a"] })));
    assert!(any("getambassador.io/v3alpha1", "Mapping", json!({ "hostname": "*", "prefix": "/" })));
    assert!(!any("getambassador.io/v3alpha1", "Mapping", json!({ "hostname": "a", "prefix": "/" })));
    assert!(any("apisix.apache.org/v2", "ApisixRoute", json!({ "http": [{ "match": { "paths": ["/*"] } }] })));
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

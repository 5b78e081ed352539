//! Where the objects that bring traffic have host names, one row a kind. A path's `[]` is every item of a list.

use crate::object::{ObjectId, is_of};

/// How a route reads the wildcards of its hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wildcard {
    /// One label (<https://kubernetes.io/docs/concepts/services-networking/ingress/#hostname-wildcards>).
    OneLabel,
    /// Any number of labels (<https://gateway-api.sigs.k8s.io/reference/spec/#hostname>).
    Labels,
}

/// A kind of objects with host names.
pub(super) struct Routes {
    of: (&'static str, &'static [&'static str]),
    /// How its wildcards are read.
    pub(super) wildcard: Wildcard,
    /// The hosts under which it answers.
    pub(super) hosts: &'static [&'static str],
    /// Rules of Traefik.
    pub(super) rules: &'static [&'static str],
    /// Hosts within a text, such as a URL: it answers under none of them, and sends callers there.
    pub(super) texts: &'static [&'static str],
    /// Where a route attaches to listeners, whose hosts its own must match.
    pub(super) parents: bool,
    /// Whether its own hosts are listeners' and no route's.
    pub(super) listens: bool,
}

impl Routes {
    /// Whether objects of this kind answer requests.
    pub(super) const fn answers(&self) -> bool {
        (!self.hosts.is_empty() || !self.rules.is_empty()) && !self.listens
    }
}

const NOTHING: Routes = Routes {
    of: ("", &[]),
    wildcard: Wildcard::Labels,
    hosts: &[],
    rules: &[],
    texts: &[],
    parents: false,
    listens: false,
};

static ROUTES: [Routes; 22] = [
    Routes {
        of: ("networking.k8s.io", &["Ingress"]),
        wildcard: Wildcard::OneLabel,
        hosts: &["spec.rules[].host", "spec.tls[].hosts[]"],
        ..NOTHING
    },
    Routes {
        of: ("extensions", &["Ingress"]),
        wildcard: Wildcard::OneLabel,
        hosts: &["spec.rules[].host", "spec.tls[].hosts[]"],
        ..NOTHING
    },
    // https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/ingressroute/
    Routes { of: ("traefik.io", ROUTE), hosts: TRAEFIK_TLS, rules: &["spec.routes[].match"], ..NOTHING },
    Routes { of: ("traefik.containo.us", ROUTE), hosts: TRAEFIK_TLS, rules: &["spec.routes[].match"], ..NOTHING },
    // https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/overview/
    Routes { of: ("traefik.io", &["Middleware"]), texts: MIDDLEWARE, ..NOTHING },
    Routes { of: ("traefik.containo.us", &["Middleware"]), texts: MIDDLEWARE, ..NOTHING },
    // https://gateway-api.sigs.k8s.io/reference/spec/, in every version of the group
    Routes {
        of: ("gateway.networking.k8s.io", &["GRPCRoute", "HTTPRoute", "TLSRoute"]),
        hosts: &["spec.hostnames[]"],
        texts: &[
            "spec.rules[].filters[].requestRedirect.hostname",
            "spec.rules[].backendRefs[].filters[].requestRedirect.hostname",
            "spec.rules[].filters[].cors.allowOrigins[]",
        ],
        parents: true,
        ..NOTHING
    },
    Routes {
        of: ("gateway.networking.k8s.io", &["Gateway", "ListenerSet"]),
        hosts: &["spec.listeners[].hostname"],
        listens: true,
        ..NOTHING
    },
    // Before version 1.5 of the Gateway API
    Routes {
        of: ("gateway.networking.x-k8s.io", &["XListenerSet"]),
        hosts: &["spec.listeners[].hostname"],
        listens: true,
        ..NOTHING
    },
    // https://projectcontour.io/docs/main/config/api/
    Routes {
        of: ("projectcontour.io", &["HTTPProxy"]),
        hosts: &["spec.virtualhost.fqdn"],
        texts: &["spec.virtualhost.corsPolicy.allowOrigin[]", "spec.routes[].requestRedirectPolicy.hostname"],
        ..NOTHING
    },
    // https://istio.io/latest/docs/reference/config/networking/virtual-service/ and gateway/, whose hosts may stand behind a namespace
    Routes {
        of: ("networking.istio.io", &["VirtualService"]),
        hosts: &["spec.hosts[]"],
        texts: &["spec.http[].redirect.authority", "spec.http[].corsPolicy.allowOrigins[].exact"],
        ..NOTHING
    },
    Routes { of: ("networking.istio.io", &["Gateway"]), texts: &["spec.servers[].hosts[]"], ..NOTHING },
    // https://docs.nginx.com/nginx-ingress-controller/configuration/virtualserver-and-virtualserverroute-resources/
    Routes {
        of: ("k8s.nginx.org", &["TransportServer", "VirtualServer", "VirtualServerRoute"]),
        hosts: &["spec.host"],
        ..NOTHING
    },
    // https://docs.redhat.com/en/documentation/openshift_container_platform/latest/html/network_apis/route-route-openshift-io-v1
    Routes { of: ("route.openshift.io", &["Route"]), hosts: &["spec.host"], ..NOTHING },
    // https://developer.konghq.com/kubernetes-ingress-controller/reference/custom-resources/#tcpingress
    Routes {
        of: ("configuration.konghq.com", &["TCPIngress"]),
        hosts: &["spec.rules[].host", "spec.tls[].hosts[]"],
        ..NOTHING
    },
    // https://apisix.apache.org/docs/ingress-controller/reference/api-reference/
    Routes { of: ("apisix.apache.org", &["ApisixRoute"]), hosts: &["spec.http[].match.hosts[]"], ..NOTHING },
    Routes { of: ("apisix.apache.org", &["ApisixTls"]), hosts: &["spec.hosts[]"], listens: true, ..NOTHING },
    // https://docs.solo.io/gloo-edge/latest/reference/api/github.com/solo-io/gloo/projects/gateway/api/v1/virtual_service.proto.sk/
    Routes { of: ("gateway.solo.io", &["VirtualService"]), hosts: &["spec.virtualHost.domains[]"], ..NOTHING },
    // https://www.getambassador.io/docs/emissary/latest/topics/using/intro-mappings and topics/running/host-crd
    Routes { of: ("getambassador.io", &["Mapping"]), hosts: &["spec.hostname", "spec.host"], ..NOTHING },
    Routes { of: ("getambassador.io", &["Host"]), hosts: &["spec.hostname"], listens: true, ..NOTHING },
    // https://opensource.zalando.com/skipper/kubernetes/routegroups/
    Routes { of: ("zalando.org", &["RouteGroup"]), hosts: &["spec.hosts[]"], ..NOTHING },
    // https://gateway.envoyproxy.io/docs/api/extension_types/#securitypolicyspec
    Routes {
        of: ("gateway.envoyproxy.io", &["SecurityPolicy"]),
        texts: &["spec.cors.allowOrigins[]", "spec.oidc.redirectURL"],
        ..NOTHING
    },
];

const ROUTE: &[&str] = &["IngressRoute", "IngressRouteTCP"];
const TRAEFIK_TLS: &[&str] = &["spec.tls.domains[].main", "spec.tls.domains[].sans[]"];
const MIDDLEWARE: &[&str] = &[
    "spec.redirectRegex.regex",
    "spec.redirectRegex.replacement",
    "spec.forwardAuth.address",
    "spec.forwardAuth.authSigninURL",
    "spec.headers.accessControlAllowOriginList[]",
    "spec.headers.accessControlAllowOriginListRegex[]",
    "spec.headers.allowedHosts[]",
    "spec.headers.sslHost",
];

/// The kind of routes that an object is.
pub(super) fn of(id: &ObjectId) -> Option<&'static Routes> {
    ROUTES.iter().find(|routes| is_of(routes.of, id.group(), &id.kind))
}

/// The prefixes of the annotations of controllers of Ingresses (<https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/>,
/// <https://haproxy-ingress.github.io/docs/configuration/keys/>,
/// <https://docs.nginx.com/nginx-ingress-controller/configuration/ingress-resources/advanced-configuration-with-annotations/>,
/// <https://www.haproxy.com/documentation/kubernetes-ingress/community/configuration-reference/ingress/>,
/// <https://developer.konghq.com/kubernetes-ingress-controller/reference/annotations/>).
const PREFIXES: [&str; 7] = [
    "nginx.ingress.kubernetes.io/",
    "haproxy-ingress.github.io/",
    "ingress.kubernetes.io/",
    "nginx.org/",
    "nginx.com/",
    "haproxy.org/",
    "konghq.com/",
];

/// What an annotation of an Ingress holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// Hosts under which it answers, split by commas; what begins with a tilde is a pattern of nginx.
    Hosts,
    /// A regular expression by which it answers.
    Pattern,
    /// Hosts within a text.
    Text,
}

/// Annotations whose hosts are in a text: where callers are sent, who may call, to whom cookies are given, and pieces of nginx's
/// configuration. What a backend is told, such as `upstream-vhost`, stays: it knows its public name only.
const TEXTS: [&str; 25] = [
    "app-root",
    "auth-request-redirect",
    "auth-signin",
    "auth-snippet",
    "auth-tls-error-page",
    "auth-url",
    "backend-config-snippet",
    "config-backend",
    "configuration-snippet",
    "cors-allow-origin",
    "jwt-login-url",
    "location-snippets",
    "modsecurity-snippet",
    "permanent-redirect",
    "proxy-cookie-domain",
    "proxy-redirect-from",
    "proxy-redirect-to",
    "redirect-to",
    "request-redirect",
    "server-snippet",
    "server-snippets",
    "session-cookie-domain",
    "sticky-cookie-services",
    "stream-snippet",
    "temporal-redirect",
];

/// What this annotation of an Ingress holds, where it holds hosts.
pub(super) fn annotation(name: &str) -> Option<Holds> {
    // `router.tls.domains.<n>.main` and `.sans`: https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/ingress/
    if name.starts_with("traefik.ingress.kubernetes.io/router.tls.domains.") {
        return Some(Holds::Hosts);
    }
    // https://cert-manager.io/docs/usage/ingress/#supported-annotations: what the certificate is ordered for beside the hosts of `tls`
    if matches!(name, "cert-manager.io/common-name" | "cert-manager.io/alt-names") {
        return Some(Holds::Text);
    }
    let name = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix))?;
    match name {
        "server-alias" | "redirect-from" | "host-aliases" => Some(Holds::Hosts),
        "server-alias-regex" | "redirect-from-regex" => Some(Holds::Pattern),
        _ => TEXTS.contains(&name).then_some(Holds::Text),
    }
}

//! The request to the backend of an HTTP API's integration.
//!
//! "For private integrations, API Gateway includes the stage portion of the API endpoint in the request to your backend resources"
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-private.html>), unless the stage is `$default`
//! or a parameter mapping overwrites the path. To a private backend goes the `Host` of the client's request, which AWS's pages do not say:
//! a listener's ARN has none, and whoever routes by host names behind it maps `overwrite:header.host`
//! (aws-controllers-k8s/community#1803, <https://capralifecycle.github.io/liflig-cdk/types/apigw.AlbIntegrationProps.html>). To another it is
//! that of the integration's URI.

use bytes::Bytes;
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Uri};
use http_body_util::Full;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::routing::Found;
use crate::apigateway::{HttpIntegration, HttpRelease};
use crate::proxy::remove_hop_by_hop;
use crate::query;

/// A request on its way to the integration.
pub(crate) struct Context<'request> {
    pub(crate) request_id: &'request str,
    pub(crate) release: &'request HttpRelease,
    pub(crate) parts: &'request Parts,
    /// The path below the stage.
    pub(crate) path: &'request str,
    pub(crate) route: &'request Found<'request>,
}

/// Where a request goes.
pub(crate) enum Target {
    /// To the listener with this ARN.
    Listener(String),
    /// To this host and port.
    Host(String, u16),
}

/// A request to a backend.
pub(crate) struct Call {
    pub(crate) request: http::Request<Full<Bytes>>,
    pub(crate) target: Target,
}

/// Builds the request; nothing where the integration cannot be called, or not here.
pub(crate) fn build(integration: &HttpIntegration, context: &Context<'_>, body: Bytes) -> Option<Call> {
    let uri = context.stage_variables(integration.integration_uri.as_deref()?);
    let mut headers = context.parts.headers.clone();
    remove_hop_by_hop(&mut headers);
    headers.remove(http::header::CONTENT_LENGTH);
    let (target, mut path) = if integration.is_private() {
        if !uri.contains(":listener/") {
            tracing::warn!("services of Cloud Map are not simulated");
            return None;
        }
        let of_default = context.release.stage == "$default";
        let stage = if of_default { String::new() } else { format!("/{}", context.release.stage) };
        (Target::Listener(uri), format!("{stage}{}", context.path))
    } else {
        let uri: Uri = context.filled(&uri)?.parse().ok().filter(|uri: &Uri| uri.scheme_str() == Some("http"))?;
        let authority = uri.authority()?;
        headers.insert(HOST, HeaderValue::from_str(authority.as_str()).ok()?);
        // "When the `$default` route receives a request, API Gateway sends the full request path to the integration."
        let of_default = context.route.route.route_key == "$default";
        let path = if of_default {
            format!("{}{}", uri.path().trim_end_matches('/'), context.path)
        } else {
            uri.path().to_owned()
        };
        (Target::Host(authority.host().to_owned(), authority.port_u16().unwrap_or(80)), path)
    };
    add_gateway_headers(&mut headers, context);
    let mut query: Vec<(String, String)> =
        form_urlencoded::parse(context.parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let asked = context.parts.uri.query().map(str::to_owned);
    let unmapped = query.clone();
    for (parameter, source) in &integration.request_parameters {
        let (action, place) = parameter.split_once(':')?;
        let Some(value) = context.value(source).or_else(|| (action == "remove").then(String::new)) else { continue };
        match (action, place.split_once('.')) {
            ("overwrite", None) => path = value,
            (_, Some(("header", name))) => map_header(&mut headers, action, name, &value)?,
            (_, Some(("querystring", name))) => {
                if action != "append" {
                    query.retain(|(known, _)| known != name);
                }
                if action != "remove" {
                    query.push((name.to_owned(), value));
                }
            }
            _ => return None,
        }
    }
    let query = if query == unmapped { asked } else { Some(encoded(&query)) };
    let query = query.filter(|query| !query.is_empty()).map(|query| format!("?{query}")).unwrap_or_default();
    let mut request = http::Request::new(Full::new(body));
    *request.uri_mut() = format!("http://backend{path}{query}").parse().ok()?;
    *request.method_mut() = match integration.integration_method.as_deref() {
        None | Some("ANY") => context.parts.method.clone(),
        Some(method) => Method::from_bytes(method.as_bytes()).ok()?,
    };
    *request.headers_mut() = headers;
    Some(Call { request, target })
}

fn map_header(headers: &mut HeaderMap, action: &str, name: &str, value: &str) -> Option<()> {
    let name = HeaderName::try_from(name).ok()?;
    match action {
        "append" => drop(headers.append(name, HeaderValue::from_str(value).ok()?)),
        "overwrite" => drop(headers.insert(name, HeaderValue::from_str(value).ok()?)),
        _ => drop(headers.remove(name)),
    }
    Some(())
}

fn encoded(pairs: &[(String, String)]) -> String {
    let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The headers that API Gateway adds to every request.
fn add_gateway_headers(headers: &mut HeaderMap, context: &Context<'_>) {
    let host = context.parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let client = match headers.get("x-forwarded-for").and_then(|known| known.to_str().ok()) {
        Some(known) => format!("{known}, 127.0.0.1"),
        None => "127.0.0.1".to_owned(),
    };
    for (name, value) in [
        ("forwarded", format!("by=127.0.0.1;for=127.0.0.1;host={host};proto=https")),
        ("via", "HTTP/1.1 AmazonAPIGateway".to_owned()),
        ("x-amzn-trace-id", format!("Root=1-{}", context.request_id)),
        ("x-forwarded-for", client),
        ("x-forwarded-port", "443".to_owned()),
        ("x-forwarded-proto", "https".to_owned()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

impl Context<'_> {
    /// The value of a mapping: a static text, one variable such as `$request.path.id`, or a text with several as `${request.path.id}`.
    fn value(&self, source: &str) -> Option<String> {
        if let Some(name) = source.strip_prefix('$').filter(|name| !name.starts_with('{')) {
            return self.variable(name);
        }
        let mut value = String::with_capacity(source.len());
        let mut rest = source;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}')?;
            value.push_str(before);
            value.push_str(&self.variable(name)?);
            rest = after;
        }
        value.push_str(rest);
        Some(value)
    }

    fn variable(&self, name: &str) -> Option<String> {
        if name == "request.path" {
            return Some(self.path.to_owned());
        }
        if let Some(name) = name.strip_prefix("request.path.") {
            return self.route.parameters.get(name).cloned();
        }
        if let Some(name) = name.strip_prefix("request.querystring.") {
            return query::value(self.parts.uri.query()?, name);
        }
        if let Some(name) = name.strip_prefix("request.header.") {
            return Some(self.parts.headers.get(name)?.to_str().ok()?.to_owned());
        }
        if let Some(name) = name.strip_prefix("stageVariables.") {
            return self.release.variables.get(name).cloned();
        }
        Some(match name.strip_prefix("context.")? {
            "requestId" => self.request_id.to_owned(),
            "apiId" => self.release.api.clone(),
            "stage" => self.release.stage.clone(),
            "deploymentId" => self.release.deployment.clone(),
            "httpMethod" => self.parts.method.to_string(),
            "routeKey" => self.route.route.route_key.clone(),
            _ => return None,
        })
    }

    /// Replaces every `${stageVariables.name}`.
    fn stage_variables(&self, text: &str) -> String {
        let named = self.release.variables.iter();
        named.fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{stageVariables.{name}}}"), value))
    }

    /// Fills in the `{name}` places of a URI.
    fn filled(&self, template: &str) -> Option<String> {
        let mut filled = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}')?;
            filled.push_str(before);
            filled.push_str(self.route.parameters.get(name.trim_end_matches('+'))?);
            rest = after;
        }
        filled.push_str(rest);
        Some(filled)
    }
}

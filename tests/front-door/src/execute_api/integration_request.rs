//! The request to an HTTP backend.
//!
//! `HTTP_PROXY` forwards method, headers, query and body; `HTTP` forwards the body and mapped parameters. The URI's host becomes
//! the `Host` header, also for private integrations, which do not use it for routing. See "Set up HTTP integrations".

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Uri};
use http_body_util::Full;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::gateway_response::GatewayResponseType as Kind;
use super::mapping::Context;
use crate::apigateway::Integration;
use crate::proxy::remove_hop_by_hop;

/// A request to a backend, with host and port of its URI.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) request: http::Request<Full<Bytes>>,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Mapped request parameters by location.
#[derive(Default)]
struct Mapped {
    path: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
}

/// Builds the request.
pub(crate) fn build(integration: &Integration, context: &Context<'_>, body: Bytes) -> Result<Call, Kind> {
    let mapped = map(integration, context);
    let template = context.stage_variables(integration.uri.as_deref().unwrap_or_default());
    let proxies = integration.kind == "HTTP_PROXY";
    let uri: Uri = with_query(fill(&template, &mapped.path)?, &mapped.query, context, proxies)
        .parse()
        .map_err(|_| Kind::ApiConfigurationError)?;
    let authority = uri.authority().ok_or(Kind::ApiConfigurationError)?;
    if uri.scheme_str() != Some("http") {
        tracing::warn!("TLS towards backends is not simulated");
        return Err(Kind::ApiConfigurationError);
    }
    let (host, port) = (authority.host().to_owned(), authority.port_u16().unwrap_or(80));
    let mut headers = if proxies { context.parts.headers.clone() } else { content_headers(&context.parts.headers) };
    remove_hop_by_hop(&mut headers);
    headers.remove(http::header::CONTENT_LENGTH);
    headers.insert(HOST, HeaderValue::from_str(authority.as_str()).map_err(|_| Kind::ApiConfigurationError)?);
    add_gateway_headers(&mut headers, context);
    for (name, value) in mapped.headers {
        let name = HeaderName::try_from(name).map_err(|_| Kind::ApiConfigurationError)?;
        headers.insert(name, HeaderValue::try_from(value).map_err(|_| Kind::ApiConfigurationError)?);
    }
    let method = match integration.http_method.as_deref() {
        None | Some("ANY") => context.parts.method.clone(),
        Some(method) => Method::from_bytes(method.as_bytes()).map_err(|_| Kind::ApiConfigurationError)?,
    };
    let mut request = http::Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(Call { request, host, port })
}

fn map(integration: &Integration, context: &Context<'_>) -> Mapped {
    let mut mapped = Mapped::default();
    for (target, source) in integration.request_parameters.iter().flatten() {
        let Some(value) = context.value(source) else { continue };
        let Some((place, name)) = target.strip_prefix("integration.request.").and_then(|target| target.split_once('.'))
        else {
            continue;
        };
        let entries = match place {
            "path" => &mut mapped.path,
            "querystring" => &mut mapped.query,
            "header" => &mut mapped.headers,
            _ => continue,
        };
        entries.insert(name.to_owned(), value);
    }
    mapped
}

/// Fills in the `{name}` and `{name+}` placeholders of a URI; one without a mapping is a configuration error.
fn fill(template: &str, values: &BTreeMap<String, String>) -> Result<String, Kind> {
    let mut filled = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or(Kind::ApiConfigurationError)?;
        filled.push_str(before);
        filled.push_str(values.get(name.trim_end_matches('+')).ok_or(Kind::ApiConfigurationError)?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn with_query(mut uri: String, mapped: &BTreeMap<String, String>, context: &Context<'_>, proxies: bool) -> String {
    let passed = context.parts.uri.query().filter(|query| proxies && !query.is_empty());
    let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let mapped = mapped.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    for pair in passed.map(str::to_owned).into_iter().chain(mapped) {
        uri.push(if uri.contains('?') { '&' } else { '?' });
        uri.push_str(&pair);
    }
    uri
}

fn content_headers(headers: &HeaderMap) -> HeaderMap {
    [CONTENT_TYPE, ACCEPT].into_iter().filter_map(|name| Some((name.clone(), headers.get(&name)?.clone()))).collect()
}

/// The headers that API Gateway adds to every request.
fn add_gateway_headers(headers: &mut HeaderMap, context: &Context<'_>) {
    headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
    headers.insert("x-forwarded-port", HeaderValue::from_static("443"));
    let client = match headers.get("x-forwarded-for").and_then(|known| known.to_str().ok()) {
        Some(known) => format!("{known}, 127.0.0.1"),
        None => "127.0.0.1".to_owned(),
    };
    let trace = format!("Root=1-{}", context.request_id);
    for (name, value) in [
        ("x-forwarded-for", client),
        ("x-amzn-apigateway-api-id", context.release.api.clone()),
        ("x-amzn-trace-id", trace),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_of_a_uri_are_filled_as_they_stand() {
        let values = BTreeMap::from([("proxy".to_owned(), "a%20b/c".to_owned())]);
        assert_eq!(fill("http://shop/{proxy}", &values), Ok("http://shop/a%20b/c".to_owned()));
        assert_eq!(fill("http://shop/{proxy+}", &values), Ok("http://shop/a%20b/c".to_owned()));
    }

    #[test]
    fn a_place_that_nothing_maps_is_a_configuration_error() {
        assert_eq!(fill("http://shop/{id}", &BTreeMap::new()), Err(Kind::ApiConfigurationError));
    }
}

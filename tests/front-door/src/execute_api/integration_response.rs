//! Maps the backend's response to the method's response.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue, SERVER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};

use super::gateway_response::GatewayResponseType as Kind;
use super::mapping::Context;
use crate::apigateway::{Integration, IntegrationResponse, Method};
use crate::proxy::remove_hop_by_hop;

/// Response headers that API Gateway renames ("Amazon API Gateway important notes").
const REMAPPED: [HeaderName; 3] = [DATE, SERVER, WWW_AUTHENTICATE];

/// `HTTP_PROXY`: the backend's response, with some headers renamed.
pub(crate) fn proxied(mut response: http::Response<Bytes>) -> http::Response<Bytes> {
    let headers = response.headers_mut();
    remove_hop_by_hop(headers);
    headers.remove(CONTENT_LENGTH);
    for name in REMAPPED {
        if let Some(value) = headers.remove(&name)
            && let Ok(renamed) = HeaderName::try_from(format!("x-amzn-remapped-{name}"))
        {
            headers.insert(renamed, value);
        }
    }
    response
}

/// `MOCK`: the request template gives a status code, which selects the integration response.
pub(crate) fn mock(
    integration: &Integration,
    method: &Method,
    context: &Context<'_>,
) -> Result<http::Response<Bytes>, Kind> {
    let templates = integration.request_templates.as_ref().ok_or(Kind::ApiConfigurationError)?;
    let template = templates.get("application/json").or_else(|| templates.values().next()).cloned().flatten();
    let rendered = template.and_then(|template| context.template(&template)).ok_or(Kind::ApiConfigurationError)?;
    let rendered: serde_json::Value = serde_json::from_str(&rendered).map_err(|_| Kind::ApiConfigurationError)?;
    let status = rendered["statusCode"].as_u64().ok_or(Kind::ApiConfigurationError)?;
    map(integration, method, context, &status.to_string(), &HeaderMap::new(), Bytes::new())
}

/// `HTTP`: the integration response whose pattern matches the backend's status, or the one without a pattern.
pub(crate) fn mapped(
    integration: &Integration,
    method: &Method,
    context: &Context<'_>,
    response: http::Response<Bytes>,
) -> Result<http::Response<Bytes>, Kind> {
    let (parts, body) = response.into_parts();
    map(integration, method, context, parts.status.as_str(), &parts.headers, body)
}

fn map(
    integration: &Integration,
    method: &Method,
    context: &Context<'_>,
    backend_status: &str,
    backend_headers: &HeaderMap,
    backend_body: Bytes,
) -> Result<http::Response<Bytes>, Kind> {
    let response = choose(integration, backend_status).ok_or(Kind::ApiConfigurationError)?;
    if !method.method_responses.contains_key(&response.status_code) && integration.kind != "MOCK" {
        return Err(Kind::ApiConfigurationError);
    }
    let template = response.response_templates.as_ref().and_then(|templates| templates.get("application/json"));
    let body = match template {
        Some(template) => Bytes::from(context.template(template).ok_or(Kind::ApiConfigurationError)?),
        None => backend_body,
    };
    let mut answer = http::Response::new(body);
    *answer.status_mut() = response.status_code.parse::<StatusCode>().map_err(|_| Kind::ApiConfigurationError)?;
    let content_type = backend_headers.get(CONTENT_TYPE).filter(|_| template.is_none()).cloned();
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(CONTENT_TYPE, content_type.unwrap_or(json));
    for (target, source) in response.response_parameters.iter().flatten() {
        let value = match source.strip_prefix("integration.response.header.") {
            Some(name) => backend_headers.get(name).cloned(),
            None => context.value(source).and_then(|value| HeaderValue::try_from(value).ok()),
        };
        let name = target.strip_prefix("method.response.header.").and_then(|name| HeaderName::try_from(name).ok());
        if let (Some(name), Some(value)) = (name, value) {
            answer.headers_mut().insert(name, value);
        }
    }
    Ok(answer)
}

fn choose<'api>(integration: &'api Integration, status: &str) -> Option<&'api IntegrationResponse> {
    let responses = integration.integration_responses.as_ref()?;
    let matching = responses.values().find(|response| {
        response.selection_pattern.as_deref().is_some_and(|pattern| !pattern.is_empty() && matches(pattern, status))
    });
    matching.or_else(|| {
        responses.values().find(|response| response.selection_pattern.as_deref().unwrap_or_default().is_empty())
    })
}

/// Matches a status code against a pattern of digits, `\d`, `.`, `{n}` and alternatives with `|`.
fn matches(pattern: &str, status: &str) -> bool {
    pattern.split('|').any(|alternative| {
        let mut rest = status.chars();
        let mut pattern = alternative.chars().peekable();
        while let Some(letter) = pattern.next() {
            let any_digit = letter == '.' || (letter == '\\' && pattern.next() == Some('d'));
            let mut times = 1;
            if pattern.peek() == Some(&'{') {
                let count: String = pattern.by_ref().skip(1).take_while(|letter| *letter != '}').collect();
                times = count.parse().unwrap_or(1);
            }
            for _ in 0..times {
                match rest.next() {
                    Some(digit) if any_digit || digit == letter => {}
                    _ => return false,
                }
            }
        }
        rest.next().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_patterns_match_as_regular_expressions_would() {
        assert!(matches(r"5\d{2}", "503"));
        assert!(matches("404", "404"));
        assert!(matches("4..|5..", "500"));
        assert!(!matches(r"5\d{2}", "404"));
        assert!(!matches("40", "404"));
    }

    #[test]
    fn the_backends_server_and_date_are_renamed() {
        let mut response = http::Response::new(Bytes::new());
        response.headers_mut().insert(SERVER, HeaderValue::from_static("traefik"));
        let answer = proxied(response);
        assert_eq!(answer.headers()["x-amzn-remapped-server"], "traefik");
        assert!(!answer.headers().contains_key(SERVER));
    }
}

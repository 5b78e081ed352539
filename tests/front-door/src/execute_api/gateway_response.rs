//! API Gateway's own answers, with the gateway responses of the API.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, StatusCode};

use crate::apigateway::Configuration;

/// The gateway response types that this data plane sends ("Gateway response types for API Gateway").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GatewayResponseType {
    /// Host and path match no API, stage or base path mapping.
    AccessDenied,
    /// The configuration of the method is invalid or not simulated.
    ApiConfigurationError,
    /// The authorizer cannot be asked, or answers nothing of use.
    AuthorizerConfigurationError,
    /// The backend cannot be reached.
    IntegrationFailure,
    /// The backend did not answer in time.
    IntegrationTimeout,
    /// The API key is missing or not valid for this stage.
    InvalidApiKey,
    /// The path has no such method.
    MissingAuthenticationToken,
    /// The payload is over 10 MB.
    RequestTooLarge,
    /// Nothing identifies the caller to the authorizer.
    Unauthorized,
}

impl GatewayResponseType {
    /// Name, status, message, and error type of the answer.
    fn default_of(self) -> (&'static str, u16, &'static str, &'static str) {
        match self {
            Self::AccessDenied => ("ACCESS_DENIED", 403, "Forbidden", "ForbiddenException"),
            Self::ApiConfigurationError => {
                ("API_CONFIGURATION_ERROR", 500, "Internal server error", "InternalServerErrorException")
            }
            Self::AuthorizerConfigurationError => {
                ("AUTHORIZER_CONFIGURATION_ERROR", 500, "Internal server error", "AuthorizerConfigurationException")
            }
            Self::IntegrationFailure => (
                "INTEGRATION_FAILURE",
                504,
                "Network error communicating with endpoint",
                "InternalServerErrorException",
            ),
            Self::IntegrationTimeout => {
                ("INTEGRATION_TIMEOUT", 504, "Endpoint request timed out", "InternalServerErrorException")
            }
            Self::InvalidApiKey => ("INVALID_API_KEY", 403, "Forbidden", "ForbiddenException"),
            Self::MissingAuthenticationToken => (
                "MISSING_AUTHENTICATION_TOKEN",
                403,
                "Missing Authentication Token",
                "MissingAuthenticationTokenException",
            ),
            Self::Unauthorized => ("UNAUTHORIZED", 401, "Unauthorized", "UnauthorizedException"),
            Self::RequestTooLarge => ("REQUEST_TOO_LARGE", 413, "Request Too Long", "RequestTooLargeException"),
        }
    }
}

/// The answer of a type, changed by the deployment's gateway responses.
pub(crate) fn gateway_response(
    kind: GatewayResponseType,
    configuration: Option<&Configuration>,
) -> http::Response<Bytes> {
    let (name, status, message, error_type) = kind.default_of();
    let general = if status < 500 { "DEFAULT_4XX" } else { "DEFAULT_5XX" };
    let responses = configuration.map(|configuration| &configuration.gateway_responses);
    let changed = responses.and_then(|responses| responses.get(name).or_else(|| responses.get(general)));
    let template = changed.and_then(|response| response.response_templates.as_ref()?.get("application/json").cloned());
    let quoted = format!("\"{message}\"");
    let body = template
        .unwrap_or_else(|| "{\"message\":$context.error.messageString}".into())
        .replace("$context.error.messageString", &quoted)
        .replace("$context.error.message", message)
        .replace("$context.error.responseType", name);
    let mut response = http::Response::new(Bytes::from(body));
    let own = changed.and_then(|response| response.status_code.as_ref()?.parse::<u16>().ok());
    *response.status_mut() = StatusCode::from_u16(own.unwrap_or(status)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("x-amzn-errortype", HeaderValue::from_static(error_type));
    for (parameter, value) in changed.and_then(|response| response.response_parameters.as_ref()).into_iter().flatten() {
        let name = parameter.strip_prefix("gatewayresponse.header.").and_then(|name| HeaderName::try_from(name).ok());
        let value = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
        if let (Some(name), Some(Ok(value))) = (name, value.map(HeaderValue::from_str)) {
            headers.insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_without_a_method_answers_as_aws_does() {
        let response = gateway_response(GatewayResponseType::MissingAuthenticationToken, None);
        assert_eq!(response.status(), 403);
        assert_eq!(response.body().as_ref(), br#"{"message":"Missing Authentication Token"}"#);
    }

    #[test]
    fn a_timed_out_endpoint_is_a_504() {
        let response = gateway_response(GatewayResponseType::IntegrationTimeout, None);
        assert_eq!(response.status(), 504);
        assert_eq!(response.body().as_ref(), br#"{"message":"Endpoint request timed out"}"#);
    }
}

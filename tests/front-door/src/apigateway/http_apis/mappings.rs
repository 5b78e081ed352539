//! Parameter mappings of requests, "Transform API requests and responses for HTTP APIs"
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html>).

use std::collections::BTreeMap;

use crate::apigateway::error::{ApiError, Result};

/// The beginnings of names of headers that cannot be mapped, and whole names; "Reserved headers" of the same page.
const RESERVED_PREFIXES: [&str; 4] = ["access-control-", "apigw-", "x-amz-", "x-amzn-"];
const RESERVED: [&str; 18] = [
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-location",
    "forwarded",
    "keep-alive",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailers",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

/// Refuses mappings of what cannot be mapped.
pub(super) fn check(parameters: &BTreeMap<String, String>) -> Result<()> {
    for target in parameters.keys() {
        let (action, place) = target.split_once(':').unwrap_or_default();
        let name = place.split_once('.').map(|(_, name)| name.to_ascii_lowercase());
        match (action, place.split('.').next().unwrap_or_default(), name) {
            ("overwrite", "path", None) | ("append" | "overwrite" | "remove", "querystring", Some(_)) => {}
            ("append" | "overwrite" | "remove", "header", Some(name)) => {
                let prefixed = RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
                if prefixed || RESERVED.contains(&name.as_str()) {
                    return Err(ApiError::bad_request(format!("Operations on header {name} are restricted")));
                }
            }
            _ => return Err(ApiError::bad_request(format!("Invalid parameter mapping specified: {target}"))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(target: &str) -> bool {
        check(&BTreeMap::from([(target.to_owned(), "x".to_owned())])).is_ok()
    }

    #[test]
    fn the_host_may_be_mapped_and_reserved_headers_may_not() {
        assert!(checked("overwrite:header.Host") && checked("append:header.x-shop") && checked("overwrite:path"));
        assert!(checked("remove:querystring.debug"));
        for reserved in ["overwrite:header.Authorization", "append:header.x-amzn-trace-id", "remove:header.via"] {
            assert!(!checked(reserved), "{reserved}");
        }
        for unknown in ["append:path", "overwrite:body", "integration.request.path.id", "overwrite:header"] {
            assert!(!checked(unknown), "{unknown}");
        }
    }
}

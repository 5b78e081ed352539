//! The `SigV4` credential scope of a request: access key, region and service.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::query as parameters;

/// The credential of a `SigV4` (or `SigV4A`) signature, as in `AKID/20261122/eu-central-1/eks/aws4_request`.
///
/// See "Elements of an AWS API request signature" in the IAM user guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CredentialScope {
    /// The access key id, which is not secret.
    pub(crate) access_key_id: String,
    /// The region, empty for `SigV4A`, whose scope has none.
    pub(crate) region: String,
    /// The signing name of the service, such as `apigateway` or `elasticloadbalancing`.
    pub(crate) service: String,
}

/// The credential scope of a request: from its `Authorization` header, or from `X-Amz-Credential` of a presigned URL.
///
/// `None` for a request without a `SigV4` signature.
pub(crate) fn credential_scope(headers: &HeaderMap, query: Option<&str>) -> Option<CredentialScope> {
    from_header(headers).or_else(|| from_query(query?))
}

fn from_header(headers: &HeaderMap) -> Option<CredentialScope> {
    let authorization = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (algorithm, fields) = authorization.split_once(' ')?;
    if !algorithm.starts_with("AWS4-") {
        return None;
    }
    let credential = fields.split(',').find_map(|field| field.trim().strip_prefix("Credential="))?;
    parse(credential)
}

fn from_query(query: &str) -> Option<CredentialScope> {
    parse(&parameters::value(query, "X-Amz-Credential")?)
}

/// Parses from the end, since only the access key id may contain slashes.
fn parse(credential: &str) -> Option<CredentialScope> {
    let mut parts = credential.rsplit('/');
    if parts.next()? != "aws4_request" {
        return None;
    }
    let service = parts.next()?;
    let region_or_date = parts.next()?;
    let is_date = region_or_date.len() == 8 && region_or_date.bytes().all(|byte| byte.is_ascii_digit());
    let region = if is_date { "" } else { region_or_date };
    let access_key_id = if is_date { parts.next()? } else { parts.nth(1)? };
    (!service.is_empty() && !access_key_id.is_empty()).then(|| CredentialScope {
        access_key_id: access_key_id.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn signed(authorization: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(authorization))])
    }

    fn scope(access_key_id: &str, region: &str, service: &str) -> CredentialScope {
        CredentialScope { access_key_id: access_key_id.into(), region: region.into(), service: service.into() }
    }

    #[test]
    fn the_authorization_header_names_key_region_and_service() {
        let headers = signed(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=host;x-amz-date, Signature=5d67",
        );
        assert_eq!(credential_scope(&headers, None), Some(scope("AKIDEXAMPLE", "us-east-1", "iam")));
    }

    #[test]
    fn fields_without_spaces_between_them_are_read_too() {
        let headers =
            signed("AWS4-HMAC-SHA256 SignedHeaders=host,Credential=A/20150830/r/eks/aws4_request,Signature=1");
        assert_eq!(credential_scope(&headers, None), Some(scope("A", "r", "eks")));
    }

    #[test]
    fn a_presigned_url_carries_its_scope_in_the_query() {
        let query = "Action=GetCallerIdentity&X-Amz-Credential=ASIA%2F20261122%2Feu-central-1%2Fsts%2Faws4_request&X-Amz-Expires=60";
        assert_eq!(credential_scope(&HeaderMap::new(), Some(query)), Some(scope("ASIA", "eu-central-1", "sts")));
    }

    #[test]
    fn the_scope_of_sigv4a_has_no_region() {
        let headers =
            signed("AWS4-ECDSA-P256-SHA256 Credential=AKID/20261122/s3/aws4_request, SignedHeaders=host, Signature=1");
        assert_eq!(credential_scope(&headers, None), Some(scope("AKID", "", "s3")));
    }

    #[test]
    fn other_ways_of_authorization_have_no_scope() {
        assert_eq!(credential_scope(&signed("Bearer abc"), None), None);
        assert_eq!(credential_scope(&signed("AWS4-HMAC-SHA256 Credential=A/B/c"), None), None);
        assert_eq!(credential_scope(&HeaderMap::new(), Some("a=b")), None);
        assert_eq!(credential_scope(&HeaderMap::new(), None), None);
    }
}

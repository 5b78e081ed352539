//! EKS bearer tokens: `k8s-aws-v1.` and a presigned STS `GetCallerIdentity` URL in unpadded base64url.
//!
//! The checks are those that aws-iam-authenticator makes before it sends the URL to STS:
//! <https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/pkg/token/token.go>. One is stricter: the host must
//! be STS of the cluster's region, which <https://docs.aws.amazon.com/eks/latest/userguide/cluster-auth.html> tells clients to use.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};

const PREFIX: &str = "k8s-aws-v1.";
const LONGEST: usize = 4 * 1024;

/// Validity of a token after its X-Amz-Date, regardless of X-Amz-Expires.
const VALID: SignedDuration = SignedDuration::from_mins(15);

/// The header that binds a token to a cluster.
pub(crate) const CLUSTER_HEADER: &str = "x-k8s-aws-id";

const ALLOWED: [&str; 9] = [
    "action",
    "version",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
];

/// A presigned request that may be sent to STS.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Presigned {
    /// `sts.<region>.amazonaws.com`
    pub(crate) host: String,
    /// The signed path and query.
    pub(crate) path_and_query: String,
    /// The access key that signed it.
    pub(crate) access_key: String,
}

/// Decodes the presigned request in a token.
///
/// # Errors
/// The reason why the token is refused. It contains no part of the token.
pub(crate) fn decode(token: &str, region: &str, now: Timestamp) -> Result<Presigned, String> {
    if token.len() > LONGEST {
        return Err("token is too large".into());
    }
    let encoded = token.strip_prefix(PREFIX).ok_or_else(|| format!("token is missing expected {PREFIX:?} prefix"))?;
    let decoded = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| "token is not unpadded base64url")?;
    let url = String::from_utf8(decoded).map_err(|_| "token is not text")?;
    let rest = url.strip_prefix("https://").ok_or("unexpected scheme in pre-signed URL")?;
    let (host, path_and_query) = rest.split_at(rest.find('/').ok_or("unexpected path in pre-signed URL")?);
    if host != format!("sts.{region}.amazonaws.com") {
        return Err(format!("unexpected hostname {host:?} in pre-signed URL"));
    }
    let query = path_and_query.strip_prefix("/?").ok_or("unexpected path in pre-signed URL")?;
    let parameters = parameters(query)?;
    let parameter = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
    if parameter("action") != "GetCallerIdentity" {
        return Err("unexpected action parameter in pre-signed URL".into());
    }
    if !parameter("x-amz-signedheaders").split(';').any(|header| header.eq_ignore_ascii_case(CLUSTER_HEADER)) {
        return Err(format!("client did not sign the {CLUSTER_HEADER} header in the pre-signed URL"));
    }
    match parameter("x-amz-expires").parse::<i64>() {
        Ok(0..=900) => {}
        _ => return Err("invalid X-Amz-Expires parameter in pre-signed URL".into()),
    }
    let date = signed_at(parameter("x-amz-date")).ok_or("X-Amz-Date parameter must be a date in pre-signed URL")?;
    if now.duration_since(date) > VALID {
        return Err("X-Amz-Date parameter is expired (15 minute expiration)".into());
    }
    let access_key = parameter("x-amz-credential").split('/').next().unwrap_or_default().to_owned();
    Ok(Presigned { host: host.to_owned(), path_and_query: path_and_query.to_owned(), access_key })
}

/// The query parameters. Repeated parameters and those that a presigned `GetCallerIdentity` does not have are refused.
fn parameters(query: &str) -> Result<BTreeMap<String, String>, String> {
    let mut parameters = BTreeMap::new();
    for (key, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
        let key = key.to_ascii_lowercase();
        if !ALLOWED.contains(&key.as_str()) {
            return Err(format!("non-whitelisted query parameter {key:?}"));
        }
        if parameters.insert(key, value).is_some() {
            return Err("query parameter with multiple values not supported".into());
        }
    }
    Ok(parameters)
}

fn signed_at(date: &str) -> Option<Timestamp> {
    let civil = DateTime::strptime("%Y%m%dT%H%M%SZ", date).ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://sts.eu-central-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15\
        &X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20261122%2Feu-central-1%2Fsts%2Faws4_request\
        &X-Amz-Date=20261122T120000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=00";

    fn decoded(url: &str, now: &str) -> Result<Presigned, String> {
        let token = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(url));
        decode(&token, "eu-central-1", now.parse().unwrap())
    }

    #[test]
    fn a_presigned_get_caller_identity_with_the_cluster_header_is_accepted_for_15_minutes() {
        assert_eq!(decoded(URL, "2026-11-22T12:15:00Z").unwrap().access_key, "AKIA");
        assert!(decoded(URL, "2026-11-22T12:15:01Z").unwrap_err().contains("expired"));
    }

    #[test]
    fn other_hosts_actions_schemes_paths_and_parameters_are_refused() {
        for (part, other) in [
            ("sts.eu-central-1.", "sts.us-east-1."),
            ("sts.eu-central-1.amazonaws.com", "sts.amazonaws.com"),
            ("sts.eu-central-1.amazonaws.com", "evil.example"),
            ("GetCallerIdentity", "AssumeRole"),
            ("https://", "http://"),
            ("/?", "/x?"),
            ("host%3Bx-k8s-aws-id", "host"),
            ("X-Amz-Expires=60", "X-Amz-Expires=901"),
            ("X-Amz-Date=20261122T120000Z", "X-Amz-Date=yesterday"),
            ("Version=2011-06-15", "Version=2011-06-15&Extra=1"),
            ("Version=2011-06-15", "Version=2011-06-15&Version=1"),
        ] {
            let url = URL.replacen(part, other, 1);
            assert_ne!(url, URL);
            assert!(decoded(&url, "2026-11-22T12:00:01Z").is_err(), "{other}");
        }
    }

    #[test]
    fn a_padded_or_foreign_token_is_refused() {
        let now = "2026-11-22T12:00:01Z".parse().unwrap();
        assert!(decode("eyJhbGciOi", "eu-central-1", now).is_err());
        assert!(decode(&format!("{PREFIX}aGk="), "eu-central-1", now).is_err());
        assert!(decode(&format!("{PREFIX}{}", "a".repeat(5000)), "eu-central-1", now).is_err());
    }
}

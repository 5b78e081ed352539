//! A bearer token for an EKS cluster, as `aws eks get-token` makes it: a presigned `GetCallerIdentity` that the cluster's
//! aws-iam-authenticator sends to STS (<https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster>).

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::PhaseError;
use std::time::{Duration, SystemTime};

/// How long STS accepts the URL, as the AWS CLI asks. The token itself counts for 15 minutes from its date.
const EXPIRY: Duration = Duration::from_mins(1);

/// The header that binds the URL to one cluster; it must be signed.
const CLUSTER_HEADER: &str = "x-k8s-aws-id";

/// Mints a token for `cluster`. It is a secret for as long as it lives: never logged, never stored.
pub(super) fn mint(
    cluster: &str,
    region: &str,
    credentials: Credentials,
    now: SystemTime,
) -> Result<String, PhaseError> {
    // The causes are left out of the message: they might quote what was signed.
    presign(cluster, region, credentials, now)
        .map(|url| format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url)))
        .map_err(|_| PhaseError::refused(format!("the token for cluster {cluster} could not be signed")))
}

fn presign(
    cluster: &str,
    region: &str,
    credentials: Credentials,
    now: SystemTime,
) -> Result<String, Box<dyn std::error::Error>> {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(EXPIRY);
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("sts")
        .time(now)
        .settings(settings)
        .build()?
        .into();
    // China's regions have a domain of their own (https://docs.aws.amazon.com/general/latest/gr/sts.html).
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let url = format!("https://sts.{region}.{domain}/?Action=GetCallerIdentity&Version=2011-06-15");
    let headers = std::iter::once((CLUSTER_HEADER, cluster));
    let request = SignableRequest::new("GET", &url, headers, SignableBody::Bytes(&[]))?;
    let (instructions, _) = sign(request, &parameters)?.into_parts();
    let mut presigned = http::Request::get(&url).body(())?;
    instructions.apply_to_request_http1x(&mut presigned);
    Ok(presigned.uri().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> String {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", Some("session/token+".to_owned()), None, "test");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_763_800_000);
        let token = mint("shop-green", "eu-central-1", credentials, now).unwrap();
        let encoded = token.strip_prefix("k8s-aws-v1.").unwrap();
        assert!(!encoded.ends_with('='));
        String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap()
    }

    /// What `pkg/token/token.go` of aws-iam-authenticator checks before it sends the URL to STS.
    #[test]
    fn the_token_keeps_the_rules_of_aws_iam_authenticator() {
        let url = url();
        assert!(url.len() <= 4 * 1024, "the authenticator refuses longer tokens");
        let query = url.strip_prefix("https://sts.eu-central-1.amazonaws.com/?").unwrap();
        let parameters: Vec<(&str, &str)> = query.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
        let allowed = [
            "action",
            "version",
            "x-amz-algorithm",
            "x-amz-credential",
            "x-amz-date",
            "x-amz-expires",
            "x-amz-security-token",
            "x-amz-signature",
            "x-amz-signedheaders",
            "x-amz-user-agent",
        ];
        for (name, _) in &parameters {
            assert!(allowed.contains(&name.to_lowercase().as_str()), "{name}");
        }
        let of = |name: &str| parameters.iter().find(|(found, _)| *found == name).map(|(_, value)| *value);
        assert_eq!(of("Action"), Some("GetCallerIdentity"));
        assert_eq!(of("X-Amz-SignedHeaders"), Some("host%3Bx-k8s-aws-id"));
        assert_eq!(of("X-Amz-Expires"), Some("60"));
        assert_eq!(of("X-Amz-Date"), Some("20251122T082640Z"));
        assert_eq!(of("X-Amz-Credential"), Some("AKIDEXAMPLE%2F20251122%2Feu-central-1%2Fsts%2Faws4_request"));
        assert_eq!(of("X-Amz-Security-Token"), Some("session%2Ftoken%2B"));
    }

    #[test]
    fn another_cluster_makes_another_signature() {
        let credentials = || Credentials::new("A", "s", None, None, "test");
        let now = SystemTime::UNIX_EPOCH;
        let token = |cluster| mint(cluster, "cn-north-1", credentials(), now).unwrap();
        assert_ne!(token("blue"), token("green"));
        let url = URL_SAFE_NO_PAD.decode(token("blue").trim_start_matches("k8s-aws-v1.")).unwrap();
        assert!(url.starts_with(b"https://sts.cn-north-1.amazonaws.com.cn/?"));
    }
}

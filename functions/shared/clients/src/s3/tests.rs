//! Conversations with S3. Headers are those of <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>, errors those
//! of <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.

use crate::scenario::{Answer, Scenario, answer};
use domain::{Condition, ports::Manifests};

const URI: &str = "s3://my.bucket/shop/production v1.yaml";

const BUNDLE: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
kind: Service
metadata: {name: web}
";

fn served(version: &str) -> Answer {
    answer(200, BUNDLE)
        .header("ETag", "\"fba9dede5f27731c9771645a39863328\"")
        .header("Last-Modified", "Wed, 12 Oct 2009 17:50:00 GMT")
        .header("x-amz-version-id", version)
}

fn refused(status: u16, code: &str) -> Answer {
    answer(
        status,
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>no</Message>
<Resource>/mybucket/myfoto.jpg</Resource><RequestId>4442587FB7D0A2F9</RequestId></Error>"#
        ),
    )
}

#[tokio::test]
async fn a_bundle_is_read_by_path_with_its_version_and_what_is_wrong_with_it() {
    let scenario = Scenario::of([served("3HL4kqCxf3vjVBH40Nrjfkd"), served("null")]);
    let found = scenario.account.bundle(URI, None).await.unwrap().unwrap();
    assert_eq!(scenario.lines(), ["GET /my.bucket/shop/production%20v1.yaml?x-id=GetObject"]);
    assert_eq!(found.version.as_deref(), Some("3HL4kqCxf3vjVBH40Nrjfkd"));
    assert_eq!(found.etag, "fba9dede5f27731c9771645a39863328");
    // As `sha256sum` says.
    assert_eq!(found.digest, "8b75ba5c8ed922b347ddaf824640958723fc293ccdd82292a0c8dc30c730b2c1");
    assert_eq!(found.objects.iter().map(|object| object.id.to_string()).collect::<Vec<_>>(), ["Namespace/shop"]);
    assert_eq!(found.unreadable.len(), 1, "a Service without apiVersion: {:?}", found.unreadable);

    // Buckets that keep no versions say "null".
    assert_eq!(scenario.account.bundle(URI, None).await.unwrap().unwrap().version, None);
}

// The CRCs of the bundle by Python, bit by bit with the parameters of https://reveng.sourceforge.io/crc-catalogue/all.htm; zlib gives
// the first as well. S3 tells them where the SDK asks for it
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html#API_GetObject_ResponseSyntax).
#[tokio::test]
async fn a_bundle_that_differs_from_its_checksum_is_read_again() {
    for (header, sum) in [
        ("x-amz-checksum-crc32", "Ds5POg=="),
        ("x-amz-checksum-crc32c", "0yasjw=="),
        ("x-amz-checksum-crc64nvme", "Iqcy2uOXWdE="),
    ] {
        let changed = answer(200, BUNDLE.replace("web", "wob")).header(header, sum);
        let scenario = Scenario::of([served("null").header(header, sum), changed]);
        assert!(scenario.account.bundle(URI, None).await.unwrap().is_some(), "{header}");
        let error = scenario.account.bundle(URI, None).await.unwrap_err();
        assert_eq!(error.condition, Condition::Unavailable, "{header}: {error}");
        assert_eq!(scenario.headers("x-amz-checksum-mode"), ["ENABLED", "ENABLED"]);
    }
}

#[tokio::test]
async fn there_is_no_bundle_where_s3_finds_none_or_does_not_say() {
    for (status, code) in [(404, "NoSuchKey"), (404, "NoSuchBucket"), (404, "NoSuchVersion"), (403, "AccessDenied")] {
        let scenario = Scenario::of([refused(status, code)]);
        assert_eq!(scenario.account.bundle(URI, None).await, Ok(None), "{code}");
    }
    let scenario = Scenario::new(&[]);
    for uri in ["https://my.bucket/production.yaml", "s3://bucket-alone"] {
        assert_eq!(scenario.account.bundle(uri, None).await, Ok(None), "{uri}");
    }
    assert_eq!(scenario.lines(), [""; 0]);
}

#[tokio::test]
async fn an_s3_that_does_not_answer_is_no_missing_bundle() {
    for (status, code, condition) in [
        (503, "SlowDown", Condition::Unavailable),
        (500, "InternalError", Condition::Unavailable),
        (403, "InvalidObjectState", Condition::Refused),
    ] {
        let scenario = Scenario::of([refused(status, code)]);
        let error = scenario.account.bundle(URI, None).await.unwrap_err();
        assert_eq!((error.condition, error.message), (condition, format!("reading {URI}: {code}: no")));
    }
}

#[tokio::test]
async fn a_bundle_is_read_in_the_version_that_is_asked_for() {
    let scenario = Scenario::of([served("3HL4kqCxf3vjVBH40Nrjfkd")]);
    scenario.account.bundle(URI, Some("3HL4kqCxf3vjVBH40Nrjfkd")).await.unwrap().unwrap();
    assert_eq!(
        scenario.lines(),
        ["GET /my.bucket/shop/production%20v1.yaml?x-id=GetObject&versionId=3HL4kqCxf3vjVBH40Nrjfkd"]
    );
}

#[tokio::test]
async fn a_key_of_kms_that_may_not_be_used_is_named() {
    let message = "User: arn:aws:sts::1:assumed-role/bascule/x is not authorized to perform: kms:Decrypt on the resource associated with \
                   this ciphertext";
    let body = format!("<Error><Code>AccessDenied</Code><Message>{message}</Message><RequestId>1</RequestId></Error>");
    let scenario = Scenario::of([answer(403, body)]);
    let error = scenario.account.bundle(URI, None).await.unwrap_err();
    assert_eq!(error.condition, Condition::Denied);
    assert!(error.message.contains("kms:Decrypt in the policy of the bucket's key"), "{error}");
}

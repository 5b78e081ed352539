//! Files for people, on Amazon S3 (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>). The bucket says how it
//! encrypts them.

use crate::{
    Account,
    error::{code, phase_error},
};
use domain::{
    PhaseError,
    ports::{Files, files::File},
};

impl Files for Account {
    async fn put_file(&self, bucket: &str, owner: &str, key: &str, file: &File) -> Result<(), PhaseError> {
        let request = self
            .objects()
            .put_object()
            .bucket(bucket)
            .key(key)
            .expected_bucket_owner(owner)
            .content_type(format!("{}; charset=utf-8", file.media_type))
            .body(file.text.clone().into_bytes().into());
        let Err(error) = request.send().await else { return Ok(()) };
        let found = phase_error(&format!("writing s3://{bucket}/{key}"), &error);
        Err(match code(&error) {
            "AccessDenied" => PhaseError::denied(format!(
                "{}; expected a bucket of the account {owner} whose policy lets the role of this function use s3:PutObject, and, where it is \
                 encrypted under a KMS key of yours, kms:GenerateDataKey in the policy of the key",
                found.message
            )),
            "NoSuchBucket" | "PermanentRedirect" => PhaseError::refused(format!(
                "{}; name a bucket of this Region in the stack's parameter ReportBucket, or none",
                found.message
            )),
            _ => found,
        })
    }
}

#[cfg(test)]
mod tests {
    //! Errors are those of <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.

    use super::*;
    use crate::scenario::{Answer, Scenario, answer};
    use domain::Condition;

    const OWNER: &str = "123456789012";

    fn page() -> File {
        File { media_type: "text/html", text: "<p>\u{fc}ber</p>".to_owned() }
    }

    fn refused(status: u16, code: &str) -> Answer {
        answer(status, format!("<Error><Code>{code}</Code><Message>no</Message><RequestId>1</RequestId></Error>"))
    }

    #[tokio::test]
    async fn a_file_is_written_by_path_for_the_owner_and_left_to_the_encryption_of_the_bucket() {
        let scenario = Scenario::of([answer(200, "")]);
        let written = scenario.account.put_file("my.records", OWNER, "bascule/move/report.html", &page()).await;
        assert_eq!(written, Ok(()));
        assert_eq!(scenario.lines(), ["PUT /my.records/bascule/move/report.html?x-id=PutObject"]);
        assert_eq!(scenario.headers("x-amz-expected-bucket-owner"), [OWNER]);
        assert_eq!(scenario.headers("content-type"), ["text/html; charset=utf-8"]);
        assert_eq!(scenario.headers("x-amz-server-side-encryption"), [""]);
        assert_eq!(scenario.headers("if-none-match"), [""]);
        // A bucket with Object Lock wants a checksum
        // (https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html).
        assert_eq!(scenario.headers("x-amz-sdk-checksum-algorithm"), ["CRC32"]);
        // The SDK may wrap the body in chunks with a checksum after it.
        assert!(String::from_utf8(scenario.bytes(0)).unwrap().contains("<p>\u{fc}ber</p>"));
    }

    #[tokio::test]
    async fn what_keeps_a_file_out_is_told_with_what_to_do() {
        for (status, code, condition, advice) in [
            (403, "AccessDenied", Condition::Denied, "kms:GenerateDataKey in the policy of the key"),
            (404, "NoSuchBucket", Condition::Refused, "parameter ReportBucket"),
            (301, "PermanentRedirect", Condition::Refused, "a bucket of this Region"),
            (503, "SlowDown", Condition::Unavailable, "SlowDown"),
        ] {
            let scenario = Scenario::of([refused(status, code)]);
            let error = scenario.account.put_file("records", OWNER, "move/plan.md", &page()).await.unwrap_err();
            assert_eq!(error.condition, condition, "{code}");
            assert!(error.message.contains("writing s3://records/move/plan.md"), "{error}");
            assert!(error.message.contains(advice), "{error}");
        }
    }
}

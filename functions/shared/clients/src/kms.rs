//! Signatures of links, by an HMAC key that never leaves AWS KMS
//! (<https://docs.aws.amazon.com/kms/latest/developerguide/hmac.html>).

use crate::{Account, error::code, error::phase_error};
use aws_sdk_kms::{Client, primitives::Blob, types::MacAlgorithmSpec};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{PhaseError, ports::Signatures};

impl Signatures for Account {
    async fn sign(&self, text: &str) -> Result<String, PhaseError> {
        let answer = Client::new(self.config())
            .generate_mac()
            .key_id(self.setting("BASCULE_APPROVAL_KEY_ID")?)
            .mac_algorithm(MacAlgorithmSpec::HmacSha256)
            .message(Blob::new(text))
            .send()
            .await
            .map_err(|error| phase_error("signing a link", &error))?;
        let mac = answer.mac().ok_or_else(|| PhaseError::unavailable("signing a link: KMS gave no signature"))?;
        Ok(URL_SAFE_NO_PAD.encode(mac.as_ref()))
    }

    async fn verify(&self, text: &str, signature: &str) -> Result<bool, PhaseError> {
        let Ok(mac) = URL_SAFE_NO_PAD.decode(signature) else { return Ok(false) };
        let answer = Client::new(self.config())
            .verify_mac()
            .key_id(self.setting("BASCULE_APPROVAL_KEY_ID")?)
            .mac_algorithm(MacAlgorithmSpec::HmacSha256)
            .message(Blob::new(text))
            .mac(Blob::new(mac))
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.mac_valid()),
            Err(error) if code(&error) == "KMSInvalidMacException" => Ok(false),
            Err(error) => Err(phase_error("checking a link's signature", &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    //! Requests and answers: <https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateMac.html> and
    //! <https://docs.aws.amazon.com/kms/latest/APIReference/API_VerifyMac.html>. The HMAC is that of
    //! <https://www.rfc-editor.org/rfc/rfc4231#section-4.3>.

    use super::*;
    use crate::scenario::{Scenario, answer, fault};
    use domain::Condition;
    use serde_json::json;

    const TEXT: &str = "what do ya want for nothing?";
    const TEXT_BASE64: &str = "d2hhdCBkbyB5YSB3YW50IGZvciBub3RoaW5nPw==";
    const MAC_BASE64: &str = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
    const SIGNATURE: &str = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM";
    const KEY_ARN: &str = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    #[tokio::test]
    async fn a_signature_is_the_keys_hmac_in_base64url_and_is_checked_by_the_same_key() {
        let made = json!({ "KeyId": KEY_ARN, "Mac": MAC_BASE64, "MacAlgorithm": "HMAC_SHA_256" });
        let valid = json!({ "KeyId": KEY_ARN, "MacValid": true, "MacAlgorithm": "HMAC_SHA_256" });
        let scenario = Scenario::of([answer(200, made.to_string()), answer(200, valid.to_string())]);
        assert_eq!(scenario.account.sign(TEXT).await.as_deref(), Ok(SIGNATURE));
        assert_eq!(scenario.account.verify(TEXT, SIGNATURE).await, Ok(true));

        assert_eq!(scenario.operations(), ["TrentService.GenerateMac", "TrentService.VerifyMac"]);
        let key = "1234abcd-12ab-34cd-56ef-1234567890ab";
        let sent = json!({ "KeyId": key, "MacAlgorithm": "HMAC_SHA_256", "Message": TEXT_BASE64 });
        assert_eq!(scenario.json(0), sent);
        let sent = json!({ "KeyId": key, "MacAlgorithm": "HMAC_SHA_256", "Message": TEXT_BASE64, "Mac": MAC_BASE64 });
        assert_eq!(scenario.json(1), sent);
    }

    #[tokio::test]
    async fn a_signature_of_another_text_is_false_and_one_that_is_no_base64url_is_not_even_asked_about() {
        let scenario = Scenario::of([fault(400, "KMSInvalidMacException", "")]);
        assert_eq!(scenario.account.verify("another text", SIGNATURE).await, Ok(false));
        assert_eq!(scenario.account.verify(TEXT, "+/=").await, Ok(false));
        assert_eq!(scenario.asked().len(), 1);
    }

    #[tokio::test]
    async fn whether_a_signature_is_good_is_unknown_while_kms_does_not_say() {
        for (status, code, condition) in [
            (400, "ThrottlingException", Condition::Unavailable),
            (500, "KMSInternalException", Condition::Unavailable),
            (500, "KeyUnavailableException", Condition::Unavailable),
            (400, "AccessDeniedException", Condition::Denied),
            (400, "DisabledException", Condition::Refused),
        ] {
            let scenario = Scenario::of([fault(status, code, "no"), fault(status, code, "no")]);
            assert_eq!(scenario.account.verify(TEXT, SIGNATURE).await.unwrap_err().condition, condition, "{code}");
            assert_eq!(scenario.account.sign(TEXT).await.unwrap_err().condition, condition, "{code}");
        }
    }
}

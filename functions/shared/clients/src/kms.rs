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

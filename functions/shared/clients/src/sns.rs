//! Messages to people, on Amazon SNS (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).

use crate::{Account, error::phase_error};
use aws_sdk_sns::Client;
use domain::{PhaseError, ports::Messages};

/// A subject has at most 100 characters.
const LONGEST_SUBJECT: usize = 100;

impl Messages for Account {
    async fn publish(&self, subject: &str, text: &str) -> Result<(), PhaseError> {
        // ASCII without control characters, as e-mail subjects must be.
        let subject: String =
            subject.chars().filter(|c| c.is_ascii() && !c.is_ascii_control()).take(LONGEST_SUBJECT).collect();
        Client::new(self.config())
            .publish()
            .topic_arn(self.setting("BASCULE_TOPIC_ARN")?)
            .subject(subject)
            .message(text)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| phase_error("telling people through SNS", &error))
    }
}

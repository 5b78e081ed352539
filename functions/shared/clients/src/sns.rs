//! Messages to people, on Amazon SNS (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).

mod chat;

use crate::{Account, error::phase_error};
use aws_sdk_sns::Client;
use domain::{PhaseError, ports::Messages};
use serde_json::json;

/// A subject has at most 100 characters.
const LONGEST_SUBJECT: usize = 100;

impl Messages for Account {
    async fn publish(&self, subject: &str, text: &str) -> Result<(), PhaseError> {
        // ASCII without control characters, as e-mail subjects must be.
        let subject: String =
            subject.chars().filter(|c| c.is_ascii() && !c.is_ascii_control()).take(LONGEST_SUBJECT).collect();
        // One message for each protocol: chats are subscribed by HTTPS, people by mail
        // (https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html).
        let message = json!({ "default": text, "https": chat::notification(&subject, text).to_string() });
        Client::new(self.config())
            .publish()
            .topic_arn(self.setting("BASCULE_TOPIC_ARN")?)
            .subject(subject)
            .message_structure("json")
            .message(message.to_string())
            .send()
            .await
            .map(|_| ())
            .map_err(|error| phase_error("telling people through SNS", &error))
    }

    async fn subscriptions(&self) -> Result<u64, PhaseError> {
        let topic = self.setting("BASCULE_TOPIC_ARN")?;
        let answer = Client::new(self.config()).get_topic_attributes().topic_arn(topic).send().await;
        let answer = answer.map_err(|error| phase_error("looking who is subscribed to SNS", &error))?;
        // https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
        let confirmed = answer.attributes().and_then(|attributes| attributes.get("SubscriptionsConfirmed"));
        confirmed.and_then(|confirmed| confirmed.parse().ok()).ok_or_else(|| {
            PhaseError::unavailable("looking who is subscribed to SNS: there is no SubscriptionsConfirmed")
        })
    }
}

#[cfg(test)]
mod tests {
    //! The answer is the example of <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>, the errors have the form of
    //! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-query-api-responses.html>.

    use super::*;
    use crate::scenario::{Scenario, answer};
    use domain::Condition;

    const PUBLISHED: &str = r#"<PublishResponse xmlns="https://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>
<MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult><ResponseMetadata>
<RequestId>d74b8436-ae13-5ab4-a9ff-ce54dfea72a0</RequestId></ResponseMetadata></PublishResponse>"#;

    #[tokio::test]
    async fn a_message_goes_to_the_topic_of_the_template_under_a_subject_that_sns_takes() {
        let scenario = Scenario::new(&[(200, PUBLISHED)]);
        let subject = format!("Bascule: «shop»\nis\u{7} ready {}", "x".repeat(200));
        scenario.account.publish(&subject, "https://example.com/?a=b&c=ü").await.unwrap();
        // ASCII, no line breaks or control characters, less than 100 characters, says the reference.
        let taken = format!("Subject=Bascule: shopis ready {}", "x".repeat(100 - "Bascule: shopis ready ".len()));
        let sent = scenario.form(0);
        assert!(sent.contains(&taken), "{sent:?}");
        let message = sent.iter().find_map(|parameter| parameter.strip_prefix("Message=")).unwrap();
        let message: serde_json::Value = serde_json::from_str(message).unwrap();
        assert_eq!(message["default"], "https://example.com/?a=b&c=ü");
        let chat: serde_json::Value = serde_json::from_str(message["https"].as_str().unwrap()).unwrap();
        assert_eq!(chat["content"]["description"], message["default"]);
        let is_other = |parameter: &&String| **parameter != taken && !parameter.starts_with("Message=");
        assert_eq!(
            sent.iter().filter(is_other).collect::<Vec<_>>(),
            [
                "Action=Publish",
                "MessageStructure=json",
                "TopicArn=arn:aws:sns:us-west-2:123456789012:MyTopic",
                "Version=2010-03-31",
            ]
        );
    }

    #[tokio::test]
    async fn only_confirmed_subscriptions_count() {
        // The form of the example of https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html.
        let entry = |key: &str, value: &str| format!("<entry><key>{key}</key><value>{value}</value></entry>");
        let body = |entries: String| {
            format!(
                r#"<GetTopicAttributesResponse xmlns="https://sns.amazonaws.com/doc/2010-03-31/"><GetTopicAttributesResult>
<Attributes>{entries}</Attributes></GetTopicAttributesResult></GetTopicAttributesResponse>"#
            )
        };
        let some = body(entry("SubscriptionsPending", "3") + &entry("SubscriptionsConfirmed", "2"));
        let scenario = Scenario::of([answer(200, some), answer(200, body(entry("Owner", "123456789012")))]);
        assert_eq!(scenario.account.subscriptions().await, Ok(2));
        assert_eq!(scenario.account.subscriptions().await.unwrap_err().condition, Condition::Unavailable);
        assert!(scenario.form(0).contains(&"Action=GetTopicAttributes".to_owned()), "{:?}", scenario.form(0));
    }

    #[tokio::test]
    async fn what_sns_refuses_is_told_by_its_condition() {
        for (status, code, condition) in [
            (403, "AuthorizationError", Condition::Denied),
            (429, "Throttled", Condition::Unavailable),
            (500, "InternalError", Condition::Unavailable),
            (404, "NotFound", Condition::Refused),
        ] {
            let body = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>"
            );
            let scenario = Scenario::of([answer(status, body)]);
            let error = scenario.account.publish("subject", "text").await.unwrap_err();
            assert_eq!(
                (error.condition, error.message),
                (condition, format!("telling people through SNS: {code}: no"))
            );
        }
    }
}

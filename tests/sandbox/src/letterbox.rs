//! The inbox of the person who approves: an HTTP endpoint that is subscribed to Bascule's topic.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::aws::Aws;
use crate::error::{Context, Result};

const VERSION: &str = "2010-03-31";

/// A message as SNS delivers it.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The subject line.
    pub subject: String,
    /// The text.
    pub text: String,
}

impl Letter {
    /// The first URL of a Lambda function in the text: the approval's, where there is a code too, or else the report's.
    #[must_use]
    pub fn link(&self) -> Option<&str> {
        self.text
            .split(|character: char| character.is_whitespace() || "\"<>\\".contains(character))
            .find(|word| word.starts_with("https://") && word.contains(".lambda-url."))
    }

    /// The code beside the link, which the page of a question asks for; none in a message that asks nothing.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.text.lines().find_map(|line| line.strip_prefix("Code: "))
    }
}

/// Everything that was delivered.
#[derive(Debug)]
pub struct Letterbox {
    letters: Arc<Mutex<Vec<Letter>>>,
    server: JoinHandle<()>,
}

#[derive(Clone)]
struct Inbox {
    letters: Arc<Mutex<Vec<Letter>>>,
    aws: Aws,
}

impl Letterbox {
    /// Listens on loopback and subscribes to the topic; the confirmation that SNS asks for is given at once.
    /// <https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html>
    ///
    /// # Errors
    /// When no port is free or SNS refuses.
    pub async fn subscribe(aws: &Aws, topic: &str) -> Result<Self> {
        let letters = Arc::new(Mutex::new(Vec::new()));
        let inbox = Inbox { letters: Arc::clone(&letters), aws: aws.clone() };
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.context("the letterbox")?;
        let address = listener.local_addr().context("the letterbox")?;
        let router = Router::new().route("/", post(deliver)).with_state(inbox);
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the letterbox ended");
            }
        });
        let endpoint = format!("http://{address}/");
        let parameters = [("TopicArn", topic), ("Protocol", "http"), ("Endpoint", endpoint.as_str())];
        aws.query("sns", VERSION, "Subscribe", &parameters).await?;
        Ok(Self { letters, server })
    }

    /// The letters from number `from` on.
    #[must_use]
    pub fn since(&self, from: usize) -> Vec<Letter> {
        let letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        letters.get(from..).unwrap_or_default().to_vec()
    }
}

impl Drop for Letterbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn deliver(State(inbox): State<Inbox>, body: String) -> StatusCode {
    let Ok(message) = serde_json::from_str::<Value>(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    let (kind, message) = (message["Type"].as_str().unwrap_or_default().to_owned(), message);
    let text = move |field: &str| message[field].as_str().unwrap_or_default().to_owned();
    match kind.as_str() {
        "SubscriptionConfirmation" => {
            tokio::spawn(async move {
                let parameters = [("TopicArn", text("TopicArn")), ("Token", text("Token"))];
                let parameters = parameters.each_ref().map(|(name, value)| (*name, value.as_str()));
                if let Err(error) = inbox.aws.query("sns", VERSION, "ConfirmSubscription", &parameters).await {
                    tracing::error!(%error, "the subscription was not confirmed");
                }
            });
        }
        "Notification" => {
            let letter = Letter { subject: text("Subject"), text: text("Message") };
            inbox.letters.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
        }
        _ => return StatusCode::BAD_REQUEST,
    }
    StatusCode::OK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_has_the_functions_url_without_what_stands_around_it_and_a_code() {
        let text =
            "Approve migration m1.\n\nSee <https://abc.lambda-url.eu-central-1.on.aws/?a=1&mac=x>, thanks.\nCode: Q9W1-DF0F\n".to_owned();
        let letter = Letter { subject: String::new(), text };
        assert_eq!(letter.link(), Some("https://abc.lambda-url.eu-central-1.on.aws/?a=1&mac=x"));
        assert_eq!(letter.code(), Some("Q9W1-DF0F"));
    }

    #[test]
    fn a_letter_that_asks_nothing_has_a_link_and_no_code() {
        let text = "Nothing to do.\n\nThe report, for the change ticket:\nhttps://abc.lambda-url.eu-central-1.on.aws/?status=1&file=report.html\n";
        let letter = Letter { subject: String::new(), text: text.to_owned() };
        assert_eq!(letter.link(), Some("https://abc.lambda-url.eu-central-1.on.aws/?status=1&file=report.html"));
        assert_eq!(letter.code(), None);
    }
}

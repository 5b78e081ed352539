//! People: they read messages, open the links in them, and press a button.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::approval::Decision;
use serde_json::{Value, json};

/// What a person is about to do with a link.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Visit {
    /// Open it.
    Open(Decision),
    /// Send the form.
    Send(Decision),
}

/// The query of the link to the approval page in a message.
pub(crate) fn link(message: &str) -> Option<String> {
    let line = message.lines().find(|line| line.starts_with("https://decide.example.com/?"))?;
    line.split_once('?').map(|(_, query)| query.to_owned())
}

impl Visit {
    /// What the function URL passes on.
    pub(crate) fn event(&self, query: &str) -> Value {
        let (method, body) = match self {
            Self::Open(_) => ("GET", None),
            Self::Send(decision) => {
                ("POST", Some(STANDARD.encode(format!("by=Ana&comment=as+seen&decision={}", decision.name()))))
            }
        };
        json!({
            "version": "2.0",
            "rawPath": "/",
            "rawQueryString": query,
            "headers": {},
            "requestContext": { "http": { "method": method }, "timeEpoch": 0 },
            "body": body,
            "isBase64Encoded": body.is_some(),
        })
    }

    /// What the person does after this answer: the status and the page. Where the function failed it is tried again.
    pub(crate) fn next(&self, status: u16, page: &str) -> Option<Self> {
        match (self, status) {
            (_, 500..) => Some(self.clone()),
            (Self::Open(decision), 200) if page.contains("<form") => Some(Self::Send(*decision)),
            _ => None,
        }
    }
}

//! People: they read messages, open the links in them, type the code beside the link, and press a button.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::approval::Decision;
use serde_json::{Value, json};

/// What a message with a question gives people: the query of its link, and the code.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Letter {
    query: String,
    code: String,
}

/// What a person is about to do with a link.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Visit {
    /// Open it.
    Open(Decision),
    /// Send the form.
    Send(Decision),
}

impl Letter {
    /// Of a message with a question; nothing for any other.
    pub(crate) fn read(message: &str) -> Option<Self> {
        let line = message.lines().find(|line| line.starts_with("https://decide.example.com/?"))?;
        let (_, query) = line.split_once('?')?;
        let code = message.lines().find_map(|line| line.strip_prefix("Code: "))?;
        Some(Self { query: query.to_owned(), code: code.to_owned() })
    }

    /// Whether it has this question.
    pub(crate) fn asks(&self, question: &str) -> bool {
        self.query.contains(&format!("question={question}"))
    }
}

impl Visit {
    /// What the function URL passes on.
    pub(crate) fn event(&self, letter: &Letter) -> Value {
        let Letter { query, code } = letter;
        let (method, body) = match self {
            Self::Open(_) => ("GET", None),
            Self::Send(decision) => (
                "POST",
                Some(STANDARD.encode(format!("by=Ana&comment=as+seen&code={code}&decision={}", decision.name()))),
            ),
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

//! Requests to AWS and their answers as a file, for a second party to judge.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use front_door::Exchange;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::error::{Context, Result};

/// Writes one JSON object a line; bodies are in base64.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write(file: &Path, exchanges: &[Exchange]) -> Result<()> {
    let lines: Vec<String> = exchanges.iter().map(|exchange| line(exchange).to_string()).collect();
    std::fs::write(file, lines.join("\n")).context("writing the exchanges")
}

fn line(exchange: &Exchange) -> Value {
    json!({
        "service": exchange.service,
        "accessKeyId": exchange.access_key_id,
        "method": exchange.method.as_str(),
        "uri": exchange.uri.to_string(),
        "headers": headers(&exchange.headers),
        "body": STANDARD.encode(&exchange.body),
        "isSimulated": exchange.is_simulated,
        "status": exchange.status.as_u16(),
        "answerHeaders": headers(&exchange.answer_headers),
        "answer": STANDARD.encode(&exchange.answer),
    })
}

fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned().into();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

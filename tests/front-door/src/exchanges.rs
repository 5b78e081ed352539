//! Requests and answers whole, for second parties to judge.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, Uri};

/// The largest body that is kept. Above it are packages of functions only, which nobody judges.
const LARGEST: usize = 1 << 20;

/// A request to AWS and its answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The service's signing name, such as `apigateway`.
    pub service: String,
    /// Who called, by access key id (no secret).
    pub access_key_id: String,
    /// The request's method.
    pub method: Method,
    /// The request's path and query.
    pub uri: Uri,
    /// The request's headers, without its signature.
    pub headers: HeaderMap,
    /// The request's body.
    pub body: Bytes,
    /// Whether a handler of this workspace answered, and not the emulator.
    pub is_simulated: bool,
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's headers.
    pub answer_headers: HeaderMap,
    /// The answer's body.
    pub answer: Bytes,
}

#[derive(Debug, Default)]
pub(crate) struct Exchanges(Mutex<Vec<Exchange>>);

impl Exchanges {
    /// Keeps an exchange; one with a body of more than 1 MiB is left out.
    pub(crate) fn push(&self, asked: Exchange, answer: &Response<Bytes>) {
        if asked.body.len().max(answer.body().len()) > LARGEST {
            return;
        }
        let exchange = Exchange {
            status: answer.status(),
            answer_headers: answer.headers().clone(),
            answer: answer.body().clone(),
            ..asked
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(exchange);
    }

    pub(crate) fn all(&self) -> Vec<Exchange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

//! Text replaced in the body of an answer as it passes, wherever its chunks end.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming};

/// What is replaced, and by what.
#[derive(Debug)]
pub(in crate::control_plane) struct Replacement {
    pub(in crate::control_plane) from: String,
    pub(in crate::control_plane) to: String,
}

impl Replacement {
    /// What can be passed on of `held` and the new `data`; what may be the beginning of the text stays in `held`.
    fn pass(&self, held: &mut Vec<u8>, data: &[u8]) -> Vec<u8> {
        let from = self.from.as_bytes();
        held.extend_from_slice(data);
        let mut passed = Vec::with_capacity(held.len());
        let mut rest = &held[..];
        while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
            passed.extend_from_slice(&rest[..at]);
            passed.extend_from_slice(self.to.as_bytes());
            rest = &rest[at + from.len()..];
        }
        let kept = (1..from.len()).rev().find(|length| rest.ends_with(&from[..*length])).unwrap_or(0);
        let (whole, kept) = rest.split_at(rest.len() - kept);
        passed.extend_from_slice(whole);
        *held = kept.to_vec();
        passed
    }
}

/// A body with its text replaced.
pub(super) struct Replaced {
    body: Incoming,
    replacement: Option<Arc<Replacement>>,
    held: Vec<u8>,
}

impl Replaced {
    pub(super) fn new(body: Incoming, replacement: Option<Arc<Replacement>>) -> Self {
        Self { body, replacement, held: Vec::new() }
    }
}

impl Body for Replaced {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        loop {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
            let Some(replacement) = self.replacement.clone() else { return Poll::Ready(frame) };
            let passed = match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) => replacement.pass(&mut self.held, &data),
                Some(Ok(Err(trailers))) => return Poll::Ready(Some(Ok(trailers))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None if self.held.is_empty() => return Poll::Ready(None),
                None => std::mem::take(&mut self.held),
            };
            if !passed.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(passed.into()))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_replaced_wherever_chunks_end() {
        let replacement = Replacement { from: "\"10.64.".to_owned(), to: "\"127.64.".to_owned() };
        let text = r#"{"podIP":"10.64.16.1","podIPs":[{"ip":"10.64.16.1"}],"other":"10.65.1.1 10.64.1.1","end":"10.6"#;
        let expected =
            r#"{"podIP":"127.64.16.1","podIPs":[{"ip":"127.64.16.1"}],"other":"10.65.1.1 10.64.1.1","end":"10.6"#;
        for size in 1..text.len() {
            let (mut held, mut passed) = (Vec::new(), Vec::new());
            for chunk in text.as_bytes().chunks(size) {
                passed.extend(replacement.pass(&mut held, chunk));
            }
            passed.extend(held);
            assert_eq!(String::from_utf8(passed).unwrap(), expected, "in chunks of {size}");
        }
    }
}

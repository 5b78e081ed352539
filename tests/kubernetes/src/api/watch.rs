//! Watches: streams of changes after a revision, optionally with the initial objects
//! (<https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists>).

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::stream;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use serde_json::{Value, json};
use tokio::{sync::watch, time::Instant};

use super::{
    answer::{Body, Form, present},
    reading::{Filter, select},
    request::Call,
};
use crate::{
    kinds::Kind,
    status::Status,
    store::{Change, Event},
    writes::Objects,
};

/// Interval of bookmarks, from which clients can resume a watch without listing again.
const BOOKMARKS: Duration = Duration::from_secs(30);
/// The default of `--min-request-timeout`.
const LONGEST: Duration = Duration::from_mins(30);

struct Watch {
    objects: Arc<Objects>,
    kind: Arc<Kind>,
    form: Form,
    filter: Filter,
    bookmarks: bool,
    revision: u64,
    changed: watch::Receiver<u64>,
    ends: Instant,
    pending: VecDeque<Bytes>,
    over: bool,
}

/// Starts the stream of a watch.
pub(crate) fn answer(objects: &Arc<Objects>, call: &Call) -> Result<Response<Body>, Status> {
    let filter = Filter::of(call)?;
    let resource = call.kind.resource();
    // Subscribe before reading, so that a change in between is not missed.
    let changed = objects.store.changes_of(&resource);
    let initial = call.query.is_true("sendInitialEvents");
    if initial && call.query.get("resourceVersionMatch") != Some("NotOlderThan") {
        let cause = crate::status::Cause {
            reason: "FieldValueForbidden",
            field: "resourceVersionMatch".to_owned(),
            message: "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan".to_owned(),
        };
        return Err(Status::invalid("meta.k8s.io", "ListOptions", "", &[cause]));
    }
    let asked: Option<u64> = match call.query.get("resourceVersion") {
        None | Some("0") => None,
        Some(text) => {
            Some(text.parse().map_err(|_| Status::bad_request(format!("invalid resource version {text:?}")))?)
        }
    };
    let seconds =
        call.query.get("timeoutSeconds").and_then(|text| text.parse().ok()).map_or(LONGEST, Duration::from_secs);
    let mut watch = Watch {
        objects: objects.clone(),
        kind: call.kind.clone(),
        form: call.form,
        bookmarks: call.query.is_true("allowWatchBookmarks"),
        revision: asked.unwrap_or_default(),
        changed,
        ends: Instant::now() + seconds,
        pending: VecDeque::new(),
        over: false,
        filter,
    };
    let explicit_no = call.query.get("sendInitialEvents") == Some("false");
    if initial || (asked.is_none() && !explicit_no) {
        let (found, revision) = select(objects, call, &watch.filter);
        for object in found {
            watch.push("ADDED", &present(&watch.kind, &object, watch.form));
        }
        watch.revision = revision;
        if initial && watch.bookmarks {
            watch.bookmark(true);
        }
    } else if asked.is_none() {
        watch.revision = objects.store.revision();
    }
    let frames = stream::unfold(watch, |mut watch| async move { watch.next().await.map(|frame| (frame, watch)) });
    let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    Ok(response)
}

impl Watch {
    /// The next frame of the stream, with all pending events; `None` ends it.
    async fn next(&mut self) -> Option<Result<Frame<Bytes>, Infallible>> {
        loop {
            if !self.pending.is_empty() {
                let mut joined = Vec::new();
                for event in self.pending.drain(..) {
                    joined.extend_from_slice(&event);
                }
                return Some(Ok(Frame::data(joined.into())));
            }
            if self.over {
                return None;
            }
            self.read();
            if !self.pending.is_empty() {
                continue;
            }
            let bookmark = Instant::now() + BOOKMARKS;
            tokio::select! {
                changed = self.changed.changed() => self.over = changed.is_err(),
                () = tokio::time::sleep_until(self.ends) => return None,
                () = tokio::time::sleep_until(bookmark), if self.bookmarks => self.bookmark(false),
            }
        }
    }

    /// Reads the changes since the last read.
    fn read(&mut self) {
        let Ok((changes, revision)) = self.objects.store.changes_since(&self.kind.resource(), self.revision) else {
            let status = Status::expired(format!("too old resource version: {}", self.revision));
            self.push("ERROR", &status.body());
            self.over = true;
            return;
        };
        for change in changes {
            if let Some((event, object)) = seen(&self.filter, &change) {
                let object = present(&self.kind, object, self.form);
                self.push(event, &object);
            }
        }
        self.revision = revision.max(self.revision);
    }

    fn push(&mut self, event: &str, object: &Value) {
        let mut line = json!({"type": event, "object": object}).to_string();
        line.push('\n');
        self.pending.push_back(line.into());
    }

    fn bookmark(&mut self, initial: bool) {
        let mut metadata = json!({"resourceVersion": self.revision.to_string(), "creationTimestamp": null});
        if initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let (kind, api_version) = match self.form {
            Form::Whole | Form::Table => (self.kind.kind.clone(), self.kind.api_version()),
            Form::Metadata => ("PartialObjectMetadata".to_owned(), "meta.k8s.io/v1".to_owned()),
        };
        self.push("BOOKMARK", &json!({"kind": kind, "apiVersion": api_version, "metadata": metadata}));
    }
}

/// The event of a change for a filter: objects that start to match are ADDED, those that stop matching are DELETED.
fn seen<'a>(filter: &Filter, change: &'a Change) -> Option<(&'static str, &'a Arc<Value>)> {
    let before = change.previous.as_deref().is_some_and(|object| filter.selects(object));
    let after = change.event != Event::Deleted && filter.selects(&change.object);
    match (before, after) {
        (false, true) => Some(("ADDED", &change.object)),
        (true, true) => Some(("MODIFIED", &change.object)),
        (true, false) => Some(("DELETED", &change.object)),
        (false, false) => None,
    }
}

//! GET of objects and of lists, with pages
//! (<https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks>).

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::{
    answer::{self, Body, Form, present},
    request::Call,
    table,
};
use crate::{
    object,
    selector::{Fields, Selector},
    status::Status,
    writes::Objects,
};

/// The objects of a resource that a request selects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) namespace: Option<String>,
    pub(crate) labels: Selector,
    pub(crate) fields: Fields,
    /// The name in the path, for watches of one object.
    pub(crate) name: Option<String>,
}

impl Filter {
    pub(crate) fn of(call: &Call) -> Result<Self, Status> {
        Ok(Self {
            namespace: call.path.namespace.clone(),
            name: call.path.name.clone(),
            labels: Selector::parse(call.query.get("labelSelector").unwrap_or_default())
                .map_err(Status::bad_request)?,
            fields: Fields::parse(call.query.get("fieldSelector").unwrap_or_default()).map_err(Status::bad_request)?,
        })
    }

    pub(crate) fn selects(&self, found: &Value) -> bool {
        self.namespace.as_ref().is_none_or(|namespace| object::namespace(found) == namespace)
            && self.name.as_ref().is_none_or(|name| object::name(found) == name)
            && self.labels.selects(found)
            && self.fields.selects(found)
    }
}

/// One object.
pub(crate) fn get(objects: &Objects, call: &Call) -> Result<Response<Body>, Status> {
    let found = objects.store.get(&call.kind.resource(), call.namespace(), call.name());
    let found = found.ok_or_else(|| Status::not_found(&call.kind.group, &call.kind.plural, call.name()))?;
    Ok(answer::json(StatusCode::OK, &present(&call.kind, &found, call.form)))
}

/// The objects that a filter selects, with the revision of the list.
pub(crate) fn select(objects: &Objects, call: &Call, filter: &Filter) -> (Vec<Arc<Value>>, u64) {
    let (found, revision) = objects.store.list(&call.kind.resource(), filter.namespace.as_deref());
    (found.into_iter().filter(|found| filter.selects(found)).collect(), revision)
}

/// A list, or one page of it. Later pages show the current state with the first page's revision, so that a watch from that
/// revision misses no change.
pub(crate) fn list(objects: &Objects, call: &Call) -> Result<Response<Body>, Status> {
    let filter = Filter::of(call)?;
    let (found, mut revision) = select(objects, call, &filter);
    let mut start = 0;
    if let Some(token) = call.query.get("continue") {
        let (of, namespace, name) =
            read_token(token).ok_or_else(|| Status::bad_request("continue key is not valid"))?;
        revision = of;
        let key = (namespace.as_str(), name.as_str());
        start = found.partition_point(|found| (object::namespace(found), object::name(found)) <= key);
    }
    let limit =
        call.query.get("limit").and_then(|limit| limit.parse().ok()).filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    let page: Vec<&Arc<Value>> = found.iter().skip(start).take(limit).collect();
    let remaining = found.len().saturating_sub(start + page.len());
    let mut metadata = json!({"resourceVersion": revision.to_string()});
    if let (true, Some(last)) = (remaining > 0, page.last()) {
        metadata["continue"] =
            json!(STANDARD.encode(format!("{revision}/{}/{}", object::namespace(last), object::name(last))));
        metadata["remainingItemCount"] = json!(remaining);
    }
    if call.form == Form::Table {
        return Ok(answer::json(StatusCode::OK, &table::of(&call.kind, &page, &metadata)));
    }
    let items: Vec<Value> = page.into_iter().map(|found| present(&call.kind, found, call.form)).collect();
    let (kind, api_version) = match call.form {
        Form::Whole | Form::Table => (format!("{}List", call.kind.kind), call.kind.api_version()),
        Form::Metadata => ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned()),
    };
    let list = json!({"kind": kind, "apiVersion": api_version, "metadata": metadata, "items": items});
    Ok(answer::json(StatusCode::OK, &list))
}

fn read_token(token: &str) -> Option<(u64, String, String)> {
    let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    let mut parts = text.splitn(3, '/');
    Some((parts.next()?.parse().ok()?, parts.next()?.to_owned(), parts.next()?.to_owned()))
}

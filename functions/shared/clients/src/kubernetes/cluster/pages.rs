//! Lists, page by page and object by object: a page is text, and of its objects one is held at a time.

use super::Cluster;
use domain::PhaseError;
use http::{Request, header::ACCEPT};
use kube::Error;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// How many objects one page of a list has, as kubectl asks
/// (<https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks>).
const PAGE: usize = 500;

/// How a list of whole objects is asked for.
pub(super) const WHOLE: &str = "application/json";

/// How a list without the objects themselves is asked for
/// (<https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches>).
pub(super) const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// Reads a page, and answers where the next one begins.
struct Page<'a, F>(&'a mut F);

/// Reads the items of a page.
struct Items<'a, F>(&'a mut F);

impl<'de, F: FnMut(Value)> DeserializeSeed<'de> for Page<'_, F> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, page: D) -> Result<Self::Value, D::Error> {
        page.deserialize_map(self)
    }
}

impl<'de, F: FnMut(Value)> Visitor<'de> for Page<'_, F> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of Kubernetes objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut next = None;
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "items" => map.next_value_seed(Items(&mut *self.0))?,
                "metadata" => next = map.next_value::<Value>()?["continue"].as_str().map(str::to_owned),
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(next.filter(|next| !next.is_empty()))
    }
}

impl<'de, F: FnMut(Value)> DeserializeSeed<'de> for Items<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, items: D) -> Result<(), D::Error> {
        // A list without items may have none at all (kptdev/kpt#1392).
        items.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Value)> Visitor<'de> for Items<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the items of a list")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<Value>()? {
            (self.0)(item);
        }
        Ok(())
    }
}

impl Cluster {
    /// Shows every object of a list, in the form that is asked for. `collection` is a path, with a query or without.
    pub(super) async fn pages(
        &self,
        collection: &str,
        kind: &str,
        form: &str,
        mut see: impl FnMut(Value) + Send,
    ) -> Result<(), PhaseError> {
        let mut token = String::new();
        let join = if collection.contains('?') { '&' } else { '?' };
        loop {
            let path = format!("{collection}{join}limit={PAGE}{token}");
            let request = Request::get(&path).header(ACCEPT, form).body(Vec::new()).map_err(Error::HttpError);
            let text = match request {
                Ok(request) => self.client.request_text(request).await,
                Err(error) => Err(error),
            };
            let text = text.map_err(|error| self.failed("listing", kind, &error))?;
            let mut json = serde_json::Deserializer::from_str(&text);
            let next = Page(&mut see).deserialize(&mut json);
            match next.map_err(|error| self.failed("listing", kind, &Error::SerdeError(error)))? {
                Some(next) => token = format!("&continue={}", utf8_percent_encode(&next, NON_ALPHANUMERIC)),
                None => return Ok(()),
            }
        }
    }
}

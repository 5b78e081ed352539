//! `metadata.managedFields`: owners of fields, and how writes change them
//! (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>).

use serde_json::{Value, json};

use super::fields::Fields;
use crate::{object, shape::Shape};

/// Fields that the API server sets and that have no owner.
const SYSTEM: [&[&str]; 12] = [
    &["f:apiVersion"],
    &["f:kind"],
    &["f:metadata", "f:name"],
    &["f:metadata", "f:generateName"],
    &["f:metadata", "f:namespace"],
    &["f:metadata", "f:uid"],
    &["f:metadata", "f:resourceVersion"],
    &["f:metadata", "f:generation"],
    &["f:metadata", "f:creationTimestamp"],
    &["f:metadata", "f:deletionTimestamp"],
    &["f:metadata", "f:deletionGracePeriodSeconds"],
    &["f:metadata", "f:managedFields"],
];

/// The identity of an entry of `managedFields`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Writer {
    /// The manager: `fieldManager` of the request, or the first part of its user agent.
    pub(crate) name: String,
    /// The operation, `Apply` or `Update`.
    pub(crate) operation: &'static str,
    /// The API version of the write.
    pub(crate) api_version: String,
    /// The subresource: `status`, `scale` or empty.
    pub(crate) subresource: String,
}

/// One entry of `managedFields`.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) operation: String,
    pub(crate) subresource: String,
    api_version: String,
    time: String,
    pub(crate) fields: Fields,
}

impl Entry {
    fn is_of(&self, writer: &Writer) -> bool {
        self.name == writer.name
            && self.operation == writer.operation
            && self.subresource == writer.subresource
            // A manager has one Apply entry, but an Update entry for each API version.
            && (writer.operation == "Apply" || self.api_version == writer.api_version)
    }

    /// The owner's name in messages about conflicts.
    pub(crate) fn describe(&self) -> String {
        let mut text = format!("conflict with {:?}", self.name);
        if !self.subresource.is_empty() {
            text = format!("{text} with subresource {:?}", self.subresource);
        }
        if self.operation == "Update" {
            text = format!("{text} using {}", self.api_version);
        }
        text
    }
}

/// All entries of an object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ownership(pub(crate) Vec<Entry>);

impl Ownership {
    /// Reads the entries of an object.
    pub(crate) fn of(object: &Value) -> Self {
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let entries =
            object::list(object, "/metadata/managedFields").iter().filter(|entry| entry["fieldsV1"].is_object());
        Self(
            entries
                .map(|entry| Entry {
                    name: text(entry, "manager"),
                    operation: text(entry, "operation"),
                    subresource: text(entry, "subresource"),
                    api_version: text(entry, "apiVersion"),
                    time: text(entry, "time"),
                    fields: Fields::from_json(&entry["fieldsV1"]),
                })
                .collect(),
        )
    }

    /// Writes the entries into an object.
    pub(crate) fn write(&self, object: &mut Value) {
        let entries = self.0.iter().filter(|entry| !entry.fields.is_empty()).map(|entry| {
            let mut json = json!({
                "manager": entry.name, "operation": entry.operation, "apiVersion": entry.api_version, "time": entry.time,
                "fieldsType": "FieldsV1", "fieldsV1": entry.fields.to_json(),
            });
            if !entry.subresource.is_empty() {
                json["subresource"] = json!(entry.subresource);
            }
            json
        });
        let entries: Vec<Value> = entries.collect();
        if entries.is_empty() {
            object::remove(object::metadata(object), "managedFields");
        } else {
            object::metadata(object)["managedFields"] = Value::Array(entries);
        }
    }

    /// The entry of a writer, if it has one.
    pub(crate) fn entry(&self, writer: &Writer) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.is_of(writer))
    }

    /// The fields of all owners but `writer`.
    pub(crate) fn of_others(&self, writer: &Writer) -> Fields {
        let others = self.0.iter().filter(|entry| !entry.is_of(writer));
        others.fold(Fields::default(), |all, entry| all.union(&entry.fields))
    }

    /// Sets the fields of a writer.
    pub(crate) fn set(&mut self, writer: &Writer, fields: Fields) {
        let unchanged = self.entry(writer).is_some_and(|entry| entry.fields == fields);
        if unchanged {
            return;
        }
        self.0.retain(|entry| !entry.is_of(writer));
        self.0.push(Entry {
            name: writer.name.clone(),
            operation: writer.operation.to_owned(),
            subresource: writer.subresource.clone(),
            api_version: writer.api_version.clone(),
            time: object::now(),
            fields,
        });
    }

    /// Removes `fields` from all owners but `writer`.
    pub(crate) fn take(&mut self, writer: &Writer, fields: &Fields) {
        for entry in self.0.iter_mut().filter(|entry| !entry.is_of(writer)) {
            entry.fields = entry.fields.difference(fields);
        }
    }

    /// Removes fields that the object no longer has.
    pub(crate) fn keep_existing(&mut self, existing: &Fields) {
        for entry in &mut self.0 {
            entry.fields = entry.fields.intersection(existing);
        }
    }
}

/// All fields of an object that can be owned.
pub(crate) fn ownable(object: &Value, shape: Shape<'_>) -> Fields {
    without_system_fields(Fields::of(object, shape))
}

/// A set of fields without those that cannot be owned.
pub(crate) fn without_system_fields(mut fields: Fields) -> Fields {
    for path in SYSTEM {
        fields.forget(path);
    }
    fields
}

/// Transfers the fields that a create, update or patch set or changed to its writer.
pub(crate) fn record_update(old: Option<&Value>, new: &mut Value, writer: &Writer, shape: Shape<'_>) {
    let given = &new["metadata"]["managedFields"];
    // An empty list, or a list with one empty entry, removes all ownership; without a list it stays unchanged.
    let mut ownership = match (given.as_array(), old) {
        (Some(_), _) => Ownership::of(new),
        (None, Some(old)) => Ownership::of(old),
        (None, None) => Ownership::default(),
    };
    let mut changed = without_system_fields(Fields::changed(old, new, shape));
    if writer.subresource == "status" {
        changed = changed.only("status");
    }
    if !changed.is_empty() {
        let owned = ownership.entry(writer).map(|entry| entry.fields.clone()).unwrap_or_default();
        ownership.set(writer, owned.union(&changed));
        ownership.take(writer, &changed);
    }
    ownership.keep_existing(&ownable(new, shape));
    ownership.write(new);
}

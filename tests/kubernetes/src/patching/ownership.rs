//! `metadata.managedFields`: who set which field, and how writes pass fields on
//! (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>).

use serde_json::{Value, json};

use super::fields::Fields;
use crate::{object, shape::Shape};

/// Fields that the API server sets itself; nobody owns them.
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

/// Who writes: an entry of `managedFields` is known by these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Writer {
    /// `fieldManager` of the request, or the first word of its user agent.
    pub(crate) name: String,
    /// `Apply` or `Update`.
    pub(crate) operation: &'static str,
    /// The version the object was written in.
    pub(crate) api_version: String,
    /// `status`, `scale` or empty.
    pub(crate) subresource: String,
}

/// One entry.
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
            // An update in another version is another entry; an apply is one per manager.
            && (writer.operation == "Apply" || self.api_version == writer.api_version)
    }

    /// How a conflict names the owner.
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

    /// Everything that others than `writer` own.
    pub(crate) fn of_others(&self, writer: &Writer) -> Fields {
        let others = self.0.iter().filter(|entry| !entry.is_of(writer));
        others.fold(Fields::default(), |all, entry| all.union(&entry.fields))
    }

    /// Sets what a writer owns.
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

    /// Takes `fields` from everybody but `writer`.
    pub(crate) fn take(&mut self, writer: &Writer, fields: &Fields) {
        for entry in self.0.iter_mut().filter(|entry| !entry.is_of(writer)) {
            entry.fields = entry.fields.difference(fields);
        }
    }

    /// Forgets what is no longer in the object.
    pub(crate) fn keep_existing(&mut self, existing: &Fields) {
        for entry in &mut self.0 {
            entry.fields = entry.fields.intersection(existing);
        }
    }
}

/// Everything in an object that can be owned.
pub(crate) fn ownable(object: &Value, shape: Shape<'_>) -> Fields {
    without_system_fields(Fields::of(object, shape))
}

/// A set of fields without those that nobody owns.
pub(crate) fn without_system_fields(mut fields: Fields) -> Fields {
    for path in SYSTEM {
        fields.forget(path);
    }
    fields
}

/// Gives the fields that a create, update or patch set or changed to its writer, and takes them from the others.
pub(crate) fn record_update(old: Option<&Value>, new: &mut Value, writer: &Writer, shape: Shape<'_>) {
    let given = &new["metadata"]["managedFields"];
    // An empty list, or a list with one empty entry, gives all fields up; a missing one leaves them as they are.
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

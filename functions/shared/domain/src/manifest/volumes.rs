//! What becomes of what the bundles' objects keep in volumes: which objects ask for volumes, what the input says of each, and what cannot be.

pub mod classes;
pub mod copies;
pub mod removal;
pub mod shared;
#[cfg(test)]
mod tests;

use super::{Object, ObjectId, outside::volumes_for, workload};
use crate::{
    Limit, Problem,
    input::Volumes,
    plan::{
        ebs::EbsDriver,
        workloads::{Becomes, Claim, Volume},
    },
};
use serde_json::Value;
use std::collections::BTreeSet;

/// Where people say what becomes of volumes.
pub const PATH: &str = "$.workloads.volumes";

/// What brings a driver to a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brought {
    /// The EKS add-on of this name.
    ByAddon(&'static str),
    /// EKS Auto Mode, of which it is a part.
    ByAutoMode,
}

/// A driver of the Container Storage Interface, and what brings it.
#[derive(Debug)]
pub struct Driver {
    /// The name of its `CSIDriver`, and of its provisioner.
    pub name: &'static str,
    /// What brings it.
    pub brought: Brought,
    /// Whether several clusters may use one of its volumes at once.
    pub is_file_system: bool,
}

/// Drivers of AWS's storage (<https://docs.aws.amazon.com/eks/latest/userguide/storage.html>).
pub const DRIVERS: [Driver; 6] = [
    Driver { name: EbsDriver::Addon.name(), brought: Brought::ByAddon("aws-ebs-csi-driver"), is_file_system: false },
    Driver { name: EbsDriver::AutoMode.name(), brought: Brought::ByAutoMode, is_file_system: false },
    file_system("efs.csi.aws.com", "aws-efs-csi-driver"),
    file_system("fsx.csi.aws.com", "aws-fsx-csi-driver"),
    file_system("fsx.openzfs.csi.aws.com", "aws-fsx-openzfs-csi-driver"),
    file_system("s3.csi.aws.com", "aws-mountpoint-s3-csi-driver"),
];

const fn file_system(name: &'static str, addon: &'static str) -> Driver {
    Driver { name, brought: Brought::ByAddon(addon), is_file_system: true }
}

/// The driver of this name, where it is one of AWS's.
#[must_use]
pub fn driver(name: &str) -> Option<&'static Driver> {
    DRIVERS.iter().find(|driver| driver.name == name)
}

/// Whether this is a `PersistentVolumeClaim`.
#[must_use]
pub fn is_claim(id: &ObjectId) -> bool {
    id.group().is_empty() && id.kind == "PersistentVolumeClaim"
}

/// Whether this is a `PersistentVolume`.
#[must_use]
pub fn is_volume(id: &ObjectId) -> bool {
    id.group().is_empty() && id.kind == "PersistentVolume"
}

/// What is asked for, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    claim: Claim,
    /// Why it cannot be made anew.
    not_empty: Option<String>,
    /// Why it cannot be shared.
    not_shared: Option<String>,
    /// Why it cannot be copied.
    not_copied: Option<String>,
}

/// Everything that an object asks for.
fn asked(object: &Object) -> Vec<Asked> {
    let Object { id, value, .. } = object;
    if is_claim(id) {
        return vec![of_claim(&id.name, &value["spec"])];
    }
    if is_volume(id) {
        return vec![of_volume(id, &value["spec"])];
    }
    let templates = value["spec"]["volumeClaimTemplates"].as_array().filter(|_| id.kind == "StatefulSet");
    let templates = templates
        .into_iter()
        .flatten()
        .map(|template| of_claim(text(&template["metadata"]["name"]), &template["spec"]));
    let pods = workload::pod_spec(&id.kind, value).filter(|_| workload::is_workload(id));
    let volumes = pods.and_then(|pods| pods["volumes"].as_array()).into_iter().flatten();
    let ephemeral = volumes.filter(|volume| volume["ephemeral"].is_object()).map(|volume| Asked {
        not_shared: Some("is made for each Pod and goes with it".to_owned()),
        not_copied: Some("is made for each Pod and goes with it".to_owned()),
        ..of_claim(text(&volume["name"]), &volume["ephemeral"]["volumeClaimTemplate"]["spec"])
    });
    let custom = volumes_for(object).map(|(path, said)| Asked {
        claim: Claim { name: path, size: found(said, "storage"), class: found(said, "storageClassName") },
        not_empty: None,
        not_shared: Some("has claims whose names only its controller knows".to_owned()),
        not_copied: Some("has claims whose names only its controller knows".to_owned()),
    });
    templates.chain(ephemeral).chain(custom).collect()
}

fn of_claim(name: &str, spec: &Value) -> Asked {
    let class = spec["storageClassName"].as_str().map(str::to_owned);
    let size = spec["resources"]["requests"]["storage"].as_str().map(str::to_owned);
    let static_only = class.as_deref() == Some("");
    let source = ["dataSource", "dataSourceRef"].iter().any(|field| spec[*field].is_object());
    let not_empty = if spec["volumeName"].is_string() || static_only {
        Some("names a volume that exists, or no class, so that none is made for it")
    } else if source {
        Some("has a data source, which green would need first")
    } else {
        None
    };
    Asked {
        claim: Claim { name: name.to_owned(), size, class },
        not_empty: not_empty.map(str::to_owned),
        not_shared: None,
        not_copied: spec["storageClassName"]
            .as_str()
            .is_none_or(str::is_empty)
            .then(|| "names no storage class, by which green's claim finds the copy".to_owned()),
    }
}

fn of_volume(id: &ObjectId, spec: &Value) -> Asked {
    let size = spec["capacity"]["storage"].as_str().map(str::to_owned);
    let class = spec["storageClassName"].as_str().map(str::to_owned);
    Asked {
        claim: Claim { name: id.name.clone(), size, class },
        not_empty: Some("names storage that exists".to_owned()),
        not_shared: shared::not_shareable(spec),
        not_copied: Some("names storage that exists, and green's would have that of the copy".to_owned()),
    }
}

/// The value of the first field of this name, the outermost first; a text is the value itself.
fn found(value: &Value, name: &str) -> Option<String> {
    match value {
        Value::String(text) if name == "storageClassName" => Some(text.clone()),
        Value::Object(fields) => fields
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .or_else(|| fields.values().filter(|value| !value.is_string()).find_map(|value| found(value, name))),
        Value::Array(items) => items.iter().find_map(|item| found(item, name)),
        _ => None,
    }
}

/// What becomes of the volumes of these objects, and every reason why that cannot be: what the input does not name, what it names and is not
/// there, and what cannot become what is asked.
#[must_use]
pub fn decide(objects: &[Object], input: &Volumes) -> (Vec<Volume>, Vec<Problem>) {
    let (mut volumes, mut problems, mut unnamed) = (Vec::new(), Vec::new(), Vec::new());
    let mut used = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for object in objects {
        let asked = asked(object);
        if asked.is_empty() || !seen.insert(&object.id) {
            continue;
        }
        let volume = |becomes| Volume {
            id: object.id.clone(),
            becomes,
            claims: asked.iter().map(|asked| asked.claim.clone()).collect(),
        };
        let Some((field, index)) = said(object, objects, input) else {
            unnamed.push(volume(Becomes::Empty).to_string());
            continue;
        };
        used.insert((field, index));
        let mut refuse = |limit: Limit, why: &str, what: &str| {
            let message = format!("{} {why}. {what}", object.id);
            problems.push(limit.refusal(format!("{PATH}.{field}[{index}]"), message));
        };
        let becomes = match field {
            "empty" => Becomes::Empty,
            "shared" => Becomes::Shared,
            _ => Becomes::Snapshot,
        };
        for asked in &asked {
            let name = &asked.claim.name;
            match (becomes, &asked.not_empty, &asked.not_shared) {
                (Becomes::Empty, Some(why), _) => {
                    refuse(
                        Limit::Volumes,
                        &format!("cannot start anew: {name} {why}"),
                        "Share it, or take it out of the bundle",
                    );
                }
                (Becomes::Snapshot, ..) => {
                    if let Some(why) = &asked.not_copied {
                        refuse(
                            Limit::VolumeSnapshots,
                            &format!("cannot be copied: {name} {why}"),
                            "Move the data yourself and take the object out of the bundle, or name it in workloads.volumes.empty where it may start anew",
                        );
                    }
                }
                (Becomes::Shared, _, Some(why)) => {
                    refuse(
                        Limit::Volumes,
                        &format!("cannot be shared: {name} {why}"),
                        "Let it start anew, or take it out of the bundle",
                    );
                }
                _ => {}
            }
        }
        volumes.push(volume(becomes));
    }
    if !unnamed.is_empty() {
        let message = format!(
            "the bundles keep data in volumes, and the input does not say what becomes of these: {}. Name each, or its namespace as Namespace/name, in \
             workloads.volumes.empty (starts anew on green), workloads.volumes.shared (the same file system of Amazon EFS or FSx) or workloads.volumes.snapshot \
             (volumes of Amazon EBS are copied while the workload stands still), or take it out of the bundle",
            unnamed.join(", ")
        );
        problems.push(Limit::Volumes.refusal(PATH, message));
    }
    problems.extend(idle(input, &used));
    (volumes, problems)
}

/// Where the input says what becomes of an object's volumes.
#[must_use]
pub fn path_of(id: &ObjectId, all: &[Object], input: &Volumes) -> String {
    let found = all.iter().find(|object| object.id == *id).and_then(|object| said(object, all, input));
    found.map_or_else(|| PATH.to_owned(), |(field, index)| format!("{PATH}.{field}[{index}]"))
}

/// What the input says of an object: the field and its index. A PersistentVolume that is kept for a claim is told with it.
fn said(object: &Object, all: &[Object], input: &Volumes) -> Option<(&'static str, usize)> {
    let of = |id: &ObjectId| {
        let named = |name: &str| {
            let mut lists = input.lists().into_iter();
            lists.find_map(|(field, names)| Some((field, names.iter().position(|known| known == name)?)))
        };
        let namespace = id.namespace.as_ref().map(|_| id.namespace_or_default());
        named(&id.to_string()).or_else(|| named(&format!("Namespace/{}", namespace?)))
    };
    let claim = || all.iter().find(|claim| is_claim(&claim.id) && shared::is_kept_for(object, claim));
    of(&object.id).or_else(|| of(&claim().filter(|_| is_volume(&object.id))?.id))
}

/// What the input names and no object of the bundles answers to.
fn idle<'a>(input: &'a Volumes, used: &'a BTreeSet<(&'static str, usize)>) -> impl Iterator<Item = Problem> + 'a {
    let all = input
        .lists()
        .into_iter()
        .flat_map(|(field, names)| names.iter().enumerate().map(move |(index, name)| (field, index, name)));
    all.filter(|(field, index, _)| !used.contains(&(*field, *index))).map(|(field, index, name)| {
        let message = format!(
            "{name} names nothing in the bundles that keeps data in volumes, or only what is named itself; the names are Kind/namespace/name of a claim, a StatefulSet or \
             a custom resource, with the namespace default where the manifest has none, and Namespace/name"
        );
        Problem::new(format!("{PATH}.{field}[{index}]"), message)
    })
}

/// A PersistentVolume is applied so that nothing is deleted with it: green may be deleted, and its storage is blue's too.
pub fn keep(object: &mut Object) {
    if is_volume(&object.id) {
        shared::keep(&mut object.value["spec"]);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

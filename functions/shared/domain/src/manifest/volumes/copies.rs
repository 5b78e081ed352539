//! Volumes of Amazon EBS that green gets copies of: whose they are, whether blue still has what the plan says, and the PersistentVolumes by
//! which green's claims get the copies (<https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reserving-a-persistentvolume>,
//! <https://github.com/kubernetes-sigs/aws-ebs-csi-driver/tree/master/examples/kubernetes/static-provisioning>; for EKS Auto Mode
//! <https://github.com/kubernetes-sigs/aws-ebs-csi-driver/issues/2331>).

use super::{Object, ObjectId, is_claim, shared::has_claim, text, workload};
use crate::plan::{
    ebs::EbsDriver,
    workloads::{Becomes, Copied, Volume, Workloads},
};
use serde_json::{Value, json};

/// The attribute of a volume that names its provisioner's run on blue.
const PROVISIONER: &str = "storage.kubernetes.io/csiProvisionerIdentity";

/// A claim of green finds its copy by the volume's name, and no driver makes another one for it meanwhile.
pub fn reserve(object: &mut Object, plan: &Workloads) {
    if let Some(copied) = plan.copy_for(&object.id) {
        object.value["spec"]["volumeName"] = json!(copied.volume_name());
    }
}

/// The workloads of the bundles whose Pods have a claim, and why its volume cannot be copied for them.
#[must_use]
pub fn holders(objects: &[Object], plan: &Workloads, volume: &Volume, claim: &str) -> (Vec<ObjectId>, Vec<String>) {
    let namespace = volume.id.namespace_or_default();
    let names_it = |object: &&Object| {
        let pods = workload::pod_spec(&object.id.kind, &object.value).filter(|_| workload::is_workload(&object.id));
        let volumes = pods.and_then(|pods| pods["volumes"].as_array()).into_iter().flatten();
        let mut claims = volumes.filter_map(|volume| volume["persistentVolumeClaim"]["claimName"].as_str());
        object.id.namespace_or_default() == namespace && claims.any(|name| name == claim)
    };
    let mut holders: Vec<ObjectId> = objects.iter().filter(names_it).map(|object| object.id.clone()).collect();
    if !is_claim(&volume.id) {
        holders.push(volume.id.clone());
    }
    holders.sort();
    holders.dedup();
    let mut faults = Vec::new();
    for holder in &holders {
        if !plan.is_held(holder) {
            faults.push(format!(
                "{holder} has the claim {claim} and is not held: it would have to stand still while the volume is copied. Put it in workloads.hold"
            ));
        } else if !matches!((holder.group(), holder.kind.as_str()), ("apps", "StatefulSet" | "Deployment")) {
            faults.push(format!(
                "{holder} has the claim {claim}, and only what a StatefulSet or a Deployment has is copied: of others Bascule does not see when they have stopped"
            ));
        }
    }
    if holders.is_empty() {
        faults.push(format!(
            "no workload of the bundles has the claim {claim}, so that nothing shows when it may be copied"
        ));
    }
    (holders, faults)
}

/// The volumes of blue that are copied, each with its PersistentVolume there, and what is no longer as the plan says.
#[must_use]
pub fn found<'a>(
    plan: &'a Workloads,
    claims: &[Value],
    volumes: &'a [Value],
) -> (Vec<(&'a Copied, &'a Value)>, Vec<String>) {
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    let named =
        |claim: &Value| (text(&claim["metadata"]["namespace"]).to_owned(), text(&claim["metadata"]["name"]).to_owned());
    for claim in claims {
        let (namespace, name) = named(claim);
        let asks = |volume: &&Volume| volume.becomes == Becomes::Snapshot && has_claim(volume, claim);
        let is_planned = plan.copies.iter().any(|copied| copied.namespace == namespace && copied.claim == name);
        if let Some(volume) = plan.volumes.iter().find(asks).filter(|_| !is_planned) {
            faults.push(format!("{} has the claim {name} on blue, of which the plan says nothing", volume.id));
        }
    }
    for copied in &plan.copies {
        let is_its = |claim: &&Value| named(claim) == (copied.namespace.clone(), copied.claim.clone());
        let bound = claims.iter().find(is_its).map(|claim| text(&claim["spec"]["volumeName"]));
        let volume = bound.and_then(|bound| volumes.iter().find(|volume| text(&volume["metadata"]["name"]) == bound));
        match volume.map(|volume| (volume, handle(&volume["spec"]))) {
            Some((volume, Some(handle))) if handle == (copied.driver, &copied.volume_id) => {
                found.push((copied, volume));
            }
            Some((volume, handle)) => {
                let handle = handle.map(|(driver, id)| format!("{id} of {}", driver.name()));
                faults.push(format!(
                    "the claim {} of blue is bound to {} ({}), and the plan has {copied} of {}",
                    copied.name(),
                    text(&volume["metadata"]["name"]),
                    handle.as_deref().unwrap_or("no volume of Amazon EBS"),
                    copied.driver.name()
                ));
            }
            None => faults
                .push(format!("the claim {} of blue is gone or not bound, and the plan has {copied}", copied.name())),
        }
    }
    (found, faults)
}

/// The driver of the volume and its id in EBS, by its driver's words or by those from before there was a driver (`aws://zone/vol-1`).
fn handle(spec: &Value) -> Option<(EbsDriver, &str)> {
    let csi = || Some((EbsDriver::named(text(&spec["csi"]["driver"]))?, spec["csi"]["volumeHandle"].as_str()?));
    let in_tree = || spec["awsElasticBlockStore"]["volumeID"].as_str()?.rsplit('/').next();
    csi().or_else(|| Some((EbsDriver::Addon, in_tree()?)))
}

/// By which green's claim gets the copy: as blue's, with the copy's id, reserved for the claim, and kept whatever becomes of green.
#[must_use]
pub fn persistent_volume(copied: &Copied, blue: &Value, id: &str) -> Option<Object> {
    let of_blue = &blue["spec"];
    let (csi, in_tree) = (&of_blue["csi"], &of_blue["awsElasticBlockStore"]);
    let mut source = json!({ "driver": copied.driver.name(), "volumeHandle": id });
    let file_system = csi["fsType"].as_str().or_else(|| in_tree["fsType"].as_str());
    if let Some(file_system) = file_system {
        source["fsType"] = json!(file_system);
    }
    let mut attributes = csi["volumeAttributes"].as_object().cloned().unwrap_or_default();
    attributes.retain(|name, _| name != PROVISIONER);
    if let Some(partition) = in_tree["partition"].as_i64().filter(|partition| *partition > 0) {
        attributes.insert("partition".to_owned(), json!(partition.to_string()));
    }
    if !attributes.is_empty() {
        source["volumeAttributes"] = json!(attributes);
    }
    let is = |key: &str, value: &str| json!({ "key": key, "operator": "In", "values": [value] });
    // Every node has this label of its zone, and each driver's nodes another one (`CSINode`).
    let mut nodes = vec![is("topology.kubernetes.io/zone", &copied.zone)];
    nodes.extend(copied.driver.node_label().map(|(key, value)| is(key, value)));
    let mut spec = json!({
        "capacity": of_blue["capacity"],
        "accessModes": of_blue["accessModes"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": copied.class,
        "csi": source,
        "claimRef": {
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": copied.namespace, "name": copied.claim,
        },
        "nodeAffinity": { "required": { "nodeSelectorTerms": [{ "matchExpressions": nodes }] } },
    });
    for field in ["volumeMode", "mountOptions"] {
        if !of_blue[field].is_null() {
            spec[field] = of_blue[field].clone();
        }
    }
    let metadata = json!({ "name": copied.volume_name() });
    Object::new(0, 0, json!({ "apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec }))
}

/// Bytes of a quantity as Kubernetes writes it (<https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>), of
/// those without exponent or fraction.
#[must_use]
pub fn bytes(quantity: &str) -> Option<u128> {
    let digits = quantity.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(quantity.len());
    let (number, suffix) = quantity.split_at(digits);
    let (base, power) = match suffix {
        "" => (1_u128, 0),
        "k" => (1000, 1),
        "M" => (1000, 2),
        "G" => (1000, 3),
        "T" => (1000, 4),
        "Ki" => (1024, 1),
        "Mi" => (1024, 2),
        "Gi" => (1024, 3),
        "Ti" => (1024, 4),
        _ => return None,
    };
    number.parse::<u64>().ok().map(|number| u128::from(number) * base.pow(power))
}

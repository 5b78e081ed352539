//! Volumes of clusters, as Kubernetes' controllers and the drivers of AWS's storage make and delete them: claims out of the templates of
//! `StatefulSets` (<https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-storage>), bound to the volume that is kept for
//! them or to a new one, kept while somebody has them, and reclaimed afterwards
//! (<https://kubernetes.io/docs/concepts/storage/persistent-volumes/#lifecycle-of-a-volume-and-claim>). A driver works on the nodes of its
//! cluster: without any, nothing is made or deleted.

use super::Aws;
use super::time::Change;
use domain::manifest::{Object, ObjectId};
use serde_json::{Value, json};

const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The names of the claims that a StatefulSet has: one a template and Pod.
fn claims_of(set: &Value) -> Vec<(String, Value)> {
    let count = set["spec"]["replicas"].as_i64().unwrap_or(1);
    let templates = set["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten();
    let of = |template: &Value| {
        let (name, set) = (text(&template["metadata"]["name"]).to_owned(), text(&set["metadata"]["name"]).to_owned());
        let spec = template["spec"].clone();
        (0..count).map(move |ordinal| (format!("{name}-{set}-{ordinal}"), spec.clone())).collect::<Vec<_>>()
    };
    templates.flat_map(of).collect()
}

impl Aws {
    fn has_nodes(&self, cluster: &str) -> bool {
        self.node_groups.keys().any(|(of, _)| of == cluster)
    }

    fn of_kind(&self, cluster: &str, kind: &str) -> Vec<(ObjectId, Value)> {
        let objects = self.objects.get(cluster).into_iter().flatten();
        objects.filter(|(id, _)| id.kind == kind).map(|(id, value)| (id.clone(), value.clone())).collect()
    }

    /// The claims that name a volume.
    pub(super) fn claims_that_name(&self, cluster: &str, volume: &str) -> Vec<ObjectId> {
        let claims = self.of_kind(cluster, "PersistentVolumeClaim").into_iter();
        claims.filter(|(_, claim)| claim["spec"]["volumeName"] == volume).map(|(id, _)| id).collect()
    }

    fn put_object(&mut self, cluster: &str, value: Value) {
        if let (Some(object), Some(objects)) = (Object::new(0, 0, value), self.objects.get_mut(cluster)) {
            objects.insert(object.id, object.value);
        }
    }

    /// Makes and binds what an object that was written asks for.
    pub(super) fn make_volumes(&mut self, cluster: &str, id: &ObjectId) {
        let Some(value) = self.objects.get(cluster).and_then(|objects| objects.get(id)).cloned() else { return };
        let namespace = id.namespace.clone().unwrap_or_default();
        match id.kind.as_str() {
            "StatefulSet" => {
                for (name, spec) in claims_of(&value) {
                    let metadata = json!({ "name": name, "namespace": namespace, "managedFields": [{ "manager": "kube-controller-manager" }] });
                    let claim = json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec });
                    if !self
                        .of_kind(cluster, "PersistentVolumeClaim")
                        .iter()
                        .any(|(known, _)| known.name == name && known.namespace == id.namespace)
                    {
                        self.put_object(cluster, claim);
                    }
                    self.bind(cluster, &namespace, &name, &id.to_string());
                }
            }
            "PersistentVolumeClaim" => self.bind(cluster, &namespace, &id.name, &id.to_string()),
            _ => {}
        }
    }

    fn bind(&mut self, cluster: &str, namespace: &str, name: &str, maker: &str) {
        let claims = self.of_kind(cluster, "PersistentVolumeClaim");
        let its = |(id, _): &(ObjectId, Value)| id.name == name && id.namespace.as_deref() == Some(namespace);
        let Some((id, claim)) = claims.into_iter().find(its) else { return };
        if claim["spec"]["volumeName"].is_string() || !claim["metadata"]["deletionTimestamp"].is_null() {
            return;
        }
        let kept = self.of_kind(cluster, "PersistentVolume").into_iter().find(|(_, volume)| {
            let of = &volume["spec"]["claimRef"];
            text(&of["name"]) == name && text(&of["namespace"]) == namespace
        });
        let volume = match kept {
            Some((volume, _)) => volume.name,
            None if self.has_nodes(cluster) => {
                let driver = self.provisioner(cluster, text(&claim["spec"]["storageClassName"]));
                self.provision(cluster, (namespace, name), &driver, maker)
            }
            None => return,
        };
        if let Some(claim) = self.objects.get_mut(cluster).and_then(|objects| objects.get_mut(&id)) {
            claim["spec"]["volumeName"] = json!(volume);
            claim["status"] = json!({ "phase": "Bound" });
        }
    }

    /// The driver of a class.
    fn provisioner(&self, cluster: &str, class: &str) -> String {
        let classes = self.of_kind(cluster, "StorageClass");
        let found = classes.iter().find(|(id, _)| id.name == class).map(|(_, class)| text(&class["provisioner"]));
        found.unwrap_or("ebs.csi.aws.com").to_owned()
    }

    fn provision(&mut self, cluster: &str, (namespace, name): (&str, &str), driver: &str, maker: &str) -> String {
        let handle = self.create("Volume", "vol-", &format!("{cluster} {namespace} {name}"));
        self.volumes.insert(handle.clone(), maker.to_owned());
        let volume = format!("pvc-{handle}");
        let metadata = json!({ "name": volume, "annotations": { PROVISIONED_BY: driver } });
        let spec = json!({
            "persistentVolumeReclaimPolicy": "Delete", "claimRef": { "namespace": namespace, "name": name },
            "csi": { "driver": driver, "volumeHandle": handle },
        });
        self.put_object(
            cluster,
            json!({ "apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec }),
        );
        volume
    }

    /// An object goes; a claim stays until nobody has it.
    pub(super) fn delete_object(&mut self, cluster: &str, id: &ObjectId) {
        let Some(objects) = self.objects.get_mut(cluster) else { return };
        if id.kind != "PersistentVolumeClaim" {
            objects.remove(id);
        } else if let Some(claim) = objects.get_mut(id) {
            claim["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        }
        self.later(|durations| durations.rollout, Change::VolumesReclaimed(cluster.to_owned()));
    }

    /// Claims that were deleted and that nobody has go, and with them the volumes whose policy says so.
    pub(super) fn reclaim_volumes(&mut self, cluster: &str) {
        let sets = self.of_kind(cluster, "StatefulSet");
        let has = |claim: &ObjectId| {
            sets.iter().any(|(set, value)| {
                set.namespace == claim.namespace && claims_of(value).iter().any(|(name, _)| *name == claim.name)
            })
        };
        for (id, claim) in self.of_kind(cluster, "PersistentVolumeClaim") {
            if claim["metadata"]["deletionTimestamp"].is_null() || has(&id) {
                continue;
            }
            let bound = text(&claim["spec"]["volumeName"]).to_owned();
            let volume = self.of_kind(cluster, "PersistentVolume").into_iter().find(|(volume, _)| volume.name == bound);
            let deletes = volume.filter(|(_, volume)| volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete");
            if deletes.is_some() && !self.has_nodes(cluster) {
                continue;
            }
            let Some(objects) = self.objects.get_mut(cluster) else { return };
            objects.remove(&id);
            if let Some((volume, value)) = deletes {
                objects.remove(&volume);
                self.volumes.remove(text(&value["spec"]["csi"]["volumeHandle"]));
            }
        }
    }
}

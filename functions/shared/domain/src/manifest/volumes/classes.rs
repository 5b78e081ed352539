//! Whether green can make the volumes that are asked for: the storage class, its driver, and the zones.

use super::{Brought, DRIVERS, Driver, Object, driver, is_volume, text};
use crate::plan::{
    ebs::EbsDriver,
    workloads::{Becomes, Copied, Volume},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The class that every cluster of EKS has, since Kubernetes 1.30 not as its default one
/// (<https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions-extended.html>).
const GP2: &str = "gp2";

/// The provisioner of volumes of EBS from before there was a driver, whose work the driver does
/// (<https://kubernetes.io/docs/concepts/storage/volumes/#aws-ebs-csi-migration>).
const IN_TREE: &str = "kubernetes.io/aws-ebs";

/// The class that the driver's add-on brings as the default one where its configuration says `defaultStorageClass.enabled`
/// (<https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/charts/aws-ebs-csi-driver/values.yaml>).
const OF_THE_ADDON: &str = "ebs-csi-default-sc";

/// Which class is the default one
/// (<https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass>).
const IS_DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

/// What green has beside the bundles.
#[derive(Debug, Default)]
pub struct Around {
    /// Its EKS add-ons.
    pub addons: BTreeSet<String>,
    /// Whether it will be in EKS Auto Mode.
    pub is_auto: bool,
    /// Whether that of EBS brings a default class.
    pub has_default_class: bool,
    /// The Availability Zones of its nodes.
    pub zones: BTreeSet<String>,
}

#[derive(Debug)]
struct Class {
    provisioner: String,
    keeps: bool,
    /// The zones that it allows; none where it allows all.
    zones: BTreeSet<String>,
}

impl Class {
    /// The driver that makes its volumes, where it is one of Amazon EBS.
    fn of_ebs(&self) -> Option<EbsDriver> {
        if self.provisioner == IN_TREE { Some(EbsDriver::Addon) } else { EbsDriver::named(&self.provisioner) }
    }

    /// The driver that makes its volumes, where it is one of AWS's.
    fn driver(&self) -> Option<&'static Driver> {
        match self.of_ebs() {
            Some(of_ebs) => driver(of_ebs.name()),
            None => driver(&self.provisioner),
        }
    }
}

/// The driver of a class of this name that green will have, where it is one of Amazon EBS and it is known which.
#[must_use]
pub fn ebs_driver(objects: &[Object], around: &Around, class: &str) -> Option<EbsDriver> {
    classes(objects, around).0.get(class)?.of_ebs()
}

/// What keeps green from making these volumes or having these copies, and what people should know of them.
#[must_use]
pub fn unmet(objects: &[Object], volumes: &[Volume], copies: &[Copied], around: &Around) -> (Vec<String>, Vec<String>) {
    let (classes, default) = classes(objects, around);
    let has = |name: &str| has_driver(objects, around, name);
    let (mut problems, mut advice) = (BTreeSet::new(), BTreeSet::new());
    let mut lacking: Vec<(&Driver, String)> = Vec::new();
    for volume in volumes.iter().filter(|volume| !is_volume(&volume.id)) {
        for claim in &volume.claims {
            let Some(name) = claim.class.as_ref().or(default.as_ref()) else {
                if volume.becomes == Becomes::Empty {
                    problems.insert(format!(
                        "{}: {} names no class, and green will have no default one: none of the bundles' is annotated {IS_DEFAULT}, and since Kubernetes 1.30 EKS's gp2 is not. \
                         Name a class, annotate one, or set defaultStorageClass.enabled in the configuration of blue's add-on aws-ebs-csi-driver",
                        volume.id, claim.name
                    ));
                }
                continue;
            };
            match (classes.get(name), volume.becomes) {
                (None, Becomes::Empty) => {
                    problems.insert(format!(
                        "{}: {} is of the class {name:?}, which no bundle brings. Add it to a bundle, or name another",
                        volume.id, claim.name
                    ));
                }
                (Some(class), becomes) => {
                    let lacks = class.driver().filter(|driver| !has(driver.name));
                    lacking.extend(lacks.map(|driver| (driver, volume.id.to_string())));
                    if becomes == Becomes::Empty {
                        problems.extend(out_of_reach(volume, name, class, around));
                        advice.extend(class.keeps.then(|| {
                            format!("the class {name:?} keeps volumes whose claims are gone (reclaimPolicy Retain): those of {} stay in AWS after a way back, which lists them", volume.id)
                        }));
                    }
                }
                (None, Becomes::Shared | Becomes::Snapshot) => {}
            }
        }
    }
    // Copies are volumes of EBS, though no bundle may bring their class.
    let unknown = copies.iter().filter(|copied| classes.get(&copied.class).and_then(Class::of_ebs).is_none());
    let lacks = unknown.filter(|copied| !has(copied.driver.name()));
    lacking.extend(lacks.filter_map(|copied| Some((driver(copied.driver.name())?, copied.name()))));
    problems.extend(DRIVERS.iter().filter_map(|driver| without(driver, &lacking)));
    let mut on_green = volumes.iter().filter(|volume| volume.becomes == Becomes::Shared).peekable();
    let shares = on_green.peek().is_some()
        && !on_green.any(|volume| lacking.iter().any(|(_, lacks)| *lacks == volume.id.to_string()));
    let by_nfs = objects.iter().any(|object| is_volume(&object.id) && object.value["spec"]["nfs"].is_object());
    if shares && !by_nfs && !DRIVERS.iter().any(|driver| driver.is_file_system && has(driver.name)) {
        problems.insert(
            "volumes are to be shared, and green will have no driver of a file system: blue has no such add-on (aws-efs-csi-driver, aws-fsx-csi-driver), and no bundle \
             brings a CSIDriver. Make it an add-on of blue, or add it to a bundle"
                .to_owned(),
        );
    }
    (problems.into_iter().collect(), advice.into_iter().collect())
}

/// That green has no such driver, with all volumes that want it.
fn without(driver: &Driver, lacking: &[(&Driver, String)]) -> Option<String> {
    let of = lacking.iter().filter(|(lacked, _)| lacked.name == driver.name);
    let volumes: BTreeSet<&str> = of.map(|(_, volume)| volume.as_str()).collect();
    let volumes: Vec<&str> = volumes.into_iter().collect();
    let name = driver.name;
    let why = match driver.brought {
        Brought::ByAddon(addon) => format!(
            "blue has no add-on {addon}, and no bundle brings the CSIDriver {name}. Make it an add-on of blue, or add it to a bundle"
        ),
        Brought::ByAutoMode => format!(
            "the driver {name} is a part of EKS Auto Mode, which blue is not in and green will not be. Name a class of another driver, or enable EKS Auto Mode on blue"
        ),
    };
    (!volumes.is_empty())
        .then(|| format!("{}: nothing on green makes or attaches these volumes: {why}", volumes.join(", ")))
}

fn out_of_reach(volume: &Volume, name: &str, class: &Class, around: &Around) -> Option<String> {
    let meets = class.zones.is_empty() || around.zones.is_empty() || !class.zones.is_disjoint(&around.zones);
    let list = |zones: &BTreeSet<String>| zones.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    (!meets).then(|| {
        format!(
            "{}: the class {name:?} makes volumes in {} only (allowedTopologies), and green's nodes are in {}: no Pod could have them. Name green's zones",
            volume.id,
            list(&class.zones),
            list(&around.zones)
        )
    })
}

fn has_driver(objects: &[Object], around: &Around, name: &str) -> bool {
    let brought = objects.iter().any(|object| object.id.kind == "CSIDriver" && object.id.name == name);
    let has = |driver: &Driver| match driver.brought {
        Brought::ByAddon(addon) => around.addons.contains(addon),
        Brought::ByAutoMode => around.is_auto,
    };
    brought || driver(name).is_some_and(has)
}

/// The classes that green will have by their names, and the default one's name.
fn classes(objects: &[Object], around: &Around) -> (BTreeMap<String, Class>, Option<String>) {
    let ebs = |provisioner: &str| Class { provisioner: provisioner.to_owned(), keeps: false, zones: BTreeSet::new() };
    let mut classes = BTreeMap::from([(GP2.to_owned(), ebs(IN_TREE))]);
    let mut default = None;
    if around.has_default_class {
        classes.insert(OF_THE_ADDON.to_owned(), ebs(EbsDriver::Addon.name()));
        default = Some(OF_THE_ADDON.to_owned());
    }
    for Object { id, value, .. } in
        objects.iter().filter(|object| object.id.group() == "storage.k8s.io" && object.id.kind == "StorageClass")
    {
        if value["metadata"]["annotations"][IS_DEFAULT] == "true" {
            default = Some(id.name.clone());
        }
        let class = Class {
            provisioner: text(&value["provisioner"]).to_owned(),
            keeps: value["reclaimPolicy"] == "Retain",
            zones: zones(&value["allowedTopologies"]),
        };
        classes.insert(id.name.clone(), class);
    }
    (classes, default)
}

/// The zones of a class (<https://kubernetes.io/docs/concepts/storage/storage-classes/#allowed-topologies>), by the key of Kubernetes or of a
/// driver (`topology.ebs.csi.aws.com/zone`).
fn zones(topologies: &Value) -> BTreeSet<String> {
    let terms = topologies.as_array().into_iter().flatten();
    let expressions = terms.filter_map(|term| term["matchLabelExpressions"].as_array()).flatten();
    let by_zone = expressions.filter(|expression| text(&expression["key"]).ends_with("/zone"));
    by_zone
        .filter_map(|expression| expression["values"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

//! Green's EC2 launch templates: a clone with one version for each version that blue's node groups use
//! (<https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html>).

use crate::{
    Entry, Kind, Migration, PhaseError, ResourceKey, Side,
    names::{self, client_token},
    ownership::clone_tags,
    plan::compute::{Cluster, LaunchTemplate, LaunchTemplateData, nodes::NetworkInterface, rules::Clones},
    ports::{Clock, LaunchTemplates, Ledger, network::NewLaunchTemplate},
    reconcile,
};
use serde_json::{Value, json};

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &[
    "ec2:CreateLaunchTemplate",
    "ec2:DeleteLaunchTemplate",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeLaunchTemplates",
];

/// Characters of a template's name
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html>).
const LONGEST_NAME: usize = 128;

/// The version that a clone has.
pub const VERSION: &str = "1";

/// The clone of one version of a template of blue.
#[must_use]
pub fn key(blue: &LaunchTemplate) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::LaunchTemplate, blue.key())
}

/// The name of the clone.
#[must_use]
pub fn name(migration: &Migration, blue: &LaunchTemplate) -> String {
    let name = format!("{}-{}", blue.name, blue.version);
    names::unique(&migration.id, Side::Green, Kind::LaunchTemplate, &name, LONGEST_NAME)
}

/// Makes the clone, with green's security groups for blue's, and gives its id. Nodes of a custom AMI join `green` by it.
///
/// # Errors
/// `Conflict` where the user data of blue's version is not what the plan saw, or nodes would not join green by it.
pub async fn ensure<P: Ledger + LaunchTemplates + Clock>(
    ports: &P,
    migration: &Migration,
    blue: &LaunchTemplate,
    clones: &Clones,
    green: &Cluster,
) -> Result<String, PhaseError> {
    let key = key(blue);
    let name = name(migration, blue);
    let request = NewLaunchTemplate {
        data: clone_data(migration, &blue.data, clones),
        user_data_of: blue.data.user_data_sha256.as_ref().map(|_| (blue.id.clone(), blue.version.clone())),
        replace: migration.input.workloads.replace.clone(),
        clusters: blue.data.join.as_ref().map(|_| (migration.plan.compute.blue.clone(), green.clone())),
        tags: clone_tags(migration, &blue.tags),
        token: client_token(&migration.id, key.side, key.kind, &key.name),
        name: name.clone(),
    };
    let find = || ports.own_launch_template(&name, migration.name());
    let mut detail = reconcile::intended(ports.now());
    if request.clusters.is_some() {
        detail[JOINS] = joined(green);
    }
    reconcile::ensure(ports, migration, &key, detail, find, || ports.create_launch_template(&request)).await
}

/// The member of an entry's detail that has what nodes of a custom AMI are told of green.
const JOINS: &str = "joins";

fn joined(green: &Cluster) -> Value {
    json!({
        "name": green.name,
        "endpoint": green.endpoint,
        "certificateAuthority": green.certificate_authority,
        "serviceCidr": green.service_cidr,
    })
}

/// The cluster that nodes join by the clone that `entry` stands for, as far as their user data tells; none where EKS tells them.
#[must_use]
pub fn joins(entry: &Entry) -> Option<Cluster> {
    let told = entry.detail.get(JOINS)?;
    let text = |name: &str| told[name].as_str().map(str::to_owned);
    Some(Cluster {
        name: text("name")?,
        endpoint: text("endpoint")?,
        certificate_authority: text("certificateAuthority")?,
        service_cidr: text("serviceCidr"),
        ..Cluster::default()
    })
}

/// What the clone says: green's groups for blue's, and green's name in the tags of what is launched.
fn clone_data(migration: &Migration, data: &LaunchTemplateData, clones: &Clones) -> LaunchTemplateData {
    let compute = &migration.plan.compute;
    let green = |ids: &[String]| ids.iter().map(|id| clones.get(id).unwrap_or(id).clone()).collect();
    let tags = data.tag_specifications.iter().map(|(kind, tags)| (kind.clone(), compute.green_tags(tags)));
    let interfaces = data.network_interfaces.iter();
    let interfaces =
        interfaces.map(|interface| NetworkInterface { groups: green(&interface.groups), ..interface.clone() });
    LaunchTemplateData {
        security_group_ids: green(&data.security_group_ids),
        network_interfaces: interfaces.collect(),
        tag_specifications: tags.collect(),
        ..data.clone()
    }
}

/// Makes the clone that `entry` stands for absent.
///
/// # Errors
/// `Conflict` where the plan does not have what it is a clone of; `NotReady` while EC2 may not show it yet.
pub async fn remove<P: Ledger + LaunchTemplates + Clock>(
    ports: &P,
    migration: &Migration,
    entry: &Entry,
) -> Result<(), PhaseError> {
    let blue = migration.plan.compute.launch_templates.iter().find(|template| template.key() == entry.key.name);
    let blue = blue.ok_or_else(|| PhaseError::conflict(format!("{} is not in the plan", entry.key)))?;
    let name = name(migration, blue);
    let find = || ports.own_launch_template(&name, migration.name());
    reconcile::ensure_settled_absent(ports, migration, entry, find, async |id| delete(ports, &id).await).await
}

/// Deletes a template with all its versions; nothing where it is gone.
///
/// # Errors
/// Only what the calls answer.
pub async fn delete<P: LaunchTemplates>(ports: &P, id: &str) -> Result<(), PhaseError> {
    ports.delete_launch_template(id).await
}

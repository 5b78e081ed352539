//! Green's launch templates: one with one version for each version that blue's node groups use.

use domain::{
    Kind, Migration, PhaseError, ResourceKey, Side,
    names::{client_token, unique},
    ownership::clone_tags,
    plan::compute::{LaunchTemplate, LaunchTemplateData, nodes::NetworkInterface, rules::Clones},
    ports::{Clusters, LaunchTemplates, Ledger, network::NewLaunchTemplate},
    reconcile::{ensure as ensure_resource, ensure_absent},
    security_groups::clones,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// Makes the launch templates, and gives the id of each clone by the key of what it is a clone of.
pub(crate) async fn ensure<P: Ledger + Clusters + LaunchTemplates>(
    ports: &P,
    migration: &Migration,
) -> Result<BTreeMap<String, String>, PhaseError> {
    let compute = &migration.plan.compute;
    let mut ids = BTreeMap::new();
    if compute.launch_templates.is_empty() {
        return Ok(ids);
    }
    let clones = with_cluster_group(ports, migration).await?;
    for template in &compute.launch_templates {
        let name = name(migration, template);
        let request = NewLaunchTemplate {
            data: clone_data(migration, &template.data, &clones),
            user_data_of: template
                .data
                .user_data_sha256
                .as_ref()
                .map(|_| (template.id.clone(), template.version.clone())),
            tags: clone_tags(migration, &template.tags),
            token: client_token(&migration.id, Side::Green, Kind::LaunchTemplate, &template.key()),
            name: name.clone(),
        };
        let id = ensure_resource(
            ports,
            migration,
            &ResourceKey::new(Side::Green, Kind::LaunchTemplate, template.key()),
            Value::Null,
            || ports.own_launch_template(&name, migration.name()),
            || ports.create_launch_template(&request),
        )
        .await?;
        ids.insert(template.key(), id);
    }
    Ok(ids)
}

/// Every group of blue that green has its own of, the cluster security group included.
pub(crate) async fn with_cluster_group<P: Ledger + Clusters>(
    ports: &P,
    migration: &Migration,
) -> Result<Clones, PhaseError> {
    let compute = &migration.plan.compute;
    let mut clones = clones(ports, migration).await?;
    let green = ports.cluster(&compute.green.name).await?;
    let green = green.ok_or_else(|| PhaseError::conflict(format!("the cluster {} is gone", compute.green.name)))?;
    clones.insert(compute.blue.cluster_security_group_id.clone(), green.cluster.cluster_security_group_id);
    Ok(clones)
}

fn name(migration: &Migration, template: &LaunchTemplate) -> String {
    // Names have at most 128 characters: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html
    unique(&migration.id, Side::Green, Kind::LaunchTemplate, &format!("{}-{}", template.name, template.version), 128)
}

/// What the clone says: green's groups for blue's, and green's name in the tags of what is launched.
fn clone_data(migration: &Migration, data: &LaunchTemplateData, clones: &Clones) -> LaunchTemplateData {
    let compute = &migration.plan.compute;
    let green = |ids: &[String]| ids.iter().map(|id| clones.get(id).unwrap_or(id).clone()).collect();
    LaunchTemplateData {
        security_group_ids: green(&data.security_group_ids),
        network_interfaces: data
            .network_interfaces
            .iter()
            .map(|interface| NetworkInterface { groups: green(&interface.groups), ..interface.clone() })
            .collect(),
        tag_specifications: data
            .tag_specifications
            .iter()
            .map(|(kind, tags)| (kind.clone(), compute.green_tags(tags)))
            .collect(),
        ..data.clone()
    }
}

/// Deletes the launch templates that the ledger knows.
pub(crate) async fn remove<P: Ledger + LaunchTemplates>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    for entry in ports.entries(migration).await? {
        if entry.key.side != Side::Green || entry.key.kind != Kind::LaunchTemplate || !entry.is_live() {
            continue;
        }
        let blue = migration.plan.compute.launch_templates.iter().find(|template| template.key() == entry.key.name);
        let blue = blue.ok_or_else(|| PhaseError::conflict(format!("{} is not in the plan", entry.key)))?;
        let name = name(migration, blue);
        let find = || ports.own_launch_template(&name, migration.name());
        let delete = |id: String| async move { ports.delete_launch_template(&id).await };
        ensure_absent(ports, migration, &entry.key, find, delete).await?;
    }
    Ok(())
}

//! What the plan says will be created, and deleted later.

use domain::{
    Kind,
    plan::{Planned, compute::Compute},
};

fn planned(kind: Kind, name: impl Into<String>, id: Option<&str>) -> Planned {
    Planned { kind, name: name.into(), id: id.map(ToOwned::to_owned) }
}

pub(super) fn creates(compute: &Compute) -> Vec<Planned> {
    let groups = compute
        .security_groups
        .iter()
        .map(|group| planned(Kind::SecurityGroup, format!("like {} ({})", group.name, group.id), None));
    let foreign = compute.references.iter().map(|reference| {
        planned(Kind::SecurityGroupRule, format!("in {} like {}", reference.group_id, reference.rule), None)
    });
    let cluster = planned(Kind::Cluster, format!("{} ({})", compute.green.name, compute.green.version), None);
    let addons =
        compute.addons.iter().map(|addon| planned(Kind::Addon, format!("{} {}", addon.name, addon.version), None));
    let entries = compute.access_entries.iter().map(|entry| planned(Kind::AccessEntry, &entry.principal_arn, None));
    let own = [&compute.blue.name, &compute.green.name]
        .map(|cluster| planned(Kind::AccessEntry, format!("Bascule's own in {cluster}"), None));
    let identities =
        compute.pod_identities.iter().map(|identity| planned(Kind::PodIdentityAssociation, identity.key(), None));
    let templates = compute.launch_templates.iter().map(|template| {
        planned(Kind::LaunchTemplate, format!("like {}, version {}", template.name, template.version), None)
    });
    let node_groups = compute
        .node_groups
        .iter()
        .map(|group| planned(Kind::NodeGroup, format!("{} ({} nodes)", group.name, group.scaling.desired), None));
    groups
        .chain(foreign)
        .chain([cluster])
        .chain(addons)
        .chain(entries)
        .chain(own)
        .chain(identities)
        .chain(templates)
        .chain(node_groups)
        .collect()
}

/// Add-ons, access entries and Pod Identity associations go with the cluster; so does its security group, unless EKS leaves it.
pub(super) fn deletes(compute: &Compute, shared_templates: &[(String, String)]) -> Vec<Planned> {
    let node_groups = compute.node_groups.iter().map(|group| planned(Kind::NodeGroup, &group.name, Some(&group.arn)));
    let rules = compute.references.iter().map(|reference| {
        let id = format!("{}/{}", reference.group_id, reference.rule);
        planned(Kind::SecurityGroupRule, id.clone(), Some(&id))
    });
    let cluster = planned(Kind::Cluster, &compute.blue.name, Some(&compute.blue.arn));
    let cluster_group = &compute.blue.cluster_security_group_id;
    let cluster_group =
        planned(Kind::SecurityGroup, format!("cluster security group of {}", compute.blue.name), Some(cluster_group));
    let groups = compute.security_groups.iter().map(|group| planned(Kind::SecurityGroup, &group.name, Some(&group.id)));
    let mut templates: Vec<_> = compute
        .launch_templates
        .iter()
        .filter(|template| !shared_templates.iter().any(|(id, _)| *id == template.id))
        .map(|template| planned(Kind::LaunchTemplate, &template.name, Some(&template.id)))
        .collect();
    // Several versions of one template may be in use.
    templates.dedup_by(|a, b| a.id == b.id);
    node_groups.chain(rules).chain([cluster, cluster_group]).chain(groups).chain(templates).collect()
}

//! What the plan says will be created, and deleted later.

use domain::{
    Kind,
    plan::{Planned, compute::Compute},
    resources::{authentication_mode, security_group_rule},
};

/// What Bascule itself needs on both clusters, whoever built them.
fn own(compute: &Compute) -> impl Iterator<Item = Planned> {
    let entry = |cluster: &String| Planned::new(Kind::AccessEntry, format!("Bascule's own in {cluster}"));
    authentication_mode::planned(compute).into_iter().chain([&compute.blue.name, &compute.green.name].map(entry))
}

pub(super) fn creates(compute: &Compute) -> Vec<Planned> {
    if compute.existing.is_some() {
        return own(compute).collect();
    }
    let groups = compute
        .security_groups
        .iter()
        .map(|group| Planned::new(Kind::SecurityGroup, format!("like {} ({})", group.name, group.id)));
    let foreign = compute.references.iter().map(|reference| {
        Planned::new(Kind::SecurityGroupRule, format!("in {} like {}", reference.group_id, reference.rule))
    });
    let cluster = Planned::new(Kind::Cluster, format!("{} ({})", compute.green.name, compute.green.version));
    let addons =
        compute.addons.iter().map(|addon| Planned::new(Kind::Addon, format!("{} {}", addon.name, addon.version)));
    let entries = compute.access_entries.iter().map(|entry| Planned::new(Kind::AccessEntry, &entry.principal_arn));
    let own = own(compute);
    let identities =
        compute.pod_identities.iter().map(|identity| Planned::new(Kind::PodIdentityAssociation, identity.key()));
    let providers = compute
        .identity_providers
        .iter()
        .map(|provider| Planned::new(Kind::IdentityProvider, format!("{} ({})", provider.name, provider.issuer_url)));
    let templates = compute.launch_templates.iter().map(|template| {
        Planned::new(Kind::LaunchTemplate, format!("like {}, version {}", template.name, template.version))
    });
    let node_groups = compute.node_groups.iter().map(|group| {
        let image = compute.launch_template(group).and_then(|template| template.data.image_id.as_ref());
        let ami = image.unwrap_or(&group.ami_type);
        Planned::new(Kind::NodeGroup, format!("{} ({} nodes, {ami})", group.name, group.scaling.desired))
    });
    let profiles = compute.fargate_profiles.iter().map(|profile| Planned::new(Kind::FargateProfile, &profile.name));
    groups
        .chain(foreign)
        .chain([cluster])
        .chain(addons)
        .chain(entries)
        .chain(own)
        .chain(identities)
        .chain(providers)
        .chain(templates)
        .chain(node_groups)
        .chain(profiles)
        .collect()
}

/// Add-ons, access entries and Pod Identity associations go with the cluster; so does its security group, unless EKS leaves it.
pub(super) fn deletes(compute: &Compute, shared_templates: &[(String, String)]) -> Vec<Planned> {
    let node_groups =
        compute.node_groups.iter().map(|group| Planned::existing(Kind::NodeGroup, &group.name, &group.arn));
    let profiles = compute
        .fargate_profiles
        .iter()
        .map(|profile| Planned::existing(Kind::FargateProfile, &profile.name, &profile.arn));
    let rules = compute.references.iter().map(|reference| {
        let id = security_group_rule::id(&reference.group_id, &reference.rule);
        Planned::existing(Kind::SecurityGroupRule, id.clone(), &id)
    });
    let cluster = Planned::existing(Kind::Cluster, &compute.blue.name, &compute.blue.arn);
    let cluster_group = &compute.blue.cluster_security_group_id;
    let cluster_group = Planned::existing(
        Kind::SecurityGroup,
        format!("cluster security group of {}", compute.blue.name),
        cluster_group,
    );
    let groups =
        compute.security_groups.iter().map(|group| Planned::existing(Kind::SecurityGroup, &group.name, &group.id));
    let mut templates: Vec<_> = compute
        .launch_templates
        .iter()
        .filter(|template| !shared_templates.iter().any(|(id, _)| *id == template.id))
        .map(|template| Planned::existing(Kind::LaunchTemplate, &template.name, &template.id))
        .collect();
    // Several versions of one template may be in use.
    templates.dedup_by(|a, b| a.id == b.id);
    node_groups.chain(profiles).chain(rules).chain([cluster, cluster_group]).chain(groups).chain(templates).collect()
}

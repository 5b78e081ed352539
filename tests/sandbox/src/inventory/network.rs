//! EC2: security groups, launch templates, instances, network interfaces, volumes and their snapshots.

use crate::aws::Aws;
use crate::error::Result;
use crate::inventory::clusters::tag;
use crate::inventory::{DATA, Resource};
use crate::world::{BLUE, GREEN, ec2};
use crate::xml::Element;

pub(super) async fn all(aws: &Aws) -> Result<Vec<Resource>> {
    let mut all = Vec::new();
    for group in ec2(aws, "DescribeSecurityGroups", &[]).await?.list("securityGroupInfo") {
        let resource = Resource::new("SecurityGroup", text(group, "groupId"), text(group, "groupName"));
        all.push(of_cluster(resource, group));
    }
    for rule in ec2(aws, "DescribeSecurityGroupRules", &[]).await?.list("securityGroupRuleSet") {
        all.push(
            Resource::new("SecurityGroupRule", text(rule, "securityGroupRuleId"), "").owned_by(text(rule, "groupId")),
        );
    }
    for template in ec2(aws, "DescribeLaunchTemplates", &[]).await?.list("launchTemplates") {
        let resource =
            Resource::new("LaunchTemplate", text(template, "launchTemplateId"), text(template, "launchTemplateName"));
        all.push(of_cluster(resource, template));
    }
    for reservation in ec2(aws, "DescribeInstances", &[]).await?.list("reservationSet") {
        for instance in reservation.list("instancesSet") {
            let state = instance.find("instanceState").map(|state| text(state, "name")).unwrap_or_default();
            if state == "terminated" {
                continue;
            }
            let resource = Resource::new("Instance", text(instance, "instanceId"), "");
            // Of Karpenter, or of EKS Auto Mode.
            let pool = ["karpenter.sh/nodepool", "eks:kubernetes-node-pool-name"]
                .into_iter()
                .find_map(|key| tag(instance, key));
            let of_pool = pool.and(tag(instance, "eks:eks-cluster-name"));
            all.push(match (tag(instance, "aws:autoscaling:groupName"), of_pool) {
                (Some(group), _) => resource.owned_by(group),
                (None, Some(cluster)) => resource.owned_by(arn_of(&cluster)),
                (None, None) => resource,
            });
        }
    }
    for interface in ec2(aws, "DescribeNetworkInterfaces", &[]).await?.list("networkInterfaceSet") {
        let resource = Resource::new("NetworkInterface", text(interface, "networkInterfaceId"), "");
        let instance =
            interface.find("attachment").map(|attachment| text(attachment, "instanceId")).unwrap_or_default();
        all.push(if instance.is_empty() { of_cluster(resource, interface) } else { resource.owned_by(instance) });
    }
    for volume in ec2(aws, "DescribeVolumes", &[]).await?.list("volumeSet") {
        if let Some(claim) = tag(volume, "kubernetes.io/created-for/pvc/name") {
            all.push(of_claim(volume, claim));
            continue;
        }
        let resource = Resource::new("Volume", text(volume, "volumeId"), "");
        let attachment = volume.find("attachmentSet");
        let instance = attachment.map(|attachment| text(attachment, "instanceId")).unwrap_or_default();
        all.push(if instance.is_empty() { resource } else { resource.owned_by(instance) });
    }
    for snapshot in ec2(aws, "DescribeSnapshots", &[("Owner.1", "self")]).await?.list("snapshotSet") {
        all.push(Resource::new("Snapshot", text(snapshot, "snapshotId"), tag(snapshot, "Name").unwrap_or_default()));
    }
    Ok(all)
}

/// The driver of Amazon EBS made it for a claim of a cluster: it is there for that, and stays when that is deleted.
fn of_claim(volume: &Element, claim: String) -> Resource {
    let resource = Resource::new(DATA, text(volume, "volumeId"), claim);
    let clusters = [BLUE, GREEN].into_iter();
    let mut own = clusters.filter(|name| tag(volume, &format!("kubernetes.io/cluster/{name}")).is_some());
    match own.next() {
        Some(name) => {
            resource.owned_by(format!("arn:aws:eks:{}:{}:cluster/{name}", crate::aws::REGION, crate::aws::ACCOUNT))
        }
        None => resource,
    }
}

/// EKS tags what it makes for a cluster or one of its node groups.
fn of_cluster(resource: Resource, element: &Element) -> Resource {
    let made_by_eks = tag(element, "aws:eks:cluster-name").or_else(|| tag(element, "eks:cluster-name"));
    match (made_by_eks, tag(element, "eks:nodegroup-name")) {
        (Some(cluster), Some(group)) => resource.owned_by(format!("{cluster}/{group}")),
        (Some(cluster), None) => {
            resource.owned_by(format!("arn:aws:eks:{}:{}:cluster/{cluster}", crate::aws::REGION, crate::aws::ACCOUNT))
        }
        _ => resource,
    }
}

fn arn_of(cluster: &str) -> String {
    format!("arn:aws:eks:{}:{}:cluster/{cluster}", crate::aws::REGION, crate::aws::ACCOUNT)
}

fn text(element: &Element, field: &str) -> String {
    element.value(field).unwrap_or_default()
}

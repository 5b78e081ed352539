//! What the driver of Amazon EBS asks of EC2 for a cluster: a volume for each that Kubernetes has, deleted when Kubernetes deletes that. A
//! cluster that is deleted takes none with it, as on AWS.
//!
//! The driver asks EC2 before Kubernetes shows the volume, and deletes there first; here it is a moment later, and the volume's handle changes
//! to that of EC2's. Volumes are attached to no
//! instance, since stand-in Pods write nothing. Tags: <https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md>.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use kubernetes::{Cluster, Provisioned};

use crate::{account::Account, ec2, query_protocol::Fault};

/// How often the volumes are compared.
const INTERVAL: Duration = Duration::from_millis(200);

/// Follows a cluster until it is deleted.
pub(crate) async fn follow(account: Arc<Account>, name: String, api: Cluster) {
    let mut made: BTreeMap<String, String> = BTreeMap::new();
    loop {
        tokio::time::sleep(INTERVAL).await;
        if account.state().clusters.get(&name).is_none_or(|cluster| cluster.kubernetes.is_none()) {
            return;
        }
        let wanted = api.provisioned();
        let names: BTreeSet<&String> = wanted.iter().map(|volume| &volume.name).collect();
        let gone: Vec<String> = made.keys().filter(|name| !names.contains(name)).cloned().collect();
        for volume in gone {
            if let Some(id) = made.get(&volume)
                && told(&volume, ec2::delete_volume(&account.neighbours, id).await).is_some()
            {
                made.remove(&volume);
            }
        }
        for volume in wanted {
            if !made.contains_key(&volume.name)
                && let Some(id) = told(&volume.name, create(&account, &name, &volume).await)
            {
                api.made(&volume.name, &id);
                made.insert(volume.name, id);
            }
        }
    }
}

async fn create(account: &Account, cluster: &str, volume: &Provisioned) -> Result<String, Fault> {
    let subnets = account.state().clusters.get(cluster).map(|cluster| {
        let ids = cluster.stored.resource["resourcesVpcConfig"]["subnetIds"].as_array().into_iter().flatten();
        ids.filter_map(|id| id.as_str().map(str::to_owned)).take(1).collect::<Vec<_>>()
    });
    let subnets = ec2::subnets(&account.neighbours, &subnets.unwrap_or_default()).await?;
    let zone = subnets.first().map(|subnet| subnet.zone.clone()).unwrap_or_default();
    let of_cluster = format!("kubernetes.io/cluster/{cluster}");
    let tags = [
        ("CSIVolumeName", volume.name.as_str()),
        ("ebs.csi.aws.com/cluster", "true"),
        (of_cluster.as_str(), "owned"),
        ("kubernetes.io/created-for/pv/name", volume.name.as_str()),
        ("kubernetes.io/created-for/pvc/name", volume.claim.as_str()),
        ("kubernetes.io/created-for/pvc/namespace", volume.namespace.as_str()),
    ];
    let tags: BTreeMap<String, String> = tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    ec2::create_volume(&account.neighbours, &zone, volume.gib, &tags).await
}

fn told<T>(volume: &str, answer: Result<T, Fault>) -> Option<T> {
    answer
        .map_err(|fault| tracing::warn!(volume, code = fault.code, fault.message, "EC2 refused, and is asked again"))
        .ok()
}

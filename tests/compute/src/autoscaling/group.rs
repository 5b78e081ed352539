//! Auto Scaling groups, as EKS makes them for node groups.
//!
//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AutoScalingGroup.html>

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use kubernetes::Taint;
use serde_json::Value;

use super::attachment::Attachment;
use crate::{
    account::{Account, State},
    ec2::{LaunchTemplate, Subnet},
    eks::texts,
    identifier, node,
    query_protocol::Fault,
};

/// The lifecycle state of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifecycle {
    /// Launched and not yet a node.
    Pending,
    /// A node that takes Pods.
    InService,
    /// Draining.
    Terminating,
}

/// An instance of a group.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    /// The instance id, `i-…`.
    pub(crate) id: String,
    /// The Availability Zone's name.
    pub(crate) zone: String,
    /// The instance type, such as `m5.large`.
    pub(crate) machine: String,
    /// The node's name in Kubernetes.
    pub(crate) node: String,
    /// The private address.
    pub(crate) address: Ipv4Addr,
    /// The lifecycle state.
    pub(crate) lifecycle: Lifecycle,
}

impl Instance {
    /// Whether it is a node in service.
    pub(crate) fn in_service(&self) -> bool {
        self.lifecycle == Lifecycle::InService
    }
}

/// The launch settings of new instances.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// The AMI.
    pub(crate) image: String,
    /// The instance type, such as `m5.large`.
    pub(crate) instance_type: String,
    /// Security groups of the instances.
    pub(crate) security_groups: Vec<String>,
    /// The node group's launch template, if it has one.
    pub(crate) template: Option<LaunchTemplate>,
    /// Labels of the nodes.
    pub(crate) labels: BTreeMap<String, String>,
    /// Taints of the nodes.
    pub(crate) taints: Vec<Taint>,
}

/// An Auto Scaling group.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The name, `eks-<node group>-<uuid>`.
    pub(crate) name: String,
    /// Its ARN.
    pub(crate) arn: String,
    /// Creation time.
    pub(crate) created: String,
    /// The cluster that the instances join.
    pub(crate) cluster: String,
    /// Sizes `(min, desired, max)`.
    pub(crate) sizes: (i64, i64, i64),
    /// Subnets, used in turn for launches.
    pub(crate) subnets: Vec<Subnet>,
    /// The launch settings.
    pub(crate) settings: Settings,
    /// The instances by id.
    pub(crate) instances: BTreeMap<String, Instance>,
    /// Addresses of instances that are being launched.
    pub(crate) launching: BTreeSet<Ipv4Addr>,
    /// Target groups attached, by ARN.
    pub(crate) attachments: BTreeMap<String, Attachment>,
    /// Tags with their value and whether they propagate to instances.
    pub(crate) tags: BTreeMap<String, (String, bool)>,
    /// The error of the last failed launch.
    pub(crate) failure: Option<(&'static str, String)>,
    /// Whether the group is being deleted.
    pub(crate) deleting: bool,
    /// Number of instances launched so far.
    pub(crate) launched: usize,
}

impl Group {
    /// The group of a managed node group.
    pub(crate) fn of_nodegroup(
        account: &Account,
        resource: &Value,
        subnets: Vec<Subnet>,
        template: Option<LaunchTemplate>,
        cluster_security_group: Option<String>,
    ) -> Self {
        let text = |member: &str| resource[member].as_str().unwrap_or_default().to_owned();
        let name = resource["resources"]["autoScalingGroups"][0]["name"].as_str().unwrap_or_default().to_owned();
        let size = |member: &str| resource["scalingConfig"][member].as_i64().unwrap_or_default();
        let cluster = text("clusterName");
        let nodegroup = text("nodegroupName");
        // https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html: tags for the cluster autoscaler
        let tags = [
            ("eks:cluster-name".to_owned(), cluster.clone()),
            ("eks:nodegroup-name".to_owned(), nodegroup),
            ("k8s.io/cluster-autoscaler/enabled".to_owned(), "true".to_owned()),
            (format!("k8s.io/cluster-autoscaler/{cluster}"), "owned".to_owned()),
            (format!("kubernetes.io/cluster/{cluster}"), "owned".to_owned()),
        ];
        // Security groups of a launch template replace the cluster security group.
        let security_groups = match &template {
            Some(template) if !template.security_groups.is_empty() => template.security_groups.clone(),
            _ => cluster_security_group.into_iter().collect(),
        };
        let mut group = Self {
            arn: account
                .arn("autoscaling", &format!("autoScalingGroup:{}:autoScalingGroupName/{name}", identifier::uuid())),
            created: identifier::date_time(),
            cluster,
            sizes: (size("minSize"), size("desiredSize"), size("maxSize")),
            subnets,
            settings: Settings { security_groups, ..Settings::default() },
            instances: BTreeMap::new(),
            launching: BTreeSet::new(),
            attachments: BTreeMap::new(),
            tags: tags.into_iter().map(|(key, value)| (key, (value, true))).collect(),
            failure: None,
            deleting: false,
            launched: 0,
            name,
        };
        group.take_settings(resource, template);
        group
    }

    fn take_settings(&mut self, resource: &Value, template: Option<LaunchTemplate>) {
        let own = template.as_ref();
        let listed = texts(resource.get("instanceTypes").unwrap_or(&Value::Null)).into_iter().next();
        self.settings.instance_type = own
            .and_then(|template| template.instance_type.clone())
            .or(listed)
            .unwrap_or_else(|| "t3.medium".to_owned());
        // The AMI id is derived from the release, so that the same release has the same AMI.
        let release = resource["releaseVersion"].as_str().unwrap_or_default();
        self.settings.image = own.and_then(|template| template.image.clone()).unwrap_or_else(|| ami_of(release));
        if let Some(template) = template {
            if !template.security_groups.is_empty() {
                self.settings.security_groups.clone_from(&template.security_groups);
            }
            self.settings.template = Some(template);
        }
        self.settings.labels = node::labels(resource, &self.settings);
        self.settings.taints = node::taints(&resource["taints"]);
    }

    /// Sets `(min, desired, max)`.
    pub(crate) fn set_sizes(&mut self, sizes: (i64, i64, i64)) {
        self.sizes = sizes;
        self.failure = None;
    }

    /// The desired number of instances.
    pub(crate) fn desired(&self) -> usize {
        usize::try_from(self.sizes.1).unwrap_or_default()
    }

    /// Whether the group has exactly the desired number of instances, all in service.
    pub(crate) fn is_settled(&self) -> bool {
        self.launching.is_empty()
            && self.instances.len() == self.desired()
            && self.instances.values().all(Instance::in_service)
    }

    /// Whether it has no instances.
    pub(crate) fn is_empty(&self) -> bool {
        self.instances.is_empty() && self.launching.is_empty()
    }
}

fn ami_of(release: &str) -> String {
    let sum = release
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("ami-0{sum:016x}")
}

/// A group by name.
pub(crate) fn find_mut<'a>(state: &'a mut State, name: &str) -> Result<&'a mut Group, Fault> {
    state.groups.get_mut(name).ok_or_else(|| {
        Fault::validation(format!("AutoScalingGroup name not found - AutoScalingGroup: {name} not found"))
    })
}

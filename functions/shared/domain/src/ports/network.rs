//! Amazon EC2 as phases use it: subnets, security groups, network interfaces, launch templates.

use crate::plan::compute::{LaunchTemplate, LaunchTemplateData, Rule, SecurityGroup, Subnet};
use crate::{PhaseError, Tags};
use std::future::Future;

/// Security groups, subnets and network interfaces.
pub trait Network: Sync {
    /// Those of these subnets that exist.
    fn subnets(&self, ids: &[String]) -> impl Future<Output = Result<Vec<Subnet>, PhaseError>> + Send;

    /// Every security group of a VPC, with its rules.
    fn security_groups(&self, vpc_id: &str) -> impl Future<Output = Result<Vec<SecurityGroup>, PhaseError>> + Send;

    /// Makes a security group and gives its id. EC2 lets everything out of a new group: that rule is in it.
    fn create_security_group(&self, group: &SecurityGroup) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Deletes a security group; does nothing where it is gone, `NotReady` while something uses it.
    fn delete_security_group(&self, id: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Adds a rule; a rule that is there already is no error.
    fn authorize(
        &self,
        group_id: &str,
        rule: &Rule,
        tags: &Tags,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Removes a rule; a rule or group that is gone is no error.
    fn revoke(&self, group_id: &str, rule: &Rule) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// The network interfaces of a VPC.
    fn network_interfaces(&self, vpc_id: &str) -> impl Future<Output = Result<Vec<Interface>, PhaseError>> + Send;

    /// Deletes a network interface that nothing uses; does nothing where it is gone.
    fn delete_network_interface(&self, id: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// The instances, not yet terminated, that carry a tag, with this value where one is given.
    fn instances_tagged(
        &self,
        key: &str,
        value: Option<&str>,
    ) -> impl Future<Output = Result<Vec<Instance>, PhaseError>> + Send;
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interface {
    /// The id.
    pub id: String,
    /// `available` where nothing uses it.
    pub status: String,
    /// What its maker says it is for.
    pub description: String,
    /// The instance that it is attached to.
    pub instance_id: Option<String>,
    /// Its security groups.
    pub groups: Vec<String>,
    /// Tags.
    pub tags: Tags,
}

impl Interface {
    /// Whether the Amazon VPC CNI made it for a node of this cluster and left it behind
    /// (<https://github.com/aws/amazon-vpc-cni-k8s#cluster_name>).
    #[must_use]
    pub fn is_left_by(&self, cluster: &str) -> bool {
        self.status == "available"
            && self.tags.get("cluster.k8s.amazonaws.com/name").is_some_and(|name| name == cluster)
    }
}

/// An EC2 instance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Instance {
    /// The id.
    pub id: String,
    /// Tags.
    pub tags: Tags,
}

/// Launch templates.
pub trait LaunchTemplates: Sync {
    /// One version (a number, `$Latest` or `$Default`) of a launch template; `blue` are names that its user data must
    /// not hold.
    fn launch_template(
        &self,
        id: &str,
        version: &str,
        blue: &[String],
    ) -> impl Future<Output = Result<Option<LaunchTemplate>, PhaseError>> + Send;

    /// The id of the launch template of this name, whose tag `bascule:migration` has this value.
    fn own_launch_template(
        &self,
        name: &str,
        migration: &str,
    ) -> impl Future<Output = Result<Option<String>, PhaseError>> + Send;

    /// Makes a launch template and gives its id.
    fn create_launch_template(
        &self,
        request: &NewLaunchTemplate,
    ) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Deletes a launch template with all its versions; does nothing where it is gone.
    fn delete_launch_template(&self, id: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;
}

/// What a new launch template is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct NewLaunchTemplate {
    /// Its name.
    pub name: String,
    /// What its one version says.
    pub data: LaunchTemplateData,
    /// The version that its user data is read from: id and number.
    pub user_data_of: Option<(String, String)>,
    /// Its tags.
    pub tags: Tags,
    /// Makes a repeated request harmless.
    pub token: String,
}

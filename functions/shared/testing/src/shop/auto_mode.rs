//! The shop whose clusters are in EKS Auto Mode: beside their managed node groups, which have the targets, or without any, where the load balancer
//! belongs to the ingress controller's Service.

use super::service::{Targets, of_class};
use super::{BLUE, GREEN, input, input_with};
use crate::account::auto_nodes;
use crate::{Account, Aws, migration};
use domain::plan::compute::AutoMode;
use domain::{Migration, Problem};
use serde_json::{Value, json};

/// The role of the nodes that EKS makes.
pub const NODE_ROLE: &str = "arn:aws:iam::123456789012:role/auto-nodes";

/// The role of the nodes of the shop's own NodeClass, and the tag by which that finds subnets, of
/// <https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html>.
pub const OWN_ROLE: &str = "arn:aws:iam::123456789012:role/batch-nodes";
const SUBNETS: &str = "kubernetes.io/role/internal-elb";

/// What the shop's people ask for where EKS Auto Mode makes every node, with these fields more: their NodeClass selects green's security group
/// there.
#[must_use]
pub fn input_alone(fields: Value) -> Value {
    let mut input = input_with(fields);
    input["workloads"]["replace"] = json!([{ "blue": BLUE, "green": GREEN }]);
    input
}

/// The bundle of the shop without managed node groups: EKS Auto Mode makes the load balancer of its Service, and nodes of a NodePool of its own.
#[must_use]
pub fn bundle(targets: Targets) -> Vec<Value> {
    let mut all = of_class(targets, "eks.amazonaws.com/nlb");
    let class = json!({
        "apiVersion": "eks.amazonaws.com/v1", "kind": "NodeClass", "metadata": { "name": "batch" },
        "spec": {
            "role": "batch-nodes",
            "subnetSelectorTerms": [{ "tags": { SUBNETS: "1" } }],
            "securityGroupSelectorTerms": [{ "tags": { "aws:eks:cluster-name": BLUE } }],
        },
    });
    let reference = json!({ "group": "eks.amazonaws.com", "kind": "NodeClass", "name": "batch" });
    let pool = json!({
        "apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": { "name": "batch" },
        "spec": { "template": { "spec": { "nodeClassRef": reference } } },
    });
    all.extend([class, pool]);
    all
}

/// The security group that managed node groups alone are in.
const OF_GROUPS: &str = "sg-nodes";

pub(super) fn enable(aws: &mut Aws) {
    if let Some(blue) = aws.clusters.get_mut(BLUE) {
        blue.cluster.auto_mode = Some(AutoMode {
            node_pools: ["general-purpose", "system"].map(str::to_owned).into(),
            node_role_arn: Some(NODE_ROLE.to_owned()),
        });
    }
    aws.roles.insert("auto-nodes".to_owned(), "{}".to_owned());
    aws.auto_mode_begins(BLUE);
}

/// Takes away what only managed node groups need: these, their launch templates, and the add-ons that nodes of EKS Auto Mode have within
/// (<https://docs.aws.amazon.com/eks/latest/userguide/automode.html>).
fn without_groups(aws: &mut Aws) {
    aws.node_groups.clear();
    aws.scaling.clear();
    aws.instances.clear();
    aws.launch_templates.clear();
    aws.addons.clear();
    aws.access_entries.retain(|_, entry| entry.entry_type != "EC2_LINUX");
    aws.security_groups.remove(OF_GROUPS);
    for group in aws.security_groups.values_mut() {
        group.rules.retain(|rule| rule.peer_group() != Some(OF_GROUPS));
    }
}

impl Account {
    /// The account of this shop before its migration.
    #[must_use]
    pub fn auto_mode_shop() -> Self {
        let account = Self::shop();
        enable(&mut account.aws());
        account
    }

    /// The account before the migration where EKS Auto Mode makes every node, and the load balancer.
    #[must_use]
    pub fn auto_alone_shop(targets: Targets) -> Self {
        let account = Self::shop();
        {
            let mut aws = account.aws();
            without_groups(&mut aws);
            enable(&mut aws);
            for subnet in &mut aws.subnets {
                subnet.tags.insert(SUBNETS.to_owned(), "1".to_owned());
            }
            aws.roles.insert("batch-nodes".to_owned(), "{}".to_owned());
            aws.access_entries.insert((BLUE.to_owned(), OWN_ROLE.to_owned()), auto_nodes(OWN_ROLE));
        }
        account.has_balancer_of_service(bundle(targets));
        account
    }

    /// This shop with a migration, opened with the plan that preflight makes.
    ///
    /// # Errors
    /// Every problem of the input.
    pub fn auto_mode_opened() -> Result<(Self, Migration), Vec<Problem>> {
        let account = Self::auto_mode_shop();
        let migration = Migration { plan: account.plan(), ..migration(&input())? };
        account.enter(&migration);
        Ok((account, migration))
    }
}

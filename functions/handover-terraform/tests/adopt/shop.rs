//! A shop whose state has blue in the attributes of the AWS provider.

use domain::plan::terraform::Handover;
use domain::resources::{
    access_entry, addon, launch_template, listener, load_balancer, node_group, pod_identity_association,
    security_group, target_group, target_group_attachment, vpc_link,
};
use domain::terraform::Place;
use domain::{Migration, Side};
use serde_json::{Value, json};
use testing::Account;
use testing::shop::{BLUE, GREEN_BALANCER, GREEN_LINK, GREEN_TARGET_GROUP, STATES, input};

/// The key of the state.
pub(crate) const KEY: &str = "env:/prod/shop.tfstate";
pub(crate) const PEOPLE: &str = "arn:aws:iam::123456789012:role/people";
const IDENTITY: &str = "arn:aws:eks:eu-central-1:123456789012:podidentityassociation/shop-green/a-green";

#[expect(clippy::needless_pass_by_value, reason = "what json! makes is passed as it is")]
pub(crate) fn resource(address: &str, attributes: Value) -> Value {
    resource_of(address, json!([{ "schema_version": 0, "attributes": attributes }]))
}

#[expect(clippy::needless_pass_by_value, reason = "what json! makes is passed as it is")]
pub(crate) fn resource_of(address: &str, instances: Value) -> Value {
    let mut parts: Vec<&str> = address.split('.').collect();
    let (name, kind) = (parts.pop().unwrap(), parts.pop().unwrap());
    let mut resource = json!({
        "mode": "managed", "type": kind, "name": name, "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]", "instances": instances,
    });
    if !parts.is_empty() {
        resource["module"] = json!(parts.join("."));
    }
    resource
}

/// Blue in the attributes that the AWS provider 5.100.0 keeps of it, as far as they matter here.
pub(crate) fn state() -> String {
    let tags = json!({ "team": "shop", "kubernetes.io/cluster/shop-blue": "owned" });
    let mut resources = vec![
        resource(
            "aws_eks_cluster.shop",
            json!({
                "id": BLUE, "name": BLUE, "arn": "arn:aws:eks:eu-central-1:123456789012:cluster/shop-blue", "version": "1.33", "tags": tags,
                "role_arn": "arn:aws:iam::123456789012:role/cluster", "bootstrap_self_managed_addons": true, "status": "ACTIVE",
                "vpc_config": [{ "subnet_ids": ["subnet-a", "subnet-b"], "security_group_ids": ["sg-plane"], "vpc_id": "vpc-1", "endpoint_public_access": true,
                    "cluster_security_group_id": "sg-cluster-shop-blue" }],
                "access_config": [{ "authentication_mode": "API_AND_CONFIG_MAP", "bootstrap_cluster_creator_admin_permissions": false }],
                "encryption_config": [], "timeouts": null,
            }),
        ),
        resource_of(
            "aws_eks_node_group.nodes",
            json!([
                { "index_key": "general", "schema_version": 0, "attributes": { "id": "shop-blue:general", "cluster_name": BLUE, "node_group_name": "general", "node_role_arn": "arn:aws:iam::123456789012:role/nodes",
                    "launch_template": [{ "id": "lt-1", "name": "shop-nodes", "version": "3" }],
                    "scaling_config": [{ "desired_size": 3, "max_size": 6, "min_size": 2 }], "version": "1.33" } },
            ]),
        ),
        resource(
            "aws_eks_addon.dns",
            json!({ "id": "shop-blue:coredns", "cluster_name": BLUE, "addon_name": "coredns", "addon_version": "v0" }),
        ),
        resource(
            "aws_eks_access_entry.people",
            json!({ "id": "x", "cluster_name": BLUE, "principal_arn": PEOPLE, "type": "STANDARD" }),
        ),
        resource(
            "aws_eks_access_policy_association.people",
            json!({ "cluster_name": BLUE, "principal_arn": PEOPLE, "policy_arn": "arn:policy",
            "access_scope": [{ "type": "cluster", "namespaces": null }] }),
        ),
        resource(
            "aws_eks_pod_identity_association.checkout",
            json!({ "association_id": "a-blue", "cluster_name": BLUE, "namespace": "shop",
            "service_account": "checkout", "role_arn": "arn:role", "tags": {} }),
        ),
        resource(
            "aws_launch_template.nodes",
            json!({ "id": "lt-1", "name": "shop-nodes", "name_prefix": "shop-", "vpc_security_group_ids": ["sg-nodes", "sg-cluster-shop-blue"],
            "block_device_mappings": [{ "device_name": "/dev/xvda", "ebs": [{ "volume_size": 20, "iops": 0, "encrypted": "true" }] }] }),
        ),
        resource(
            "module.network.aws_security_group.nodes",
            json!({ "id": "sg-nodes", "name": "shop-sg-nodes", "description": "of the shop", "vpc_id": "vpc-1",
            "ingress": [{ "from_port": 53, "security_groups": ["sg-plane"] }] }),
        ),
        resource(
            "aws_lb.shop",
            json!({ "id": "arn:balancer-blue", "arn": "arn:balancer-blue", "name": "shop-blue", "load_balancer_type": "network", "internal": true,
            "enable_deletion_protection": true, "subnets": ["subnet-a"] }),
        ),
        resource(
            "aws_lb_target_group.web",
            json!({ "id": "arn:group-blue", "arn": "arn:group-blue", "name": "shop-blue-http", "port": 30080, "protocol": "TCP",
            "health_check": [{ "path": "", "port": "traffic-port", "protocol": "TCP" }] }),
        ),
        resource(
            "aws_lb_listener.web",
            json!({ "id": "arn:listener-blue", "arn": "arn:listener-blue", "load_balancer_arn": "arn:balancer-blue", "port": 80,
            "protocol": "TCP", "default_action": [{ "type": "forward", "target_group_arn": "arn:group-blue", "forward": [] }] }),
        ),
        resource(
            "aws_api_gateway_vpc_link.shop",
            json!({ "id": "blue1", "name": "shop-blue", "target_arns": ["arn:balancer-blue"] }),
        ),
        resource(
            "aws_api_gateway_deployment.shop",
            json!({ "id": "deployment-b", "rest_api_id": "shop1", "triggers": { "redeployment": "a" } }),
        ),
        resource(
            "aws_api_gateway_integration.cart",
            json!({ "id": "i", "connection_id": "blue1", "uri": "http://shop.example.com/cart" }),
        ),
        resource(
            "aws_api_gateway_stage.prod",
            json!({ "id": "ags-shop1-prod", "deployment_id": "deployment-b", "variables": { "tier": "gold" } }),
        ),
        resource("aws_vpc.shop", json!({ "id": "vpc-1", "tags": { "Name": "shop-blue" } })),
    ];
    resources.extend(between_two());
    let state = json!({ "version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "shop", "outputs": {}, "resources": resources });
    format!("{state:#}\n")
}

/// What puts one thing to another, some of it copied for green and some not.
fn between_two() -> [Value; 4] {
    [
        resource(
            "aws_autoscaling_attachment.web",
            json!({ "id": "asg", "autoscaling_group_name": "eks-general-shop-blue", "lb_target_group_arn": "arn:group-blue" }),
        ),
        resource(
            "aws_autoscaling_attachment.of_others",
            json!({ "id": "asg", "autoscaling_group_name": "others", "lb_target_group_arn": "arn:group-blue" }),
        ),
        resource(
            "aws_security_group_rule.kubelet",
            json!({ "id": "sgrule-1", "security_group_id": "sg-nodes", "type": "ingress", "protocol": "tcp", "from_port": 10250, "to_port": 10250,
            "source_security_group_id": "sg-plane", "self": false, "cidr_blocks": null, "description": "" }),
        ),
        resource(
            "aws_security_group_rule.not_copied",
            json!({ "id": "sgrule-2", "security_group_id": "sg-nodes", "type": "ingress", "protocol": "tcp", "from_port": 1, "to_port": 1,
            "cidr_blocks": ["10.0.0.0/8"], "self": false }),
        ),
    ]
}

/// The state's place.
pub(crate) fn place() -> Place {
    Place {
        bucket: STATES.to_owned(),
        object: KEY.to_owned(),
        workspace: "prod".to_owned(),
        lock_table: None,
        lock_file: true,
        kms_key_id: None,
    }
}

/// A migration after its bake: green is there, and serves.
pub(crate) fn opened() -> (Account, Migration) {
    let (account, mut migration) = Account::opened(&input()).unwrap();
    migration.plan.terraform =
        vec![Handover { places: vec![place()], lineages: vec!["shop".to_owned()], moves: Vec::new(), adopt: true }];
    account.prepare(&migration);
    let template = &migration.plan.compute.launch_templates[0];
    for (key, id) in [
        (load_balancer::key(&migration), GREEN_BALANCER),
        (vpc_link::key(&migration), GREEN_LINK),
        (target_group::key("shop-blue-http"), GREEN_TARGET_GROUP),
        (listener::key(80), "arn:listener-green"),
        (launch_template::key(template), "lt-green"),
        (security_group::key("sg-nodes"), "sg-green-nodes"),
        (security_group::key("sg-plane"), "sg-green-plane"),
        (node_group::key("general"), "arn:general"),
        (addon::key("coredns"), "arn:coredns"),
        (target_group_attachment::key("shop-blue-http", "general"), "eks-general-shop-green arn:group-green"),
        (access_entry::key(Side::Green, PEOPLE), PEOPLE),
        (pod_identity_association::key("shop/checkout"), IDENTITY),
    ] {
        account.know(&migration, key, id);
    }
    account.aws().states.insert((STATES.to_owned(), KEY.to_owned()), state());
    (account, migration)
}

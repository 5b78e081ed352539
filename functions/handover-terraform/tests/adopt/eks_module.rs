//! A state in the shape of people who have the module `terraform-aws-modules/eks/aws`
//! (<https://github.com/terraform-aws-modules/terraform-aws-eks/blob/v20.37.2/main.tf> and its `node_groups.tf`): blue is in modules, with
//! `count` and `for_each`, beside what green goes on using.

use crate::shop::{KEY, PEOPLE, opened, resource, resource_of};
use domain::plan::compute::{Direction, Peer, Rule, SecurityGroup};
use domain::resources::{fargate_profile, identity_provider, log_group, oidc_provider, trust_statement};
use domain::trust_policy::for_provider;
use domain::{Entry, Migration, Side, Status};
use serde_json::{Value, json};
use testing::Account;
use testing::shop::{BLUE, STATES};

const ISSUER: &str = "oidc.eks.eu-central-1.amazonaws.com/id/B1";
pub(crate) const PROVIDER: &str = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/B1";
pub(crate) const GREEN_PROVIDER: &str =
    "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/C2";

/// One instance under a key.
#[expect(clippy::needless_pass_by_value, reason = "what json! makes is passed as it is")]
fn keyed(address: &str, key: Value, attributes: Value) -> Value {
    resource_of(address, json!([{ "index_key": key, "schema_version": 0, "attributes": attributes }]))
}

fn trust() -> Value {
    json!({ "Version": "2012-10-17", "Statement": [statement()] })
}

fn statement() -> Value {
    json!({ "Effect": "Allow", "Principal": { "Federated": PROVIDER }, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": { format!("{ISSUER}:sub"): "system:serviceaccount:shop:checkout" } } })
}

/// The state.
pub(crate) fn state() -> String {
    let mut group = keyed(
        "module.eks.module.eks_managed_node_group[\"general\"].aws_eks_node_group.this",
        json!(0),
        json!({ "id": "shop-blue:general", "cluster_name": BLUE, "node_group_name": "general", "node_role_arn": "arn:aws:iam::123456789012:role/nodes",
            "launch_template": [{ "id": "lt-1", "name": "shop-nodes", "version": "3" }],
            "scaling_config": [{ "desired_size": 3, "max_size": 6, "min_size": 2 }], "version": "1.33" }),
    );
    group["provider"] = json!("provider[\"registry.terraform.io/hashicorp/aws\"].frankfurt");
    let resources = [
        keyed(
            "module.eks.aws_cloudwatch_log_group.this",
            json!(0),
            json!({ "id": "/aws/eks/shop-blue/cluster", "name": "/aws/eks/shop-blue/cluster", "retention_in_days": 90, "kms_key_id": "",
                "skip_destroy": false, "log_group_class": "STANDARD", "name_prefix": "" }),
        ),
        keyed(
            "module.eks.aws_eks_cluster.this",
            json!(0),
            json!({ "id": BLUE, "name": BLUE, "version": "1.33", "role_arn": "arn:aws:iam::123456789012:role/cluster",
                "vpc_config": [{ "subnet_ids": ["subnet-a", "subnet-b"], "security_group_ids": ["sg-plane"] }] }),
        ),
        keyed(
            "module.eks.aws_iam_openid_connect_provider.oidc_provider",
            json!(0),
            json!({ "id": PROVIDER, "arn": PROVIDER, "url": ISSUER, "client_id_list": ["sts.amazonaws.com"] }),
        ),
        keyed(
            "module.eks.aws_iam_role.this",
            json!(0),
            json!({ "id": "cluster", "name": "cluster", "assume_role_policy": "{}" }),
        ),
        keyed(
            "module.eks.aws_security_group.node",
            json!(0),
            json!({ "id": "sg-nodes", "name": "shop-sg-nodes", "description": "of the shop", "vpc_id": "vpc-1" }),
        ),
        keyed(
            "module.eks.aws_security_group_rule.node",
            json!("ingress_cluster_kubelet"),
            json!({ "id": "sgrule-1", "security_group_id": "sg-nodes", "type": "ingress", "protocol": "tcp", "from_port": 10250, "to_port": 10250,
                "source_security_group_id": "sg-plane", "self": false }),
        ),
        keyed("module.eks.time_sleep.this", json!(0), json!({ "id": "2026", "create_duration": "30s" })),
        group,
        keyed(
            "module.profiles[\"batch\"].aws_eks_fargate_profile.this",
            json!(0),
            json!({ "id": "shop-blue:batch", "cluster_name": BLUE, "fargate_profile_name": "batch", "pod_execution_role_arn": "arn:aws:iam::123456789012:role/pods",
                "subnet_ids": ["subnet-a"], "selector": [{ "namespace": "batch", "labels": {} }] }),
        ),
        resource(
            "aws_eks_identity_provider_config.people",
            json!({ "id": "shop-blue:people", "cluster_name": BLUE, "oidc": [{ "client_id": "kubernetes", "identity_provider_config_name": "people",
                "issuer_url": "https://login.example.com", "groups_claim": "groups", "groups_prefix": "", "required_claims": null,
                "username_claim": "", "username_prefix": "" }] }),
        ),
        resource_of(
            "aws_eks_access_entry.people",
            json!([
                { "index_key": "blue", "attributes": { "cluster_name": BLUE, "principal_arn": PEOPLE, "type": "STANDARD" } },
                { "index_key": "other", "attributes": { "cluster_name": "others", "principal_arn": PEOPLE, "type": "STANDARD" } },
            ]),
        ),
        resource(
            "aws_iam_role.checkout",
            json!({ "id": "checkout", "name": "checkout", "assume_role_policy": trust().to_string() }),
        ),
        resource(
            "aws_vpc_security_group_ingress_rule.web",
            json!({ "id": "sgr-1", "security_group_rule_id": "sgr-1", "security_group_id": "sg-nodes", "ip_protocol": "tcp", "from_port": 30080, "to_port": 30080,
                "referenced_security_group_id": "sg-nlb", "cidr_ipv4": null, "cidr_ipv6": null, "prefix_list_id": null, "description": null, "tags": null }),
        ),
        // In a group that stays.
        keyed(
            "aws_vpc_security_group_egress_rule.balancer",
            json!("nodes"),
            json!({ "id": "sgr-2", "security_group_rule_id": "sgr-2", "security_group_id": "sg-nlb", "ip_protocol": "tcp", "from_port": 30080, "to_port": 30080,
                "referenced_security_group_id": "sg-nodes" }),
        ),
        resource(
            "aws_vpc_security_group_ingress_rule.not_copied",
            json!({ "id": "sgr-3", "security_group_rule_id": "sgr-3", "security_group_id": "sg-nodes", "ip_protocol": "tcp", "from_port": 1, "to_port": 1,
                "cidr_ipv4": "10.0.0.0/8" }),
        ),
    ];
    let state = json!({ "version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "shop", "outputs": {}, "resources": resources });
    format!("{state:#}\n")
}

fn tcp(direction: Direction, port: i32, group: &str) -> Rule {
    let peer = Peer::Group(group.to_owned());
    Rule { direction, protocol: "tcp".to_owned(), from_port: Some(port), to_port: Some(port), peer, description: None }
}

/// The shop with that state, after its bake.
pub(crate) fn shop() -> (Account, Migration) {
    let (account, mut migration) = opened();
    migration.plan.compute.blue.oidc_issuer = format!("https://{ISSUER}");
    for (key, id) in [
        (log_group::key(&migration), "arn:logs"),
        (oidc_provider::key(&migration), GREEN_PROVIDER),
        (fargate_profile::key("batch"), "arn:batch"),
        (identity_provider::key("people"), "arn:people"),
    ] {
        account.know(&migration, key, id);
    }
    let added = vec![for_provider(&statement(), PROVIDER, GREEN_PROVIDER)];
    let entry = Entry {
        key: trust_statement::key(Side::Green, "checkout"),
        status: Status::Present,
        id: Some("arn:aws:iam::123456789012:role/checkout".to_owned()),
        detail: json!({ "original": trust().to_string(), "added": added }),
    };
    if let Some(record) = account.table().migrations.get_mut(&migration.id) {
        record.entries.insert(entry.key.clone(), entry);
    }
    let nodes = SecurityGroup {
        id: "sg-green-nodes".to_owned(),
        rules: vec![tcp(Direction::Ingress, 30080, "sg-nlb")],
        ..SecurityGroup::default()
    };
    let mut aws = account.aws();
    aws.security_groups.insert(nodes.id.clone(), nodes);
    let balancer = aws.security_groups.get_mut("sg-nlb").unwrap();
    balancer.rules.push(tcp(Direction::Egress, 30080, "sg-green-nodes"));
    aws.states.insert((STATES.to_owned(), KEY.to_owned()), state());
    drop(aws);
    (account, migration)
}

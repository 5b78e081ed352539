//! Preflight of blue's compute: a healthy shop, then one thing changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::{
    Input, Kind, Problem,
    plan::{
        Found,
        compute::{Compute, FargateProfile, IdentityProvider},
        edge::{LoadBalancer, TargetGroup},
    },
    ports::{
        clusters::{AddonSchema, IdentityProviderStatus},
        network::Interface,
    },
};
use serde_json::{Value, json};
use testing::{Account, Aws};

async fn read(change: impl FnOnce(&mut Aws), green: Value) -> Found<Compute> {
    let account = Account::shop();
    change(&mut account.aws());
    let input = Input::read(&json!({
        "blue": { "cluster": "shop-blue" },
        "green": green,
        "gateway": { "restApiId": "a1b2c3", "stage": "prod" },
        "workloads": { "manifests": ["s3://bucket/shop.yaml"] },
    }))
    .unwrap();
    let before = account.aws().clone();
    let found = preflight::compute::read(&account, &input).await.unwrap();
    assert_eq!(*account.aws(), before, "preflight changes nothing");
    found
}

fn green() -> Value {
    json!({ "cluster": "shop-green", "version": "1.34" })
}

fn texts(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_healthy_shop_is_read_whole_and_nothing_is_changed() {
    let found = read(|_| {}, green()).await;
    assert_eq!(texts(&found.problems), [""; 0]);
    assert_eq!(found.facts, Account::shop().plan().compute);
    let deletes: Vec<_> =
        found.deletes.iter().map(|planned| (planned.kind, planned.id.clone().unwrap_or_default())).collect();
    for (kind, id) in [
        (Kind::Cluster, "arn:aws:eks:eu-central-1:123456789012:cluster/shop-blue"),
        (Kind::NodeGroup, "arn:aws:eks:eu-central-1:123456789012:nodegroup/shop-blue/jobs/1"),
        (Kind::SecurityGroup, "sg-cluster-shop-blue"),
        (Kind::SecurityGroup, "sg-nodes"),
        (Kind::SecurityGroupRule, "sg-nlb/egress/tcp/30080-30080/sg-nodes"),
        (Kind::LaunchTemplate, "lt-1"),
        (Kind::LogGroup, "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/eks/shop-blue/cluster"),
    ] {
        assert!(deletes.contains(&(kind, id.to_owned())), "{kind} {id}");
    }
    assert!(!deletes.iter().any(|(_, id)| id == "sg-nlb"));
    let created = found.creates.iter().find(|planned| planned.kind == Kind::LogGroup).map(|group| group.name.as_str());
    assert_eq!(created, Some("/aws/eks/shop-green/cluster"));
    assert!(found.advice[0].contains("in-place upgrade from 1.33 to 1.34"), "{:?}", found.advice);
}

#[tokio::test]
async fn every_problem_is_told_at_once_with_its_path() {
    let found = read(
        |aws| {
            if let Some(blue) = aws.clusters.get_mut("shop-blue") {
                "CONFIG_MAP".clone_into(&mut blue.cluster.authentication_mode);
            }
            let profile = FargateProfile { status: "DELETING".to_owned(), ..FargateProfile::default() };
            aws.fargate_profiles.insert(("shop-blue".to_owned(), "batch".to_owned()), profile);
            let taken = aws.clusters["shop-blue"].clone();
            aws.clusters.insert("shop-green".to_owned(), taken);
        },
        json!({ "cluster": "shop-green", "version": "1.36", "subnetIds": ["subnet-a", "subnet-x"] }),
    )
    .await;
    let paths: Vec<_> = found.problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "$.green.cluster",
            "$.blue.cluster",
            "$.blue.cluster",
            "$.blue.cluster",
            "$.blue.cluster",
            "$.green.version",
            "$.blue.cluster",
            "$.green.subnetIds"
        ],
        "{:#?}",
        texts(&found.problems)
    );
}

#[tokio::test]
async fn a_blue_without_access_entries_is_moved_to_them_where_the_input_allows_it() {
    let (account, migration) = Account::config_map_opened().unwrap();
    let found = preflight::compute::read(&account, &migration.input).await.unwrap();
    assert_eq!(texts(&found.problems), [""; 0]);
    assert_eq!(found.facts, migration.plan.compute);
    let change = found.creates.iter().find(|planned| planned.kind == Kind::AuthenticationMode).unwrap();
    let told = "API_AND_CONFIG_MAP instead of CONFIG_MAP on shop-blue, which nothing changes back";
    assert_eq!(change.name, told);
    assert!(found.advice.iter().any(|advice| advice.contains("neither a no nor a way back")), "{:?}", found.advice);

    let silent = Input::read(&testing::shop::input()).unwrap();
    let refused = preflight::compute::read(&account, &silent).await.unwrap().problems;
    assert_eq!(refused.iter().map(|problem| problem.code.as_str()).collect::<Vec<_>>(), ["config-map-authentication"]);
    assert!(refused[0].message.contains("\"authenticationMode\": \"API_AND_CONFIG_MAP\""), "{}", refused[0].message);
}

#[tokio::test]
async fn a_subnet_that_the_input_gives_a_node_group_is_in_blues_vpc() {
    let elsewhere = |aws: &mut Aws| {
        let subnet = aws.subnets[0].clone();
        let id = "subnet-c".to_owned();
        aws.subnets.push(domain::plan::compute::Subnet { id, vpc_id: "vpc-2".to_owned(), ..subnet });
    };
    let mut asked = green();
    asked["nodeGroups"] = json!([{ "name": "jobs", "subnetIds": ["subnet-b", "subnet-c"] }, { "name": "general", "subnetIds": ["subnet-b"] }]);
    let found = read(elsewhere, asked).await;
    let expected =
        "$.green.nodeGroups[0].subnetIds: the subnet subnet-c of the node group jobs is not in blue's VPC vpc-1";
    assert_eq!(texts(&found.problems), [expected]);
}

#[tokio::test]
async fn a_cluster_that_does_not_exist_is_refused() {
    let found = read(|aws| aws.clusters.clear(), green()).await;
    let expected = r#"$.blue.cluster: found "shop-blue", expected the name of an EKS cluster of this account and Region; see `aws eks list-clusters`"#;
    assert_eq!(texts(&found.problems), [expected]);
}

#[tokio::test]
async fn nodes_that_no_managed_node_group_made_are_refused() {
    let instance = |id: &str, tags: &[&str]| domain::ports::network::Instance {
        id: id.to_owned(),
        tags: tags.iter().map(|&tag| (tag.to_owned(), "owned".to_owned())).collect(),
        ..Default::default()
    };
    let found = read(
        |aws| {
            aws.instances.push(instance("i-hand-made", &["kubernetes.io/cluster/shop-blue"]));
            // Those of a NodePool are looked at with the bundles.
            aws.instances.push(instance("i-karpenter", &["kubernetes.io/cluster/shop-blue", "karpenter.sh/nodepool"]));
        },
        green(),
    )
    .await;
    let expected = "$.blue.cluster: the nodes i-hand-made belong to no managed node group (self-managed, or made by Karpenter), and \
                    are not cloned yet; move their Pods to a managed node group (limit unmanaged-nodes)";
    assert_eq!(texts(&found.problems), [expected]);
}

#[tokio::test]
async fn what_others_use_too_is_neither_cloned_nor_deleted() {
    let found = read(
        |aws| {
            aws.interfaces.push(domain::ports::network::Interface {
                id: "eni-db".to_owned(),
                instance_id: Some("i-db".to_owned()),
                groups: vec!["sg-nodes".to_owned()],
                ..Default::default()
            });
            let mut other = aws.node_groups[&("shop-blue".to_owned(), "jobs".to_owned())].clone();
            "other".clone_into(&mut other.name);
            let cluster = aws.clusters["shop-blue"].clone();
            aws.clusters.insert("stage".to_owned(), cluster);
            aws.node_groups.insert(("stage".to_owned(), "other".to_owned()), other);
        },
        green(),
    )
    .await;
    assert_eq!(texts(&found.problems), [""; 0]);
    let ids: Vec<_> = found.deletes.iter().filter_map(|planned| planned.id.as_deref()).collect();
    assert!(!ids.contains(&"sg-nodes") && !ids.contains(&"lt-1") && ids.contains(&"sg-plane"));
    assert!(!found.facts.security_groups.iter().any(|group| group.id == "sg-nodes"));
    assert!(found.advice.iter().any(|advice| advice.contains("sg-nodes is also used by i-db")), "{:?}", found.advice);
    assert!(found.advice.iter().any(|advice| advice.contains("lt-1 is also used by the node group other of stage")));
}

#[tokio::test]
async fn what_would_fail_after_the_cluster_exists_is_refused_before() {
    let found = read(
        |aws| {
            aws.roles.remove("people");
            let trust = r#"{"Condition":{"StringEquals":{"aws:RequestTag/eks-cluster-name":"shop-blue"}}}"#;
            aws.roles.insert("checkout".to_owned(), trust.to_owned());
            let dns = aws.addons.get_mut(&("shop-blue".to_owned(), "coredns".to_owned())).unwrap();
            dns.addon.configuration = Some(r#"{"replicas":3}"#.to_owned());
            let schema =
                json!({ "additionalProperties": false, "properties": { "replicaCount": { "type": "integer" } } });
            let schema = AddonSchema { schema: schema.to_string(), ..AddonSchema::default() };
            aws.addon_schemas.insert("coredns".to_owned(), schema);
            aws.named_by_peers.push(("sg-nodes".to_owned(), "vpc-peer".to_owned()));
            let provider = IdentityProvider { name: "okta".to_owned(), ..IdentityProvider::default() };
            let okta = IdentityProviderStatus { provider, status: "DELETING".to_owned() };
            aws.identity_providers.insert(("shop-blue".to_owned(), "okta".to_owned()), okta);
        },
        green(),
    )
    .await;
    let told = texts(&found.problems).join("\n");
    for part in [
        "an access entry names the role arn:aws:iam::123456789012:role/people, which does not exist any more",
        "the trust policy of the role arn:aws:iam::123456789012:role/checkout names blue and not shop-green",
        "the configuration of the add-on coredns does not fit its version v1, which green gets: replicas is not known",
        "a security group of vpc-peer, which is peered with blue's VPC, names the group sg-nodes",
        "its identity provider okta is DELETING, expected ACTIVE",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert_eq!(found.problems.len(), 5, "{told}");
}

#[tokio::test]
async fn a_role_that_an_association_assumes_in_its_turn_must_exist_and_let_green_too() {
    let with_target = |aws: &mut Aws| {
        for identity in aws.pod_identities.values_mut() {
            identity.target_role_arn = Some("arn:aws:iam::123456789012:role/stock".to_owned());
        }
    };
    let found = read(with_target, green()).await;
    let gone = "the Pod Identity association of shop/checkout as its target names the role arn:aws:iam::123456789012:role/stock, which does not exist";
    assert!(matches!(&texts(&found.problems)[..], [one] if one.contains(gone)), "{:#?}", texts(&found.problems));
    let told = |trust: &'static str| async move {
        let change = |aws: &mut Aws| {
            with_target(aws);
            aws.roles.insert("stock".to_owned(), trust.to_owned());
        };
        texts(&read(change, green()).await.problems)
    };
    // https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html: the tags are passed on.
    let of_blue = told(r#"{"Condition":{"StringEquals":{"aws:RequestTag/eks-cluster-name":"shop-blue"}}}"#).await;
    assert!(matches!(&of_blue[..], [one] if one.contains("role/stock names blue and not shop-green")), "{of_blue:#?}");
    assert_eq!(told("{}").await, [""; 0]);
}

/// With an address a node there was room: the VPC CNI holds thirty on each.
#[tokio::test]
async fn subnets_and_quotas_must_have_room_for_what_blue_holds() {
    let found = read(
        |aws| {
            for group in ["general", "jobs"] {
                aws.interfaces.push(Interface {
                    id: format!("eni-2-{group}"),
                    instance_id: Some(format!("i-shop-blue-{group}")),
                    subnet_id: "subnet-a".to_owned(),
                    held: 30,
                    ..Interface::default()
                });
            }
            for instance in &mut aws.instances {
                "m7g.large".clone_into(&mut instance.instance_type);
                instance.vcpus = 2;
            }
            for group in aws.node_groups.values_mut() {
                group.scaling.desired = 1;
            }
            aws.subnets[0].free_addresses = 35;
            aws.quotas.insert(("ec2".to_owned(), "L-1216C47A".to_owned()), 7.0);
            aws.quotas.insert(("vpc".to_owned(), "L-0EA8095F".to_owned()), 3.0);
        },
        green(),
    )
    .await;
    let told = texts(&found.problems).join("\n");
    for part in [
        "the subnet subnet-a has 35 free addresses, expected at least 36",
        "green's nodes need 4 virtual processors, and 4 of the 7 of the quota L-1216C47A are used",
        "the security group sg-nlb has 2 rules in one direction and needs 2 more for green, and the quota L-0EA8095F is 3",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert_eq!(found.problems.len(), 3, "{told}");
}

#[tokio::test]
async fn settings_of_the_cluster_that_are_not_cloned_are_refused_by_name() {
    let found = read(
        |aws| {
            let blue = aws.clusters.get_mut("shop-blue").unwrap();
            blue.cluster.not_copied.push("outpostConfig".to_owned());
        },
        green(),
    )
    .await;
    let codes: Vec<&str> = found.problems.iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!(codes, ["not-cloned"], "{:?}", texts(&found.problems));
    assert!(found.problems[0].message.contains("uses outpostConfig"));
}

#[tokio::test]
async fn what_is_set_on_auto_scaling_groups_and_what_the_cleanup_may_not_delete_is_told() {
    let found = read(
        |aws| {
            if let Some(group) = aws.scaling.get_mut("eks-general-shop-blue") {
                group.settings.push("the suspended process Terminate".to_owned());
            }
            aws.hung_on.insert("eks-general-shop-blue".to_owned(), vec!["the scheduled action night".to_owned()]);
        },
        green(),
    )
    .await;
    assert_eq!(texts(&found.problems), [""; 0]);
    for part in [
        "not copied from the Auto Scaling group eks-general-shop-blue of the node group general, and to be set again on green's while it is \
         qualified: the suspended process Terminate, the scheduled action night",
        "aws ec2 create-tags --resources sg-cluster-shop-blue sg-nodes sg-plane lt-1 --tags Key=bascule:replaceable,Value=true",
    ] {
        assert!(found.advice.iter().any(|advice| advice.contains(part)), "{part} in {:?}", found.advice);
    }
}

#[tokio::test]
async fn what_else_sends_requests_to_blue_is_told() {
    let account = Account::shop();
    let plan = account.plan();
    let told = async || preflight::compute::neighbours(&account, &plan.compute, &plan.edge).await.unwrap();
    assert_eq!(told().await, [""; 0]);
    {
        let mut aws = account.aws();
        let other = aws.target_groups["arn:group-blue"].clone();
        aws.target_groups.insert(
            "arn:other".to_owned(),
            TargetGroup { arn: "arn:other".to_owned(), name: "old".to_owned(), ..other },
        );
        if let Some(group) = aws.scaling.get_mut("eks-jobs-shop-blue") {
            group.target_group_arns.push("arn:other".to_owned());
        }
        let of_service = LoadBalancer {
            arn: "arn:of-service".to_owned(),
            name: "k8s-shop".to_owned(),
            vpc_id: "vpc-1".to_owned(),
            tags: [("elbv2.k8s.aws/cluster".to_owned(), "shop-blue".to_owned())].into(),
            ..LoadBalancer::default()
        };
        aws.balancers.insert(of_service.arn.clone(), of_service);
    }
    let told = told().await;
    assert!(
        told[0].starts_with("the target group old (arn:other) has i-shop-blue-jobs, which is not moved"),
        "{told:?}"
    );
    assert!(told[1].starts_with("the load balancer k8s-shop belongs to a Service or an Ingress of blue"), "{told:?}");
    assert_eq!(told.len(), 2);
}

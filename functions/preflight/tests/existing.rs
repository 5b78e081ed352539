//! Preflight of a green that the user built: a healthy shop with one, then one thing changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::plan::compute::{Compute, FargateProfile};
use domain::plan::{ExistingCluster, Found, Whose, edge::Edge};
use domain::ports::oidc_providers::OidcProvider;
use domain::trust_policy::TrustPolicy;
use domain::{Input, Kind, Plan, Problem, ResourceKey, Side};
use serde_json::{Value, json};
use testing::shop::existing::{NODE_GROUPS, NODES, input, input_with_edge};
use testing::shop::{BLUE, GREEN, GREEN_BALANCER, GREEN_LINK, GREEN_TARGET_GROUP, irsa};
use testing::{Account, Aws};

async fn compute(change: impl FnOnce(&mut Aws), asked: Value) -> Found<Compute> {
    let account = Account::existing_shop();
    change(&mut account.aws());
    let before = account.aws().clone();
    let found = preflight::compute::read(&account, &Input::read(&asked).unwrap()).await.unwrap();
    assert_eq!(*account.aws(), before, "preflight changes nothing");
    found
}

async fn edge(change: impl FnOnce(&mut Aws), asked: Value) -> Found<Edge> {
    let account = Account::existing_shop_with_edge();
    change(&mut account.aws());
    preflight::edge::read(&account, &Input::read(&asked).unwrap(), &account.plan().compute).await.unwrap()
}

fn texts(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

/// Exactly one refusal, with its code and path.
#[track_caller]
fn refused(problems: &[Problem], path: &str, part: &str) {
    let [one] = problems else { panic!("expected one refusal of {part:?}: {:#?}", texts(problems)) };
    assert_eq!((one.code.as_str(), one.path.as_str()), ("green-differs", path), "{one}");
    assert!(one.message.contains(part), "{one}");
}

#[tokio::test]
async fn a_healthy_green_of_the_users_is_taken_as_it_is_with_every_difference_told() {
    let found = compute(|_| {}, input(json!({}))).await;
    assert_eq!(texts(&found.problems), [""; 0]);
    let made: Vec<_> = found.creates.iter().map(|planned| planned.name.as_str()).collect();
    assert_eq!(made, ["Bascule's own in shop-blue", "Bascule's own in shop-green"]);
    for told in [
        "green differs from blue: version is 1.33 on blue and 1.34 on green",
        "green differs from blue: logging is api, audit on blue and audit on green",
        "green differs from blue: blue has the node group general, and green none of that name",
        "green differs from blue: green has the node group green-jobs, and blue none of that name",
    ] {
        assert!(found.advice.iter().any(|advice| advice == told), "{told}: {:#?}", found.advice);
    }
    assert!(!found.advice.iter().any(|advice| advice.contains("the cleanup deletes")), "{:#?}", found.advice);
    let existing = found.facts.existing.unwrap();
    assert_eq!(existing.node_groups, NODE_GROUPS);
    assert!(existing.security_group_ids.iter().any(|group| group == NODES), "{existing:?}");
    assert_eq!((found.facts.green.version.as_str(), found.facts.green.name.as_str()), ("1.34", GREEN));
}

#[tokio::test]
async fn what_only_a_clone_would_meet_is_no_matter_unless_blue_is_deleted() {
    let stranger = |aws: &mut Aws| {
        let key = (BLUE.to_owned(), "general".to_owned());
        aws.node_groups.get_mut(&key).unwrap().ami_type = "CUSTOM".to_owned();
        aws.instances.push(domain::ports::network::Instance {
            id: "i-self-managed".to_owned(),
            tags: [(format!("kubernetes.io/cluster/{BLUE}"), "owned".to_owned())].into(),
            ..Default::default()
        });
    };
    assert_eq!(texts(&compute(stranger, input(json!({}))).await.problems), [""; 0]);
    let deleted = input(json!({ "cleanup": { "blue": "delete" } }));
    let codes: Vec<String> = compute(stranger, deleted).await.problems.into_iter().map(|one| one.code).collect();
    assert_eq!(codes, ["unmanaged-nodes"]);
}

#[tokio::test]
async fn each_thing_without_which_blues_pods_would_not_run_is_refused() {
    type Change = fn(&mut Aws);
    let cases: [(&str, Change); 9] = [
        ("it has no Fargate profile batch", |aws| {
            let batch =
                FargateProfile { name: "batch".to_owned(), status: "ACTIVE".to_owned(), ..FargateProfile::default() };
            aws.fargate_profiles.insert((BLUE.to_owned(), "batch".to_owned()), batch);
        }),
        ("lower than blue's 1.33", |aws| "1.32".clone_into(&mut aws.clusters.get_mut(GREEN).unwrap().cluster.version)),
        ("addresses, and blue's ipv4", |aws| {
            "ipv6".clone_into(&mut aws.clusters.get_mut(GREEN).unwrap().cluster.ip_family);
        }),
        ("lacks the add-on coredns", |aws| {
            aws.addons.remove(&(GREEN.to_owned(), "coredns".to_owned()));
        }),
        ("no Pod Identity association of shop/checkout", |aws| {
            aws.pod_identities.retain(|(cluster, _), _| cluster != GREEN);
        }),
        ("node group green-jobs is DEGRADED", |aws| {
            "DEGRADED".clone_into(
                &mut aws.node_groups.get_mut(&(GREEN.to_owned(), NODE_GROUPS[1].to_owned())).unwrap().status,
            );
        }),
        ("the security group sg-nlb has the rule egress/tcp/30080-30080/sg-", |aws| {
            aws.security_groups.get_mut("sg-nlb").unwrap().rules.retain(|rule| rule.peer_group() != Some(NODES));
        }),
        ("blue's groups allow ingress/tcp/30080-30080/sg-nlb", |aws| {
            aws.security_groups.get_mut(NODES).unwrap().rules.retain(|rule| rule.peer_group() != Some("sg-nlb"));
        }),
        ("have 2 virtual processors, and blue's", |aws| {
            for node in &mut aws.instances {
                node.vcpus = if node.id.contains(GREEN) { 1 } else { 64 };
            }
        }),
    ];
    for (part, change) in cases {
        let problems = compute(change, input(json!({}))).await.problems;
        // One rule of blue's may stand in two of its groups.
        let told: Vec<&Problem> = problems.iter().filter(|problem| problem.message.contains(part)).collect();
        assert!(!told.is_empty(), "{part}: {:#?}", texts(&problems));
        assert!(
            problems.iter().all(|one| one.code == "green-differs" && one.path == "$.green.cluster"),
            "{part}: {:#?}",
            texts(&problems)
        );
    }
}

#[tokio::test]
async fn a_green_that_is_not_there_or_is_not_said_to_be_is_refused() {
    let gone = compute(|aws| drop(aws.clusters.remove(GREEN)), input(json!({}))).await.problems;
    assert!(texts(&gone)[0].starts_with("$.green.cluster: there is no cluster shop-green"), "{gone:?}");
    let mut unsaid = input(json!({}));
    unsaid["green"] = json!({ "cluster": GREEN });
    let taken = compute(|_| {}, unsaid).await.problems;
    assert!(texts(&taken).iter().any(|told| told.contains("\"existing\": true")), "{taken:?}");
}

#[tokio::test]
async fn a_load_balancer_and_a_link_of_the_users_take_the_place_of_clones() {
    let found = edge(|_| {}, input_with_edge(json!({}))).await;
    assert_eq!(texts(&found.problems), [""; 0]);
    let kinds: Vec<Kind> = found.creates.iter().map(|planned| planned.kind).collect();
    for kind in [Kind::LoadBalancer, Kind::TargetGroup, Kind::Listener, Kind::VpcLink] {
        assert!(!kinds.contains(&kind), "{kind}");
    }
    let link = ResourceKey::new(Side::Green, Kind::VpcLink, &found.facts.vpc_link.name);
    let plan = Plan { edge: found.facts, ..Plan::default() };
    assert_eq!(plan.whose(&link), Whose::Users(GREEN_LINK));
    let group = ResourceKey::new(Side::Green, Kind::TargetGroup, "shop-blue-http");
    assert_eq!(plan.whose(&group), Whose::Users(GREEN_TARGET_GROUP));
}

#[tokio::test]
async fn an_edge_of_the_users_that_would_not_carry_blues_requests_is_refused() {
    type Change = fn(&mut Aws);
    let cases: [(&str, &str, Change); 8] = [
        ("$.green.loadBalancer", "the scheme of the load balancer terraform-green is internet-facing", |aws| {
            "internet-facing".clone_into(&mut aws.balancers.get_mut(GREEN_BALANCER).unwrap().scheme);
        }),
        ("$.green.loadBalancer", "is provisioning, expected active", |aws| {
            "provisioning".clone_into(&mut aws.balancers.get_mut(GREEN_BALANCER).unwrap().state);
        }),
        ("$.green.loadBalancer", "no listener on the port 80", |aws| {
            aws.listeners.get_mut(GREEN_BALANCER).unwrap()[0].port = 81;
        }),
        ("$.green.loadBalancer", "listener 80 is of TLS, expected TCP", |aws| {
            "TLS".clone_into(&mut aws.listeners.get_mut(GREEN_BALANCER).unwrap()[0].protocol);
        }),
        ("$.green.loadBalancer", "port of the nodes of its target group terraform-green-http is 30081", |aws| {
            aws.target_groups.get_mut(GREEN_TARGET_GROUP).unwrap().port = 30_081;
        }),
        ("$.green.loadBalancer", "proxy_protocol_v2.enabled of its target group", |aws| {
            let group = aws.target_groups.get_mut(GREEN_TARGET_GROUP).unwrap();
            group.attributes.insert("proxy_protocol_v2.enabled".to_owned(), "true".to_owned());
        }),
        ("$.green.vpcLink", "is PENDING, expected AVAILABLE", |aws| {
            "PENDING".clone_into(&mut aws.links.get_mut(GREEN_LINK).unwrap().status);
        }),
        ("$.green.vpcLink", "leads to arn:balancer-blue", |aws| {
            aws.links.get_mut(GREEN_LINK).unwrap().target_arns = vec!["arn:balancer-blue".to_owned()];
        }),
    ];
    for (path, part, change) in cases {
        refused(&edge(change, input_with_edge(json!({}))).await.problems, path, part);
    }
}

#[test]
fn what_does_not_go_with_a_green_of_ones_own_is_refused_by_its_path() {
    let with = |change: fn(&mut Value)| {
        let mut asked = input(json!({}));
        change(&mut asked);
        texts(&Input::read(&asked).unwrap_err())
    };
    for (path, change) in [
        ("$.green.version", (|asked| asked["green"]["version"] = json!("1.34")) as fn(&mut Value)),
        ("$.green.subnetIds", |asked| asked["green"]["subnetIds"] = json!(["subnet-a"])),
        ("$.green.loadBalancer", |asked| asked["green"]["vpcLink"] = json!("l1")),
        ("$.identities.irsa", |asked| asked["identities"] = json!({ "irsa": "extend" })),
        ("$.workloads.forceConflicts", |asked| asked["workloads"]["forceConflicts"] = json!(["ConfigMap/a/b"])),
        ("$.cleanup.approval", |asked| asked["cleanup"] = json!({ "approval": true })),
    ] {
        let told = with(change);
        assert!(matches!(&told[..], [one] if one.starts_with(path)), "{path}: {told:?}");
    }
}

#[tokio::test]
async fn roles_for_service_accounts_must_trust_greens_provider_already() {
    let account = Account::irsa_shop();
    let green = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";
    let asked = Input::read(&input(json!({}))).unwrap();
    let mut compute = account.irsa_compute();
    compute.existing = Some(ExistingCluster { oidc_provider_arn: green.to_owned(), ..ExistingCluster::default() });
    let read = async || {
        let workloads = domain::plan::workloads::Workloads::default();
        preflight::identities::read(&account, &asked, &mut compute.clone(), &workloads).await.unwrap()
    };
    refused(&read().await.problems, "$.green.cluster", "names blue's OIDC provider and not green's");
    let trusted = |aws: &mut Aws| {
        let policy = TrustPolicy::read(&aws.roles["cni"]).unwrap().with(&[irsa::statement("cni", green)]).text();
        aws.roles.insert("cni".to_owned(), policy);
    };
    trusted(&mut account.aws());
    refused(&read().await.problems, "$.green.cluster", "which IAM does not have");
    let provider = OidcProvider { arn: green.to_owned(), ..OidcProvider::default() };
    account.aws().oidc_providers.insert(green.to_owned(), provider);
    let found = read().await;
    assert_eq!((texts(&found.problems), found.creates), (Vec::new(), Vec::new()));
}

//! Preflight of the roles that Pods take through blue's OIDC provider: a shop where all is well, then one thing changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::{
    Input, Kind, Problem,
    plan::{
        Found, Plan,
        compute::{Compute, FargateProfile, FargateSelector, PodIdentity},
    },
    trust_policy::TrustPolicy,
};
use serde_json::{Value, json};
use testing::{
    Account, Aws,
    shop::{BLUE, GREEN, fargate, irsa},
};

async fn read(change: impl FnOnce(&mut Aws), identities: &Value) -> Found<()> {
    found(Account::irsa_shop(), change, identities).await.1
}

async fn found(account: Account, change: impl FnOnce(&mut Aws), identities: &Value) -> (Compute, Found<()>) {
    change(&mut account.aws());
    let mut written = irsa::input(json!({}));
    written["identities"] = identities.clone();
    let input = Input::read(&written).unwrap();
    let before = account.aws().clone();
    let mut compute = preflight::compute::read(&account, &input).await.unwrap();
    assert_eq!(compute.problems, []);
    let around = preflight::workloads::Around::of(&compute.facts, &Plan::default().edge);
    let workloads = preflight::workloads::read(&account, &input, &around).await.unwrap();
    let found = preflight::identities::read(&account, &input, &mut compute.facts, &workloads.facts).await.unwrap();
    assert_eq!(*account.aws(), before, "preflight changes nothing");
    (compute.facts, found)
}

fn texts(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

fn extend() -> Value {
    json!({ "irsa": "extend" })
}

#[tokio::test]
async fn the_plan_has_greens_provider_and_what_each_role_is_to_say_of_it_and_no_more_of_blues() {
    let found = read(|_| {}, &extend()).await;
    assert_eq!(texts(&found.problems), [""; 0]);
    let of = |kind: Kind, all: &[domain::plan::Planned]| {
        all.iter().filter(|planned| planned.kind == kind).map(|planned| planned.name.clone()).collect::<Vec<_>>()
    };
    let changes = of(Kind::TrustStatement, &found.creates);
    assert_eq!(changes.len(), 2);
    assert!(
        changes[0].starts_with("in the trust policy of arn:aws:iam::123456789012:role/cart: + {\"Effect\":\"Allow\"")
            && changes[0].contains("<OIDC issuer of shop-green>:sub\":\"system:serviceaccount:shop:cart\""),
        "{changes:?}"
    );
    assert_eq!(of(Kind::TrustStatement, &found.deletes), ["cart", "cni"]);
    let blue = Account::irsa_shop().provider_of(BLUE).unwrap();
    assert_eq!(of(Kind::OidcProvider, &found.creates), [format!("of shop-green, like {blue}")]);
    let deleted = found.deletes.iter().find(|planned| planned.kind == Kind::OidcProvider).unwrap();
    assert_eq!(deleted.id.as_deref(), Some(blue.as_str()));
    let told = found.advice.join("\n");
    assert!(told.contains("aws iam tag-open-id-connect-provider --open-id-connect-provider-arn"), "{told}");
    assert!(told.contains("such as Terraform at its next apply"), "{told}");
}

#[tokio::test]
async fn without_a_word_in_the_input_each_role_is_refused_with_what_takes_it_and_what_to_write() {
    let found = read(|_| {}, &json!({})).await;
    let told = texts(&found.problems);
    assert_eq!(told.len(), 2, "{told:#?}");
    for (problem, by, role) in [
        (&told[0], "ServiceAccount/shop/cart (document 9 of $.workloads.manifests[0])", "role/cart"),
        (&told[1], "the add-on vpc-cni of $.blue.cluster", "role/cni"),
    ] {
        assert!(problem.starts_with(&format!("$.identities.irsa: {by} takes the role ")), "{problem}");
        assert!(problem.contains(role) && problem.contains(r#""identities": {"irsa": "extend"}"#), "{problem}");
    }
    assert_eq!(found.creates, []);
    // Blue's provider is of no use without blue, whoever takes roles through it.
    assert_eq!(found.deletes.iter().map(|planned| planned.kind).collect::<Vec<_>>(), [Kind::OidcProvider]);
}

type Change = fn(&mut Aws);

fn set(aws: &mut Aws, name: &str, policy: &Value) {
    aws.roles.insert(name.to_owned(), policy.to_string());
}

#[tokio::test]
async fn what_stands_in_the_way_of_a_role_is_told_with_what_to_do() {
    let cases: [(Change, &str); 7] = [
        (
            |aws| drop(aws.roles.remove("cart")),
            "takes the role arn:aws:iam::123456789012:role/cart, which does not exist",
        ),
        (
            |aws| aws.irsa_roles = None,
            r#"parameter IrsaRoles is "". Deploy it with a pattern for such roles, names with paths, here "cart""#,
        ),
        (|aws| aws.irsa_roles = Some("cni".to_owned()), r#"parameter IrsaRoles is "cni""#),
        (|aws| aws.oidc_providers.clear(), "which does not exist: blue's Pods do not get it"),
        (
            |aws| {
                let condition = json!({ "StringNotEquals": { "oidc.eks.eu-central-1.amazonaws.com/id/65756C622D706F687300000000000000:sub": "x" } });
                let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition });
                let policy = TrustPolicy::read(&aws.roles["cart"]).unwrap().with(&[deny]);
                aws.roles.insert("cart".to_owned(), policy.text());
            },
            "names blue's issuer in a statement that is not for blue's provider",
        ),
        (
            |aws| {
                let gone = json!({ "Effect": "Allow", "Principal": { "AWS": "AROADBQP57FF2AEXAMPLE" }, "Action": "sts:AssumeRole" });
                let policy = TrustPolicy::read(&aws.roles["cart"]).unwrap().with(&[gone]);
                aws.roles.insert("cart".to_owned(), policy.text());
            },
            "names AROADBQP57FF2AEXAMPLE, which is what IAM shows of users and roles that were deleted",
        ),
        (|aws| set(aws, "cart", &json!("no policy")), "is no JSON object with statements"),
    ];
    for (change, expected) in cases {
        let found = read(change, &extend()).await;
        let told = texts(&found.problems);
        assert!(told.iter().any(|problem| problem.contains(expected)), "{expected}: {told:#?}");
    }
}

#[tokio::test]
async fn a_trust_policy_that_would_be_longer_than_the_quota_is_refused_with_the_command_for_more() {
    let long = |aws: &mut Aws| {
        let others: Vec<Value> = (0..15)
            .map(|number| json!({ "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::123456789012:role/of-another-team-{number}") }, "Action": "sts:AssumeRole" }))
            .collect();
        let policy = TrustPolicy::read(&aws.roles["cart"]).unwrap().with(&others);
        aws.roles.insert("cart".to_owned(), policy.text());
    };
    let told = texts(&read(long, &extend()).await.problems);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("\"Role trust policy length\" is 2048"), "{}", told[0]);
    assert!(
        told[0].contains("--region us-east-1 --service-code iam --quota-code L-C07B4B0D --desired-value 3072"),
        "{}",
        told[0]
    );
    let raised = |aws: &mut Aws| {
        long(aws);
        aws.quotas.insert(("iam".to_owned(), "L-C07B4B0D".to_owned()), 4_096.0);
    };
    assert_eq!(texts(&read(raised, &extend()).await.problems), [""; 0]);
}

#[tokio::test]
async fn a_role_that_does_not_trust_blues_provider_is_left_alone_with_a_note() {
    let service = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Principal": { "Service": "pods.eks.amazonaws.com" }, "Action": ["sts:AssumeRole", "sts:TagSession"] } });
    let found = read(|aws| set(aws, "cart", &service), &extend()).await;
    assert_eq!(texts(&found.problems), [""; 0]);
    assert_eq!(found.creates.iter().filter(|planned| planned.kind == Kind::TrustStatement).count(), 1);
    assert!(found.advice.iter().any(|advice| advice.contains("role/cart, which does not trust blue's OIDC provider")));
}

fn pods() -> Value {
    json!({ "irsa": "podIdentity" })
}

async fn read_pods(change: impl FnOnce(&mut Aws)) -> (Compute, Found<()>) {
    found(Account::pods_shop(), change, &pods()).await
}

/// The statement of <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html>, for one service account.
const CART: &str = r#"{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"aws:RequestTag/kubernetes-service-account":"cart","aws:RequestTag/kubernetes-namespace":"shop"}}}"#;

#[tokio::test]
async fn associations_instead_of_a_provider_are_in_the_plan_with_what_each_role_is_to_say() {
    let (compute, found) = read_pods(|_| {}).await;
    assert_eq!(texts(&found.problems), [""; 0]);
    assert_eq!(compute, Account::pods_shop().pods_compute());
    let created: Vec<_> = found.creates.iter().map(|planned| (planned.kind, planned.name.clone())).collect();
    let trust = |name: &str| {
        let role = irsa::role_arn(name);
        created.iter().find(|(kind, told)| *kind == Kind::TrustStatement && told.contains(&role)).unwrap().1.clone()
    };
    assert_eq!(trust("cart"), format!("in the trust policy of arn:aws:iam::123456789012:role/cart: + {CART}"));
    assert!(trust("cni").contains(r#""aws:RequestTag/kubernetes-service-account":"aws-node""#), "{}", trust("cni"));
    for name in ["shop/cart", "aws-node of the add-on vpc-cni"] {
        assert!(created.contains(&(Kind::PodIdentityAssociation, name.to_owned())), "{created:#?}");
    }
    assert!(!created.iter().any(|(kind, _)| *kind == Kind::OidcProvider), "{created:#?}");
    let deleted: Vec<_> = found.deletes.iter().map(|planned| (planned.kind, planned.name.as_str())).collect();
    assert!(deleted.contains(&(Kind::TrustStatement, "cart")) && deleted.contains(&(Kind::TrustStatement, "cni")));
    assert!(deleted.iter().any(|(kind, _)| *kind == Kind::OidcProvider));
}

#[tokio::test]
async fn a_role_that_eks_may_assume_already_is_not_changed_before_blue_goes() {
    let lets = json!({ "Effect": "Allow", "Principal": { "Service": "pods.eks.amazonaws.com" }, "Action": ["sts:AssumeRole", "sts:TagSession"] });
    let change = |aws: &mut Aws| {
        let policy = TrustPolicy::read(&aws.roles["cart"]).unwrap().with(&[lets]);
        aws.roles.insert("cart".to_owned(), policy.text());
    };
    let (compute, found) = read_pods(change).await;
    assert_eq!(texts(&found.problems), [""; 0]);
    let changed: Vec<_> = found.creates.iter().filter(|planned| planned.kind == Kind::TrustStatement).collect();
    assert!(matches!(&changed[..], [one] if one.name.contains("role/cni")), "{changed:#?}");
    assert!(found.deletes.iter().any(|planned| planned.name == "cart"));
    assert!(compute.pod_identities.iter().any(|identity| identity.key() == "shop/cart"));
}

#[tokio::test]
async fn a_service_account_that_has_an_association_keeps_it() {
    let change = |aws: &mut Aws| {
        let known = aws.pod_identities.values().next().cloned().unwrap();
        let cart = PodIdentity { namespace: "shop".to_owned(), service_account: "cart".to_owned(), ..known };
        aws.pod_identities.insert((BLUE.to_owned(), cart.key()), cart);
    };
    let (compute, found) = read_pods(change).await;
    assert_eq!(texts(&found.problems), [""; 0]);
    let carts: Vec<_> = compute.pod_identities.iter().filter(|identity| identity.key() == "shop/cart").collect();
    assert!(matches!(&carts[..], [one] if one.role_arn.ends_with("role/checkout")), "{carts:#?}");
    assert!(!found.creates.iter().any(|planned| planned.name.contains("role/cart")));
}

#[tokio::test]
async fn what_keeps_pods_from_an_association_is_told_with_what_to_do() {
    let cases: [(Change, &str); 6] = [
        (
            |aws| drop(aws.addons.remove(&(BLUE.to_owned(), "eks-pod-identity-agent".to_owned()))),
            "blue lacks the add-on eks-pod-identity-agent",
        ),
        (
            |aws| {
                for group in aws.node_groups.values_mut().filter(|group| group.name == "jobs") {
                    "WINDOWS_CORE_2022_x86_64".clone_into(&mut group.ami_type);
                }
            },
            "the nodes of jobs run Windows",
        ),
        (
            |aws| {
                let selector = FargateSelector { namespace: "sh?p".to_owned(), ..FargateSelector::default() };
                let profile = FargateProfile {
                    name: "batch".to_owned(),
                    pod_execution_role_arn: fargate::ROLE.to_owned(),
                    subnet_ids: ["subnet-a".to_owned(), "subnet-b".to_owned()].into(),
                    selectors: vec![selector],
                    status: "ACTIVE".to_owned(),
                    ..FargateProfile::default()
                };
                aws.fargate_profiles.insert((BLUE.to_owned(), "batch".to_owned()), profile);
                aws.roles.insert("fargate".to_owned(), fargate::trust(&[BLUE, GREEN]));
            },
            "the Fargate profile batch selects Pods of shop, and on Fargate shop/cart gets nothing",
        ),
        (
            |aws| aws.addon_schemas.clear(),
            "the add-on vpc-cni, which green gets, takes no EKS Pod Identity association",
        ),
        (|aws| aws.irsa_roles = None, r#"parameter IrsaRoles is """#),
        (
            |aws| {
                let env = json!([
                    { "name": "AWS_ROLE_ARN", "value": irsa::role_arn("cart") },
                    { "name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/var/run/token" },
                ]);
                let pod = json!({ "containers": [{ "name": "own", "image": "shop/own:1", "env": env }] });
                let labels = json!({ "app": "own", "bascule.io/run": "true" });
                aws.bundles.values_mut().next().unwrap().push(json!({
                    "apiVersion": "apps/v1", "kind": "Deployment",
                    "metadata": { "name": "own", "namespace": "shop", "labels": labels },
                    "spec": {
                        "selector": { "matchLabels": { "app": "own" } },
                        "template": { "metadata": { "labels": { "app": "own" } }, "spec": pod },
                    },
                }));
            },
            "Deployment/shop/own (document 10 of $.workloads.manifests[0]) sets AWS_WEB_IDENTITY_TOKEN_FILE itself",
        ),
    ];
    for (change, expected) in cases {
        let (_, found) = read_pods(change).await;
        let told = texts(&found.problems);
        assert!(
            told.iter().any(|problem| problem.starts_with("$.identities.irsa: ") && problem.contains(expected)),
            "{expected}: {told:#?}"
        );
    }
}

//! Preflight of Fargate profiles: a healthy shop on Fargate, then one thing changed.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::{
    Input, Kind, Problem,
    plan::{Found, compute::Compute},
};
use testing::{Account, Aws, shop::fargate::trust};

fn texts(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

async fn read(change: impl FnOnce(&mut Aws)) -> Found<Compute> {
    let account = Account::fargate_shop();
    change(&mut account.aws());
    preflight::compute::read(&account, &Input::read(&testing::shop::input()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn fargate_profiles_are_planned_for_green_and_approved_for_deletion() {
    let found = read(|_| {}).await;
    assert_eq!(texts(&found.problems), [""; 0]);
    assert_eq!(found.facts, Account::fargate_shop().fargate_plan().compute);
    let of = |planned: &[domain::plan::Planned]| -> Vec<String> {
        let profiles = planned.iter().filter(|planned| planned.kind == Kind::FargateProfile);
        profiles.map(|planned| planned.name.clone()).collect()
    };
    assert_eq!(of(&found.creates), ["batch", "reports"]);
    assert_eq!(of(&found.deletes), ["batch", "reports"]);
    assert!(found.advice.iter().any(|told| told.contains("L-3032A538")), "{:?}", found.advice);
}

#[tokio::test]
async fn what_keeps_fargate_from_running_greens_pods_is_refused() {
    type Change = fn(&mut Aws);
    let cases: [(&str, Change); 4] = [
        ("the Fargate profile batch is CREATE_FAILED, expected ACTIVE", |aws| {
            let key = ("shop-blue".to_owned(), "batch".to_owned());
            "CREATE_FAILED".clone_into(&mut aws.fargate_profiles.get_mut(&key).unwrap().status);
        }),
        ("the Fargate profile batch, the Fargate profile reports names the role", |aws| {
            aws.roles.remove("fargate");
        }),
        ("the trust policy of the role arn:aws:iam::123456789012:role/fargate names blue and not shop-green", |aws| {
            aws.roles.insert("fargate".to_owned(), trust(&["shop-blue"]));
        }),
        (
            "the trust policy of the Pod execution role arn:aws:iam::123456789012:role/fargate takes Fargate profiles",
            |aws| {
                aws.roles.insert("fargate".to_owned(), trust(&["shop-b*"]));
            },
        ),
    ];
    for (part, change) in cases {
        let found = read(change).await;
        assert!(texts(&found.problems).iter().any(|told| told.contains(part)), "{part}: {:?}", texts(&found.problems));
    }
}

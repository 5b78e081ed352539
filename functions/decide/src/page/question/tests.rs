use super::*;
use crate::Settled;
use domain::{
    Kind, TaskToken,
    approval::{Answer, Decision},
    plan::{
        Planned,
        edge::{Api, OtherApi, UsagePlan},
        estimate::Cost,
    },
    progress::{OTHER_URLS, TEMPORARY_URL},
};
use serde_json::{Value, json};
use testing::migration;

const URL: &str = "https://t1.execute-api.eu-central-1.amazonaws.com/prod";

fn shop(approval: bool) -> Migration {
    let input = json!({
        "blue": { "cluster": "blue" }, "green": { "cluster": "green" },
        "gateway": { "restApiId": "a", "stage": "prod" },
        "workloads": { "manifests": ["s3://b/k"] },
        "cleanup": { "after": "3d", "approval": approval },
    });
    let mut migration = migration(&input).unwrap();
    migration.plan.creates = vec![Planned::new(Kind::Cluster, "green")];
    migration.plan.deletes = vec![Planned::new(Kind::Cluster, "blue"), Planned::new(Kind::NodeGroup, "general")];
    migration.plan.switch = vec!["UpdateStage a/prod: replace /deploymentId with green's".to_owned()];
    migration.plan.estimate.costs = vec![Cost { of: "control-plane".into(), count: 1, per_hour: "0.10".parse().ok() }];
    migration.plan.edge.usage_plans =
        vec![UsagePlan { name: "gold".to_owned(), key_ids: vec!["k'1".to_owned()], ..UsagePlan::default() }];
    migration
}

fn asked(question: Question, evidence: Value) -> Asked {
    Asked {
        id: shop(true).id,
        question,
        number: 1,
        token: TaskToken::new("s3cret-token"),
        digest: "0123456789abcdef0123".to_owned(),
        evidence,
        deadline: "2026-01-03T00:00:00Z".parse().unwrap(),
        answer: None,
    }
}

fn evidence() -> Value {
    json!({
        TEMPORARY_URL: URL,
        "validate": { "evidence": {
            "workloads": { "Deployment/shop/<web>": {
                "images": ["web:1"], "blue": "a", "green": "a", "replicas": 3, "blueReplicas": 4, "ready": 2,
            } },
            "smoke": [{ "path": "/cart", "blue": 200, "green": 201, "blueMillis": 12, "greenMillis": 34 }],
        } },
    })
}

fn shown(migration: &Migration, asked: &Asked, standing: Standing<'_>) -> String {
    let opened_at = "2026-01-01T00:00:00Z".parse().unwrap();
    let now = "2026-01-01T12:00:00Z".parse().unwrap();
    question(&Sheet { migration, opened_at, asked, voices: &[], query: "a=1&b=2", now, standing })
}

#[test]
fn the_first_screen_says_what_is_asked_until_when_what_happens_otherwise_and_how_to_try_green() {
    let page = shown(&shop(true), &asked(Question::Qualification, evidence()), Standing::Open);
    let parts = [
        "May green take over from blue?</h1>",
        "Answer until <strong><time datetime=\"2026-01-03T00:00:00Z\">Saturday, 3 January 2026, 00:00 UTC</time></strong> (1 day 12 hours left)",
        "Without an answer the migration goes back: blue keeps serving",
        "<a href=\"https://t1.execute-api.eu-central-1.amazonaws.com/prod\"",
        "usage plan gold",
        "--api-key 'k'\\''1' --include-value",
        "curl -i -H &quot;x-api-key: $key&quot; 'https://t1.execute-api.eu-central-1.amazonaws.com/prod/cart'",
        "Workloads ready",
        "Smoke requests</strong>: 0 of 1 answered with blue's status",
        "<form",
        "<details>",
    ];
    let mut rest = page.as_str();
    for part in parts {
        let (_, after) = rest.split_once(part).unwrap_or_else(|| panic!("{part} is not in {rest}"));
        rest = after;
    }
    assert!(!page.contains("s3cret-token") && !page.contains("nanosecond"));
}

#[test]
fn each_of_several_apis_has_its_own_url_and_its_own_keys() {
    let mut migration = shop(true);
    let pays = UsagePlan { name: "silver".to_owned(), key_ids: vec!["k2".to_owned()], ..UsagePlan::default() };
    let api = Api { id: "b".to_owned(), name: "pay".to_owned(), ..Api::default() };
    migration.plan.edge.api = Api { id: "a".to_owned(), name: "shop".to_owned(), ..Api::default() };
    migration.plan.edge.others = vec![OtherApi { api, usage_plans: vec![pays], ..OtherApi::default() }];
    let other = "https://t2.execute-api.eu-central-1.amazonaws.com/prod";
    let mut evidence = evidence();
    evidence[OTHER_URLS] = json!([other]);
    evidence["validate"]["evidence"]["smoke"] = json!([
        { "api": "a", "path": "/cart", "blue": 200, "green": 200, "blueMillis": 12, "greenMillis": 34 },
        { "api": "b", "path": "/pay", "blue": 200, "green": 200, "blueMillis": 12, "greenMillis": 34 },
    ]);
    let page = shown(&migration, &asked(Question::Qualification, evidence), Standing::Open);
    let parts = [
        &format!("'{URL}/cart'"),
        &format!("pay: <a href=\"{other}\""),
        "usage plan silver",
        "--api-key 'k2' --include-value",
        &format!("'{other}/pay'"),
        "<th scope=\"row\">a /cart</th>",
        "<th scope=\"row\">b /pay</th>",
    ];
    let mut rest = page.as_str();
    for part in parts {
        let (_, after) = rest.split_once(part).unwrap_or_else(|| panic!("{part} is not in {rest}"));
        rest = after;
    }
}

#[test]
fn the_details_have_both_sides_of_each_workload_and_request() {
    let page = shown(&shop(true), &asked(Question::Qualification, evidence()), Standing::Open);
    for part in [
        "Deployment/shop/&lt;web&gt;<br><code class=\"quiet\">web:1</code></th><td class=\"number\">4</td><td>3, 2 ready</td>",
        "<th scope=\"row\">/cart</th><td>200 in 12 ms</td><td>201 in 34 ms</td>",
        "<svg role=\"img\"",
        "<code>UpdateStage a/prod: replace /deploymentId with green's</code>",
        "about $2.40 a day more, about $1.20 so far",
        "<code>0123456789abcdef0123</code>",
        "href=\"?a=1&amp;b=2&amp;file=evidence.json\"",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[test]
fn people_see_what_a_yes_leads_to_the_deletion_of_whatever_is_asked() {
    for (approval, asks, heading) in [
        (false, Question::Qualification, "Will be deleted 3d after the bake, without being asked again (2)"),
        (true, Question::Qualification, "Will be deleted 3d after the bake, once people have been asked again (2)"),
        (true, Question::Cleanup, "Will be deleted at once (2)"),
    ] {
        let page = shown(&shop(approval), &asked(asks, json!({})), Standing::Open);
        assert!(page.contains(heading) && page.contains("<li>NodeGroup general</li>"), "{asks:?}: {page}");
    }
}

#[test]
fn every_field_has_a_label_and_enter_presses_no_button() {
    let page = shown(&shop(true), &asked(Question::Qualification, evidence()), Standing::Open);
    for field in ["by", "comment", "code"] {
        assert_eq!(page.matches(&format!("<label for=\"{field}\">")).count(), 1, "{field}");
        assert_eq!(page.matches(&format!("id=\"{field}\"")).count(), 1, "{field}");
    }
    let form = page.split_once("<form").unwrap().1;
    let first = form.split_once("<button").unwrap().1;
    // https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#implicit-submission
    assert!(first.starts_with(" disabled hidden>"), "{first}");
    assert_eq!(page.matches("name=\"decision\"").count(), 2);
}

#[test]
fn an_answer_stands_in_place_of_the_form_with_who_gave_it_and_whether_the_execution_heard_it() {
    let answer = Answer {
        decision: Decision::Approved,
        by: "Ana".to_owned(),
        comment: "<b>fine</b>".to_owned(),
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
        caller: Some("arn:aws:iam::111122223333:user/ana".to_owned()),
    };
    for (heard, told) in [(true, "has heard of it now"), (false, "does not wait for it")] {
        let settled = Settled { answer: answer.clone(), heard, missing: 0 };
        let page = shown(&shop(true), &asked(Question::Qualification, evidence()), Standing::Settled(&settled));
        assert!(!page.contains("<form") && page.contains(told), "{page}");
        assert!(page.contains("Ana (arn:aws:iam::111122223333:user/ana) on Thursday, 1 January 2026"), "{page}");
        assert!(page.contains("&lt;b&gt;fine"), "{page}");
    }
}

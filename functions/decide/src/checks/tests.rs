use super::*;
use domain::{
    MigrationId, TaskToken,
    evidence::{OnlyOnBlue, Smoke, Targets, Workload},
};
use serde_json::json;
use testing::{Account, shop};

fn seen() -> Evidence {
    let workload =
        Workload { blue: Some("a".to_owned()), green: Some("a".to_owned()), replicas: Some(2), ..Workload::default() };
    let smoke = Smoke {
        path: "/cart".to_owned(),
        blue: Some(200),
        green: 200,
        blue_millis: 300,
        green_millis: 310,
        ..Smoke::default()
    };
    Evidence {
        workloads: [("Deployment/shop/web".to_owned(), workload)].into(),
        targets: [("http".to_owned(), Targets { healthy: 2, targets: 2 })].into(),
        smoke: vec![smoke],
        alarms: [("arn:aws:cloudwatch:eu-central-1:1:alarm:5xx".to_owned(), "OK".to_owned())].into(),
        only_on_blue: OnlyOnBlue::default(),
        unready: [].into(),
    }
}

fn asked(question: Question, evidence: Value) -> Asked {
    Asked {
        id: MigrationId::new("arn"),
        question,
        number: 1,
        token: TaskToken::new("t"),
        digest: String::new(),
        evidence,
        deadline: jiff::Timestamp::UNIX_EPOCH,
        answer: None,
    }
}

fn marks(seen: &Evidence) -> Vec<(Mark, String)> {
    let (_, migration) = Account::opened(&shop::input()).unwrap();
    let asked = asked(Question::Qualification, json!({ "validate": { "evidence": seen } }));
    checks(&migration, &asked).into_iter().map(|check| (check.mark, check.finding)).collect()
}

#[test]
fn a_green_like_blue_passes_every_check() {
    let found = marks(&seen());
    assert_eq!(found.len(), 6);
    assert!(found.iter().all(|(mark, _)| *mark == Mark::Passed), "{found:?}");
}

#[test]
fn each_difference_is_one_mark_to_look_at_and_says_what_it_is() {
    type Change = fn(&mut Evidence);
    let workload = |seen: &mut Evidence, change: fn(&mut Workload)| {
        change(seen.workloads.get_mut("Deployment/shop/web").unwrap());
    };
    let cases: [(usize, Change, &str); 10] = [
        (0, |seen| seen.workloads.clear(), "no workload"),
        (
            0,
            |seen| seen.unready = [("Certificate/shop/web".to_owned(), "Issuing".to_owned())].into(),
            "1 of 1 on green; not ready: Certificate/shop/web",
        ),
        (2, |seen| seen.targets.clear(), "0 of 0 healthy"),
        (2, |seen| seen.targets.get_mut("http").unwrap().healthy = 1, "1 of 2 healthy"),
        (3, |seen| seen.smoke[0].green = 404, "0 of 1 answered with blue's status"),
        (3, |seen| seen.smoke[0].green_millis = 601, "more than twice as long for /cart"),
        (3, |seen| seen.smoke.clear(), "none was tried"),
        (4, |seen| seen.alarms.clear(), "none guards"),
        (4, |seen| seen.alarms.values_mut().for_each(|state| *state = "ALARM".to_owned()), "5xx is ALARM"),
        (5, |seen| seen.only_on_blue.count = 3, "3 objects are on blue only"),
    ];
    let look = |index: usize, seen: &Evidence, says: &str| {
        for (found, (mark, finding)) in marks(seen).into_iter().enumerate() {
            let expected = if found == index { Mark::Look } else { Mark::Passed };
            assert_eq!(mark, expected, "{says}: {finding}");
            assert!(found != index || finding.contains(says), "{says}: {finding}");
        }
    };
    for (index, change, says) in cases {
        let mut seen = seen();
        change(&mut seen);
        if index > 0 || !seen.workloads.is_empty() {
            look(index, &seen, says);
        } else {
            assert_eq!(marks(&seen)[0], (Mark::Look, "no workload was found".to_owned()));
        }
    }
    let mut gone = seen();
    workload(&mut gone, |one| one.blue = None);
    look(1, &gone, "Deployment/shop/web");
    let mut missing = seen();
    workload(&mut missing, |one| one.green = None);
    look(0, &missing, "missing: Deployment/shop/web");
}

#[test]
fn a_fast_answer_is_not_called_slow() {
    let mut seen = seen();
    (seen.smoke[0].blue_millis, seen.smoke[0].green_millis) = (3, 250);
    assert_eq!(marks(&seen)[3].0, Mark::Passed);
}

#[test]
fn evidence_that_cannot_be_read_passes_nothing() {
    let (_, migration) = Account::opened(&shop::input()).unwrap();
    for question in [Question::Qualification, Question::Cleanup] {
        for evidence in [json!({}), json!({ "validate": { "evidence": { "smoke": "?" } }, "cleanup": null })] {
            let found = checks(&migration, &asked(question, evidence));
            assert!(found.iter().all(|check| check.mark == Mark::Look) && !found.is_empty(), "{found:?}");
        }
    }
}

#[test]
fn a_deletion_is_asked_about_with_what_the_guard_saw() {
    let (_, migration) = Account::opened(&shop::input()).unwrap();
    let marks = |flows: f64, deletes: Value| {
        let evidence = json!({ "cleanup": { "flows": flows, "deletes": deletes } });
        checks(&migration, &asked(Question::Cleanup, evidence)).iter().map(|check| check.mark).collect::<Vec<_>>()
    };
    let all = json!(migration.plan.deletes);
    assert_eq!(marks(0.0, all.clone()), [Mark::Passed; 4]);
    assert_eq!(marks(3.0, all)[2], Mark::Look);
    assert_eq!(marks(0.0, json!([]))[3], Mark::Look);
}

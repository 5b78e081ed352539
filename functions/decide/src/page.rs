//! The page that people see.

use crate::Settled;
use domain::{
    Migration,
    approval::{Asked, Decision, Question},
    progress::TEMPORARY_URL,
};
use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}\
h1{font-size:1.4rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd;\
vertical-align:top}pre{background:#f5f5f5;padding:1rem;overflow:auto;font-size:.85rem}label{display:block;margin:.8rem 0}\
input{width:100%;font:inherit;padding:.4rem}button{font:inherit;padding:.6rem 1.2rem;margin:1rem 1rem 0 0;border:0;border-radius:.3rem;\
color:#fff;cursor:pointer}.yes{background:#14713d}.no{background:#a52222}";

fn frame(title: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; meta name="viewport" content="width=device-width"; title { (title) } style { (STYLE) } }
            body { h1 { (title) } (body) }
        }
    }
    .into_string()
}

/// A page that says one thing.
#[must_use]
pub fn notice(title: &str, text: &str) -> String {
    frame(title, &html! { p { (text) } })
}

/// The page with the evidence, and the two buttons or the answer.
#[must_use]
pub fn question(migration: &Migration, asked: &Asked, settled: Option<&Settled>) -> String {
    let (blue, green) = (&migration.input.blue.cluster, &migration.input.green.cluster);
    let (title, yes, no) = match asked.question {
        Question::Cleanup => (format!("Delete {blue}?"), "Delete it", "Keep it"),
        _ => (format!("May {green} take over from {blue}?"), "Yes, switch", "No, go back"),
    };
    let gateway = &migration.input.gateway;
    let deletes: Vec<String> =
        migration.plan.deletes.iter().map(|line| format!("{} {}", line.kind, line.name)).collect();
    let body = html! {
        table {
            tr { th { "Migration" } td { (migration.name()) } }
            tr { th { "API and stage" } td { (gateway.rest_api_id) " / " (gateway.stage) } }
            @if let Some(url) = asked.evidence[TEMPORARY_URL].as_str() {
                tr { th { "Green's own URL" } td { a href=(url) { (url) } " with production's API keys" } }
            }
            tr { th { "Answer until" } td { (asked.deadline) } }
            tr { th { "Digest" } td { code { (asked.digest) } } }
        }
        (list("The switch", &migration.plan.switch))
        (list("To know", &migration.plan.advice))
        (list(&asked.question.deletion(&migration.input.cleanup), &deletes))
        h2 { "Evidence" }
        pre { (pretty(&asked.evidence)) }
        @match settled {
            Some(settled) => (stands(settled)),
            None => form method="post" {
                label { "Your name, for the audit" input name="by" required maxlength="100" autocomplete="name"; }
                label { "Comment" input name="comment" maxlength="1000"; }
                button.yes name="decision" value="approved" { (yes) }
                button.no name="decision" value="rejected" { (no) }
            }
        }
    };
    frame(&title, &body)
}

/// The page after the answer.
#[must_use]
pub fn thanks(settled: &Settled) -> String {
    frame("Answered", &stands(settled))
}

fn stands(Settled { answer, heard }: &Settled) -> Markup {
    let word = match answer.decision {
        Decision::Approved => "Approved",
        Decision::Rejected => "Rejected",
    };
    let heard = if *heard {
        "The execution has heard of it now."
    } else {
        "The execution does not wait for it: it has heard of it before, or it was stopped. The Step Functions console shows which."
    };
    html! {
        p {
            strong { (word) } " by " (answer.by)
            @if let Some(caller) = &answer.caller { " (" (caller) ")" }
            " at " (answer.at) "."
            @if !answer.comment.is_empty() { " “" (answer.comment) "”" }
        }
        p { (heard) }
    }
}

fn list(title: &str, lines: &[String]) -> Markup {
    html! { @if !lines.is_empty() { h2 { (title) } ul { @for line in lines { li { (line) } } } } }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Kind, TaskToken, approval::Answer, plan::Planned};
    use serde_json::json;
    use testing::migration;

    fn shop(approval: bool) -> Migration {
        let input = json!({
            "blue": { "cluster": "blue" }, "green": { "cluster": "green" },
            "gateway": { "restApiId": "a", "stage": "prod" },
            "workloads": { "manifests": ["s3://b/k"] },
            "cleanup": { "after": "3d", "approval": approval },
        });
        let mut migration = migration(&input).unwrap();
        migration.plan.deletes = vec![Planned::new(Kind::Cluster, "blue"), Planned::new(Kind::NodeGroup, "general")];
        migration
    }

    fn asked(question: Question) -> Asked {
        Asked {
            id: shop(true).id,
            question,
            number: 1,
            token: TaskToken::new("s3cret-token"),
            digest: "0123456789abcdef0123".to_owned(),
            evidence: json!({ TEMPORARY_URL: "https://t1.execute-api.eu-central-1.amazonaws.com/prod", "validate": "<ready>" }),
            deadline: "2026-01-02T00:00:00Z".parse().unwrap(),
            answer: None,
        }
    }

    #[test]
    fn people_see_greens_own_url_and_two_buttons_and_never_the_token() {
        let shown = question(&shop(true), &asked(Question::Qualification), None);
        assert!(shown.contains(r#"<a href="https://t1.execute-api.eu-central-1.amazonaws.com/prod">"#), "{shown}");
        assert!(shown.contains("&lt;ready&gt;") && !shown.contains("<ready>"), "{shown}");
        assert_eq!(shown.matches("<button").count(), 2);
        assert!(!shown.contains("s3cret-token"));
    }

    #[test]
    fn people_see_what_a_yes_leads_to_the_deletion_of_whatever_is_asked() {
        for (approval, asks, heading) in [
            (false, Question::Qualification, "Will be deleted 3d after the bake, without being asked again"),
            (true, Question::Qualification, "Will be deleted 3d after the bake, once people have been asked again"),
            (true, Question::Cleanup, "Will be deleted at once"),
        ] {
            let shown = question(&shop(approval), &asked(asks), None);
            assert!(shown.contains(heading) && shown.contains("<li>NodeGroup general</li>"), "{asks:?}: {shown}");
        }
    }

    #[test]
    fn an_answer_stands_in_place_of_the_buttons_with_who_gave_it_and_whether_the_execution_heard_it() {
        let answer = Answer {
            decision: Decision::Approved,
            by: "Ana".to_owned(),
            comment: "<b>fine</b>".to_owned(),
            at: "2026-01-01T00:00:00Z".parse().unwrap(),
            caller: Some("arn:aws:iam::111122223333:user/ana".to_owned()),
        };
        for (heard, told) in [(true, "has heard of it now"), (false, "does not wait for it")] {
            let settled = Settled { answer: answer.clone(), heard };
            let shown = question(&shop(true), &asked(Question::Qualification), Some(&settled));
            assert!(!shown.contains("<button") && shown.contains(told), "{shown}");
            assert!(shown.contains("Ana (arn:aws:iam::111122223333:user/ana)"), "{shown}");
            assert!(shown.contains("&lt;b&gt;fine"), "{shown}");
        }
    }
}

//! The page that people see.

use domain::{
    Migration,
    approval::{Answer, Asked, Decision, Question},
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

/// The page with the evidence and the two buttons.
#[must_use]
pub fn question(migration: &Migration, asked: &Asked) -> String {
    let (blue, green) = (&migration.input.blue.cluster, &migration.input.green.cluster);
    let (title, yes, no) = match asked.question {
        Question::Cleanup => (format!("Delete {blue}?"), "Delete it", "Keep it"),
        _ => (format!("May {green} take over from {blue}?"), "Yes, switch", "No, go back"),
    };
    let gateway = &migration.input.gateway;
    let body = html! {
        table {
            tr { th { "Migration" } td { (migration.name()) } }
            tr { th { "API and stage" } td { (gateway.rest_api_id) " / " (gateway.stage) } }
            @if let Some(url) = asked.evidence[TEMPORARY_URL].as_str() {
                tr { th { "Green's own URL" } td { a href=(url) { (url) } " with production's API keys" } }
            }
            tr { th { "Answer until" } td { (asked.deadline) } }
            tr { th { "Digest" } td { code { (asked.digest.get(..16).unwrap_or(&asked.digest)) } } }
        }
        (list("The switch", &migration.plan.switch))
        (list("To know", &migration.plan.advice))
        @if asked.question == Question::Cleanup {
            (list("Will be deleted", &migration.plan.deletes.iter().map(|d| format!("{} {}", d.kind, d.name)).collect::<Vec<_>>()))
        }
        h2 { "Evidence" }
        pre { (pretty(&asked.evidence)) }
        @match &asked.answer {
            Some(answer) => (settled(answer)),
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
pub fn thanks(answer: &Answer) -> String {
    frame("Answered", &settled(answer))
}

fn settled(answer: &Answer) -> Markup {
    let word = match answer.decision {
        Decision::Approved => "Approved",
        Decision::Rejected => "Rejected",
    };
    html! { p { strong { (word) } " by " (answer.by) " at " (answer.at) "." @if !answer.comment.is_empty() { " “" (answer.comment) "”" } } }
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
    use domain::TaskToken;
    use serde_json::json;
    use testing::migration;

    #[test]
    fn people_see_greens_own_url_and_two_buttons_and_never_the_token() {
        let input = json!({
            "blue": { "cluster": "blue" }, "green": { "cluster": "green" },
            "gateway": { "restApiId": "a", "stage": "prod" },
            "workloads": { "manifests": ["s3://b/k"] },
        });
        let migration = migration(&input).unwrap();
        let asked = Asked {
            id: migration.id.clone(),
            question: Question::Qualification,
            token: TaskToken::new("s3cret-token"),
            digest: "0123456789abcdef0123".to_owned(),
            evidence: json!({ TEMPORARY_URL: "https://t1.execute-api.eu-central-1.amazonaws.com/prod", "validate": "<ready>" }),
            deadline: "2026-01-02T00:00:00Z".parse().unwrap(),
            answer: None,
        };
        let shown = question(&migration, &asked);
        assert!(shown.contains(r#"<a href="https://t1.execute-api.eu-central-1.amazonaws.com/prod">"#), "{shown}");
        assert!(shown.contains("&lt;ready&gt;") && !shown.contains("<ready>"), "{shown}");
        assert_eq!(shown.matches("<button").count(), 2);
        assert!(!shown.contains("s3cret-token"));
    }
}

//! The README, followed as it is written where that needs no account: its calls are made, its rules match what is written, its shell is
//! read by a shell, and what it links to is there.

use crate::people::{asked, handled};
use serde_json::Value;
use std::{path::Path, process::Command};

const README: &str = include_str!("../../../../README.md");

/// What stands between two marks, each time.
fn between(begin: &str, end: &str) -> Vec<&'static str> {
    README.split(begin).skip(1).filter_map(|rest| rest.split_once(end).map(|(found, _)| found)).collect()
}

#[tokio::test]
async fn the_calls_of_bascule_decide_are_answered() {
    let (account, migration, asked) = asked().await;
    let mut answers = Vec::new();
    for call in between("--payload '", "'") {
        let call = call.replace("<execution ARN>", migration.id.as_str()).replace("<digest>", &asked.digest);
        answers.push(handled(&account, serde_json::from_str(&call).unwrap()).await.unwrap());
    }
    let [decided, link] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!((&decided["decision"], &decided["by"]), (&Value::from("approved"), &Value::from("Ana")));
    assert!(link["query"].is_string() && link["code"].is_string(), "{link}");
    let (_, others) = README.split_once("# or {\"show\": \"list-link\"}").unwrap();
    let (others, _) = others.split_once('\n').unwrap();
    let files: Vec<&str> = others.split('"').skip(1).step_by(2).collect();
    assert_eq!(files, ["report.md", "report.html", "plan.md", "plan.json", "audit.json"]);
    for show in files {
        let call = serde_json::json!({ "migrationId": migration.id, "show": show });
        assert!(handled(&account, call).await.unwrap()["text"].is_string(), "{show}");
    }
    assert!(handled(&account, serde_json::json!({ "show": "list-link" })).await.unwrap()["query"].is_string());
}

#[test]
fn the_rules_about_events_ask_for_what_the_schema_names() {
    let schema = include_str!("../../../../statemachine/events/audit-entry.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    let known = schema["properties"]["what"]["examples"].as_array().unwrap();
    let lists = between("\"what\": [", "]");
    assert!(lists.len() >= 2, "{lists:?}");
    for what in lists.iter().flat_map(|list| list.split(", ")) {
        let what: Value = serde_json::from_str(what).unwrap();
        assert!(known.contains(&what), "{what}");
    }
}

#[test]
fn its_shell_is_read_by_a_shell_and_its_links_lead_somewhere() {
    let blocks = between("```sh\n", "```");
    assert!(blocks.len() >= 4, "{blocks:?}");
    for block in blocks {
        let read = Command::new("sh").args(["-n", "-c", block]).output().unwrap();
        assert!(read.status.success(), "{block}\n{}", String::from_utf8_lossy(&read.stderr));
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for link in between("](", ")").into_iter().filter(|link| !link.contains("://") && !link.starts_with('#')) {
        assert!(root.join(link).exists(), "{link}");
    }
}

//! A shop that is asked, and the people and others who open the link.

use decide::desk::handle;
use domain::{
    Invocation, Migration, PhaseError, TaskToken,
    approval::{Asked, Code, Link, Question, StatusLink},
    ports::{Approvals as _, Clock as _, Signatures as _},
};
use serde_json::{Value, json};
use testing::{Account, shop};

pub(crate) async fn handled(account: &Account, event: Value) -> Result<Value, PhaseError> {
    let invocation = Invocation {
        request_id: "request".to_owned(),
        deadline: jiff::Timestamp::MAX,
        lease_until: jiff::Timestamp::MAX,
    };
    handle(account, event, invocation).await
}

/// The shop, asked about its qualification for an hour.
pub(crate) async fn asked() -> (Account, Migration, Asked) {
    let (account, migration) = Account::opened(&shop::input()).unwrap();
    let evidence = json!({ "ready": 4 });
    let asked = Asked {
        id: migration.id.clone(),
        question: Question::Qualification,
        number: 1,
        token: TaskToken::new("t"),
        digest: Asked::digest_of(&migration.plan.digest(), &evidence),
        evidence,
        deadline: account.now().checked_add(jiff::SignedDuration::from_hours(1)).unwrap(),
        answer: None,
    };
    account.ask(&migration, &asked).await.unwrap();
    (account, migration, asked)
}

pub(crate) fn link(asked: &Asked) -> Link {
    Link {
        migration: asked.id.clone(),
        question: asked.question,
        digest: asked.digest.clone(),
        expires: asked.deadline.as_second(),
    }
}

/// The query of a link that request-approval signed.
pub(crate) async fn query(account: &Account, link: &Link) -> String {
    let signature = account.sign(&link.text()).await.unwrap();
    form_urlencoded::Serializer::new(String::new()).extend_pairs(link.parameters(&signature)).finish()
}

/// The status and the body that a browser gets.
pub(crate) async fn browse(account: &Account, method: &str, query: &str, form: &str) -> (u64, String) {
    let event = json!({
        "version": "2.0", "rawPath": "/", "rawQueryString": query, "headers": {}, "body": form, "isBase64Encoded": false,
        "requestContext": { "http": { "method": method }, "timeEpoch": 0 },
    });
    let answer = handled(account, event).await.unwrap();
    (answer["statusCode"].as_u64().unwrap(), answer["body"].as_str().unwrap().to_owned())
}

/// What a POST with these headers gets.
pub(crate) async fn post(account: &Account, query: &str, headers: &Value, form: &str) -> Value {
    let event = json!({
        "version": "2.0", "rawPath": "/", "rawQueryString": query, "headers": headers, "body": form, "isBase64Encoded": false,
        "requestContext": { "http": { "method": "POST" }, "domainName": "decide.example.com", "timeEpoch": 0 },
    });
    handled(account, event).await.unwrap()
}

/// The form with the code of the message that had this link.
pub(crate) async fn coded(account: &Account, link: &Link, form: &str) -> String {
    format!("{form}&code={}", Code::of(&account.sign(&link.code_text()).await.unwrap()))
}

/// The query of a migration's status link.
pub(crate) async fn status_query(account: &Account, migration: &Migration) -> String {
    let link = StatusLink::new(&migration.id, account.now());
    let signature = account.sign(&link.text()).await.unwrap();
    form_urlencoded::Serializer::new(String::new()).extend_pairs(link.parameters(&signature)).finish()
}

/// The code beside a migration's status link.
pub(crate) async fn status_code(account: &Account, migration: &Migration) -> String {
    let link = StatusLink::new(&migration.id, account.now());
    Code::of(&account.sign(&link.code_text()).await.unwrap()).to_string()
}

/// What the waiting task was answered: its output, or the error's name.
pub(crate) fn answer(account: &Account) -> Option<String> {
    account.people().answered.get("t").cloned()
}

pub(crate) const YES: &str = "by=Ana+Lima&comment=fine&decision=approved";
pub(crate) const NO: &str = "by=Ben&comment=&decision=rejected";

use super::*;
use serde_json::{Value, json};

fn query() -> String {
    let (digest, signature) = ("0a".repeat(32), "s".repeat(43));
    format!("migration=arn%3Aa&question=qualification&digest={digest}&expires=1800000000&signature={signature}")
}

fn event(method: &str, headers: &Value, body: Option<&str>) -> Value {
    json!({
        "version": "2.0",
        "rawPath": "/",
        "rawQueryString": query(),
        "headers": headers,
        "requestContext": {
            "domainName": "abc.lambda-url.eu-central-1.on.aws", "http": { "method": method }, "timeEpoch": 0,
        },
        "body": body.map(|body| STANDARD.encode(body)),
        "isBase64Encoded": body.is_some(),
    })
}

fn read(event: &Value) -> Result<Visit, Stray> {
    Visit::read(&serde_json::from_value(event.clone()).unwrap())
}

#[test]
fn a_get_never_carries_a_decision() {
    for method in ["GET", "HEAD"] {
        let event = event(method, &json!({}), Some("decision=approved&by=scanner&code=Q9W1DF0F"));
        assert_eq!(read(&event).unwrap().form, None);
    }
}

#[test]
fn a_post_carries_the_form_as_a_browser_sends_it() {
    let body = "by=Ana+Lima&comment=looks+good%21&code=Q9W1-DF0F&decision=approved";
    let form = read(&event("POST", &json!({}), Some(body))).unwrap().form.unwrap();
    assert_eq!((form.by.as_str(), form.comment.as_str(), form.code.as_str()), ("Ana Lima", "looks good!", "Q9W1-DF0F"));
}

#[test]
fn anything_else_is_no_visit() {
    assert_eq!(read(&event("POST", &json!({}), Some("by=Ana"))), Err(Stray::NoLink));
    assert_eq!(read(&event("DELETE", &json!({}), None)), Err(Stray::NoLink));
}

#[test]
fn a_form_of_another_site_is_none_of_ours() {
    let own = "https://abc.lambda-url.eu-central-1.on.aws";
    for (headers, ours) in [
        (json!({}), true),
        (json!({ "sec-fetch-site": "same-origin", "origin": own }), true),
        // Behind a host name of the user's own.
        (json!({ "sec-fetch-site": "same-origin", "origin": "https://approve.example.com" }), true),
        (json!({ "origin": own }), true),
        (json!({ "sec-fetch-site": "cross-site", "origin": own }), false),
        (json!({ "sec-fetch-site": "same-site", "origin": own }), false),
        (json!({ "origin": "https://evil.example.com" }), false),
        (json!({ "origin": "http://abc.lambda-url.eu-central-1.on.aws" }), false),
        (json!({ "origin": format!("{own}.evil.example.com") }), false),
        (json!({ "origin": "null" }), false),
    ] {
        let read = read(&event("POST", &headers, Some("by=Ana&decision=approved")));
        assert_eq!(read.err(), (!ours).then_some(Stray::OtherSite), "{headers}");
        assert!(super::Visit::read(&serde_json::from_value(event("GET", &headers, None)).unwrap()).is_ok());
    }
}

#[test]
fn a_megabyte_of_comment_is_not_even_read() {
    let body = format!("by=Ana&decision=approved&comment={}", "x".repeat(1 << 20));
    assert_eq!(read(&event("POST", &json!({}), Some(&body))), Err(Stray::TooLarge));
    let mut plain = event("POST", &json!({}), None);
    plain["body"] = body.into();
    assert_eq!(read(&plain), Err(Stray::TooLarge));
    // The longest that the page lets people type, in four bytes a character.
    let longest =
        format!("by={}&decision=approved&comment={}", "%F0%9F%98%80".repeat(100), "%F0%9F%98%80".repeat(1_000));
    assert!(read(&event("POST", &json!({}), Some(&longest))).is_ok());
}

/// The event of <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>.
#[test]
fn who_signed_a_request_is_what_lambda_says() {
    let iam = json!({
        "accessKey": "AKIA...", "accountId": "111122223333", "callerId": "AIDA...", "cognitoIdentity": null,
        "principalOrgId": null, "userArn": "arn:aws:iam::111122223333:user/example-user", "userId": "AIDA...",
    });
    let mut event = event("GET", &json!({ "x-caller": "arn:aws:iam::1:root" }), None);
    event["requestContext"]["authorizer"] = json!({ "iam": iam });
    assert_eq!(read(&event).unwrap().caller.as_deref(), Some("arn:aws:iam::111122223333:user/example-user"));
    event["requestContext"].as_object_mut().unwrap().remove("authorizer");
    assert_eq!(read(&event).unwrap().caller, None);
}

//! Conversations over a socket: what a caller of an API sends is HTTP, and no operation of an SDK.

use crate::scenario::Scenario;
use crate::{Account, probes::ENDPOINT};
use domain::Condition;
use domain::ports::probes::{Answered, Probe};
use domain::ports::{Probes, gateway::ApiKey};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// An account whose APIs are reached at this address.
fn at(endpoint: &str) -> Account {
    let config = Scenario::new(&[]).account.config().clone();
    Account::new(config, [(ENDPOINT.to_owned(), endpoint.to_owned())].into())
}

fn probe(key: Option<&str>) -> Probe {
    Probe {
        api: "a1b2c3d4e5".to_owned(),
        vpc_endpoint: None,
        stage: "prod".to_owned(),
        path: "/cart?id=1".to_owned(),
        key: key.map(ApiKey::new),
    }
}

/// Sends a probe to a server that says this, and gives what it said and what it was asked.
async fn told(probe: &Probe, answer: String) -> (Result<Answered, domain::PhaseError>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let account = at(&format!("http://{}/", listener.local_addr().unwrap()));
    let server = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            assert_ne!(socket.read_buf(&mut asked).await.unwrap(), 0, "the request ends early");
        }
        socket.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(asked).unwrap().to_lowercase()
    };
    tokio::join!(account.probe(probe), server)
}

fn says(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_probe_asks_for_the_path_of_the_stage_under_the_name_of_the_api_with_its_key_in_a_header() {
    let (answered, asked) = told(&probe(Some("s3cret")), says("200 OK", "shop-green")).await;
    let answered = answered.unwrap();
    assert_eq!((answered.status, answered.body.as_str()), (200, "shop-green"));
    let mut lines = asked.lines();
    assert_eq!(lines.next(), Some("get /prod/cart?id=1 http/1.1"));
    let headers: Vec<&str> = lines.collect();
    // <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-call-api.html>
    assert!(headers.contains(&"host: a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"), "{headers:?}");
    assert!(headers.contains(&"x-api-key: s3cret"), "{headers:?}");
}

// "https://{rest-api-id}-{vpce-id}.execute-api.{region}.amazonaws.com/{stage}"
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html).
#[tokio::test]
async fn a_private_api_is_asked_under_the_name_that_it_has_through_its_endpoint() {
    let through = Probe { vpc_endpoint: Some("vpce-0f1e2d".to_owned()), ..probe(None) };
    let (answered, asked) = told(&through, says("200 OK", "shop-green")).await;
    assert_eq!(answered.unwrap().status, 200);
    let host = "host: a1b2c3d4e5-vpce-0f1e2d.execute-api.eu-central-1.amazonaws.com";
    assert!(asked.lines().any(|line| line == host), "{asked}");
}

#[tokio::test]
async fn whatever_an_api_answers_is_an_answer_of_which_the_start_is_kept() {
    let (answered, asked) = told(&probe(None), says("502 Bad Gateway", &"ü".repeat(3_000))).await;
    let answered = answered.unwrap();
    assert_eq!((answered.status, answered.body), (502, "ü".repeat(1_000)));
    assert!(!asked.contains("x-api-key"), "{asked}");
}

#[tokio::test]
async fn no_answer_is_tried_again_and_tells_nothing_of_the_key() {
    let (cut, _) = told(&probe(Some("s3cret")), "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort".to_owned()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = at(&format!("http://{}", listener.local_addr().unwrap()));
    drop(listener);
    for error in [cut.unwrap_err(), closed.probe(&probe(Some("s3cret"))).await.unwrap_err()] {
        assert_eq!(error.condition, Condition::Unavailable);
        let place = "GET https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod/cart?id=1: ";
        assert!(error.message.starts_with(place) && !error.message.contains("s3cret"), "{}", error.message);
    }
}

#[tokio::test]
async fn a_key_that_is_no_header_value_is_refused_and_not_shown() {
    let error = at("http://127.0.0.1:9").probe(&probe(Some("s3cret\n"))).await.unwrap_err();
    assert_eq!(error.condition, Condition::Refused);
    assert!(!error.message.contains("s3cret"), "{}", error.message);
}

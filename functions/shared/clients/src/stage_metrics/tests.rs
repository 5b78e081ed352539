//! Requests and answers: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html>.

use super::*;
use crate::scenario::{Answer, Scenario, answer, cbor};
use domain::{Condition, plan::edge::Api};
use serde_json::{Value, json};

/// 29 November 2016, 12:00 UTC.
const FROM: i64 = 1_480_420_800;

fn shop() -> Metered {
    Metered::of(&Api { id: "a1".to_owned(), name: "shop".to_owned(), ..Api::default() })
}

fn stretch() -> Stretch {
    let at = |minutes: i64| Timestamp::from_second(FROM + 60 * minutes).unwrap();
    Stretch { from: at(0), until: at(30), period: 300 }
}

fn spoken(label: &str, points: &[Value]) -> Answer {
    let body = json!({ "Label": label, "Datapoints": points });
    answer(200, cbor::encoded(&body)).header("smithy-protocol", "rpc-v2-cbor")
}

#[tokio::test]
async fn figures_are_by_period_and_what_cloudwatch_does_not_have_is_not_zero() {
    let point = |minute: i64, name: &str, value: Value| {
        let mut point = json!({ "Timestamp": FROM + 60 * minute, "Unit": "Count" });
        point[name] = value;
        point
    };
    // Not in the order of their times, as the document warns.
    let scenario = Scenario::of([
        spoken("Count", &[point(5, "SampleCount", json!(200.0)), point(0, "SampleCount", json!(100.0))]),
        spoken("4XXError", &[point(0, "Sum", json!(3.0)), point(5, "Sum", json!(0.0))]),
        spoken("5XXError", &[point(0, "Sum", json!(1.0))]),
        spoken(
            "Latency",
            &[json!({ "Timestamp": FROM, "Sum": 4_500.0, "SampleCount": 100.0, "Unit": "Milliseconds" })],
        ),
        spoken("Latency", &[point(0, "ExtendedStatistics", json!({ "p99": 120.5 }))]),
    ]);
    let found = scenario.account.stage_metrics(&shop(), "prod", &stretch()).await.unwrap();
    let expected = [
        Figures {
            requests: Some(100.0),
            client_errors: Some(3.0),
            server_errors: Some(1.0),
            latency: Some((4_500.0, 100.0)),
            p99: Some(120.5),
        },
        Figures { requests: Some(200.0), client_errors: Some(0.0), ..Figures::default() },
    ];
    let at = |minute: i64| Timestamp::from_second(FROM + 60 * minute).unwrap();
    assert_eq!(found, BTreeMap::from([(at(0), expected[0]), (at(5), expected[1])]));
    for (index, (metric, asked)) in [
        ("Count", json!({ "Statistics": ["SampleCount"] })),
        ("4XXError", json!({ "Statistics": ["Sum"] })),
        ("5XXError", json!({ "Statistics": ["Sum"] })),
        ("Latency", json!({ "Statistics": ["Sum", "SampleCount"] })),
        ("Latency", json!({ "ExtendedStatistics": ["p99"] })),
    ]
    .into_iter()
    .enumerate()
    {
        let mut sent = cbor::decoded(&scenario.bytes(index));
        let times = (sent["StartTime"].take().as_f64(), sent["EndTime"].take().as_f64());
        assert_eq!(times, (Some(1_480_420_800.0), Some(1_480_422_600.0)), "{metric}");
        let mut expected = json!({
            "Namespace": "AWS/ApiGateway",
            "MetricName": metric,
            "Dimensions": [{ "Name": "ApiName", "Value": "shop" }, { "Name": "Stage", "Value": "prod" }],
            "StartTime": null,
            "EndTime": null,
            "Period": 300,
        });
        expected.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
        assert_eq!(sent, expected);
    }
}

#[tokio::test]
async fn a_refusal_of_one_of_them_says_which_metric_was_read() {
    let refused = answer(403, cbor::encoded(&json!({ "message": "no" })))
        .header("smithy-protocol", "rpc-v2-cbor")
        .header("x-amzn-query-error", "AccessDenied;Sender");
    let rest = ["4XXError", "5XXError", "Latency", "Latency"].map(|label| spoken(label, &[]));
    let scenario = Scenario::of([refused].into_iter().chain(rest));
    let error = scenario.account.stage_metrics(&shop(), "prod", &stretch()).await.unwrap_err();
    assert_eq!(error.condition, Condition::Denied);
    assert!(error.message.contains("reading Count of the stage prod of shop"), "{error}");
}

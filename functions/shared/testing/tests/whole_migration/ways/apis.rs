//! Ways in worlds whose API is another one.

use super::{End, Outside, Way, World, marker, way};
use serde_json::{Value, json};
use testing::shop::{Front, http_api};

fn behind(front: Front, way: Way) -> Way {
    Way { world: World::Behind(front), ..way }
}

/// A way in the world `http-api`.
fn http_api(front: Front, name: &'static str, end: End, fields: &Value) -> Way {
    let mut way = behind(front, way(name, end, fields));
    way.input["gateway"] = http_api::gateway(if front == Front::HttpApi { "prod" } else { http_api::DEFAULT });
    way
}

/// All of them.
pub(super) fn ways() -> Vec<Way> {
    let compared_once = json!({ "cutover": { "steps": [25, 100] } });
    let shown = json!({ "cutover": { "marker": marker() } });
    let keep = json!({ "onAbort": "keep" });
    // Without the requests that compare green with blue.
    let steps = json!({ "cutover": { "steps": [5, 25, 50, 100], "analysis": { "when": "never" } } });
    let from = |outside: Outside, way: Way| Way { outside, ..way };
    let functions = json!({ "smoke": [{ "path": "/hits" }, { "path": "/orders" }, { "path": "/cart" }] });
    vec![
        behind(Front::Functions, way("functions and an authorizer", End::GreenServes, &functions)),
        behind(
            Front::Functions,
            from(Outside::AlarmInBake, way("functions, and an alarm in the bake", End::BlueServes, &functions)),
        ),
        behind(Front::Variable, way("the link in a stage variable", End::GreenServes, &json!({}))),
        behind(Front::Variable, way("the link in a stage variable, in steps", End::GreenServes, &steps)),
        behind(
            Front::Variable,
            from(
                Outside::AlarmInBake,
                way("the link in a variable, and an alarm in the bake", End::BlueServes, &json!({})),
            ),
        ),
        behind(
            Front::Variable,
            from(Outside::AlarmAt(25), way("the link in a variable, and an alarm in a step", End::BlueServes, &steps)),
        ),
        behind(Front::SecondLink, way("a VPC link V2", End::GreenServes, &json!({}))),
        behind(
            Front::SecondLink,
            from(Outside::AlarmInBake, way("a VPC link V2, and an alarm in the bake", End::BlueServes, &json!({}))),
        ),
        http_api(Front::HttpApi, "http-api", End::GreenServes, &json!({})),
        http_api(Front::HttpApi, "http-api, shown", End::GreenServes, &shown),
        from(
            Outside::AlarmInBake,
            http_api(Front::HttpApi, "http-api, an alarm in the bake", End::BlueServes, &json!({})),
        ),
        from(
            Outside::AlarmInBake,
            http_api(Front::HttpApi, "http-api, an alarm in the bake, green is kept", End::BlueServes, &keep),
        ),
        from(
            Outside::TurnedBackThen,
            http_api(Front::HttpApi, "http-api, turned back meanwhile", End::Either, &json!({})),
        ),
        http_api(Front::HttpApiDefault, "http-api, the default stage", End::GreenServes, &json!({})),
        from(
            Outside::AlarmInBake,
            http_api(
                Front::HttpApiDefault,
                "http-api, the default stage, an alarm in the bake",
                End::BlueServes,
                &json!({}),
            ),
        ),
        behind(Front::Private, way("a private API, and shown to have reached the stage", End::GreenServes, &shown)),
        behind(Front::Private, way("a private API, in steps", End::GreenServes, &compared_once)),
        behind(
            Front::Private,
            from(Outside::AlarmInBake, way("a private API, and an alarm in the bake", End::BlueServes, &json!({}))),
        ),
        behind(
            Front::Private,
            from(Outside::TurnedBackThen, way("a private API, turned back meanwhile", End::Either, &json!({}))),
        ),
        behind(Front::Closed, way("no default endpoint", End::GreenServes, &json!({}))),
        behind(Front::Closed, way("no default endpoint, in steps", End::GreenServes, &steps)),
        behind(
            Front::Closed,
            from(
                Outside::AlarmInBake,
                way("no default endpoint, and an alarm in the bake", End::BlueServes, &json!({})),
            ),
        ),
        behind(Front::Warehouse, way("a VPC link to another cluster", End::GreenServes, &json!({}))),
        behind(
            Front::Warehouse,
            from(
                Outside::AlarmInBake,
                way("a VPC link to another cluster, and an alarm in the bake", End::BlueServes, &json!({})),
            ),
        ),
    ]
}

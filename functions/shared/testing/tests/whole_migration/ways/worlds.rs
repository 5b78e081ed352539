//! Ways in worlds whose clusters are other ones.

use super::{End, Outside, Way, World, marker, way};
use serde_json::{Value, json};
use testing::shop::service::Targets;
use testing::shop::{API, BLUE, Front, GREEN, config_map, custom_ami, existing, snapshots, two_apis, volumes};

/// A way in the world `irsa`.
fn irsa(name: &'static str, end: End, outside: Outside) -> Way {
    Way { world: World::Irsa, outside, ..way(name, end, &json!({ "identities": { "irsa": "extend" } })) }
}

/// A way in the same world, whose green gets associations instead.
fn pods(name: &'static str, end: End, outside: Outside) -> Way {
    Way { world: World::Pods, outside, ..way(name, end, &json!({ "identities": { "irsa": "podIdentity" } })) }
}

/// A way in the world `auto-mode`.
fn auto_mode(name: &'static str, end: End, outside: Outside) -> Way {
    Way { world: World::AutoMode, outside, ..way(name, end, &json!({})) }
}

/// A way in the world `auto-mode` without managed node groups.
fn auto_alone(name: &'static str, targets: Targets, end: End, outside: Outside) -> Way {
    let mut way = way(name, end, &json!({}));
    way.input["workloads"]["replace"] = json!([{ "blue": BLUE, "green": GREEN }]);
    Way { world: World::AutoAlone(targets), outside, ..way }
}

/// A way in the world `config-map`.
fn config_map(name: &'static str, end: End, outside: Outside) -> Way {
    let mut way = way(name, end, &json!({}));
    way.input["blue"] = config_map::input(json!({}))["blue"].clone();
    Way { world: World::ConfigMap, outside, ..way }
}

/// A way in the world `custom-ami`.
fn custom_ami(name: &'static str, end: End, outside: Outside) -> Way {
    Way { world: World::CustomAmi, outside, ..way(name, end, &json!({ "green": custom_ami::green() })) }
}

/// A way in the world `fargate`.
fn fargate(name: &'static str, end: End, outside: Outside) -> Way {
    Way { world: World::Fargate, outside, ..way(name, end, &json!({})) }
}

/// A way in the world `karpenter`.
fn karpenter(name: &'static str, end: End, outside: Outside) -> Way {
    let mut way = way(name, end, &json!({}));
    way.input["workloads"]["replace"] = json!([{ "blue": BLUE, "green": GREEN }]);
    Way { world: World::Karpenter, outside, ..way }
}

/// A way in the world `existing-green`, whose green comes with an edge in half of them.
fn existing(name: &'static str, world: World, end: End, outside: Outside, fields: &Value) -> Way {
    let mut way = Way { outside, world, ..way(name, end, fields) };
    way.input["green"] = match world {
        World::ExistingEdge => existing::input_with_edge(json!({}))["green"].clone(),
        _ => existing::input(json!({}))["green"].clone(),
    };
    way
}

/// A way in the world `volumes`.
fn volumes(name: &'static str, end: End, outside: Outside) -> Way {
    Way { world: World::Volumes, outside, ..way(name, end, &json!({ "workloads": { "volumes": volumes::asked() } })) }
}

/// A way in the world `snapshots`.
fn snapshots(name: &'static str, end: End, outside: Outside, fields: &Value) -> Way {
    let mut way = way(name, end, fields);
    way.input["workloads"]["volumes"] = snapshots::asked();
    way.input["workloads"]["hold"] = snapshots::held();
    Way { world: World::Snapshots, outside, ..way }
}

/// A way in the world `snapshots` in EKS Auto Mode.
fn auto_snapshots(name: &'static str, end: End, outside: Outside) -> Way {
    Way { world: World::AutoSnapshots, ..snapshots(name, end, outside, &json!({})) }
}

/// A way in the worlds `service-nlb-instance` and `service-nlb-ip`.
fn service(name: &'static str, targets: Targets, end: End, outside: Outside) -> Way {
    let mut way = way(name, end, &json!({}));
    way.input["workloads"]["replace"] = json!([{ "blue": BLUE, "green": GREEN }]);
    Way { world: World::Service(targets), outside, ..way }
}

/// A way in the world `two-apis`.
fn two_apis(name: &'static str, end: End, outside: Outside, fields: &Value) -> Way {
    let mut way = Way { world: World::Behind(Front::TwoApis), outside, ..way(name, end, fields) };
    way.input["gateway"] = two_apis::gateway();
    way.input["smoke"] =
        json!([{ "path": "/cart", "restApiId": API }, { "path": "/pay", "restApiId": two_apis::OTHER }]);
    way
}

/// All of them.
pub(super) fn ways() -> Vec<Way> {
    let deleted = json!({ "cleanup": { "blue": "delete" } });
    let compared = json!({ "cutover": { "steps": [25, 100] } });
    let steps = json!({ "cutover": { "steps": [25, 100], "analysis": { "when": "never" } } });
    let keep = json!({ "onAbort": "keep" });
    let mut shown = marker();
    shown["paths"] = json!([{ "restApiId": two_apis::OTHER, "path": "/pay" }]);
    vec![
        auto_mode("auto-mode", End::GreenServes, Outside::Quiet),
        auto_mode("auto-mode, an alarm in the bake", End::BlueServes, Outside::AlarmInBake),
        auto_mode("auto-mode, turned back meanwhile", End::Either, Outside::TurnedBackThen),
        auto_alone("auto-mode alone", Targets::Ip, End::GreenServes, Outside::Quiet),
        auto_alone("auto-mode alone, an alarm in the bake", Targets::Instance, End::BlueServes, Outside::AlarmInBake),
        auto_alone("auto-mode alone, turned back meanwhile", Targets::Ip, End::Either, Outside::TurnedBackThen),
        config_map("config-map", End::GreenServes, Outside::Quiet),
        config_map("config-map, an alarm in the bake", End::BlueServes, Outside::AlarmInBake),
        config_map("config-map, turned back meanwhile", End::Either, Outside::TurnedBackThen),
        custom_ami("custom-ami", End::GreenServes, Outside::Quiet),
        custom_ami("custom-ami, an alarm in the bake", End::BlueServes, Outside::AlarmInBake),
        custom_ami("custom-ami, turned back meanwhile", End::Either, Outside::TurnedBackThen),
        irsa("irsa", End::GreenServes, Outside::Quiet),
        irsa("irsa, an alarm in the bake", End::BlueServes, Outside::AlarmInBake),
        irsa("irsa, turned back meanwhile", End::Either, Outside::TurnedBackThen),
        pods("pod identity instead of irsa", End::GreenServes, Outside::Quiet),
        pods("pod identity instead of irsa, an alarm in the bake", End::BlueServes, Outside::AlarmInBake),
        pods("pod identity instead of irsa, turned back meanwhile", End::Either, Outside::TurnedBackThen),
        fargate("fargate", End::GreenServes, Outside::Quiet),
        fargate("fargate, an alarm in the bake", End::BlueServes, Outside::AlarmInBake),
        fargate("fargate, turned back meanwhile", End::Either, Outside::TurnedBackThen),
        karpenter("karpenter", End::GreenServes, Outside::Quiet),
        karpenter("karpenter, an alarm in the bake", End::BlueServes, Outside::AlarmInBake),
        karpenter("karpenter, turned back meanwhile", End::Either, Outside::TurnedBackThen),
        existing("existing-green", World::Existing, End::GreenServes, Outside::Quiet, &json!({})),
        existing("existing-green, and blue is deleted", World::Existing, End::GreenServes, Outside::Quiet, &deleted),
        existing(
            "existing-green, an alarm in the bake",
            World::Existing,
            End::BlueServes,
            Outside::AlarmInBake,
            &json!({}),
        ),
        existing(
            "existing-green, turned back meanwhile",
            World::Existing,
            End::Either,
            Outside::TurnedBackThen,
            &json!({}),
        ),
        existing("existing edge", World::ExistingEdge, End::GreenServes, Outside::Quiet, &json!({})),
        existing(
            "existing edge, an alarm in the bake",
            World::ExistingEdge,
            End::BlueServes,
            Outside::AlarmInBake,
            &json!({}),
        ),
        two_apis("two-apis", End::GreenServes, Outside::Quiet, &json!({})),
        two_apis("two-apis, in steps", End::GreenServes, Outside::Quiet, &compared),
        two_apis("two-apis, shown", End::GreenServes, Outside::Quiet, &json!({ "cutover": { "marker": shown } })),
        two_apis("two-apis, an alarm in a step", End::BlueServes, Outside::AlarmAt(25), &steps),
        two_apis("two-apis, an alarm in the bake", End::BlueServes, Outside::AlarmInBake, &json!({})),
        two_apis("two-apis, turned back meanwhile", End::Either, Outside::TurnedBackThen, &json!({})),
        volumes("volumes", End::GreenServes, Outside::Quiet),
        volumes("volumes, an alarm in the bake", End::BlueServes, Outside::AlarmInBake),
        volumes("volumes, turned back meanwhile", End::Either, Outside::TurnedBackThen),
        snapshots("snapshots", End::GreenServes, Outside::Quiet, &json!({})),
        snapshots("snapshots, an alarm in a step", End::BlueServes, Outside::AlarmAt(25), &steps),
        snapshots("snapshots, an alarm in the bake", End::BlueServes, Outside::AlarmInBake, &json!({})),
        snapshots("snapshots, an alarm in the bake, green is kept", End::BlueServes, Outside::AlarmInBake, &keep),
        snapshots("snapshots, turned back meanwhile", End::Either, Outside::TurnedBackThen, &json!({})),
        auto_snapshots("auto-mode snapshots", End::GreenServes, Outside::Quiet),
        auto_snapshots("auto-mode snapshots, an alarm in the bake", End::BlueServes, Outside::AlarmInBake),
        auto_snapshots("auto-mode snapshots, turned back meanwhile", End::Either, Outside::TurnedBackThen),
        service("service-nlb-ip", Targets::Ip, End::GreenServes, Outside::Quiet),
        service("service-nlb-ip, an alarm in the bake", Targets::Ip, End::BlueServes, Outside::AlarmInBake),
        service("service-nlb-instance", Targets::Instance, End::GreenServes, Outside::Quiet),
        service("service-nlb-instance, an alarm in the bake", Targets::Instance, End::BlueServes, Outside::AlarmInBake),
        service("service-nlb-instance, turned back meanwhile", Targets::Instance, End::Either, Outside::TurnedBackThen),
    ]
}

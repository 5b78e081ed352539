//! The ways that a migration can take.

use domain::approval::Decision;
use serde_json::{Value, json};
use testing::shop::service::Targets;
use testing::shop::{
    API, BLUE, Front, GREEN, config_map, custom_ami, existing, input_with, snapshots, terraform_with_adoption,
    two_apis, volumes,
};
use testing::{Account, Fault};

/// An alarm that guards the switch and the bake.
pub(crate) const ALARM: &str = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:5xx";

/// Who serves in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Blue: nothing was begun.
    Planned,
    /// Blue, after a way back.
    BlueServes,
    /// Green; blue is deleted.
    GreenServes,
    /// Green; nobody approved the deletion of blue, and an operator is asked.
    Asked,
    /// Blue or green, as it turns out: what people stop after the bake has ended well stays as it is.
    Either,
}

/// What comes from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Outside {
    /// Nothing.
    Quiet,
    /// The alarm fires while green has this percentage.
    AlarmAt(u8),
    /// The alarm fires in the bake.
    AlarmInBake,
    /// Somebody starts the rollback machine in the bake.
    RollbackInBake,
    /// Somebody starts the rollback machine while the cleanup is awaited.
    RollbackBeforeCleanup,
    /// Somebody stops the execution while people are asked.
    Stopped,
    /// The same, and EventBridge loses the event.
    StoppedUnheard,
    /// Somebody who reads execution histories answers the task token of the qualification, and no approval is in the ledger.
    TokenAnswered,
    /// Somebody starts the cleanup machine again when it has stopped.
    CleanupAgain,
    /// Somebody starts another migration of the same clusters.
    Another,
    /// Somebody stops the execution when a function was killed.
    StoppedThen,
    /// Somebody starts the rollback machine when a function was killed.
    RollbackThen,
    /// Somebody starts the rollback machine, which turns the migration back just before a call of a function that runs.
    TurnedBackThen,
}

/// One way.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    /// Its name.
    pub(crate) name: &'static str,
    /// What is asked for.
    pub(crate) input: Value,
    /// What people say to the qualification; nothing where they never answer.
    pub(crate) qualification: Option<Decision>,
    /// What people say to the deletion of blue, one after the other where they are asked again; nothing where they do not answer.
    pub(crate) cleanup: &'static [Option<Decision>],
    /// What comes from outside.
    pub(crate) outside: Outside,
    /// Where it ends.
    pub(crate) end: End,
    /// What its calls meet, one at a time.
    pub(crate) faults: &'static [Fault],
    /// The account in which it begins.
    pub(crate) world: World,
}

/// An account before its migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum World {
    /// The shop behind this API.
    Behind(Front),
    /// Only the ConfigMap `aws-auth` lets people into blue.
    ConfigMap,
    /// EKS Auto Mode makes nodes beside the managed groups.
    AutoMode,
    /// Nodes have AMIs of the user's own.
    CustomAmi,
    /// Pods take IAM roles through their cluster's OIDC provider.
    Irsa,
    /// The same, and nodes have the agent of EKS Pod Identity.
    Pods,
    /// Some Pods run on Fargate.
    Fargate,
    /// Karpenter makes nodes.
    Karpenter,
    /// Green is there, built by the user.
    Existing,
    /// With its load balancer and VPC link.
    ExistingEdge,
    /// Workloads keep data in volumes.
    Volumes,
    /// The same, and green gets copies of some.
    Snapshots,
    /// The load balancer belongs to a Service, with these targets.
    Service(Targets),
}

impl World {
    /// The account.
    pub(crate) fn account(self) -> Account {
        match self {
            Self::Behind(front) => Account::shop_behind(front),
            Self::ConfigMap => Account::config_map_shop(),
            Self::AutoMode => Account::auto_mode_shop(),
            Self::CustomAmi => Account::custom_ami_shop(),
            Self::Irsa => Account::irsa_shop(),
            Self::Pods => Account::pods_shop(),
            Self::Fargate => Account::fargate_shop(),
            Self::Karpenter => Account::karpenter_shop(),
            Self::Existing => Account::existing_shop(),
            Self::ExistingEdge => Account::existing_shop_with_edge(),
            Self::Volumes => Account::volumes_shop(),
            Self::Snapshots => Account::snapshots_shop(),
            Self::Service(targets) => Account::service_shop(targets),
        }
    }
}

impl Way {
    /// Whether a fault has another consequence than in the other ways.
    pub(crate) const fn is_new(&self) -> bool {
        matches!(self.outside, Outside::StoppedThen | Outside::RollbackThen | Outside::TurnedBackThen)
    }
}

/// The input of every way, with these fields.
fn input(fields: &Value) -> Value {
    let mut input = input_with(json!({
        "smoke": [{ "path": "/cart" }],
        "cutover": { "stepDuration": "1m", "alarms": [ALARM], "analysis": { "samples": 20 } },
        "bake": { "duration": "4m", "alarms": [ALARM] },
        "cleanup": { "after": "1h" },
    }));
    for (name, value) in fields.as_object().into_iter().flatten() {
        match (input[name].as_object_mut(), value.as_object()) {
            (Some(known), Some(more)) => known.extend(more.clone()),
            _ => input[name] = value.clone(),
        }
    }
    input
}

fn way(name: &'static str, end: End, fields: &Value) -> Way {
    Way {
        name,
        input: input(fields),
        qualification: Some(Decision::Approved),
        cleanup: &[Some(Decision::Approved)],
        outside: Outside::Quiet,
        end,
        faults: &[Fault::Killed],
        world: World::Behind(Front::Plain),
    }
}

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

/// Every way.
pub(crate) fn ways() -> Vec<Way> {
    let mut ways = of_the_shop();
    ways.extend(of_worlds());
    ways
}

/// Ways in worlds whose clusters are other ones.
fn of_worlds() -> Vec<Way> {
    let deleted = json!({ "cleanup": { "blue": "delete" } });
    let compared = json!({ "cutover": { "steps": [25, 100] } });
    let steps = json!({ "cutover": { "steps": [25, 100], "analysis": { "when": "never" } } });
    let keep = json!({ "onAbort": "keep" });
    vec![
        auto_mode("auto-mode", End::GreenServes, Outside::Quiet),
        auto_mode("auto-mode, an alarm in the bake", End::BlueServes, Outside::AlarmInBake),
        auto_mode("auto-mode, turned back meanwhile", End::Either, Outside::TurnedBackThen),
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
        service("service-nlb-ip", Targets::Ip, End::GreenServes, Outside::Quiet),
        service("service-nlb-ip, an alarm in the bake", Targets::Ip, End::BlueServes, Outside::AlarmInBake),
        service("service-nlb-instance", Targets::Instance, End::GreenServes, Outside::Quiet),
        service("service-nlb-instance, an alarm in the bake", Targets::Instance, End::BlueServes, Outside::AlarmInBake),
        service("service-nlb-instance, turned back meanwhile", Targets::Instance, End::Either, Outside::TurnedBackThen),
    ]
}

/// Ways of the shop, whatever is before its clusters.
fn of_the_shop() -> Vec<Way> {
    let compared = json!({ "cutover": { "steps": [5, 25, 50, 100] } });
    let marker = json!({ "path": "/cart", "blue": "shop-blue", "green": "shop-green", "inARow": 5 });
    let compared_once = json!({ "cutover": { "steps": [25, 100] } });
    let shown = json!({ "cutover": { "marker": marker } });
    // Without the requests that compare green with blue, which one way has.
    let steps = json!({ "cutover": { "steps": [5, 25, 50, 100], "analysis": { "when": "never" } } });
    let keep = json!({ "onAbort": "keep" });
    let size = json!({ "min": 1, "max": 9, "desired": 3 });
    let other_nodes = json!({ "green": { "nodeGroups": [{ "name": "general", "scaling": size, "amiType": "BOTTLEROCKET_ARM_64" }] } });
    let asked = json!({ "cleanup": { "approval": true } });
    let asked_for_an_hour = json!({ "cleanup": { "approval": true }, "approval": { "timeout": "1h" } });
    let states = json!({ "terraform": terraform_with_adoption() });
    let every = &[Fault::Killed, Fault::TimedOut, Fault::Throttled];
    let from = |outside: Outside, way: Way| Way { outside, ..way };
    let behind = |front: Front, way: Way| Way { world: World::Behind(front), ..way };
    let functions = json!({ "smoke": [{ "path": "/hits" }, { "path": "/orders" }, { "path": "/cart" }] });
    vec![
        Way { faults: every, ..way("straight", End::GreenServes, &json!({})) },
        way("in steps", End::GreenServes, &compared),
        way("straight, and shown to have reached the stage", End::GreenServes, &shown),
        way("node groups differ", End::GreenServes, &other_nodes),
        way("dry run", End::Planned, &json!({ "dryRun": true })),
        Way { qualification: Some(Decision::Rejected), ..way("a no of people", End::BlueServes, &json!({})) },
        Way {
            qualification: None,
            ..way("nobody answers", End::BlueServes, &json!({ "approval": { "timeout": "1h" } }))
        },
        from(Outside::AlarmAt(25), way("an alarm in a step", End::BlueServes, &steps)),
        Way { faults: every, ..from(Outside::AlarmInBake, way("an alarm in the bake", End::BlueServes, &json!({}))) },
        from(Outside::RollbackInBake, way("a rollback from outside in the bake", End::BlueServes, &json!({}))),
        from(Outside::RollbackBeforeCleanup, way("a rollback after the bake", End::BlueServes, &json!({}))),
        from(Outside::Stopped, way("stopped while people are asked", End::BlueServes, &json!({}))),
        from(Outside::StoppedUnheard, way("stopped, and the event is lost", End::BlueServes, &json!({}))),
        Way {
            qualification: None,
            ..from(Outside::TokenAnswered, way("a yes that is not in the ledger", End::BlueServes, &json!({})))
        },
        from(Outside::AlarmInBake, way("an alarm in the bake, green is kept", End::BlueServes, &keep)),
        Way { qualification: Some(Decision::Rejected), ..way("a no of people, green is kept", End::BlueServes, &keep) },
        way("the deletion is approved", End::GreenServes, &asked),
        Way {
            cleanup: &[Some(Decision::Rejected)],
            ..way("the deletion is not approved", End::Asked, &asked_for_an_hour)
        },
        Way {
            cleanup: &[Some(Decision::Rejected), Some(Decision::Approved)],
            ..from(Outside::CleanupAgain, way("the deletion is approved the second time", End::GreenServes, &asked))
        },
        Way {
            cleanup: &[None, Some(Decision::Approved)],
            ..from(
                Outside::CleanupAgain,
                way("the deletion is approved after silence", End::GreenServes, &asked_for_an_hour),
            )
        },
        way("Terraform's states are handed over", End::GreenServes, &states),
        Way {
            faults: every,
            ..from(
                Outside::RollbackBeforeCleanup,
                way("Terraform's states are handed over and back", End::BlueServes, &states),
            )
        },
        from(Outside::Another, way("another migration is refused", End::GreenServes, &json!({}))),
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
        from(Outside::StoppedThen, way("stopped at once", End::Either, &states)),
        from(Outside::RollbackThen, way("rolled back at once", End::Either, &states)),
        from(Outside::TurnedBackThen, way("turned back meanwhile", End::Either, &states)),
    ]
}

//! The ways that a migration can take.

mod apis;
mod worlds;

use domain::approval::Decision;
use domain::archive::Archive;
use serde_json::{Value, json};
use testing::shop::service::Targets;
use testing::shop::{Front, input_with, terraform_with_adoption};
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
    /// EKS Auto Mode makes every node, and the load balancer of a Service, with these targets.
    AutoAlone(Targets),
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
    /// The same in EKS Auto Mode, whose driver has some of these.
    AutoSnapshots,
    /// The load balancer belongs to a Service, with these targets.
    Service(Targets),
}

impl World {
    /// Where plan and report are kept: in the simplest world, which most ways are in. Others have no bucket.
    pub(crate) fn archive(self) -> Option<Archive> {
        let archive = || Archive { bucket: "shop-records".to_owned(), prefix: "bascule/".to_owned() };
        (self == Self::Behind(Front::Plain)).then(archive)
    }

    /// The account.
    pub(crate) fn account(self) -> Account {
        match self {
            Self::Behind(front) => Account::shop_behind(front),
            Self::ConfigMap => Account::config_map_shop(),
            Self::AutoMode => Account::auto_mode_shop(),
            Self::AutoAlone(targets) => Account::auto_alone_shop(targets),
            Self::CustomAmi => Account::custom_ami_shop(),
            Self::Irsa => Account::irsa_shop(),
            Self::Pods => Account::pods_shop(),
            Self::Fargate => Account::fargate_shop(),
            Self::Karpenter => Account::karpenter_shop(),
            Self::Existing => Account::existing_shop(),
            Self::ExistingEdge => Account::existing_shop_with_edge(),
            Self::Volumes => Account::volumes_shop(),
            Self::Snapshots => Account::snapshots_shop(),
            Self::AutoSnapshots => Account::auto_snapshots_shop(),
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

/// What tells by an answer which cluster gave it.
fn marker() -> Value {
    json!({ "path": "/cart", "blue": "shop-blue", "green": "shop-green", "inARow": 5 })
}

/// Every way.
pub(crate) fn ways() -> Vec<Way> {
    let mut ways = of_the_shop();
    ways.extend(apis::ways());
    ways.extend(worlds::ways());
    ways
}

/// Ways of the shop, as it is.
fn of_the_shop() -> Vec<Way> {
    let compared = json!({ "cutover": { "steps": [5, 25, 50, 100] } });
    let shown = json!({ "cutover": { "marker": marker() } });
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
        from(Outside::StoppedThen, way("stopped at once", End::Either, &states)),
        from(Outside::RollbackThen, way("rolled back at once", End::Either, &states)),
        from(Outside::TurnedBackThen, way("turned back meanwhile", End::Either, &states)),
    ]
}

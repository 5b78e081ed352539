//! Bad input and unfit accounts are refused end to end: before anything is created, with every problem at once, its JSON path
//! and what to do about it, and the ledger keeps the refusal.

mod cases;

use self::cases::{Case, cases, of_the_same_cluster, of_the_same_green, of_the_same_stage};
use libtest_mimic::Trial;
use sandbox::execution::Machines;
use sandbox::history::History;
use sandbox::input::input;
use sandbox::inventory::{self, ledger::Ledger};
use sandbox::letterbox::Letterbox;
use sandbox::measure::{calls, function, writes};
use sandbox::shop::Shop;
use sandbox::site::Site;
use sandbox::stack::Stack;
use sandbox::world::flaws::{self, Flaws};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How many executions go side by side: API Gateway takes 10 calls a second.
const TOGETHER: usize = 3;

/// The account with everything in it.
struct Stage {
    site: Site,
    machines: Machines,
    table: String,
    good: Value,
    flaws: Flaws,
}

pub(crate) fn trial() -> Trial {
    let name = "bad_input_is_refused_with_every_problem_at_once_and_kept_and_nothing_is_created";
    crate::trial(name, refusals)
}

async fn refusals() {
    let begin = Instant::now();
    let say = |line: &str| eprintln!("{:5.1} s refusals: {line}", begin.elapsed().as_secs_f64());
    let site = Site::prepare(None, None, &say).await.unwrap();
    let (stack, shop) = site.furnish(sandbox::world::front::Front::Plain, &[], &say).await.unwrap();
    // A migration that could ask nobody is refused for that.
    let _letters = Letterbox::subscribe(&site.account.aws, &stack.outputs["TopicArn"]).await.unwrap();
    let stage = Stage::set(site, &stack, &shop).await;
    say("the account has its flaws");
    let callers = stage.refusals().await;
    say("every input was refused");
    stage.conflicts(&callers).await;
    say("every second migration was refused, and the first one is gone");
    stage.site.clear().await;
}

impl Stage {
    async fn set(site: Site, stack: &Stack, shop: &Shop) -> Self {
        let flaws = flaws::build(&site.account.aws, shop).await.unwrap();
        Self {
            machines: Machines::of(stack).unwrap(),
            table: stack.outputs["LedgerTable"].clone(),
            good: input(shop, &[100], false),
            flaws,
            site,
        }
    }

    /// Every case; answers the keys of the functions that were called for them.
    async fn refusals(&self) -> BTreeSet<String> {
        let aws = &self.site.account.aws;
        let cases = cases(&self.good, &self.flaws);
        let before = inventory::take(aws).await.unwrap();
        let from = self.site.account.front_door.calls().len();
        let mut ended = Vec::new();
        for some in cases.chunks(TOGETHER) {
            let mut started = Vec::new();
            for case in some {
                started.push((case, self.machines.start(aws, case.name, &case.input).await.unwrap()));
            }
            for (case, arn) in started {
                ended.push((case, self.machines.ended(aws, &arn).await.unwrap()));
            }
        }
        for (case, history) in &ended {
            self.is_refused(case, history).await;
            self.has_no_way_back(&history.arn).await;
        }
        let recorded = self.site.account.front_door.calls().split_off(from);
        assert_eq!(writes(&calls(&recorded)), Vec::<String>::new());
        assert_eq!(inventory::take(aws).await.unwrap(), before);
        let callers: BTreeSet<String> = recorded.iter().filter_map(function).map(str::to_owned).collect();
        assert!(callers.len() >= 2, "preflight, and the first phase of the way back: {callers:?}");
        callers
    }

    /// The execution failed under the right name and told everything, and the ledger keeps it.
    async fn is_refused(&self, case: &Case, history: &History) {
        let name = case.name;
        let (error, said) = history.error.clone().unwrap_or_else(|| panic!("{name} is {}", history.status));
        assert_eq!((history.status.as_str(), error.as_str()), ("FAILED", case.error), "{name}: {said}");
        let items = Ledger::items(&self.site.account.aws, &self.table, &format!("MIGRATION#{}", history.arn)).await;
        let items = items.unwrap();
        assert_eq!(items.keys().collect::<Vec<_>>(), ["EVENT#000000000001", "META"], "{name}");
        let meta = &items["META"];
        assert_eq!((meta["life"].as_str(), meta["outcome"].as_str()), ("ended", "Refused"), "{name}");
        assert_eq!(read(&meta["input"]), case.input, "{name}: as it was written");
        let kept = read(&meta["refusal"]);
        assert_eq!(read(&items["EVENT#000000000001"]["evidence"]), kept, "{name}");
        assert_eq!(kept["condition"], case.error, "{name}");
        let problems = kept["problems"].as_array().unwrap();
        for problem in problems {
            let (path, message) = (problem["path"].as_str().unwrap(), problem["message"].as_str().unwrap());
            let line = json!(format!("{path}: {message}")).to_string();
            let line = line.trim_matches('"');
            assert!(said.contains(line), "{name}: the cause says nothing of {line}, but\n{said}");
        }
        for (path, words) in &case.told {
            let told = |problem: &Value| {
                problem["path"] == *path && problem["message"].as_str().is_some_and(|message| message.contains(words))
            };
            assert!(problems.iter().any(told), "{name}: {path} {words} is not in\n{kept:#}");
        }
        if case.error == "InvalidInput" {
            let expected: BTreeSet<_> = case.told.iter().map(|(path, _)| *path).collect();
            let found: BTreeSet<_> = problems.iter().filter_map(|problem| problem["path"].as_str()).collect();
            assert_eq!(found, expected, "{name}: {kept:#}");
        }
    }

    /// Nothing was begun, so every way back ends at once.
    async fn has_no_way_back(&self, migration: &str) {
        for way_back in self.machines.ways_back(&self.site.account.aws, migration).await.unwrap() {
            let output = way_back.output.clone().unwrap();
            assert_eq!(output, json!({ "migrationId": migration, "outcome": "NothingToDo" }));
            let phases: Vec<_> = way_back.phases().into_iter().map(|phase| phase.name).collect();
            assert_eq!(phases, ["ShiftTraffic"]);
        }
    }

    /// Other migrations while one runs: of the same cluster, stage, or name of green.
    async fn conflicts(&self, callers: &BTreeSet<String>) {
        let aws = &self.site.account.aws;
        let before = inventory::take(aws).await.unwrap();
        let first = self.machines.start(aws, "first", &self.good).await.unwrap();
        self.holds(&first).await;
        let from = self.site.account.front_door.calls().len();
        let held = |name, input, path| Case {
            name,
            input,
            error: "Conflict",
            told: vec![(path, "execution:bascule-migrate:first holds it")],
        };
        let same_green = of_the_same_green(&self.good, &self.flaws);
        let seconds = [
            held("same-cluster", of_the_same_cluster(&self.good), "$.blue.cluster"),
            held("same-stage", of_the_same_stage(&self.good), "$.gateway.stage"),
            held("same-green", same_green, "$.green.cluster"),
        ];
        let mut ended = Vec::new();
        for case in &seconds {
            ended.push((case, self.machines.start(aws, case.name, &case.input).await.unwrap()));
        }
        for (case, arn) in ended {
            let history = self.machines.ended(aws, &arn).await.unwrap();
            self.is_refused(case, &history).await;
            let (_, cause) = history.error.clone().unwrap();
            assert!(cause.contains("wait for its end, or start the rollback machine for it"), "{cause}");
        }
        // The first one goes on meanwhile, with other functions.
        let mut recorded = self.site.account.front_door.calls().split_off(from);
        recorded.retain(|call| function(call).is_some_and(|key| callers.contains(key)));
        assert_eq!(writes(&calls(&recorded)), Vec::<String>::new());
        self.machines.stop(aws, &first).await.unwrap();
        let ways_back = self.machines.ways_back(aws, &first).await.unwrap();
        let output = json!({ "migrationId": first, "outcome": "BlueServes" });
        assert_eq!(ways_back[0].output, Some(output), "{:?}", ways_back[0].error);
        let after = inventory::take(aws).await.unwrap();
        let ledger = Ledger::read(aws, &self.table).await.unwrap();
        assert_eq!(inventory::left(&before, &after, &ledger, false), inventory::Left::default());
        for key in self.locks() {
            assert!(Ledger::items(aws, &self.table, &key).await.unwrap().is_empty(), "{key}");
        }
    }

    fn locks(&self) -> [String; 3] {
        let text = |pointer: &str| self.good.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
        [
            format!("LOCK#CLUSTER#{}", text("/blue/cluster")),
            format!("LOCK#CLUSTER#{}", text("/green/cluster")),
            format!("LOCK#STAGE#{}#{}", text("/gateway/restApiId"), text("/gateway/stage")),
        ]
    }

    /// Waits until a migration was opened and is watched, which its preflight ends with.
    async fn holds(&self, migration: &str) {
        let aws = &self.site.account.aws;
        for _ in 0..300 {
            let mut owners = BTreeSet::new();
            for key in self.locks() {
                let items = Ledger::items(aws, &self.table, &key).await.unwrap();
                owners.insert(items.get("LOCK").map(|lock| lock["owner"].clone()));
            }
            let items = Ledger::items(aws, &self.table, &format!("MIGRATION#{migration}")).await.unwrap();
            let watch = items.get("RESOURCE#temporary#Schedule#watch").and_then(|watch| watch.get("status"));
            if owners == BTreeSet::from([Some(migration.to_owned())]) && watch.is_some_and(|status| status == "present")
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{migration} was not opened: {:?}", self.machines.ended(aws, migration).await.unwrap().error);
    }
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

//! The world around the machines: functions, schedules, events, people, and the clock.

mod acts;

use crate::functions::{self, folder, timeout};
use crate::invariants::{self, Witness};
use crate::people::{Letter, Visit};
use crate::ways::{Outside, Way};
use acts::Act;
use domain::approval::{Decision, Question};
use domain::ports::migrations::Life;
use domain::ports::schedules::{Appointment, When};
use domain::{Direction, Invocation, MigrationId, Progress};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use testing::Account;
use testing::states::{Answer, Api, Fault, Host};

/// How long people take to answer.
const THINKING: SignedDuration = SignedDuration::from_mins(5);

/// So many of the last things that have happened are told.
const TOLD: usize = 12;

/// Everything around the machines in one run.
#[derive(Clone)]
pub(crate) struct World<'a> {
    pub(crate) account: Account,
    machines: Api,
    way: &'a Way,
    /// The migrate execution.
    pub(crate) id: MigrationId,
    agenda: Vec<(Timestamp, Act)>,
    /// When schedules that repeat call next.
    ticks: BTreeMap<String, Timestamp>,
    /// Messages that people have read.
    read: usize,
    /// Executions that were started so far, by rules, schedules and people.
    started: u32,
    requests: u64,
    /// Whether what comes from outside has come.
    has_come: bool,
    /// Whether the status rule has started the way back.
    rule_has_run: bool,
    /// Executions of whose end EventBridge has told.
    heard: BTreeSet<String>,
    /// Whether it has told that the migration was opened.
    opening_heard: bool,
    witness: Witness,
    /// What has happened so far.
    story: Vec<String>,
    /// The first invariant that did not hold.
    pub(crate) broken: Option<String>,
}

impl<'a> World<'a> {
    pub(crate) fn new(account: Account, machines: Api, way: &'a Way, id: MigrationId) -> Self {
        let witness = Witness::new(&account, &id);
        Self {
            account,
            machines,
            way,
            id,
            agenda: Vec::new(),
            ticks: BTreeMap::new(),
            read: 0,
            started: 0,
            requests: 0,
            has_come: false,
            rule_has_run: false,
            heard: BTreeSet::new(),
            opening_heard: false,
            witness,
            story: Vec::new(),
            broken: None,
        }
    }

    /// The same around these machines.
    pub(crate) fn fork(&self, machines: Api) -> Self {
        Self { account: self.account.fork(Some(machines.clone())), machines, ..self.clone() }
    }

    pub(crate) fn witness(&self) -> &Witness {
        &self.witness
    }

    fn after(&self, wait: SignedDuration) -> Timestamp {
        self.account.aws().now() + wait
    }

    fn plan(&mut self, wait: SignedDuration, act: Act) {
        let at = self.after(wait);
        self.agenda.push((at, act));
    }

    /// Runs a function: its answer, and how long it took.
    async fn run(&mut self, function: &str, payload: Value) -> (Result<Value, Fault>, SignedDuration) {
        self.requests += 1;
        let calls = self.account.calls();
        let limit = timeout(function);
        let start = self.after(SignedDuration::ZERO);
        let hard = start + limit;
        let invocation = Invocation {
            request_id: format!("request-{}", self.requests),
            deadline: hard - SignedDuration::from_secs(3),
            lease_until: hard,
        };
        self.account.start(&folder(function));
        let answer = functions::run(&self.account, function, payload, invocation).await;
        let calls = i64::try_from(self.account.calls() - calls).unwrap_or_default();
        let slept = self.account.aws().now().duration_since(start);
        let took = slept + SignedDuration::from_millis(100 + 20 * calls);
        let answer = if self.account.is_dead() {
            Err(Fault::function("Runtime.ExitError", "Error: Runtime exited with error: signal: killed"))
        } else {
            answer.map_err(|error| Fault::function(error.condition.name(), error.message))
        };
        (answer, took)
    }

    /// The last things that have happened, a line each.
    pub(crate) fn story(&self) -> String {
        let start = self.story.len().saturating_sub(TOLD);
        self.story[start..].join("\n")
    }

    /// To be called after everything that happens.
    fn notice(&mut self, what: &str) {
        self.story.push(format!("  {} {what}", self.account.aws().now()));
        self.witness.tokens.extend(self.machines.open_tokens());
        if self.broken.is_none() {
            self.broken = invariants::now(&self.account, &self.witness).err();
        }
        self.read_messages();
        self.note_schedules();
        self.note_opening();
        self.come();
    }

    fn read_messages(&mut self) {
        let messages = self.account.people().messages.clone();
        for (_, text) in &messages[self.read..] {
            let Some(letter) = Letter::read(text) else { continue };
            let decision = if letter.asks("qualification") { self.way.qualification } else { self.cleanup_answer() };
            if let Some(decision) = decision {
                self.plan(THINKING, Act::Visit { letter, visit: Visit::Open(decision) });
            }
        }
        self.read = messages.len();
    }

    fn note_schedules(&mut self) {
        let aws = self.account.aws();
        let first = |schedule: &Appointment| match schedule.when {
            When::Every { from, .. } => Some((schedule.name.clone(), from)),
            When::At(_) => None,
        };
        let repeating = aws.schedules.values().filter_map(first);
        let repeating: BTreeMap<String, Timestamp> =
            repeating.map(|(name, from)| (name.clone(), self.ticks.get(&name).copied().unwrap_or(from))).collect();
        self.witness.shown.extend(aws.schedules.values().map(|schedule| schedule.input.to_string()));
        drop(aws);
        self.ticks = repeating;
    }

    /// The rule of infra/template.yaml for the audit's first entry, which the pipe sends.
    fn note_opening(&mut self) {
        let is_opened = |id| {
            let table = self.account.table();
            table.migrations.get(id).is_some_and(|record| record.events.iter().any(|event| event.what == "opened"))
        };
        if !self.opening_heard && is_opened(&self.id) {
            self.opening_heard = true;
            self.file(json!({ "detail-type": "Bascule audit entry", "detail": { "migration": self.id } }));
        }
    }

    /// Rules that are there where a bucket is named.
    fn file(&mut self, event: Value) {
        if self.account.people().archive.is_some() {
            self.plan(SignedDuration::from_secs(1), Act::Invoke { function: "Decide", payload: event, tries: 0 });
        }
    }

    /// What people say to the deletion of blue: the way's last answer, after its others.
    fn cleanup_answer(&self) -> Option<Decision> {
        let table = self.account.table();
        let number = table.migrations.get(&self.id)?.last_question(Question::Cleanup.name())?.number;
        let index = usize::try_from(number).unwrap_or_default().clamp(1, self.way.cleanup.len()) - 1;
        self.way.cleanup.get(index).copied().flatten()
    }

    fn is_turned_back(&self) -> bool {
        let table = self.account.table();
        table.migrations.get(&self.id).is_some_and(|record| record.meta.direction == Direction::Undo)
    }

    /// Lets come from outside what this way has.
    fn come(&mut self) {
        let shift = || {
            let table = self.account.table();
            let record = table.migrations.get(&self.id);
            record.and_then(|record| record.progress.get(&Progress::ShiftTraffic).cloned()).unwrap_or_default()
        };
        let is_asked = |question: &str| {
            let table = self.account.table();
            table.migrations.get(&self.id).is_some_and(|record| record.last_question(question).is_some())
        };
        let told = |what: &str| self.account.people().messages.iter().any(|(subject, _)| subject.contains(what));
        let life = self.account.table().migrations.get(&self.id).map(|record| record.meta.life);
        let (comes, act) = match self.way.outside {
            Outside::Quiet => return,
            Outside::AlarmAt(share) => (shift()["share"] == share, Act::Alarm),
            Outside::AlarmInBake => (is_asked("bake"), Act::Alarm),
            Outside::RollbackInBake => (is_asked("bake"), Act::Rollback),
            Outside::RollbackBeforeCleanup => (life == Some(Life::Promoted), Act::Rollback),
            Outside::Stopped | Outside::StoppedUnheard => (is_asked("qualification"), Act::Stop),
            Outside::TokenAnswered => (is_asked("qualification"), Act::AnswerTokens),
            Outside::CleanupAgain => (told("cleanup needs you"), Act::Cleanup),
            Outside::Another => (is_asked("qualification"), Act::Another),
            Outside::StoppedThen => (self.account.met().is_some(), Act::Stop),
            Outside::RollbackThen => (self.account.met().is_some(), Act::Rollback),
            Outside::TurnedBackThen => (self.is_turned_back(), Act::Rollback),
        };
        if comes && !std::mem::replace(&mut self.has_come, true) {
            let wait = if self.way.is_new() { SignedDuration::ZERO } else { SignedDuration::from_secs(90) };
            self.plan(wait, act);
        }
    }
}

impl Host for World<'_> {
    async fn invoke(&mut self, invocation: &testing::states::Invocation) -> Answer {
        self.account.go_to(invocation.now);
        let (result, took) = self.run(&invocation.function, invocation.payload.clone()).await;
        let told = match &result {
            Ok(answer) => answer.to_string(),
            Err(Fault::Function { error_type, message }) => format!("{error_type}: {message}"),
            Err(Fault::Service { error, .. }) => error.clone(),
        };
        self.notice(&format!("{}: {told}", invocation.state));
        Answer { result, took }
    }

    async fn publish(&mut self, _: &str, subject: &str, message: &str) -> Result<(), Fault> {
        self.account.people().messages.push((subject.to_owned(), message.to_owned()));
        self.come();
        Ok(())
    }

    fn due(&self) -> Option<Timestamp> {
        let planned = self.agenda.iter().map(|(at, _)| *at).min();
        // A look at the way back changes nothing: alone it does not keep a run from its end.
        let only_looks = self.account.aws().schedules.values().all(|schedule| schedule.input["watch"] == "way-back");
        let scheduled = self.next_schedule().map(|(at, _)| at).filter(|_| !only_looks || planned.is_some());
        let ruled = self.rule().is_some() || self.unheard().is_some();
        let ruled = ruled.then(|| self.account.aws().now());
        [planned, scheduled, ruled].into_iter().flatten().min()
    }

    async fn act(&mut self, now: Timestamp) {
        self.account.go_to(now);
        if let Some(status) = self.rule() {
            self.rule_has_run = true;
            let input = json!({ "migrationId": self.id, "reason": status.name(), "automatic": true });
            self.start("RollbackMachine", input);
            return;
        }
        if let Some((arn, event)) = self.unheard() {
            self.heard.insert(arn);
            self.plan(
                SignedDuration::from_secs(1),
                Act::Invoke { function: "Observe", payload: event.clone(), tries: 0 },
            );
            self.file(event);
            return;
        }
        let planned = self.agenda.iter().map(|(at, _)| *at).min();
        match (planned, self.next_schedule()) {
            (planned, Some((at, schedule))) if planned.is_none_or(|planned| at < planned) => {
                self.fire(schedule.clone()).await;
                self.notice(&format!("the schedule {}", schedule.name));
            }
            (Some(at), _) => {
                let place = self.agenda.iter().position(|(planned, _)| *planned == at).unwrap_or_default();
                let (_, act) = self.agenda.remove(place);
                let what = format!("{act:?}");
                self.carry_out(act).await;
                self.notice(&what);
            }
            (None, _) => {}
        }
    }
}

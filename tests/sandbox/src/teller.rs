//! The people and the alarm of a story: answers letters, fires the alarm, and shows how far an execution is.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::account::Account;
use crate::browser;
use crate::comparison;
use crate::doorstep::Doorstep;
use crate::error::{Context, Result};
use crate::history::History;
use crate::letterbox::Letterbox;
use crate::likeness::{self, Side};
use crate::load::{Load, Server};
use crate::progress::{Now, Progress};
use crate::scenario::{Options, Scenario};
use crate::view::{Machine, Traffic, Visit};
use crate::wire::Wire;
use crate::world::{BLUE, GREEN, alarm};

/// How often an execution is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// The longest that any execution may take before the run is given up; the report says so.
const LONGEST: Duration = Duration::from_mins(10);
/// The state in which green is watched.
const BAKE: &str = "Bake";

/// Watches an execution and plays the people and the alarm in it.
pub struct Teller<'a> {
    /// Which story.
    pub scenario: Scenario,
    /// Who answers approvals.
    pub options: &'a Options,
    /// Where the execution runs.
    pub account: &'a Account,
    /// What SNS delivers.
    pub letters: &'a Letterbox,
    /// Where the approval's page is opened.
    pub doorstep: &'a Doorstep,
    /// What clients see.
    pub load: &'a Load,
    /// Where the person in front looks.
    pub progress: &'a Progress,
    /// How many letters were read.
    pub read: usize,
    /// Whether the alarm fired.
    pub fired: bool,
    /// An API key of the shop; empty where its API knows none.
    pub key: &'a str,
    /// Who answered on the temporary URL during the bake.
    pub compared: Option<String>,
    /// Blue as it was before the migration, and the migration's input, as long as green is to be held against them.
    pub like: Option<(&'a Side, &'a Value)>,
}

impl Teller<'_> {
    /// Follows the migration to its end.
    ///
    /// # Errors
    /// When the account, the link or the page does not answer as it should.
    pub async fn follow(&mut self, arn: &str, disappointments: &mut Vec<String>) -> Result<History> {
        let begin = Instant::now();
        loop {
            let history = History::read(&self.account.aws, arn).await?;
            self.show("", &history);
            if !history.running() {
                self.progress.say(&format!(
                    "Migration: {} {}",
                    history.status,
                    history.error.as_ref().map(|(error, cause)| format!("{error}: {cause}")).unwrap_or_default()
                ));
                return Ok(history);
            }
            // A person takes as long as a person takes.
            if begin.elapsed() > LONGEST && self.options.approve {
                disappointments
                    .push(format!("the migration did not end; it is in {}", history.current().unwrap_or_default()));
                return Ok(history);
            }
            self.answer_letters().await?;
            self.compare(&history).await?;
            self.hold_against_blue(&history, disappointments).await?;
            self.fire_alarm(&history).await?;
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Shows where a machine is.
    pub fn show(&self, machine: &str, history: &History) {
        let waiting = match history.last_condition() {
            Some((error, message)) if error == "NotReady" && history.running() => message,
            Some((error, message)) => format!("{error}: {message}"),
            None => String::new(),
        };
        let lately = Duration::from_secs(1);
        let traffic = self.load.look(|records| Traffic {
            sent: self.load.sent(),
            failed: records.failed(),
            green: records.share(lately).green,
            within: [Server::Blue, Server::Green].map(|server| records.within(server, lately, 0.95)),
        });
        let phase = history.current().unwrap_or_else(|| history.status.clone());
        self.progress.show(&Now {
            phase: format!("{machine} {phase}").trim().to_owned(),
            waiting,
            machine: if machine.is_empty() { Machine::Migrate } else { Machine::Cleanup },
            visits: visits(history),
            traffic,
        });
    }

    /// Opens the links that were delivered, or shows them.
    async fn answer_letters(&mut self) -> Result<()> {
        let letters = self.letters.since(self.read);
        self.read += letters.len();
        for letter in letters {
            let Some(link) = letter.link() else {
                self.progress.say(&format!("Letter: {}", letter.subject));
                continue;
            };
            let page = self.doorstep.local(link)?;
            let Some(code) = letter.code() else {
                self.progress.say(&format!("Letter: {} - report at {page}", letter.subject));
                continue;
            };
            if self.options.approve {
                let decision = if self.scenario == Scenario::Abort { "rejected" } else { "approved" };
                browser::decide(&Wire::plain()?, &page, code, decision).await.context("answering the approval")?;
                self.progress.say(&format!("Approval: {} - answered {decision:?} on its page", letter.subject));
            } else {
                self.progress.say(&format!("Approval: {} - code {code}, decide at {page}", letter.subject));
            }
        }
        Ok(())
    }

    /// In the story of the replacement, people open the temporary URL while the bake lasts, until they see blue.
    async fn compare(&mut self, history: &History) -> Result<()> {
        let seen = self.compared.as_deref() == Some(BLUE);
        if self.scenario == Scenario::Replace && !seen && baking(history) {
            let shown = comparison::open(self.account, self.key).await?;
            self.progress.say(&format!("Comparison: the temporary URL shows {shown}"));
            self.compared = Some(shown);
        }
        Ok(())
    }

    /// Once green has been qualified and serves, and blue is as it was, both are compared attribute by attribute.
    async fn hold_against_blue(&mut self, history: &History, disappointments: &mut Vec<String>) -> Result<()> {
        if baking(history)
            && let Some((blue, input)) = self.like.take()
        {
            let green = Side::read(&self.account.aws, GREEN).await.context("green as AWS describes it")?;
            let likeness = likeness::compare(blue, &green, self.options.front, input);
            self.progress.say(&format!("Comparison: {}", likeness.words()));
            disappointments.extend(likeness.differences);
        }
        Ok(())
    }

    /// In the story of the way back, the alarm fires once green is being watched with everything on it. The emulator evaluates an alarm by the
    /// metrics of each minute, so that it may be OK again a moment later: it has to fire while `bascule-observe` is told of it, which is when
    /// the bake has read the alarms.
    async fn fire_alarm(&mut self, history: &History) -> Result<()> {
        if self.scenario == Scenario::Rollback && !self.fired && baking(history) && self.watched(history) {
            self.fired = true;
            alarm::fire(&self.account.aws).await.context("firing the alarm")?;
            self.progress.say(&format!("Alarm: {} is in ALARM", alarm::NAME));
        }
        Ok(())
    }

    /// Whether the alarms were read since the bake began.
    fn watched(&self, history: &History) -> bool {
        let phases = history.phases();
        let Some(bake) = phases.iter().find(|phase| phase.name == BAKE) else { return false };
        let calls = self.account.front_door.calls();
        calls.iter().any(|call| call.operation == "DescribeAlarms" && call.start >= bake.started)
    }
}

/// The states that were entered, those of a Parallel together.
fn visits(history: &History) -> Vec<Visit> {
    let now = jiff::Timestamp::now();
    let visit = |state: String, from: jiff::Timestamp, to: Option<jiff::Timestamp>| Visit {
        state,
        took: Duration::try_from(to.unwrap_or(now).duration_since(from)).unwrap_or_default(),
        running: to.is_none(),
    };
    let tasks = history.phases().into_iter().map(|phase| visit(phase.name, phase.started, phase.ended));
    let parallels = history.parallels().into_iter().map(|(name, from, to)| visit(name, from, to));
    tasks.chain(parallels).collect()
}

/// Whether the bake waits for its end.
fn baking(history: &History) -> bool {
    history.current().as_deref() == Some(BAKE) && history.task_waits()
}

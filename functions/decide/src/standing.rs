//! Where a migration stands, in words: a pure function of what the ledger says.

mod plan;

pub(crate) use plan::{holds, when};

use crate::sight::Sight;
use domain::{
    Direction,
    approval::{Asked, Decision, Question},
    audit::Run,
    moment::{brief, written},
    moved_cleanup::MovedCleanup,
    ports::migrations::Life,
    resources::volume_copy,
};

/// The parts of a migration, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Preflight to validate.
    Build,
    /// People look at green.
    Qualify,
    /// Public hosts, deployments B and G.
    Prepare,
    /// Traffic moves.
    Switch,
    /// Green is watched with everything on it.
    Bake,
    /// Blue waits for its deletion.
    Keep,
    /// Blue is deleted.
    Delete,
}

impl Part {
    /// All of them, with what they are.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Build, "Build green and check it"),
        (Self::Qualify, "People qualify green"),
        (Self::Prepare, "Prepare the switch"),
        (Self::Switch, "Move traffic"),
        (Self::Bake, "Watch green; blue stays ready"),
        (Self::Keep, "Keep blue until its cleanup"),
        (Self::Delete, "Delete blue"),
    ];
}

/// Where a migration stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// In one line.
    pub headline: String,
    /// The part that is under way; nothing on the way back and after the end.
    pub part: Option<Part>,
    /// What is waited for, and until when.
    pub waiting: String,
    /// Whether production can be given back to blue.
    pub way_back: String,
    /// Percentage of the traffic that green has.
    pub share: u8,
    /// Whether nothing more happens.
    pub over: bool,
}

impl Standing {
    /// Of what the ledger says.
    #[must_use]
    pub fn of(sight: &Sight) -> Self {
        let input = &sight.migration.input;
        let (blue, green) = (&input.blue.cluster, &input.green.cluster);
        let moved = sight.shift.as_ref().map_or(0, |shift| shift.share);
        let running = || awaited(sight);
        let stands = |headline: String, part, waiting: String| Self {
            headline,
            part,
            waiting,
            way_back: match (moved, degraded(sight)) {
                (0, _) => format!("Open: {blue} serves, and nothing has to be given back."),
                (_, None) => {
                    format!("Open: one call for the stage gives production back to {blue}.{}", left_on_green(sight))
                }
                (_, Some(why)) => format!(
                    "Degraded: {why}. One call for the stage still gives production back to {blue}.{}",
                    left_on_green(sight)
                ),
            },
            share: moved,
            over: false,
        };
        let (direction, life) = (sight.meta.direction, sight.meta.life);
        let closed = |standing: Self, why: &str| Self { way_back: format!("Closed: {why}."), ..standing };
        match (direction, life) {
            (_, Life::Ended) => {
                let (headline, share) = match sight.meta.outcome.as_deref() {
                    Some("GreenServes") => (format!("Ended: {green} serves"), 100),
                    Some("BlueServes") => (format!("Ended: {blue} serves"), 0),
                    Some("Planned") => ("Ended with the plan, as a dry run does".to_owned(), 0),
                    other => (format!("Ended: {}", other.unwrap_or("without an outcome")), moved),
                };
                let standing = stands(headline, None, String::new());
                Self { share, over: true, ..closed(standing, "the migration has ended") }
            }
            (Direction::Undo, _) => {
                let waiting = format!("Waits for {}.", running());
                Self { way_back: "Under way.".to_owned(), ..stands(format!("Going back to {blue}"), None, waiting) }
            }
            (Direction::Converge, Life::CleaningUp) => {
                let waiting = format!("Waits for {}.", running());
                closed(
                    stands(format!("Deleting {blue}"), Some(Part::Delete), waiting),
                    "the deletion of blue has begun",
                )
            }
            (Direction::Converge, Life::Promoted) => {
                let waiting = match open(sight, Question::Cleanup) {
                    Some(asked) => for_people(asked),
                    None => cleanup(sight),
                };
                stands(format!("{green} serves; {blue} is kept until its cleanup"), Some(Part::Keep), waiting)
            }
            (Direction::Converge, Life::Baked) => {
                let waiting = format!("Waits for {}.", running());
                stands(format!("{green} serves; the bake ended well"), Some(Part::Keep), waiting)
            }
            (Direction::Converge, Life::Open) => opened(sight, moved, &running(), stands),
        }
    }
}

/// What a way back leaves on green's side: nothing before its workloads were let go.
fn left_on_green(sight: &Sight) -> String {
    let kept = volume_copy::kept(&sight.migration.plan.workloads, &sight.entries);
    if kept.is_empty() {
        return String::new();
    }
    let names: Vec<String> = kept.iter().map(|(copied, _)| copied.name()).collect();
    format!(
        " What was written since to the volumes of {} stays in green's, which are kept; blue's are as they were at the stop.",
        names.join(", ")
    )
}

/// The phases that run, or will be invoked again, and what each said that it waits for.
fn awaited(sight: &Sight) -> String {
    let told = |run: &Run| match run.waits_for(sight.meta.direction) {
        Some(what) => Some(format!("{}: {what}", run.phase)),
        None => run.running.then(|| run.phase.clone()),
    };
    let told: Vec<String> = sight.runs.iter().filter_map(told).collect();
    if told.is_empty() { "the next phase".to_owned() } else { told.join("; and for ") }
}

/// Before the end of the bake.
fn opened(
    sight: &Sight,
    moved: u8,
    running: &str,
    stands: impl Fn(String, Option<Part>, String) -> Standing,
) -> Standing {
    let input = &sight.migration.input;
    let green = &input.green.cluster;
    if let Some(asked) = open(sight, Question::Bake) {
        let waiting = baking(sight, asked);
        return stands(format!("{green} serves and is watched"), Some(Part::Bake), waiting);
    }
    let waiting = format!("Waits for {running}.");
    if moved == 100 {
        return stands(format!("{green} serves"), Some(Part::Bake), waiting);
    }
    if let (Some(pause), Some(_)) = (&sight.paused, &sight.shift) {
        let waiting = format!("Paused by {}: no further step is taken until somebody lets it go on.", pause.by);
        return stands(format!("{green} has {moved} % of the traffic"), Some(Part::Switch), waiting);
    }
    if sight.shift.is_some() {
        return stands(format!("{green} has {moved} % of the traffic"), Some(Part::Switch), waiting);
    }
    match sight.question(Question::Qualification) {
        None => stands(format!("{green} is being built"), Some(Part::Build), waiting),
        Some(asked) => match &asked.answer {
            None => stands(format!("{green} is ready for people to look at"), Some(Part::Qualify), for_people(asked)),
            Some(answer) if answer.decision == Decision::Approved => {
                stands(format!("{} approved {green}", answer.by), Some(Part::Prepare), waiting)
            }
            Some(answer) => {
                let waiting = "The migration goes back.".to_owned();
                stands(format!("{} said no to {green}", answer.by), Some(Part::Qualify), waiting)
            }
        },
    }
}

/// What an open bake waits for.
fn baking(sight: &Sight, asked: &Asked) -> String {
    let input = &sight.migration.input;
    let end = sight.cut_short.as_ref().map_or(asked.deadline, |cut| cut.at.min(asked.deadline));
    let asked_for = sight.cut_short.as_ref().map(|cut| format!(", as {} asked", cut.by)).unwrap_or_default();
    match (sight.hindrance.told(input), sight.now < end) {
        (Some(why), false) => format!("Its time is over, and it does not end: {why}."),
        (None, false) => format!("It ends at its next look, within a minute{asked_for}."),
        (hindrance, true) => {
            let unless = match input.bake.alarms.len() {
                0 => "no alarm watches it".to_owned(),
                1 => "unless its alarm fires".to_owned(),
                alarms => format!("unless one of {alarms} alarms fires"),
            };
            let held = hindrance.map(|why| format!(" It would not end now: {why}.")).unwrap_or_default();
            format!("Until {}, {unless}.{held}", written(end))
        }
    }
}

/// When blue is deleted.
fn cleanup(sight: &Sight) -> String {
    let input = &sight.migration.input;
    if let Some(MovedCleanup { to, by }) = &sight.moved {
        return format!("The cleanup is moved to {} within five minutes, as {by} asked.", written(*to));
    }
    let when = match (sight.cleanup_at(), sight.cleanup()) {
        (Ok(Some(at)), _) => format!("on {}", written(at)),
        (Ok(None), None) => format!("{} after the bake", input.cleanup.after),
        (Ok(None), Some(_)) => return format!("Nothing deletes {}: its schedule was taken away.", input.blue.cluster),
        (Err(found), _) => return unreadable(&input.blue.cluster, &found),
    };
    let asked = if input.cleanup.approval { ", about which people are asked once more" } else { "" };
    format!("Waits for the cleanup, {when}{asked}.")
}

/// There is a schedule, and its time is not known: nobody may take that for none.
fn unreadable(blue: &str, found: &str) -> String {
    format!(
        "A schedule deletes {blue}, and when cannot be read: the ledger has {found} where a time is expected. Look at it in EventBridge \
         Scheduler, or give the deletion another time."
    )
}

/// Why going back would hurt now.
fn degraded(sight: &Sight) -> Option<String> {
    let mut why = Vec::new();
    if open(sight, Question::Bake).is_some() {
        why.extend(sight.hindrance.told(&sight.migration.input));
    }
    if let Some(watched) = sight.way_back.as_ref().filter(|watched| watched.is_degraded()) {
        why.push(format!("{} (since {})", watched.findings(), brief(watched.told_at)));
    }
    (!why.is_empty()).then(|| why.join("; "))
}

fn open(sight: &Sight, question: Question) -> Option<&Asked> {
    sight.question(question).filter(|asked| asked.answer.is_none())
}

fn for_people(asked: &Asked) -> String {
    format!(
        "Waits for people until {}. The link and the code are in the message that they got.",
        written(asked.deadline)
    )
}

#[cfg(test)]
mod tests;

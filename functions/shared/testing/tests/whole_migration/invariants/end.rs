//! What holds once everything has ended.

use super::{Sight, Witness, audit, belongings, filed, likeness, now, states, told, traffic};
use crate::ways::{End, Outside, Way};
use domain::ports::{migrations::Life, schedules::When};
use domain::{Duration, Entry, Input, Progress};
use serde_json::Value;
use std::collections::BTreeMap;
use testing::shop::{BLUE, GREEN};
use testing::states::{Status, StepFunctions};
use testing::{Account, Aws, timeless};

/// What is left, for the comparison with the undisturbed run of the same way.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Remains {
    aws: Aws,
    entries: Vec<Entry>,
    progress: BTreeMap<Progress, Value>,
    creates: Vec<String>,
    outcome: Option<String>,
    status: Option<Status>,
}

/// Checks what must hold in the end, and gives what is left.
pub(crate) fn in_the_end(
    account: &Account,
    witness: &Witness,
    way: &Way,
    machines: &StepFunctions,
) -> Result<Remains, String> {
    now(account, witness)?;
    let Some(end) = turned_out(account, witness, way)? else {
        return Ok(Remains::default());
    };
    ended_in_time(account, witness, way, end, machines)?;
    audit::no_token_and_no_key_is_told(account, witness, machines.executions())?;
    told::no_end_is_told_twice_and_the_last_message_has_the_report(account, witness, end)?;
    filed::the_last_report_is_the_one_of_the_page(account, witness)?;
    let remains = {
        let (aws, table) = (account.aws(), account.table());
        let record = table.record(&witness.id).map_err(|error| error.to_string())?;
        let sight = Sight::new(witness, &aws, record);
        if witness.digest(record) != record.plan.digest() {
            return Err("the plan has changed".to_owned());
        }
        audit::the_audit_has_no_gap_and_replays_to_the_ledger(record)?;
        match end {
            End::Planned => belongings::nothing_has_changed(&witness.before, &aws)?,
            End::BlueServes => {
                traffic::the_way_back_has_restored_the_api(&sight)?;
                traffic::every_api_is_on(&sight, BLUE)?;
                belongings::the_account_is_as_before(&sight)?;
                states::they_are_unlocked_and(&sight, states::Side::Before)?;
            }
            End::GreenServes => {
                belongings::nothing_of_blue_is_left(&sight)?;
                likeness::green_is_like_blue(&sight, way)?;
                traffic::every_api_is_on(&sight, GREEN)?;
                states::they_are_unlocked_and(&sight, states::Side::After)?;
            }
            End::Asked | End::Either => {}
        }
        let mut creates = aws.history.creates.clone();
        creates.sort();
        // How far an apply came is saved only where it was interrupted, what the last look at blue could not see stays, and how many
        // requests compared the sides, or told who serves, depends on how often the guard looked. Whether people heard that green serves
        // before they took it back depends on which came first; what they heard is judged by `told`.
        let passing =
            [Progress::DeployWorkloads, Progress::WayBack, Progress::Analysis, Progress::Reach, Progress::Told];
        // Where an alarm breaks the switch, a retry of the guard may see it one step earlier.
        let broken = matches!(way.outside, Outside::AlarmAt(_));
        let lasting = record.progress.iter().filter(|(which, _)| !passing.contains(which));
        let lasting = lasting.filter(|(which, _)| !broken || **which != Progress::ShiftTraffic);
        let timeless_entry = |entry: &Entry| Entry { detail: timeless(entry.detail.clone()), ..entry.clone() };
        // A fault makes everything later.
        let mut left = aws.finished().contents();
        for schedule in left.schedules.values_mut() {
            schedule.when = When::At(jiff::Timestamp::UNIX_EPOCH);
        }
        Remains {
            aws: left,
            entries: record.entries.values().map(timeless_entry).collect(),
            progress: lasting.map(|(which, found)| (*which, timeless(found.clone()))).collect(),
            creates,
            outcome: record.meta.outcome.clone(),
            status: machines.execution(witness.id.as_str()).map(|execution| execution.status),
        }
    };
    if !matches!(end, End::Asked | End::Either) {
        audit::nothing_waits_any_more(account, witness)?;
    }
    Ok(remains)
}

/// The end that must have come, given who serves; none where the migration was never opened.
fn turned_out(account: &Account, witness: &Witness, way: &Way) -> Result<Option<End>, String> {
    let table = account.table();
    let Some(record) = table.migrations.get(&witness.id).filter(|_| way.end == End::Either) else {
        return Ok((way.end != End::Either).then_some(way.end));
    };
    match (record.meta.outcome.as_deref(), record.meta.life) {
        (Some("BlueServes"), _) => Ok(Some(End::BlueServes)),
        (Some("GreenServes"), _) => Ok(Some(End::GreenServes)),
        (None, Life::Baked) => Ok(Some(End::Either)),
        other => Err(format!("the outcome and life are {other:?}")),
    }
}

/// Invariant 6: every migration ends promoted, rolled back or asking an operator, in bounded time.
fn ended_in_time(
    account: &Account,
    witness: &Witness,
    way: &Way,
    end: End,
    machines: &StepFunctions,
) -> Result<(), String> {
    for execution in machines.executions() {
        if execution.status == Status::Running {
            return Err(format!("{} is still running: {:?}", execution.name, execution.visited));
        }
    }
    let table = account.table();
    let meta = &table.record(&witness.id).map_err(|error| error.to_string())?.meta;
    // A way back that begins after blue's deletion has begun asks an operator.
    let asked =
        way.end != End::Either && account.people().messages.iter().any(|(subject, _)| subject.contains("needs you"));
    let expected = match end {
        End::Planned => (Life::Ended, Some("Planned"), false),
        End::BlueServes => (Life::Ended, Some("BlueServes"), false),
        End::GreenServes => (Life::Ended, Some("GreenServes"), way.outside == Outside::CleanupAgain),
        End::Asked => (Life::Promoted, None, true),
        End::Either => (Life::Baked, None, false),
    };
    if (meta.life, meta.outcome.as_deref(), asked) != expected {
        let causes = machines.executions().iter().filter_map(|execution| {
            let (error, cause) = (execution.error.as_ref()?, execution.cause.as_ref());
            Some(format!("{}: {error}: {}", execution.name, cause.map_or("", String::as_str)))
        });
        return Err(format!(
            "the migration is {:?} with the outcome {:?}{}; {:?}",
            meta.life,
            meta.outcome,
            if asked { ", and an operator was asked" } else { "" },
            causes.collect::<Vec<_>>()
        ));
    }
    let longest = Input::read(&way.input).map_or(Duration::from_days(0), |input| input.longest_total());
    let now = account.aws().now();
    if now > longest.after(meta.opened_at) {
        return Err(format!("it took until {now}, longer than {longest}"));
    }
    Ok(())
}

/// Where two ends differ.
pub(crate) fn difference(found: &Remains, expected: &Remains) -> String {
    let (found, expected) = (format!("{found:#?}"), format!("{expected:#?}"));
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (mut found, mut expected) = (lines(&found), lines(&expected));
    let alike = found.iter().zip(&expected).take_while(|(a, b)| a == b).count().saturating_sub(8);
    found.drain(..alike);
    expected.drain(..alike);
    let alike = found.iter().rev().zip(expected.iter().rev()).take_while(|(a, b)| a == b).count().saturating_sub(2);
    found.truncate((found.len() - alike).min(40));
    expected.truncate((expected.len() - alike).min(40));
    format!("found\n{}\nexpected\n{}", found.join("\n"), expected.join("\n"))
}

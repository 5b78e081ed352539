//! Requests and errors by the side that served.

use super::Section;
use crate::{
    figures::{Known, OfStage, Row, Sum},
    served::By,
    sight::Sight,
};
use domain::moment::{brief, span};
use jiff::SignedDuration;

/// How long CloudWatch may take with a metric, as far as the report warns of it.
const LATE: SignedDuration = SignedDuration::from_mins(15);

pub(super) fn section(sight: &Sight, figures: &[OfStage]) -> Section {
    let title = "Requests by side";
    if figures.is_empty() {
        return Section::of(title, vec!["No traffic was moved.".to_owned()]);
    }
    let mut rows = Vec::new();
    let mut lines = Vec::new();
    let mut all = Vec::new();
    for OfStage { api, stage, rows: told } in figures {
        match told {
            Ok(told) => {
                rows.extend(told.iter().map(|row| cells(sight, format!("{api}/{stage}"), row)));
                all.extend(told);
            }
            Err(why) => lines.push(format!(
                "Stage {stage} of {api}: how many requests came and failed is missing, since CloudWatch could not be read: {why}"
            )),
        }
    }
    if !rows.is_empty() {
        lines.extend(notes(sight, &all));
    }
    Section {
        title,
        lines,
        head: &["Stage", "From", "Served by", "Requests", "Answered 5xx", "Answered 4xx", "Latency"],
        rows,
    }
}

/// What one has to know to read the table.
fn notes(sight: &Sight, rows: &[&Row]) -> Vec<String> {
    let any = |is: fn(&Row) -> bool| rows.iter().any(|row| is(row));
    let mut notes = vec![
        "As API Gateway told CloudWatch of the stage (AWS/ApiGateway), by the minute or in longer periods, in which it knows an API by its \
         name: another one of that name and stage would be counted too"
            .to_owned(),
    ];
    if any(|row| matches!(row.stay.by, By::Moving(..))) {
        notes.push("A change has the whole periods that it touches".to_owned());
    }
    if any(|row| !matches!(row.stay.by, By::Share(0 | 100))) {
        notes.push("Where both served, these metrics do not tell one from the other".to_owned());
    }
    if any(|row| is_lacking(&row.sum)) {
        notes.push("Missing is not zero: either nobody asked, or CloudWatch does not have it (any more)".to_owned());
    }
    if rows.iter().any(|row| row.stay.until + LATE > sight.now) {
        notes.push("Metrics come some minutes late: the last ones may not be here yet".to_owned());
    }
    notes
}

fn is_lacking(sum: &Sum) -> bool {
    sum.periods == 0 || [sum.requests, sum.client_errors, sum.server_errors].iter().any(|known| known.of < sum.periods)
}

fn cells(sight: &Sight, stage: String, Row { stay, sum }: &Row) -> Vec<String> {
    let (blue, green) = (&sight.migration.input.blue.cluster, &sight.migration.input.green.cluster);
    let by = match stay.by {
        By::Share(0) => blue.clone(),
        By::Share(100) => green.clone(),
        By::Share(share) => format!("both, {share} % on {green}"),
        By::Moving(from, to) => format!("both, changed from {from} % on {green} to {to} %"),
    };
    vec![
        stage,
        format!("{}, for {}", brief(stay.from), span(stay.until.duration_since(stay.from))),
        by,
        count(sum.requests, sum.periods),
        errors(sum.server_errors, sum),
        errors(sum.client_errors, sum),
        latency(sum),
    ]
}

/// A number, as far as it is known.
fn count(known: Known, periods: usize) -> String {
    match periods.saturating_sub(known.of) {
        _ if known.of == 0 => "missing".to_owned(),
        0 => format!("{:.0}", known.sum),
        lost => format!("at least {:.0}; missing in {lost} of {periods} periods", known.sum),
    }
}

/// The same, with its part of the requests where both are known.
fn errors(known: Known, sum: &Sum) -> String {
    let count = count(known, sum.periods);
    let is_whole = known.of == sum.periods && sum.requests.of == sum.periods;
    if is_whole && known.sum > 0.0 && sum.requests.sum > 0.0 {
        return format!("{count} ({:.2} %)", 100.0 * known.sum / sum.requests.sum);
    }
    count
}

/// The average of all answers; of the percentiles, which cannot be added, the middle one and the worst.
fn latency(sum: &Sum) -> String {
    let average = if sum.answers > 0.0 {
        format!("average {:.0} ms", sum.latency.sum / sum.answers)
    } else {
        "average missing".to_owned()
    };
    match (sum.p99.get(sum.p99.len() / 2), sum.p99.last()) {
        (Some(middle), Some(worst)) => {
            format!("{average}, p99 {middle:.0} ms in half of the periods, {worst:.0} ms in the worst")
        }
        _ => format!("{average}, p99 missing"),
    }
}

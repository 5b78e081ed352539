//! Green against blue during a step and in the bake: the same requests, in turns, through the two stages that hold deployments B and G.
//! Which side answers is known of each, whatever share of production's traffic green has.

use domain::{
    Condition, Migration, PhaseError, Side,
    analysis::{Comparison, Span, Tally, Verdict},
    ports::{
        Clock, Ledger, Metrics, Probes, UsagePlans,
        metrics::Metric,
        probes::{Answered, Probe},
    },
    resources::{stage::keeper_name, usage_plan},
    shift::Shift,
    smoke::{Check, checks, is_refusal},
};
use jiff::SignedDuration;

/// Requests to each side in one look.
const PAIRS: usize = 20;

/// No further request is sent after so long: a slow side must not keep the alarms from being looked at.
const LONGEST: SignedDuration = SignedDuration::from_secs(20);

/// What one request says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// The side answered as it should, in so many milliseconds.
    Well(u32),
    /// It failed.
    Failed,
    /// Nothing answered.
    Unanswered,
    /// API Gateway refused, and the side was not asked.
    Refused,
}

impl Said {
    fn of(check: &Check, answer: Result<Answered, PhaseError>) -> Result<Self, PhaseError> {
        match answer {
            Ok(Answered { status, millis, .. }) if check.expect == Some(status) => Ok(Self::Well(millis)),
            Ok(Answered { status, .. }) if is_refusal(status) => Ok(Self::Refused),
            Ok(Answered { status, millis, .. }) if check.expect.is_none() && status < 500 => Ok(Self::Well(millis)),
            Ok(_) => Ok(Self::Failed),
            Err(error) if error.condition == Condition::Unavailable => Ok(Self::Unanswered),
            Err(error) => Err(error),
        }
    }

    fn count(self, tally: &mut Tally) {
        tally.count(if let Self::Well(millis) = self { Some(millis) } else { None });
    }
}

/// Counts a pair. What says nothing of a side says nothing of the pair, and where neither answers it may be the way to both.
fn count(seen: &mut Comparison, blue: Said, green: Said) {
    match (blue, green) {
        (Said::Refused, _) | (_, Said::Refused) | (Said::Unanswered, Said::Unanswered) => {}
        (blue, green) => {
            blue.count(&mut seen.blue);
            green.count(&mut seen.green);
        }
    }
}

/// Sends some more requests to both sides, and says what all of this step's say so far.
///
/// # Errors
/// `Conflict` where what the ledger has of the step cannot be read; those of the calls.
pub async fn look<P>(
    ports: &P,
    migration: &Migration,
    shift: &Shift,
    now: jiff::Timestamp,
) -> Result<(Verdict, Comparison), PhaseError>
where
    P: Ledger + Metrics + Probes + UsagePlans + Clock,
{
    let input = &migration.input;
    let mut seen = Comparison::saved(ports, migration, shift.guarded).await?;
    ask(ports, migration, &mut seen, now).await?;
    let is_over = now >= shift.watched_until(input);
    let verdict = seen.judge(input.cutover.analysis.samples, Span::Step(input.cutover.steps.len()), is_over);
    // A step that people pause after its time is looked at for longer, and judged once all the same.
    seen.passed |= is_over && verdict == Verdict::Successful;
    seen.save(ports, migration).await?;
    Ok((verdict, seen))
}

/// Sends some more requests to both sides, which hold what they held during the steps, and gives all of the bake's present window.
///
/// # Errors
/// As for [`look`].
pub async fn in_the_bake<P>(ports: &P, migration: &Migration, now: jiff::Timestamp) -> Result<Comparison, PhaseError>
where
    P: Ledger + Metrics + Probes + UsagePlans + Clock,
{
    let mut seen = Comparison::of_the_bake(ports, migration, now).await?;
    ask(ports, migration, &mut seen, now).await?;
    seen.save(ports, migration).await?;
    Ok(seen)
}

async fn ask<P>(ports: &P, migration: &Migration, seen: &mut Comparison, now: jiff::Timestamp) -> Result<(), PhaseError>
where
    P: Metrics + Probes + UsagePlans + Clock,
{
    let mut requests = Vec::new();
    for migration in &migration.per_api() {
        let edge = &migration.plan.edge;
        let key = usage_plan::enabled_key(ports, edge).await?.map(|(_, key)| key);
        let sides = [Side::Blue, Side::Green].map(|side| keeper_name(migration, side));
        let api = (edge.api.id.clone(), edge.vpc_endpoint.clone());
        requests.push((api, key, sides, checks(&migration.input, edge)));
    }
    for turn in 0..PAIRS {
        // The APIs in turns, too.
        let (api, key, [b, g], checks) = &requests[turn % requests.len()];
        let Some(check) = checks.get((turn / requests.len()) % checks.len().max(1)) else { continue };
        if ports.now().duration_since(now) > LONGEST {
            break;
        }
        let ask = async |stage: &str| {
            let ((api, vpc_endpoint), stage, path) = (api.clone(), stage.to_owned(), check.path.clone());
            Said::of(check, ports.probe(&Probe { api, vpc_endpoint, stage, path, key: key.clone() }).await)
        };
        // Neither side is always the one that finds caches cold.
        let (blue, green) = if turn % 2 == 0 {
            let blue = ask(b).await?;
            (blue, ask(g).await?)
        } else {
            let green = ask(g).await?;
            (ask(b).await?, green)
        };
        count(seen, blue, green);
    }
    ports.report(migration.name(), &measured(seen));
    Ok(())
}

/// Has the audit know what a comparison came to.
///
/// # Errors
/// Only those of the call.
pub async fn tell<P: Ledger>(
    ports: &P,
    migration: &Migration,
    verdict: &Verdict,
    when: &str,
    seen: &Comparison,
) -> Result<(), PhaseError> {
    let word = match verdict {
        Verdict::Successful => "successful",
        Verdict::Failed(_) => "failed",
        Verdict::Inconclusive(_) => "inconclusive",
    };
    let evidence = serde_json::json!({ "findings": format!("{word} {when}: {seen}") });
    ports.record(migration, "green against blue", evidence).await
}

/// What all of the requests so far show; nothing of a side without samples.
fn measured(seen: &Comparison) -> Vec<(Metric, f64)> {
    let sides = [
        (&seen.blue, Metric::BlueErrors, Metric::BlueLatency),
        (&seen.green, Metric::GreenErrors, Metric::GreenLatency),
    ];
    let mut values = Vec::new();
    for (tally, errors, latency) in sides.into_iter().filter(|(tally, ..)| tally.samples > 0) {
        values.push((errors, f64::from(tally.errors) * 100.0 / f64::from(tally.samples)));
        values.extend(tally.quantile(0.95).map(|millis| (latency, f64::from(millis))));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_what_the_input_expects_or_that_a_side_fails() {
        let answered = |status| Ok(Answered { status, body: String::new(), millis: 7 });
        for (expect, answer, said) in [
            (None, answered(200), Said::Well(7)),
            (None, answered(404), Said::Well(7)),
            (None, answered(503), Said::Failed),
            (None, answered(403), Said::Refused),
            (Some(200), answered(429), Said::Refused),
            (Some(200), answered(404), Said::Failed),
            (Some(403), answered(403), Said::Well(7)),
            (None, Err(PhaseError::unavailable("no answer")), Said::Unanswered),
        ] {
            let check = Check { path: "/".to_owned(), expect };
            assert_eq!(Said::of(&check, answer.clone()), Ok(said), "{expect:?} {answer:?}");
        }
        let check = Check { path: "/".to_owned(), expect: None };
        assert!(Said::of(&check, Err(PhaseError::refused("no header value"))).is_err());
    }

    #[test]
    fn a_pair_counts_where_both_sides_were_asked() {
        for (blue, green, expected) in [
            (Said::Well(1), Said::Well(1), [(1, 0), (1, 0)]),
            (Said::Well(1), Said::Failed, [(1, 0), (1, 1)]),
            (Said::Well(1), Said::Unanswered, [(1, 0), (1, 1)]),
            (Said::Unanswered, Said::Unanswered, [(0, 0), (0, 0)]),
            (Said::Refused, Said::Well(1), [(0, 0), (0, 0)]),
            (Said::Well(1), Said::Refused, [(0, 0), (0, 0)]),
        ] {
            let mut seen = Comparison::default();
            count(&mut seen, blue, green);
            let found = [&seen.blue, &seen.green].map(|tally| (tally.samples, tally.errors));
            assert_eq!(found, expected, "{blue:?} {green:?}");
        }
    }
}

//! `CronJobs`: create Jobs by their schedule unless suspended
//! (<https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/>). Times are UTC; `timeZone` is ignored.

use std::collections::HashMap;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::{Value, json};

use super::{jobs, pods};
use crate::{object, store::Resource, writes::Objects};

fn resource() -> Resource {
    Resource::new("batch", "cronjobs")
}

/// The minute at which each `CronJob` was last checked, by UID. A new one does not run for earlier minutes.
#[derive(Default)]
pub(super) struct CronJobs {
    looked: HashMap<String, i64>,
}

impl CronJobs {
    pub(super) fn reconcile(&mut self, objects: &Objects) {
        let now = Timestamp::now();
        let minute = now.as_second() / 60;
        for cron in objects.store.all(&resource()) {
            let before = self.looked.insert(object::uid(&cron).to_owned(), minute).unwrap_or(minute);
            if before == minute || object::is_terminating(&cron) || cron["spec"]["suspend"] == true {
                continue;
            }
            let schedule = object::text(&cron, "/spec/schedule").unwrap_or_default();
            if is_due(schedule, now.to_zoned(TimeZone::UTC).datetime()) {
                run(objects, &cron, minute);
            }
        }
        let known: Vec<String> =
            objects.store.all(&resource()).iter().map(|cron| object::uid(cron).to_owned()).collect();
        self.looked.retain(|uid, _| known.contains(uid));
    }
}

fn run(objects: &Objects, cron: &Value, minute: i64) {
    let (all, _) = objects.store.list(&jobs::resource(), Some(object::namespace(cron)));
    let own: Vec<_> = all.iter().filter(|job| object::is_controlled_by(job, object::uid(cron))).collect();
    let finished = |job: &Value| object::has_condition(job, "Complete") || object::has_condition(job, "Failed");
    let running: Vec<_> = own.iter().filter(|job| !finished(job)).collect();
    match object::text(cron, "/spec/concurrencyPolicy") {
        Some("Forbid") if !running.is_empty() => return,
        Some("Replace") => running.iter().for_each(|job| objects.discard(&jobs::resource(), job)),
        _ => {}
    }
    let mut job = cron["spec"]["jobTemplate"].clone();
    job["apiVersion"] = json!("batch/v1");
    job["kind"] = json!("Job");
    let metadata = object::metadata(&mut job);
    metadata["name"] = json!(format!("{}-{minute}", object::name(cron)));
    metadata["ownerReferences"] = json!([object::owner_reference(cron)]);
    objects.make(&jobs::resource(), object::namespace(cron), job);
    let limit = object::number(cron, "/spec/successfulJobsHistoryLimit").unwrap_or(3);
    let surplus = pods::count(&own, |job| finished(job)) - limit;
    for job in own.iter().filter(|job| finished(job)).take(usize::try_from(surplus.max(0)).unwrap_or_default()) {
        objects.discard(&jobs::resource(), job);
    }
    let mut status = cron["status"].as_object().cloned().map_or_else(|| json!({}), Value::Object);
    status["lastScheduleTime"] = json!(object::now());
    pods::set_status(objects, &resource(), cron, status);
}

/// Whether a schedule (five fields, or a name such as `@hourly`) matches this minute.
fn is_due(schedule: &str, now: DateTime) -> bool {
    let schedule = match schedule.trim() {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        other => other,
    };
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields.as_slice() else { return false };
    let number = |value: i8| i64::from(value);
    let on_day = matches(day, number(now.day()), 1, 31);
    let weekday_number = number(now.weekday().to_sunday_zero_offset());
    let on_weekday = matches(weekday, weekday_number, 0, 7) || (weekday_number == 0 && matches(weekday, 7, 0, 7));
    // If both day fields are restricted, one match is enough.
    let days = if *day != "*" && *weekday != "*" { on_day || on_weekday } else { on_day && on_weekday };
    matches(minute, number(now.minute()), 0, 59)
        && matches(hour, number(now.hour()), 0, 23)
        && matches(month, number(now.month()), 1, 12)
        && days
}

fn matches(field: &str, value: i64, least: i64, most: i64) -> bool {
    field.split(',').any(|part| {
        let (range, step) = part.split_once('/').map_or((part, 1), |(range, step)| (range, step.parse().unwrap_or(0)));
        let bounds = if range == "*" {
            Some((least, most))
        } else if let Some((from, to)) = range.split_once('-') {
            from.parse().ok().zip(to.parse().ok())
        } else {
            let only: Option<i64> = range.parse().ok();
            only.map(|only| (only, if part.contains('/') { most } else { only }))
        };
        step > 0 && bounds.is_some_and(|(from, to)| (from..=to).contains(&value) && (value - from) % step == 0)
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::datetime;

    use super::*;

    #[test]
    fn a_schedule_is_due_in_the_minutes_it_names() {
        let monday = datetime(2026, 11, 23, 4, 30, 0, 0);
        for due in ["30 4 * * *", "*/15 * * * *", "0-30 4 * * 1-5", "30 4 23 * 0", "15,30 */2 * 11 *"] {
            assert!(is_due(due, monday), "{due}");
        }
        for not_due in ["31 4 * * *", "@hourly", "30 4 * * 0", "*/7 4 * * *", "nonsense"] {
            assert!(!is_due(not_due, monday), "{not_due}");
        }
    }
}

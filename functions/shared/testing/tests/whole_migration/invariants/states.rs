//! Invariant 11: Terraform's states are as before or as after, never mixed, and never left locked. A merge request is there or gone as a
//! whole, and its state as it was.

use super::Sight;
use domain::adoption::NAMES;
use domain::digest::md5_hex;
use domain::plan::terraform::Handover;
use domain::terraform::{Place, State, moved, state::renumbered};
use testing::Aws;

/// What the states of a project describe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

fn text<'a>(aws: &'a Aws, place: &Place) -> &'a str {
    aws.states.get(&(place.bucket.clone(), place.object.clone())).map_or("", String::as_str)
}

/// A state without its serial.
fn content(text: &str) -> Vec<u8> {
    renumbered(text.into(), 0).unwrap_or_default()
}

fn expected(before: &Aws, handover: &Handover, side: Side) -> Vec<Vec<u8>> {
    let mut texts: Vec<String> = handover.places.iter().map(|place| text(before, place).to_owned()).collect();
    if side == Side::After && handover.is_swap() {
        texts.reverse();
    } else if side == Side::After && !handover.adopt {
        let parsed = handover.moves.iter().map(|(from, to)| (from.parse().unwrap(), to.parse().unwrap()));
        texts[0] = moved(State::read(texts[0].as_bytes()).unwrap(), &parsed.collect::<Vec<_>>()).unwrap();
    }
    texts.iter().map(|text| content(text)).collect()
}

fn is_on(sight: &Sight, handover: &Handover, side: Side) -> bool {
    let now: Vec<Vec<u8>> = handover.places.iter().map(|place| content(text(sight.aws, place))).collect();
    now == expected(&sight.witness.before, handover, side)
}

fn is_locked(aws: &Aws, place: &Place) -> bool {
    let file = (place.bucket.clone(), place.lock_file_object());
    let row = place.lock_table.clone().map(|table| (table, place.lock_id()));
    aws.states.contains_key(&file) || row.is_some_and(|row| aws.state_locks.contains_key(&row))
}

fn digest_fits(aws: &Aws, place: &Place) -> bool {
    let digest = place.lock_table.clone().and_then(|table| aws.state_digests.get(&(table, place.digest_id())));
    digest.is_none_or(|digest| *digest == md5_hex(text(aws, place).as_bytes()))
}

/// Whoever takes a lock finds all states of a project on one side, with their digests.
pub(super) fn both_are_as_before_or_both_as_after_unless_locked(sight: &Sight) -> Result<(), String> {
    for handover in &sight.record.plan.terraform {
        if handover.places.iter().any(|place| is_locked(sight.aws, place)) {
            continue;
        }
        let whole = [Side::Before, Side::After].into_iter().any(|side| is_on(sight, handover, side));
        if !whole || !handover.places.iter().all(|place| digest_fits(sight.aws, place)) {
            return Err(format!("mixed and not locked: {:?}", sight.aws.states));
        }
    }
    Ok(())
}

/// In the end no lock is held, and every project is on this side.
pub(super) fn they_are_unlocked_and(sight: &Sight, side: Side) -> Result<(), String> {
    for handover in &sight.record.plan.terraform {
        if let Some(place) = handover.places.iter().find(|place| is_locked(sight.aws, place)) {
            return Err(format!("{} is left locked", place.lock_id()));
        }
        if !is_on(sight, handover, side) {
            return Err(format!("the states are not as {side:?}: {:?}", sight.aws.states));
        }
        let name = sight.witness.id.name();
        if handover.adopt {
            let place = &handover.places[0];
            let there =
                |file: &&&str| sight.aws.states.contains_key(&(place.bucket.clone(), place.merge_request(name, file)));
            let (files, wanted) =
                (NAMES.iter().filter(there).count(), if side == Side::After { NAMES.len() } else { 0 });
            if files != wanted {
                return Err(format!("{files} files of the merge request are there, expected {wanted}"));
            }
            continue;
        }
        let copies = |number: u32| {
            let there =
                |place: &&Place| sight.aws.states.contains_key(&(place.bucket.clone(), place.backup(name, number)));
            handover.places.iter().filter(there).count()
        };
        let kept = if side == Side::After { handover.places.len() } else { 0 };
        if (copies(1), copies(2)) != (kept, 0) {
            return Err(format!("{} and {} copies are left", copies(1), copies(2)));
        }
    }
    Ok(())
}

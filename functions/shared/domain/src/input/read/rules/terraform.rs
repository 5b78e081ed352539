//! The rules of the Terraform projects.

use crate::input::Input;
use crate::input::terraform::Project;
use crate::terraform::Address;
use std::collections::BTreeMap;

pub(super) fn terraform(input: &Input, refuse: &mut impl FnMut(&str, String)) {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (index, project) in input.terraform.iter().enumerate() {
        let path = format!("$.terraform[{index}]");
        one(&path, project, refuse);
        for (field, place) in project.places() {
            match known.get(&place.lock_id()) {
                Some(other) if *other == index => {
                    refuse(
                        &format!("{path}{field}"),
                        format!("found {:?} twice, expected two workspaces", place.workspace),
                    );
                }
                Some(other) => {
                    let message = format!("s3://{} is a state of $.terraform[{other}] already", place.lock_id());
                    refuse(&format!("{path}.key"), message);
                }
                None => {
                    known.insert(place.lock_id(), index);
                }
            }
        }
    }
}

fn one(path: &str, project: &Project, refuse: &mut impl FnMut(&str, String)) {
    if project.lock.dynamodb_table.is_none() && !project.lock.use_lockfile {
        let message = "found no lock: add `dynamodbTable` or `\"useLockfile\": true`, as the project's backend has it. Without one nobody could \
                       be kept from applying during the hand-over";
        refuse(&format!("{path}.lock"), message.to_owned());
    }
    let ways = [project.swap.is_some(), project.moves.is_some(), project.adopt.is_some()];
    if ways.into_iter().filter(|way| *way).count() != 1 {
        refuse(path, "expected one of `swap`, `adopt` and `move`".to_owned());
    }
    for (number, addresses) in project.moves.iter().flat_map(|moves| &moves.addresses).enumerate() {
        for (field, text) in [("from", &addresses.from), ("to", &addresses.to)] {
            if let Err(message) = text.parse::<Address>() {
                refuse(&format!("{path}.move.addresses[{number}].{field}"), message);
            }
        }
    }
}

//! What every state machine must keep, on AWS and on the emulator. The emulator is laxer than AWS in places: what it
//! would let pass is refused here.

mod data;
mod failures;
mod limits;
mod names;

use end_to_end::machine::{Machine, State};
use serde_json::Value;

pub(crate) fn each_state(mut check: impl FnMut(&Machine, State<'_>)) {
    for machine in Machine::all() {
        for state in machine.states() {
            check(&machine, state);
        }
    }
}

pub(crate) fn each_task(mut check: impl FnMut(&Machine, State<'_>)) {
    each_state(|machine, state| {
        if state.kind() == "Task" {
            check(machine, state);
        }
    });
}

/// Every object inside a value.
pub(crate) fn objects<'a>(value: &'a Value, found: &mut Vec<&'a serde_json::Map<String, Value>>) {
    match value {
        Value::Object(object) => {
            found.push(object);
            object.values().for_each(|value| objects(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| objects(value, found)),
        _ => {}
    }
}

pub(crate) fn seconds(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("a literal number of seconds, not {value}"))
}

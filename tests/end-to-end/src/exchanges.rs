//! What AWS's service models say of the requests that a run of the sandbox made, and of the answers of this workspace's simulators.

use crate::second_party::ask;
use serde_json::Value;
use std::path::Path;

/// botocore's models, moto's parsers.
const SCRIPT: &str = include_str!("exchanges.py");

/// The judgement.
#[derive(Debug)]
pub struct Judgement {
    /// Every operation that was asked for, `service:Operation`.
    pub operations: Vec<String>,
    /// How many answers of simulators were judged.
    pub answers: u64,
    /// A line for each kind of problem: the operation, where, what is wrong, and how often.
    pub problems: Vec<String>,
}

/// Judges what `sandbox::Options::exchanges` wrote. Requests of this access key are not judged: the administrator's are the sandbox's
/// own.
///
/// # Panics
/// Where Python or its packages cannot be had, or the file is not what the sandbox writes.
#[must_use]
pub fn judge(file: &Path, administrator: &str) -> Judgement {
    let found = ask(SCRIPT, &[file.as_os_str(), administrator.as_ref()]);
    let texts = |field: &str| {
        let list = found[field].as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    Judgement {
        operations: texts("operations"),
        answers: found["answers"].as_u64().unwrap_or_default(),
        problems: texts("problems"),
    }
}

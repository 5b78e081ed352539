//! A state of 50 MB is read and changed in little more memory than it takes itself.
//!
//! A program of its own: the highest memory of a process is only told as a whole (`VmHWM`,
//! <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>).
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::terraform::{State, moved, state::renumbered};
use std::fmt::Write;

/// Bytes of the state, at least.
const SIZE: usize = 50_000_000;

/// Bytes that may be needed beside it.
const MORE: usize = 64_000_000;

/// The highest memory of this process so far, in bytes.
fn highest() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

#[test]
fn a_state_of_50_mb_needs_at_most_64_mb_beside_itself() {
    let mut text = String::with_capacity(SIZE + 10_000);
    text.push_str(
        "{\n  \"version\": 4,\n  \"serial\": 1,\n  \"lineage\": \"a\",\n  \"outputs\": {},\n  \"resources\": [\n",
    );
    let padding = "x".repeat(1_500);
    let mut count = 0;
    while text.len() < SIZE {
        let comma = if count == 0 { "" } else { ",\n" };
        write!(
            text,
            "{comma}    {{\n      \"mode\": \"managed\",\n      \"type\": \"aws_security_group_rule\",\n      \"name\": \"r{count:06}\",\n      \
             \"provider\": \"provider[\\\"registry.terraform.io/hashicorp/aws\\\"]\",\n      \"instances\": [\n        {{\n          \
             \"schema_version\": 2,\n          \"attributes\": {{\n            \"id\": \"{padding}\"\n          }},\n          \
             \"dependencies\": [\n            \"aws_security_group.nodes\"\n          ]\n        }}\n      ]\n    }}"
        )
        .unwrap();
        count += 1;
    }
    text.push_str("\n  ],\n  \"check_results\": null\n}\n");
    let before = highest();

    let moves = [("aws_security_group_rule.r000000", "aws_security_group_rule.moved")];
    let moves = moves.map(|(from, to)| (from.parse().unwrap(), to.parse().unwrap()));
    let state = State::read(text.as_bytes()).unwrap();
    assert_eq!(state.resources.len(), count);
    let changed = moved(state, &moves).unwrap();
    assert!(changed.contains("\"name\": \"moved\"") && changed.contains("\"serial\": 2"));
    drop(changed);
    let bytes = renumbered(text.into_bytes(), 10).unwrap();
    assert!(bytes.starts_with(b"{\n  \"version\": 4,\n  \"serial\": 10,"));

    let more = highest() - before;
    println!("{count} resources, {} MB more", more / 1_000_000);
    assert!(more < MORE, "{more} bytes more");
}

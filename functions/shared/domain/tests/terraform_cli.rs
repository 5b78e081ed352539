//! Moves within a state against the Terraform CLI of this machine, of whatever version: both write the same bytes, but for the version
//! that Terraform notes and the serial.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::terraform::{State, moved};
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::Path;
use std::process::{Command, ExitCode};

/// States, and the moves that are made of each.
const STATES: [(&str, &str); 2] = [
    (include_str!("states/before.tfstate"), include_str!("states/moves.json")),
    (include_str!("states/opentofu.tfstate"), include_str!("states/opentofu-moves.json")),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let missing = Command::new("terraform").arg("version").output().is_err();
    if missing {
        eprintln!("left out: moves within a state against the Terraform CLI: there is none on this machine");
    }
    let moves = STATES.iter().flat_map(|(before, moves)| {
        let moves: Vec<[String; 3]> = serde_json::from_str(moves).unwrap();
        moves.into_iter().map(move |one| (*before, one))
    });
    let trials = moves.map(|(before, [name, from, to])| {
        Trial::test(name.clone(), move || compare(before, &name, &from, &to)).with_ignored_flag(missing)
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn compare(before: &str, name: &str, from: &str, to: &str) -> Result<(), Failed> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("state-mv-{name}"));
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("terraform.tfstate");
    std::fs::write(&file, before)?;
    let output =
        Command::new("terraform").args(["state", "mv", "-no-color", from, to]).current_dir(&folder).output()?;
    if !output.status.success() {
        return Err(Failed::from(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let expected = std::fs::read_to_string(&file)?;
    let found = moved(State::read(before.as_bytes())?, &[(from.parse()?, to.parse()?)]);
    let found = found.map_err(|(_, why)| Failed::from(why))?;
    assert_eq!(comparable(&found), comparable(&expected));
    Ok(())
}

/// Without the lines in which both may differ.
fn comparable(text: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines
        .filter(|line| !["  \"serial\": ", "  \"terraform_version\": "].iter().any(|name| line.starts_with(name)))
        .collect()
}

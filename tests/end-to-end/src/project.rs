//! The folders and files of the project.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The root of the checkout.
///
/// # Panics
/// Where the crate does not lie two folders below it.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("two folders below the root").to_path_buf()
}

/// The text of a file, by its path from the root.
///
/// # Panics
/// Where it cannot be read.
#[must_use]
pub fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A JSON file, by its path from the root.
///
/// # Panics
/// Where it cannot be read or is not JSON.
#[must_use]
pub fn json(path: &str) -> serde_json::Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The phases: the folders of `functions/` but the shared crates.
///
/// # Panics
/// Where the folder cannot be read.
#[must_use]
pub fn phases() -> BTreeSet<String> {
    fs::read_dir(root().join("functions"))
        .expect("functions/ can be read")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().join("Cargo.toml").exists())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// `provision-edge` as `ProvisionEdge`.
#[must_use]
pub fn pascal(kebab: &str) -> String {
    kebab
        .split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
        })
        .collect()
}

/// `ProvisionEdge` as `provision-edge`.
#[must_use]
pub fn kebab(pascal: &str) -> String {
    let mut kebab = String::new();
    for (index, letter) in pascal.chars().enumerate() {
        if letter.is_ascii_uppercase() && index > 0 {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}

/// One row of the README's table of the states that do not carry their Lambda's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The state's name.
    pub state: String,
    /// The machine it is in, without `bascule-`.
    pub machine: String,
    /// The Lambda it runs, without `bascule-`: the folder.
    pub lambda: String,
    /// The step it asks for.
    pub step: String,
}

/// The README's table `| state | machine | Lambda | step |`.
///
/// # Panics
/// Where the README has no such table or a row has not four cells.
#[must_use]
pub fn table_of_states() -> BTreeSet<Row> {
    let readme = text("README.md");
    let mut lines = readme.lines().skip_while(|line| cells(line) != ["state", "machine", "Lambda", "step"]);
    assert!(lines.next().is_some(), "README.md has no table `| state | machine | Lambda | step |`");
    lines
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| match &cells(line)[..] {
            [state, machine, lambda, step] => {
                Row { state: state.clone(), machine: machine.clone(), lambda: lambda.clone(), step: step.clone() }
            }
            other => panic!("a row of the README's table has {} cells: {line}", other.len()),
        })
        .collect()
}

fn cells(line: &str) -> Vec<String> {
    line.trim().trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
}

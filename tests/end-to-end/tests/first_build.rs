//! One build of a dependency serves the sandbox, the functions that it deploys, and the tests.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;
use std::process::Command;

/// The packages with their features, as cargo resolves them for a selection of the workspace.
fn resolved(selection: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--prefix", "none", "--format", "{p} {f}", "--edges"])
        .args(selection)
        .current_dir(end_to_end::project::root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    tree.lines().map(|line| line.trim_end_matches("(*)").trim_end().to_owned()).collect()
}

#[test]
fn the_sandbox_is_built_with_the_features_that_the_tests_are_built_with() {
    let tests = resolved(&["normal,build,dev", "--workspace"]);
    let sandbox = resolved(&["normal,build", "--package", "sandbox"]);
    let twice: Vec<&String> = sandbox.difference(&tests).collect();
    assert!(
        twice.is_empty(),
        "`cargo sandbox` would build these with other features than `cargo test --workspace`; add to tests/sandbox/Cargo.toml \
         what turns the missing ones on: {twice:#?}"
    );
}

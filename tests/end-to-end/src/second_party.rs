//! What others' programs in the sandbox's pinned Python environment say.

use sandbox::{project::Project, python::Python};
use serde_json::Value;
use std::{ffi::OsStr, process::Command};

/// What a Python script prints, which is JSON; installs the environment where it is missing.
///
/// # Panics
/// Where there is no Python, its packages cannot be installed, or the script fails.
#[must_use]
pub fn ask(script: &str, arguments: &[&OsStr]) -> Value {
    let preparation = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let project = Project::locate().await.expect("cargo knows the project");
            Python::prepare(&project, &|line| println!("{line}")).await.expect("the sandbox's Python environment")
        })
    });
    // A thread of its own: some who ask are on a runtime.
    let python = preparation.join().expect("the preparation does not panic");
    let output = Command::new(python.interpreter()).args(["-c", script]).args(arguments).output().expect("Python runs");
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("the second party: {error}: {said}"))
}

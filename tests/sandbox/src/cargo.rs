//! Runs `cargo build` on the checkout and says how far it is.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::error::{Context, Error, Result};
use crate::project::Project;

/// The build says at most this often how far it is.
const PULSE: Duration = Duration::from_secs(1);

/// Runs `cargo build` with these arguments in the workspace's root.
///
/// # Errors
/// When cargo fails, with its last 40 lines.
pub(crate) async fn build(project: &Project, arguments: &[&str], say: &dyn Fn(&str)) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.arg("build").args(arguments).args(["--locked", "--message-format=json-render-diagnostics"]);
    // Build scripts (ring's) name these variables as inputs: left in place, they would have everything built again whenever
    // `cargo sandbox`, `cargo test` and `cargo build` take turns.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_of_a_package)) {
        command.env_remove(name);
    }
    let mut child = command
        .current_dir(&project.root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("starting cargo build")?;
    let errors = child.stderr.take().context("cargo's error output")?;
    let errors = tokio::spawn(async move {
        let mut lines = BufReader::new(errors).lines();
        let mut last = Vec::new();
        while let Ok(Some(line)) = lines.next_line().await {
            last.push(line);
        }
        last
    });
    let mut lines = BufReader::new(child.stdout.take().context("cargo's output")?).lines();
    let mut done = BTreeSet::new();
    let begin = Instant::now();
    let mut spoken = begin;
    while let Some(line) = lines.next_line().await.context("reading cargo's output")? {
        let Ok(message) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        if message["reason"] != "compiler-artifact" {
            continue;
        }
        done.insert(message["package_id"].to_string());
        if spoken.elapsed() >= PULSE {
            spoken = Instant::now();
            let seconds = begin.elapsed().as_secs();
            let name = message["target"]["name"].as_str().unwrap_or_default();
            say(&format!(
                "Lambdas: {} of about {} crates built, {seconds} s, last {name}",
                done.len(),
                project.packages
            ));
        }
    }
    let status = child.wait().await.context("waiting for cargo")?;
    if status.success() {
        return Ok(());
    }
    let errors = errors.await.context("reading cargo's errors")?;
    let tail = errors[errors.len().saturating_sub(40)..].join("\n");
    Err(Error::new(format!("cargo build failed ({status}):\n{tail}")))
}

/// Whether cargo sets this variable for the crates that it compiles or runs
/// (<https://doc.rust-lang.org/cargo/reference/environment-variables.html#environment-variables-cargo-sets-for-crates>).
fn is_of_a_package(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_", "CARGO_TARGET_TMPDIR"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

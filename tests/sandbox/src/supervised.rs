//! Child processes that cannot outlive the sandbox, however it ends.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStdin, Command};

use crate::error::{Context, Result};

/// Starts the command, then waits for the end of its own standard input and kills its whole process group. The other
/// end of that pipe is held by the sandbox alone: the kernel closes it on every way out, `kill -9` included.
const WATCHER: &str = r#""$@" </dev/null & cat >/dev/null; kill -KILL 0"#;

/// A command with its own process group, killed as a whole when this is dropped or the sandbox dies.
#[derive(Debug)]
pub struct Supervised {
    watcher: Child,
    group: Pid,
    lifeline: Option<ChildStdin>,
}

impl Supervised {
    /// Starts `program` in `folder` with this environment and no other, both outputs going to `log`.
    ///
    /// # Errors
    /// When the log cannot be created or no process can be started.
    pub fn start<A: AsRef<OsStr>>(
        program: &Path,
        arguments: &[A],
        environment: &[(&str, String)],
        folder: &Path,
        log: &Path,
    ) -> Result<Self> {
        let log = File::create(log).context(format!("creating {}", log.display()))?;
        let mut watcher = Command::new("/bin/sh")
            .args(["-c", WATCHER, "sandbox"])
            .arg(program)
            .args(arguments)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (*name, value)))
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().context("sharing the log")?)
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context(format!("starting {}", program.display()))?;
        let id = watcher.id().and_then(|id| i32::try_from(id).ok()).context("the watcher's process id")?;
        Ok(Self { lifeline: watcher.stdin.take(), watcher, group: Pid::from_raw(id) })
    }

    /// The process group, which holds the watcher, the command and everything that it started.
    #[must_use]
    pub fn group(&self) -> i32 {
        self.group.as_raw()
    }

    /// Ends the group and waits until it is gone.
    pub async fn stop(mut self) {
        self.lifeline.take();
        if tokio::time::timeout(Duration::from_secs(5), self.watcher.wait()).await.is_err() {
            tracing::warn!(group = self.group.as_raw(), "the process group did not end within five seconds");
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.lifeline.take();
        // After a stop the group is gone already, and its id is not used again while the watcher is unreaped.
        if self.watcher.id().is_some() && killpg(self.group, Signal::SIGKILL).is_err() {
            tracing::debug!(group = self.group.as_raw(), "the process group had ended already");
        }
    }
}

//! Programs run for their time and memory.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::error::{Context, Error, Result};
use crate::processes;

/// How often a program is looked at. The kernel keeps its peak, so only its last moments can be missed.
const EVERY: Duration = Duration::from_millis(5);

/// What a program took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Taken {
    /// From its start to its end.
    pub seconds: f64,
    /// The most that was resident of it.
    pub max_rss_bytes: u64,
}

/// Runs a program to its end; also answers what it wrote to its output.
///
/// # Errors
/// When it cannot be started or fails, with the end of what it said.
pub(super) async fn run(command: &mut Command) -> Result<(Taken, String)> {
    let begin = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("starting a program")?;
    let id = child.id().context("a program's process id")?;
    let mut stdout = child.stdout.take().context("a program's output")?;
    let mut stderr = child.stderr.take().context("a program's errors")?;
    let ended = async {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let read = tokio::try_join!(stdout.read_to_end(&mut output), stderr.read_to_end(&mut errors));
        read.context("reading what a program wrote")?;
        Ok::<_, Error>((child.wait().await.context("waiting for a program")?, output, errors))
    };
    tokio::pin!(ended);
    let mut max_rss_bytes = 0;
    let mut clock = tokio::time::interval(EVERY);
    let (status, output, errors) = loop {
        tokio::select! {
            ended = &mut ended => break ended?,
            _ = clock.tick() => max_rss_bytes = processes::peak(id).unwrap_or(0).max(max_rss_bytes),
        }
    };
    let taken = Taken { seconds: begin.elapsed().as_secs_f64(), max_rss_bytes };
    if status.success() {
        return Ok((taken, String::from_utf8_lossy(&output).into_owned()));
    }
    let said = String::from_utf8_lossy(&errors).into_owned();
    let tail: String = said.chars().skip(said.chars().count().saturating_sub(2000)).collect();
    Err(Error::new(format!("{} ended with {status}: {}", command.as_std().get_program().display(), tail.trim())))
}

/// The one in the middle by time; of an even number the slower of the two.
#[must_use]
pub(super) fn median(mut runs: Vec<Taken>) -> Option<Taken> {
    runs.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    runs.get(runs.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_is_measured_and_its_failure_told() {
        let (taken, said) = run(Command::new("/bin/sh").args(["-c", "sleep 0.2; echo done"])).await.unwrap();
        assert!(taken.seconds >= 0.2 && taken.max_rss_bytes > 100_000, "{taken:?}");
        assert_eq!(said, "done\n");
        let error = run(Command::new("/bin/sh").args(["-c", "echo no >&2; exit 3"])).await.unwrap_err();
        assert!(error.to_string().ends_with("no"), "{error}");
    }

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        let runs = [3.0, 1.0, 2.0].map(|seconds| Taken { seconds, max_rss_bytes: 0 });
        assert_eq!(median(runs.to_vec()).map(|taken| taken.seconds), Some(2.0));
        assert_eq!(median(Vec::new()), None);
    }
}

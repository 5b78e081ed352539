//! The functions' processes and the memory that they take, read from `/proc`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::unistd::{Pid, getpgid};
use tokio::task::JoinHandle;

/// How often the processes are looked at. The kernel keeps each one's peak, so only its last moments can be missed.
const EVERY: Duration = Duration::from_millis(500);

/// Peaks seen so far.
#[derive(Clone, Debug, Default)]
pub struct Peaks {
    /// Resident memory in bytes by function, the largest of its processes.
    pub functions: BTreeMap<String, u64>,
    /// Resident memory in bytes of the whole sandbox at its worst: this process and everything below it, of all accounts that it runs.
    pub total: u64,
}

/// Watches the processes of the embedded account until it is dropped.
#[derive(Debug)]
pub struct Watch {
    peaks: Arc<Mutex<Peaks>>,
    task: JoinHandle<()>,
}

impl Watch {
    /// Watches everything that descends from this process; of the functions, those of the account with this process group.
    #[must_use]
    pub fn start(group: i32) -> Self {
        let peaks = Arc::new(Mutex::new(Peaks::default()));
        let shared = Arc::clone(&peaks);
        let task = tokio::spawn(async move {
            let mut clock = tokio::time::interval(EVERY);
            loop {
                clock.tick().await;
                let now = look(group);
                let mut peaks = shared.lock().unwrap_or_else(PoisonError::into_inner);
                peaks.total = peaks.total.max(now.total);
                for (function, bytes) in now.functions {
                    let peak = peaks.functions.entry(function).or_default();
                    *peak = bytes.max(*peak);
                }
            }
        });
        Self { peaks, task }
    }

    /// The peaks so far.
    #[must_use]
    pub fn peaks(&self) -> Peaks {
        self.peaks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One look at all processes.
fn look(group: i32) -> Peaks {
    let mut parents = BTreeMap::new();
    let mut memory = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // A process may end between any two of these reads.
        let Ok(status) = std::fs::read_to_string(entry.path().join("status")) else { continue };
        if let Some(parent) = field(&status, "PPid:") {
            parents.insert(id, parent);
            memory.insert(
                id,
                (field(&status, "VmRSS:").unwrap_or(0) * 1024, field(&status, "VmHWM:").unwrap_or(0) * 1024),
            );
        }
    }
    let own = u64::from(std::process::id());
    let mut peaks = Peaks::default();
    for (id, (resident, peak)) in memory {
        if !descends(&parents, id, own) {
            continue;
        }
        peaks.total += resident;
        if let Some(function) = function(id).filter(|_| is_of(group, id)) {
            let entry = peaks.functions.entry(function).or_default();
            *entry = peak.max(*entry);
        }
    }
    peaks
}

/// The most that was ever resident of a process, in bytes; `None` once it has ended.
#[must_use]
pub fn peak(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("status")).ok()?;
    field(&status, "VmHWM:").map(|kilobytes| kilobytes * 1024)
}

fn descends(parents: &BTreeMap<u32, u64>, id: u32, ancestor: u64) -> bool {
    let mut current = u64::from(id);
    for _ in 0..64 {
        if current == ancestor {
            return true;
        }
        match u32::try_from(current).ok().and_then(|current| parents.get(&current)) {
            Some(parent) if *parent > 1 => current = *parent,
            _ => return false,
        }
    }
    false
}

/// A process of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub id: Pid,
    /// The function's folder.
    pub function: String,
}

/// The function's process in a process group that calls AWS with the temporary credentials of this access key id. Two accounts
/// that run at once give out the same access key ids, in process groups of their own.
#[must_use]
pub fn of_key(group: i32, key: &str) -> Option<Process> {
    std::fs::read_dir("/proc").into_iter().flatten().flatten().find_map(|entry| {
        let id = entry.file_name().to_str()?.parse::<u32>().ok()?;
        is_of(group, id).then_some(())?;
        let environment = environment(id)?;
        (variable(&environment, "AWS_ACCESS_KEY_ID")? == key).then_some(())?;
        let function = variable(&environment, "AWS_LAMBDA_FUNCTION_NAME")?.strip_prefix("bascule-")?.to_owned();
        Some(Process { id: Pid::from_raw(i32::try_from(id).ok()?), function })
    })
}

/// Whether a process is in this process group.
fn is_of(group: i32, id: u32) -> bool {
    let id = i32::try_from(id).ok();
    id.and_then(|id| getpgid(Some(Pid::from_raw(id))).ok()).is_some_and(|found| found.as_raw() == group)
}

/// The folder of the function that a process runs.
fn function(id: u32) -> Option<String> {
    let environment = environment(id)?;
    variable(&environment, "AWS_LAMBDA_FUNCTION_NAME")?.strip_prefix("bascule-").map(str::to_owned)
}

/// The environment that Lambda gives to a function's process; none of any other process.
fn environment(id: u32) -> Option<String> {
    let folder = Path::new("/proc").join(id.to_string());
    (std::fs::read_link(folder.join("exe")).ok()?.file_name()? == "bootstrap").then_some(())?;
    String::from_utf8(std::fs::read(folder.join("environ")).ok()?).ok()
}

fn variable<'a>(environment: &'a str, name: &str) -> Option<&'a str> {
    environment.split('\0').find_map(|variable| variable.strip_prefix(name)?.strip_prefix('='))
}

/// A number of `/proc/PID/status`.
fn field(status: &str, name: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

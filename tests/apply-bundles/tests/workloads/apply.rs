//! The process that applies.

use std::{path::Path, process::Stdio};

use sandbox::bench::{
    objects,
    stand_in::{CLUSTER, StandIn, Stored},
};
use tokio::process::Command;

/// The process, which goes on with what is written in this file.
pub(crate) fn command(aws: &StandIn, bundles: &[Stored], ledger: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apply-bundles"));
    command.arg(CLUSTER);
    for bundle in bundles {
        let objects = objects::read(&bundle.text).unwrap().len();
        command.args([bundle.uri(), bundle.digest.clone(), objects.to_string()]);
    }
    command
        .env_clear()
        .envs([
            ("AWS_ENDPOINT_URL", aws.endpoint()),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ])
        .env("LEDGER", ledger)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Applies everything, as a migration does that has applied nothing before.
pub(crate) async fn whole(aws: &StandIn, bundles: &[Stored]) {
    let ledger = Ledger::new();
    let status = command(aws, bundles, ledger.path()).status().await.unwrap();
    assert!(status.success(), "{status}");
}

/// The file of a ledger, which goes with this.
pub(crate) struct Ledger {
    path: std::path::PathBuf,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        let name = format!("ledger-{}-{:016x}", std::process::id(), fastrand::u64(..));
        Self { path: std::env::temp_dir().join(name) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            eprintln!("{} stays: {error}", self.path.display());
        }
    }
}

//! A Terraform project with its state on the emulator's S3.

use crate::ports::Ports;
use domain::ports::TerraformStates;
use domain::terraform::{Place, State};
use sandbox::aws::REGION;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// The bucket of the states.
pub(crate) const STATES: &str = "terraform-states";
/// The table that locks them.
pub(crate) const LOCKS: &str = "terraform-locks";

/// The lineage of a state.
pub(crate) async fn lineage(ports: &Ports, place: &Place) -> String {
    let stored = ports.state(&place.bucket, &place.object).await.unwrap().unwrap();
    State::read(&stored.bytes).unwrap().lineage
}

/// A folder with its configuration.
pub(crate) struct Project {
    folder: PathBuf,
    head: String,
}

impl Project {
    /// One of this name, which is the key of its state too.
    pub(crate) fn new(run: &Path, name: &str, endpoint: &str) -> Self {
        let folder = run.join(format!("terraform-{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        let head = format!(
            "terraform {{\n  backend \"s3\" {{\n    bucket = \"{STATES}\"\n    key = \"{name}\"\n    region = \"{REGION}\"\n    \
             dynamodb_table = \"{LOCKS}\"\n    use_lockfile = true\n    use_path_style = true\n    access_key = \"test\"\n    \
             secret_key = \"test\"\n    skip_credentials_validation = true\n    skip_metadata_api_check = true\n    \
             skip_requesting_account_id = true\n    endpoints = {{ s3 = \"{endpoint}\", dynamodb = \"{endpoint}\" }}\n  }}\n}}\n\n\
             variable \"side\" {{\n  type = string\n}}\n\n"
        );
        Self { folder, head }
    }

    /// Writes these resources as its configuration.
    pub(crate) fn configure(&self, resources: &str) {
        std::fs::write(self.folder.join("main.tf"), format!("{}{resources}", self.head)).unwrap();
        self.run(&["init", "-input=false"]);
    }

    pub(crate) fn apply(&self, side: &str) {
        self.run(&["apply", "-auto-approve", "-input=false", "-var", &format!("side={side}")]);
    }

    /// An apply that holds its locks for some seconds.
    pub(crate) fn slow_apply(&self, side: &str) -> Child {
        let slow = "resource \"terraform_data\" \"slow\" {\n  provisioner \"local-exec\" {\n    command = \"sleep 12\"\n  }\n}\n";
        let file = self.folder.join("slow.tf");
        std::fs::write(&file, slow).unwrap();
        let mut command = self.command(&["apply", "-auto-approve", "-input=false", "-var", &format!("side={side}")]);
        command.stdout(Stdio::null()).spawn().unwrap()
    }

    /// Waits until the CLI has both of its locks, then forgets what makes it slow.
    pub(crate) async fn wait_until_locked(&self, ports: &Ports, place: &Place) {
        for _ in 0..200 {
            if ports.state_lock(LOCKS, &place.lock_id()).await.unwrap().is_some() {
                // It has read its configuration by then.
                tokio::time::sleep(Duration::from_secs(2)).await;
                std::fs::remove_file(self.folder.join("slow.tf")).unwrap();
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("terraform has not locked {}", place.lock_id());
    }

    pub(crate) fn workspace_new(&self, name: &str) {
        self.run(&["workspace", "new", name]);
    }

    pub(crate) fn select(&self, name: &str) {
        self.run(&["workspace", "select", name]);
    }

    pub(crate) fn workspaces(&self) -> Vec<String> {
        let listed = self.run(&["workspace", "list"]);
        listed
            .lines()
            .map(|line| line.trim_start_matches('*').trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect()
    }

    /// How many kinds of change a plan has: 0, or 2 as the CLI says of any.
    pub(crate) fn plan(&self, side: &str) -> Result<i32, String> {
        let output = self.output(&["plan", "-detailed-exitcode", "-input=false", "-var", &format!("side={side}")]);
        match output.status.code() {
            Some(code @ (0 | 2)) => Ok(code),
            _ => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("terraform");
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_CLI_ARGS", "-no-color");
        // No provider is needed but the one that is built in.
        command.env_remove("TF_CLI_CONFIG_FILE");
        command
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

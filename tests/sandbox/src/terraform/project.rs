//! One Terraform project of the shop: its code in a folder, its state on the account's S3.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::aws::REGION;
use crate::error::{Context, Error, Result};

use super::NODES;
use super::program::{Planned, Program, provider};

/// The bucket of the states.
pub const STATES: &str = "shop-states";
/// The table that locks them.
pub const LOCKS: &str = "shop-locks";

/// A project in one workspace.
#[derive(Clone, Debug)]
pub(super) struct Project {
    /// Its name, and its folder's in tests/sandbox/terraform.
    pub(super) name: &'static str,
    /// The workspace.
    pub(super) workspace: &'static str,
    /// The way of its hand-over.
    pub(super) mode: &'static str,
    /// Its main.tf.
    pub(super) code: String,
    program: Program,
    folder: PathBuf,
}

impl Project {
    /// A project with this code and these values of its variables, in a workspace that is made where it is not there.
    pub(super) async fn create(
        program: &Program,
        (run, endpoint): (&Path, &str),
        [name, workspace, mode]: [&'static str; 3],
        code: String,
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        let folder = run.join(format!("terraform-{name}-{workspace}"));
        let project = Self { name, workspace, mode, code, program: program.clone(), folder };
        std::fs::create_dir_all(&project.folder).context("making a project's folder")?;
        project.write("main.tf", &project.code)?;
        if name == "cluster" {
            std::fs::create_dir_all(project.folder.join("nodes")).context("making a module's folder")?;
            project.write("nodes/main.tf", NODES)?;
        }
        project.set(variables)?;
        let head = format!("{}\n{}", backend(name, endpoint), provider(endpoint));
        program.prepare(&project.folder, &head).await?;
        project.run(&["workspace", "select", "-or-create", workspace]).await?;
        Ok(project)
    }

    /// The key of its state.
    pub(super) fn object(&self) -> String {
        format!("env:/{}/{}.tfstate", self.workspace, self.name)
    }

    /// What the input of a migration says of it, but for what is to become of it.
    pub(super) fn place(&self) -> Value {
        json!({
            "bucket": STATES, "key": format!("{}.tfstate", self.name),
            "lock": { "dynamodbTable": LOCKS, "useLockfile": true },
        })
    }

    /// Writes one of its files.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<()> {
        std::fs::write(self.folder.join(name), text).context(format!("writing {name} of the project {}", self.name))
    }

    /// Sets its variables.
    pub(super) fn set(&self, variables: &[(&str, &str)]) -> Result<()> {
        let lines: Vec<String> = variables.iter().map(|(name, value)| format!("{name} = {value:?}\n")).collect();
        self.write("terraform.tfvars", &lines.concat())
    }

    /// Takes one of its files away.
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        std::fs::remove_file(self.folder.join(name)).context(format!("removing {name} of the project {}", self.name))
    }

    /// Plans.
    pub(super) async fn plan(&self) -> Result<Planned> {
        self.program.plan(&self.folder, &[]).await.context(format!("the project {}", self.name))
    }

    /// Applies what was planned.
    pub(super) async fn apply(&self) -> Result<()> {
        self.run(&["apply", "-input=false", "plan"]).await.map(drop)
    }

    /// Plans and applies; fails where more would happen than `may`.
    pub(super) async fn converge(&self, what: &str, may: impl Fn(&Planned) -> bool) -> Result<Planned> {
        let planned = self.plan().await?;
        if !may(&planned) {
            let lines = planned.lines.join(", ");
            return Err(Error::new(format!("the project {}, {what}: terraform plans {lines}", self.name)));
        }
        self.apply().await?;
        Ok(planned)
    }

    async fn run(&self, arguments: &[&str]) -> Result<String> {
        self.program.run(&self.folder, arguments).await.context(format!("the project {}", self.name))
    }
}

/// The backend of a project: both kinds of locks.
fn backend(name: &str, endpoint: &str) -> String {
    format!(
        "terraform {{\n  backend \"s3\" {{\n    bucket = \"{STATES}\"\n    key = \"{name}.tfstate\"\n    region = \"{REGION}\"\n    \
         dynamodb_table = \"{LOCKS}\"\n    use_lockfile = true\n    use_path_style = true\n    access_key = \"test\"\n    \
         secret_key = \"test\"\n    skip_credentials_validation = true\n    skip_metadata_api_check = true\n    \
         skip_requesting_account_id = true\n    endpoints = {{ s3 = \"{endpoint}\", dynamodb = \"{endpoint}\" }}\n  }}\n}}\n"
    )
}

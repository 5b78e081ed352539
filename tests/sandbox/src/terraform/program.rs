//! The Terraform CLI with its AWS provider, from this machine.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use tokio::process::Command;

use crate::aws::REGION;
use crate::error::{Context, Error, Result};

/// Where a mirror of providers is looked for when `TF_CLI_CONFIG_FILE` names none: Terraform's implied mirrors
/// (<https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories>) and what images use.
const MIRRORS: [&str; 3] = ["/opt/tf-plugins", "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins"];

/// The services that the provider is to find at the account's endpoint, by its own names.
const SERVICES: [&str; 9] = ["apigateway", "autoscaling", "cloudwatch", "ec2", "eks", "elbv2", "iam", "s3", "sts"];

/// The CLI, where the provider is on this machine too.
#[derive(Clone, Debug)]
pub struct Program {
    mirror: Mirror,
}

#[derive(Clone, Debug)]
enum Mirror {
    /// The file of `TF_CLI_CONFIG_FILE`.
    Configured,
    Folder(PathBuf),
}

/// What a plan would do, as Terraform counts it
/// (<https://developer.hashicorp.com/terraform/internals/machine-readable-ui#change-summary>).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// Resources that would be made.
    pub add: u64,
    /// Resources that would be changed.
    pub change: u64,
    /// Resources that would be destroyed.
    pub destroy: u64,
    /// Resources that would be imported. Not part of the JSON.
    #[serde(skip)]
    pub import: u64,
}

impl Changes {
    /// Whether nothing would be made, changed or destroyed.
    #[must_use]
    pub fn is_empty(self) -> bool {
        (self.add, self.change, self.destroy) == (0, 0, 0)
    }

    /// For people, as Terraform says it.
    #[must_use]
    pub fn told(self) -> String {
        format!("{} to add, {} to change, {} to destroy", self.add, self.change, self.destroy)
    }
}

/// A plan.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// How much it would do.
    pub changes: Changes,
    /// A line for each resource that it would make, change or destroy.
    pub lines: Vec<String>,
}

impl Planned {
    /// Whether it deletes nothing, and makes nothing but what the provider cannot import.
    #[must_use]
    pub fn only_takes_up(&self) -> bool {
        let mut made = self.lines.iter().filter_map(|line| line.strip_prefix("create "));
        self.changes.destroy == 0 && made.all(|address| address.starts_with("aws_autoscaling_attachment."))
    }

    /// For people.
    #[must_use]
    pub fn told(&self) -> String {
        let lines = if self.lines.is_empty() { String::new() } else { format!(" ({})", self.lines.join(", ")) };
        self.changes.told() + &lines
    }
}

impl Program {
    /// The CLI of this machine, where the provider is on it too.
    #[must_use]
    pub fn find() -> Option<Self> {
        let paths = std::env::var_os("PATH")?;
        std::env::split_paths(&paths).find(|folder| folder.join("terraform").is_file())?;
        if std::env::var_os("TF_CLI_CONFIG_FILE").is_some_and(|file| Path::new(&file).is_file()) {
            return Some(Self { mirror: Mirror::Configured });
        }
        let mut mirrors = MIRRORS.iter().map(PathBuf::from);
        let mirror = mirrors.find(|folder| folder.join("registry.terraform.io/hashicorp/aws").is_dir())?;
        Some(Self { mirror: Mirror::Folder(mirror) })
    }

    /// Makes a folder in which the CLI finds the provider, with this as its `provider.tf`: [`provider`] and what goes with it.
    ///
    /// # Errors
    /// When it cannot be written, or the CLI cannot set it up.
    pub async fn prepare(&self, folder: &Path, head: &str) -> Result<()> {
        std::fs::create_dir_all(folder).context("making a project's folder")?;
        std::fs::write(folder.join("provider.tf"), head).context("writing a project")?;
        if let Mirror::Folder(mirror) = &self.mirror {
            let mirror =
                format!("provider_installation {{\n  filesystem_mirror {{ path = \"{}\" }}\n}}\n", mirror.display());
            std::fs::write(folder.join("terraform.rc"), mirror).context("writing a project")?;
        }
        self.run(folder, &["init", "-input=false"]).await.map(drop)
    }

    /// Runs the CLI in a folder that was prepared, and gives what it printed.
    ///
    /// # Errors
    /// What it complained of, where it failed.
    pub async fn run(&self, folder: &Path, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new("terraform");
        command.args(arguments).arg("-no-color").current_dir(folder).env("CHECKPOINT_DISABLE", "1").kill_on_drop(true);
        if let Mirror::Folder(_) = &self.mirror {
            command.env("TF_CLI_CONFIG_FILE", folder.join("terraform.rc"));
        }
        let output = command.output().await.context("running terraform")?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            return Ok(text(&output.stdout));
        }
        let said = complaints(&text(&output.stdout)).join("; ");
        Err(Error::new(format!("terraform {}: {said} {}", arguments.join(" "), text(&output.stderr).trim())))
    }

    /// Plans, keeps the plan as `plan`, and says what it would do.
    ///
    /// # Errors
    /// What the CLI complained of.
    pub async fn plan(&self, folder: &Path, more: &[&str]) -> Result<Planned> {
        let arguments = [&["plan", "-json", "-input=false", "-out=plan"], more].concat();
        let said = self.run(folder, &arguments).await?;
        planned(&said).context("what terraform plans")
    }
}

/// The provider at this endpoint, with the administrator's keys.
#[must_use]
pub fn provider(endpoint: &str) -> String {
    let endpoints: Vec<String> = SERVICES.iter().map(|service| format!("    {service} = {endpoint:?}")).collect();
    format!(
        "terraform {{\n  required_providers {{\n    aws = {{ source = \"hashicorp/aws\" }}\n  }}\n}}\n\n\
         provider \"aws\" {{\n  region = {REGION:?}\n  access_key = \"test\"\n  secret_key = \"test\"\n  \
         skip_credentials_validation = true\n  skip_metadata_api_check = true\n  skip_requesting_account_id = true\n  \
         endpoints {{\n{}\n  }}\n}}\n",
        endpoints.join("\n")
    )
}

/// The messages of the CLI's machine-readable output
/// (<https://developer.hashicorp.com/terraform/internals/machine-readable-ui>).
fn messages(said: &str) -> impl Iterator<Item = Value> {
    said.lines().filter_map(|line| serde_json::from_str(line).ok())
}

fn complaints(said: &str) -> Vec<String> {
    let errors = messages(said).filter(|message| message["@level"] == "error");
    errors.map(|message| format!("{} {}", message["@message"], message["diagnostic"]["detail"])).collect()
}

fn planned(said: &str) -> Option<Planned> {
    let mut planned = None;
    let mut lines = Vec::new();
    for message in messages(said) {
        let change = &message["change"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match message["type"].as_str() {
            Some("planned_change") if change["action"] != "import" => {
                lines.push(format!("{} {}", text(&change["action"]), text(&change["resource"]["addr"])));
            }
            Some("change_summary") => {
                let count = |name: &str| message["changes"][name].as_u64();
                let changes = Changes {
                    add: count("add")?,
                    change: count("change")?,
                    destroy: count("remove")?,
                    import: count("import").unwrap_or_default(),
                };
                planned = Some(changes);
            }
            _ => {}
        }
    }
    planned.map(|changes| Planned { changes, lines })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Lines of Terraform 1.11.4.
    #[test]
    fn a_plan_is_counted_as_terraform_counts_it() {
        let said = concat!(
            r#"{"@level":"info","type":"version","terraform":"1.11.4"}"#,
            "\n",
            r#"{"@level":"info","type":"planned_change","change":{"resource":{"addr":"aws_lb.a"},"action":"update"}}"#,
            "\n",
            r#"{"@level":"info","type":"planned_change","change":{"resource":{"addr":"aws_lb.b"},"action":"import"}}"#,
            "\n",
            r#"{"@level":"info","type":"change_summary","changes":{"add":0,"change":1,"import":1,"remove":0,"operation":"plan"}}"#,
            "\n",
        );
        let planned = planned(said).unwrap();
        assert_eq!(planned.changes, Changes { change: 1, import: 1, ..Changes::default() });
        assert_eq!(planned.lines, ["update aws_lb.a"]);
        assert!(!planned.changes.is_empty());
    }

    #[test]
    fn what_says_nothing_of_changes_is_no_plan() {
        assert!(super::planned("Error: no\n").is_none());
        let said = r#"{"@level":"error","@message":"Error: Invalid reference","diagnostic":{"detail":"no such"}}"#;
        assert_eq!(complaints(said), ["\"Error: Invalid reference\" \"no such\""]);
    }
}

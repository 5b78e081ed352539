//! The Terraform CLI with its AWS provider, from this machine.

use super::imports::Import;
use sandbox::aws::REGION;
use serde_json::Value;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// Where a mirror of providers is looked for when `TF_CLI_CONFIG_FILE` names none: Terraform's implied mirrors
/// (<https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories>) and what images use.
const MIRRORS: [&str; 3] = ["/opt/tf-plugins", "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins"];

/// The services that the provider is to find at the account's endpoint, by its own names.
const SERVICES: [&str; 9] = ["apigateway", "autoscaling", "cloudwatch", "ec2", "eks", "elbv2", "iam", "s3", "sts"];

/// Lines of the generated configuration that the provider itself does not take back: it writes every attribute that it has read, those
/// of alternatives and unset numbers among them
/// (<https://developer.hashicorp.com/terraform/language/import/generating-configuration#conflicting-resource-arguments>).
const UNSET: [&str; 6] = [
    "iops = 0",
    "max_unavailable_percentage = 0",
    "security_group_names = []",
    "throughput = 0",
    "volume_initialization_rate = 0",
    "vpc_endpoint_ids = []",
];

/// Blocks that it does not take back either: `subnets` says the same as `subnet_mapping`, and a Network Load Balancer's target group
/// has no `target_failover`.
const ALTERNATIVES: [&str; 2] = ["  subnet_mapping {", "  target_failover {"];

/// The CLI.
pub(super) struct Program {
    mirror: Mirror,
}

enum Mirror {
    /// The file of `TF_CLI_CONFIG_FILE`.
    Configured,
    Folder(PathBuf),
}

/// What a plan says.
pub(super) struct Changes {
    /// Resources that are imported.
    pub(super) imported: usize,
    /// A line for each resource that would change, with the attributes that differ.
    pub(super) differences: Vec<String>,
}

impl Program {
    /// The CLI of this machine, where the provider is on it too.
    pub(super) fn find() -> Option<Self> {
        let paths = std::env::var_os("PATH")?;
        std::env::split_paths(&paths).find(|folder| folder.join("terraform").is_file())?;
        if std::env::var_os("TF_CLI_CONFIG_FILE").is_some_and(|file| Path::new(&file).is_file()) {
            return Some(Self { mirror: Mirror::Configured });
        }
        let mut mirrors = MIRRORS.iter().map(PathBuf::from);
        let mirror = mirrors.find(|folder| folder.join("registry.terraform.io/hashicorp/aws").is_dir())?;
        Some(Self { mirror: Mirror::Folder(mirror) })
    }

    /// Imports the resources into a new state, with the configuration that Terraform itself writes for them, and plans.
    pub(super) async fn plan(&self, folder: &Path, endpoint: &str, imports: &[Import]) -> Changes {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join("main.tf"), configuration(endpoint, imports)).unwrap();
        if let Mirror::Folder(mirror) = &self.mirror {
            let mirror =
                format!("provider_installation {{\n  filesystem_mirror {{ path = \"{}\" }}\n}}\n", mirror.display());
            std::fs::write(folder.join("terraform.rc"), mirror).unwrap();
        }
        self.run(folder, &["init"]).await.unwrap();
        // It fails where an alternative was written, and has written the file then too.
        let generated = folder.join("generated.tf");
        let first = self.run(folder, &["plan", "-generate-config-out=generated.tf"]).await;
        let written = std::fs::read_to_string(&generated).unwrap_or_else(|_| panic!("no configuration: {first:?}"));
        std::fs::write(&generated, accepted(&written)).unwrap();
        self.run(folder, &["plan", "-out=plan"]).await.unwrap();
        let plan = self.run(folder, &["show", "-json", "plan"]).await.unwrap();
        changes(&serde_json::from_str(&plan).unwrap())
    }

    async fn run(&self, folder: &Path, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new("terraform");
        command.args(arguments).arg("-no-color").current_dir(folder).env("CHECKPOINT_DISABLE", "1");
        if arguments[0] != "show" {
            command.arg("-input=false");
        }
        if let Mirror::Folder(_) = &self.mirror {
            command.env("TF_CLI_CONFIG_FILE", folder.join("terraform.rc"));
        }
        let output = command.output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}

fn configuration(endpoint: &str, imports: &[Import]) -> String {
    let endpoints: Vec<String> = SERVICES.iter().map(|service| format!("    {service} = {endpoint:?}")).collect();
    let mut text = format!(
        "terraform {{\n  required_providers {{\n    aws = {{ source = \"hashicorp/aws\" }}\n  }}\n}}\n\n\
         provider \"aws\" {{\n  region = {REGION:?}\n  access_key = \"test\"\n  secret_key = \"test\"\n  \
         skip_credentials_validation = true\n  skip_metadata_api_check = true\n  skip_requesting_account_id = true\n  \
         endpoints {{\n{}\n  }}\n}}\n",
        endpoints.join("\n")
    );
    for (number, (kind, id)) in imports.iter().enumerate() {
        write!(text, "\nimport {{\n  to = {kind}.number_{number}\n  id = {id:?}\n}}\n").unwrap();
    }
    text
}

/// The configuration without what the provider does not take back.
fn accepted(written: &str) -> String {
    let mut text = String::new();
    let mut inside = "";
    for line in written.lines() {
        let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if ALTERNATIVES.contains(&line) || line == "  launch_template {" {
            inside = line;
        }
        let alternative = ALTERNATIVES.contains(&inside) || (!inside.is_empty() && words.starts_with("name = "));
        if line == "  }" {
            inside = "";
        }
        if alternative || UNSET.contains(&words.as_str()) {
            continue;
        }
        // An unset description is written as null, which stands for the provider's default, "Managed by Terraform".
        let line = match words.split_once(" = ") {
            Some(("description", "null")) => "  description = \"\"",
            Some((_, value)) if value == "null" || value.starts_with("null # sensitive") => continue,
            _ => line,
        };
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn changes(plan: &Value) -> Changes {
    let mut found = Changes { imported: 0, differences: Vec::new() };
    for resource in plan["resource_changes"].as_array().into_iter().flatten() {
        let change = &resource["change"];
        found.imported += usize::from(change["importing"].is_object());
        if change["actions"] != serde_json::json!(["no-op"]) {
            let after = change["after"].as_object().into_iter().flatten();
            let differing: Vec<String> = after
                .filter(|(name, value)| change["before"][name.as_str()] != **value)
                .map(|(name, value)| format!("{name}: {} becomes {value}", change["before"][name.as_str()]))
                .collect();
            found.differences.push(format!("{} {}: {}", change["actions"], resource["address"], differing.join(", ")));
        }
    }
    found
}

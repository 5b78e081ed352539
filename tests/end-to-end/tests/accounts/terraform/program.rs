//! A project that imports what it is told, with the configuration that Terraform itself writes for it.

use super::imports::Import;
use sandbox::terraform::program::{Program, provider};
use serde_json::Value;
use std::path::Path;

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

/// What a plan says.
pub(super) struct Changes {
    /// Resources that are imported.
    pub(super) imported: usize,
    /// A line for each resource that would change, with the attributes that differ.
    pub(super) differences: Vec<String>,
}

/// Imports the resources into a new state, and plans.
pub(super) async fn plan(program: &Program, folder: &Path, endpoint: &str, imports: &[Import]) -> Changes {
    let blocks = imports.iter().enumerate();
    let blocks: Vec<String> = blocks
        .map(|(number, (kind, id))| format!("\nimport {{\n  to = {kind}.number_{number}\n  id = {id:?}\n}}\n"))
        .collect();
    program.prepare(folder, &format!("{}{blocks}", provider(endpoint), blocks = blocks.concat())).await.unwrap();
    // It fails where an alternative was written, and has written the file then too.
    let generated = folder.join("generated.tf");
    let first = program.run(folder, &["plan", "-input=false", "-generate-config-out=generated.tf"]).await;
    let written = std::fs::read_to_string(&generated).unwrap_or_else(|_| panic!("no configuration: {first:?}"));
    std::fs::write(&generated, accepted(&written)).unwrap();
    program.run(folder, &["plan", "-input=false", "-out=plan"]).await.unwrap();
    let plan = program.run(folder, &["show", "-json", "plan"]).await.unwrap();
    changes(&serde_json::from_str(&plan).unwrap())
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

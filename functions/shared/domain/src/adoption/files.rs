//! What Bascule writes beside a state for the people of its project, in the shape of a merge request.

use super::{Adoption, Taken, hcl, kinds};
use crate::{
    markdown::{code, text},
    terraform::{Address, Place, address::quoted, backend::DEFAULT},
};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;

/// What the key of the directory has behind that of the state, before the migration's name.
pub const FOLDER: &str = ".bascule-adopt-";

/// The names of the files.
pub const NAMES: [&str; 4] = ["README.md", "green.tf", "blue.tf", "way-back.tf"];

/// A file of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// One of [`NAMES`].
    pub name: &'static str,
    /// What it says.
    pub text: String,
}

/// The files of a migration of this name for one state.
#[must_use]
pub fn files(adoption: &Adoption, place: &Place, migration: &str) -> [File; 4] {
    let Adoption { taken, set, left } = adoption;
    let texts = [
        readme(adoption, place, migration),
        format!("{}{}", green(taken), notes(set, left)),
        removed(
            "# For the commit by which Terraform deletes blue, once the cleanup asks for it: in place of the blocks of these resources.\n",
            taken.iter().filter(|taken| taken.is_written_out()).map(|taken| &taken.from),
            true,
        ),
        removed(
            "# Only after the migration was turned back: in place of green.tf. Nothing is deleted; Bascule does that itself.\n",
            taken.iter().map(|taken| &taken.to),
            false,
        ),
    ];
    let mut texts = texts.into_iter();
    NAMES.map(|name| File { name, text: texts.next().unwrap_or_default() })
}

/// Import blocks, and the configuration of what can be written out.
fn green(taken: &[Taken]) -> String {
    let mut out = String::from("# What Bascule created for green, as resources of this project.\n");
    for one in taken {
        if let Some(id) = &one.import_id {
            let _ = write!(out, "\nimport {{\n  to = {}\n  id = {}\n}}\n", one.to, quoted(id));
        }
        if let Some(resource) = one.to.resource.as_ref().filter(|_| one.is_written_out()) {
            let head = format!("resource \"{}\" \"{}\"", resource.kind, resource.name);
            let more = match kinds::ignored(&resource.kind) {
                [] => String::new(),
                ignored => format!("\n  lifecycle {{\n    ignore_changes = [{}]\n  }}\n", ignored.join(", ")),
            };
            out.push('\n');
            hcl::block(&mut out, &head, &one.configuration, &more, 0);
        }
    }
    out
}

/// What is to be changed by hand, as comments: who reads only this file sees it too.
fn notes(set: &[super::Setting], left: &[(Address, Vec<String>)]) -> String {
    let mut out = String::new();
    for one in set {
        let _ =
            write!(out, "\n# {}: {} = {}\n", one.address, one.argument, hcl::value(&one.set, 0).replace('\n', "\n# "));
    }
    for (address, arguments) in left {
        let _ = write!(out, "\n# {address} names something of blue by {}: see README.md\n", arguments.join(", "));
    }
    out
}

/// `removed` blocks: they name whole resources, and a module that holds nothing else by its call
/// (<https://developer.hashicorp.com/terraform/language/resources/syntax#removing-resources>).
fn removed<'a>(head: &str, addresses: impl Iterator<Item = &'a Address>, destroy: bool) -> String {
    let whole = addresses.map(|address| match address.module.first() {
        Some(call) => format!("module.{}", call.name),
        None => address.resource.as_ref().map(ToString::to_string).unwrap_or_default(),
    });
    let mut out = String::from(head);
    for from in whole.collect::<BTreeSet<_>>() {
        let _ = write!(out, "\nremoved {{\n  from = {from}\n\n  lifecycle {{\n    destroy = {destroy}\n  }}\n}}\n");
    }
    out
}

fn readme(adoption: &Adoption, place: &Place, migration: &str) -> String {
    let Adoption { taken, set, left } = adoption;
    let workspace =
        if place.workspace == DEFAULT { String::new() } else { format!(" (workspace {})", code(&place.workspace)) };
    let mut out = format!(
        "# Green in {}{workspace}\n\nWritten by the Bascule migration {}. Green serves; this state still describes blue. Until the cleanup both \
         exist, and after this merge request Terraform knows both.\n\n## Now\n\n",
        code(&format!("s3://{}", place.lock_id())),
        code(migration),
    );
    let mut step = 0;
    let mut steps = |out: &mut String, text: &str| {
        step += 1;
        let _ = writeln!(out, "{step}. {text}");
    };
    if !taken.is_empty() {
        steps(
            &mut out,
            "Add [green.tf](green.tf) to the root module: its `import` blocks take up what Bascule created. They can stay.",
        );
    }
    let copied: Vec<&Taken> = taken.iter().filter(|taken| !taken.is_written_out()).collect();
    if !copied.is_empty() {
        steps(
            &mut out,
            "Copy the blocks of these resources, or the call of their module, under the new name, with the values below:",
        );
        for one in &copied {
            let _ = writeln!(
                out,
                "   - {} becomes {}{}",
                code(&one.from.to_string()),
                code(&one.to.to_string()),
                changed(&one.changes)
            );
        }
    }
    if !set.is_empty() {
        steps(&mut out, "Set what the switch has changed, to these values or to references to green's resources:");
        for one in set {
            let (found, set) = (hcl::value(&one.found, 0), hcl::value(&one.set, 0));
            let _ = writeln!(
                out,
                "   - {}: {} = {} (was {})",
                code(&one.address.to_string()),
                code(&one.argument),
                code(&set),
                code(&found)
            );
        }
    }
    if !left.is_empty() {
        steps(
            &mut out,
            "Look at what names something of blue and is not taken up here, and decide what it is to name:",
        );
        for (address, arguments) in left {
            let _ = writeln!(out, "   - {}: {}", code(&address.to_string()), text(&arguments.join(", ")));
        }
    }
    let count = taken.iter().filter(|taken| taken.import_id.is_some()).count();
    let added = taken.len() - count;
    let _ = writeln!(
        out,
        "\n`terraform plan` then shows {count} to import, {added} to add, 0 to change, 0 to destroy{}. {}Apply it, and unfreeze the pipeline.\n",
        if left.is_empty() { "" } else { ", but for what was decided in the last step" },
        if added == 0 {
            ""
        } else {
            "What is to add are attachments of Auto Scaling groups, which the provider cannot import: they are there, and adding them again \
             changes nothing. "
        }
    );
    let _ = writeln!(
        out,
        "## When the cleanup asks for it\n\nReplace blue's blocks by [blue.tf](blue.tf), or delete them, and point references to green's resources; apply, the \
         project that has the VPC link before the one that has its load balancer. Terraform deletes blue, Bascule waits for it and then takes its own things away. Of blue are:\n"
    );
    for one in taken {
        let _ = writeln!(out, "- {}", code(&one.from.to_string()));
    }
    let _ = writeln!(
        out,
        "\n## If the migration is turned back\n\nRevert the merge request, and add [way-back.tf](way-back.tf) where it was applied: Terraform forgets green, which \
         Bascule deletes."
    );
    out
}

/// The values that differ, for people.
fn changed(changes: &[(String, Value)]) -> String {
    let one = |(path, value): &(String, Value)| {
        let value = if value.is_null() { "null".to_owned() } else { hcl::value(value, 0) };
        format!("{} = {}", code(path), code(&value))
    };
    let changes: Vec<String> = changes.iter().map(one).collect();
    if changes.is_empty() { String::new() } else { format!(": {}", changes.join(", ")) }
}

impl Place {
    /// The key of one of the files for a migration of this name. Terraform takes none of them for a workspace.
    #[must_use]
    pub fn merge_request(&self, migration: &str, name: &str) -> String {
        format!("{}{FOLDER}{migration}/{name}", self.object)
    }

    /// The directory's URI, for people.
    #[must_use]
    pub fn merge_request_uri(&self, migration: &str) -> String {
        format!("s3://{}/{}", self.bucket, self.merge_request(migration, ""))
    }
}

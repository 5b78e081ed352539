//! What Bascule writes beside a state for the people of its project, in the shape of a merge request.

use super::{Adoption, Leaving, Taken, hcl, kinds, references::References};
use crate::{
    markdown::{code, text},
    terraform::{Address, Place, address::quoted, backend::DEFAULT},
};
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
    let Adoption { taken, set, left, leaving } = adoption;
    let texts = [
        readme(adoption, place, migration),
        format!("{}{}", green(taken), notes(set, left)),
        removed(
            "# For the commit by which Terraform deletes blue, once the cleanup asks for it: in place of the blocks of these resources.\n",
            leaving.whole.iter().cloned(),
            true,
        ) + &by_hand(leaving),
        removed(
            "# Only after the migration was turned back: in place of green.tf. Nothing is deleted; Bascule does that itself.\n",
            taken.iter().map(|taken| taken.to.to_string()),
            false,
        ),
    ];
    let mut texts = texts.into_iter();
    NAMES.map(|name| File { name, text: texts.next().unwrap_or_default() })
}

/// Import blocks and configuration.
fn green(taken: &[Taken]) -> String {
    let mut out = String::from("# What Bascule created for green, as resources of this project.\n");
    let references = References::to(taken);
    for one in taken {
        if let Some(id) = &one.import_id {
            let _ = write!(out, "\nimport {{\n  to = {}\n  id = {}\n}}\n", one.to, quoted(id));
        }
        if let Some(resource) = &one.to.resource {
            let head = format!("resource \"{}\" \"{}\"", resource.kind, resource.name);
            let more = meta(one.alias.as_deref(), &references.before(&resource.kind), kinds::ignored(&resource.kind));
            let own = one.to.to_string();
            let refer = |argument: &str, text: &str| references.expression(&own, argument, text);
            out.push('\n');
            hcl::block(&mut out, &head, &one.configuration, &more, 0, &refer);
        }
    }
    out
}

/// The meta-arguments of a block.
fn meta(alias: Option<&str>, before: &[&str], ignored: &[&str]) -> String {
    let mut out = String::new();
    if let Some(alias) = alias {
        let _ = write!(out, "\n  provider = aws.{alias}\n");
    }
    if !before.is_empty() {
        let _ = write!(out, "\n  depends_on = [{}]\n", before.join(", "));
    }
    if !ignored.is_empty() {
        let _ = write!(out, "\n  lifecycle {{\n    ignore_changes = [{}]\n  }}\n", ignored.join(", "));
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

/// `removed` blocks of resources and calls of modules
/// (<https://developer.hashicorp.com/terraform/language/resources/syntax#removing-resources>).
fn removed(head: &str, whole: impl Iterator<Item = String>, destroy: bool) -> String {
    let mut out = String::from(head);
    for from in whole.collect::<BTreeSet<_>>() {
        let _ = write!(out, "\nremoved {{\n  from = {from}\n\n  lifecycle {{\n    destroy = {destroy}\n  }}\n}}\n");
    }
    out
}

/// What people have to do with what no `removed` block can name, as comments with the lines to write.
fn by_hand(leaving: &Leaving) -> String {
    let mut out = String::new();
    for (resource, instances) in &leaving.instances {
        let instances: Vec<String> = instances.iter().map(ToString::to_string).collect();
        let _ = write!(
            out,
            "\n# {resource} has other instances too: delete {} from its for_each or count\n",
            instances.join(", ")
        );
    }
    for (call, staying) in &leaving.staying {
        let _ = write!(
            out,
            "\n# {call} has what stays too. In the commit that deletes its call move that out of it, each to a block of its own:\n"
        );
        for (from, to) in staying {
            let _ = write!(out, "# moved {{\n#   from = {from}\n#   to   = {to}\n# }}\n");
        }
    }
    out
}

fn readme(adoption: &Adoption, place: &Place, migration: &str) -> String {
    let Adoption { taken, set, left, leaving } = adoption;
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
            "Add [green.tf](green.tf) to the root module: its `import` blocks take up what Bascule created. They can stay. What blue has in \
             modules, with `for_each` or with `count` has blocks of its own there; `moved` blocks take them wherever you want them later.",
        );
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
        let _ = writeln!(out, "- {}, of which {} is green's", code(&one.from.to_string()), code(&one.to.to_string()));
    }
    stays(&mut out, leaving);
    let _ = writeln!(
        out,
        "\n## If the migration is turned back\n\nRevert the merge request, and add [way-back.tf](way-back.tf) where it was applied: Terraform forgets green, which \
         Bascule deletes."
    );
    out
}

/// What is blue's in part, for people.
fn stays(out: &mut String, leaving: &Leaving) {
    if leaving.instances.is_empty() && leaving.staying.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\nThese have something else too, which must stay, and of which green may have need. No block of blue.tf can name them; the lines to write \
         are in its comments:\n"
    );
    for (resource, instances) in &leaving.instances {
        let instances: Vec<String> = instances.iter().map(|address| code(&address.to_string())).collect();
        let _ = writeln!(out, "- {}: delete {} alone", code(resource), instances.join(", "));
    }
    for (call, staying) in &leaving.staying {
        let staying: Vec<String> = staying.iter().map(|(from, _)| code(&from.to_string())).collect();
        let _ = writeln!(
            out,
            "- {}: move {} out of it in the commit that deletes its call",
            code(call),
            staying.join(", ")
        );
    }
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

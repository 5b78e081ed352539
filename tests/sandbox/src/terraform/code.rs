//! What people do to the code of a project with what Bascule wrote for it: set values, and delete blocks. The code is formatted as
//! `terraform fmt` does: a block ends with the first line that is a closing brace alone.

use crate::error::{Context, Result};

/// A value to set: the address of a resource, an argument of it, and the value as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    address: String,
    argument: String,
    value: String,
}

/// The values that a `green.tf` names for the project's own resources.
pub(super) fn settings(green: &str) -> Vec<Setting> {
    let lines = green.lines().filter_map(|line| {
        let (rest, value) = line.strip_prefix("# ")?.split_once(" = ")?;
        let (address, argument) = rest.rsplit_once(": ")?;
        Some(Setting { address: address.to_owned(), argument: argument.to_owned(), value: value.to_owned() })
    });
    lines.collect()
}

/// The resources that a `blue.tf` deletes.
pub(super) fn removed(blue: &str) -> Vec<&str> {
    blue.lines().filter_map(|line| line.trim().strip_prefix("from = ")).collect()
}

/// The code with the value. Of a resource with `for_each` each instance has it.
///
/// # Errors
/// When the code has no such argument.
pub(super) fn set(code: &str, Setting { address, argument, value }: &Setting) -> Result<String> {
    let resource = address.split('[').next().unwrap_or_default();
    let (mut inside, mut found) = (false, false);
    let mut lines = Vec::new();
    for line in code.lines() {
        inside = if line == "}" { false } else { inside || heads(line, resource) };
        let is_it = inside && line.split_once(" = ").is_some_and(|(name, _)| name.trim() == argument);
        found |= is_it;
        lines.push(if is_it { format!("  {argument} = {value}\n") } else { format!("{line}\n") });
    }
    found.then(|| lines.concat()).context(format!("{argument} of {address} in the code"))
}

/// The code without the blocks of these resources, of data sources where they begin with `data.`, and without these calls of modules.
pub(super) fn without(code: &str, resources: &[&str]) -> String {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in code.lines() {
        inside |= resources.iter().any(|resource| heads(line, resource));
        if !inside {
            lines.push(format!("{line}\n"));
        }
        inside &= line != "}";
    }
    lines.concat()
}

/// Whether the line is the head of the block of this resource or call.
fn heads(line: &str, resource: &str) -> bool {
    if let Some(name) = resource.strip_prefix("module.") {
        return line == format!("module \"{name}\" {{");
    }
    let (word, rest) = resource.strip_prefix("data.").map_or(("resource", resource), |rest| ("data", rest));
    rest.split_once('.').is_some_and(|(kind, name)| line == format!("{word} \"{kind}\" \"{name}\" {{"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "data \"aws_lb\" \"shop\" {\n  name = \"a\"\n}\n\nresource \"aws_x\" \"one\" {\n  for_each = local.all\n  id       = \
                        aws_y.one.id\n\n  block {\n    id = 1\n  }\n}\n\nresource \"aws_y\" \"one\" {\n  id = 2\n}\n";

    #[test]
    fn the_values_of_a_merge_request_are_set_in_the_code() {
        let green = "# What Bascule created.\n\n# aws_x.one[\"GET a\"]: id = \"b1\"\n\n# aws_z.one names something of blue by id: see README.md\n";
        let found = settings(green);
        let id = Setting { address: "aws_x.one[\"GET a\"]".into(), argument: "id".into(), value: "\"b1\"".into() };
        assert_eq!(found, [id]);
        let code = set(CODE, &found[0]).unwrap();
        assert!(code.contains("local.all\n  id = \"b1\"\n"), "{code}");
        assert!(code.contains("  id = 2\n"), "{code}");
        assert!(set("", &found[0]).is_err());
    }

    #[test]
    fn the_blocks_of_blue_are_deleted_from_the_code() {
        let blue = "removed {\n  from = aws_x.one\n\n  lifecycle {\n    destroy = true\n  }\n}\n\nremoved {\n  from = module.nodes\n}\n";
        let code = format!("module \"nodes\" {{\n  source = \"./nodes\"\n}}\n{CODE}");
        let code = without(&code, &[&removed(blue)[..], &["data.aws_lb.shop"]].concat());
        assert_eq!(code, "\n\nresource \"aws_y\" \"one\" {\n  id = 2\n}\n");
    }
}

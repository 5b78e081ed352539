//! nodeadm's `NodeConfig`, of Amazon Linux 2023 (<https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api/>): YAML, alone or as parts of a
//! MIME message. Read line by line, so that everything else in it stays as it is, comments too.

use super::place::{Field, Place, lines, value};
use std::ops::Range;

const API: &str = "node.eks.aws/v1alpha1";

/// Where it says which cluster nodes join.
///
/// # Errors
/// That it says so in a way that is not read.
pub(super) fn places(text: &str) -> Result<Vec<Place>, String> {
    let mut places = Vec::new();
    for document in documents(text) {
        let said = lines(text, document.clone()).filter_map(|(_, line)| line.strip_prefix("apiVersion:"));
        if said.map(|value| value.trim().trim_matches(['"', '\''])).any(|value| value == API) {
            in_document(text, document, &mut places)?;
        }
    }
    Ok(places)
}

/// What is between lines that begin with `--`: boundaries of a MIME message, and those of YAML documents.
fn documents(text: &str) -> Vec<Range<usize>> {
    let mut documents = Vec::new();
    let mut from = 0;
    for (start, line) in lines(text, 0..text.len()) {
        if line.starts_with("--") {
            documents.push(from..start);
            from = start + line.len();
        }
    }
    documents.push(from..text.len());
    documents
}

fn in_document(text: &str, document: Range<usize>, places: &mut Vec<Place>) -> Result<(), String> {
    let unread = |path: &str| format!("its NodeConfig has {path} in another form than one key a line");
    let mut path: Vec<(usize, &str)> = Vec::new();
    for (start, line) in lines(text, document) {
        let content = line.trim_start();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let indent = line.len() - content.len();
        while path.last().is_some_and(|(outer, _)| *outer >= indent) {
            path.pop();
        }
        let Some((key, rest)) = content.split_once(':') else { continue };
        path.push((indent, key.trim_matches(['"', '\''])));
        let names: Vec<&str> = path.iter().map(|(_, key)| *key).collect();
        let field = match names[..] {
            ["spec"] | ["spec", "cluster"] => {
                let rest = rest.trim_start();
                if !rest.is_empty() && !rest.starts_with('#') {
                    return Err(unread(&names.join(".")));
                }
                continue;
            }
            ["spec", "cluster", "name"] => Field::Name,
            ["spec", "cluster", "apiServerEndpoint"] => Field::Endpoint,
            ["spec", "cluster", "certificateAuthority"] => Field::Authority,
            ["spec", "cluster", "cidr"] => Field::Cidr,
            // Of AWS Outposts: another way to join.
            ["spec", "cluster", other] => return Err(format!("its NodeConfig has spec.cluster.{other}")),
            _ => continue,
        };
        let found = value(line, line.len() - rest.len()).ok_or_else(|| unread(&names.join(".")))?;
        places.push(Place { field, range: start + found.start..start + found.end });
    }
    Ok(())
}

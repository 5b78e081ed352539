//! Amazon Linux 2's `/etc/eks/bootstrap.sh` (<https://github.com/awslabs/amazon-eks-ami/blob/main/templates/al2/runtime/bootstrap.sh>): where
//! a script calls it, and what the call is as a `NodeConfig` of Amazon Linux 2023.

use super::{
    message::only_script,
    place::{Field, Place, lines},
};
use crate::plan::compute::Cluster;
use serde_json::json;
use std::fmt::Write as _;
use std::ops::Range;

const SCRIPT: &str = "/etc/eks/bootstrap.sh";

/// The options of the script: each takes a value.
const OPTIONS: [&str; 14] = [
    "--apiserver-endpoint",
    "--aws-api-retry-attempts",
    "--b64-cluster-ca",
    "--cluster-id",
    "--container-runtime",
    "--containerd-config-file",
    "--dns-cluster-ip",
    "--enable-local-outpost",
    "--ip-family",
    "--kubelet-extra-args",
    "--mount-bpf-fs",
    "--pause-container-account",
    "--pause-container-version",
    "--use-max-pods",
];

/// The most Pods of a node where nobody says (<https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/>).
const MAX_PODS: &str = "110";

/// A call of the script.
struct Call {
    /// Where it is, its path and its arguments.
    range: Range<usize>,
    name: Range<usize>,
    options: Vec<(&'static str, Range<usize>)>,
}

/// Where the script is told which cluster nodes join.
///
/// # Errors
/// That it is told in a way that is not read.
pub(super) fn places(text: &str) -> Result<Vec<Place>, String> {
    let Some(call) = call(text)? else { return Ok(Vec::new()) };
    let mut places = vec![Place { field: Field::Name, range: assigned(text, call.name)? }];
    for (option, range) in call.options {
        let field = match option {
            "--apiserver-endpoint" => Field::Endpoint,
            "--b64-cluster-ca" => Field::Authority,
            _ => continue,
        };
        places.push(Place { field, range: assigned(text, range)? });
    }
    Ok(places)
}

/// The call of the script, where there is one.
fn call(text: &str) -> Result<Option<Call>, String> {
    let code = lines(text, 0..text.len()).filter(|(_, line)| !line.trim_start().starts_with('#'));
    let mut calls = code.filter(|(_, line)| line.trim_start().starts_with(SCRIPT));
    let (Some((start, line)), None) = (calls.next(), calls.next()) else {
        return if text.matches(SCRIPT).count() > 1 {
            Err(format!("its user data calls {SCRIPT} in several places, or not at the beginning of a line"))
        } else {
            Ok(None)
        };
    };
    let start = start + line.len() - line.trim_start().len();
    let (words, end) = words(text, start + SCRIPT.len())?;
    let mut call = Call { range: start..end, name: 0..0, options: Vec::new() };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let said = &text[word.clone()];
        if !said.starts_with("--") {
            if !call.name.is_empty() {
                return Err(format!("its user data gives {SCRIPT} two names"));
            }
            call.name = word;
            continue;
        }
        let option = said.split('=').next().unwrap_or_default();
        let known = OPTIONS.iter().find(|known| **known == option && !said.contains('='));
        let known = known
            .ok_or_else(|| format!("its user data gives {SCRIPT} the option {option}, which Bascule does not know"))?;
        let value = words.next().ok_or_else(|| format!("its user data gives {SCRIPT} no value of {option}"))?;
        call.options.push((known, value));
    }
    if call.name.is_empty() {
        return Err(format!("its user data calls {SCRIPT} without a name"));
    }
    Ok(Some(call))
}

/// The words of a command from here to its end, without their quotes, and where it ends.
fn words(text: &str, from: usize) -> Result<(Vec<Range<usize>>, usize), String> {
    let unread =
        || format!("its user data calls {SCRIPT} with quotes, variables or other commands that Bascule does not read");
    let mut words = Vec::new();
    let mut at = from;
    loop {
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else { return Ok((words, at)) };
        if rest.starts_with("\\\n") {
            at += 2;
        } else if first == '\n' {
            return Ok((words, at));
        } else if first.is_whitespace() {
            at += first.len_utf8();
        } else if first == '#' {
            return Ok((words, at + rest.find('\n').unwrap_or(rest.len())));
        } else if let '"' | '\'' = first {
            let inner = &rest[1..];
            let end = inner.find(first).ok_or_else(unread)?;
            let is_whole = inner[end + 1..].chars().next().is_none_or(char::is_whitespace);
            if !is_whole || inner[..end].contains(['\\', '`']) || inner[..end].contains("$(") {
                return Err(unread());
            }
            words.push(at + 1..at + 1 + end);
            at += end + 2;
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            if rest[..end].contains(['"', '\'', '`', ';', '|', '&', '<', '>', '(', '\\']) {
                return Err(unread());
            }
            words.push(at..at + end);
            at += end;
        }
    }
}

/// Where a word is said: in the word itself, or where the variable is set that it stands for.
fn assigned(text: &str, word: Range<usize>) -> Result<Range<usize>, String> {
    let said = &text[word.clone()];
    let Some(variable) = said.strip_prefix('$') else { return Ok(word) };
    let variable = variable.trim_start_matches('{').trim_end_matches('}');
    let mut found = lines(text, 0..text.len()).filter_map(|(start, line)| {
        let value = line.trim_start().trim_start_matches("export ").strip_prefix(variable)?.strip_prefix('=')?;
        let from = start + line.len() - value.len();
        let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
        let trimmed = value.trim_end();
        match quote {
            Some(quote) => trimmed[1..].strip_suffix(quote).map(|inner| from + 1..from + 1 + inner.len()),
            None => Some(from..from + trimmed.len()),
        }
    });
    match (found.next(), found.next()) {
        (Some(range), None) if !text[range.clone()].contains(['$', '`', '"', '\'', ' ']) => Ok(range),
        _ => Err(format!(
            "its user data gives {SCRIPT} the variable {variable}, which it sets to no plain value, or not once"
        )),
    }
}

/// The script as user data of Amazon Linux 2023 that makes nodes join this cluster: a `NodeConfig`
/// (<https://docs.aws.amazon.com/eks/latest/userguide/al2023.html>).
///
/// # Errors
/// What the script does that no `NodeConfig` says, or Bascule does not know.
pub(super) fn node_config(text: &str, cluster: &Cluster) -> Result<String, String> {
    let text = &only_script(text)?;
    let call = call(text)?.ok_or_else(|| format!("its user data does not call {SCRIPT}"))?;
    for (number, (start, line)) in lines(text, 0..text.len()).enumerate() {
        let code = line.trim();
        let name = code.trim_start_matches("export ").split('=').next().unwrap_or_default();
        let is_variable = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let sets = code.contains('=') && is_variable && !code.contains(['$', '`', ';', '&', '|']);
        let is_plain = code.is_empty() || code.starts_with('#') || code.starts_with("set -") || sets;
        if !is_plain && !call.range.contains(&start) && start + line.len() - line.trim_start().len() != call.range.start
        {
            let command = code.split_whitespace().next().unwrap_or_default().split('=').next().unwrap_or_default();
            return Err(format!("line {} of its script, {command:?}, is more than a call of {SCRIPT}", number + 1));
        }
    }
    let mut max_pods = None;
    let mut config = Vec::new();
    let mut flags = Vec::new();
    for (option, range) in &call.options {
        let value = &text[assigned(text, range.clone())?];
        match (*option, value) {
            ("--apiserver-endpoint" | "--b64-cluster-ca", _)
            | ("--container-runtime", "containerd")
            | ("--use-max-pods", "true") => {}
            ("--use-max-pods", "false") => max_pods = max_pods.or(Some(MAX_PODS)),
            ("--dns-cluster-ip", address) => config.push(format!("clusterDNS: [{}]", json!(address))),
            ("--kubelet-extra-args", arguments) => {
                for argument in arguments.split_whitespace() {
                    match argument.split_once('=') {
                        _ if argument.contains('$') => return Err("its --kubelet-extra-args hold variables".to_owned()),
                        Some(("--max-pods", count)) if count.parse::<u16>().is_ok() => max_pods = Some(count),
                        Some(("--node-labels" | "--register-with-taints", _)) => flags.push(json!(argument)),
                        _ => {
                            let name = argument.split('=').next().unwrap_or_default();
                            return Err(format!(
                                "its --kubelet-extra-args have {name}, which Bascule does not translate"
                            ));
                        }
                    }
                }
            }
            _ => return Err(format!("its {option} is nothing that Bascule translates")),
        }
    }
    config.extend(max_pods.map(|count| format!("maxPods: {count}")));
    let mut written = format!(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"BOUNDARY\"\n\n--BOUNDARY\nContent-Type: application/node.eks.aws\n\n---\n\
         apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  cluster:\n    name: {}\n    apiServerEndpoint: {}\n    \
         certificateAuthority: {}\n    cidr: {}\n",
        json!(cluster.name),
        json!(cluster.endpoint),
        json!(cluster.certificate_authority),
        json!(cluster.service_cidr.as_deref().unwrap_or_default()),
    );
    if !config.is_empty() || !flags.is_empty() {
        written.push_str("  kubelet:\n");
    }
    if !config.is_empty() {
        let _ = writeln!(written, "    config:\n      {}", config.join("\n      "));
    }
    if !flags.is_empty() {
        let flags: Vec<String> = flags.iter().map(|flag| format!("      - {flag}")).collect();
        let _ = writeln!(written, "    flags:\n{}", flags.join("\n"));
    }
    Ok(written + "\n--BOUNDARY--\n")
}

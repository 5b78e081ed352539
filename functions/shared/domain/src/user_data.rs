//! What the user data of a launch template says, and what it becomes on green. It may hold secrets: nothing here keeps it, and no message
//! quotes more of it than the name of a setting.

mod message;
mod node_config;
mod place;
mod script;
mod settings;

use crate::{
    digest::sha256_hex,
    input::Replacement,
    manifest::named,
    plan::compute::{Cluster, Join, LaunchTemplateData},
    ports::network::UserDataOf,
    word,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use message::edited;
use place::Format;
use std::collections::BTreeSet;

/// Whether there is user data that is no text: cloud-init takes it compressed
/// (<https://docs.cloud-init.io/en/latest/explanation/format.html>).
#[must_use]
pub fn is_unreadable(user_data: Option<&str>) -> bool {
    user_data.is_some_and(|data| !data.is_empty() && message::decoded(data).is_none())
}

/// SHA-256 of user data, as EC2 holds it in base64.
#[must_use]
pub fn digest(user_data: &str) -> String {
    sha256_hex(user_data.as_bytes())
}

/// Writes into `data` what user data, base64 as EC2 has it, says: its digest, how nodes of a custom AMI join blue by it, and whether it names
/// blue anywhere else.
pub fn read(user_data: Option<&str>, blue: &UserDataOf, data: &mut LaunchTemplateData) {
    let user_data = user_data.filter(|text| !text.is_empty());
    data.user_data_sha256 = user_data.map(digest);
    let text = user_data.and_then(message::decoded).unwrap_or_default();
    let mut rest = text.clone();
    if data.image_id.is_some() {
        let (join, without) = match moved(&text, &blue.cluster, &Cluster::default()) {
            Ok((Format::Script, without)) => {
                let untranslatable = script::node_config(&text, &Cluster::default()).err();
                (Join::Script { untranslatable }, without)
            }
            Ok((Format::NodeConfig, without)) => (Join::NodeConfig, without),
            Ok((Format::Settings, without)) => (Join::Settings, without),
            Err(why) => (Join::Unclear(why), text),
        };
        data.join = Some(join);
        rest = without;
    }
    data.user_data_names_blue = is_naming(&rest, &blue.names);
}

/// Whether the text, or a part of it that is base64 once more, names one of these.
fn is_naming(text: &str, names: &[String]) -> bool {
    let inner = message::encoded_parts(text);
    std::iter::once(text)
        .chain(inner.iter().map(String::as_str))
        .any(|text| names.iter().any(|name| word::is_named(text, name)))
}

/// The user data of green's clone, base64: nodes of a custom AMI join `clusters.1` by it instead of `clusters.0`, each word of blue's is
/// replaced, and the rest is as it is.
///
/// # Errors
/// Why nodes would not join green by it.
pub fn of_green(
    user_data: String,
    join: Option<&Join>,
    clusters: Option<&(Cluster, Cluster)>,
    replace: &[Replacement],
) -> Result<String, String> {
    let Some(text) = message::decoded(&user_data) else { return Ok(user_data) };
    let written = match (join, clusters) {
        (Some(Join::Translated), Some((_, green))) => script::node_config(&text, green)?,
        (Some(Join::Unclear(why)), _) => return Err(why.clone()),
        (Some(_), Some((blue, green))) => moved(&text, blue, green)?.1,
        _ => text.clone(),
    };
    let written = edited(&written, &mut |text| named::renamed(text, replace));
    Ok(if written == text { user_data } else { STANDARD.encode(written) })
}

/// The text with green's coordinates where it has blue's, and in which format it has them.
fn moved(text: &str, blue: &Cluster, green: &Cluster) -> Result<(Format, String), String> {
    let mut told = BTreeSet::new();
    let mut formats = BTreeSet::new();
    let mut faults = Vec::new();
    let written = edited(text, &mut |text| {
        let mut places = Vec::new();
        for (format, found) in [
            (Format::NodeConfig, node_config::places(text)),
            (Format::Settings, settings::places(text)),
            (Format::Script, script::places(text)),
        ] {
            match found {
                Ok(found) if found.is_empty() => {}
                Ok(found) => {
                    formats.insert(format);
                    faults.extend(found.iter().filter_map(|place| place.fault(format, text, blue)));
                    told.extend(found.iter().map(|place| place.field));
                    places.extend(found);
                }
                Err(fault) => faults.push(fault),
            }
        }
        (!places.is_empty()).then(|| place::filled(text, places, green))
    });
    if !faults.is_empty() {
        faults.dedup();
        return Err(faults.join("; "));
    }
    let mut formats = formats.into_iter();
    let (Some(format), None) = (formats.next(), formats.next()) else {
        return Err("its user data says in no way that Bascule knows, or in several, which cluster nodes join: neither by a NodeConfig with \
                    spec.cluster, one key a line, nor by Bottlerocket's settings.kubernetes, nor by one call of /etc/eks/bootstrap.sh"
            .to_owned());
    };
    match format.needs().iter().find(|field| !told.contains(field)) {
        Some(missing) => Err(format!("its user data does not say {}", format.word(*missing))),
        None => Ok((format, written)),
    }
}

#[cfg(test)]
mod tests;

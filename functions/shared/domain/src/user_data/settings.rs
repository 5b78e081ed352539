//! Bottlerocket's settings, TOML (<https://bottlerocket.dev/en/os/latest/#/api/settings/kubernetes/>).

use super::place::{Field, Place, lines, value};

/// Where they say which cluster nodes join.
///
/// # Errors
/// That they say so in a way that is not read.
pub(super) fn places(text: &str) -> Result<Vec<Place>, String> {
    let mut places = Vec::new();
    let mut table = String::new();
    for (start, line) in lines(text, 0..text.len()) {
        let content = line.trim();
        if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            name.trim().clone_into(&mut table);
            continue;
        }
        let Some((key, rest)) = line.split_once('=') else { continue };
        let key = if table.is_empty() { key.trim().to_owned() } else { format!("{table}.{}", key.trim()) };
        let field = match key.as_str() {
            "settings.kubernetes.cluster-name" => Field::Name,
            "settings.kubernetes.api-server" => Field::Endpoint,
            "settings.kubernetes.cluster-certificate" => Field::Authority,
            _ => continue,
        };
        let found =
            value(line, line.len() - rest.len()).ok_or_else(|| format!("its user data has {key} on several lines"))?;
        places.push(Place { field, range: start + found.start..start + found.end });
    }
    Ok(places)
}

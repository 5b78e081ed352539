//! Blue's add-ons, and the versions that green gets.

mod needed;
mod schema;

pub(super) use needed::{problems, replace};

use super::BLUE;
use domain::{
    PhaseError, Problem,
    plan::compute::Addon,
    ports::{Access, Addons, clusters::AddonSchema},
};
use serde_json::Value;

pub(super) async fn read<P: Addons + Access>(
    ports: &P,
    blue: &str,
    green_version: &str,
    problems: &mut Vec<Problem>,
) -> Result<Vec<Addon>, PhaseError> {
    let mut addons = Vec::new();
    let mut identities = None;
    for name in ports.addon_names(blue).await? {
        let Some(found) = ports.addon(blue, &name).await? else { continue };
        let mut addon = found.addon;
        if !found.association_arns.is_empty() {
            if identities.is_none() {
                identities = Some(ports.pod_identities(blue).await?);
            }
            addon.pod_identities = identities
                .iter()
                .flatten()
                .filter(|identity| found.association_arns.contains(&identity.arn))
                .map(|identity| (identity.service_account.clone(), identity.role_arn.clone()))
                .collect();
        }
        let offer = ports.addon_versions(&name, green_version).await?;
        // Add-ons that can only be in their own namespace refuse to be told even that.
        addon.namespace = addon.namespace.filter(|namespace| offer.default_namespace.as_ref() != Some(namespace));
        match version(&addon.blue_version, &offer.versions) {
            Some(version) => {
                addon.version = version;
                let offered = ports.addon_schema(&name, &addon.version).await?;
                let messages = offered.map(|offered| unfit(&addon, &offered)).unwrap_or_default();
                problems.extend(messages.into_iter().map(|message| Problem::new(BLUE, message)));
            }
            None => problems.push(Problem::new(
                BLUE,
                format!("the add-on {name} has no version for Kubernetes {green_version}; remove it or choose another version for green"),
            )),
        }
        addons.push(addon);
    }
    Ok(addons)
}

/// What of an add-on the version that green gets would refuse.
fn unfit(addon: &Addon, offered: &AddonSchema) -> Vec<String> {
    let Addon { name, version, .. } = addon;
    let misfits = addon.configuration.as_deref().map(|written| misfits(written, &offered.schema)).unwrap_or_default();
    let mut messages = Vec::new();
    if !misfits.is_empty() {
        messages.push(format!(
            "the configuration of the add-on {name} does not fit its version {version}, which green gets: {}; see \
             `aws eks describe-addon-configuration --addon-name {name} --addon-version {version}`",
            misfits.join(", ")
        ));
    }
    let known = |account: &String| offered.service_accounts.is_empty() || offered.service_accounts.contains(account);
    messages.extend(addon.pod_identities.iter().filter(|(account, _)| !known(account)).map(|(account, _)| {
        format!("the version {version} of the add-on {name}, which green gets, has no service account {account} for a Pod Identity association")
    }));
    messages
}

/// Where a configuration does not fit the schema, which is empty where the version takes none that EKS checks. What cannot be
/// read does not fit either: nothing was compared.
fn misfits(written: &str, schema: &str) -> Vec<String> {
    if schema.is_empty() {
        return Vec::new();
    }
    match (serde_saphyr::from_str::<Value>(written), serde_json::from_str::<Value>(schema)) {
        (Ok(written), Ok(schema)) => schema::misfits(&schema, &written),
        (Err(error), _) => vec![format!("it is neither JSON nor YAML ({error})")],
        (_, Err(error)) => vec![format!("the schema that EKS gives for it is no JSON ({error})")],
    }
}

/// Blue's version where green's Kubernetes supports it, so that as little as possible changes; else the default one.
fn version(blue: &str, supported: &[(String, bool)]) -> Option<String> {
    let same = supported.iter().find(|(version, _)| version == blue);
    let default = supported.iter().find(|(_, default)| *default);
    same.or(default).or(supported.first()).map(|(version, _)| version.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_that_cannot_be_compared_does_not_fit() {
        let schema =
            r#"{"type": "object", "additionalProperties": false, "properties": {"replicaCount": {"type": "integer"}}}"#;
        assert_eq!(misfits("replicaCount: 2", schema), Vec::<String>::new());
        assert_eq!(misfits("replicas: 2", schema), ["replicas is not known"]);
        assert_eq!(misfits("replicas: 2", ""), Vec::<String>::new());
        for (written, schema, expected) in [
            ("replicaCount: [", schema, "it is neither JSON nor YAML ("),
            ("replicaCount: 2", "{", "the schema that EKS gives for it is no JSON ("),
        ] {
            let found = misfits(written, schema);
            assert!(matches!(found.as_slice(), [one] if one.starts_with(expected)), "{found:?}");
        }
    }

    #[test]
    fn green_keeps_the_version_of_an_add_on_where_it_can() {
        let supported = [("v1.20.0", false), ("v1.19.2", true), ("v1.19.0", false)].map(|(v, d)| (v.to_owned(), d));
        for (blue, green) in [("v1.19.0", "v1.19.0"), ("v1.18.0", "v1.19.2")] {
            assert_eq!(version(blue, &supported).as_deref(), Some(green));
        }
        assert_eq!(version("v1.18.0", &[("v2".to_owned(), false)]).as_deref(), Some("v2"));
        assert_eq!(version("v1.18.0", &[]), None);
    }
}

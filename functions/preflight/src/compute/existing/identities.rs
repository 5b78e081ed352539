//! What the Pods and people of blue use to get in and out: add-ons, access entries, Pod Identity associations.

use super::{Differences, Green};
use domain::plan::compute::{Addon, Compute, POD_IDENTITY_AGENT, PodIdentity};

/// Add-ons of blue that green lacks, or has in another way.
pub(super) fn addons(blue: &Compute, green: &Green, differences: &mut Differences) {
    for addon in &blue.addons {
        let name = &addon.name;
        let Some(found) = green.addons.iter().find(|found| found.addon.name == *name) else {
            differences.breaks(format!(
                "it lacks the add-on {name}, which blue has in version {}; add it to the code that built green",
                addon.blue_version
            ));
            continue;
        };
        if matches!(found.status.as_str(), "CREATE_FAILED" | "UPDATE_FAILED" | "DELETE_FAILED" | "DELETING") {
            differences.breaks(format!("its add-on {name} is {}, expected ACTIVE; repair it", found.status));
        }
        // What blue's has now, and not what a clone would get.
        let blues = Addon { version: addon.blue_version.clone(), ..addon.clone() };
        let greens = Addon { pod_identities: addon.pod_identities.clone(), ..found.addon.clone() };
        differences.members(&format!("add-on {name}:"), &blues, &greens, &["blueVersion", "tags", "namespace"]);
    }
    for found in &green.addons {
        let name = &found.addon.name;
        if !blue.addons.iter().any(|addon| addon.name == *name) {
            differences.tell(format!("green has the add-on {name}, and blue does not"));
        }
    }
}

/// Whom blue lets in and green does not, or otherwise.
pub(super) fn access(blue: &Compute, green: &Green, differences: &mut Differences) {
    for entry in &blue.access_entries {
        let principal = &entry.principal_arn;
        match green.access_entries.iter().find(|found| found.principal_arn == *principal) {
            Some(found) => differences.members(&format!("access of {principal}:"), entry, found, &["tags"]),
            None => differences.tell(format!(
                "{principal} has an access entry on blue and none on green: who is that cannot use green"
            )),
        }
    }
    for found in &green.access_entries {
        if !blue.access_entries.iter().any(|entry| entry.principal_arn == found.principal_arn) {
            differences.tell(format!("{} has an access entry on green and none on blue", found.principal_arn));
        }
    }
}

/// Whom blue lets in by the tokens of their own identity provider, and green does not, or otherwise.
pub(super) fn providers(blue: &Compute, green: &Green, differences: &mut Differences) {
    for provider in &blue.identity_providers {
        let issuer = &provider.issuer_url;
        match green.identity_providers.iter().find(|found| found.issuer_url == *issuer) {
            Some(found) => {
                differences.members(&format!("identity provider {issuer}:"), provider, found, &["name", "tags"]);
            }
            None => differences.tell(format!(
                "blue takes tokens of the identity provider {issuer} and green does not: who comes with one cannot use green"
            )),
        }
    }
}

/// Pods that get a role on blue and would get none on green.
pub(super) fn pods(blue: &Compute, green: &Green, differences: &mut Differences) {
    let but = ["associationId", "arn", "ownerArn", "externalId", "tags"];
    for association in &blue.pod_identities {
        let key = association.key();
        match green.pod_identities.iter().find(|found| found.key() == key) {
            Some(found) => differences.members(&format!("Pod Identity of {key}:"), association, found, &but),
            None => differences.breaks(format!(
                "it has no Pod Identity association of {key}, whose Pods get the role {} on blue; add it to the code that built green",
                association.role_arn
            )),
        }
    }
    // Nodes of EKS Auto Mode have the agent by themselves.
    let has_agent =
        green.addons.iter().any(|found| found.addon.name == POD_IDENTITY_AGENT) || green.cluster.auto_mode.is_some();
    if !blue.pod_identities.is_empty() && blue.addons.iter().any(|addon| addon.name == POD_IDENTITY_AGENT) && !has_agent
    {
        differences.tell(format!(
            "green has no add-on {POD_IDENTITY_AGENT}: its Pods get the credentials of associations from it"
        ));
    }
}

/// The roles of green's associations, to be looked at as those of a clone are. An external id is green's own here.
pub(super) fn named_by_green(blue: &Compute, green: &Green) -> Compute {
    let identities = green.pod_identities.iter().cloned();
    Compute {
        blue: blue.blue.clone(),
        green: blue.green.clone(),
        pod_identities: identities.map(|identity| PodIdentity { external_id: None, ..identity }).collect(),
        ..Compute::default()
    }
}

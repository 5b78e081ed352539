//! Tags of Auto Scaling groups: `CreateOrUpdateTags`, `DeleteTags`, `DescribeTags`.
//!
//! <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html>

use super::{Outcome, group};
use crate::{
    account::Account,
    query_protocol::{Fault, Parameters},
    xml::Element,
};

/// A tag as the API answers it.
pub(crate) fn element(group: &str, key: &str, value: &str, propagate: bool) -> Vec<Element> {
    vec![
        Element::text("ResourceId", group),
        Element::text("ResourceType", "auto-scaling-group"),
        Element::text("Key", key),
        Element::text("Value", value),
        Element::text("PropagateAtLaunch", propagate),
    ]
}

/// `CreateOrUpdateTags`
pub(crate) fn create_or_update(account: &Account, sent: &Parameters) -> Outcome {
    let mut state = account.state();
    for tag in sent.structures("Tags") {
        let (name, key) = (tag.required("ResourceId")?, tag.required("Key")?);
        if key.starts_with("aws:") {
            return Err(Fault::validation("Tag keys that begin with aws: are reserved"));
        }
        let value = tag.get("Value").unwrap_or_default().to_owned();
        let propagate = tag.boolean("PropagateAtLaunch").unwrap_or(false);
        group::find_mut(&mut state, name)?.tags.insert(key.to_owned(), (value, propagate));
    }
    Ok(Vec::new())
}

/// `DeleteTags`
pub(crate) fn delete(account: &Account, sent: &Parameters) -> Outcome {
    let mut state = account.state();
    for tag in sent.structures("Tags") {
        let (name, key) = (tag.required("ResourceId")?, tag.required("Key")?);
        group::find_mut(&mut state, name)?.tags.remove(key);
    }
    Ok(Vec::new())
}

/// `DescribeTags`, filtered by group, key and value.
#[allow(clippy::unnecessary_wraps, reason = "one of the operations, all of which may refuse")]
pub(crate) fn describe(account: &Account, sent: &Parameters) -> Outcome {
    let filters = sent.structures("Filters");
    let state = account.state();
    let tags = state.groups.values().flat_map(|group| {
        let filters = &filters;
        group
            .tags
            .iter()
            .filter(move |(key, (value, _))| {
                filters.iter().all(|filter| {
                    let wanted = filter.list("Values");
                    match filter.get("Name") {
                        Some("auto-scaling-group") => wanted.contains(&group.name),
                        Some("key") => wanted.contains(key),
                        Some("value") => wanted.contains(value),
                        _ => true,
                    }
                })
            })
            .map(|(key, (value, propagate))| element(&group.name, key, value, *propagate))
    });
    Ok(vec![Element::members("Tags", tags)])
}

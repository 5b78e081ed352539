//! What the services answer, in one form: JSON whose members may be named as in any of the protocols.

use serde_json::{Map, Value};

use crate::xml::Element;

/// How a member is named in the SDK for Rust, of how it is named in an answer: `DNSName` is `dns_name`. EC2 calls lists `tagSet`, the SDK `tags`.
pub(super) fn snake(name: &str) -> String {
    let listed = name.strip_suffix("Set").map(|stem| format!("{stem}s"));
    let letters: Vec<char> = listed.as_deref().unwrap_or(name).chars().collect();
    let mut snake = String::with_capacity(name.len() + 8);
    for (place, letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| letters.get(place));
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                let ends_word = before.is_uppercase() && letters.get(place + 1).is_some_and(|next| next.is_lowercase());
                // The plural of an abbreviation, as in `TargetGroupARNs`, is no word.
                let is_plural = letters.get(place + 1) == Some(&'s')
                    && letters.get(place + 2).is_none_or(|next| next.is_uppercase());
                before.is_lowercase() || before.is_ascii_digit() || (ends_word && !is_plural)
            });
        if begins {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// An element of the query protocol as JSON. All text stays text, and an empty list is an empty text.
pub(super) fn json(element: &Element) -> Value {
    if element.children.is_empty() {
        return Value::String(element.text.clone());
    }
    if element.children.iter().all(|child| ["member", "item"].contains(&child.name.as_str())) {
        return element.children.iter().map(json).collect();
    }
    element.children.iter().map(|child| (child.name.clone(), json(child))).collect::<Map<_, _>>().into()
}

/// Brings tags into one form, without Bascule's own: EKS answers a map, the others a list. Specifications of no tag go.
pub(super) fn tidy(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                match snake(name).as_str() {
                    "tags" => *value = tags(value),
                    "tag_specifications" => {
                        tidy(value);
                        if let Some(all) = value.as_array_mut() {
                            all.retain(|one| one["tagSet"].as_object().is_some_and(|tags| !tags.is_empty()));
                        }
                    }
                    _ => tidy(value),
                }
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn tags(value: &Value) -> Value {
    let text = |tag: &Value, name: &str| {
        let found = [name.to_owned(), name.to_lowercase()].into_iter().find_map(|name| tag[name].as_str());
        found.unwrap_or_default().to_owned()
    };
    let pairs: Map<String, Value> = match value {
        Value::Object(tags) => tags.clone(),
        Value::Array(tags) => tags
            .iter()
            .map(|tag| match tag["PropagateAtLaunch"].as_str() {
                Some(propagates) => (text(tag, "Key"), format!("{}, propagated: {propagates}", text(tag, "Value"))),
                None => (text(tag, "Key"), text(tag, "Value")),
            })
            .map(|(key, value)| (key, value.into()))
            .collect(),
        _ => Map::new(),
    };
    pairs.into_iter().filter(|(key, _)| !key.starts_with("bascule:")).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_named_as_in_the_sdk_whatever_the_protocol() {
        for (name, expected) in [
            ("resourcesVpcConfig", "resources_vpc_config"),
            ("serviceIpv4Cidr", "service_ipv4_cidr"),
            ("DNSName", "dns_name"),
            ("AutoScalingGroupARN", "auto_scaling_group_arn"),
            ("TargetGroupARNs", "target_group_arns"),
            ("VPCZoneIdentifier", "vpc_zone_identifier"),
            ("blockDeviceMappingSet", "block_device_mappings"),
            ("securityGroupIdSet", "security_group_ids"),
            ("type", "type"),
        ] {
            assert_eq!(snake(name), expected);
        }
    }

    #[test]
    fn tags_have_one_form_and_are_without_bascules_own() {
        let mut answers = json!({
            "tags": { "team": "shop", "bascule:side": "green" },
            "Tags": [{ "Key": "team", "Value": "shop", "PropagateAtLaunch": "true", "ResourceId": "eks-1" }],
            "tagSpecificationSet": [
                { "resourceType": "instance", "tagSet": [{ "key": "team", "value": "shop" }] },
                { "resourceType": "volume", "tagSet": [{ "key": "bascule:side", "value": "green" }] },
            ],
        });
        tidy(&mut answers);
        let expected = json!({
            "tags": { "team": "shop" },
            "Tags": { "team": "shop, propagated: true" },
            "tagSpecificationSet": [{ "resourceType": "instance", "tagSet": { "team": "shop" } }],
        });
        assert_eq!(answers, expected);
    }

    #[test]
    fn elements_are_lists_objects_or_text() {
        let text = "<A><Names><member>x</member></Names><State><Code>active</Code></State><None/></A>";
        let element = Element::parse(text).unwrap();
        assert_eq!(json(&element), json!({ "Names": ["x"], "State": { "Code": "active" }, "None": "" }));
    }
}

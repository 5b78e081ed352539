//! Rules for Pods and the templates of Pods.

use serde_json::Value;

use super::{
    metadata::is_label,
    networking::{NO_PORT, is_port},
    unsupported,
};
use crate::{object, status::Cause};

/// Checks what is in a Pod. `claims` are the templates of a StatefulSet, which are volumes too.
pub(super) fn spec(spec: &Value, field: &str, claims: &[Value], causes: &mut Vec<Cause>) {
    let containers = object::list(spec, "/containers");
    if containers.is_empty() {
        causes.push(Cause::required(&format!("{field}.containers")));
    }
    for (at, container) in containers.iter().enumerate() {
        let field = format!("{field}.containers[{at}]");
        for required in ["name", "image"] {
            if container[required].as_str().is_none_or(str::is_empty) {
                causes.push(Cause::required(&format!("{field}.{required}")));
            }
        }
        let name = container["name"].as_str().unwrap_or_default();
        if !name.is_empty() && !is_label(name) {
            let why = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
            causes.push(Cause::invalid(&format!("{field}.name"), &container["name"], why));
        }
        self::container(container, &field, causes);
        if containers[..at].iter().any(|other| other["name"] == container["name"]) {
            let message = format!("Duplicate value: {}", container["name"]);
            causes.push(Cause { reason: "FieldValueDuplicate", field: format!("{field}.name"), message });
        }
        let volumes = object::list(spec, "/volumes");
        for (number, mount) in object::list(container, "/volumeMounts").iter().enumerate() {
            let of_volume = volumes.iter().any(|volume| volume["name"] == mount["name"]);
            if !of_volume && !claims.iter().any(|claim| claim["metadata"]["name"] == mount["name"]) {
                let message = format!("Not found: {}", mount["name"]);
                causes.push(Cause {
                    reason: "FieldValueNotFound",
                    field: format!("{field}.volumeMounts[{number}].name"),
                    message,
                });
            }
        }
    }
}

fn container(container: &Value, field: &str, causes: &mut Vec<Cause>) {
    for (at, port) in object::list(container, "/ports").iter().enumerate() {
        let field = format!("{field}.ports[{at}]");
        if port["name"].as_str().is_some_and(|name| name.len() > 15) {
            causes.push(Cause::invalid(&format!("{field}.name"), &port["name"], "must be no more than 15 characters"));
        }
        if port["containerPort"].as_i64().is_none_or(|number| number == 0) {
            causes.push(Cause::required(&format!("{field}.containerPort")));
        } else if !is_port(&port["containerPort"]) {
            causes.push(Cause::invalid(&format!("{field}.containerPort"), &port["containerPort"], NO_PORT));
        }
    }
    for (at, variable) in object::list(container, "/env").iter().enumerate() {
        if variable["name"].as_str().is_none_or(str::is_empty) {
            causes.push(Cause::required(&format!("{field}.env[{at}].name")));
        }
    }
    if let Some(policy) = container["imagePullPolicy"].as_str()
        && !matches!(policy, "Always" | "IfNotPresent" | "Never")
    {
        causes.push(unsupported(
            &format!("{field}.imagePullPolicy"),
            policy,
            "\"Always\", \"IfNotPresent\", \"Never\"",
        ));
    }
    let resources = &container["resources"];
    for (name, request) in resources["requests"].as_object().into_iter().flatten() {
        let limit = &resources["limits"][name];
        if let (Some(requested), Some(most)) = (quantity(request), quantity(limit))
            && requested > most
        {
            let why = format!("must be less than or equal to {name} limit of {}", limit.as_str().unwrap_or_default());
            causes.push(Cause::invalid(&format!("{field}.resources.requests"), request, &why));
        }
    }
}

/// A quantity as a number (<https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>).
fn quantity(value: &Value) -> Option<f64> {
    const UNITS: [(&str, f64); 13] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("", 1.0),
    ];
    let text = value.as_str()?;
    let (digits, factor) = UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    digits.parse::<f64>().ok().map(|number| number * factor)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn quantities_are_numbers_with_decimal_or_binary_units() {
        let read = |text: &str| quantity(&json!(text));
        assert_eq!([read("100m"), read("2"), read("1Gi")], [Some(0.1), Some(2.0), Some(1_073_741_824.0)]);
        assert_eq!([read("1e3"), read("some")], [Some(1000.0), None]);
    }
}

//! The conditions of a statement
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>).

use serde_json::Value;

use crate::access::Access;
use crate::pattern::fits;

/// One operator on one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    operator: Operator,
    several: Option<Several>,
    if_exists: bool,
    key: String,
    values: Vec<String>,
}

/// How a value of the request is compared with a value of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    EqualIgnoringCase,
    Like,
    InRange,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Is(Comparison),
    IsNot(Comparison),
    Absent,
}

/// How the values of a key with several values count
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Several {
    All,
    Any,
}

impl Condition {
    /// Reads a `Condition` element.
    ///
    /// # Errors
    /// The operator that is not simulated, or what is not a condition.
    pub(crate) fn read(element: &Value) -> Result<Vec<Self>, String> {
        let operators = match element {
            Value::Null => return Ok(Vec::new()),
            Value::Object(operators) => operators,
            other => return Err(format!("the condition {other} is no object")),
        };
        let mut conditions = Vec::new();
        for (name, keys) in operators {
            let (operator, several, if_exists) = operator(name)?;
            let keys = keys.as_object().ok_or_else(|| format!("the keys of {name} are no object"))?;
            for (key, values) in keys {
                let values = texts(values).map_err(|wrong| format!("{name} {key}: {wrong}"))?;
                conditions.push(Self { operator, several, if_exists, key: key.clone(), values });
            }
        }
        Ok(conditions)
    }

    /// Whether the request fulfils it.
    pub(crate) fn holds(&self, access: &Access) -> bool {
        let found = access.values(&self.key);
        let (comparison, wanted) = match self.operator {
            Operator::Absent => {
                return self.values.iter().all(|value| value.eq_ignore_ascii_case("true") == found.is_none());
            }
            Operator::Is(comparison) => (comparison, true),
            Operator::IsNot(comparison) => (comparison, false),
        };
        let matches = |value: &String| self.values.iter().any(|own| comparison.holds(own, value)) == wanted;
        let Some(values) = found else {
            return self.if_exists || self.several.map_or(!wanted, |several| several == Several::All);
        };
        // One value that does not match fulfils no negated operator.
        match self.several.unwrap_or(if wanted { Several::Any } else { Several::All }) {
            Several::All => values.iter().all(matches),
            Several::Any => values.iter().any(matches),
        }
    }
}

impl Comparison {
    fn holds(self, own: &str, value: &str) -> bool {
        match self {
            Self::Equal => own == value,
            Self::EqualIgnoringCase => own.eq_ignore_ascii_case(value),
            Self::Like => fits(own, value),
            Self::InRange => in_range(own, value),
        }
    }
}

fn operator(name: &str) -> Result<(Operator, Option<Several>, bool), String> {
    let (several, rest) = match name.split_once(':') {
        Some(("ForAllValues", rest)) => (Some(Several::All), rest),
        Some(("ForAnyValue", rest)) => (Some(Several::Any), rest),
        _ => (None, name),
    };
    let (rest, if_exists) = rest.strip_suffix("IfExists").map_or((rest, false), |rest| (rest, true));
    let operator = match rest {
        "StringEquals" => Operator::Is(Comparison::Equal),
        "StringNotEquals" => Operator::IsNot(Comparison::Equal),
        "StringEqualsIgnoreCase" | "Bool" => Operator::Is(Comparison::EqualIgnoringCase),
        "StringNotEqualsIgnoreCase" => Operator::IsNot(Comparison::EqualIgnoringCase),
        "StringLike" | "ArnLike" | "ArnEquals" => Operator::Is(Comparison::Like),
        "StringNotLike" | "ArnNotLike" | "ArnNotEquals" => Operator::IsNot(Comparison::Like),
        "IpAddress" => Operator::Is(Comparison::InRange),
        "NotIpAddress" => Operator::IsNot(Comparison::InRange),
        "Null" => Operator::Absent,
        _ => return Err(format!("the condition operator {name} is not simulated")),
    };
    Ok((operator, several, if_exists))
}

/// The texts of a list, or the one that stands in its place; truth values count as their names.
pub(crate) fn texts(element: &Value) -> Result<Vec<String>, String> {
    let text = |value: &Value| match value {
        Value::String(text) if text.contains("${") => Err(format!("the policy variable in {text} is not simulated")),
        Value::String(text) => Ok(text.clone()),
        Value::Bool(truth) => Ok(truth.to_string()),
        other => Err(format!("{other} is no text")),
    };
    match element {
        Value::Array(several) => several.iter().map(text).collect(),
        one => Ok(vec![text(one)?]),
    }
}

/// Whether an IPv4 address is in a range as CIDR writes it.
fn in_range(range: &str, address: &str) -> bool {
    let number = |text: &str| text.parse::<std::net::Ipv4Addr>().map(u32::from);
    let (start, length) = range.split_once('/').unwrap_or((range, "32"));
    let (Ok(start), Ok(length @ 0..=32), Ok(address)) = (number(start), length.parse::<u32>(), number(address)) else {
        return false;
    };
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or_default();
    start & mask == address & mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(element: &Value, access: &Access) -> bool {
        Condition::read(element).unwrap().iter().all(|condition| condition.holds(access))
    }

    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>: a key that the
    /// request lacks fulfils negated operators, `IfExists` and `ForAllValues`, and no other operator.
    #[test]
    fn an_absent_key_fulfils_negated_operators_and_those_that_ask_for_existence() {
        let access = Access::new("ec2:StopInstances", "*");
        for (operator, expected) in [
            ("StringEquals", false),
            ("StringLike", false),
            ("Bool", false),
            ("ArnLike", false),
            ("ForAnyValue:StringEquals", false),
            ("StringNotEquals", true),
            ("StringNotLike", true),
            ("NotIpAddress", true),
            ("StringEqualsIfExists", true),
            ("ForAllValues:StringEquals", true),
        ] {
            assert_eq!(holds(&json!({ operator: { "aws:SourceIp": "x" } }), &access), expected, "{operator}");
        }
    }

    #[test]
    fn null_asks_whether_a_key_is_there() {
        let tagged = Access::new("ec2:StopInstances", "*").on_tags([("team", "shop")]);
        let null = |value: &str| json!({ "Null": { "aws:ResourceTag/team": value } });
        assert!(holds(&null("false"), &tagged));
        assert!(!holds(&null("true"), &tagged));
        assert!(holds(&null("true"), &Access::new("ec2:StopInstances", "*")));
    }

    #[test]
    fn keys_are_the_same_in_lower_case_and_values_are_not() {
        let tagged = Access::new("ec2:StopInstances", "*").on_tags([("Team", "shop")]);
        assert!(holds(&json!({ "StringEquals": { "AWS:resourcetag/TEAM": "shop" } }), &tagged));
        assert!(!holds(&json!({ "StringEquals": { "aws:ResourceTag/Team": "Shop" } }), &tagged));
        assert!(holds(&json!({ "StringEqualsIgnoreCase": { "aws:ResourceTag/Team": "Shop" } }), &tagged));
    }

    #[test]
    fn all_conditions_must_hold_and_one_value_of_each() {
        let access = Access::new("iam:PassRole", "*").with("iam:PassedToService", "eks.amazonaws.com");
        let passes = json!({ "StringEquals": { "iam:PassedToService": ["ec2.amazonaws.com", "eks.amazonaws.com"] } });
        assert!(holds(&passes, &access));
        let both = json!({ "StringEquals": { "iam:PassedToService": "eks.amazonaws.com", "aws:RequestedRegion": "eu-central-1" } });
        assert!(!holds(&both, &access));
    }

    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>
    #[test]
    fn tag_keys_are_compared_all_or_any() {
        let access = Access::new("ec2:CreateTags", "*").giving_tags([("environment", "prod"), ("cost", "1")]);
        for (operator, values, expected) in [
            ("ForAllValues:StringEquals", json!(["environment", "cost", "owner"]), true),
            ("ForAllValues:StringEquals", json!(["environment"]), false),
            ("ForAnyValue:StringEquals", json!(["environment", "owner"]), true),
            ("ForAnyValue:StringEquals", json!(["owner"]), false),
        ] {
            assert_eq!(
                holds(&json!({ operator: { "aws:TagKeys": values } }), &access),
                expected,
                "{operator} {values}"
            );
        }
    }

    #[test]
    fn an_address_is_in_a_range() {
        let access = Access::new("execute-api:Invoke", "*").with("aws:SourceIp", "127.0.0.1");
        for (range, expected) in [
            ("127.0.0.0/8", true),
            ("127.0.0.1", true),
            ("0.0.0.0/0", true),
            ("203.0.113.0/24", false),
            ("::/0", false),
        ] {
            assert_eq!(holds(&json!({ "IpAddress": { "aws:SourceIp": range } }), &access), expected, "{range}");
            assert_eq!(holds(&json!({ "NotIpAddress": { "aws:SourceIp": range } }), &access), !expected, "{range}");
        }
    }

    #[test]
    fn what_is_not_simulated_is_refused() {
        for element in [
            json!({ "DateGreaterThan": { "aws:CurrentTime": "2026-01-01T00:00:00Z" } }),
            json!({ "StringEquals": { "aws:ResourceTag/owner": "${aws:username}" } }),
            json!({ "StringEquals": "x" }),
            json!("x"),
        ] {
            assert!(Condition::read(&element).is_err(), "{element}");
        }
    }
}

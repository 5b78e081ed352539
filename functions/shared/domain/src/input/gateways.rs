//! The APIs in front of the clusters: one, or a list of those that are switched together.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// The most APIs of one input: each has a temporary API, of which API Gateway deletes one in 30 seconds
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>).
const MOST: usize = 10;

/// An API in front: a REST API or an HTTP API.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Gateway {
    /// The id of the API Gateway REST API, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub rest_api_id: Option<String>,
    /// The id of the API Gateway HTTP API, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub http_api_id: Option<String>,
    /// The stage that production uses; `$default` is one of HTTP APIs.
    #[schemars(length(min = 1, max = 128), regex(pattern = "^([A-Za-z0-9_-]+|\\$default)$"))]
    pub stage: String,
}

/// The fields that name an API, of which exactly one is given.
pub(super) const FIELDS: [&str; 2] = ["restApiId", "httpApiId"];

/// Which of [`FIELDS`] names an API, and its id.
pub(super) fn named<'a>(rest: Option<&'a String>, http: Option<&'a String>) -> Option<(&'static str, &'a str)> {
    let [of_rest, of_http] = FIELDS;
    rest.map(|id| (of_rest, id.as_str())).or_else(|| http.map(|id| (of_http, id.as_str())))
}

impl Gateway {
    /// The id of the API; empty where the input lacks it.
    #[must_use]
    pub fn api_id(&self) -> &str {
        self.named().map_or("", |(_, id)| id)
    }

    /// The field that names the API.
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.named().map_or(FIELDS[0], |(field, _)| field)
    }

    /// Whether it is named as an HTTP API.
    #[must_use]
    pub const fn is_http(&self) -> bool {
        self.rest_api_id.is_none() && self.http_api_id.is_some()
    }

    fn named(&self) -> Option<(&'static str, &str)> {
        named(self.rest_api_id.as_ref(), self.http_api_id.as_ref())
    }
}

/// The APIs in front: an object, or a list of some.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gateways {
    /// The first, which says what links and load balancer are.
    first: Gateway,
    others: Vec<Gateway>,
    is_list: bool,
}

impl Gateways {
    /// The first API; the only one where the input has an object.
    #[must_use]
    pub const fn first(&self) -> &Gateway {
        &self.first
    }

    /// The one at this index of the list.
    #[must_use]
    pub fn at(&self, index: usize) -> Option<&Gateway> {
        self.iter().nth(index)
    }

    /// The JSON path of the field that names the API with this index.
    #[must_use]
    pub fn api_path(&self, index: usize) -> String {
        format!("{}.{}", self.path(index), self.at(index).map_or(FIELDS[0], Gateway::field))
    }

    /// All of them, in the order in which they are switched.
    pub fn iter(&self) -> impl Iterator<Item = &Gateway> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Each with the JSON path of the field that names it.
    pub fn placed(&self) -> impl Iterator<Item = (String, &Gateway)> {
        self.iter().enumerate().map(|(index, gateway)| (self.path(index), gateway))
    }

    /// The JSON path of the API with this index.
    #[must_use]
    pub fn path(&self, index: usize) -> String {
        if self.is_list { format!("$.gateway[{index}]") } else { "$.gateway".to_owned() }
    }

    /// Whether there are several.
    #[must_use]
    pub const fn are_several(&self) -> bool {
        !self.others.is_empty()
    }

    /// For people: each API with its stage.
    #[must_use]
    pub fn told(&self) -> String {
        let each = self.iter().map(|gateway| format!("API {}, stage {}", gateway.api_id(), gateway.stage));
        each.collect::<Vec<_>>().join("; ")
    }
}

impl Serialize for Gateways {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_list { serializer.collect_seq(self.iter()) } else { self.first.serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for Gateways {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not serde's `untagged`, which would tell every error at the field as a whole.
        deserializer.deserialize_any(OneOrMany)
    }
}

struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = Gateways;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object, or an array of some")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Gateways, A::Error> {
        let first = Gateway::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Gateways { first, ..Gateways::default() })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Gateways, A::Error> {
        let mut all = Vec::<Gateway>::deserialize(SeqAccessDeserializer::new(list))?.into_iter();
        // An empty list is refused by the schema, and named as such.
        let first = all.next().unwrap_or_default();
        Ok(Gateways { first, others: all.collect(), is_list: true })
    }
}

impl JsonSchema for Gateways {
    fn schema_name() -> Cow<'static, str> {
        "Gateways".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<Gateway>();
        json_schema!({
            "anyOf": [one, { "type": "array", "minItems": 1, "maxItems": MOST, "items": one }]
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::Input;
    use serde_json::{Value, json};

    fn read(gateway: &Value) -> Result<Input, Vec<String>> {
        let input = json!({
            "blue": { "cluster": "shop-blue" },
            "green": { "cluster": "shop-green" },
            "gateway": gateway,
            "workloads": { "manifests": ["s3://shop/production.yaml"] },
        });
        let told = |problems: Vec<crate::Problem>| problems.iter().map(ToString::to_string).collect();
        Input::read(&input).map_err(told)
    }

    fn shop(api: &str) -> Value {
        json!({ "restApiId": api, "stage": "prod" })
    }

    #[test]
    fn one_api_and_a_list_are_read_and_written_as_they_are() {
        for gateway in [shop("a"), json!([shop("a")]), json!([shop("a"), shop("b")])] {
            let input = read(&gateway).unwrap();
            assert_eq!(serde_json::to_value(&input.gateway).unwrap(), gateway);
        }
        let input = read(&json!([shop("a"), shop("b")])).unwrap();
        let placed: Vec<_> = input.gateway.placed().map(|(path, one)| (path, one.api_id())).collect();
        assert_eq!(placed, [("$.gateway[0]".to_owned(), "a"), ("$.gateway[1]".to_owned(), "b")]);
        assert_eq!(read(&shop("a")).unwrap().gateway.path(0), "$.gateway");
    }

    #[test]
    fn what_is_wrong_with_an_api_is_told_at_its_field() {
        for (gateway, expected) in [
            (json!("a"), "$.gateway: found a text, expected an object or an array"),
            (json!([]), "$.gateway: found 0 items, expected at least 1"),
            (json!([shop("a"), "b"]), "$.gateway[1]: found a text, expected an object"),
            (json!([shop("a"), { "restApiId": "b" }]), "$.gateway[1].stage: missing; add it."),
            (json!([shop("a"), { "restApiId": "b", "stage": "prod", "id": 1 }]), "$.gateway[1].id: unknown field"),
            (json!({ "restApiId": "b" }), "$.gateway.stage: missing; add it."),
            (
                json!([shop("a"), { "restApiId": "a", "stage": "beta" }]),
                "$.gateway[1].restApiId: found the API a a second time, expected each once",
            ),
            (
                json!([shop("a"), { "httpApiId": "a", "stage": "$default" }]),
                "$.gateway[1].httpApiId: found the API a a second time, expected each once",
            ),
            (
                json!({ "stage": "prod" }),
                "$.gateway.restApiId: missing; add it for a REST API, or httpApiId for an HTTP API",
            ),
            (
                json!([{ "restApiId": "a", "httpApiId": "b", "stage": "prod" }]),
                "$.gateway[0].httpApiId: found it beside restApiId, expected one of them",
            ),
            (json!({ "restApiId": "a", "stage": "$beta" }), "$.gateway.stage: found \"$beta\", expected the form"),
        ] {
            let problems = read(&gateway).unwrap_err();
            assert!(problems.iter().any(|problem| problem.starts_with(expected)), "{expected}: {problems:?}");
        }
    }

    #[test]
    fn an_http_api_is_named_by_a_field_of_its_own() {
        let http = json!({ "httpApiId": "h", "stage": "$default" });
        let input = read(&json!([shop("a"), http])).unwrap();
        let told = |one: &super::Gateway| (one.api_id().to_owned(), one.is_http());
        let all: Vec<_> = input.gateway.iter().map(told).collect();
        assert_eq!(all, [("a".to_owned(), false), ("h".to_owned(), true)]);
        assert_eq!(input.gateway.api_path(1), "$.gateway[1].httpApiId");
        assert_eq!(read(&http).unwrap().gateway.told(), "API h, stage $default");
    }

    // What is missing is not told of a field that is wrong.
    #[test]
    fn a_wrong_id_is_told_once() {
        for gateway in [json!({ "restApiId": 7, "stage": "s" }), json!({ "httpApiId": "", "stage": "s" })] {
            assert_eq!(read(&gateway).unwrap_err().len(), 1, "{gateway}");
        }
    }

    #[test]
    fn a_request_names_its_api_where_there_are_several() {
        let input = |gateway: Value, smoke: Value| {
            let input = json!({
                "blue": { "cluster": "shop-blue" },
                "green": { "cluster": "shop-green" },
                "gateway": gateway,
                "smoke": [smoke],
                "workloads": { "manifests": ["s3://shop/production.yaml"] },
            });
            Input::read(&input).map_err(|problems| problems[0].path.clone())
        };
        let both = || json!([shop("a"), shop("b")]);
        let expected = Err("$.smoke[0].restApiId".to_owned());
        assert!(input(shop("a"), json!({ "path": "/cart" })).is_ok());
        assert!(input(both(), json!({ "path": "/cart", "restApiId": "b" })).is_ok());
        assert_eq!(input(both(), json!({ "path": "/cart" })), expected);
        assert_eq!(input(both(), json!({ "path": "/cart", "restApiId": "c" })), expected);
        assert_eq!(input(shop("a"), json!({ "path": "/cart", "restApiId": "b" })), expected);
        let mixed = || json!([shop("a"), { "httpApiId": "h", "stage": "prod" }]);
        assert!(input(mixed(), json!({ "path": "/cart", "httpApiId": "h" })).is_ok());
        assert_eq!(input(mixed(), json!({ "path": "/cart", "restApiId": "h" })), expected);
        let expected = Err("$.smoke[0].httpApiId".to_owned());
        assert_eq!(input(mixed(), json!({ "path": "/cart", "httpApiId": "a" })), expected);
        let two = json!({ "path": "/cart", "restApiId": "a", "httpApiId": "h" });
        assert_eq!(input(mixed(), two), expected);
    }
}

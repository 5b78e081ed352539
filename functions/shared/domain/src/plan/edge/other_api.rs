//! Several APIs in front of one cluster: what belongs to each of them, and the edge as seen from one of them.

use super::{Api, Edge, InvokedFunction, LinkedMethod, Stage, UsagePlan};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What belongs to an API that is switched after the first: the same as the [`Edge`] has for the first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OtherApi {
    /// The API.
    pub api: Api,
    /// The VPC endpoint that requests to it go through, as the [`Edge`] has one for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_endpoint: Option<String>,
    /// Its stage that production uses.
    pub stage: Stage,
    /// Its methods whose integration goes to blue's load balancer through a VPC link.
    pub integrations: Vec<LinkedMethod>,
    /// The Lambda functions that the stage invokes by their resource policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<InvokedFunction>,
    /// The usage plans that cover the stage.
    pub usage_plans: Vec<UsagePlan>,
    /// The longest time that a request of the API's may take, in milliseconds.
    pub longest_timeout_millis: u32,
}

impl From<Edge> for OtherApi {
    /// What of an edge belongs to its API.
    fn from(edge: Edge) -> Self {
        Self {
            api: edge.api,
            vpc_endpoint: edge.vpc_endpoint,
            stage: edge.stage,
            integrations: edge.integrations,
            functions: edge.functions,
            usage_plans: edge.usage_plans,
            longest_timeout_millis: edge.longest_timeout_millis,
        }
    }
}

impl Edge {
    /// The edge as seen from each API, in the order of the input: as it is from the first, and with what belongs to another from that.
    #[must_use]
    pub fn per_api(&self) -> Vec<Cow<'_, Self>> {
        let others = self.others.iter().map(|other| Cow::Owned(self.seen_from(other)));
        std::iter::once(Cow::Borrowed(self)).chain(others).collect()
    }

    fn seen_from(&self, other: &OtherApi) -> Self {
        let OtherApi { api, vpc_endpoint, stage, integrations, functions, usage_plans, longest_timeout_millis } =
            other.clone();
        Self { api, vpc_endpoint, stage, integrations, functions, usage_plans, longest_timeout_millis, ..self.clone() }
    }

    /// The name of what there is one of for each API: with the API's id, where this is seen from another than the first.
    #[must_use]
    pub fn of_api(&self, name: &str) -> String {
        let id = &self.api.id;
        let is_other = self.others.iter().any(|other| other.api.id == *id);
        if is_other { format!("{name}@{id}") } else { name.to_owned() }
    }

    /// The APIs that are switched.
    pub fn apis(&self) -> impl Iterator<Item = &Api> {
        std::iter::once(&self.api).chain(self.others.iter().map(|other| &other.api))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::edge::VpcLink;

    fn other(id: &str) -> OtherApi {
        OtherApi { api: Api { id: id.to_owned(), ..Api::default() }, ..OtherApi::default() }
    }

    #[test]
    fn each_api_sees_its_own_and_what_all_share() {
        let link = VpcLink { id: "blue1".to_owned(), ..VpcLink::default() };
        let edge = Edge { vpc_link: link, others: vec![other("b"), other("c")], ..Edge::from_api("a") };
        let views = edge.per_api();
        let seen: Vec<_> =
            views.iter().map(|edge| (edge.api.id.as_str(), edge.vpc_link.id.as_str(), edge.of_api("G"))).collect();
        let expected = [("a", "blue1", "G"), ("b", "blue1", "G@b"), ("c", "blue1", "G@c")];
        assert_eq!(seen, expected.map(|(api, link, name)| (api, link, name.to_owned())));
    }

    #[test]
    fn the_plan_of_one_api_says_nothing_of_others() {
        let written = serde_json::to_value(Edge::from_api("a")).unwrap();
        assert!(written.get("others").is_none(), "{written}");
    }

    impl Edge {
        fn from_api(id: &str) -> Self {
            Self { api: other(id).api, ..Self::default() }
        }
    }
}

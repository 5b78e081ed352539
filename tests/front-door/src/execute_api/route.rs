//! Finds the stage of a request by its host and path.

use std::sync::Arc;

use crate::apigateway::{Release, StageView, View};

/// The stage of a request and the rest of its path.
pub(crate) struct Routed<'view> {
    pub(crate) stage: &'view StageView,
    /// The path below the stage, with a leading slash.
    pub(crate) path: &'view str,
    /// The VPC endpoint that it came through.
    pub(crate) vpc_endpoint: Option<&'view str>,
}

impl StageView {
    /// The stage's release, or its canary's for a random share of the requests.
    pub(crate) fn pick(&self) -> &Arc<Release> {
        match &self.canary {
            Some((percent, canary)) if fastrand::f64() * 100.0 < *percent => canary,
            _ => &self.release,
        }
    }
}

/// Finds the stage: the first path segment at an execute-api host, or a base path mapping at a custom domain.
///
/// A private API is found under the names alone that it has for the VPC endpoints associated with it, `{api}-{vpc endpoint}`
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html>): whoever uses one comes through
/// that endpoint. Its private DNS name is not simulated, since nobody here resolves names inside of a VPC, nor are endpoints' policies.
pub(crate) fn route<'view>(view: &'view View, region: &str, host: &str, path: &'view str) -> Option<Routed<'view>> {
    let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if let Some(api) = host.strip_suffix(".amazonaws.com").and_then(|host| host.strip_suffix(region)) {
        let api = api.strip_suffix(".execute-api.")?;
        let (api, through) = api.split_once('-').map_or((api, None), |(api, endpoint)| (api, Some(endpoint)));
        let api = view.apis.get(api)?;
        let vpc_endpoint = match (&api.private, through) {
            (None, None) => None,
            (Some(known), Some(through)) => Some(known.iter().find(|known| *known == through)?.as_str()),
            _ => return None,
        };
        let (stage, path) = first_segment(path);
        let stage = api.stages.get(stage)?;
        // "After you disable the default endpoint, you must deploy your API for the change to take effect"
        // (https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-disable-default-endpoint.html).
        let is_disabled = stage.release.snapshot.rest_api.disable_execute_api_endpoint;
        return (!is_disabled).then_some(Routed { stage, path, vpc_endpoint });
    }
    let mappings = view.domains.get(&host)?;
    let (api, stage, path) = mappings.iter().find_map(|(prefix, api, stage)| {
        if prefix.is_empty() {
            return Some((api, stage, path));
        }
        let (first, rest) = first_segment(path);
        (first == prefix).then_some((api, stage, rest))
    })?;
    let api = view.apis.get(api)?;
    let (stage, path) = match stage {
        Some(stage) => (stage.as_str(), path),
        None => first_segment(path),
    };
    Some(Routed { stage: api.stages.get(stage)?, path, vpc_endpoint: None })
}

/// The first segment of a path and the rest, which begins with a slash.
fn first_segment(path: &str) -> (&str, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    match path.find('/') {
        Some(slash) => (&path[..slash], &path[slash..]),
        None => (path, "/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_segment_names_the_stage_and_the_rest_is_the_resource() {
        assert_eq!(first_segment("/prod/carts/7"), ("prod", "/carts/7"));
        assert_eq!(first_segment("/prod"), ("prod", "/"));
        assert_eq!(first_segment("/"), ("", "/"));
    }

    #[test]
    fn a_host_that_nobody_has_leads_nowhere() {
        let view = View::default();
        assert!(route(&view, "eu-central-1", "abc.execute-api.eu-central-1.amazonaws.com", "/prod").is_none());
        assert!(route(&view, "eu-central-1", "shop.example.com", "/").is_none());
    }
}

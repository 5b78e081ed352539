//! What a private integration has its backend see of a request: the Host header and the path.
//!
//! Of a REST API the integration's URI says both, and a parameter mapping may say another host
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>). An integration of an HTTP API
//! has no such URI: it passes the caller's Host header on, and the path with the stage's name before it unless the stage is `$default`;
//! parameter mappings say otherwise
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-private.html>). Some headers are
//! reserved: the Host header is mapped in the temporary API only where production's integrations map it already
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html>).

use crate::plan::edge::{Edge, Integration, LinkedMethod, Protocol, integration::with_variables};
use std::collections::BTreeMap;

/// The mapping of the Host header in a REST API; names of headers have no case.
const HOST_OF_REST: &str = "integration.request.header.host";
/// The mapping of the Host header in an HTTP API.
const HOST_OF_HTTP: &str = "overwrite:header.host";
/// The mapping of the path in an HTTP API.
const PATH_OF_HTTP: &str = "overwrite:path";

/// A value of a REST API's mapping that is a stage variable's.
const VARIABLE_OF_REST: &str = "stageVariables.";

/// Whether this is the mapping of a Host header, and of which kind of API.
#[must_use]
pub fn of_host(name: &str) -> Option<Protocol> {
    [(HOST_OF_REST, Protocol::Rest), (HOST_OF_HTTP, Protocol::Http)]
        .into_iter()
        .find_map(|(known, protocol)| name.eq_ignore_ascii_case(known).then_some(protocol))
}

/// The Host header that a mapping's value makes on a stage with these variables; nothing where the request decides, or the stage lacks a
/// variable. A REST API quotes what is fixed, an HTTP API does not.
#[must_use]
pub fn fixed(protocol: Protocol, value: &str, variables: &BTreeMap<String, String>) -> Option<String> {
    match protocol {
        Protocol::Rest => match value.strip_prefix(VARIABLE_OF_REST) {
            Some(name) => variables.get(name).cloned(),
            None => Some(value.strip_prefix('\'')?.strip_suffix('\'')?.to_owned()),
        },
        Protocol::Http => {
            // `$stageVariables.name` alone says the same as `${stageVariables.name}`.
            let alone = value.strip_prefix("$stageVariables.").map(|name| format!("${{stageVariables.{name}}}"));
            let value = with_variables(alone.as_deref().unwrap_or(value), variables)?;
            (!value.contains('$')).then_some(value)
        }
    }
}

/// A fixed Host header as the value of a mapping.
#[must_use]
pub fn written(protocol: Protocol, host: &str) -> String {
    if protocol.is_rest() { format!("'{host}'") } else { host.to_owned() }
}

/// The Host header, without a port, that a backend sees of every request through this integration; nothing where the caller's is passed
/// on.
#[must_use]
pub fn host(integration: &Integration, variables: &BTreeMap<String, String>) -> Option<String> {
    let mut mappings = integration.request_parameters.iter();
    let mapped = mappings.find_map(|(name, value)| of_host(name).map(|protocol| (protocol, value)));
    let name = if let Some((protocol, value)) = mapped {
        fixed(protocol, value, variables)?
    } else {
        let uri = with_variables(&integration.uri, variables).unwrap_or_else(|| integration.uri.clone());
        uri.split_once("://")?.1.to_owned()
    };
    name.split(['/', ':', '?']).next().map(str::to_owned)
}

/// Whether the backend sees the name of an HTTP API's stage in the path: `$request.path` is the path without it, and of what a mapping may
/// name the context alone knows it.
fn has_stage(integration: &Integration) -> bool {
    integration.request_parameters.get(PATH_OF_HTTP).is_none_or(|path| path.contains("context."))
}

impl Edge {
    /// The methods whose backends see another path on the stages that hold deployments B and G than on production's, which is called
    /// otherwise: requests through those stages say nothing of such a backend.
    pub fn with_stage_in_path(&self) -> impl Iterator<Item = &LinkedMethod> {
        let is_http = !self.api.protocol.is_rest();
        self.integrations.iter().filter(move |method| is_http && has_stage(&method.integration))
    }

    /// Whether requests through the stages that hold deployments B and G are answered as production's are.
    #[must_use]
    pub fn is_tried_on_its_own_stages(&self) -> bool {
        !self.api.execute_api_disabled && self.with_stage_in_path().next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::edge::Api;

    fn with(uri: &str, mappings: &[(&str, &str)]) -> Integration {
        let mappings = mappings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Integration { uri: uri.to_owned(), request_parameters: mappings.collect(), ..Integration::default() }
    }

    // Of public Terraform configurations of REST APIs and HTTP APIs before internal load balancers.
    #[test]
    fn the_host_that_a_backend_sees_is_mapped_or_of_the_uri_or_the_callers() {
        let variables = [("host".to_owned(), "shop.example.com".to_owned())].into();
        let shop = Some("shop.example.com".to_owned());
        for (integration, expected) in [
            (with("http://shop.example.com:8080/cart", &[]), &shop),
            (with("http://${stageVariables.host}/cart", &[]), &shop),
            (with("http://nlb/cart", &[("integration.request.header.Host", "'shop.example.com'")]), &shop),
            (with("http://nlb/cart", &[("integration.request.header.host", "stageVariables.host")]), &shop),
            (with("http://nlb/cart", &[("integration.request.header.host", "method.request.header.host")]), &None),
            (with("", &[("overwrite:header.Host", "shop.example.com")]), &shop),
            (with("", &[("overwrite:header.host", "$stageVariables.host")]), &shop),
            (with("", &[("overwrite:header.host", "${stageVariables.host}:8080")]), &shop),
            (with("", &[("overwrite:header.host", "${stageVariables.missing}")]), &None),
            (with("", &[("overwrite:header.Host", "$request.header.Host")]), &None),
            (with("", &[("append:header.x-host", "shop.example.com")]), &None),
            (with("", &[]), &None),
        ] {
            assert_eq!(host(&integration, &variables), *expected, "{integration:?}");
        }
    }

    // "To remove the stage name from the request to your backend resources, use parameter mapping to overwrite the request path to
    // $request.path" (the private integrations above).
    #[test]
    fn the_stage_is_in_the_path_of_an_http_api_unless_a_mapping_leaves_it_out() {
        let edge = |protocol: Protocol, mappings: &[(&str, &str)]| Edge {
            api: Api { protocol, ..Api::default() },
            integrations: vec![LinkedMethod { integration: with("", mappings), ..LinkedMethod::default() }],
            ..Edge::default()
        };
        for (protocol, mappings, is_tried) in [
            (Protocol::Rest, &[][..], true),
            (Protocol::Http, &[], false),
            (Protocol::Http, &[("overwrite:path", "$request.path")], true),
            (Protocol::Http, &[("overwrite:path", "/$request.path.proxy")], true),
            (Protocol::Http, &[("overwrite:path", "${context.stage}/$request.path")], false),
            (Protocol::Http, &[("overwrite:header.host", "shop.example.com")], false),
        ] {
            assert_eq!(edge(protocol, mappings).is_tried_on_its_own_stages(), is_tried, "{protocol:?} {mappings:?}");
        }
        let mut closed = edge(Protocol::Rest, &[]);
        closed.api.execute_api_disabled = true;
        assert!(!closed.is_tried_on_its_own_stages());
    }
}

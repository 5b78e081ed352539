//! VPC endpoints, and what comes through them to private APIs.

use super::apigateway::policy;
use super::{Account, Aws};
use domain::PhaseError;
use domain::plan::edge::Api;
use domain::ports::VpcEndpoints;
use domain::ports::probes::Probe;
use domain::ports::vpc_endpoints::VpcEndpoint;

impl VpcEndpoints for Account {
    async fn vpc_endpoints(&self, service: &str) -> Result<Vec<VpcEndpoint>, PhaseError> {
        assert_eq!(service, "execute-api", "the account has no endpoints for other services");
        self.read("ec2:DescribeVpcEndpoints", |aws| aws.vpc_endpoints.clone())
    }
}

impl Aws {
    /// Whether a request of Bascule's functions reaches its API, as far as names, endpoints and policies decide that. A private API has a name
    /// for each endpoint that it is associated with, and another that leads inside of a VPC to the endpoint with private DNS names
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html>); the endpoint's policy is
    /// asked first, then the API's own
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-vpc-endpoint-policies.html>).
    pub(super) fn is_reached(&self, api: &Api, probe: &Probe, whole: &str) -> bool {
        if !api.is_private() {
            return probe.vpc_endpoint.is_none() && policy::allows(api, whole, None);
        }
        let own = self.functions_group.as_ref().and_then(|group| self.security_groups.get(group));
        let Some(vpc) = own.map(|group| &group.vpc_id) else { return false };
        let mut here = self.vpc_endpoints.iter().filter(|endpoint| endpoint.vpc_id == *vpc);
        let endpoint = here.find(|endpoint| match &probe.vpc_endpoint {
            Some(id) => !api.is_strict && endpoint.id == *id && api.vpc_endpoint_ids.contains(id),
            None => endpoint.has_private_dns,
        });
        endpoint.is_some_and(|endpoint| {
            endpoint.state == "available"
                && endpoint.policy.as_ref().is_none_or(|text| policy::passes(text, api, whole, Some(endpoint)))
                && policy::allows(api, whole, Some(endpoint))
        })
    }
}

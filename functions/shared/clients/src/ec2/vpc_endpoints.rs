//! VPC endpoints.

use super::filter;
use crate::{Account, error::phase_error};
use aws_sdk_ec2::types;
use domain::PhaseError;
use domain::ports::{VpcEndpoints, vpc_endpoints::VpcEndpoint};

impl VpcEndpoints for Account {
    async fn vpc_endpoints(&self, service: &str) -> Result<Vec<VpcEndpoint>, PhaseError> {
        let name = format!("com.amazonaws.{}.{service}", self.region());
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let request = self.ec2().describe_vpc_endpoints().filters(filter("service-name", [&name]));
            let answer = request.set_next_token(next).send().await;
            let answer =
                answer.map_err(|error| phase_error(&format!("reading the VPC endpoints for {name}"), &error))?;
            let endpoints = answer.vpc_endpoints().iter();
            found.extend(endpoints.filter(|found| found.service_name() == Some(&name)).map(read));
            next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(found);
            }
        }
    }
}

fn read(endpoint: &types::VpcEndpoint) -> VpcEndpoint {
    VpcEndpoint {
        id: endpoint.vpc_endpoint_id().unwrap_or_default().to_owned(),
        vpc_id: endpoint.vpc_id().unwrap_or_default().to_owned(),
        // EC2 writes it in small letters, its model begins with a capital one.
        state: endpoint.state().map(|state| state.as_str().to_ascii_lowercase()).unwrap_or_default(),
        has_private_dns: endpoint.private_dns_enabled().unwrap_or_default(),
        policy: endpoint.policy_document().map(ToOwned::to_owned),
        group_ids: endpoint.groups().iter().filter_map(|group| group.group_id().map(ToOwned::to_owned)).collect(),
    }
}

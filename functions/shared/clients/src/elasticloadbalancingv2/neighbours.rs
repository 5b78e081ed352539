//! Everything of a VPC that balances load.

use super::{client, convert};
use crate::{Account, error::phase_error};
use domain::plan::edge::{LoadBalancer, TargetGroup};
use domain::ports::Neighbours;
use domain::{PhaseError, Tags};
use std::collections::BTreeMap;

/// So many resources one call tells the tags of
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html>).
const MOST: usize = 20;

impl Neighbours for Account {
    async fn target_groups_in(&self, vpc_id: &str) -> Result<Vec<TargetGroup>, PhaseError> {
        let groups = client(self)
            .describe_target_groups()
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error("listing the target groups", &error))?;
        Ok(groups.iter().filter(|group| group.vpc_id() == Some(vpc_id)).map(convert::target_group).collect())
    }

    async fn load_balancers_in(&self, vpc_id: &str) -> Result<Vec<LoadBalancer>, PhaseError> {
        let client = client(self);
        let balancers = client
            .describe_load_balancers()
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| phase_error("listing the load balancers", &error))?;
        let mut balancers: Vec<LoadBalancer> =
            balancers.iter().filter(|balancer| balancer.vpc_id() == Some(vpc_id)).map(convert::balancer).collect();
        let mut tags: BTreeMap<String, Tags> = BTreeMap::new();
        for few in balancers.chunks(MOST) {
            let arns = few.iter().map(|balancer| balancer.arn.clone()).collect();
            let answer = client.describe_tags().set_resource_arns(Some(arns)).send().await;
            let answer = answer.map_err(|error| phase_error("reading the tags of the load balancers", &error))?;
            for described in answer.tag_descriptions() {
                let pairs = described
                    .tags()
                    .iter()
                    .map(|tag| (tag.key().unwrap_or_default().to_owned(), tag.value().unwrap_or_default().to_owned()));
                tags.insert(described.resource_arn().unwrap_or_default().to_owned(), pairs.collect());
            }
        }
        for balancer in &mut balancers {
            balancer.tags = tags.remove(&balancer.arn).unwrap_or_default();
        }
        Ok(balancers)
    }
}

//! The request quotas of API Gateway's control plane.
//!
//! "Amazon API Gateway quotas", section "API Gateway quotas for creating, deploying and managing an API": fixed, per account
//! and region, shared by all callers including the console.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::error::{ApiError, Result};
use crate::token_bucket::TokenBucket;

/// Settings of the quotas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quotas {
    /// Multiplies the intervals of single operations (1.0: as AWS has them; 0.1: `CreateDeployment` every half second). The
    /// account's 10 requests a second with a burst of 40 never change.
    pub time_scale: f64,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { time_scale: 1.0 }
    }
}

/// The name under which an operation has its quota. The page names API Gateway V2 with its VPC links alone; `CreateDeployment` is the
/// name of an operation of both, for which it has one quota.
pub(crate) fn quota(operation: &str, is_v2: bool) -> &str {
    match operation {
        "CreateVpcLink" if is_v2 => "CreateVpcLinkV2",
        "DeleteVpcLink" if is_v2 => "DeleteVpcLinkV2",
        other => other,
    }
}

/// Number of requests and the seconds that they are allowed in, for operations with a quota of their own.
fn own_quota(operation: &str, edge: bool) -> Option<(u32, u32)> {
    Some(match operation {
        "CreateApiKey" => (5, 1),
        "CreateDeployment" => (1, 5),
        "ImportRestApi" if edge => (1, 30),
        "ImportRestApi" => (1, 3),
        "PutRestApi" => (1, 1),
        "GetResources" => (5, 2),
        "UpdateUsagePlan" => (1, 20),
        "CreateVpcLinkV2" => (1, 15),
        "CreateDomainName" | "DeleteRestApi" | "DeleteVpcLinkV2" => (1, 30),
        _ => return None,
    })
}

/// The buckets of an account.
#[derive(Debug)]
pub(crate) struct Throttle {
    quotas: Quotas,
    account: TokenBucket,
    operations: HashMap<(String, bool), TokenBucket>,
}

impl Throttle {
    pub(crate) fn new(quotas: Quotas, now: Instant) -> Self {
        let account = TokenBucket::new(40, Duration::from_millis(100), now);
        Self { quotas, account, operations: HashMap::new() }
    }

    /// Admits a request, or refuses it with the time to wait. `edge` is set if it creates an edge-optimised API.
    pub(crate) fn admit(&mut self, operation: &str, edge: bool, now: Instant) -> Result<()> {
        let mut own = own_quota(operation, edge).map(|(requests, seconds)| {
            let interval = Duration::from_secs(seconds.into()).mul_f64(self.quotas.time_scale) / requests;
            self.operations
                .entry((operation.to_owned(), edge))
                .or_insert_with(|| TokenBucket::new(requests, interval, now))
        });
        let wait = own.as_mut().map_or(Duration::ZERO, |bucket| bucket.wait(now)).max(self.account.wait(now));
        if !wait.is_zero() {
            return Err(ApiError::too_many_requests(wait));
        }
        self.account.take();
        if let Some(bucket) = own {
            bucket.take();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_gets_a_burst_of_forty_and_then_ten_requests_a_second() {
        let start = Instant::now();
        let mut throttle = Throttle::new(Quotas { time_scale: 0.0 }, start);
        for _ in 0..40 {
            throttle.admit("GetStage", false, start).unwrap();
        }
        assert!(throttle.admit("GetStage", false, start).is_err());
        let later = start + Duration::from_secs(1);
        for _ in 0..10 {
            throttle.admit("GetStage", false, later).unwrap();
        }
        assert!(throttle.admit("GetStage", false, later).is_err());
    }

    #[test]
    fn deployments_are_created_every_five_seconds() {
        let start = Instant::now();
        let mut throttle = Throttle::new(Quotas::default(), start);
        throttle.admit("CreateDeployment", false, start).unwrap();
        let early = throttle.admit("CreateDeployment", false, start + Duration::from_secs(4));
        assert_eq!(early, Err(ApiError::too_many_requests(Duration::from_secs(1))));
        throttle.admit("CreateDeployment", false, start + Duration::from_secs(5)).unwrap();
    }

    #[test]
    fn the_time_scale_shortens_the_quotas_of_single_operations() {
        let start = Instant::now();
        let mut throttle = Throttle::new(Quotas { time_scale: 0.1 }, start);
        throttle.admit("DeleteRestApi", false, start).unwrap();
        assert!(throttle.admit("DeleteRestApi", false, start + Duration::from_secs(2)).is_err());
        throttle.admit("DeleteRestApi", false, start + Duration::from_secs(3)).unwrap();
    }

    #[test]
    fn an_edge_optimised_api_has_a_longer_interval_than_a_regional_one() {
        assert_eq!(own_quota("ImportRestApi", true), Some((1, 30)));
        assert_eq!(own_quota("ImportRestApi", false), Some((1, 3)));
        assert_eq!(own_quota("GetResources", false), Some((5, 2)));
    }

    #[test]
    fn vpc_links_have_a_quota_in_v2_alone_and_deployments_one_for_both() {
        let of = |operation, is_v2| own_quota(quota(operation, is_v2), false);
        assert_eq!((of("CreateVpcLink", true), of("CreateVpcLink", false)), (Some((1, 15)), None));
        assert_eq!((of("DeleteVpcLink", true), of("DeleteVpcLink", false)), (Some((1, 30)), None));
        assert_eq!((of("CreateDeployment", true), of("CreateDeployment", false)), (Some((1, 5)), Some((1, 5))));
        assert_eq!(of("ImportApi", true), None);
    }
}

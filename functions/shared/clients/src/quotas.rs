//! Service Quotas (<https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html>).

use crate::{Account, error::code};
use aws_sdk_servicequotas::{Client, config::Builder};
use aws_types::region::Region;
use domain::{PhaseError, ports::Quotas};

impl Quotas for Account {
    async fn quota(&self, service: &str, quota: &str) -> Result<Option<f64>, PhaseError> {
        let context = format!("reading the quota {quota} of {service}");
        let client = Client::from_conf(match service {
            "iam" => Builder::from(self.config()).region(Region::new(home(self.region()))).build(),
            _ => self.config().into(),
        });
        let failed = match client.get_service_quota().service_code(service).quota_code(quota).send().await {
            Ok(answer) => return Ok(answer.quota.and_then(|quota| quota.value)),
            Err(failed) => failed,
        };
        // Not every Region has Service Quotas, and not every quota is known to it.
        match code(&failed) {
            "NoSuchResourceException" | "InvalidAction" | "UnknownOperationException" => Ok(None),
            _ => Err(crate::error::phase_error(&context, &failed)),
        }
    }
}

/// IAM is one for all Regions, and its quotas are known in one Region of each partition
/// (<https://docs.aws.amazon.com/general/latest/gr/iam-service.html>).
fn home(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "cn-north-1",
        region if region.starts_with("us-gov-") => "us-gov-west-1",
        _ => "us-east-1",
    }
}

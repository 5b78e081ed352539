//! Target groups and their targets.

use super::{client, convert, found, gone, no_arn, tags, tags_of};
use crate::{Account, error::phase_error};
use aws_sdk_elasticloadbalancingv2::types::{
    Matcher, TargetGroupAttribute, TargetHealthReasonEnum, TargetHealthStateEnum,
};
use domain::PhaseError;
use domain::Tags;
use domain::plan::edge::TargetGroup;
use domain::ports::TargetGroups;
use domain::ports::load_balancers::{Named, Target};
use std::collections::BTreeMap;

impl TargetGroups for Account {
    async fn target_group(&self, which: Named<'_>) -> Result<Option<TargetGroup>, PhaseError> {
        let client = client(self);
        let request = client.describe_target_groups();
        let (request, name) = match which {
            Named::Arn(arn) => (request.target_group_arns(arn), arn),
            Named::Name(name) => (request.names(name), name),
        };
        let answer = found(&format!("reading the target group {name}"), request.send().await)?;
        let Some(mut group) = answer.and_then(|answer| answer.target_groups().first().map(convert::target_group))
        else {
            return Ok(None);
        };
        let context = format!("reading the attributes of {}", group.arn);
        let answer = client.describe_target_group_attributes().target_group_arn(&group.arn).send().await;
        let Some(answer) = found(&context, answer)? else {
            return Ok(None);
        };
        group.attributes = answer
            .attributes()
            .iter()
            .map(|attribute| {
                (attribute.key().unwrap_or_default().to_owned(), attribute.value().unwrap_or_default().to_owned())
            })
            .collect();
        group.tags = tags_of(&client, &group.arn).await?;
        Ok(Some(group))
    }

    async fn create_target_group(&self, name: &str, like: &TargetGroup, with: &Tags) -> Result<String, PhaseError> {
        let context = format!("creating the target group {name}");
        let check = &like.health_check;
        let matcher = check.matcher.as_ref().map(|codes| Matcher::builder().http_code(codes).build());
        let answer = client(self)
            .create_target_group()
            .name(name)
            .protocol(like.protocol.as_str().into())
            .port(like.port.into())
            .vpc_id(&like.vpc_id)
            .target_type(like.target_type.as_str().into())
            .ip_address_type(like.ip_address_type.as_str().into())
            .health_check_enabled(true)
            .health_check_protocol(check.protocol.as_str().into())
            .health_check_port(&check.port)
            .set_health_check_path(check.path.clone())
            .set_matcher(matcher)
            .health_check_interval_seconds(check.interval_seconds)
            .health_check_timeout_seconds(check.timeout_seconds)
            .healthy_threshold_count(check.healthy_threshold)
            .unhealthy_threshold_count(check.unhealthy_threshold)
            .set_tags(tags(with))
            .send()
            .await
            .map_err(|error| phase_error(&context, &error))?;
        let arn = answer.target_groups().first().and_then(|group| group.target_group_arn());
        arn.map(ToOwned::to_owned).ok_or_else(|| no_arn(&context))
    }

    async fn set_target_group_attributes(
        &self,
        arn: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), PhaseError> {
        let attributes =
            attributes.iter().map(|(key, value)| TargetGroupAttribute::builder().key(key).value(value).build());
        client(self)
            .modify_target_group_attributes()
            .target_group_arn(arn)
            .set_attributes(Some(attributes.collect()))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| phase_error(&format!("setting the attributes of {arn}"), &error))
    }

    async fn delete_target_group(&self, arn: &str) -> Result<(), PhaseError> {
        gone(&format!("deleting {arn}"), client(self).delete_target_group().target_group_arn(arn).send().await)
    }

    async fn targets(&self, arn: &str) -> Result<Vec<Target>, PhaseError> {
        let answer = client(self).describe_target_health().target_group_arn(arn).send().await;
        let answer = found(&format!("reading the targets of {arn}"), answer)?;
        let descriptions = answer.iter().flat_map(|answer| answer.target_health_descriptions());
        Ok(descriptions
            .map(|description| {
                let target = description.target();
                let health = description.target_health();
                Target {
                    id: target.and_then(|target| target.id()).unwrap_or_default().to_owned(),
                    port: target.and_then(|target| target.port()?.try_into().ok()).unwrap_or_default(),
                    state: health
                        .and_then(|health| health.state())
                        .map_or("", TargetHealthStateEnum::as_str)
                        .to_owned(),
                    reason: health
                        .and_then(|health| health.reason())
                        .map_or("", TargetHealthReasonEnum::as_str)
                        .to_owned(),
                }
            })
            .collect())
    }
}

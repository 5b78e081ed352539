//! Network Load Balancers.

use super::{client, convert, found, gone, listeners, no_arn, tags, tags_of};
use crate::{Account, error::phase_error};
use aws_sdk_elasticloadbalancingv2::types::{
    EnablePrefixForIpv6SourceNatEnum, EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum, LoadBalancerAttribute,
    LoadBalancerTypeEnum,
};
use domain::PhaseError;
use domain::Tags;
use domain::plan::edge::{Listener, LoadBalancer};
use domain::ports::LoadBalancers;
use domain::ports::load_balancers::Named;
use std::collections::BTreeMap;

impl LoadBalancers for Account {
    async fn load_balancer(&self, which: Named<'_>) -> Result<Option<LoadBalancer>, PhaseError> {
        let client = client(self);
        let request = client.describe_load_balancers();
        let (request, name) = match which {
            Named::Arn(arn) => (request.load_balancer_arns(arn), arn),
            Named::Name(name) => (request.names(name), name),
        };
        let answer = found(&format!("reading the load balancer {name}"), request.send().await)?;
        let Some(mut balancer) = answer.and_then(|answer| answer.load_balancers().first().map(convert::balancer))
        else {
            return Ok(None);
        };
        let context = format!("reading the attributes of {}", balancer.arn);
        let answer = client.describe_load_balancer_attributes().load_balancer_arn(&balancer.arn).send().await;
        // It may have gone between the two calls.
        let Some(answer) = found(&context, answer)? else {
            return Ok(None);
        };
        balancer.attributes = answer
            .attributes()
            .iter()
            .map(|attribute| {
                (attribute.key().unwrap_or_default().to_owned(), attribute.value().unwrap_or_default().to_owned())
            })
            .collect();
        balancer.tags = tags_of(&client, &balancer.arn).await?;
        Ok(Some(balancer))
    }

    async fn create_load_balancer(&self, name: &str, like: &LoadBalancer, with: &Tags) -> Result<String, PhaseError> {
        let context = format!("creating the load balancer {name}");
        let security_groups = (!like.security_group_ids.is_empty()).then(|| like.security_group_ids.clone());
        let answer = client(self)
            .create_load_balancer()
            .name(name)
            .r#type(LoadBalancerTypeEnum::Network)
            .scheme(like.scheme.as_str().into())
            .ip_address_type(like.ip_address_type.as_str().into())
            .set_subnets(Some(like.subnet_ids.clone()))
            .set_security_groups(security_groups)
            .set_enable_prefix_for_ipv6_source_nat(like.ipv6_source_nat.then_some(EnablePrefixForIpv6SourceNatEnum::On))
            .set_tags(tags(with))
            .send()
            .await
            .map_err(|error| phase_error(&context, &error))?;
        let balancer = answer.load_balancers().first();
        let arn = balancer.and_then(|balancer| balancer.load_balancer_arn());
        arn.map(ToOwned::to_owned).ok_or_else(|| no_arn(&context))
    }

    async fn set_load_balancer_attributes(
        &self,
        arn: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), PhaseError> {
        let attributes =
            attributes.iter().map(|(key, value)| LoadBalancerAttribute::builder().key(key).value(value).build());
        client(self)
            .modify_load_balancer_attributes()
            .load_balancer_arn(arn)
            .set_attributes(Some(attributes.collect()))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| phase_error(&format!("setting the attributes of {arn}"), &error))
    }

    async fn enforce_on_private_link(
        &self,
        arn: &str,
        security_group_ids: &[String],
        enforcement: &str,
    ) -> Result<(), PhaseError> {
        client(self)
            .set_security_groups()
            .load_balancer_arn(arn)
            .set_security_groups(Some(security_group_ids.to_vec()))
            .enforce_security_group_inbound_rules_on_private_link_traffic(
                EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum::from(enforcement),
            )
            .send()
            .await
            .map(|_| ())
            .map_err(|error| phase_error(&format!("setting the PrivateLink enforcement of {arn}"), &error))
    }

    async fn delete_load_balancer(&self, arn: &str) -> Result<(), PhaseError> {
        gone(&format!("deleting {arn}"), client(self).delete_load_balancer().load_balancer_arn(arn).send().await)
    }

    async fn listeners(&self, load_balancer_arn: &str) -> Result<Vec<Listener>, PhaseError> {
        listeners::all(self, load_balancer_arn).await
    }

    async fn create_listener(
        &self,
        load_balancer_arn: &str,
        like: &Listener,
        with: &Tags,
    ) -> Result<String, PhaseError> {
        listeners::create(self, load_balancer_arn, like, with).await
    }

    async fn set_listener_attributes(
        &self,
        arn: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), PhaseError> {
        listeners::set_attributes(self, arn, attributes).await
    }
}

//! VPC links of REST APIs (V1)
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-private-integration.html>).

use super::{PAGE, client, convert, found, gone, once};
use crate::{Account, error::phase_error};
use aws_sdk_apigateway::types;
use domain::PhaseError;
use domain::Tags;
use domain::plan::edge::VpcLink;
use domain::ports::VpcLinks;

impl VpcLinks for Account {
    async fn vpc_link(&self, id: &str) -> Result<Option<VpcLink>, PhaseError> {
        let answer = client(self).get_vpc_link().vpc_link_id(id).send().await;
        Ok(found(&format!("reading the VPC link {id}"), answer)?.map(|answer| {
            let link = types::VpcLink::builder()
                .set_id(answer.id)
                .set_name(answer.name)
                .set_target_arns(answer.target_arns)
                .set_status(answer.status)
                .set_status_message(answer.status_message)
                .set_tags(answer.tags)
                .build();
            convert::link(&link)
        }))
    }

    async fn vpc_links(&self) -> Result<Vec<VpcLink>, PhaseError> {
        let pages = client(self).get_vpc_links().limit(PAGE).into_paginator().items().send();
        let links: Result<Vec<_>, _> = pages.collect().await;
        let links = links.map_err(|error| phase_error("listing the VPC links", &error))?;
        Ok(links.iter().map(convert::link).collect())
    }

    async fn create_vpc_link(&self, name: &str, load_balancer_arn: &str, tags: &Tags) -> Result<String, PhaseError> {
        let context = format!("creating the VPC link {name}");
        let answer = once(self)
            .create_vpc_link()
            .name(name)
            .target_arns(load_balancer_arn)
            .set_tags(convert::unsorted(tags))
            .send()
            .await
            .map_err(|error| phase_error(&context, &error))?;
        answer.id.ok_or_else(|| PhaseError::unavailable(format!("{context}: the answer has no id")))
    }

    async fn delete_vpc_link(&self, id: &str) -> Result<(), PhaseError> {
        gone(&format!("deleting the VPC link {id}"), client(self).delete_vpc_link().vpc_link_id(id).send().await)
    }
}

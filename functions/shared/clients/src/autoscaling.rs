//! Amazon EC2 Auto Scaling
//! (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/Welcome.html>).

#[cfg(test)]
mod members;
mod settings;
#[cfg(test)]
mod tests;

use crate::{
    Account,
    error::{code, phase_error},
};
use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::{self, Filter, LifecycleState};
use domain::PhaseError;
use domain::ports::Scaling;
use domain::ports::scaling::{AutoScalingGroup, CLUSTER_TAG, NODE_GROUP_TAG};

impl Scaling for Account {
    async fn scaling_groups(&self, cluster: &str) -> Result<Vec<AutoScalingGroup>, PhaseError> {
        let filter = Filter::builder().name(format!("tag:{CLUSTER_TAG}")).values(cluster).build();
        let groups: Result<Vec<_>, _> = Client::new(self.config())
            .describe_auto_scaling_groups()
            .filters(filter)
            .into_paginator()
            .items()
            .send()
            .collect()
            .await;
        let groups =
            groups.map_err(|error| phase_error(&format!("reading the Auto Scaling groups of {cluster}"), &error))?;
        Ok(groups.iter().map(group).collect())
    }

    async fn attached_to(&self, target_group_arn: &str) -> Result<Vec<AutoScalingGroup>, PhaseError> {
        let groups: Result<Vec<_>, _> =
            Client::new(self.config()).describe_auto_scaling_groups().into_paginator().items().send().collect().await;
        let groups = groups.map_err(|error| phase_error("listing the Auto Scaling groups", &error))?;
        let groups = groups.iter().map(group);
        Ok(groups.filter(|group| group.target_group_arns.iter().any(|arn| arn == target_group_arn)).collect())
    }

    async fn hung_on(&self, group: &str) -> Result<Vec<String>, PhaseError> {
        settings::hung_on(&Client::new(self.config()), group).await
    }

    async fn attach(&self, group: &str, target_group_arn: &str) -> Result<(), PhaseError> {
        Client::new(self.config())
            .attach_load_balancer_target_groups()
            .auto_scaling_group_name(group)
            .target_group_arns(target_group_arn)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| phase_error(&format!("attaching {group} to {target_group_arn}"), &error))
    }

    async fn detach(&self, group: &str, target_group_arn: &str) -> Result<(), PhaseError> {
        let answer = Client::new(self.config())
            .detach_load_balancer_target_groups()
            .auto_scaling_group_name(group)
            .target_group_arns(target_group_arn)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            // Auto Scaling has one code for a group that is gone and for a target group that is not attached.
            Err(error) if code(&error) == "ValidationError" => Ok(()),
            Err(error) => Err(phase_error(&format!("detaching {group} from {target_group_arn}"), &error)),
        }
    }
}

fn group(group: &types::AutoScalingGroup) -> AutoScalingGroup {
    let tag = |key: &str| {
        let tag = group.tags().iter().find(|tag| tag.key() == Some(key));
        tag.and_then(|tag| tag.value()).unwrap_or_default().to_owned()
    };
    AutoScalingGroup {
        name: group.auto_scaling_group_name().unwrap_or_default().to_owned(),
        cluster: tag(CLUSTER_TAG),
        node_group: tag(NODE_GROUP_TAG),
        target_group_arns: group.target_group_arns().to_vec(),
        instance_ids: group
            .instances()
            .iter()
            .filter(|instance| instance.lifecycle_state() == Some(&LifecycleState::InService))
            .filter_map(|instance| instance.instance_id().map(ToOwned::to_owned))
            .collect(),
        settings: settings::of(group),
    }
}

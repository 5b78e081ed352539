//! Amazon EC2 Auto Scaling.

use super::time::Change;
use super::{Account, Aws};
use domain::PhaseError;
use domain::ports::Scaling;
use domain::ports::scaling::AutoScalingGroup;

/// The groups whose instances are registered with the target group.
pub(super) fn attached<'a>(aws: &'a Aws, arn: &'a str) -> impl Iterator<Item = &'a AutoScalingGroup> {
    aws.scaling.values().filter(move |group| group.target_group_arns.iter().any(|found| found == arn))
}

impl Scaling for Account {
    async fn scaling_groups(&self, cluster: &str) -> Result<Vec<AutoScalingGroup>, PhaseError> {
        self.read("autoscaling:DescribeAutoScalingGroups", |aws| {
            aws.scaling.values().filter(|group| group.cluster == cluster).cloned().collect()
        })
    }

    async fn attached_to(&self, target_group_arn: &str) -> Result<Vec<AutoScalingGroup>, PhaseError> {
        self.read("autoscaling:DescribeAutoScalingGroups", |aws| attached(aws, target_group_arn).cloned().collect())
    }

    async fn hung_on(&self, group: &str) -> Result<Vec<String>, PhaseError> {
        self.read("autoscaling:DescribeScheduledActions", |aws| aws.hung_on.get(group).cloned().unwrap_or_default())
    }

    async fn attach(&self, group: &str, target_group_arn: &str) -> Result<(), PhaseError> {
        self.change("autoscaling:AttachLoadBalancerTargetGroups", |aws| {
            if !aws.target_groups.contains_key(target_group_arn) {
                return Err(PhaseError::refused(format!("ValidationError: no target group {target_group_arn}")));
            }
            let found = aws.scaling.get_mut(group);
            let found = found.ok_or_else(|| PhaseError::refused(format!("ValidationError: no group {group}")))?;
            if found.target_group_arns.iter().any(|arn| arn == target_group_arn) {
                return Ok(());
            }
            found.target_group_arns.push(target_group_arn.to_owned());
            let instances = found.instance_ids.clone();
            aws.create("TargetGroupAttachment", "", &format!("{group} {target_group_arn}"));
            for instance in instances {
                aws.unchecked.insert((target_group_arn.to_owned(), instance.clone()));
                let checked = Change::TargetChecked(target_group_arn.to_owned(), instance);
                aws.later(|durations| durations.health_checks, checked);
            }
            Ok(())
        })
    }

    async fn detach(&self, group: &str, target_group_arn: &str) -> Result<(), PhaseError> {
        self.change("autoscaling:DetachLoadBalancerTargetGroups", |aws| {
            if let Some(group) = aws.scaling.get_mut(group) {
                group.target_group_arns.retain(|arn| arn != target_group_arn);
            }
            Ok(())
        })
    }
}

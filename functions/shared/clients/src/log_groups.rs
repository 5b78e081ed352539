//! Log groups, on Amazon CloudWatch Logs
//! (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/Welcome.html>).

use crate::{
    Account,
    error::{code, phase_error},
};
use aws_sdk_cloudwatchlogs::{
    Client,
    types::{self, LogGroupClass},
};
use domain::{
    PhaseError, Tags,
    ports::{LogGroups, log_groups::LogGroup},
};

const GONE: &str = "ResourceNotFoundException";

impl Account {
    fn logs(&self) -> Client {
        Client::new(self.config())
    }
}

impl LogGroups for Account {
    async fn log_group(&self, name: &str) -> Result<Option<LogGroup>, PhaseError> {
        let context = format!("reading the log group {name}");
        // The API filters by prefix only. Names are sorted, so the group itself is on the first page.
        let answer = self.logs().describe_log_groups().log_group_name_prefix(name).send().await;
        let answer = answer.map_err(|error| phase_error(&context, &error))?;
        let Some(found) = answer.log_groups().iter().find(|group| group.log_group_name() == Some(name)) else {
            return Ok(None);
        };
        let arn = arn(found);
        let tags: Tags = match self.logs().list_tags_for_resource().resource_arn(&arn).send().await {
            Ok(answer) => answer.tags.unwrap_or_default().into_iter().collect(),
            Err(error) if code(&error) == GONE => return Ok(None),
            Err(error) => return Err(phase_error(&context, &error)),
        };
        Ok(Some(LogGroup {
            name: name.to_owned(),
            created_at: found.creation_time().unwrap_or_default(),
            retention_in_days: found.retention_in_days(),
            kms_key_arn: found.kms_key_id().map(ToOwned::to_owned),
            class: found.log_group_class().map(|class| class.as_str().to_owned()),
            deletion_protection: found.deletion_protection_enabled().unwrap_or_default(),
            metric_filters: found.metric_filter_count().unwrap_or_default(),
            arn,
            tags,
        }))
    }

    async fn create_log_group(&self, group: &LogGroup) -> Result<(), PhaseError> {
        let context = format!("creating the log group {}", group.name);
        let answer = self
            .logs()
            .create_log_group()
            .log_group_name(&group.name)
            .set_kms_key_id(group.kms_key_arn.clone())
            .set_log_group_class(group.class.as_deref().map(LogGroupClass::from))
            .set_tags(Some(group.tags.clone().into_iter().collect()))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => Err(match code(&error) {
                "ResourceAlreadyExistsException" => PhaseError::conflict(format!("{context}: the name is taken")),
                code => changing(&context, code, phase_error(&context, &error)),
            }),
        }
    }

    async fn set_retention(&self, name: &str, days: i32) -> Result<(), PhaseError> {
        let context = format!("setting the retention of the log group {name} to {days} days");
        match self.logs().put_retention_policy().log_group_name(name).retention_in_days(days).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(changing(&context, code(&error), phase_error(&context, &error))),
        }
    }

    async fn delete_log_group(&self, name: &str) -> Result<(), PhaseError> {
        let context = format!("deleting the log group {name}");
        match self.logs().delete_log_group().log_group_name(name).send().await {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == GONE => Ok(()),
            Err(error) => Err(changing(&context, code(&error), phase_error(&context, &error))),
        }
    }
}

/// "Multiple concurrent requests to update the same resource were in conflict" ends by itself.
fn changing(context: &str, code: &str, error: PhaseError) -> PhaseError {
    match code {
        "OperationAbortedException" => PhaseError::unavailable(format!("{context}: {code}")),
        _ => error,
    }
}

fn arn(group: &types::LogGroup) -> String {
    let arn = group.log_group_arn().or_else(|| group.arn()).unwrap_or_default();
    arn.trim_end_matches(":*").to_owned()
}

#[cfg(test)]
mod tests {
    //! Requests and answers:
    //! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html>,
    //! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>,
    //! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>,
    //! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html>,
    //! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListTagsForResource.html>.

    use super::*;
    use crate::scenario::{Answer, Scenario, answer, fault};
    use domain::Condition;
    use serde_json::{Value, json};

    const NAME: &str = "/aws/eks/shop-blue/cluster";
    const ARN: &str = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/eks/shop-blue/cluster";
    const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    fn found(body: &Value) -> Answer {
        answer(200, body.to_string())
    }

    fn done() -> Answer {
        answer(200, "")
    }

    fn group() -> LogGroup {
        LogGroup {
            name: NAME.to_owned(),
            arn: ARN.to_owned(),
            created_at: 1_396_224_000_000,
            retention_in_days: Some(90),
            kms_key_arn: Some(KEY.to_owned()),
            class: Some("STANDARD".to_owned()),
            deletion_protection: false,
            metric_filters: 1,
            tags: [("team".to_owned(), "shop".to_owned())].into(),
        }
    }

    #[tokio::test]
    async fn a_group_is_found_by_its_whole_name_with_its_tags() {
        let described = json!({ "logGroups": [
            { "logGroupName": NAME, "creationTime": 1_396_224_000_000_u64, "retentionInDays": 90, "metricFilterCount": 1,
              "arn": format!("{ARN}:*"), "storedBytes": 0, "kmsKeyId": KEY, "logGroupClass": "STANDARD" },
            { "logGroupName": format!("{NAME}-archive"), "arn": format!("{ARN}-archive:*") },
        ] });
        let tags = json!({ "tags": { "team": "shop" } });
        let scenario = Scenario::of([found(&described), found(&tags), found(&described)]);
        assert_eq!(scenario.account.log_group(NAME).await, Ok(Some(group())));
        assert_eq!(scenario.account.log_group("/aws/eks/shop-blue").await, Ok(None));

        let described = "Logs_20140328.DescribeLogGroups";
        assert_eq!(scenario.operations(), [described, "Logs_20140328.ListTagsForResource", described]);
        assert_eq!(scenario.json(0), json!({ "logGroupNamePrefix": NAME }));
        assert_eq!(scenario.json(1), json!({ "resourceArn": ARN }));
    }

    #[tokio::test]
    async fn a_group_that_goes_while_it_is_read_is_gone() {
        let described = json!({ "logGroups": [{ "logGroupName": NAME, "arn": format!("{ARN}:*") }] });
        let scenario = Scenario::of([found(&described), fault(400, GONE, "no such group")]);
        assert_eq!(scenario.account.log_group(NAME).await, Ok(None));
    }

    #[tokio::test]
    async fn a_group_is_created_with_key_class_and_tags_and_gets_its_retention() {
        let scenario = Scenario::of([done(), done()]);
        assert_eq!(scenario.account.create_log_group(&group()).await, Ok(()));
        assert_eq!(scenario.account.set_retention(NAME, 90).await, Ok(()));
        assert_eq!(scenario.operations(), ["Logs_20140328.CreateLogGroup", "Logs_20140328.PutRetentionPolicy"]);
        let created =
            json!({ "logGroupName": NAME, "kmsKeyId": KEY, "logGroupClass": "STANDARD", "tags": { "team": "shop" } });
        assert_eq!(scenario.json(0), created);
        assert_eq!(scenario.json(1), json!({ "logGroupName": NAME, "retentionInDays": 90 }));
    }

    #[tokio::test]
    async fn a_group_that_is_gone_is_deleted() {
        let scenario = Scenario::of([done(), fault(400, GONE, "The specified log group does not exist.")]);
        assert_eq!(scenario.account.delete_log_group(NAME).await, Ok(()));
        assert_eq!(scenario.account.delete_log_group(NAME).await, Ok(()));
        assert_eq!(scenario.operations(), ["Logs_20140328.DeleteLogGroup"; 2]);
        assert_eq!(scenario.json(0), json!({ "logGroupName": NAME }));
    }

    #[tokio::test]
    async fn what_cloudwatch_logs_refuses_is_told_by_its_condition() {
        for (status, code, condition) in [
            (400, "ResourceAlreadyExistsException", Condition::Conflict),
            (400, "OperationAbortedException", Condition::Unavailable),
            (400, "ThrottlingException", Condition::Unavailable),
            (500, "ServiceUnavailableException", Condition::Unavailable),
            (400, "AccessDeniedException", Condition::Denied),
            (400, "InvalidParameterException", Condition::Refused),
        ] {
            let scenario = Scenario::of([fault(status, code, "no")]);
            assert_eq!(scenario.account.create_log_group(&group()).await.unwrap_err().condition, condition, "{code}");
        }
        for (code, condition) in
            [("ValidationException", Condition::Refused), ("OperationAbortedException", Condition::Unavailable)]
        {
            let scenario = Scenario::of([fault(400, code, "no"), fault(400, code, "no")]);
            assert_eq!(scenario.account.delete_log_group(NAME).await.unwrap_err().condition, condition, "{code}");
            assert_eq!(scenario.account.set_retention(NAME, 90).await.unwrap_err().condition, condition, "{code}");
        }
    }
}

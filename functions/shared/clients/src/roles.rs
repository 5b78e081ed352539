//! AWS IAM, read only (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html>).

use crate::{
    Account,
    error::{code, phase_error},
};
use aws_sdk_iam::Client;
use domain::{
    PhaseError,
    ports::{Roles, roles::Role},
};
use percent_encoding::percent_decode_str;

impl Roles for Account {
    async fn role(&self, name: &str) -> Result<Option<Role>, PhaseError> {
        let answer = match Client::new(self.config()).get_role().role_name(name).send().await {
            Ok(answer) => answer,
            Err(error) if code(&error) == "NoSuchEntity" => return Ok(None),
            Err(error) => return Err(phase_error(&format!("reading the IAM role {name}"), &error)),
        };
        let Some(role) = answer.role else { return Ok(None) };
        // IAM answers it URL-encoded.
        let policy = role.assume_role_policy_document.unwrap_or_default();
        let policy = percent_decode_str(&policy).decode_utf8_lossy().into_owned();
        Ok(Some(Role { arn: role.arn, trust_policy: policy }))
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::Scenario;
    use domain::{
        Condition,
        ports::{Roles, roles::Role},
    };

    // As in the examples of the API reference.
    const ROLE: &str = r#"<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role><Path>/team/</Path>
<AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%7D</AssumeRolePolicyDocument><MaxSessionDuration>3600</MaxSessionDuration>
<RoleId>AIDADBQ7Z4SBJEXAMPLE</RoleId><CreateDate>2019-10-22T18:23:56Z</CreateDate><RoleName>cart</RoleName>
<Arn>arn:aws:iam::123456789012:role/team/cart</Arn></Role></GetRoleResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetRoleResponse>"#;

    #[tokio::test]
    async fn a_role_is_read_with_its_trust_policy_and_one_that_does_not_exist_is_none() {
        let fault = |code: &str| {
            format!(
                r#"<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>"#
            )
        };
        let (gone, denied) = (fault("NoSuchEntity"), fault("AccessDenied"));
        let scenario = Scenario::new(&[(200, ROLE), (404, &gone), (403, &denied)]);
        let expected = Role {
            arn: "arn:aws:iam::123456789012:role/team/cart".to_owned(),
            trust_policy: r#"{"Version":"2012-10-17"}"#.to_owned(),
        };
        assert_eq!(scenario.account.role("cart").await, Ok(Some(expected)));
        assert_eq!(scenario.account.role("cart").await, Ok(None));
        assert_eq!(scenario.account.role("cart").await.unwrap_err().condition, Condition::Denied);
    }
}

//! AWS IAM: roles with their trust policies, and OIDC providers (<https://docs.aws.amazon.com/IAM/latest/APIReference/>).

use crate::{
    Account,
    error::{code, phase_error},
};
use aws_sdk_iam::{Client, types::Tag};
use domain::{
    PhaseError,
    ports::{OidcProviders, Roles, oidc_providers::OidcProvider, roles::Role},
    trust_policy,
};
use percent_encoding::percent_decode_str;

const GONE: &str = "NoSuchEntity";

/// "Wait a few minutes and submit your request again."
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html>).
const BUSY: &str = "ConcurrentModification";

impl Account {
    fn iam(&self) -> Client {
        Client::new(self.config())
    }
}

impl Roles for Account {
    async fn role(&self, name: &str) -> Result<Option<Role>, PhaseError> {
        let answer = match self.iam().get_role().role_name(name).send().await {
            Ok(answer) => answer,
            Err(error) if code(&error) == GONE => return Ok(None),
            Err(error) => return Err(phase_error(&format!("reading the IAM role {name}"), &error)),
        };
        let Some(role) = answer.role else { return Ok(None) };
        // IAM answers it URL-encoded.
        let policy = role.assume_role_policy_document.unwrap_or_default();
        let policy = percent_decode_str(&policy).decode_utf8_lossy().into_owned();
        Ok(Some(Role { arn: role.arn, trust_policy: policy }))
    }

    async fn set_trust_policy(&self, name: &str, policy: &str) -> Result<(), PhaseError> {
        let answer = self.iam().update_assume_role_policy().role_name(name).policy_document(policy).send().await;
        answer
            .map(drop)
            .map_err(|error| phase_error(&format!("changing the trust policy of the IAM role {name}"), &error))
    }
}

impl OidcProviders for Account {
    async fn oidc_provider(&self, arn: &str) -> Result<Option<OidcProvider>, PhaseError> {
        let answer = match self.iam().get_open_id_connect_provider().open_id_connect_provider_arn(arn).send().await {
            Ok(answer) => answer,
            Err(error) if code(&error) == GONE => return Ok(None),
            Err(error) => return Err(phase_error(&format!("reading the OIDC provider {arn}"), &error)),
        };
        Ok(Some(OidcProvider {
            arn: arn.to_owned(),
            client_ids: answer.client_id_list.unwrap_or_default(),
            thumbprints: answer.thumbprint_list.unwrap_or_default(),
            tags: answer.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect(),
        }))
    }

    async fn create_oidc_provider(&self, provider: &OidcProvider) -> Result<(), PhaseError> {
        let context = format!("creating the OIDC provider {}", provider.arn);
        let tags = provider.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        let tags = tags
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| PhaseError::refused(format!("{context}: a tag lacks its key")))?;
        let answer = self
            .iam()
            .create_open_id_connect_provider()
            .url(format!("https://{}", trust_policy::issuer(&provider.arn)))
            .set_client_id_list(Some(provider.client_ids.clone()))
            .set_thumbprint_list(Some(provider.thumbprints.clone()).filter(|thumbprints| !thumbprints.is_empty()))
            .set_tags(Some(tags))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => Err(match code(&error) {
                "EntityAlreadyExists" => PhaseError::conflict(format!("{context}: there is one already")),
                BUSY => PhaseError::unavailable(format!("{context}: {BUSY}")),
                _ => phase_error(&context, &error),
            }),
        }
    }

    async fn delete_oidc_provider(&self, arn: &str) -> Result<(), PhaseError> {
        match self.iam().delete_open_id_connect_provider().open_id_connect_provider_arn(arn).send().await {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == GONE => Ok(()),
            Err(error) => Err(phase_error(&format!("deleting the OIDC provider {arn}"), &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    //! Requests and answers as in the examples of the API reference.

    use crate::scenario::Scenario;
    use domain::{
        Condition,
        ports::{OidcProviders, Roles, oidc_providers::OidcProvider, roles::Role},
    };

    const ROLE: &str = r#"<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role><Path>/team/</Path>
<AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%7D</AssumeRolePolicyDocument><MaxSessionDuration>3600</MaxSessionDuration>
<RoleId>AIDADBQ7Z4SBJEXAMPLE</RoleId><CreateDate>2019-10-22T18:23:56Z</CreateDate><RoleName>cart</RoleName>
<Arn>arn:aws:iam::123456789012:role/team/cart</Arn></Role></GetRoleResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetRoleResponse>"#;

    /// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetOpenIDConnectProvider.html>
    const PROVIDER: &str = r#"<GetOpenIDConnectProviderResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetOpenIDConnectProviderResult>
<ThumbprintList><member>c3768084dfb3d2b68b7897bf5f565da8eEXAMPLE</member></ThumbprintList><CreateDate>2014-10-09T03:32:51.398Z</CreateDate>
<ClientIDList><member>my-application-ID</member></ClientIDList><Url>oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE</Url>
<Tags><member><Key>team</Key><Value>shop</Value></member></Tags></GetOpenIDConnectProviderResult>
<ResponseMetadata><RequestId>2c91531b-4f65-11e4-aefa-bfd6aEXAMPLE</RequestId></ResponseMetadata></GetOpenIDConnectProviderResponse>"#;

    const ARN: &str = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE";

    fn fault(code: &str) -> String {
        format!(
            r#"<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>"#
        )
    }

    fn done(operation: &str) -> String {
        format!(
            r#"<{operation}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{operation}Response>"#
        )
    }

    fn provider() -> OidcProvider {
        OidcProvider {
            arn: ARN.to_owned(),
            client_ids: vec!["my-application-ID".to_owned()],
            thumbprints: vec!["c3768084dfb3d2b68b7897bf5f565da8eEXAMPLE".to_owned()],
            tags: [("team".to_owned(), "shop".to_owned())].into(),
        }
    }

    #[tokio::test]
    async fn a_role_is_read_with_its_trust_policy_and_one_that_does_not_exist_is_none() {
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

    #[tokio::test]
    async fn a_trust_policy_is_replaced_as_a_whole_and_one_that_is_too_long_is_refused() {
        let (done, long) = (done("UpdateAssumeRolePolicy"), fault("LimitExceeded"));
        let scenario = Scenario::new(&[(200, &done), (409, &long)]);
        assert_eq!(scenario.account.set_trust_policy("cart", "{}").await, Ok(()));
        let error = scenario.account.set_trust_policy("cart", "{}").await.unwrap_err();
        assert_eq!(error.condition, Condition::Refused);
        assert_eq!(error.message, "changing the trust policy of the IAM role cart: LimitExceeded: no");
        let sent = ["Action=UpdateAssumeRolePolicy", "PolicyDocument={}", "RoleName=cart", "Version=2010-05-08"];
        assert_eq!(scenario.form(0), sent);
    }

    #[tokio::test]
    async fn a_provider_is_read_by_its_arn_and_made_again_as_it_was_read() {
        let (gone, taken, busy) =
            (fault("NoSuchEntity"), fault("EntityAlreadyExists"), fault("ConcurrentModification"));
        // https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
        let created = format!(
            r#"<CreateOpenIDConnectProviderResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><CreateOpenIDConnectProviderResult>
<OpenIDConnectProviderArn>{ARN}</OpenIDConnectProviderArn></CreateOpenIDConnectProviderResult>
<ResponseMetadata><RequestId>f248366a-4f64-11e4-aefa-bfd6aEXAMPLE</RequestId></ResponseMetadata></CreateOpenIDConnectProviderResponse>"#
        );
        let scenario = Scenario::new(&[(200, PROVIDER), (404, &gone), (200, &created), (409, &taken), (409, &busy)]);
        assert_eq!(scenario.account.oidc_provider(ARN).await, Ok(Some(provider())));
        assert_eq!(scenario.account.oidc_provider(ARN).await, Ok(None));
        assert_eq!(scenario.account.create_oidc_provider(&provider()).await, Ok(()));
        for expected in [Condition::Conflict, Condition::Unavailable] {
            let error = scenario.account.create_oidc_provider(&provider()).await.unwrap_err();
            assert_eq!(error.condition, expected);
        }
        let sent = [
            "Action=CreateOpenIDConnectProvider",
            "ClientIDList.member.1=my-application-ID",
            "Tags.member.1.Key=team",
            "Tags.member.1.Value=shop",
            "ThumbprintList.member.1=c3768084dfb3d2b68b7897bf5f565da8eEXAMPLE",
            "Url=https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE",
            "Version=2010-05-08",
        ];
        assert_eq!(scenario.form(2), sent);
    }

    #[tokio::test]
    async fn a_provider_that_is_gone_is_deleted() {
        let (done, gone) = (done("DeleteOpenIDConnectProvider"), fault("NoSuchEntity"));
        let scenario = Scenario::new(&[(200, &done), (404, &gone)]);
        for _ in 0..2 {
            assert_eq!(scenario.account.delete_oidc_provider(ARN).await, Ok(()));
        }
    }
}

//! Configurations of OIDC identity providers
//! (<https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html>).

use aws_sdk_eks::types::{ClusterStatus, IdentityProviderConfig, OidcIdentityProviderConfigRequest};

use crate::account::{Account, eventually};

fn staff(issuer: &str) -> OidcIdentityProviderConfigRequest {
    let request =
        OidcIdentityProviderConfigRequest::builder().identity_provider_config_name("staff").issuer_url(issuer);
    request.client_id("kubernetes").groups_claim("groups").build().unwrap()
}

fn named(name: &str) -> IdentityProviderConfig {
    IdentityProviderConfig::builder().r#type("oidc").name(name).build().unwrap()
}

async fn is_active(account: &Account) {
    eventually("ACTIVE", async || {
        let cluster = account.eks.describe_cluster().name("blue").send().await.unwrap().cluster.unwrap();
        cluster.status == Some(ClusterStatus::Active)
    })
    .await;
}

#[tokio::test]
async fn a_cluster_is_updated_for_its_one_provider_which_is_then_active() {
    let account = Account::with_cluster("blue").await;
    let associate = |name: &str, issuer: &str| {
        let mut oidc = staff(issuer);
        name.clone_into(&mut oidc.identity_provider_config_name);
        let call = account.eks.associate_identity_provider_config().cluster_name("blue").oidc(oidc);
        call.client_request_token(name).tags("team", "shop").send()
    };
    associate("staff", "https://login.example.com").await.unwrap();
    // The same request again is the same association, another one waits for the update.
    associate("staff", "https://login.example.com").await.unwrap();
    let busy = associate("others", "https://others.example.com").await.unwrap_err().into_service_error();
    assert!(busy.is_resource_in_use_exception(), "{busy:?}");
    is_active(&account).await;
    let second = associate("others", "https://others.example.com").await.unwrap_err().into_service_error();
    assert!(second.is_resource_in_use_exception(), "{second:?}");

    let listed = account.eks.list_identity_provider_configs().cluster_name("blue").send().await.unwrap();
    assert_eq!(listed.identity_provider_configs.unwrap(), [named("staff")]);
    let describe = |name| {
        account
            .eks
            .describe_identity_provider_config()
            .cluster_name("blue")
            .identity_provider_config(named(name))
            .send()
    };
    let found = describe("staff").await.unwrap().identity_provider_config.unwrap().oidc.unwrap();
    assert_eq!(found.status.unwrap().as_str(), "ACTIVE");
    assert_eq!(
        (found.issuer_url.as_deref(), found.groups_claim.as_deref()),
        (Some("https://login.example.com"), Some("groups"))
    );
    assert_eq!(found.tags.unwrap()["team"], "shop");
    let arn = found.identity_provider_config_arn.unwrap();
    let tags = account.eks.list_tags_for_resource().resource_arn(arn).send().await.unwrap().tags.unwrap();
    assert_eq!(tags["team"], "shop");
    assert!(describe("others").await.unwrap_err().into_service_error().is_resource_not_found_exception());

    let disassociate = account.eks.disassociate_identity_provider_config().cluster_name("blue");
    disassociate.identity_provider_config(named("staff")).send().await.unwrap();
    is_active(&account).await;
    assert!(describe("staff").await.unwrap_err().into_service_error().is_resource_not_found_exception());
    account.compute.stop().await;
}

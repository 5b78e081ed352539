//! Fargate profiles.

use aws_sdk_eks::types::FargateProfileSelector;

use crate::account::{Account, eventually};

async fn create(account: &Account, name: &str) -> Result<(), String> {
    let selector = FargateProfileSelector::builder().namespace(name).labels("compute", "fargate").build();
    let call = account.eks.create_fargate_profile().cluster_name("blue").fargate_profile_name(name).subnets("subnet-a");
    let call = call.pod_execution_role_arn("arn:aws:iam::000000000000:role/fargate").selectors(selector);
    call.send().await.map(drop).map_err(|error| format!("{:?}", error.into_service_error()))
}

async fn is_active(account: &Account, name: &str) {
    eventually("the profile is ACTIVE", async || {
        let call = account.eks.describe_fargate_profile().cluster_name("blue").fargate_profile_name(name);
        let found = call.send().await.unwrap().fargate_profile.unwrap();
        found.status.unwrap().as_str() == "ACTIVE"
    })
    .await;
}

/// hashicorp/terraform-provider-aws#16272 and hashicorp/terraform#25059.
#[tokio::test]
async fn one_profile_of_a_cluster_is_made_or_deleted_at_a_time() {
    let account = Account::with_cluster("blue").await;
    create(&account, "a").await.unwrap();
    let busy = create(&account, "b").await.unwrap_err();
    assert!(busy.contains("currently has Fargate profile a in status CREATING"), "{busy}");
    is_active(&account, "a").await;
    create(&account, "b").await.unwrap();
    is_active(&account, "b").await;
    let entry = account.eks.describe_access_entry().cluster_name("blue");
    let entry =
        entry.principal_arn("arn:aws:iam::000000000000:role/fargate").send().await.unwrap().access_entry.unwrap();
    assert_eq!(entry.r#type(), Some("FARGATE_LINUX"));

    let delete =
        |name: &str| account.eks.delete_fargate_profile().cluster_name("blue").fargate_profile_name(name).send();
    delete("a").await.unwrap();
    let busy = delete("b").await.unwrap_err();
    assert!(format!("{busy:?}").contains("currently has Fargate profile a in status DELETING"), "{busy:?}");
    let refused = account.eks.delete_cluster().name("blue").send().await.unwrap_err().into_service_error();
    assert!(refused.is_resource_in_use_exception(), "{refused:?}");
    account.compute.stop().await;
}

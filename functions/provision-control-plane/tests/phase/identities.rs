//! How Pods and people get who they are on green: roles through an OIDC provider or by EKS Pod Identity, and OIDC identity providers.

use super::{converge, green, groups_are_cloned, undo};
use domain::{
    Condition, Kind, Migration,
    plan::compute::IdentityProvider,
    ports::{clusters::IdentityProviderStatus, oidc_providers::OidcProvider},
    resources::oidc_provider,
    trust_policy::TrustPolicy,
};
use serde_json::json;
use testing::{Account, shop::irsa};

/// The shop whose Pods take IAM roles through blue's OIDC provider, after provision-network.
async fn irsa_shop() -> (Account, Migration) {
    let (account, migration) = Account::irsa_opened().unwrap();
    groups_are_cloned(&account, &migration).await;
    (account, migration)
}

/// The same with an IAM that shows what was changed half a minute later.
async fn irsa_shop_of_a_slow_iam() -> (Account, Migration) {
    let (account, migration) = irsa_shop().await;
    account.aws().clock.durations.iam = jiff::SignedDuration::from_secs(30);
    (account, migration)
}

#[tokio::test]
async fn greens_pods_get_the_roles_of_blues_through_a_provider_like_blues() {
    let ends =
        [Account::survives(irsa_shop, converge).await, Account::survives(irsa_shop_of_a_slow_iam, converge).await];
    for end in ends {
        let aws = end.unwrap().aws;
        let arn = |cluster: &str| oidc_provider::arn(&aws.clusters[cluster].cluster).unwrap();
        let (theirs, made) = (&aws.oidc_providers[&arn("shop-blue")], &aws.oidc_providers[&arn("shop-green")]);
        assert_eq!((&made.client_ids, &made.thumbprints), (&theirs.client_ids, &theirs.thumbprints));
        assert_eq!((made.tags["cluster"].as_str(), made.tags["bascule:migration"].as_str()), ("shop-green", "move"));
        for name in irsa::ROLES {
            let policy = TrustPolicy::read(&aws.roles[name]).unwrap();
            for cluster in ["shop-blue", "shop-green"] {
                assert!(policy.has(&irsa::statement(name, &arn(cluster))), "{name} {cluster}: {}", aws.roles[name]);
            }
        }
        let plugin = &aws.addons[&green("vpc-cni")].addon;
        assert_eq!(plugin.service_account_role_arn.as_deref(), Some("arn:aws:iam::123456789012:role/cni"));
    }
}

#[tokio::test]
async fn undo_puts_every_trust_policy_back_byte_for_byte() {
    for slow in [false, true] {
        let built = async || {
            let (account, migration) = if slow { irsa_shop_of_a_slow_iam().await } else { irsa_shop().await };
            account.drive(&migration, converge).await.unwrap();
            let back = account.turned_back(&migration);
            (account, back)
        };
        let end = Account::survives(built, undo).await.unwrap();
        let (before, _) = irsa_shop().await;
        let before = before.aws().contents();
        assert_eq!((&end.aws.roles, &end.aws.oidc_providers), (&before.roles, &before.oidc_providers), "slow: {slow}");
        let kinds = [Kind::TrustStatement, Kind::OidcProvider];
        assert!(end.entries.iter().all(|entry| !kinds.contains(&entry.key.kind) || !entry.is_live()));
    }
}

#[tokio::test]
async fn what_somebody_else_made_of_a_trust_policy_meanwhile_stays() {
    let (account, migration) = irsa_shop().await;
    account.drive(&migration, converge).await.unwrap();
    let other = json!({ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::123456789012:root" }, "Action": "sts:AssumeRole" });
    let changed = |policy: &str| TrustPolicy::read(policy).unwrap().with(std::slice::from_ref(&other));
    let now = changed(&account.aws().roles["cart"]).text();
    account.aws().roles.insert("cart".to_owned(), now);
    account.aws().roles.remove("cni");
    let back = account.turned_back(&migration);
    account.drive(&back, undo).await.unwrap();
    let (before, _) = irsa_shop().await;
    let expected = changed(&before.aws().roles["cart"]).text();
    assert_eq!(account.aws().roles["cart"], expected);
    assert!(!account.aws().roles.contains_key("cni"), "a role that is gone is not made again");
}

#[tokio::test]
async fn a_provider_that_somebody_else_made_for_green_is_a_conflict_and_stays() {
    let (account, migration) = irsa_shop().await;
    converge(&account, &migration).await.unwrap_err();
    account.pass();
    let arn = account.provider_of("shop-green").unwrap();
    let others = OidcProvider { arn: arn.clone(), ..OidcProvider::default() };
    account.aws().oidc_providers.insert(arn.clone(), others.clone());
    let error = account.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    let back = account.turned_back(&migration);
    account.drive(&back, undo).await.unwrap();
    assert_eq!(account.aws().oidc_providers[&arn], others);
}

/// The shop whose Pods get their roles from EKS Pod Identity on green, after provision-network.
async fn pods_shop() -> (Account, Migration) {
    let (account, migration) = Account::pods_opened().unwrap();
    groups_are_cloned(&account, &migration).await;
    (account, migration)
}

/// The same with an IAM that shows what was changed half a minute later, to EKS as well.
async fn pods_shop_of_a_slow_iam() -> (Account, Migration) {
    let (account, migration) = pods_shop().await;
    account.aws().clock.durations.iam = jiff::SignedDuration::from_secs(30);
    (account, migration)
}

#[tokio::test]
async fn greens_pods_get_the_roles_of_blues_by_associations() {
    let ends =
        [Account::survives(pods_shop, converge).await, Account::survives(pods_shop_of_a_slow_iam, converge).await];
    for end in ends {
        let aws = end.unwrap().aws;
        let association = &aws.pod_identities[&green("shop/cart")];
        assert_eq!(association.role_arn, irsa::role_arn("cart"));
        let plugin = &aws.addons[&green("vpc-cni")].addon;
        assert_eq!(plugin.pod_identities, [("aws-node".to_owned(), irsa::role_arn("cni"))]);
        let policy = |name: &str| TrustPolicy::read(&aws.roles[name]).unwrap();
        assert!(policy("cart").lets_pods(Some("shop"), "cart") && policy("cni").lets_pods(None, "aws-node"));
        let staff = &aws.identity_providers[&green("staff")];
        let IdentityProvider { tags, .. } = &staff.provider;
        assert_eq!(staff.provider, IdentityProvider { tags: tags.clone(), ..irsa::staff() });
        assert_eq!((staff.status.as_str(), tags["bascule:migration"].as_str()), ("ACTIVE", "move"));
        assert_eq!(aws.clusters["shop-green"].status, "ACTIVE");
        assert!(
            !aws.oidc_providers
                .keys()
                .any(|arn| Some(arn) == oidc_provider::arn(&aws.clusters["shop-green"].cluster).as_ref())
        );
    }
}

#[tokio::test]
async fn undo_takes_what_lets_eks_assume_roles_out_of_them_byte_for_byte() {
    for slow in [false, true] {
        let built = async || {
            let (account, migration) = if slow { pods_shop_of_a_slow_iam().await } else { pods_shop().await };
            account.drive(&migration, converge).await.unwrap();
            let back = account.turned_back(&migration);
            (account, back)
        };
        let end = Account::survives(built, undo).await.unwrap();
        let (before, _) = pods_shop().await;
        assert_eq!(end.aws.roles, before.aws().contents().roles, "slow: {slow}");
        assert!(end.entries.iter().all(|entry| entry.key.kind != Kind::TrustStatement || !entry.is_live()));
    }
}

#[tokio::test]
async fn an_identity_provider_that_somebody_else_gave_green_is_a_conflict() {
    let (account, migration) = pods_shop().await;
    while account.aws().clusters.get("shop-green").is_none_or(|found| found.status != "ACTIVE") {
        converge(&account, &migration).await.unwrap_err();
        account.pass();
    }
    let others = IdentityProviderStatus { provider: irsa::staff(), status: "ACTIVE".to_owned() };
    account.aws().identity_providers.insert(green("staff"), others);
    let error = account.drive(&migration, converge).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("disassociate it"), "{error}");
}

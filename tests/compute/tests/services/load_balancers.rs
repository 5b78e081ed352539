//! Load balancers, target groups and listeners as control planes.

use std::sync::atomic::Ordering;

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum, LoadBalancerAttribute,
    LoadBalancerSchemeEnum, LoadBalancerStateEnum, LoadBalancerTypeEnum, ProtocolEnum, SubnetMapping, Tag,
    TargetTypeEnum,
};

use crate::account::{Account, eventually};

impl Account {
    /// Creates an internal Network Load Balancer and answers its ARN.
    pub(crate) async fn create_load_balancer(&self, name: &str) -> String {
        let create = self.elb.create_load_balancer().name(name).r#type(LoadBalancerTypeEnum::Network);
        let created = create
            .scheme(LoadBalancerSchemeEnum::Internal)
            .subnets("subnet-a")
            .subnets("subnet-b")
            .send()
            .await
            .unwrap();
        created.load_balancers()[0].load_balancer_arn().unwrap().to_owned()
    }

    /// Waits until a load balancer is active.
    pub(crate) async fn load_balancer_is_active(&self, arn: &str) {
        eventually("the load balancer is active", async || {
            let described = self.elb.describe_load_balancers().load_balancer_arns(arn).send().await.unwrap();
            described.load_balancers()[0].state().unwrap().code() == Some(&LoadBalancerStateEnum::Active)
        })
        .await;
    }

    /// Creates a TCP target group and answers its ARN.
    pub(crate) async fn create_target_group(&self, name: &str, kind: TargetTypeEnum, port: i32) -> String {
        let create = self.elb.create_target_group().name(name).protocol(ProtocolEnum::Tcp).port(port).vpc_id("vpc-1");
        let created = create
            .target_type(kind)
            .health_check_interval_seconds(5)
            .health_check_timeout_seconds(5)
            .send()
            .await
            .unwrap();
        created.target_groups()[0].target_group_arn().unwrap().to_owned()
    }

    /// Creates a TCP listener and answers its ARN.
    pub(crate) async fn create_listener(&self, load_balancer: &str, port: i32, target_group: &str) -> String {
        let create = self.elb.create_listener().load_balancer_arn(load_balancer).port(port).protocol(ProtocolEnum::Tcp);
        let created = create.default_actions(forward(target_group)).send().await.unwrap();
        created.listeners()[0].listener_arn().unwrap().to_owned()
    }
}

fn forward(target_group: &str) -> Action {
    Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(target_group).build()
}

#[tokio::test]
async fn a_load_balancer_is_provisioning_and_then_active() {
    let account = Account::open().await;
    let mapping = |subnet: &str| SubnetMapping::builder().subnet_id(subnet).build();
    let create = account.elb.create_load_balancer().name("blue").r#type(LoadBalancerTypeEnum::Network);
    let create =
        create.subnet_mappings(mapping("subnet-a")).subnet_mappings(mapping("subnet-b")).security_groups("sg-1");
    let created = create.tags(Tag::builder().key("side").value("blue").build()).send().await.unwrap();
    let balancer = &created.load_balancers()[0];
    assert_eq!(balancer.state().unwrap().code(), Some(&LoadBalancerStateEnum::Provisioning));
    assert_eq!(balancer.scheme(), Some(&LoadBalancerSchemeEnum::InternetFacing));
    assert_eq!(balancer.availability_zones().len(), 2);
    assert_eq!(balancer.security_groups(), ["sg-1"]);
    assert_eq!(balancer.enforce_security_group_inbound_rules_on_private_link_traffic(), Some("on"));
    let arn = balancer.load_balancer_arn().unwrap();
    assert!(arn.starts_with("arn:aws:elasticloadbalancing:eu-central-1:000000000000:loadbalancer/net/blue/"), "{arn}");
    account.load_balancer_is_active(arn).await;
    let tags = account.elb.describe_tags().resource_arns(arn).send().await.unwrap();
    assert_eq!(tags.tag_descriptions()[0].tags()[0].value(), Some("blue"));
    account.compute.stop().await;
}

#[tokio::test]
async fn a_load_balancer_that_does_not_exist_is_load_balancer_not_found() {
    let account = Account::open().await;
    let refused = account.elb.describe_load_balancers().names("none").send().await.unwrap_err().into_service_error();
    assert!(refused.is_load_balancer_not_found_exception(), "{refused:?}");
    // "If the load balancer does not exist or has already been deleted, the call succeeds."
    account.elb.delete_load_balancer().load_balancer_arn("arn:aws:x").send().await.unwrap();
    account.compute.stop().await;
}

#[tokio::test]
async fn the_same_create_succeeds_again_and_another_one_under_the_name_does_not() {
    let account = Account::open().await;
    let first = account.create_load_balancer("blue").await;
    assert_eq!(account.create_load_balancer("blue").await, first);
    let other = account
        .elb
        .create_load_balancer()
        .name("blue")
        .r#type(LoadBalancerTypeEnum::Network)
        .subnets("subnet-a")
        .send()
        .await;
    assert!(other.unwrap_err().into_service_error().is_duplicate_load_balancer_name_exception());

    let group = account.create_target_group("web", TargetTypeEnum::Instance, 30080).await;
    assert_eq!(account.create_target_group("web", TargetTypeEnum::Instance, 30080).await, group);
    let other =
        account.elb.create_target_group().name("web").protocol(ProtocolEnum::Tcp).port(1).vpc_id("vpc-1").send().await;
    assert!(other.unwrap_err().into_service_error().is_duplicate_target_group_name_exception());
    account.compute.stop().await;
}

#[tokio::test]
async fn security_groups_can_only_be_set_on_a_load_balancer_that_was_created_with_some() {
    let account = Account::open().await;
    let without = account.create_load_balancer("without").await;
    let set = |arn: &str| account.elb.set_security_groups().load_balancer_arn(arn).security_groups("sg-2");
    let refused = set(&without).send().await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_configuration_request_exception(), "{refused:?}");

    let create =
        account.elb.create_load_balancer().name("with").r#type(LoadBalancerTypeEnum::Network).subnets("subnet-a");
    let with = create.security_groups("sg-1").send().await.unwrap().load_balancers()[0]
        .load_balancer_arn()
        .unwrap()
        .to_owned();
    let off = EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum::Off;
    let answer =
        set(&with).enforce_security_group_inbound_rules_on_private_link_traffic(off.clone()).send().await.unwrap();
    assert_eq!(answer.security_group_ids(), ["sg-2"]);
    assert_eq!(answer.enforce_security_group_inbound_rules_on_private_link_traffic(), Some(&off));
    account.compute.stop().await;
}

#[tokio::test]
async fn deletion_protection_and_a_vpc_link_refuse_the_deletion() {
    let account = Account::open().await;
    let arn = account.create_load_balancer("blue").await;
    let protect = |value: &str| {
        let attribute = LoadBalancerAttribute::builder().key("deletion_protection.enabled").value(value).build();
        account.elb.modify_load_balancer_attributes().load_balancer_arn(&arn).attributes(attribute).send()
    };
    let delete = || account.elb.delete_load_balancer().load_balancer_arn(&arn).send();
    protect("true").await.unwrap();
    assert!(delete().await.unwrap_err().into_service_error().is_operation_not_permitted_exception());
    protect("false").await.unwrap();
    account.linked.store(true, Ordering::SeqCst);
    assert!(delete().await.unwrap_err().into_service_error().is_resource_in_use_exception());
    account.linked.store(false, Ordering::SeqCst);
    delete().await.unwrap();
    assert!(!account.compute.load_balancer_exists(&arn));
    account.compute.stop().await;
}

#[tokio::test]
async fn a_target_group_cannot_be_deleted_while_a_listener_uses_it() {
    let account = Account::open().await;
    let balancer = account.create_load_balancer("blue").await;
    let group = account.create_target_group("web", TargetTypeEnum::Instance, 30080).await;
    let listener = account.create_listener(&balancer, 8080, &group).await;
    let delete = || account.elb.delete_target_group().target_group_arn(&group).send();
    assert!(delete().await.unwrap_err().into_service_error().is_resource_in_use_exception());
    let described = account.elb.describe_target_groups().load_balancer_arn(&balancer).send().await.unwrap();
    assert_eq!(described.target_groups()[0].load_balancer_arns(), [balancer.as_str()]);
    account.elb.delete_listener().listener_arn(&listener).send().await.unwrap();
    delete().await.unwrap();
    account.compute.stop().await;
}

#[tokio::test]
async fn a_port_has_one_listener_and_a_target_group_one_load_balancer() {
    let account = Account::open().await;
    let (blue, green) = (account.create_load_balancer("blue").await, account.create_load_balancer("green").await);
    let web = account.create_target_group("web", TargetTypeEnum::Instance, 30080).await;
    let other = account.create_target_group("other", TargetTypeEnum::Instance, 30081).await;
    let listener = account.create_listener(&blue, 8080, &web).await;
    assert_eq!(account.create_listener(&blue, 8080, &web).await, listener);
    let create = |balancer: &str, group: &str| {
        let call = account.elb.create_listener().load_balancer_arn(balancer).port(8080).protocol(ProtocolEnum::Tcp);
        call.default_actions(forward(group)).send()
    };
    assert!(create(&blue, &other).await.unwrap_err().into_service_error().is_duplicate_listener_exception());
    assert!(create(&green, &web).await.unwrap_err().into_service_error().is_target_group_association_limit_exception());
    let attributes = account.elb.describe_listener_attributes().listener_arn(&listener).send().await.unwrap();
    assert_eq!(attributes.attributes()[0].value(), Some("350"));
    account.compute.stop().await;
}

//! Conversations with Auto Scaling. Answers have the shapes of
//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html>, attachments those of
//! <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AttachLoadBalancerTargetGroups.html>.

use crate::scenario::{Answer, Scenario, answer};
use domain::{Condition, ports::Scaling, ports::scaling::AutoScalingGroup};

const TARGETS: &str = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067";

fn page(name: &str, target_groups: &str, next: &str) -> Answer {
    page_with(name, target_groups, "", next)
}

/// The same with other members of the group.
fn page_with(name: &str, target_groups: &str, more: &str, next: &str) -> Answer {
    let body = format!(
        r#"<DescribeAutoScalingGroupsResponse xmlns="https://autoscaling.amazonaws.com/doc/2011-01-01/">
<DescribeAutoScalingGroupsResult><AutoScalingGroups><member><AutoScalingGroupName>{name}</AutoScalingGroupName>
<TargetGroupARNs>{target_groups}</TargetGroupARNs>{more}<Tags>
<member><ResourceId>{name}</ResourceId><PropagateAtLaunch>true</PropagateAtLaunch><ResourceType>auto-scaling-group</ResourceType>
<Key>eks:cluster-name</Key><Value>shop</Value></member><member><Key>eks:nodegroup-name</Key><Value>general</Value></member></Tags>
<Instances><member><LaunchConfigurationName>my-lc</LaunchConfigurationName><LifecycleState>InService</LifecycleState>
<InstanceId>i-12345678</InstanceId><HealthStatus>Healthy</HealthStatus><ProtectedFromScaleIn>false</ProtectedFromScaleIn>
<AvailabilityZone>us-west-2a</AvailabilityZone></member>
<member><LifecycleState>Terminating</LifecycleState><InstanceId>i-87654321</InstanceId></member></Instances>
<CreatedTime>2018-08-01T00:01:02Z</CreatedTime><MinSize>1</MinSize><MaxSize>10</MaxSize></member></AutoScalingGroups>{next}
</DescribeAutoScalingGroupsResult><ResponseMetadata><RequestId>7c6e177f-f082-11e1-ac58-3714bEXAMPLE</RequestId></ResponseMetadata>
</DescribeAutoScalingGroupsResponse>"#
    );
    answer(200, body)
}

fn refused(status: u16, code: &str) -> Answer {
    answer(
        status,
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>"
        ),
    )
}

#[tokio::test]
async fn the_groups_of_a_cluster_are_found_by_the_tag_of_eks_over_all_pages() {
    let target = format!("<member>{TARGETS}</member>");
    let scenario = Scenario::of([page("my-asg", &target, "<NextToken>more</NextToken>"), page("other", "", "")]);
    let found = scenario.account.scaling_groups("shop").await.unwrap();
    let first = AutoScalingGroup {
        name: "my-asg".to_owned(),
        cluster: "shop".to_owned(),
        node_group: "general".to_owned(),
        target_group_arns: vec![TARGETS.to_owned()],
        // Without the one that is going away.
        instance_ids: vec!["i-12345678".to_owned()],
        settings: Vec::new(),
    };
    let second = AutoScalingGroup { name: "other".to_owned(), target_group_arns: Vec::new(), ..first.clone() };
    assert_eq!(found, [first, second]);

    let asked = [
        "Action=DescribeAutoScalingGroups",
        "Filters.member.1.Name=tag:eks:cluster-name",
        "Filters.member.1.Values.member.1=shop",
    ];
    assert_eq!(scenario.form(0), [&asked[..], &["Version=2011-01-01"]].concat());
    assert_eq!(scenario.form(1), [&asked[..], &["NextToken=more", "Version=2011-01-01"]].concat());
}

#[tokio::test]
async fn what_is_attached_to_a_target_group_is_found_among_all_groups() {
    let target = format!("<member>{TARGETS}</member>");
    let scenario = Scenario::of([page("free", "", "<NextToken>more</NextToken>"), page("attached", &target, "")]);
    let found = scenario.account.attached_to(TARGETS).await.unwrap();
    assert_eq!(found.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["attached"]);
    assert_eq!(scenario.form(0), ["Action=DescribeAutoScalingGroups", "Version=2011-01-01"]);
}

#[tokio::test]
async fn traffic_that_is_not_of_elastic_load_balancing_is_told_as_set_by_people() {
    let source =
        |identifier: &str, of: &str| format!("<member><Identifier>{identifier}</Identifier><Type>{of}</Type></member>");
    let lattice = "arn:aws:vpc-lattice:us-west-2:123456789012:targetgroup/tg-0e2f2665eEXAMPLE";
    let sources = [source(TARGETS, "elbv2"), source(lattice, "vpc-lattice")].concat();
    let more = format!("<TrafficSources>{sources}</TrafficSources>");
    let attached = format!("<member>{TARGETS}</member>");
    let scenario = Scenario::of([page_with("my-asg", &attached, &more, "")]);
    let found = scenario.account.attached_to(TARGETS).await.unwrap();
    assert_eq!(found[0].settings, [format!("the traffic source {lattice}")]);
}

#[tokio::test]
async fn a_group_is_attached_and_detached_and_detached_again_without_an_error() {
    let attached = r#"<AttachLoadBalancerTargetGroupsResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">
<AttachLoadBalancerTargetGroupsResult/></AttachLoadBalancerTargetGroupsResponse>"#;
    let detached = attached.replace("Attach", "Detach");
    let scenario = Scenario::of([answer(200, attached), answer(200, detached), refused(400, "ValidationError")]);
    assert_eq!(scenario.account.attach("my-asg", TARGETS).await, Ok(()));
    assert_eq!(scenario.account.detach("my-asg", TARGETS).await, Ok(()));
    assert_eq!(scenario.account.detach("my-asg", TARGETS).await, Ok(()));
    for (index, action) in ["AttachLoadBalancerTargetGroups", "DetachLoadBalancerTargetGroups"].iter().enumerate() {
        let (action, target) = (format!("Action={action}"), format!("TargetGroupARNs.member.1={TARGETS}"));
        let expected = [action.as_str(), "AutoScalingGroupName=my-asg", &target, "Version=2011-01-01"];
        assert_eq!(scenario.form(index), expected);
    }
}

#[tokio::test]
async fn what_auto_scaling_refuses_is_told_by_its_condition() {
    for (status, code, condition) in [
        (400, "Throttling", Condition::Unavailable),
        (500, "ResourceContention", Condition::Unavailable),
        (403, "AccessDenied", Condition::Denied),
        (400, "ValidationError", Condition::Refused),
    ] {
        let scenario = Scenario::of([refused(status, code), refused(status, code)]);
        assert_eq!(scenario.account.scaling_groups("shop").await.unwrap_err().condition, condition, "{code}");
        assert_eq!(scenario.account.attach("my-asg", TARGETS).await.unwrap_err().condition, condition, "{code}");
    }
}

//! What Elastic Load Balancing tells of the load balancer before a cluster, and of what is attached to it.

use serde_json::{Map, Value};
use testing::fate::elastic_load_balancing as table;

use super::{Side, UNKNOWN, answers};
use crate::aws::Aws;
use crate::error::{Context, Result};
use crate::world::GREEN;
use crate::world::edge::elb;

/// The tags of a load balancer that name its cluster: of the AWS Load Balancer Controller, and of EKS Auto Mode.
const CLUSTER_TAGS: [&str; 2] = ["elbv2.k8s.aws/cluster", "eks:eks-cluster-name"];

pub(super) async fn read(aws: &Aws, cluster: &str, side: &mut Side) -> Result<()> {
    let answer = elb(aws, "DescribeLoadBalancers", &[]).await?;
    for balancer in answer.list("LoadBalancers") {
        let arn = balancer.value("LoadBalancerArn").context("the ARN of a load balancer")?;
        let tags = tags(aws, &arn).await?;
        let is_named = balancer.value("LoadBalancerName").as_deref() == Some(cluster);
        let has_tag = CLUSTER_TAGS.iter().any(|tag| tags[*tag] == cluster);
        if !(is_named || has_tag || (cluster == GREEN && tags["bascule:side"] == "green")) {
            continue;
        }
        side.names("the load balancer", &arn);
        side.add("load balancer", "", &table::LOAD_BALANCER, with(answers::json(balancer), tags));
        let attributes = elb(aws, "DescribeLoadBalancerAttributes", &[("LoadBalancerArn", &arn)]).await?;
        side.add("attributes of the load balancer", "", &table::ATTRIBUTES, pairs(attributes.list("Attributes")));
        for listener in elb(aws, "DescribeListeners", &[("LoadBalancerArn", &arn)]).await?.list("Listeners") {
            read_listener(aws, listener, side).await?;
        }
    }
    Ok(())
}

/// A listener with the target group that it forwards to; both are known by the listener's port.
async fn read_listener(aws: &Aws, listener: &crate::xml::Element, side: &mut Side) -> Result<()> {
    let text = |member: &str| listener.value(member).unwrap_or_default();
    let (port, arn, group) = (text("Port"), text("ListenerArn"), text("TargetGroupArn"));
    side.add("listener", &port, &table::LISTENER, with(answers::json(listener), tags(aws, &arn).await?));
    let attributes = elb(aws, "DescribeListenerAttributes", &[("ListenerArn", &arn)]).await?;
    side.add("attributes of the listener", &port, UNKNOWN, pairs(attributes.list("Attributes")));
    side.names(format!("the target group of {port}"), &group);
    let answer = elb(aws, "DescribeTargetGroups", &[("TargetGroupArns.member.1", &group)]).await?;
    let told = answers::json(answer.list("TargetGroups").first().context(format!("the target group {group}"))?);
    side.add("target group", &port, &table::TARGET_GROUP, with(told, tags(aws, &group).await?));
    let attributes = elb(aws, "DescribeTargetGroupAttributes", &[("TargetGroupArn", &group)]).await?;
    side.add("attributes of the target group", &port, UNKNOWN, pairs(attributes.list("Attributes")));
    Ok(())
}

async fn tags(aws: &Aws, arn: &str) -> Result<Value> {
    let answer = elb(aws, "DescribeTags", &[("ResourceArns.member.1", arn)]).await?;
    Ok(pairs(answer.list("Tags")))
}

fn with(mut told: Value, tags: Value) -> Value {
    told["Tags"] = tags;
    told
}

/// Keys with values, as tags and attributes come.
fn pairs(list: &[crate::xml::Element]) -> Value {
    let pair = |one: &crate::xml::Element| Some((one.value("Key")?, Value::String(one.value("Value")?)));
    Value::Object(list.iter().filter_map(pair).collect::<Map<_, _>>())
}

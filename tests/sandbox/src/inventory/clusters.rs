//! EKS, Auto Scaling and Elastic Load Balancing.

use http::Method;
use serde_json::Value;

use crate::aws::{Aws, percent};
use crate::error::Result;
use crate::inventory::Resource;
use crate::xml::Element;

pub(super) async fn all(aws: &Aws) -> Result<Vec<Resource>> {
    let mut all = Vec::new();
    for cluster in names(&get(aws, "/clusters").await?, "clusters") {
        all.push(Resource::new("Cluster", arn(&cluster, "cluster", ""), &cluster));
        let path = format!("/clusters/{cluster}");
        for name in names(&get(aws, &format!("{path}/node-groups")).await?, "nodegroups") {
            all.push(
                Resource::new("NodeGroup", format!("{cluster}/{name}"), &name).owned_by(arn(&cluster, "cluster", "")),
            );
        }
        for name in names(&get(aws, &format!("{path}/fargate-profiles")).await?, "fargateProfileNames") {
            let resource = Resource::new("FargateProfile", format!("{cluster}/fargate/{name}"), &name);
            all.push(resource.owned_by(arn(&cluster, "cluster", "")));
        }
        for name in names(&get(aws, &format!("{path}/addons")).await?, "addons") {
            all.push(Resource::new("Addon", format!("{cluster}/{name}"), &name).owned_by(arn(&cluster, "cluster", "")));
        }
        let providers = get(aws, &format!("{path}/identity-provider-configs")).await?;
        for provider in providers["identityProviderConfigs"].as_array().into_iter().flatten() {
            let name = provider["name"].as_str().unwrap_or_default();
            let resource = Resource::new("IdentityProvider", format!("{cluster}/oidc/{name}"), name);
            all.push(resource.owned_by(arn(&cluster, "cluster", "")));
        }
        // https://docs.aws.amazon.com/eks/latest/userguide/setting-up-access-entries.html: without them EKS refuses to list any.
        if get(aws, &path).await?["cluster"]["accessConfig"]["authenticationMode"] == "CONFIG_MAP" {
            continue;
        }
        for name in names(&get(aws, &format!("{path}/access-entries")).await?, "accessEntries") {
            let entry = get(aws, &format!("{path}/access-entries/{}", percent(&name))).await?;
            let id = entry["accessEntry"]["accessEntryArn"].as_str().unwrap_or(&name).to_owned();
            let resource = Resource::new("AccessEntry", id, name);
            // EKS makes the nodes' entries with their node groups and Fargate profiles.
            let made = |kind: &str| kind.starts_with("EC2") || kind.starts_with("FARGATE");
            let nodes = entry["accessEntry"]["type"].as_str().is_some_and(made);
            all.push(if nodes { resource.owned_by(arn(&cluster, "cluster", "")) } else { resource });
        }
    }
    all.extend(scaling(aws).await?);
    all.extend(balancing(aws).await?);
    Ok(all)
}

async fn get(aws: &Aws, path: &str) -> Result<Value> {
    aws.rest("eks", Method::GET, path, None).await
}

fn names(answer: &Value, field: &str) -> Vec<String> {
    answer[field].as_array().into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

fn arn(cluster: &str, kind: &str, rest: &str) -> String {
    format!("arn:aws:eks:{}:{}:{kind}/{cluster}{rest}", crate::aws::REGION, crate::aws::ACCOUNT)
}

async fn scaling(aws: &Aws) -> Result<Vec<Resource>> {
    let answer = aws.query("autoscaling", "2011-01-01", "DescribeAutoScalingGroups", &[]).await?;
    let groups = answer.list("AutoScalingGroups").iter().map(|group| {
        let name = group.value("AutoScalingGroupName").unwrap_or_default();
        let resource = Resource::new("AutoScalingGroup", &name, &name);
        match (tag(group, "eks:cluster-name"), tag(group, "eks:nodegroup-name")) {
            (Some(cluster), Some(node_group)) => resource.owned_by(format!("{cluster}/{node_group}")),
            _ => resource,
        }
    });
    Ok(groups.collect())
}

/// A tag of an element of the query protocol.
pub(super) fn tag(element: &Element, key: &str) -> Option<String> {
    let tags = ["Tags", "tagSet"].into_iter().flat_map(|list| element.list(list));
    let mut values = tags.filter_map(|tag| {
        let name = tag.value("Key").or_else(|| tag.value("key"))?;
        (name == key).then(|| tag.value("Value").or_else(|| tag.value("value")))?
    });
    values.next()
}

async fn balancing(aws: &Aws) -> Result<Vec<Resource>> {
    let call = async |action: &'static str, parameters: &[(&str, &str)]| {
        aws.query("elasticloadbalancing", "2015-12-01", action, parameters).await
    };
    let mut all = Vec::new();
    for balancer in call("DescribeLoadBalancers", &[]).await?.list("LoadBalancers") {
        let arn = balancer.value("LoadBalancerArn").unwrap_or_default();
        for listener in call("DescribeListeners", &[("LoadBalancerArn", &arn)]).await?.list("Listeners") {
            let id = listener.value("ListenerArn").unwrap_or_default();
            all.push(Resource::new("Listener", id, "").owned_by(&arn));
        }
        all.push(Resource::new("LoadBalancer", arn, balancer.value("LoadBalancerName").unwrap_or_default()));
    }
    for group in call("DescribeTargetGroups", &[]).await?.list("TargetGroups") {
        let name = group.value("TargetGroupName").unwrap_or_default();
        all.push(Resource::new("TargetGroup", group.value("TargetGroupArn").unwrap_or_default(), name));
    }
    Ok(all)
}

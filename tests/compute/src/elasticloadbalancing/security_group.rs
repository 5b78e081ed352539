//! Security groups of load balancers. Their rules are not enforced on traffic.

use super::{Outcome, load_balancer};
use crate::{
    account::Account,
    ec2,
    query_protocol::{Fault, Parameters},
    xml::Element,
};

/// Refuses security groups that do not exist.
pub(crate) async fn check(account: &Account, groups: &[String]) -> Result<(), Fault> {
    ec2::security_groups_exist(&account.neighbours, groups)
        .await
        .map_err(|fault| if fault.status < 500 { Fault::new("InvalidSecurityGroup", fault.message) } else { fault })
}

/// `SetSecurityGroups`: <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html>
pub(crate) async fn set(account: &Account, sent: &Parameters) -> Outcome {
    let arn = sent.required("LoadBalancerArn")?;
    let groups = sent.list("SecurityGroups");
    check(account, &groups).await?;
    let mut state = account.state();
    let balancer = load_balancer::find_mut(&mut state, arn)?;
    if !balancer.created_with_groups {
        return Err(Fault::new(
            "InvalidConfigurationRequest",
            "You cannot set security groups on a Network Load Balancer that was created without security groups",
        ));
    }
    if groups.is_empty() {
        return Err(Fault::new("InvalidConfigurationRequest", "You must specify at least one security group"));
    }
    match sent.get("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic") {
        None => {}
        Some(value @ ("on" | "off")) => balancer.enforced_on_private_link = value == "on",
        Some(other) => return Err(Fault::validation(format!("'{other}' must be on or off"))),
    }
    balancer.security_groups = groups;
    Ok(vec![
        Element::texts("SecurityGroupIds", &balancer.security_groups),
        Element::text("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", balancer.enforcement()),
    ])
}

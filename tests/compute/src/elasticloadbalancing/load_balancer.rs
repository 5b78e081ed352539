//! Network Load Balancers: create, describe, delete.
//!
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html>. Provisioning takes
//! minutes on AWS and [`crate::Delays::load_balancer`] here. Rules of security groups are not enforced on
//! traffic.

use std::{collections::BTreeMap, sync::Arc};

use super::{Outcome, attribute, checked_name, page, security_group};
use crate::{
    account::{Account, State},
    ec2::{self, Subnet},
    identifier,
    network_load_balancer::relay::DataPlane,
    query_protocol::{Fault, Parameters},
    xml::Element,
};

/// A load balancer's subnet with its requested addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Zone {
    subnet: Subnet,
    allocation: Option<String>,
    private_address: Option<String>,
}

/// A Network Load Balancer.
pub(crate) struct LoadBalancer {
    /// Its ARN.
    pub(crate) arn: String,
    /// Its name.
    pub(crate) name: String,
    /// The last part of its ARN.
    pub(crate) id: String,
    /// The scheme, `internal` or `internet-facing`.
    pub(crate) scheme: String,
    /// The VPC of its subnets.
    pub(crate) vpc: String,
    created: String,
    /// Whether it is `active`; `provisioning` before.
    pub(crate) active: bool,
    zones: Vec<Zone>,
    pub(super) security_groups: Vec<String>,
    /// Groups can only be set on a load balancer that was created with some.
    pub(super) created_with_groups: bool,
    pub(super) enforced_on_private_link: bool,
    ip_address_type: String,
    /// Attributes by key.
    pub(crate) attributes: BTreeMap<String, String>,
    /// Tags.
    pub(crate) tags: BTreeMap<String, String>,
    /// The relays, once it is active.
    pub(crate) data_plane: Option<DataPlane>,
}

impl LoadBalancer {
    /// `net/<name>/<id>`: the value of CloudWatch's `LoadBalancer` dimension.
    pub(crate) fn dimension(&self) -> String {
        format!("net/{}/{}", self.name, self.id)
    }

    fn element(&self, account: &Account) -> Vec<Element> {
        let zones = self.zones.iter().map(|zone| {
            let mut address = Vec::new();
            if let Some(allocation) = &zone.allocation {
                address.push(Element::text("AllocationId", allocation));
            }
            if let Some(private) = &zone.private_address {
                address.push(Element::text("PrivateIPv4Address", private));
            }
            let addresses = if address.is_empty() { Vec::new() } else { vec![Element::new("member", address)] };
            vec![
                Element::text("ZoneName", &zone.subnet.zone),
                Element::text("SubnetId", &zone.subnet.id),
                Element::new("LoadBalancerAddresses", addresses),
            ]
        });
        let mut element = vec![
            Element::text("LoadBalancerArn", &self.arn),
            Element::text("DNSName", format!("{}-{}.elb.{}.amazonaws.com", self.name, self.id, account.options.region)),
            Element::text("CanonicalHostedZoneId", "Z3F0SRJ5LGBH90"),
            Element::text("CreatedTime", &self.created),
            Element::text("LoadBalancerName", &self.name),
            Element::text("Scheme", &self.scheme),
            Element::text("VpcId", &self.vpc),
            Element::new("State", vec![Element::text("Code", if self.active { "active" } else { "provisioning" })]),
            Element::text("Type", "network"),
            Element::members("AvailabilityZones", zones),
            Element::text("IpAddressType", &self.ip_address_type),
        ];
        if self.created_with_groups {
            element.push(Element::texts("SecurityGroups", &self.security_groups));
            element.push(Element::text("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", self.enforcement()));
        }
        element
    }

    /// `on` or `off`: whether the rules of security groups are enforced on PrivateLink traffic.
    pub(super) fn enforcement(&self) -> &'static str {
        if self.enforced_on_private_link { "on" } else { "off" }
    }

    /// Compares the settings that a repeated create has to have in common.
    fn same_settings(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && self.zones == other.zones
            && self.security_groups == other.security_groups
            && self.ip_address_type == other.ip_address_type
    }
}

/// A load balancer by ARN.
pub(crate) fn find_mut<'a>(state: &'a mut State, arn: &str) -> Result<&'a mut LoadBalancer, Fault> {
    state.load_balancers.get_mut(arn).ok_or_else(|| absent(arn))
}

/// `LoadBalancerNotFound`.
pub(crate) fn absent(arn: &str) -> Fault {
    Fault::new("LoadBalancerNotFound", format!("Load balancer '{arn}' not found"))
}

/// `CreateLoadBalancer`
pub(crate) async fn create(account: &Arc<Account>, sent: &Parameters) -> Outcome {
    let name = checked_name("Load balancer", sent.required("Name")?)?.to_owned();
    if name.starts_with("internal-") {
        return Err(Fault::validation("Load balancer name cannot begin with 'internal-'"));
    }
    if sent.get("Type") != Some("network") {
        return Err(Fault::validation("Only load balancers of type network are simulated"));
    }
    let scheme = sent.get("Scheme").unwrap_or("internet-facing");
    if !matches!(scheme, "internal" | "internet-facing") {
        return Err(Fault::new("InvalidScheme", format!("Scheme '{scheme}' is not valid")));
    }
    let ip_address_type = sent.get("IpAddressType").unwrap_or("ipv4");
    if ip_address_type != "ipv4" {
        return Err(Fault::validation(format!("IP address type '{ip_address_type}' is not simulated")));
    }
    let zones = zones(account, sent).await?;
    let security_groups = sent.list("SecurityGroups");
    security_group::check(account, &security_groups).await?;
    let id = identifier::hexadecimal(16);
    let balancer = LoadBalancer {
        arn: account.arn("elasticloadbalancing", &format!("loadbalancer/net/{name}/{id}")),
        id,
        scheme: scheme.to_owned(),
        vpc: zones[0].subnet.vpc.clone(),
        created: identifier::date_time(),
        active: false,
        zones,
        created_with_groups: !security_groups.is_empty(),
        security_groups,
        enforced_on_private_link: true,
        ip_address_type: ip_address_type.to_owned(),
        attributes: attribute::load_balancer_defaults(),
        tags: sent.tags("Tags"),
        data_plane: None,
        name,
    };
    let arn = balancer.arn.clone();
    let answer = vec![Element::members("LoadBalancers", [balancer.element(account)])];
    {
        let mut state = account.state();
        if let Some(existing) = state.load_balancers.values().find(|existing| existing.name == balancer.name) {
            // "If you attempt to create multiple load balancers with the same settings, each call succeeds."
            return if existing.same_settings(&balancer) {
                Ok(vec![Element::members("LoadBalancers", [existing.element(account)])])
            } else {
                let message = format!(
                    "A load balancer with the same name '{}' exists, but with different settings",
                    balancer.name
                );
                Err(Fault::new("DuplicateLoadBalancerName", message))
            };
        }
        state.load_balancers.insert(arn.clone(), balancer);
    }
    account.later(account.delays().load_balancer, |account| async move {
        let mut state = account.state();
        if let Some(balancer) = state.load_balancers.get_mut(&arn) {
            balancer.active = true;
            balancer.data_plane = DataPlane::claim();
            let listeners: Vec<String> = state
                .listeners
                .values()
                .filter(|listener| listener.load_balancer == arn)
                .map(|listener| listener.arn.clone())
                .collect();
            for listener in listeners {
                DataPlane::open(&account, &mut state, &listener);
            }
        }
    });
    Ok(answer)
}

async fn zones(account: &Account, sent: &Parameters) -> Result<Vec<Zone>, Fault> {
    let mappings = sent.structures("SubnetMappings");
    let plain = sent.list("Subnets");
    let asked: Vec<(String, Option<String>, Option<String>)> = match (mappings.is_empty(), plain.is_empty()) {
        (false, true) => mappings
            .iter()
            .map(|mapping| {
                let text = |name: &str| mapping.get(name).map(str::to_owned);
                Ok((mapping.required("SubnetId")?.to_owned(), text("AllocationId"), text("PrivateIPv4Address")))
            })
            .collect::<Result<_, Fault>>()?,
        (true, false) => plain.into_iter().map(|id| (id, None, None)).collect(),
        (true, true) => return Err(Fault::validation("You must specify subnets")),
        (false, false) => return Err(Fault::validation("You can specify either subnets or subnet mappings, not both")),
    };
    let ids: Vec<String> = asked.iter().map(|(id, ..)| id.clone()).collect();
    let subnets = ec2::subnets(&account.neighbours, &ids)
        .await
        .map_err(|fault| if fault.status < 500 { Fault::new("SubnetNotFound", fault.message) } else { fault })?;
    if subnets.iter().any(|subnet| subnet.vpc != subnets[0].vpc) {
        return Err(Fault::new("InvalidSubnet", "All subnets must belong to the same VPC"));
    }
    let mut names: Vec<&str> = subnets.iter().map(|subnet| subnet.zone.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Fault::new(
            "InvalidConfigurationRequest",
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
        ));
    }
    Ok(subnets
        .into_iter()
        .zip(asked)
        .map(|(subnet, (_, allocation, private_address))| Zone { subnet, allocation, private_address })
        .collect())
}

/// `DescribeLoadBalancers`, all, by ARN or by name.
pub(crate) fn describe(account: &Account, sent: &Parameters) -> Outcome {
    let (arns, names) = (sent.list("LoadBalancerArns"), sent.list("Names"));
    if !arns.is_empty() && !names.is_empty() {
        return Err(Fault::validation(
            "Load balancer ARNs and load balancer names cannot be specified at the same time",
        ));
    }
    let state = account.state();
    let all = || state.load_balancers.values();
    let missing: Vec<&String> = arns
        .iter()
        .filter(|arn| !state.load_balancers.contains_key(*arn))
        .chain(names.iter().filter(|name| !all().any(|balancer| balancer.name == **name)))
        .collect();
    if !missing.is_empty() {
        return Err(Fault::new("LoadBalancerNotFound", format!("Load balancers '{missing:?}' not found")));
    }
    let found = all()
        .filter(|balancer| arns.is_empty() || arns.contains(&balancer.arn))
        .filter(|balancer| names.is_empty() || names.contains(&balancer.name));
    page(sent, "LoadBalancers", found.map(|balancer| balancer.element(account)).collect())
}

/// `DeleteLoadBalancer`: <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html>
///
/// Its listeners are deleted, target groups stay. Refused with deletion protection, and while an endpoint service, such as
/// that of a V1 VPC link, uses it.
pub(crate) fn delete(account: &Arc<Account>, sent: &Parameters) -> Outcome {
    let arn = sent.required("LoadBalancerArn")?;
    let protected = match account.state().load_balancers.get(arn) {
        // "If the load balancer does not exist or has already been deleted, the call succeeds."
        None => return Ok(Vec::new()),
        Some(balancer) => balancer.attributes.get("deletion_protection.enabled").is_some_and(|value| value == "true"),
    };
    if protected {
        return Err(Fault::new(
            "OperationNotPermitted",
            format!("Load balancer '{arn}' cannot be deleted because deletion protection is enabled"),
        ));
    }
    // Called without the lock, since the callback may call this service.
    if (account.options.link_uses_load_balancer)(arn) {
        let message =
            format!("Load balancer '{arn}' cannot be deleted because it is currently associated with another service");
        return Err(Fault::new("ResourceInUse", message));
    }
    let mut state = account.state();
    state.listeners.retain(|_, listener| listener.load_balancer != arn);
    state.load_balancers.remove(arn);
    Ok(Vec::new())
}

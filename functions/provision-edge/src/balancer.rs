//! The clone of blue's Network Load Balancer, with its target groups and listeners.

use crate::Ports;
use domain::plan::edge::{Listener, keys};
use domain::ports::load_balancers::Named;
use domain::reconcile::{ensure, ensure_absent};
use domain::{Migration, PhaseError, Side};
use serde_json::Value;
use std::collections::BTreeMap;

/// Names of load balancers and target groups have at most 32 characters
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html>).
const NAME: usize = 32;

/// Never copied: a protected clone could not be taken down on the way back.
const DELETION_PROTECTION: &str = "deletion_protection.enabled";

/// What has to be set on a clone: everything in which it is not as `wanted`, of what it has too.
#[must_use]
pub fn to_set(wanted: &BTreeMap<String, String>, found: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    wanted
        .iter()
        .filter(|(key, value)| *key != DELETION_PROTECTION && found.get(*key) != Some(value))
        // An empty value is AWS's way to say that it was never set, and it takes none back.
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Makes target groups, load balancer and listeners, and gives the load balancer's ARN once it is active.
pub(crate) async fn converge<P: Ports>(ports: &P, migration: &Migration) -> Result<String, PhaseError> {
    let edge = &migration.plan.edge;
    let mut groups = BTreeMap::new();
    for group in &edge.target_groups {
        groups.insert(group.arn.as_str(), target_group(ports, migration, &group.name).await?);
    }
    let arn = load_balancer(ports, migration).await?;
    for like in &edge.listeners {
        let forwards_to = like.target_group_arns.iter().filter_map(|arn| groups.get(arn.as_str()).cloned());
        let like = Listener { target_group_arns: forwards_to.collect(), ..like.clone() };
        listener(ports, migration, &arn, &like).await?;
    }
    let state = ports.load_balancer(Named::Arn(&arn)).await?.map(|balancer| balancer.state).unwrap_or_default();
    match state.as_str() {
        "active" => Ok(arn),
        "failed" => Err(PhaseError::unhealthy(format!(
            "the load balancer {arn} failed to come up; see it in the EC2 console and start again"
        ))),
        state => Err(PhaseError::not_ready(format!("load balancer {state}"))),
    }
}

async fn target_group<P: Ports>(ports: &P, migration: &Migration, like: &str) -> Result<String, PhaseError> {
    let key = keys::target_group(like);
    let name = &keys::name(migration, &key, NAME);
    let Some(like) = migration.plan.edge.target_groups.iter().find(|group| group.name == like) else {
        return Err(PhaseError::conflict(format!("the plan has no target group {like}")));
    };
    let tags = &keys::tags(migration, Side::Green, &like.tags);
    let find = || async {
        let group = ports.target_group(Named::Name(name)).await?;
        Ok(group.map(|group| group.arn))
    };
    let create = || ports.create_target_group(name, like, tags);
    let arn = ensure(ports, migration, &key, Value::Null, find, create).await?;
    if let Some(clone) = ports.target_group(Named::Arn(&arn)).await? {
        let attributes = to_set(&like.attributes, &clone.attributes);
        if !attributes.is_empty() {
            ports.set_target_group_attributes(&arn, &attributes).await?;
        }
    }
    Ok(arn)
}

async fn load_balancer<P: Ports>(ports: &P, migration: &Migration) -> Result<String, PhaseError> {
    let like = &migration.plan.edge.load_balancer;
    let key = keys::load_balancer(migration);
    let name = &keys::name(migration, &key, NAME);
    let tags = &keys::tags(migration, Side::Green, &like.tags);
    let find = || async {
        let balancer = ports.load_balancer(Named::Name(name)).await?;
        Ok(balancer.map(|balancer| balancer.arn))
    };
    let create = || ports.create_load_balancer(name, like, tags);
    let arn = ensure(ports, migration, &key, Value::Null, find, create).await?;
    let Some(clone) = ports.load_balancer(Named::Arn(&arn)).await? else {
        return Err(PhaseError::not_ready(format!("load balancer {name} not visible yet")));
    };
    let attributes = to_set(&like.attributes, &clone.attributes);
    if !attributes.is_empty() {
        ports.set_load_balancer_attributes(&arn, &attributes).await?;
    }
    if let Some(enforcement) = &like.private_link_enforcement
        && clone.private_link_enforcement.as_ref() != Some(enforcement)
    {
        ports.enforce_on_private_link(&arn, &like.security_group_ids, enforcement).await?;
    }
    Ok(arn)
}

async fn listener<P: Ports>(
    ports: &P,
    migration: &Migration,
    load_balancer: &str,
    like: &Listener,
) -> Result<(), PhaseError> {
    let key = keys::listener(like.port);
    let tags = &keys::tags(migration, Side::Green, &BTreeMap::new());
    let find = || async {
        let listeners = ports.listeners(load_balancer).await?;
        Ok(listeners.into_iter().find(|found| found.port == like.port).map(|found| found.arn))
    };
    let create = || ports.create_listener(load_balancer, like, tags);
    let arn = ensure(ports, migration, &key, Value::Null, find, create).await?;
    if like.attributes.is_empty() {
        return Ok(());
    }
    let listeners = ports.listeners(load_balancer).await?;
    let clone = listeners.into_iter().find(|found| found.arn == arn).unwrap_or_default();
    let attributes = to_set(&like.attributes, &clone.attributes);
    if !attributes.is_empty() {
        ports.set_listener_attributes(&arn, &attributes).await?;
    }
    Ok(())
}

/// Deletes listeners, load balancer and target groups.
pub(crate) async fn undo<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let key = keys::load_balancer(migration);
    let name = &keys::name(migration, &key, NAME);
    let balancer = || async {
        let balancer = ports.load_balancer(Named::Name(name)).await?;
        Ok(balancer.map(|balancer| balancer.arn))
    };
    for like in &edge.listeners {
        let find = || async {
            let Some(balancer) = balancer().await? else {
                return Ok(None);
            };
            let listeners = ports.listeners(&balancer).await?;
            Ok(listeners.into_iter().find(|found| found.port == like.port).map(|found| found.arn))
        };
        let delete = |arn: String| async move { ports.delete_listener(&arn).await };
        ensure_absent(ports, migration, &keys::listener(like.port), find, delete).await?;
    }
    let delete = |arn: String| async move { ports.delete_load_balancer(&arn).await };
    ensure_absent(ports, migration, &key, balancer, delete).await?;
    for like in &edge.target_groups {
        let key = keys::target_group(&like.name);
        let name = &keys::name(migration, &key, NAME);
        let find = || async {
            let group = ports.target_group(Named::Name(name)).await?;
            Ok(group.map(|group| group.arn))
        };
        let delete = |arn: String| async move { ports.delete_target_group(&arn).await };
        ensure_absent(ports, migration, &key, find, delete).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::to_set;
    use std::collections::BTreeMap;

    fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_what_differs_is_set_and_deletion_protection_never() {
        let wanted = map(&[
            ("load_balancing.cross_zone.enabled", "true"),
            ("deletion_protection.enabled", "true"),
            ("access_logs.s3.bucket", ""),
            ("dns_record.client_routing_policy", "any_availability_zone"),
        ]);
        let found = map(&[
            ("load_balancing.cross_zone.enabled", "false"),
            ("dns_record.client_routing_policy", "any_availability_zone"),
        ]);
        assert_eq!(to_set(&wanted, &found), map(&[("load_balancing.cross_zone.enabled", "true")]));
    }
}

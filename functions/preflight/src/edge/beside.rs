//! Ways of an API to something else than blue: their methods stay as they are, before the switch and after it.
//!
//! A way is left only where what is behind it is seen and none of it is blue's. Where that cannot be told it counts as a way to blue: methods
//! that reach blue and stay would be cut off with it.

use super::Ports;
use domain::PhaseError;
use domain::gateway::link::{Entrance, Lead};
use domain::neighbours::Blues;
use domain::plan::compute::Compute;
use domain::plan::edge::{LoadBalancer, TargetGroup, service};
use domain::ports::load_balancers::{Named, Target};
use std::collections::BTreeSet;

/// Of these ways those that are left as they are, each with what is behind it, and those that lead to blue, or may. Where there is one
/// alone, or none that leads to blue, nothing is left: what is wrong with them is told by what follows.
pub(super) async fn parted<P: Ports>(
    ports: &P,
    compute: &Compute,
    entrances: Vec<Entrance>,
) -> Result<(Vec<Entrance>, Vec<Entrance>), PhaseError> {
    // Of a blue that was not found nothing is known.
    if entrances.len() < 2 || compute.blue.vpc_id.is_empty() {
        return Ok((Vec::new(), entrances));
    }
    let blues = Blues::read(ports, compute).await?;
    let (mut left, mut of_blue) = (Vec::new(), Vec::new());
    for mut entrance in entrances {
        let Some(balancer) = behind(ports, entrance.lead.as_ref()).await? else {
            entrance.seen = Some("which leads to no load balancer that is there".to_owned());
            of_blue.push(entrance);
            continue;
        };
        let groups = groups(ports, &balancer.arn).await?;
        let told = format!("to the load balancer {}", balancer.name);
        if let Some(why) = suspicion(compute, &blues, &balancer, &groups) {
            entrance.seen = Some(format!("{told}, {why}"));
            of_blue.push(entrance);
        } else {
            entrance.seen = Some(told);
            left.push(entrance);
        }
    }
    Ok(if of_blue.is_empty() { (of_blue, left) } else { (left, of_blue) })
}

/// The load balancer that a way leads to.
async fn behind<P: Ports>(ports: &P, lead: Option<&Lead>) -> Result<Option<LoadBalancer>, PhaseError> {
    let arn = match lead {
        Some(Lead::Link(id)) => {
            let link = ports.vpc_link(id).await?;
            link.and_then(|link| link.target_arns.into_iter().next())
        }
        Some(Lead::LoadBalancer(arn)) => Some(arn.clone()),
        None => None,
    };
    match arn {
        Some(arn) => ports.load_balancer(Named::Arn(&arn)).await,
        None => Ok(None),
    }
}

/// The target groups that the listeners of a load balancer forward to, each with its targets.
async fn groups<P: Ports>(ports: &P, balancer: &str) -> Result<Vec<(TargetGroup, Vec<Target>)>, PhaseError> {
    let listeners = ports.listeners(balancer).await?;
    let arns: BTreeSet<&String> = listeners.iter().flat_map(|listener| &listener.target_group_arns).collect();
    let mut groups = Vec::new();
    for arn in arns {
        if let Some(group) = ports.target_group(Named::Arn(arn)).await? {
            groups.push((group, ports.targets(arn).await?));
        }
    }
    Ok(groups)
}

/// Why this load balancer leads to blue, or may; nothing where it does not.
fn suspicion(
    compute: &Compute,
    blues: &Blues,
    balancer: &LoadBalancer,
    groups: &[(TargetGroup, Vec<Target>)],
) -> Option<String> {
    let blue = &compute.blue.name;
    if service::is_made_inside(blue, &balancer.tags) {
        return Some(format!("which was made inside {blue}"));
    }
    // The rules of its listeners are not read.
    if balancer.kind != "network" {
        return Some(format!("whose type is {:?}: where it forwards to is not read", balancer.kind));
    }
    let mut is_seen = false;
    for (group, targets) in groups {
        let name = &group.name;
        for target in targets.iter().filter(|target| target.state != "draining") {
            if blues.has(&target.id) {
                return Some(format!("whose target group {name} has {} of {blue}", target.id));
            }
            is_seen = true;
        }
        let of_pods = || group.target_type == "ip" && !compute.fargate_profiles.is_empty();
        if group.target_type == "alb" {
            return Some(format!(
                "whose target group {name} forwards to an Application Load Balancer, which is not read"
            ));
        }
        if group.ip_address_type == "ipv6" || of_pods() {
            return Some(format!("whose target group {name} has addresses that may be those of Pods of {blue}"));
        }
    }
    (!is_seen).then(|| "which has no target that tells whose it is".to_owned())
}

/// What people should know of the ways that are left.
pub(super) fn advice(left: &[Entrance]) -> impl Iterator<Item = String> {
    left.iter().map(|entrance| {
        format!(
            "methods go through {}, which has no target of blue's: they stay as they are, and the temporary API's go there too",
            entrance.told()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::compute::{Cluster, FargateProfile};

    fn compute() -> Compute {
        Compute { blue: Cluster { name: "blue".to_owned(), ..Cluster::default() }, ..Compute::default() }
    }

    fn balancer() -> LoadBalancer {
        LoadBalancer { name: "stock".to_owned(), kind: "network".to_owned(), ..LoadBalancer::default() }
    }

    fn group(target_type: &str, ids: &[&str]) -> (TargetGroup, Vec<Target>) {
        let target =
            |id: &&str| Target { id: (*id).to_owned(), port: 80, state: "healthy".to_owned(), reason: String::new() };
        let group = TargetGroup { target_type: target_type.to_owned(), ..TargetGroup::default() };
        (group, ids.iter().map(target).collect())
    }

    fn told(compute: &Compute, balancer: &LoadBalancer, groups: &[(TargetGroup, Vec<Target>)]) -> String {
        suspicion(compute, &Blues::default(), balancer, groups).unwrap_or_default()
    }

    #[test]
    fn what_cannot_be_told_from_blue_counts_as_blue() {
        let (plain, healthy) = (compute(), group("instance", &["i-1"]));
        assert_eq!(told(&plain, &balancer(), std::slice::from_ref(&healthy)), "");
        assert_eq!(told(&plain, &balancer(), &[group("ip", &["10.0.0.1"]), group("instance", &[])]), "");
        let application = LoadBalancer { kind: "application".to_owned(), ..balancer() };
        let tags = [("elbv2.k8s.aws/cluster".to_owned(), "blue".to_owned())].into();
        let inside = LoadBalancer { tags, ..balancer() };
        let fargate = Compute { fargate_profiles: vec![FargateProfile::default()], ..compute() };
        let mut ipv6 = group("ip", &["2001:db8::1"]);
        "ipv6".clone_into(&mut ipv6.0.ip_address_type);
        let mut leaving = healthy.clone();
        "draining".clone_into(&mut leaving.1[0].state);
        for (compute, balancer, groups, part) in [
            (&plain, application, vec![healthy.clone()], "is not read"),
            (&plain, inside, vec![healthy.clone()], "made inside blue"),
            (&plain, balancer(), vec![healthy.clone(), group("alb", &["arn:alb"])], "Application Load Balancer"),
            (&plain, balancer(), vec![ipv6], "may be those of Pods"),
            (&fargate, balancer(), vec![group("ip", &["10.0.0.1"])], "may be those of Pods"),
            (&plain, balancer(), vec![leaving], "no target"),
            (&plain, balancer(), Vec::new(), "no target"),
        ] {
            let why = told(compute, &balancer, &groups);
            assert!(why.contains(part), "{part}: {why}");
        }
        assert_eq!(told(&fargate, &balancer(), &[healthy]), "", "Fargate has no instances");
    }
}

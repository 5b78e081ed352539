//! The load balancer behind blue's link: what of it can be cloned, and what cannot.

use super::{API, Ports};
use domain::plan::Found;
use domain::plan::edge::{Attached, Edge, Listener, LoadBalancer, Service, TargetGroup, service};
use domain::ports::load_balancers::{Named, Target};
use domain::ports::scaling::AutoScalingGroup;
use domain::{Input, Limit, PhaseError, Problem};
use std::collections::BTreeSet;

/// Reads the load balancer with this ARN.
pub(super) async fn read<P: Ports>(
    ports: &P,
    input: &Input,
    arn: String,
    found: &mut Found<Edge>,
) -> Result<(), PhaseError> {
    let Some(balancer) = ports.load_balancer(Named::Arn(&arn)).await? else {
        found.problems.push(Problem::new(API, format!("the load balancer {arn} behind the VPC link does not exist")));
        return Ok(());
    };
    found.facts.service = Service::of(&input.blue.cluster, &balancer.tags);
    let own = input.green.existing || input.green.load_balancer.is_some();
    found.problems.extend(problems(&balancer, found.facts.service.as_ref(), &input.blue.cluster, own));
    let of_service = found.facts.service.is_some();
    let listeners = ports.listeners(&arn).await?;
    found.problems.extend(listener_problems(&balancer, &listeners));
    let groups: BTreeSet<&String> = listeners.iter().flat_map(|listener| &listener.target_group_arns).collect();
    for arn in groups {
        let Some(mut group) = ports.target_group(Named::Arn(arn)).await? else {
            found
                .problems
                .push(Problem::new(API, format!("the target group {arn} of the load balancer does not exist")));
            continue;
        };
        let scaling = if of_service { Vec::new() } else { ports.attached_to(arn).await? };
        let targets = ports.targets(arn).await?;
        // What belongs to a Service has the nodes or Pods that its controller registers.
        if !of_service {
            found.problems.extend(group_problems(&group, &scaling, &targets, &input.blue.cluster));
        }
        group.attached = scaling
            .into_iter()
            .map(|group| Attached { auto_scaling_group: group.name, node_group: group.node_group })
            .collect();
        found.facts.target_groups.push(group);
    }
    found.facts.listeners = listeners;
    found.facts.load_balancer = balancer;
    Ok(())
}

/// `own` where green or its load balancer is the user's own.
fn problems(balancer: &LoadBalancer, service: Option<&Service>, cluster: &str, own: bool) -> Vec<Problem> {
    let name = &balancer.name;
    let mut problems = Vec::new();
    if balancer.kind != "network" {
        problems.push(
            Limit::ApplicationLoadBalancer
                .refusal(API, format!("the load balancer {name} is of the type {:?}, expected network", balancer.kind)),
        );
    }
    if balancer.state != "active" {
        let message = format!("the load balancer {name} is {}, expected active", balancer.state);
        problems.push(Problem::new(API, message));
    }
    if let Some(tag) = service::maker(&balancer.tags).filter(|_| service.is_none()) {
        problems.push(Limit::ServiceLoadBalancer.refusal(API, format!(
            "the load balancer {name} was made by a controller in a cluster, or by EKS Auto Mode (tag {tag}), and its tags name no Service of {cluster}: green's can come with a Service \
             of type LoadBalancer only, not with an Ingress, a Gateway or another cluster"
        )));
    }
    if let Some(service) = service.filter(|_| own) {
        problems.push(Limit::ServiceLoadBalancer.refusal(API, format!(
            "the load balancer {name} belongs to {service}, and green's would come with that Service of the bundles: that is not built yet beside a green or a load \
             balancer of your own"
        )));
    }
    if balancer.fixed_addresses && !own {
        let message =
            format!("the load balancer {name} has fixed addresses, which a clone cannot have too; not supported");
        problems.push(Limit::FixedAddresses.refusal(API, message));
    }
    problems
}

fn listener_problems(balancer: &LoadBalancer, listeners: &[Listener]) -> Vec<Problem> {
    let name = &balancer.name;
    if listeners.is_empty() {
        return vec![Problem::new(API, format!("the load balancer {name} has no listener"))];
    }
    listeners
        .iter()
        .filter(|listener| listener.target_group_arns.len() != 1)
        .map(|listener| {
            let count = listener.target_group_arns.len();
            let message =
                format!("the listener {} of {name} forwards to {count} target groups, expected one", listener.port);
            Limit::SeveralTargetGroups.refusal(API, message)
        })
        .collect()
}

fn group_problems(
    group: &TargetGroup,
    scaling: &[AutoScalingGroup],
    targets: &[Target],
    cluster: &str,
) -> Vec<Problem> {
    let name = &group.name;
    let mut problems = Vec::new();
    let mut refuse = |limit: Limit, message: String| problems.push(limit.refusal(API, message));
    if group.target_type != "instance" {
        refuse(
            Limit::TargetType,
            format!(
                "the target group {name} has targets of the type {}; only instance is supported where the load balancer belongs to no Service",
                group.target_type
            ),
        );
        return problems;
    }
    if scaling.is_empty() {
        refuse(
            Limit::ForeignTargets,
            format!(
                "no Auto Scaling group registers its instances with the target group {name}; attach blue's node groups to it, or, where EKS Auto Mode makes the nodes, which \
                 are in none, put the load balancer of a Service of type LoadBalancer before the API"
            ),
        );
    }
    let blues = |group: &AutoScalingGroup| group.cluster == cluster || cluster.is_empty();
    for foreign in scaling.iter().filter(|group| !blues(group) || group.node_group.is_empty()) {
        refuse(
            Limit::ForeignTargets,
            format!(
                "the Auto Scaling group {} of the target group {name} is of no managed node group of {cluster}; not supported yet",
                foreign.name
            ),
        );
    }
    let known: BTreeSet<&String> = scaling.iter().flat_map(|group| &group.instance_ids).collect();
    let by_hand: Vec<&str> = targets
        .iter()
        .filter(|target| !known.contains(&target.id) && target.state != "draining" && !scaling.is_empty())
        .map(|target| target.id.as_str())
        .collect();
    if !by_hand.is_empty() {
        refuse(
            Limit::ForeignTargets,
            format!(
                "the target group {name} has targets that no Auto Scaling group registered: {}; nobody would register green's",
                by_hand.join(", ")
            ),
        );
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balancer() -> LoadBalancer {
        LoadBalancer {
            name: "shop-blue".to_owned(),
            kind: "network".to_owned(),
            state: "active".to_owned(),
            ..LoadBalancer::default()
        }
    }

    fn list(problems: &[Problem]) -> String {
        Problem::list(problems)
    }

    #[test]
    fn a_plain_network_load_balancer_can_be_cloned() {
        assert_eq!(problems(&balancer(), None, "blue", false), []);
    }

    #[test]
    fn what_a_clone_cannot_have_is_refused() {
        let application = LoadBalancer { kind: "application".to_owned(), ..balancer() };
        let fixed = LoadBalancer { fixed_addresses: true, ..balancer() };
        let gone = LoadBalancer { state: "failed".to_owned(), ..balancer() };
        for (found, part) in [(application, "expected network"), (fixed, "fixed addresses"), (gone, "expected active")]
        {
            assert!(list(&problems(&found, None, "blue", false)).contains(part));
        }
    }

    #[test]
    fn of_what_a_controller_made_only_the_load_balancer_of_a_service_of_blue_is_taken() {
        let service = Service { namespace: "shop".to_owned(), name: "traefik".to_owned() };
        for (tag, service, refused) in [
            ("service.k8s.aws/stack", Some(&service), false),
            ("service.k8s.aws/stack", None, true),
            ("kubernetes.io/service-name", None, true),
            ("elbv2.k8s.aws/cluster", None, true),
            ("eks:eks-cluster-name", None, true),
            ("team", None, false),
        ] {
            let tags = [(tag.to_owned(), "x".to_owned())].into();
            let told = list(&problems(&LoadBalancer { tags, ..balancer() }, service, "blue", false));
            assert_eq!(told.contains(tag), refused, "{tag} {service:?}");
        }
    }

    #[test]
    fn every_target_must_come_from_a_managed_node_group_of_blue() {
        let group =
            TargetGroup { name: "http".to_owned(), target_type: "instance".to_owned(), ..TargetGroup::default() };
        let scaling = |cluster: &str, node_group: &str| AutoScalingGroup {
            name: "asg".to_owned(),
            cluster: cluster.to_owned(),
            node_group: node_group.to_owned(),
            instance_ids: vec!["i-1".to_owned()],
            ..AutoScalingGroup::default()
        };
        let target =
            |id: &str| Target { id: id.to_owned(), port: 30080, state: "healthy".to_owned(), reason: String::new() };
        let judged =
            |scaling: &[AutoScalingGroup], targets: &[Target]| list(&group_problems(&group, scaling, targets, "blue"));
        assert_eq!(judged(&[scaling("blue", "web")], &[target("i-1")]), "");
        assert!(judged(&[], &[]).contains("no Auto Scaling group"));
        assert!(judged(&[scaling("other", "web")], &[]).contains("no managed node group of blue"));
        assert!(judged(&[scaling("blue", "")], &[]).contains("no managed node group of blue"));
        assert!(judged(&[scaling("blue", "web")], &[target("i-2")]).contains("i-2"));
        let ip = TargetGroup { target_type: "ip".to_owned(), ..group.clone() };
        assert!(list(&group_problems(&ip, &[], &[], "blue")).contains("only instance"));
    }

    #[test]
    fn a_listener_forwards_to_one_target_group() {
        let listener =
            |count: usize| Listener { port: 80, target_group_arns: vec!["a".to_owned(); count], ..Listener::default() };
        assert_eq!(listener_problems(&balancer(), &[listener(1)]), []);
        assert_eq!(listener_problems(&balancer(), &[listener(0), listener(2)]).len(), 2);
        assert_eq!(listener_problems(&balancer(), &[]).len(), 1);
    }
}

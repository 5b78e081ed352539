use super::*;

fn service() -> Service {
    Service { namespace: "shop".to_owned(), name: "traefik".to_owned() }
}

fn balancer(cluster: &str) -> LoadBalancer {
    let tags = [("elbv2.k8s.aws/cluster", cluster), ("service.k8s.aws/stack", "shop/traefik")];
    LoadBalancer {
        arn: format!("arn:balancer-{cluster}"),
        kind: "network".to_owned(),
        scheme: "internal".to_owned(),
        ip_address_type: "ipv4".to_owned(),
        private_link_enforcement: Some("off".to_owned()),
        tags: tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        ..LoadBalancer::default()
    }
}

fn listener(cluster: &str) -> Listener {
    Listener {
        arn: format!("arn:listener-{cluster}"),
        port: 80,
        protocol: "TCP".to_owned(),
        target_group_arns: vec![format!("arn:group-{cluster}")],
        ..Listener::default()
    }
}

fn group(cluster: &str) -> TargetGroup {
    TargetGroup {
        arn: format!("arn:group-{cluster}"),
        name: format!("k8s-{cluster}"),
        protocol: "TCP".to_owned(),
        target_type: "ip".to_owned(),
        ..TargetGroup::default()
    }
}

fn edge() -> Edge {
    Edge {
        load_balancer: balancer("blue"),
        listeners: vec![listener("blue")],
        target_groups: vec![group("blue")],
        service: Some(service()),
        ..Edge::default()
    }
}

fn made() -> Made {
    Made { balancer: balancer("green"), listeners: vec![listener("green")], target_groups: vec![group("green")] }
}

#[test]
fn what_the_controller_made_may_have_other_names_and_ports_of_targets_only() {
    let mut made = made();
    made.target_groups[0].port = 8_000;
    assert_eq!(made.differences(&edge(), &service(), "green"), Vec::<String>::new());
}

#[test]
fn what_the_api_needs_of_the_load_balancer_is_as_on_blue() {
    type Change = fn(&mut Made);
    let changes: [(Change, &str); 8] = [
        (|made| made.balancer.scheme = "internet-facing".to_owned(), "its scheme is \"internet-facing\""),
        (|made| made.balancer.kind = "application".to_owned(), "its type is \"application\""),
        (|made| made.balancer.private_link_enforcement = Some("on".to_owned()), "PrivateLink traffic is \"on\""),
        (|made| made.balancer.private_link_enforcement = None, "PrivateLink traffic is \"none"),
        (|made| made.listeners[0].port = 8_080, "it has no listener on port 80"),
        (|made| made.listeners[0].protocol = "TLS".to_owned(), "its listener on port 80 is TLS"),
        (|made| made.target_groups[0].target_type = "instance".to_owned(), "targets of the type instance"),
        (|made| made.target_groups.clear(), "behind port 80 is no target group"),
    ];
    for (change, part) in changes {
        let mut made = made();
        change(&mut made);
        let found = made.differences(&edge(), &service(), "green").join("; ");
        assert!(found.contains(part), "{part}: {found}");
    }
}

#[test]
fn a_load_balancer_of_another_cluster_is_told_and_nothing_else_of_it() {
    for cluster in ["blue", "other"] {
        let made = Made { balancer: balancer(cluster), ..made() };
        let found = made.differences(&edge(), &service(), "green");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("--cluster-name"), "{found:?}");
    }
}

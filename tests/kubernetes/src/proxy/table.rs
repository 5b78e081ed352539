//! The table of node ports and their endpoints, from Services and `EndpointSlices`.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use serde_json::Value;

use crate::object;

/// An endpoint of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    pub(crate) node: String,
    pub(crate) ready: bool,
    /// Terminating and still serving.
    pub(crate) draining: bool,
}

/// The Service of a node port with its endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Backend {
    /// The Service as `namespace/name`.
    pub(crate) service: String,
    /// `externalTrafficPolicy: Local`: only Pods on the same node get connections.
    pub(crate) local: bool,
    pub(crate) endpoints: Vec<Endpoint>,
}

impl Backend {
    /// The endpoints for new connections of a node: ready ones, or terminating ones if none is ready
    /// (<https://kubernetes.io/docs/reference/networking/virtual-ips/#traffic-to-terminating-endpoints>).
    pub(crate) fn usable(&self, node: &str) -> Vec<SocketAddr> {
        let here = || self.endpoints.iter().filter(|endpoint| !self.local || endpoint.node == node);
        let addresses =
            |wanted: fn(&Endpoint) -> bool| here().filter(|one| wanted(one)).map(|one| one.address).collect::<Vec<_>>();
        let ready = addresses(|endpoint| endpoint.ready);
        if ready.is_empty() { addresses(|endpoint| endpoint.draining) } else { ready }
    }

    /// Number of ready Pods of the Service on a node, which `healthCheckNodePort` reports.
    pub(crate) fn local_ready(&self, node: &str) -> usize {
        self.endpoints.iter().filter(|endpoint| endpoint.ready && endpoint.node == node).count()
    }
}

/// The ports of all nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) ports: BTreeMap<u16, Backend>,
    /// Services by `healthCheckNodePort`.
    pub(crate) checks: BTreeMap<u16, Backend>,
}

/// Builds the table from the objects in the cluster.
pub(crate) fn build(services: &[Arc<Value>], slices: &[Arc<Value>]) -> Table {
    let mut table = Table::default();
    for service in services {
        let kind = object::text(service, "/spec/type").unwrap_or_default();
        if kind != "NodePort" && kind != "LoadBalancer" {
            continue;
        }
        let local = object::text(service, "/spec/externalTrafficPolicy") == Some("Local");
        let backend = |endpoints| Backend {
            service: format!("{}/{}", object::namespace(service), object::name(service)),
            local,
            endpoints,
        };
        let own: Vec<&Arc<Value>> = slices
            .iter()
            .filter(|slice| {
                object::namespace(slice) == object::namespace(service)
                    && object::label(slice, "kubernetes.io/service-name") == Some(object::name(service))
            })
            .collect();
        for port in object::list(service, "/spec/ports").iter().filter(|port| port["protocol"] != "UDP") {
            let Some(number) = port["nodePort"].as_u64().and_then(|number| u16::try_from(number).ok()) else {
                continue;
            };
            let name = port["name"].as_str().unwrap_or_default();
            let endpoints = own.iter().flat_map(|slice| endpoints(slice, name)).collect();
            table.ports.insert(number, backend(endpoints));
        }
        let check = object::number(service, "/spec/healthCheckNodePort").and_then(|number| u16::try_from(number).ok());
        if let Some(check) = check {
            // Readiness is the same for all ports of a Pod.
            let name = object::text(service, "/spec/ports/0/name").unwrap_or_default();
            table.checks.insert(check, backend(own.iter().flat_map(|slice| endpoints(slice, name)).collect()));
        }
    }
    table
}

fn endpoints(slice: &Value, port: &str) -> Vec<Endpoint> {
    let ports = object::list(slice, "/ports").iter();
    let mut ports = ports.filter(|candidate| candidate["name"].as_str().unwrap_or_default() == port);
    let number = ports.next().and_then(|port| port["port"].as_u64()).and_then(|number| u16::try_from(number).ok());
    let Some(number) = number else { return Vec::new() };
    let found = object::list(slice, "/endpoints").iter().filter_map(|endpoint| {
        let address: IpAddr = endpoint["addresses"][0].as_str()?.parse().ok()?;
        let conditions = &endpoint["conditions"];
        Some(Endpoint {
            address: SocketAddr::new(address, number),
            node: endpoint["nodeName"].as_str().unwrap_or_default().to_owned(),
            // An absent condition counts as ready.
            ready: conditions["ready"] != false,
            draining: conditions["serving"] == true && conditions["terminating"] == true,
        })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn table(policy: &str) -> Table {
        let service = json!({"metadata": {"namespace": "a", "name": "web"}, "spec": {"type": "NodePort", "externalTrafficPolicy": policy,
            "healthCheckNodePort": 31000, "ports": [{"name": "http", "port": 80, "nodePort": 30080, "protocol": "TCP"}]}});
        let slice = json!({"metadata": {"namespace": "a", "name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
        "ports": [{"name": "http", "port": 8080}], "endpoints": [
            {"addresses": ["127.64.16.1"], "nodeName": "n1", "conditions": {"ready": true, "serving": true, "terminating": false}},
            {"addresses": ["127.64.16.2"], "nodeName": "n2", "conditions": {"ready": false, "serving": true, "terminating": true}},
        ]});
        build(&[Arc::new(service)], &[Arc::new(slice)])
    }

    #[test]
    fn a_node_port_leads_to_the_ready_pods_of_all_nodes() {
        let table = table("Cluster");
        assert_eq!(table.ports[&30080].usable("n2"), ["127.64.16.1:8080".parse().unwrap()]);
    }

    #[test]
    fn with_the_local_policy_a_node_uses_its_own_pods_and_draining_ones_only_when_there_is_no_other() {
        let table = table("Local");
        assert_eq!(table.ports[&30080].usable("n1"), ["127.64.16.1:8080".parse().unwrap()]);
        assert_eq!(table.ports[&30080].usable("n2"), ["127.64.16.2:8080".parse().unwrap()]);
        assert!(table.ports[&30080].usable("n3").is_empty());
        assert_eq!(table.checks[&31000].local_ready("n1"), 1);
        assert_eq!(table.checks[&31000].local_ready("n2"), 0);
    }
}

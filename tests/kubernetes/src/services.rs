//! Allocation of cluster IPs and node ports of Services
//! (<https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport>).
//!
//! Nothing on the machine routes to cluster IPs. Traefik and the node ports use the Pods' addresses in the `EndpointSlices`,
//! as on EKS with Traefik's default settings.

use std::{collections::BTreeSet, net::Ipv4Addr, ops::RangeInclusive, sync::Arc};

use serde_json::{Value, json};

use crate::{object, status::Cause};

/// The default of `--service-node-port-range`.
const NODE_PORTS: RangeInclusive<i64> = 30000..=32767;

/// The service network of an EKS cluster whose VPC is not in 10.0.0.0/8 (10.100.0.0/16); the first address is the API's.
const NETWORK: [u8; 2] = [10, 100];

/// Addresses and ports that other Services use.
#[derive(Debug, Default)]
pub(crate) struct Allocated {
    addresses: BTreeSet<String>,
    ports: BTreeSet<(i64, String)>,
}

impl Allocated {
    /// Addresses and ports of `services` without the Service of this name.
    pub(crate) fn besides(services: &[Arc<Value>], namespace: &str, name: &str) -> Self {
        let mut allocated = Self::default();
        for service in services {
            if object::namespace(service) == namespace && object::name(service) == name {
                continue;
            }
            allocated.addresses.extend(object::text(service, "/spec/clusterIP").map(str::to_owned));
            for port in object::list(service, "/spec/ports") {
                let protocol = port["protocol"].as_str().unwrap_or("TCP").to_owned();
                allocated.ports.extend(port["nodePort"].as_i64().map(|number| (number, protocol)));
            }
            // Health check node ports are always TCP.
            let check = object::number(service, "/spec/healthCheckNodePort");
            allocated.ports.extend(check.map(|number| (number, "TCP".to_owned())));
        }
        allocated
    }

    fn free_port(&mut self, protocol: &str) -> Option<i64> {
        let free = NODE_PORTS.clone().find(|port| !self.ports.contains(&(*port, protocol.to_owned())))?;
        self.ports.insert((free, protocol.to_owned()));
        Some(free)
    }

    /// Allocates the requested port, or returns the API server's error.
    fn take_port(&mut self, port: i64, protocol: &str, field: &str) -> Option<Cause> {
        if !NODE_PORTS.contains(&port) {
            let why = "provided port is not in the valid range. The range of valid ports is 30000-32767";
            return Some(Cause::invalid(field, &json!(port), why));
        }
        let free = self.ports.insert((port, protocol.to_owned()));
        (!free).then(|| Cause::invalid(field, &json!(port), "provided port is already allocated"))
    }

    fn free_address(&self) -> String {
        let candidates = (10..u16::MAX).map(|number| {
            let [high, low] = number.to_be_bytes();
            Ipv4Addr::new(NETWORK[0], NETWORK[1], high, low).to_string()
        });
        candidates.into_iter().find(|address| !self.addresses.contains(address)).unwrap_or_default()
    }
}

/// Allocates the addresses and ports that a Service lacks, its previous ones if possible. Returns the errors.
pub(crate) fn allocate(service: &mut Value, previous: Option<&Value>, mut others: Allocated) -> Vec<Cause> {
    let mut causes = Vec::new();
    let kind = object::text(service, "/spec/type").unwrap_or("ClusterIP").to_owned();
    let was = previous.map(|previous| previous["spec"].clone()).unwrap_or_default();
    let spec = object::entry(service, "spec");
    if kind == "ExternalName" {
        return causes;
    }
    address(spec, &was, &others, &mut causes);

    let with_node_ports =
        kind == "NodePort" || (kind == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] != json!(false));
    let local = spec["externalTrafficPolicy"] == "Local" && kind == "LoadBalancer";
    let mut ports = object::remove(spec, "ports").unwrap_or_else(|| json!([]));
    for (at, port) in ports.as_array_mut().into_iter().flatten().enumerate() {
        let protocol = port["protocol"].as_str().unwrap_or("TCP").to_owned();
        let before = object::list(&was, "/ports")
            .iter()
            .find(|was| was["port"] == port["port"] && was["protocol"] == port["protocol"]);
        if port["nodePort"].as_i64().is_none_or(|number| number == 0)
            && let Some(before) = before.and_then(|before| before["nodePort"].as_i64()).filter(|_| with_node_ports)
        {
            port["nodePort"] = json!(before);
        }
        if let Some(wanted) = port["nodePort"].as_i64().filter(|number| *number != 0) {
            causes.extend(others.take_port(wanted, &protocol, &format!("spec.ports[{at}].nodePort")));
        }
    }
    for (at, port) in ports.as_array_mut().into_iter().flatten().enumerate() {
        let protocol = port["protocol"].as_str().unwrap_or("TCP").to_owned();
        if with_node_ports && port["nodePort"].as_i64().is_none_or(|number| number == 0) {
            match others.free_port(&protocol) {
                Some(free) => port["nodePort"] = json!(free),
                None => causes.push(Cause::invalid(&format!("spec.ports[{at}].nodePort"), &json!(0), "range is full")),
            }
        }
    }
    spec["ports"] = ports;
    if local {
        if spec["healthCheckNodePort"].as_i64().is_none_or(|number| number == 0) {
            spec["healthCheckNodePort"] = was["healthCheckNodePort"].clone();
        }
        match spec["healthCheckNodePort"].as_i64() {
            Some(wanted) => causes.extend(others.take_port(wanted, "TCP", "spec.healthCheckNodePort")),
            None => spec["healthCheckNodePort"] = json!(others.free_port("TCP")),
        }
    } else {
        object::remove(spec, "healthCheckNodePort");
    }
    causes
}

fn address(spec: &mut Value, was: &Value, others: &Allocated, causes: &mut Vec<Cause>) {
    let wanted = spec["clusterIP"].as_str().unwrap_or_default().to_owned();
    let before = was["clusterIP"].as_str().unwrap_or_default();
    if wanted.is_empty() {
        let address = if before.is_empty() { others.free_address() } else { before.to_owned() };
        spec["clusterIP"] = json!(address);
    } else if !before.is_empty() && before != wanted {
        causes.push(Cause::invalid("spec.clusterIPs[0]", &json!(wanted), "may not change once set"));
    } else if wanted != "None" && others.addresses.contains(&wanted) {
        causes.push(Cause::invalid(
            "spec.clusterIPs",
            &json!([wanted]),
            "failed to allocate IP: provided IP is already allocated",
        ));
    }
    spec["clusterIPs"] = json!([spec["clusterIP"]]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str, spec: &Value) -> Value {
        json!({"metadata": {"namespace": "a", "name": name}, "spec": spec})
    }

    #[test]
    fn a_node_port_that_another_service_holds_is_refused_and_a_free_one_is_found() {
        let taken = Arc::new(service(
            "x",
            &json!({"clusterIP": "10.100.0.10", "ports": [{"port": 80, "protocol": "TCP", "nodePort": 30000}]}),
        ));
        let mut asking = service(
            "y",
            &json!({"type": "NodePort", "ports": [{"port": 80, "protocol": "TCP", "nodePort": 30000}, {"port": 81}]}),
        );
        let causes = allocate(&mut asking, None, Allocated::besides(std::slice::from_ref(&taken), "a", "y"));
        assert_eq!(causes.len(), 1);
        assert_eq!(causes[0].message, "Invalid value: 30000: provided port is already allocated");
        assert_eq!(asking["spec"]["ports"][1]["nodePort"], 30001);
        assert_eq!(asking["spec"]["clusterIP"], "10.100.0.11");
    }

    #[test]
    fn an_update_keeps_the_address_and_the_ports_it_had() {
        let mut before = service(
            "x",
            &json!({"type": "LoadBalancer", "externalTrafficPolicy": "Local", "ports": [{"port": 80, "protocol": "TCP"}]}),
        );
        assert!(allocate(&mut before, None, Allocated::default()).is_empty());
        let mut after = service(
            "x",
            &json!({"type": "LoadBalancer", "externalTrafficPolicy": "Local", "ports": [{"port": 80, "protocol": "TCP"}]}),
        );
        assert!(allocate(&mut after, Some(&before), Allocated::default()).is_empty());
        assert_eq!(before, after);
        assert!(before["spec"]["healthCheckNodePort"].is_i64());
    }

    #[test]
    fn a_port_out_of_the_range_is_refused() {
        let mut asking = service("y", &json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": 80}]}));
        assert_eq!(allocate(&mut asking, None, Allocated::default())[0].field, "spec.ports[0].nodePort");
    }
}

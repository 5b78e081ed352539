//! The shop whose load balancer belongs to the Service of its ingress controller, as Traefik's chart makes it: the AWS Load Balancer Controller
//! runs on blue and comes with the bundle.

use super::workloads::{deployment, service};
use super::{BLUE, BUNDLE, GREEN, input_with, manifests};
use crate::{Account, migration};
use domain::plan::edge::Service;
use domain::resources::service as resource;
use domain::{Kind, Migration, Plan, Problem, input::Replacement, plan::Planned};
use serde_json::{Value, json};

/// What the targets of the load balancer are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Targets {
    /// The nodes, on the Service's node port.
    Instance,
    /// The Pods.
    Ip,
}

/// What the shop's people ask for, with these fields more: the controller works under green's name there.
#[must_use]
pub fn input(fields: Value) -> Value {
    let mut input = input_with(fields);
    input["workloads"]["replace"] = json!([{ "blue": BLUE, "green": GREEN }]);
    input
}

/// The bundle without a controller, where the ingress controller's Service has this class.
pub(super) fn of_class(targets: Targets, class: &str) -> Vec<Value> {
    let mut port = json!({ "port": 80, "targetPort": 8_000 });
    let kind = match targets {
        Targets::Instance => {
            port["nodePort"] = json!(30_080);
            "instance"
        }
        Targets::Ip => "ip",
    };
    let mut all = manifests();
    all.retain(|manifest| manifest["kind"] != "Service" || manifest["metadata"]["name"] != "traefik");
    let spec = json!({ "type": "LoadBalancer", "loadBalancerClass": class, "ports": [port] });
    let mut traefik = service("traefik", spec);
    traefik["metadata"]["annotations"] = json!({
        "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
        "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": kind,
    });
    all.push(traefik);
    all
}

/// The bundle, with the controller and what it needs of the ingress controller's Service.
#[must_use]
pub fn bundle(targets: Targets) -> Vec<Value> {
    let mut all = of_class(targets, "service.k8s.aws/nlb");
    let name = "aws-load-balancer-controller";
    let mut controller = deployment(name, 1, "public.ecr.aws/eks/aws-load-balancer-controller:v3.1.0");
    controller["spec"]["template"]["spec"]["containers"][0]["args"] = json!([format!("--cluster-name={BLUE}")]);
    all.extend([controller, service(name, json!({ "ports": [{ "port": 443 }] }))]);
    all
}

impl Account {
    /// The account of this shop before its migration.
    #[must_use]
    pub fn service_shop(targets: Targets) -> Self {
        let account = Self::shop();
        account.has_balancer_of_service(bundle(targets));
        account
    }

    /// Puts a bundle on blue whose Service has the load balancer before the API, in place of the one that was there.
    pub(super) fn has_balancer_of_service(&self, bundle: Vec<Value>) {
        {
            let mut aws = self.aws();
            aws.balancers.clear();
            aws.listeners.clear();
            aws.target_groups.clear();
            for group in aws.scaling.values_mut() {
                group.target_group_arns.clear();
            }
        }
        self.upload(BUNDLE, bundle.clone());
        for manifest in bundle.into_iter().filter(|manifest| manifest["metadata"]["name"] != "web") {
            self.cluster(BLUE).put(manifest);
        }
        self.settle(BLUE);
        let mut aws = self.aws();
        let balancers: Vec<String> = aws.balancers.keys().cloned().collect();
        for link in aws.links.values_mut() {
            link.target_arns.clone_from(&balancers);
        }
        aws.history.creates.clear();
    }

    /// This shop with a migration, opened with the plan that preflight makes.
    ///
    /// # Errors
    /// Every problem of the input.
    pub fn service_opened(targets: Targets) -> Result<(Self, Migration), Vec<Problem>> {
        let account = Self::service_shop(targets);
        let migration = Migration { plan: account.service_plan(targets), ..migration(&input(json!({})))? };
        account.enter(&migration);
        Ok((account, migration))
    }

    fn service_plan(&self, targets: Targets) -> Plan {
        let mut plan = self.plan();
        plan.workloads.bundles = vec![self.upload(BUNDLE, bundle(targets))];
        plan.workloads.replace = vec![Replacement { blue: BLUE.to_owned(), green: GREEN.to_owned() }];
        plan.deletes.retain(|planned| !matches!(planned.kind, Kind::LoadBalancer | Kind::TargetGroup));
        let aws = self.aws();
        let edge = &mut plan.edge;
        edge.target_groups = aws.target_groups.values().cloned().collect();
        for (arn, balancer) in &aws.balancers {
            edge.vpc_link.target_arns = vec![arn.clone()];
            edge.listeners = aws.listeners.get(arn).cloned().unwrap_or_default();
            edge.service = Service::of(BLUE, &balancer.tags);
            edge.load_balancer = balancer.clone();
        }
        let balancer = &edge.load_balancer;
        plan.deletes.extend(edge.service.as_ref().map(|service| resource::planned(service, balancer)));
        plan.deletes.push(Planned::existing(Kind::LoadBalancer, &balancer.name, &balancer.arn));
        let groups = edge.target_groups.iter();
        plan.deletes.extend(groups.map(|group| Planned::existing(Kind::TargetGroup, &group.name, &group.arn)));
        drop(aws);
        plan
    }
}

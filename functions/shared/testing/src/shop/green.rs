//! Green and its edge, as phases leave them for those that come after.

use super::{API, BLUE, GREEN, manifests};
use crate::Account;
use crate::account::{Aws, pair};
use domain::approval::{Answer, Asked, Decision, Question};
use domain::manifest::prepare::{Hosts, prepare};
use domain::manifest::{Object, state::template_digest};
use domain::plan::compute::{AccessEntry, Cluster, ClusterStatus, NodeGroup};
use domain::plan::edge::{Api, Connection, Listener, LoadBalancer, Stage, TargetGroup, UsagePlan, VpcLink};
use domain::ports::gateway::{Deployment, Method};
use domain::resources::stage::{self, keeper_name};
use domain::resources::{deployment, load_balancer, rest_api, target_group, usage_plan, vpc_link};
use domain::{Kind, Migration, Progress, ResourceKey, Side, TaskToken, ownership};
use serde_json::{Map, Value, json};

/// Green's VPC link.
pub const GREEN_LINK: &str = "green1";
/// Green's load balancer.
pub const GREEN_BALANCER: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/net/green/1";
/// Its target group.
pub const GREEN_TARGET_GROUP: &str = "arn:group-green";
/// Deployment G.
pub const G: &str = "deployment-g";
/// The temporary API.
pub const TEMPORARY: &str = "temporary1";
/// Its deployment that sends requests to green.
pub const TEMPORARY_GREEN: &str = "deployment-t";

/// The methods with green's link for blue's.
fn through_green(methods: &[Method]) -> Vec<Method> {
    let mut methods = methods.to_vec();
    let backends = methods.iter_mut().filter_map(|method| method.integration.as_mut());
    for backend in backends.filter(|backend| backend.connection != Connection::Internet) {
        backend.connection = Connection::VpcLink(GREEN_LINK.to_owned());
    }
    methods
}

fn serving(name: &str, deployment: &str) -> Stage {
    Stage { name: name.to_owned(), deployment_id: deployment.to_owned(), ..Stage::default() }
}

fn deployed(id: &str) -> Deployment {
    Deployment { id: id.to_owned(), ..Deployment::default() }
}

impl Account {
    /// Green's cluster with its nodes, as `ProvisionNodes` leaves it.
    pub fn provision_cluster(&self, migration: &Migration) {
        let role = self.role();
        cluster(&mut self.aws(), migration, &role);
        self.know(migration, ResourceKey::new(Side::Green, Kind::Cluster, GREEN), GREEN);
        self.know(migration, ResourceKey::new(Side::Blue, Kind::AccessEntry, &role), &role);
    }

    /// And behind its own load balancer and VPC link, as `AttachNodes` leaves it: nothing runs on it.
    pub fn provision(&self, migration: &Migration) {
        self.provision_cluster(migration);
        balancer(&mut self.aws());
        for (key, id) in [
            (load_balancer::key(migration), GREEN_BALANCER),
            (target_group::key("shop-blue-http"), GREEN_TARGET_GROUP),
            (vpc_link::key(migration), GREEN_LINK),
        ] {
            self.know(migration, key, id);
        }
    }

    /// And with its workloads under the temporary host, at blue's scale, and with the temporary API in front.
    pub fn deploy(&self, migration: &Migration) {
        self.provision(migration);
        let objects = manifests().into_iter().filter_map(|value| Object::new(0, 0, value)).collect();
        for object in prepare(objects, &migration.plan.workloads, Hosts::Temporary) {
            self.cluster(GREEN).put(object.value);
        }
        if let Some(web) = self.cluster(BLUE).object("Deployment/shop/web") {
            self.cluster(GREEN).put(web);
        }
        temporary(&mut self.aws(), migration);
        for (key, id) in [
            (rest_api::key(migration), TEMPORARY),
            (deployment::temporary(migration), TEMPORARY_GREEN),
            (stage::temporary(migration), "prod"),
            (usage_plan::temporary(migration, "gold"), "temporary-gold"),
        ] {
            self.know(migration, key, id);
        }
    }

    /// And with the evidence of what was qualified, the public host, and deployments B and G on stages of their own.
    pub fn prepare(&self, migration: &Migration) {
        self.deploy(migration);
        if let Some(ingress) = self.cluster(BLUE).object("Ingress/shop/shop") {
            self.cluster(GREEN).put(ingress);
        }
        let evidence = json!({ "evidence": { "workloads": self.evidence(migration) } });
        if let Some(record) = self.table().migrations.get_mut(&migration.id) {
            record.progress.insert(Progress::Validate, evidence);
        }
        let mut aws = self.aws();
        let methods = through_green(&aws.methods.get(API).cloned().unwrap_or_default());
        aws.deployments.insert(pair(API, G), (deployed(G), methods));
        self.know(migration, deployment::green(migration), G);
        for (side, held) in [(Side::Blue, migration.plan.edge.deployment_b()), (Side::Green, G)] {
            let name = keeper_name(migration, side);
            aws.stages.insert(pair(API, &name), serving(&name, held));
            self.know(migration, stage::keeper(migration, side), &name);
        }
    }

    /// And people have said yes to it.
    pub fn approve(&self, migration: &Migration) {
        let (now, evidence) = (self.aws().now(), json!({}));
        let yes = Answer {
            decision: Decision::Approved,
            by: "ana".to_owned(),
            comment: String::new(),
            at: now,
            caller: None,
        };
        let asked = Asked {
            id: migration.id.clone(),
            question: Question::Qualification,
            number: 1,
            token: TaskToken::new("qualification"),
            digest: Asked::digest_of(&migration.plan.digest(), &evidence),
            evidence,
            deadline: now,
            answer: Some(yes),
        };
        if let Some(record) = self.table().migrations.get_mut(&migration.id) {
            record.approvals.insert((asked.question.name(), asked.number), asked);
        }
    }

    /// What validate keeps of the plan's workloads.
    fn evidence(&self, migration: &Migration) -> Map<String, Value> {
        let (blue, green) = (self.cluster(BLUE).all(), self.cluster(GREEN).all());
        let workloads = migration.plan.workloads.workloads.iter();
        let evidence = workloads.map(|workload| {
            let name = workload.id.to_string();
            let digest = |live: Option<&Value>| live.map(|live| template_digest(&workload.id.kind, live));
            let sides = json!({ "blue": digest(blue.get(&name)), "green": digest(green.get(&name)) });
            (name, sides)
        });
        evidence.collect()
    }
}

fn cluster(aws: &mut Aws, migration: &Migration, role: &str) {
    let compute = &migration.plan.compute;
    let cluster = Cluster {
        name: GREEN.to_owned(),
        arn: format!("arn:aws:eks:eu-central-1:123456789012:cluster/{GREEN}"),
        version: compute.green.version.clone(),
        tags: ownership::tags(migration, Side::Green),
        ..compute.blue.clone()
    };
    let created_at = aws.now();
    let created = ClusterStatus { cluster, status: "CREATING".to_owned(), created_at, issues: Vec::new() };
    aws.clusters.insert(GREEN.to_owned(), created);
    aws.cluster_created(GREEN);
    for addon in compute.addons(true) {
        if let Some(blues) = aws.addons.get(&pair(BLUE, &addon.name)).cloned() {
            aws.addons.insert(pair(GREEN, &addon.name), blues);
        }
    }
    for like in &compute.node_groups {
        let group = NodeGroup { status: "CREATING".to_owned(), ..like.clone() };
        aws.node_groups.insert(pair(GREEN, &like.name), group);
        aws.node_group_created(GREEN, &like.name);
    }
    for name in [BLUE, GREEN] {
        let own =
            AccessEntry { principal_arn: role.to_owned(), entry_type: "STANDARD".to_owned(), ..AccessEntry::default() };
        aws.access_entries.insert(pair(name, role), own);
    }
}

fn balancer(aws: &mut Aws) {
    let blue = aws.balancers.get("arn:balancer-blue").cloned().unwrap_or_default();
    let attributes = [("deletion_protection.enabled".to_owned(), "false".to_owned())].into();
    let name = "shop-green".to_owned();
    let balancer = LoadBalancer { arn: GREEN_BALANCER.to_owned(), name: name.clone(), attributes, ..blue };
    aws.balancers.insert(GREEN_BALANCER.to_owned(), balancer);
    let group = aws.target_groups.get("arn:group-blue").cloned().unwrap_or_default();
    let group = TargetGroup { arn: GREEN_TARGET_GROUP.to_owned(), name: "shop-green-http".to_owned(), ..group };
    aws.target_groups.insert(GREEN_TARGET_GROUP.to_owned(), group);
    let listener = Listener {
        arn: "arn:listener-green".to_owned(),
        port: 80,
        protocol: "TCP".to_owned(),
        target_group_arns: vec![GREEN_TARGET_GROUP.to_owned()],
        ..Listener::default()
    };
    aws.listeners.insert(GREEN_BALANCER.to_owned(), vec![listener]);
    for scaling in aws.scaling.values_mut().filter(|scaling| scaling.cluster == GREEN) {
        scaling.target_group_arns.push(GREEN_TARGET_GROUP.to_owned());
    }
    link(aws, name);
}

/// Green's VPC link.
pub(super) fn link(aws: &mut Aws, name: String) {
    let link = VpcLink {
        id: GREEN_LINK.to_owned(),
        name,
        target_arns: vec![GREEN_BALANCER.to_owned()],
        status: "AVAILABLE".to_owned(),
        ..VpcLink::default()
    };
    aws.links.insert(GREEN_LINK.to_owned(), link);
}

fn temporary(aws: &mut Aws, migration: &Migration) {
    let mut methods = through_green(&aws.methods.get(API).cloned().unwrap_or_default());
    for backend in methods.iter_mut().filter_map(|method| method.integration.as_mut()) {
        backend.uri = backend.uri.replace("shop.example.com", "green.example.com");
    }
    let (name, tags) = (rest_api::name(migration), rest_api::tags(migration));
    let main = aws.apis.get(API).cloned().unwrap_or_default();
    aws.apis.insert(TEMPORARY.to_owned(), Api { id: TEMPORARY.to_owned(), name, tags, ..main });
    aws.methods.insert(TEMPORARY.to_owned(), methods.clone());
    aws.deployments.insert(pair(TEMPORARY, TEMPORARY_GREEN), (deployed(TEMPORARY_GREEN), methods));
    aws.stages.insert(pair(TEMPORARY, "prod"), serving("prod", TEMPORARY_GREEN));
    let gold = aws.plans.get("gold").cloned().unwrap_or_default();
    let plan = UsagePlan {
        id: "temporary-gold".to_owned(),
        name: usage_plan::name(migration, &usage_plan::temporary(migration, "gold")),
        stages: vec![pair(TEMPORARY, "prod")],
        ..gold
    };
    aws.plans.insert(plan.id.clone(), plan);
}

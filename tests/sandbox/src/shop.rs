//! The shop as a running whole: the world of before, and its customers.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::account::Account;
use crate::aws::Aws;
use crate::error::{Context, Error, Result};
use crate::load::{Load, Target};
use crate::world::front::Front;
use crate::world::gateway::{Api, DOMAIN, STAGE};
use crate::world::network::Network;
use crate::world::private::{self, Entrance};
use crate::world::roles::Roles;
use crate::world::service_balancer::{self, Controller};
use crate::world::workloads::{self, Bundle, Kubernetes};
use crate::world::{
    BLUE, GREEN, alarm, cluster, edge, eventually, gateway, http_api, irsa, karpenter, network, nodes, roles, routes,
    staff, warehouse,
};

/// How many requests must be answered well in a row before anything is started.
const WARM: usize = 300;

/// The shop.
pub struct Shop {
    /// Its public API.
    pub api: Api,
    /// Its manifests in S3, in order.
    pub manifests: Vec<String>,
    /// What the input says of green.
    pub green: Value,
    /// The load balancer controller of its clusters, where they have one.
    pub controller: Option<Controller>,
    /// Karpenter in its clusters, where they have it.
    pub karpenter: Option<karpenter::Controller>,
    /// What answers beside its clusters, where something does.
    pub warehouse: Option<warehouse::Server>,
}

/// What the shop, and Bascule's functions where an API is private, are put into.
pub struct Ground {
    /// The network.
    pub network: Network,
    /// The way to a private API.
    pub entrance: Option<Entrance>,
}

impl Ground {
    /// Makes it for this variant.
    ///
    /// # Errors
    /// The first refusal of EC2.
    pub async fn lay(aws: &Aws, front: Front) -> Result<Self> {
        let network = network::build(aws).await.context("the shop's network")?;
        let entrance = match front {
            Front::PrivateApi => Some(private::build(aws, &network).await.context("the way to the shop's API")?),
            _ => None,
        };
        Ok(Self { network, entrance })
    }
}

/// Builds everything that a user has before the migration, in the order in which a user would.
///
/// # Errors
/// The first thing that a service refuses.
pub async fn build(account: &Account, front: Front, files: &[PathBuf], say: &dyn Fn(&str)) -> Result<Shop> {
    let ground = Ground::lay(&account.aws, front).await?;
    build_on(account, front, &ground, files, say).await
}

/// The same where the ground is laid.
///
/// # Errors
/// As for [`build`].
pub async fn build_on(
    account: &Account,
    front: Front,
    Ground { network, entrance }: &Ground,
    files: &[PathBuf],
    say: &dyn Fn(&str),
) -> Result<Shop> {
    let aws = &account.aws;
    let roles = roles::build(aws).await.context("the shop's roles")?;
    say(&format!("Shop: VPC {} with {} subnets", network.vpc, network.subnets.len()));
    let bundles = workloads::bundles(front, files)?;
    let in_cluster = front.service_targets();
    let controller =
        in_cluster.map(|_| service_balancer::start(aws, &account.compute, front, &network.vpc, &network.subnets));
    let karpenter = match network.subnets.first() {
        Some(subnet) if front == Front::Karpenter => {
            network::discovered(aws, network).await?;
            Some(karpenter::start(aws, &account.compute, subnet))
        }
        _ => None,
    };
    let cluster = async {
        if front == Front::AutoMode {
            network::without_nodes(aws, network).await.context("nodes without a group of their own")?;
        }
        cluster::control_plane(aws, BLUE, 2, front, network, &roles).await?;
        if front.has_roles_for_pods() {
            irsa::build(aws, BLUE).await.context("the roles of the shop's Pods")?;
        }
        let endpoint = cluster::endpoint(aws, BLUE).await?;
        let kubernetes = if front == Front::ConfigMap {
            // The cluster's own components stand for its creator, whom EKS lets in without showing it.
            Kubernetes::of_component(&account.compute.kubeconfig(BLUE).context("blue's API")?)?
        } else {
            Kubernetes::connect(aws, &endpoint, &roles.operator).await?
        };
        say(&format!("Shop: cluster {BLUE} is ACTIVE at {}", endpoint.url));
        let deploy = async {
            let mut objects = 0;
            if front == Front::Volumes {
                let by_hand = Bundle { key: "uploads".to_owned(), content: workloads::UPLOADS.to_owned() };
                kubernetes.apply(&by_hand).await?;
            }
            for bundle in &bundles {
                objects += kubernetes.apply(bundle).await?;
            }
            say(&format!("Shop: {objects} objects applied to {BLUE}"));
            Ok(())
        };
        let (groups, ()) = tokio::try_join!(cluster::nodes(aws, BLUE, front, network, &roles), deploy)?;
        say(&format!("Shop: {} node groups of {BLUE} are ACTIVE", groups.len()));
        if front.has_staff() {
            staff::build(aws, BLUE).await.context("the staff's identity provider")?;
        }
        Ok((groups, kubernetes))
    };
    let edge = async {
        let balancer = if in_cluster.is_some() {
            let kubeconfig = || async { Ok(account.compute.kubeconfig(BLUE)) };
            let kubernetes = Kubernetes::of_component(&eventually("the cluster's API", kubeconfig).await?)?;
            service_balancer::made(aws, &kubernetes).await?
        } else {
            edge::build(aws, BLUE, network).await?
        };
        let link = if front.has_link() { edge::link(aws, BLUE, &balancer).await? } else { String::new() };
        say(&format!("Shop: load balancer {BLUE}, VPC link {}", if link.is_empty() { "V2" } else { &link }));
        let mut document = front.document(routes::document(&link), &balancer.arn);
        let warehouse = match front {
            Front::Warehouse => Some(warehouse::build(aws, network, &mut document).await.context("the warehouse")?),
            _ => None,
        };
        let api = match front {
            Front::HttpApi => http_api::build(aws, network, &balancer).await.context("the shop's HTTP API")?,
            _ => gateway::build(aws, front, &link, document, entrance.as_ref()).await?,
        };
        Ok((balancer, api, warehouse, workloads::upload(aws, &bundles).await?))
    };
    let ((groups, kubernetes), (balancer, api, warehouse, manifests)) = tokio::try_join!(cluster, edge)?;
    if in_cluster.is_none() {
        edge::attach(aws, &balancer, &groups).await?;
    }
    tokio::try_join!(kubernetes.available(), edge::healthy(aws, &balancer))?;
    alarm::build(aws).await.context("the shop's alarm")?;
    let name = api.vpc_endpoint.as_deref().map_or_else(|| DOMAIN.to_owned(), |by| private::host(&api.id, Some(by)));
    say(&format!("Shop: API {} with {} methods at https://{name}", api.id, routes::samples().len() + 1));
    let mut green =
        if front.has_green() { own_green(aws, network, &roles, say).await? } else { json!({ "cluster": GREEN }) };
    if let Some(changes) = nodes::changes(front, network) {
        green["nodeGroups"] = changes;
    }
    Ok(Shop { api, manifests, green, controller, karpenter, warehouse })
}

/// Green as the shop's own code builds clusters, with load balancer and VPC link, one minor version newer, and with nothing on it. Answers
/// `green` of the input.
async fn own_green(aws: &Aws, network: &Network, roles: &Roles, say: &dyn Fn(&str)) -> Result<Value> {
    let network = network::like(aws, GREEN, network).await?;
    let cluster = async {
        cluster::control_plane(aws, GREEN, 1, Front::ExistingGreen, &network, roles).await?;
        cluster::nodes(aws, GREEN, Front::ExistingGreen, &network, roles).await
    };
    let edge = async {
        let balancer = edge::build(aws, GREEN, &network).await?;
        let link = edge::link(aws, GREEN, &balancer).await?;
        Ok((balancer, link))
    };
    let (groups, (balancer, link)) = tokio::try_join!(cluster, edge)?;
    say(&format!("Shop: cluster {GREEN} with {} node groups, load balancer and VPC link {link}", groups.len()));
    Ok(json!({ "cluster": GREEN, "existing": true, "loadBalancer": balancer.arn, "vpcLink": link }))
}

/// Lets the customers in and waits until everything they ask is answered.
///
/// # Errors
/// When that is not so within half a minute; with what they got instead.
pub async fn open(account: &Account, shop: &Shop, rate: u32) -> Result<Load> {
    let endpoint = shop.api.vpc_endpoint.as_deref();
    let own = |id: &str| (private::host(id, endpoint), format!("/{STAGE}"));
    let domain = endpoint.is_none().then(|| (DOMAIN.to_owned(), String::new()));
    let ids = shop.api.ids().into_iter().filter(|_| shop.api.has_endpoint);
    let names = domain.into_iter().chain(ids.map(own));
    let target = Target { address: account.execute_api.address(), names: names.collect(), api: shop.api.clone() };
    // What has been made a moment ago reaches the data plane a little later: the customers come after that.
    for _ in 0..60 {
        let trial = Load::start(&target, 100)?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let records = trial.stop().await?;
        if records.failed() == 0 && !records.all.is_empty() {
            let load = Load::start(&target, rate)?;
            while load.look(|records| records.all.len()) < WARM {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            return Ok(load);
        }
        if let Some(failure) = records.failures.first() {
            tracing::debug!(request = failure.request, reason = failure.reason, "not open yet");
        }
    }
    let trial = Load::start(&target, 20)?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let records = trial.stop().await?;
    let failure = records.failures.first().map(|failure| format!("{}: {}", failure.request, failure.reason));
    Err(Error::new(format!("the shop does not answer: {}", failure.unwrap_or_default())))
}

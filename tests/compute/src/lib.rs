//! Amazon EKS, Elastic Load Balancing and Auto Scaling of the embedded account, beside the emulator.
//!
//! The emulator implements these services only in part. This crate implements the operations that Bascule and the sandbox
//! call, and the data planes: a Kubernetes API for each cluster, nodes that boot and drain, and Network Load Balancers
//! that relay TCP on loopback and check their targets' health on real sockets. Security groups, subnets, instances and
//! launch templates are the emulator's, called over its HTTP API.
//!
//! What IAM checks for each request is said here too; the front door checks it. Responses have the wire format that the AWS SDKs parse, and AWS's errors. Lifecycles take the time in [`Delays`], seconds
//! where AWS takes minutes.

mod account;
mod authenticator;
mod autoscaling;
mod cloudwatch;
mod ec2;
mod ec2_authorization;
mod eks;
mod elasticloadbalancing;
mod identifier;
mod loopback;
mod network_load_balancer;
mod node;
mod query_client;
mod query_protocol;
mod service_quotas;
mod storage;
mod token;
pub mod xml;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use iam::{Access, Accesses};

use crate::account::Account;

/// A service: takes the HTTP request of an SDK and returns the HTTP response.
pub type Handler = Arc<dyn Fn(Request<Bytes>) -> BoxFuture<'static, Response<Bytes>> + Send + Sync>;

/// Returns whether a VPC link or an endpoint service uses the load balancer with that ARN.
pub type UsesLoadBalancer = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Settings of the services.
#[derive(Clone)]
pub struct Options {
    /// The emulator's endpoint, `http://127.0.0.1:PORT`, for EC2, STS and CloudWatch.
    pub ministack_url: String,
    /// The region, such as `eu-central-1`.
    pub region: String,
    /// The account id, 12 digits.
    pub account: String,
    /// Durations of lifecycles.
    pub delays: Delays,
    /// The Traefik binary, started for Pods with a Traefik image.
    pub traefik: PathBuf,
    /// The programs of the control planes that clusters have; without them clusters run in this process.
    pub control_planes: Option<kubernetes::Assets>,
    /// Called before a load balancer is deleted; AWS refuses the deletion while another service uses it.
    pub link_uses_load_balancer: UsesLoadBalancer,
}

/// Durations of lifecycles. AWS takes minutes for most of them; the defaults are about a hundredth of that.
#[derive(Clone, Copy, Debug)]
pub struct Delays {
    /// From `CreateCluster` to ACTIVE (AWS: about ten minutes).
    pub cluster_create: Duration,
    /// From `DeleteCluster` until the cluster is gone.
    pub cluster_delete: Duration,
    /// From an instance's launch until its node registers with the cluster.
    pub node_boot: Duration,
    /// From the decision to remove a node until its instance terminates: the drain.
    pub node_drain: Duration,
    /// From the last node until a node group is ACTIVE or gone.
    pub nodegroup: Duration,
    /// From `CreateAddon` until the add-on is ACTIVE.
    pub addon: Duration,
    /// How long a cluster is UPDATING.
    pub update: Duration,
    /// From `CreateLoadBalancer` to `active` (AWS: two to five minutes).
    pub load_balancer: Duration,
    /// From the attachment of a target group to an Auto Scaling group until the instances are registered.
    pub attach: Duration,
    /// From `RegisterTargets` until health checks begin (AWS: 90 seconds and more).
    pub register: Duration,
    /// Multiplies the intervals, timeouts and deregistration delays of target groups: 0.05 makes 30 seconds 1.5.
    pub target_scale: f64,
    /// How often load balancers report metrics (AWS: every 60 seconds).
    pub metrics: Duration,
}

impl Default for Delays {
    fn default() -> Self {
        Self {
            cluster_create: Duration::from_secs(6),
            cluster_delete: Duration::from_secs(3),
            node_boot: Duration::from_secs(2),
            node_drain: Duration::from_secs(1),
            nodegroup: Duration::from_secs(1),
            addon: Duration::from_secs(1),
            update: Duration::from_secs(1),
            load_balancer: Duration::from_secs(2),
            attach: Duration::from_millis(500),
            register: Duration::from_millis(500),
            target_scale: 0.05,
            metrics: Duration::from_secs(1),
        }
    }
}

impl Delays {
    /// Minimal durations, for tests of the control planes.
    #[must_use]
    pub fn short() -> Self {
        let moment = Duration::from_millis(20);
        Self {
            cluster_create: moment,
            cluster_delete: moment,
            node_boot: moment,
            node_drain: moment,
            nodegroup: moment,
            addon: moment,
            update: moment,
            load_balancer: moment,
            attach: moment,
            register: moment,
            target_scale: 0.01,
            metrics: Duration::from_millis(200),
        }
    }
}

/// The running services. They continue when it is dropped; [`Compute::stop`] ends them.
#[derive(Clone)]
pub struct Compute {
    account: Arc<Account>,
}

impl Compute {
    /// Starts the services without any resources.
    ///
    /// Must be called inside a Tokio runtime, which runs the tasks of lifecycles, health checks and metrics.
    #[must_use]
    pub fn start(options: Options) -> Self {
        let account = Account::new(options);
        network_load_balancer::metrics::start(&account);
        Self { account }
    }

    /// Amazon EKS, the service `eks` of the `SigV4` scope.
    #[must_use]
    pub fn eks_handler(&self) -> Handler {
        handler(&self.account, eks::handle)
    }

    /// Elastic Load Balancing version 2, the service `elasticloadbalancing` of the `SigV4` scope.
    #[must_use]
    pub fn elasticloadbalancing_handler(&self) -> Handler {
        handler(&self.account, elasticloadbalancing::handle)
    }

    /// Auto Scaling, the service `autoscaling` of the `SigV4` scope.
    #[must_use]
    pub fn autoscaling_handler(&self) -> Handler {
        handler(&self.account, autoscaling::handle)
    }

    /// Service Quotas, the service `servicequotas` of the `SigV4` scope.
    #[must_use]
    pub fn service_quotas_handler(&self) -> Handler {
        handler(&self.account, service_quotas::handle)
    }

    /// What IAM checks for a request to EKS.
    #[must_use]
    pub fn eks_accesses(&self) -> Accesses {
        accesses(&self.account, eks::accesses)
    }

    /// What IAM checks for a request to Elastic Load Balancing.
    #[must_use]
    pub fn elasticloadbalancing_accesses(&self) -> Accesses {
        accesses(&self.account, elasticloadbalancing::accesses)
    }

    /// What IAM checks for a request to Auto Scaling.
    #[must_use]
    pub fn autoscaling_accesses(&self) -> Accesses {
        accesses(&self.account, autoscaling::accesses)
    }

    /// What IAM checks for a request to Service Quotas.
    #[must_use]
    pub fn service_quotas_accesses(&self) -> Accesses {
        accesses(&self.account, service_quotas::accesses)
    }

    /// What IAM checks for a request to EC2 by tags, which the emulator, who answers it and checks the rest, does not.
    #[must_use]
    pub fn ec2_accesses(&self) -> Accesses {
        accesses(&self.account, ec2_authorization::accesses)
    }

    /// The address on which a load balancer accepts connections for one of its listeners, for VPC links.
    ///
    /// `None` if the load balancer does not exist, is not `active` or has no such listener. The port is the listener's, or
    /// another one if this process may not bind it (ports below 1024).
    #[must_use]
    pub fn listener_address(&self, load_balancer_arn: &str, listener_port: u16) -> Option<SocketAddr> {
        network_load_balancer::listener_address(&self.account, load_balancer_arn, listener_port)
    }

    /// The same of the listener with this ARN.
    #[must_use]
    pub fn address_of_listener(&self, listener_arn: &str) -> Option<SocketAddr> {
        network_load_balancer::address_of_listener(&self.account, listener_arn)
    }

    /// Whether a load balancer with that ARN exists, in any state.
    #[must_use]
    pub fn load_balancer_exists(&self, arn: &str) -> bool {
        self.account.state().load_balancers.contains_key(arn)
    }

    /// The Kubernetes endpoint of a cluster that is ACTIVE, `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn cluster_endpoint(&self, name: &str) -> Option<String> {
        Some(self.account.state().clusters.get(name)?.kubernetes.as_ref()?.endpoint())
    }

    /// What a cluster's own components, such as its controllers, reach its Kubernetes API with, while it has one. Never log it.
    #[must_use]
    pub fn kubeconfig(&self, name: &str) -> Option<String> {
        Some(self.account.state().clusters.get(name)?.kubernetes.as_ref()?.kubeconfig())
    }

    /// Ends every task, relay and Kubernetes API.
    pub async fn stop(&self) {
        self.account.stop().await;
    }
}

fn handler<F, R>(account: &Arc<Account>, serve: F) -> Handler
where
    F: Fn(Arc<Account>, Request<Bytes>) -> R + Send + Sync + 'static,
    R: Future<Output = Response<Bytes>> + Send + 'static,
{
    let account = Arc::clone(account);
    Arc::new(move |request| Box::pin(serve(Arc::clone(&account), request)))
}

fn accesses<F, R>(account: &Arc<Account>, of: F) -> Accesses
where
    F: Fn(Arc<Account>, Request<Bytes>) -> R + Send + Sync + 'static,
    R: Future<Output = Vec<Access>> + Send + 'static,
{
    let account = Arc::clone(account);
    Arc::new(move |request| Box::pin(of(Arc::clone(&account), request)))
}

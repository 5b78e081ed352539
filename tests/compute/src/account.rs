//! The shared state of the three services, and the tasks of their lifecycles.

use std::{
    collections::BTreeMap,
    future::Future,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::task::JoinSet;

use crate::{
    Delays, Options,
    autoscaling::group::Group,
    eks::cluster::Cluster,
    elasticloadbalancing::{listener::Listener, load_balancer::LoadBalancer, target_group::TargetGroup},
    query_client::QueryClient,
};

/// An account in a region: options, state, running tasks and a client of the emulator.
pub(crate) struct Account {
    /// The options that the services were started with.
    pub(crate) options: Options,
    /// A client of the emulator's services.
    pub(crate) neighbours: QueryClient,
    state: Mutex<State>,
    tasks: Mutex<JoinSet<()>>,
}

/// All resources, by name or ARN.
#[derive(Default)]
pub(crate) struct State {
    /// EKS clusters by name.
    pub(crate) clusters: BTreeMap<String, Cluster>,
    /// Auto Scaling groups by name.
    pub(crate) groups: BTreeMap<String, Group>,
    /// Addresses of running instances by instance id.
    pub(crate) addresses: BTreeMap<String, Ipv4Addr>,
    /// Load balancers by ARN.
    pub(crate) load_balancers: BTreeMap<String, LoadBalancer>,
    /// Target groups by ARN.
    pub(crate) target_groups: BTreeMap<String, TargetGroup>,
    /// Listeners by ARN.
    pub(crate) listeners: BTreeMap<String, Listener>,
}

impl Account {
    /// An empty account.
    pub(crate) fn new(options: Options) -> Arc<Self> {
        let neighbours = QueryClient::new(&options.ministack_url, &options.region, &options.account);
        Arc::new(Self { options, neighbours, state: Mutex::default(), tasks: Mutex::default() })
    }

    /// Locks the state. The guard is never held across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // After a panic in a test, other threads continue, so that the panic is what the test reports.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The durations of lifecycles.
    pub(crate) fn delays(&self) -> &Delays {
        &self.options.delays
    }

    /// An ARN of this account and region.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.options.region, self.options.account)
    }

    /// Runs a task until it ends or the account stops.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> tokio::task::AbortHandle {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task)
    }

    /// Runs a step of a lifecycle after a delay.
    pub(crate) fn later<F>(self: &Arc<Self>, delay: Duration, step: impl FnOnce(Arc<Self>) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let account = Arc::clone(self);
        self.spawn(async move {
            tokio::time::sleep(delay).await;
            step(account).await;
        });
    }

    /// Ends every task and every Kubernetes API.
    pub(crate) async fn stop(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
        let (clusters, _relays) = {
            let mut state = self.state();
            let clusters: Vec<_> =
                state.clusters.values_mut().filter_map(|cluster| cluster.kubernetes.take()).collect();
            let relays: Vec<_> = state.load_balancers.values_mut().map(|balancer| balancer.data_plane.take()).collect();
            (clusters, relays)
        };
        for cluster in clusters {
            cluster.stop().await;
        }
    }
}

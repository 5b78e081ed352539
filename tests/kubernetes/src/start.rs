//! The start of a cluster's API: the one in this process, or a real control plane.

use std::{net::Ipv4Addr, sync::Arc};

use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    api::{request::Api, server},
    authentication::Authentication,
    bootstrap, certificates,
    cluster::{Options, StartError, kubeconfig},
    control_plane::{Assets, ControlPlane, Parts, Relay},
    controllers,
    observed::Observed,
    random,
    writes::Objects,
};

/// The API of a cluster that has started.
pub(crate) struct Started {
    /// The URL of the API server.
    pub(crate) endpoint: String,
    /// Its CA certificate in PEM.
    pub(crate) ca_pem: String,
    /// For its users.
    pub(crate) kubeconfig: String,
    /// For programs in Pods, who are to see the addresses of this machine.
    pub(crate) kubeconfig_of_pods: String,
    /// What nodes see.
    pub(crate) observed: Arc<Observed>,
    /// What runs for as long as the cluster.
    pub(crate) tasks: JoinSet<()>,
    /// The real control plane, and the relay that Pods reach it by.
    pub(crate) real: Option<(ControlPlane, Relay)>,
}

impl Started {
    /// As the options ask for.
    pub(crate) async fn new(options: &Options) -> Result<Self, StartError> {
        match &options.assets {
            Some(assets) => Self::real(options, assets).await,
            None => Self::here(options).await,
        }
    }

    async fn here(options: &Options) -> Result<Self, StartError> {
        let certificates = certificates::issue(&options.name)?;
        let authentication =
            Arc::new(Authentication::new(options.name.clone(), options.authenticator.clone(), random::token()));
        let io = |source| StartError::Io { what: "listening for the API".to_owned(), source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(io)?;
        let port = listener.local_addr().map_err(io)?.port();
        let objects = Arc::new(Objects::new());
        bootstrap::furnish(&objects, port);
        let api =
            Api { objects: objects.clone(), authentication: authentication.clone(), version: options.version.clone() };
        let mut tasks = JoinSet::new();
        tasks.spawn(server::serve(listener, certificates.server, Arc::new(api)));
        tasks.spawn(controllers::run(objects.clone(), certificates.ca_pem.clone()));
        let endpoint = format!("https://127.0.0.1:{port}");
        let kubeconfig = kubeconfig(&options.name, &endpoint, &certificates.ca_pem, authentication.internal_token());
        Ok(Self {
            endpoint,
            ca_pem: certificates.ca_pem,
            kubeconfig_of_pods: kubeconfig.clone(),
            kubeconfig,
            observed: Arc::new(Observed::Here(objects)),
            tasks,
            real: None,
        })
    }

    async fn real(options: &Options, assets: &Assets) -> Result<Self, StartError> {
        let plane = ControlPlane::start(assets, &options.name, options.authenticator.clone(), Parts::Nodes).await?;
        let mut tasks = JoinSet::new();
        let (mirror, relay) = plane.mirror(options.subnet, &mut tasks).await?;
        Ok(Self {
            endpoint: plane.endpoint(),
            ca_pem: plane.ca_pem().to_owned(),
            kubeconfig: plane.kubeconfig(),
            kubeconfig_of_pods: plane.kubeconfig_at(&relay.endpoint()),
            observed: Arc::new(Observed::There(mirror)),
            tasks,
            real: Some((plane, relay)),
        })
    }
}

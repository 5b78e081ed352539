//! An account with the services, and SDK clients that call the handlers without a network.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use compute::{Compute, Delays, Handler, Options};

use crate::emulator::Emulator;

/// The services, their clients and the stand-in for the emulator.
pub(crate) struct Account {
    /// The services.
    pub(crate) compute: Compute,
    /// The stand-in for the emulator.
    pub(crate) emulator: Arc<Emulator>,
    /// Whether a VPC link uses every load balancer.
    pub(crate) linked: Arc<AtomicBool>,
    /// A client of EKS.
    pub(crate) eks: aws_sdk_eks::Client,
    /// A client of Elastic Load Balancing.
    pub(crate) elb: aws_sdk_elasticloadbalancingv2::Client,
    /// A client of Auto Scaling.
    pub(crate) autoscaling: aws_sdk_autoscaling::Client,
}

/// An HTTP connector that calls a handler.
struct Direct(Handler);

impl std::fmt::Debug for Direct {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Direct")
    }
}

impl HttpConnector for Direct {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let handler = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let (parts, body) = request.into_parts();
            let body = Bytes::copy_from_slice(body.bytes().unwrap_or_default());
            let (parts, body) = handler(http::Request::from_parts(parts, body)).await.into_parts();
            let mut response =
                HttpResponse::new(StatusCode::try_from(parts.status.as_u16()).unwrap(), SdkBody::from(body.to_vec()));
            for (name, value) in &parts.headers {
                response.headers_mut().insert(name.as_str().to_owned(), value.to_str().unwrap().to_owned());
            }
            Ok(response)
        })
    }
}

fn client(handler: Handler) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Direct(handler));
    http_client_fn(move |_, _| connector.clone())
}

impl Account {
    /// An empty account with lifecycles of a few milliseconds.
    pub(crate) async fn open() -> Self {
        let (emulator, url) = Emulator::start().await;
        let linked = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&linked);
        let compute = Compute::start(Options {
            ministack_url: url,
            region: "eu-central-1".into(),
            account: "000000000000".into(),
            delays: Delays::short(),
            traefik: "traefik".into(),
            control_planes: None,
            link_uses_load_balancer: Arc::new(move |_| asked.load(Ordering::SeqCst)),
        });
        let keys = || Credentials::new("AKIAROLE", "secret", None, None, "test");
        let eks = aws_sdk_eks::Config::builder()
            .behavior_version_latest()
            .region(aws_sdk_eks::config::Region::new("eu-central-1"))
            .credentials_provider(keys())
            .http_client(client(compute.eks_handler()))
            .build();
        let elb = aws_sdk_elasticloadbalancingv2::Config::builder()
            .behavior_version_latest()
            .region(aws_sdk_elasticloadbalancingv2::config::Region::new("eu-central-1"))
            .credentials_provider(keys())
            .http_client(client(compute.elasticloadbalancing_handler()))
            .build();
        let autoscaling = aws_sdk_autoscaling::Config::builder()
            .behavior_version_latest()
            .region(aws_sdk_autoscaling::config::Region::new("eu-central-1"))
            .credentials_provider(keys())
            .http_client(client(compute.autoscaling_handler()))
            .build();
        Self {
            compute,
            emulator,
            linked,
            eks: aws_sdk_eks::Client::from_conf(eks),
            elb: aws_sdk_elasticloadbalancingv2::Client::from_conf(elb),
            autoscaling: aws_sdk_autoscaling::Client::from_conf(autoscaling),
        }
    }

    /// A cluster in `API` mode that is ACTIVE.
    pub(crate) async fn with_cluster(name: &str) -> Self {
        let account = Self::open().await;
        account.create_cluster(name).await;
        account
    }

    /// Creates a cluster in `API` mode and waits for it.
    pub(crate) async fn create_cluster(&self, name: &str) {
        use aws_sdk_eks::types::{AuthenticationMode, ClusterStatus, CreateAccessConfigRequest, VpcConfigRequest};
        let access = CreateAccessConfigRequest::builder().authentication_mode(AuthenticationMode::Api).build();
        let network = VpcConfigRequest::builder().subnet_ids("subnet-a").subnet_ids("subnet-b").build();
        let create =
            self.eks.create_cluster().name(name).version("1.33").role_arn("arn:aws:iam::000000000000:role/eks");
        create.access_config(access).resources_vpc_config(network).send().await.unwrap();
        eventually("the cluster is ACTIVE", async || {
            let described = self.eks.describe_cluster().name(name).send().await.unwrap();
            described.cluster.unwrap().status == Some(ClusterStatus::Active)
        })
        .await;
    }

    /// Creates a node group of two and waits for it.
    pub(crate) async fn create_nodegroup(&self, cluster: &str, name: &str) {
        let create = self.eks.create_nodegroup().cluster_name(cluster).nodegroup_name(name);
        create
            .subnets("subnet-a")
            .subnets("subnet-b")
            .node_role("arn:aws:iam::000000000000:role/node")
            .send()
            .await
            .unwrap();
        self.nodegroup_is_active(cluster, name).await;
    }

    /// Waits until a node group is ACTIVE.
    pub(crate) async fn nodegroup_is_active(&self, cluster: &str, name: &str) {
        use aws_sdk_eks::types::NodegroupStatus;
        eventually("the node group is ACTIVE", async || {
            let described =
                self.eks.describe_nodegroup().cluster_name(cluster).nodegroup_name(name).send().await.unwrap();
            described.nodegroup.unwrap().status == Some(NodegroupStatus::Active)
        })
        .await;
    }
}

/// Waits for a condition, at most ten seconds.
pub(crate) async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    for _ in 0..500 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not within ten seconds: {what}");
}

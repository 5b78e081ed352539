//! A namespace for each test, and clients for it.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use futures::future::{BoxFuture, FutureExt, ready};
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Client, Config,
    api::{Api, DynamicObject, Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    core::{ApiResource, GroupVersionKind},
    discovery::{self, Scope},
};
use kubernetes::{Authenticator, Identity};
use sandbox::{project::Project, python::Python};
use serde_json::{Value, json};

/// An authenticator with two tokens.
pub(crate) struct Tokens;

impl Authenticator for Tokens {
    fn authenticate(&self, cluster: String, bearer: String) -> BoxFuture<'static, Result<Identity, String>> {
        let group = match bearer.as_str() {
            "administrator" => "system:masters",
            "reader" => "view",
            _ => return ready(Err(format!("unknown in {cluster}"))).boxed(),
        };
        ready(Ok(Identity { username: bearer, groups: vec![group.to_owned()] })).boxed()
    }
}

/// What both servers call the cluster.
pub(crate) const CLUSTER: &str = "shop-blue";

/// A namespace of a cluster for one test, and how it is reached.
pub(crate) struct Stage {
    kubeconfig: Kubeconfig,
    /// The namespace.
    pub(crate) namespace: String,
    /// The minor version of Kubernetes.
    pub(crate) minor: &'static str,
}

impl Stage {
    /// Makes the namespace, in the cluster of this kubeconfig.
    pub(crate) async fn make(kubeconfig: &str, namespace: String, minor: &'static str) -> Self {
        let mut kubeconfig = Kubeconfig::from_yaml(kubeconfig).unwrap();
        kubeconfig.contexts[0].context.as_mut().unwrap().namespace = Some(namespace.clone());
        let stage = Self { kubeconfig, namespace, minor };
        let namespaces: Api<Namespace> = Api::all(stage.client().await);
        let object = serde_json::from_value(json!({"metadata": {"name": stage.namespace}})).unwrap();
        namespaces.create(&PostParams::default(), &object).await.unwrap();
        stage
    }

    /// For kubectl, with a token of `system:masters`.
    pub(crate) fn kubeconfig(&self) -> String {
        serde_json::to_string(&self.kubeconfig).unwrap()
    }

    /// A client that presents a token.
    pub(crate) async fn client_with(&self, token: &str) -> Client {
        self.client_as(&json!({"token": token})).await
    }

    /// A client without a token.
    pub(crate) async fn anonymous(&self) -> Client {
        self.client_as(&json!({})).await
    }

    async fn client_as(&self, user: &Value) -> Client {
        let mut kubeconfig = self.kubeconfig.clone();
        kubeconfig.auth_infos[0].auth_info = Some(serde_json::from_value(user.clone()).unwrap());
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        Client::try_from(config).unwrap()
    }

    /// A client with all permissions.
    pub(crate) async fn client(&self) -> Client {
        self.client_with("administrator").await
    }
}

/// kubectl and Traefik, installed by the sandbox.
pub(crate) async fn tools() -> Python {
    let project = Project::locate().await.unwrap();
    Python::prepare(&project, &|line| eprintln!("{line}")).await.unwrap()
}

/// The objects of a file in tests/data.
pub(crate) fn data(file: &str) -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    documents.into_iter().filter(Value::is_object).collect()
}

/// Applies objects in order and waits until definitions are Established.
pub(crate) async fn apply(client: &Client, objects: &[Value]) {
    for object in objects {
        let object: DynamicObject = serde_json::from_value(object.clone()).unwrap();
        let name = object.metadata.name.clone().unwrap();
        let api = api_of(client, &object).await;
        api.patch(&name, &PatchParams::apply("test").force(), &Patch::Apply(&object)).await.unwrap();
        if object.types.as_ref().unwrap().kind == "CustomResourceDefinition" {
            eventually("established", async || {
                let definition = api.get(&name).await.unwrap();
                has_condition(&definition.data, "Established").then_some(())
            })
            .await;
        }
    }
}

/// The API of an object, in the namespace of the test where it names none.
pub(crate) async fn api_of(client: &Client, object: &DynamicObject) -> Api<DynamicObject> {
    api_if_served(client, object).await.unwrap()
}

/// The same, where the kind is served.
pub(crate) async fn api_if_served(client: &Client, object: &DynamicObject) -> Option<Api<DynamicObject>> {
    let kind = GroupVersionKind::try_from(object.types.as_ref().unwrap()).unwrap();
    let (resource, capabilities) = discovery::pinned_kind(client, &kind).await.ok()?;
    Some(match capabilities.scope {
        Scope::Cluster => Api::all_with(client.clone(), &resource),
        Scope::Namespaced => {
            let namespace = object.metadata.namespace.as_deref().unwrap_or(client.default_namespace());
            Api::namespaced_with(client.clone(), namespace, &resource)
        }
    })
}

/// An API for any kind in the default namespace.
pub(crate) fn dynamic(client: &Client, group: &str, version: &str, kind: &str, plural: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk(group, version, kind);
    Api::default_namespaced_with(client.clone(), &ApiResource::from_gvk_with_plural(&kind, plural))
}

/// Whether a condition is True.
pub(crate) fn has_condition(object: &Value, kind: &str) -> bool {
    let mut conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    conditions.any(|condition| condition["type"] == kind && condition["status"] == "True")
}

/// The longest that a test waits for something: on busy processors the real controllers take their time.
const PATIENCE: Duration = Duration::from_mins(1);

/// Polls until there is a result.
pub(crate) async fn eventually<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < end, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

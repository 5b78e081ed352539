//! The shop's workloads: rendered manifests in S3, applied to blue as `kubectl apply --server-side` would.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::aws::{Aws, REGION};
use crate::error::{Context, Error, Result};
use crate::wire::Wire;
use crate::world::cluster::Endpoint;
use crate::world::eventually;
use crate::world::front::Front;
use crate::world::irsa;

/// The bucket with the rendered manifests.
pub const BUCKET: &str = "shop-manifests";

/// A bundle of manifests, in the order in which bundles are applied.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// The object's key in the bucket.
    pub key: String,
    /// Multi-document YAML.
    pub content: String,
}

/// A volume of blue that its driver of Amazon EFS would have made for the claim of the bundles: there is none here.
pub const UPLOADS: &str = include_str!("../../../data/uploads.yaml");

/// The bundles of the shop in this variant, and after them those of the given files.
///
/// # Errors
/// When a file cannot be read.
pub fn bundles(front: Front, files: &[PathBuf]) -> Result<Vec<Bundle>> {
    let mut shop = vec![
        ("traefik-crds", include_str!("../../../data/traefik-crds.yaml")),
        ("traefik", include_str!("../../../data/traefik.yaml")),
        ("online-boutique", include_str!("../../../data/online-boutique.yaml")),
        ("shop-routes", include_str!("../../../data/shop-routes.yaml")),
    ];
    if front == Front::Volumes {
        shop.push(("storage", include_str!("../../../data/storage.yaml")));
    }
    if front == Front::ConfigMap {
        shop.push(("aws-auth", include_str!("../../../data/aws-auth.yaml")));
    }
    if front == Front::Fargate {
        shop.push(("fargate", include_str!("../../../data/fargate.yaml")));
    }
    if front == Front::Karpenter {
        shop.push(("karpenter", include_str!("../../../data/karpenter.yaml")));
    }
    let mut bundles: Vec<Bundle> = shop
        .into_iter()
        .enumerate()
        .map(|(number, (name, content))| {
            let content = match name {
                "traefik" => front.traefik(content),
                "online-boutique" if front.has_roles_for_pods() => irsa::annotated(content),
                _ => content.to_owned(),
            };
            Bundle { key: format!("{number}0-{name}.yaml"), content }
        })
        .collect();
    bundles.extend(
        front.controller().map(|content| Bundle {
            key: "40-aws-load-balancer-controller.yaml".to_owned(),
            content: content.to_owned(),
        }),
    );
    for file in files {
        let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let content = std::fs::read_to_string(file).context(format!("reading {}", file.display()))?;
        bundles.push(Bundle { key: format!("{}0-{name}.yaml", bundles.len()), content });
    }
    Ok(bundles)
}

/// Puts the bundles into S3 and answers their URIs.
///
/// # Errors
/// The first refusal of S3.
pub async fn upload(aws: &Aws, bundles: &[Bundle]) -> Result<Vec<String>> {
    aws.create_bucket(BUCKET).await?;
    for bundle in bundles {
        aws.put_object(BUCKET, &bundle.key, Bytes::from(bundle.content.clone())).await?;
    }
    Ok(bundles.iter().map(|bundle| format!("s3://{BUCKET}/{}", bundle.key)).collect())
}

/// A cluster's API, called as the shop's operators do.
#[derive(Clone, Debug)]
pub struct Kubernetes {
    url: String,
    token: String,
    wire: Wire,
}

impl Kubernetes {
    /// Takes the operators' role and makes the token that `aws eks get-token` makes: the presigned URL of STS
    /// `GetCallerIdentity` with the cluster's name in a signed header.
    /// <https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html>
    ///
    /// # Errors
    /// When the role cannot be assumed or the cluster's authority is no certificate.
    pub async fn connect(aws: &Aws, endpoint: &Endpoint, role: &str) -> Result<Self> {
        let parameters = [("RoleArn", role), ("RoleSessionName", "shop-operator")];
        let session = aws.query("sts", "2011-06-15", "AssumeRole", &parameters).await?;
        let part = |name: &str| session.value(name).context(name);
        let operator = aws.with_keys(&part("AccessKeyId")?, &part("SecretAccessKey")?, &part("SessionToken")?);
        let url = format!("https://sts.{REGION}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15");
        let presigned = operator.presign("sts", &url, &[("x-k8s-aws-id", &endpoint.name)], Duration::from_mins(1))?;
        Ok(Self {
            url: endpoint.url.clone(),
            token: format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(presigned)),
            wire: Wire::trusting(&endpoint.authority)?,
        })
    }

    /// With the token of a cluster's own components, out of their kubeconfig.
    ///
    /// # Errors
    /// When the kubeconfig has no server, authority or token.
    pub fn of_component(kubeconfig: &str) -> Result<Self> {
        let config: Value = serde_json::from_str(kubeconfig).context("a kubeconfig")?;
        let text = |pointer: &str| config.pointer(pointer).and_then(Value::as_str).context(pointer);
        let authority = text("/clusters/0/cluster/certificate-authority-data")?;
        Ok(Self {
            url: text("/clusters/0/cluster/server")?.to_owned(),
            token: text("/users/0/user/token")?.to_owned(),
            wire: Wire::trusting(&STANDARD.decode(authority).context("the cluster's authority")?)?,
        })
    }

    /// Applies the objects in the order of the file, waiting for each definition until it is established.
    ///
    /// # Errors
    /// The first refusal, with the object's name.
    pub async fn apply(&self, bundle: &Bundle) -> Result<usize> {
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(&bundle.content).context(format!("reading {}", bundle.key))?;
        let mut applied = 0;
        for document in documents.iter().filter(|document| document.is_object()) {
            let items = document["items"]
                .as_array()
                .filter(|_| document["kind"].as_str().is_some_and(|kind| kind.ends_with("List")));
            for object in items.unwrap_or(&vec![document.clone()]) {
                self.apply_one(object).await.context(&bundle.key)?;
                applied += 1;
            }
        }
        Ok(applied)
    }

    async fn apply_one(&self, object: &Value) -> Result<()> {
        let name = object["metadata"]["name"].as_str().context("an object's name")?;
        let path = format!("{}/{name}", self.collection(object).await?);
        let (status, answer) =
            self.call(Method::PATCH, &format!("{path}?fieldManager=kubectl&force=true"), Some(object)).await?;
        if !status.is_success() {
            return Err(Error::new(format!("{} {name}: {status} {}", object["kind"], answer["message"])));
        }
        if object["kind"] == "CustomResourceDefinition" {
            eventually(&path, async || {
                let (_, answer) = self.call(Method::GET, &path, None).await?;
                let mut conditions = answer["status"]["conditions"].as_array().into_iter().flatten();
                Ok(conditions.any(|one| one["type"] == "Established" && one["status"] == "True").then_some(()))
            })
            .await?;
        }
        Ok(())
    }

    /// The path of an object's collection, from what the API server says that it serves.
    async fn collection(&self, object: &Value) -> Result<String> {
        let version = object["apiVersion"].as_str().context("apiVersion")?;
        let root = if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") };
        let (status, list) = self.call(Method::GET, &root, None).await?;
        if !status.is_success() {
            return Err(Error::new(format!("GET {root}: {status} {}", list["message"])));
        }
        let mut resources = list["resources"].as_array().into_iter().flatten();
        let resource = resources
            .find(|one| one["kind"] == object["kind"] && one["name"].as_str().is_some_and(|name| !name.contains('/')))
            .context(format!("{version} {}", object["kind"]))?;
        let plural = resource["name"].as_str().context("the resource's name")?;
        if resource["namespaced"] == true {
            let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
            return Ok(format!("{root}/namespaces/{namespace}/{plural}"));
        }
        Ok(format!("{root}/{plural}"))
    }

    /// Waits until every Deployment has all its replicas available.
    ///
    /// # Errors
    /// When that takes more than two minutes.
    pub async fn available(&self) -> Result<()> {
        eventually("the Deployments", async || {
            let (_, answer) = self.call(Method::GET, "/apis/apps/v1/deployments", None).await?;
            let mut deployments = answer["items"].as_array().into_iter().flatten();
            let all = deployments.all(|one| {
                let wanted = one["spec"]["replicas"].as_u64().unwrap_or(1);
                one["status"]["availableReplicas"].as_u64().unwrap_or(0) >= wanted
            });
            Ok(all.then_some(()))
        })
        .await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(StatusCode, Value)> {
        self.send(method, path, body.map(|body| ("application/apply-patch+yaml", body))).await
    }

    /// One request, with a body of the given content type.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &Value)>,
    ) -> Result<(StatusCode, Value)> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token))
            .header("accept", "application/json");
        if let Some((content_type, _)) = body {
            request = request.header("content-type", content_type);
        }
        let request = request
            .body(body.map(|(_, body)| Bytes::from(body.to_string())).unwrap_or_default())
            .context("building the request")?;
        let answer = self.wire.send(request).await?;
        let body = serde_json::from_slice(answer.body()).unwrap_or_else(|_| json!({"message": "not JSON"}));
        Ok((answer.status(), body))
    }
}

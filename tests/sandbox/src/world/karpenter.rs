//! Karpenter in both clusters, simulated: it works while a cluster has a Deployment of it that is available, under the name that its variable
//! `CLUSTER_NAME` has. For each NodePool it makes one NodeClaim with an instance and a node, whatever Pods there are; one that is being deleted
//! it drains, then ends the instance, then lets the NodeClaim go
//! (<https://karpenter.sh/docs/concepts/disruption/#control-flow>). An EC2NodeClass goes when no NodeClaim is left
//! (aws/karpenter-provider-aws `pkg/controllers/nodeclass/controller.go`). Instances have the tags of
//! <https://karpenter.sh/docs/concepts/nodeclasses/#spectags>. It calls AWS as the account's administrator, and makes neither instance profiles
//! nor launch templates.

use std::time::Duration;

use compute::Compute;
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::aws::Aws;
use crate::error::{Context, Result};
use crate::world::workloads::Kubernetes;
use crate::world::{BLUE, GREEN, ec2};

/// How long it waits between two looks at a cluster.
const PAUSE: Duration = Duration::from_millis(300);

const MERGE: &str = "application/merge-patch+json";
const JSON: &str = "application/json";

const POOLS: &str = "/apis/karpenter.sh/v1/nodepools";
const CLAIMS: &str = "/apis/karpenter.sh/v1/nodeclaims";
const CLASSES: &str = "/apis/karpenter.k8s.aws/v1/ec2nodeclasses";

/// The label of what is made for a NodePool.
const POOL: &str = "karpenter.sh/nodepool";

/// The controller at work. It ends when this is dropped.
pub struct Controller(JoinHandle<()>);

impl Drop for Controller {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Lets it work in both clusters.
#[must_use]
pub fn start(aws: &Aws, compute: &Compute, subnet: &str) -> Controller {
    let (aws, compute, subnet) = (aws.clone(), compute.clone(), subnet.to_owned());
    Controller(tokio::spawn(async move {
        loop {
            for cluster in [BLUE, GREEN] {
                let Some(kubeconfig) = compute.kubeconfig(cluster) else { continue };
                if let Err(error) = look(&aws, &kubeconfig, &subnet).await {
                    tracing::debug!(%error, cluster, "Karpenter tries again");
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }))
}

/// One look at a cluster: what is missing is made, what is to go is deleted.
async fn look(aws: &Aws, kubeconfig: &str, subnet: &str) -> Result<()> {
    let api = Api(Kubernetes::of_component(kubeconfig)?);
    let deployments = api.list("/apis/apps/v1/deployments").await?;
    let available = |one: &&Value| one["status"]["availableReplicas"].as_u64().unwrap_or_default() > 0;
    let Some(cluster) = deployments.iter().filter(available).find_map(cluster_name) else { return Ok(()) };
    let pools = api.list(POOLS).await?;
    let mut claims = api.list(CLAIMS).await?;
    for claim in claims.iter().filter(|claim| is_going(claim)) {
        terminate(aws, &api, claim).await?;
    }
    for pool in pools.iter().filter(|pool| !is_going(pool)) {
        let name = name(pool);
        if !claims.iter().any(|claim| claim["metadata"]["labels"][POOL] == name) {
            launch(aws, &api, &cluster, pool, subnet).await?;
        }
        api.ready(&format!("{POOLS}/{name}"), pool).await?;
    }
    claims.retain(|claim| !is_going(claim));
    for class in api.list(CLASSES).await? {
        let path = format!("{CLASSES}/{}", name(&class));
        if !is_going(&class) {
            let held = json!({ "metadata": { "finalizers": ["karpenter.k8s.aws/termination"] } });
            if class["metadata"]["finalizers"].is_null() {
                api.patch(&path, &held).await?;
            }
            api.ready(&path, &class).await?;
        } else if claims.is_empty() {
            api.patch(&path, &json!({ "metadata": { "finalizers": null } })).await?;
        }
    }
    Ok(())
}

/// The name of the cluster that the controller in this Deployment works for.
fn cluster_name(deployment: &Value) -> Option<String> {
    let containers = deployment["spec"]["template"]["spec"]["containers"].as_array()?;
    let its =
        |container: &&Value| container["image"].as_str().is_some_and(|image| image.contains("karpenter/controller"));
    let variables = containers.iter().find(its)?["env"].as_array()?;
    let variable = variables.iter().find(|variable| variable["name"] == "CLUSTER_NAME")?;
    variable["value"].as_str().map(str::to_owned)
}

/// The NodeClaim first, so that the instance is found again, then the instance, then the node.
async fn launch(aws: &Aws, api: &Api, cluster: &str, pool: &Value, subnet: &str) -> Result<()> {
    let of = name(pool);
    let claim = format!("{of}-{}", &uid(pool)[..5.min(uid(pool).len())]);
    let owner = json!({ "apiVersion": "karpenter.sh/v1", "kind": "NodePool", "name": of, "uid": uid(pool), "blockOwnerDeletion": true });
    let labels = json!({ POOL: of });
    let metadata = json!({
        "name": claim, "labels": labels, "finalizers": ["karpenter.sh/termination"], "ownerReferences": [owner],
    });
    let body = json!({ "apiVersion": "karpenter.sh/v1", "kind": "NodeClaim", "metadata": metadata, "spec": {} });
    api.post(CLAIMS, &body).await?;
    let tag = format!("kubernetes.io/cluster/{cluster}");
    let mut sent = vec![
        ("ImageId", "ami-karpenter"),
        ("InstanceType", "m6i.large"),
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("SubnetId", subnet),
        ("TagSpecification.1.ResourceType", "instance"),
    ];
    let tags =
        [(POOL, of), ("karpenter.sh/nodeclaim", &claim), (tag.as_str(), "owned"), ("eks:eks-cluster-name", cluster)];
    let keys: Vec<[String; 2]> = (1..=tags.len())
        .map(|number| ["Key", "Value"].map(|part| format!("TagSpecification.1.Tag.{number}.{part}")))
        .collect();
    for ([key, value], (tag, text)) in keys.iter().zip(tags) {
        sent.extend([(key.as_str(), tag), (value.as_str(), text)]);
    }
    let instance = ec2(aws, "RunInstances", &sent).await?.value("instanceId").context("the instance's id")?;
    let node = json!({
        "apiVersion": "v1", "kind": "Node", "metadata": { "name": claim, "labels": labels },
        "spec": { "providerID": format!("aws:///{}/{instance}", crate::aws::REGION) },
    });
    api.post("/api/v1/nodes", &node).await?;
    let ready =
        json!({ "status": { "conditions": [{ "type": "Ready", "status": "True", "reason": "KubeletReady" }] } });
    api.patch(&format!("/api/v1/nodes/{claim}/status"), &ready).await
}

/// Drains the node, ends the instance, and lets the NodeClaim go.
async fn terminate(aws: &Aws, api: &Api, claim: &Value) -> Result<()> {
    let node = name(claim);
    let path = format!("/api/v1/nodes/{node}");
    if api.get(&path).await?.is_some() {
        api.patch(&path, &json!({ "spec": { "unschedulable": true } })).await?;
        let mut left = 0;
        for pod in api.list(&format!("/api/v1/pods?fieldSelector=spec.nodeName={node}")).await? {
            left += 1;
            let of = pod["metadata"]["namespace"].as_str().unwrap_or_default();
            if !is_going(&pod) {
                api.delete(&format!("/api/v1/namespaces/{of}/pods/{}", name(&pod))).await?;
            }
        }
        if left > 0 {
            return Ok(());
        }
        api.delete(&path).await?;
    }
    let filter = [("Filter.1.Name", "tag:karpenter.sh/nodeclaim"), ("Filter.1.Value.1", node)];
    let answer = ec2(aws, "DescribeInstances", &filter).await?;
    for reservation in answer.list("reservationSet") {
        for instance in reservation.list("instancesSet") {
            let id = instance.value("instanceId").unwrap_or_default();
            end_instance(aws, &id).await?;
        }
    }
    api.patch(&format!("{CLAIMS}/{node}"), &json!({ "metadata": { "finalizers": null } })).await
}

/// Terminates an instance, and deletes the volumes that EC2 deletes with it, which the emulator keeps.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/preserving-volumes-on-termination.html>
async fn end_instance(aws: &Aws, id: &str) -> Result<()> {
    ec2(aws, "TerminateInstances", &[("InstanceId.1", id)]).await?;
    let with_it = [
        ("Filter.1.Name", "attachment.instance-id"),
        ("Filter.1.Value.1", id),
        ("Filter.2.Name", "attachment.delete-on-termination"),
        ("Filter.2.Value.1", "true"),
    ];
    for volume in ec2(aws, "DescribeVolumes", &with_it).await?.list("volumeSet") {
        let volume = volume.value("volumeId").unwrap_or_default();
        ec2(aws, "DetachVolume", &[("VolumeId", &volume)]).await?;
        ec2(aws, "DeleteVolume", &[("VolumeId", &volume)]).await?;
    }
    Ok(())
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap_or_default()
}

fn is_going(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

/// A cluster's API, as Karpenter calls it.
struct Api(Kubernetes);

impl Api {
    async fn list(&self, path: &str) -> Result<Vec<Value>> {
        let (status, mut answer) = self.0.send(Method::GET, path, None).await?;
        let items = if status.is_success() { answer["items"].take() } else { Value::Null };
        // A kind that is not served has no objects.
        Ok(items.as_array().cloned().unwrap_or_default())
    }

    async fn get(&self, path: &str) -> Result<Option<Value>> {
        let (status, answer) = self.0.send(Method::GET, path, None).await?;
        Ok(status.is_success().then_some(answer))
    }

    async fn post(&self, path: &str, body: &Value) -> Result<()> {
        self.0.send(Method::POST, path, Some((JSON, body))).await.map(drop)
    }

    async fn patch(&self, path: &str, body: &Value) -> Result<()> {
        self.0.send(Method::PATCH, path, Some((MERGE, body))).await.map(drop)
    }

    async fn delete(&self, path: &str) -> Result<()> {
        self.0.send(Method::DELETE, path, None).await.map(drop)
    }

    /// Says in the status of an object that it is ready, once.
    async fn ready(&self, path: &str, object: &Value) -> Result<()> {
        if object["status"]["conditions"].is_array() {
            return Ok(());
        }
        let ready = json!({ "type": "Ready", "status": "True", "reason": "Ready", "message": "" });
        self.patch(&format!("{path}/status"), &json!({ "status": { "conditions": [ready] } })).await
    }
}

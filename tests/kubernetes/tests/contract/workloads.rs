use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment, StatefulSet},
    batch::v1::Job,
    core::v1::{Node, PersistentVolume, PersistentVolumeClaim, Pod, Service},
};
use kube::{
    Api, Client,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
};
use kubernetes::Assets;
use serde_json::{Value, json};

use crate::{
    here::{Here, get},
    support::{Stage, eventually, has_condition},
    trials::Tests,
};

/// The tests of this file.
pub(crate) fn enter(tests: &mut Tests) {
    tests.running(a_deployment_answers_on_the_node_port_and_says_who_it_is);
    tests.running(a_rolling_update_and_a_leaving_node_lose_no_request);
    tests.running(an_image_that_cannot_be_pulled_keeps_the_old_pods_serving);
    tests.both(stateful_sets_daemon_sets_and_jobs_reach_what_they_promise);
    tests.both(a_volume_that_is_kept_for_a_claim_is_bound_to_it_and_stays_when_the_claim_goes);
}

fn template(image: &str) -> Value {
    json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": image,
        "ports": [{"name": "http", "containerPort": 8080}]}]}})
}

fn workload(api_version: &str, kind: &str, replicas: i64) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "web"}, "spec": {
        "selector": {"matchLabels": {"app": "web"}}, "template": template("web:1")}});
    if kind != "DaemonSet" {
        object["spec"]["replicas"] = json!(replicas);
    }
    object
}

async fn create_service(client: &Client) {
    let service = json!({"metadata": {"name": "web"}, "spec": {"type": "NodePort", "selector": {"app": "web"},
        "ports": [{"name": "http", "port": 80, "targetPort": "http", "nodePort": 30080}]}});
    let services: Api<Service> = Api::default_namespaced(client.clone());
    services.create(&PostParams::default(), &serde_json::from_value(service).unwrap()).await.unwrap();
}

async fn available(deployments: &Api<Deployment>, replicas: i32) {
    eventually("available", async || {
        let deployment = deployments.get("web").await.unwrap();
        let generation = deployment.metadata.generation;
        let status = deployment.status.unwrap_or_default();
        let all = [status.replicas, status.updated_replicas, status.available_replicas] == [Some(replicas); 3];
        (all && status.observed_generation == generation).then_some(())
    })
    .await;
}

async fn a_deployment_answers_on_the_node_port_and_says_who_it_is(assets: Option<Assets>) {
    let here = Here::start_on(assets, PathBuf::new()).await;
    let client = here.stage.client().await;
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    create_service(&client).await;
    let web = serde_json::from_value(workload("apps/v1", "Deployment", 2)).unwrap();
    deployments.create(&PostParams::default(), &web).await.unwrap();
    available(&deployments, 2).await;
    let address = SocketAddr::from((here.node, 30080));
    let (status, body) = eventually("an answer", async || get(address, "shop.example", "/cart?x=1").await).await;
    assert_eq!(status, 200);
    assert_eq!(
        (&body["cluster"], &body["service"], &body["namespace"]),
        (&json!("shop-blue"), &json!("web"), &json!(here.stage.namespace))
    );
    assert_eq!(body["request"]["path"], "/cart");
    assert_eq!(body["request"]["host"], "shop.example");
    assert!(!body.to_string().contains("secret"), "the value of a key is never shown");
}

async fn a_rolling_update_and_a_leaving_node_lose_no_request(assets: Option<Assets>) {
    let here = Here::start_on(assets, PathBuf::new()).await;
    let second = here.add_node(2).await;
    let client = here.stage.client().await;
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    create_service(&client).await;
    let web = serde_json::from_value(workload("apps/v1", "Deployment", 3)).unwrap();
    deployments.create(&PostParams::default(), &web).await.unwrap();
    available(&deployments, 3).await;
    let address = SocketAddr::from((here.node, 30080));
    eventually("an answer", async || get(address, "shop", "/").await).await;

    let (over, failed, sent) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let load = {
        let (over, failed, sent) = (over.clone(), failed.clone(), sent.clone());
        tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                let answer = get(address, "shop", "/").await;
                failed.fetch_add(u32::from(answer.is_none_or(|(status, _)| status != 200)), Ordering::Relaxed);
                sent.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
        })
    };
    let patch = json!({"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:2"}]}}}});
    deployments.patch("web", &PatchParams::default(), &Patch::Strategic(patch)).await.unwrap();
    available(&deployments, 3).await;
    here.cluster.remove_node(&second).await;
    available(&deployments, 3).await;
    over.store(true, Ordering::Relaxed);
    load.await.unwrap();
    assert!(sent.load(Ordering::Relaxed) > 200);
    assert_eq!(failed.load(Ordering::Relaxed), 0);
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    for pod in pods.list(&ListParams::default()).await.unwrap() {
        assert_eq!(pod.spec.unwrap().containers[0].image.as_deref(), Some("web:2"));
    }
    let nodes: Api<Node> = Api::all(client);
    assert!(nodes.get_opt(&second).await.unwrap().is_none());
}

async fn an_image_that_cannot_be_pulled_keeps_the_old_pods_serving(assets: Option<Assets>) {
    let here = Here::start_on(assets, PathBuf::new()).await;
    let client = here.stage.client().await;
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    let web = serde_json::from_value(workload("apps/v1", "Deployment", 1)).unwrap();
    deployments.create(&PostParams::default(), &web).await.unwrap();
    available(&deployments, 1).await;
    let patch =
        json!({"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "registry.invalid/web:2"}]}}}});
    deployments.patch("web", &PatchParams::default(), &Patch::Strategic(patch)).await.unwrap();
    let pods: Api<Pod> = Api::default_namespaced(client);
    eventually("a Pod without its image", async || {
        let pods = pods.list(&ListParams::default()).await.unwrap();
        let pods = serde_json::to_value(pods.items).unwrap();
        pods.to_string().contains("ImagePullBackOff").then_some(())
    })
    .await;
    eventually("the old Pod beside the new one", async || {
        let status = deployments.get("web").await.unwrap().status.unwrap();
        ((status.available_replicas, status.updated_replicas) == (Some(1), Some(1))).then_some(())
    })
    .await;
}

async fn stateful_sets_daemon_sets_and_jobs_reach_what_they_promise(stage: Stage) {
    let client = stage.client().await;
    let sets: Api<StatefulSet> = Api::default_namespaced(client.clone());
    let set = serde_json::from_value(workload("apps/v1", "StatefulSet", 2)).unwrap();
    sets.create(&PostParams::default(), &set).await.unwrap();
    eventually("two of the set", async || {
        let status = sets.get("web").await.unwrap().status?;
        (status.ready_replicas == Some(2)).then_some(())
    })
    .await;
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    assert!(pods.get_opt("web-0").await.unwrap().is_some() && pods.get_opt("web-1").await.unwrap().is_some());
    sets.delete("web", &DeleteParams::default()).await.unwrap();

    let daemons: Api<DaemonSet> = Api::default_namespaced(client.clone());
    let daemon = serde_json::from_value(workload("apps/v1", "DaemonSet", 0)).unwrap();
    daemons.create(&PostParams::default(), &daemon).await.unwrap();
    eventually("one on each node", async || {
        (daemons.get("web").await.unwrap().status?.number_ready == 2).then_some(())
    })
    .await;

    let jobs: Api<Job> = Api::default_namespaced(client);
    let job = json!({"metadata": {"name": "once"}, "spec": {"template": {"spec": {"restartPolicy": "Never",
        "containers": [{"name": "a", "image": "a:1"}]}}}});
    jobs.create(&PostParams::default(), &serde_json::from_value(job).unwrap()).await.unwrap();
    eventually("complete", async || {
        let job = serde_json::to_value(jobs.get("once").await.unwrap()).unwrap();
        has_condition(&job, "Complete").then_some(())
    })
    .await;
}

async fn a_volume_that_is_kept_for_a_claim_is_bound_to_it_and_stays_when_the_claim_goes(stage: Stage) {
    let client = stage.client().await;
    let (volumes, claims): (Api<PersistentVolume>, Api<PersistentVolumeClaim>) =
        (Api::all(client.clone()), Api::default_namespaced(client.clone()));
    let name = format!("uploads-{}", stage.namespace);
    let asked = json!({"accessModes": ["ReadWriteMany"], "storageClassName": "efs", "resources": {"requests": {"storage": "1Gi"}}});
    let volume = json!({"metadata": {"name": name}, "spec": {
        "accessModes": ["ReadWriteMany"], "capacity": {"storage": "1Gi"}, "storageClassName": "efs",
        "persistentVolumeReclaimPolicy": "Retain", "csi": {"driver": "efs.csi.aws.com", "volumeHandle": "fs-1"},
        "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": stage.namespace, "name": "uploads"}}});
    volumes.create(&PostParams::default(), &serde_json::from_value(volume).unwrap()).await.unwrap();
    for other in ["other", "uploads"] {
        let claim = json!({"metadata": {"name": other}, "spec": asked});
        claims.create(&PostParams::default(), &serde_json::from_value(claim).unwrap()).await.unwrap();
    }
    let phase = async |name: &str| claims.get(name).await.unwrap().status.unwrap_or_default().phase;
    eventually("bound", async || (phase("uploads").await.as_deref() == Some("Bound")).then_some(())).await;
    assert_ne!(phase("other").await.as_deref(), Some("Bound"));

    let pods: Api<Pod> = Api::default_namespaced(client);
    let pod = json!({"metadata": {"name": "web"}, "spec": {"terminationGracePeriodSeconds": 0,
        "containers": [{"name": "a", "image": "a:1"}],
        "volumes": [{"name": "uploads", "persistentVolumeClaim": {"claimName": "uploads"}}]}});
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    eventually("on a node", async || pods.get("web").await.unwrap().spec?.node_name).await;
    claims.delete("uploads", &DeleteParams::default()).await.unwrap();
    assert!(claims.get("uploads").await.unwrap().metadata.deletion_timestamp.is_some(), "it stays while a Pod has it");
    pods.delete("web", &DeleteParams::default()).await.unwrap();
    eventually("gone", async || claims.get_opt("uploads").await.unwrap().is_none().then_some(())).await;
    eventually("released", async || {
        let status = volumes.get(&name).await.unwrap().status?;
        (status.phase.as_deref() == Some("Released")).then_some(())
    })
    .await;
    volumes.delete(&name, &DeleteParams::default()).await.unwrap();
}

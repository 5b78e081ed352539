use std::net::SocketAddr;

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::{
    Api,
    api::{ListParams, Patch, PatchParams},
};
use kubernetes::Assets;
use serde_json::{Value, json};

use crate::{
    here::{Here, get},
    support::{apply, data, eventually, tools},
    trials::Tests,
};

/// The tests of this file.
pub(crate) fn enter(tests: &mut Tests) {
    tests.running(a_request_to_the_node_port_goes_through_the_real_traefik_to_the_pod_of_its_host);
}

fn routes() -> Vec<Value> {
    vec![
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "shop"}, "spec": {"ingressClassName": "traefik",
            "rules": [{"host": "shop.example", "http": {"paths": [{"path": "/", "pathType": "Prefix",
                "backend": {"service": {"name": "frontend", "port": {"number": 80}}}}]}}]}}),
        json!({"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": {"name": "cart"}, "spec": {"entryPoints": ["web"],
            "routes": [{"match": "Host(`cart.example`)", "kind": "Rule", "services": [{"name": "cartservice", "port": 7070}]}]}}),
    ]
}

async fn a_request_to_the_node_port_goes_through_the_real_traefik_to_the_pod_of_its_host(assets: Option<Assets>) {
    let here = Here::start_on(assets, tools().await.traefik().unwrap()).await;
    let client = here.stage.client().await;
    for file in ["traefik-crds.yaml", "traefik.yaml", "online-boutique.yaml"] {
        apply(&client, &data(file)).await;
    }
    apply(&client, &routes()).await;
    let address = SocketAddr::from((here.node, 30080));
    for (host, service) in [("shop.example", "frontend"), ("cart.example", "cartservice")] {
        let body = eventually(host, async || {
            let (status, body) = get(address, host, "/product/1").await?;
            (status == 200).then_some(body)
        })
        .await;
        assert_eq!(body["service"], service);
        assert_eq!(body["request"]["host"], host);
        assert_eq!(body["request"]["headers"]["x-forwarded-host"], host);
    }
    assert_eq!(get(address, "other.example", "/").await.unwrap().0, 404);

    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "traefik");
    let failed = {
        let over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let watched = over.clone();
        let load = tokio::spawn(async move {
            let mut failed = Vec::new();
            while !watched.load(std::sync::atomic::Ordering::Relaxed) {
                let answer = get(address, "shop.example", "/").await.map(|(status, _)| status);
                if answer != Some(200) {
                    failed.push(answer);
                }
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            failed
        });
        let restart = json!({"spec": {"template": {"metadata": {"annotations": {"restarted": "now"}}}}});
        deployments.patch("traefik", &PatchParams::default(), &Patch::Merge(restart)).await.unwrap();
        eventually("a new Traefik alone", async || {
            let pods: Api<Pod> = Api::namespaced(client.clone(), "traefik");
            let pods = pods.list(&ListParams::default()).await.unwrap().items;
            let new =
                |pod: &Pod| pod.metadata.annotations.as_ref().is_some_and(|found| found.contains_key("restarted"));
            (pods.len() == 1 && pods.iter().all(new)).then_some(())
        })
        .await;
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        load.await.unwrap()
    };
    assert_eq!(failed, [], "no request is lost while Traefik is replaced");
    here.cluster.stop().await;
}

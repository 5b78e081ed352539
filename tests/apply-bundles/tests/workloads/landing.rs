//! From nothing, again, and deleted.

use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use kubernetes::{Assets, Parts};
use sandbox::bench::{
    limit::{Plurals, Server},
    stand_in::StandIn,
    versions,
};
use serde_json::Value;

use crate::{
    apply,
    arena::{Arena, bundles},
};

pub(crate) async fn test(assets: Assets) {
    let arena = Arena::open(&assets, Parts::All).await;
    let (bundles, objects) = bundles();
    let aws = StandIn::start(arena.plane.endpoint(), arena.plane.ca_pem(), bundles.clone()).await.unwrap();
    let before: Vec<String> = arena.settled().await.into_keys().collect();

    apply::whole(&aws, &bundles).await;
    let landed = arena.settled().await;
    let paths = paths(&arena.server, &objects).await;
    for path in &paths {
        let (status, _) = arena.server.send(Method::GET, path, "application/json", bytes::Bytes::new()).await.unwrap();
        assert_eq!(status, StatusCode::OK, "{path}");
    }

    apply::whole(&aws, &bundles).await;
    let again = arena.settled().await;
    assert_eq!(versions::written(&landed, &again), Vec::<String>::new(), "an apply without a change writes nothing");
    assert_eq!(landed, again);

    delete(&arena.server, paths).await;
    arena.holds_only(&before).await;
    arena.plane.stop().await;
}

async fn paths(server: &Server, objects: &[Value]) -> Vec<String> {
    let mut plurals = Plurals::default();
    let mut paths = Vec::new();
    for object in objects {
        paths.push(plurals.path(server, object).await.unwrap());
    }
    paths
}

/// The last one first, and before all others an API that its Pods answer: without them it holds up the deletion of every namespace.
async fn delete(server: &Server, mut paths: Vec<String>) {
    paths.reverse();
    paths.sort_by_key(|path| !path.contains("/apiservices/"));
    for path in paths {
        let end = Instant::now() + Duration::from_mins(1);
        loop {
            let sent = server.send(Method::DELETE, &path, "application/json", bytes::Bytes::new()).await;
            let (status, body) = sent.unwrap();
            if status.is_success() || status == StatusCode::NOT_FOUND {
                break;
            }
            assert!(Instant::now() < end, "DELETE {path}: {status} {}", String::from_utf8_lossy(&body));
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

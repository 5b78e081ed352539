//! A process that is killed in the middle of its work, and one that goes on.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::Method;
use kubernetes::{Assets, Parts};
use sandbox::bench::{stand_in::StandIn, versions};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::{
    apply,
    arena::{Arena, Versions, bundles},
};

/// How many processes are killed.
const DEATHS: usize = 10;

/// Of the requests at which they are.
const SEED: u64 = 11;

pub(crate) async fn test(assets: Assets) {
    let (stored, objects) = bundles();

    let arena = Arena::open(&assets, Parts::Api).await;
    let aws = StandIn::start(arena.plane.endpoint(), arena.plane.ca_pem(), stored.clone()).await.unwrap();
    let before = arena.settled().await;
    apply::whole(&aws, &stored).await;
    let undisturbed = made(&arena, &before).await;
    arena.plane.stop().await;
    assert!(undisturbed.len() >= objects.len());

    let arena = Arena::open(&assets, Parts::Api).await;
    let (deaths, mut due) = Deaths::among(objects.len());
    let relay = arena.plane.relay(Arc::new(move |method| deaths.see(method))).await.unwrap();
    let aws = StandIn::start(relay.endpoint(), arena.plane.ca_pem(), stored.clone()).await.unwrap();
    let before = arena.settled().await;
    let ledger = apply::Ledger::new();
    let mut killed = 0;
    loop {
        let mut process = apply::command(&aws, &stored, ledger.path()).spawn().unwrap();
        tokio::select! {
            biased;
            Some(()) = due.recv() => {
                process.kill().await.unwrap();
                killed += 1;
            }
            status = process.wait() => {
                assert!(status.unwrap().success());
                break;
            }
        }
    }
    assert_eq!(killed, DEATHS);
    let found = made(&arena, &before).await;
    for (name, object) in &undisturbed {
        assert_eq!(found.get(name), Some(object), "{name}");
    }
    assert_eq!(found.keys().collect::<Vec<_>>(), undisturbed.keys().collect::<Vec<_>>());
    arena.plane.stop().await;
}

/// The requests that processes die at: each object is sent once at least, so that all of them come.
struct Deaths {
    sent: AtomicUsize,
    at: Mutex<BTreeSet<usize>>,
    due: mpsc::UnboundedSender<()>,
}

impl Deaths {
    fn among(requests: usize) -> (Self, mpsc::UnboundedReceiver<()>) {
        let mut random = fastrand::Rng::with_seed(SEED);
        let mut at = BTreeSet::new();
        while at.len() < DEATHS {
            at.insert(random.usize(1..=requests));
        }
        let (due, deaths) = mpsc::unbounded_channel();
        (Self { sent: AtomicUsize::new(0), at: Mutex::new(at), due }, deaths)
    }

    fn see(&self, method: &Method) {
        if method == Method::PATCH {
            let sent = self.sent.fetch_add(1, Ordering::Relaxed) + 1;
            let mut at = self.at.lock().unwrap();
            if at.first().is_some_and(|first| *first <= sent) {
                at.pop_first();
                self.due.send(()).unwrap();
            }
        }
    }
}

/// Everything that was not on the server before, without what is another on every server.
async fn made(arena: &Arena, before: &Versions) -> BTreeMap<String, Value> {
    arena.settled().await;
    let mut found = versions::everything(&arena.server, "application/json").await.unwrap();
    // The API server names these by the addresses that it chooses.
    found.retain(|name, _| !before.contains_key(name) && !name.contains("/ipaddresses "));
    found.values_mut().for_each(plain);
    found
}

/// Removes identities, times, and what the API server chooses from its ranges.
fn plain(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for name in [
                "uid",
                "resourceVersion",
                "creationTimestamp",
                "time",
                "lastTransitionTime",
                "lastUpdateTime",
                "clusterIP",
                "clusterIPs",
                "nodePort",
            ] {
                fields.shift_remove(name);
            }
            fields.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}

//! The lifecycle of one Pod
//! (<https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/>).

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use serde_json::Value;

use super::{
    Surroundings,
    stand_in::StandIn,
    status::{self, State},
    traefik,
};
use crate::{controllers::pods, object, process::Process};

/// Time from scheduling to ready of a stand-in.
const START: Duration = Duration::from_millis(300);
/// Run time of a Job's stand-in.
const RUN: Duration = Duration::from_millis(500);
/// Time that a Pod continues to answer after its deletion, until nobody sends requests to it: node ports follow at once,
/// Traefik within a quarter of a second. The Pod's grace period is used if it is shorter.
const DRAIN: Duration = Duration::from_millis(1500);
/// Time from SIGTERM to SIGKILL of a program.
const STOP: Duration = Duration::from_secs(10);
/// Delay before a program that ended is restarted.
const BACK_OFF: Duration = Duration::from_secs(1);

/// Runs a Pod until it is deleted.
pub(crate) async fn run(surroundings: Arc<Surroundings>, pod: Arc<Value>) {
    let host = surroundings
        .observed
        .store()
        .get(&crate::store::Resource::core("nodes"), "", object::text(&pod, "/spec/nodeName").unwrap_or_default())
        .and_then(|node| {
            object::list(&node, "/status/addresses").iter().find(|one| one["type"] == "InternalIP").cloned()
        })
        .and_then(|address| address["address"].as_str().map(str::to_owned))
        .unwrap_or_default();
    let context = Context { surroundings, pod, host };
    if has_no_image(&context.pod) {
        context.write(None, State::NoImage);
        context.deletion().await;
        context.finish();
        return;
    }
    let Some(address) = context.surroundings.addresses.take() else {
        tracing::error!("no Pod address is free");
        return;
    };
    let pod = &context.pod;
    if object::controller(pod).is_some_and(|owner| owner["kind"] == "Job") && pod["spec"]["restartPolicy"] != "Always" {
        context.run_to_the_end(address).await;
    } else if traefik::is_traefik(pod) {
        context.run_traefik(address).await;
    } else {
        context.run_stand_in(address).await;
    }
    context.surroundings.addresses.free(address);
    context.finish();
}

/// Whether an image cannot be pulled: those from a registry in the top-level domain `invalid` (RFC 2606), and no others.
fn has_no_image(pod: &Value) -> bool {
    object::list(pod, "/spec/containers").iter().any(|container| {
        let registry = container["image"].as_str().unwrap_or_default().split('/').next().unwrap_or_default();
        registry.ends_with(".invalid")
    })
}

struct Context {
    surroundings: Arc<Surroundings>,
    pod: Arc<Value>,
    host: String,
}

impl Context {
    fn write(&self, address: Option<Ipv4Addr>, state: State) {
        status::write(&self.surroundings.observed, &self.pod, &self.host, address, state);
    }

    /// Waits until the Pod is being deleted.
    async fn deletion(&self) {
        let mut changes = self.surroundings.observed.store().changes_of(&pods::resource());
        loop {
            changes.mark_unchanged();
            match self.current() {
                Some(pod) if !object::is_terminating(&pod) => {}
                _ => return,
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    fn current(&self) -> Option<Arc<Value>> {
        let pods = self.surroundings.observed.store();
        let pod = pods.get(&pods::resource(), object::namespace(&self.pod), object::name(&self.pod))?;
        (object::uid(&pod) == object::uid(&self.pod)).then_some(pod)
    }

    /// Waits until proxies have stopped sending to the Pod.
    async fn drain(&self) {
        let grace =
            self.current().and_then(|pod| object::number(&pod, "/metadata/deletionGracePeriodSeconds")).unwrap_or(0);
        let grace = Duration::from_secs(u64::try_from(grace).unwrap_or_default());
        tokio::time::sleep(DRAIN.min(grace)).await;
    }

    /// Completes the deletion of the Pod at the API server.
    fn finish(&self) {
        self.surroundings.observed.finish(&self.pod);
    }

    async fn run_stand_in(&self, address: Ipv4Addr) {
        let mut stand_in = StandIn::new(&self.surroundings, &self.pod, address);
        stand_in.listen(&self.surroundings.observed).await;
        self.write(Some(address), State::Started { restarts: 0 });
        let mut services = self.surroundings.observed.store().changes_of(&crate::store::Resource::core("services"));
        let deletion = self.deletion();
        tokio::pin!(deletion);
        let start = tokio::time::sleep(START);
        tokio::pin!(start);
        let mut ready = false;
        loop {
            tokio::select! {
                () = &mut deletion => break,
                () = &mut start, if !ready => {
                    ready = true;
                    self.write(Some(address), State::Ready { restarts: 0 });
                }
                // A new Service may have a target port that the Pod does not declare.
                changed = services.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    stand_in.listen(&self.surroundings.observed).await;
                }
            }
        }
        stand_in.close_connections_after_answers();
        self.drain().await;
        stand_in.stop().await;
    }

    async fn run_to_the_end(&self, address: Ipv4Addr) {
        self.write(Some(address), State::Started { restarts: 0 });
        tokio::select! {
            () = self.deletion() => {}
            () = tokio::time::sleep(RUN) => self.write(Some(address), State::Succeeded),
        }
    }

    async fn run_traefik(&self, address: Ipv4Addr) {
        let mut restarts = 0;
        let deletion = self.deletion();
        tokio::pin!(deletion);
        loop {
            self.write(Some(address), State::Started { restarts });
            let command = traefik::command(&self.surroundings, &self.pod, address);
            let mut process = match Process::start(command) {
                Ok(process) => process,
                Err(error) => {
                    tracing::error!(%error, "Traefik cannot be started");
                    tokio::select! {
                        () = &mut deletion => return,
                        () = tokio::time::sleep(BACK_OFF) => {}
                    }
                    restarts += 1;
                    continue;
                }
            };
            tokio::select! {
                () = &mut deletion => {}
                () = process.ended() => {}
                () = traefik::until_ready(&self.pod, address) => {
                    self.write(Some(address), State::Ready { restarts });
                    tokio::select! {
                        () = &mut deletion => {}
                        () = process.ended() => {}
                    }
                }
            }
            if process.has_ended() {
                tracing::warn!(pod = object::name(&self.pod), "Traefik ended and is restarted");
                restarts += 1;
                self.write(Some(address), State::Started { restarts });
                tokio::select! {
                    () = &mut deletion => return,
                    () = tokio::time::sleep(BACK_OFF) => {}
                }
                continue;
            }
            self.drain().await;
            process.stop(STOP).await;
            return;
        }
    }
}

//! One bundle applied to a new API server by one of the three.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kubernetes::{Assets, ControlPlane, Parts};
use serde_json::Value;
use tokio::process::Command;

use super::limit::{self, Server};
use super::objects::{self, stage};
use super::relay::Relay;
use super::stand_in::{CLUSTER, Everybody, StandIn, Stored};
use super::timed::{self, Taken};
use super::versions;
use crate::error::{Context, Result};

/// A bundle.
pub(super) struct Bundle {
    /// What it is called in the report.
    pub(super) name: String,
    /// Its text.
    pub(super) text: Arc<str>,
    /// What is in it.
    pub(super) objects: Vec<Value>,
}

impl Bundle {
    pub(super) fn new(name: String, text: String) -> Result<Self> {
        let objects = objects::read(&text).context(name.clone())?;
        Ok(Self { name, text: text.into(), objects })
    }
}

/// The programs, and where files may be written.
pub(super) struct Programs {
    pub(super) assets: Assets,
    pub(super) ours: PathBuf,
    pub(super) kubectl: PathBuf,
    pub(super) folder: PathBuf,
}

/// A first apply, and one with nothing to do.
#[derive(Debug)]
pub(super) struct Twice {
    pub(super) first: Taken,
    pub(super) again: Taken,
    /// The objects that the second one wrote.
    pub(super) written: Vec<String>,
}

/// A new API server, as far away as is asked for.
struct Arena {
    plane: ControlPlane,
    url: String,
    server: Server,
    _relay: Option<Relay>,
}

impl Arena {
    async fn open(programs: &Programs, round_trip: Duration) -> Result<Self> {
        let plane = ControlPlane::start(&programs.assets, CLUSTER, Arc::new(Everybody), Parts::Api).await;
        let plane = plane.context("starting a control plane")?;
        let relay = if round_trip.is_zero() { None } else { Some(Relay::start(plane.port(), round_trip).await?) };
        let url = format!("https://127.0.0.1:{}", relay.as_ref().map_or(plane.port(), Relay::port));
        let server = Server::new(url.clone(), plane.ca_pem(), "bench".to_owned())?;
        Ok(Self { plane, url, server, _relay: relay })
    }
}

impl Programs {
    /// The same requests by plain connections, in seconds.
    pub(super) async fn limit(&self, bundle: &Bundle, round_trip: Duration) -> Result<f64> {
        let arena = Arena::open(self, round_trip).await?;
        let seconds = limit::measure(&arena.server, &bundle.objects).await?;
        arena.plane.stop().await;
        Ok(seconds)
    }

    /// `DeployWorkloads`.
    pub(super) async fn ours(&self, bundle: &Bundle, round_trip: Duration) -> Result<Twice> {
        let arena = Arena::open(self, round_trip).await?;
        let stored = Stored::new("bundle.yaml", bundle.text.clone());
        let aws = StandIn::start(arena.url.clone(), arena.plane.ca_pem(), vec![stored.clone()]).await?;
        let run = async || {
            let mut command = Command::new(&self.ours);
            command.args([CLUSTER, &stored.uri(), &stored.digest, &bundle.objects.len().to_string()]).env_clear().envs(
                [
                    ("AWS_ENDPOINT_URL", aws.endpoint()),
                    ("AWS_REGION", "eu-central-1"),
                    ("AWS_ACCESS_KEY_ID", "bench"),
                    ("AWS_SECRET_ACCESS_KEY", "bench"),
                ],
            );
            timed::run(&mut command).await.map(|(taken, _)| taken)
        };
        let twice = twice(&arena.server, run).await?;
        arena.plane.stop().await;
        Ok(twice)
    }

    /// `kubectl apply --server-side`, which asks for custom resources at once and gives up where their definitions are new: its
    /// users apply namespaces and definitions first and wait for them (the README of kube-prometheus says so), and so does this.
    pub(super) async fn kubectl(&self, bundle: &Bundle, round_trip: Duration) -> Result<Twice> {
        let arena = Arena::open(self, round_trip).await?;
        let (config, setup, rest) =
            (self.folder.join("kubeconfig"), self.folder.join("setup.yaml"), self.folder.join("rest.yaml"));
        let kubeconfig = arena.plane.kubeconfig().replace(&arena.plane.endpoint(), &arena.url);
        let is_setup = |object: &&Value| stage(object) < 2;
        let has_definitions = bundle.objects.iter().any(|object| stage(object) == 1);
        let mut files = vec![(&config, kubeconfig)];
        if has_definitions {
            files.push((&setup, objects::stream(bundle.objects.iter().filter(is_setup))));
            files.push((&rest, objects::stream(bundle.objects.iter().filter(|object| !is_setup(object)))));
        } else {
            files.push((&rest, bundle.text.to_string()));
        }
        for (path, text) in files {
            std::fs::write(path, text).context(format!("writing {}", path.display()))?;
        }
        let run = async || {
            let mut steps = vec![apply(&rest)];
            if has_definitions {
                let wait =
                    ["wait", "--for=condition=Established", "--all", "CustomResourceDefinition", "--timeout=60s"];
                steps.insert(0, wait.map(str::to_owned).to_vec());
                steps.insert(0, apply(&setup));
            }
            let mut taken = Taken { seconds: 0.0, max_rss_bytes: 0 };
            for step in steps {
                let mut command = Command::new(&self.kubectl);
                command.args(step).env_clear().env("KUBECONFIG", &config).env("HOME", &self.folder);
                let (one, _) = timed::run(&mut command).await?;
                taken.seconds += one.seconds;
                taken.max_rss_bytes = taken.max_rss_bytes.max(one.max_rss_bytes);
            }
            Ok(taken)
        };
        let twice = twice(&arena.server, run).await?;
        arena.plane.stop().await;
        // kubectl keeps what it discovered by the server's address: the next server may have the same one.
        let cache = self.folder.join(".kube");
        if cache.exists() {
            std::fs::remove_dir_all(&cache).context("removing kubectl's cache")?;
        }
        Ok(twice)
    }
}

fn apply(file: &Path) -> Vec<String> {
    let words = ["apply", "--server-side", "--force-conflicts", "--filename"].map(str::to_owned);
    [words.to_vec(), vec![file.display().to_string()]].concat()
}

async fn twice(server: &Server, run: impl AsyncFn() -> Result<Taken>) -> Result<Twice> {
    let first = run().await?;
    settle(server).await?;
    let before = versions::read(server).await?;
    let again = run().await?;
    let written = versions::written(&before, &versions::read(server).await?);
    Ok(Twice { first, again, written })
}

/// Waits until the API server has written what it writes by itself after new definitions.
async fn settle(server: &Server) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(10);
    let mut before = versions::read(server).await?;
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let after = versions::read(server).await?;
        if after == before || Instant::now() > end {
            return Ok(());
        }
        before = after;
    }
}

//! The embedded account: ministack behind the front door, with the services that ministack lacks or has in part.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use compute::{Compute, Delays};
use front_door::{ApiGateway, ExecuteApi, FrontDoor, FunctionCall, Functions, Options};
use http::Method;
use kubernetes::Assets;

use crate::aws::{ACCOUNT, Aws, REGION};
use crate::emulator::{Emulator, Settings, free_port};
use crate::error::{Context, Result};
use crate::permissions::Permissions;
use crate::project::{Project, lock};
use crate::python::Python;
use crate::stage_metrics::StageMetrics;

/// What Step Functions' waits and retry intervals are multiplied with: 15 seconds between two looks become 0.75, in
/// proportion to the lifecycles, which take seconds here and minutes on AWS.
pub const WAIT_SCALE: f64 = 0.05;

/// Of so many changes of an API one meets another one: several in the window of prepare-cutover, which changes each of the shop's 42
/// integrations and changes it back.
const CONFLICTS: u64 = 29;

/// How long API Gateway takes for an import, an overwrite or a deployment of the shop's API; on AWS about three seconds.
const DEFINITION: Duration = Duration::from_millis(500);

/// A running account. End it with [`Account::stop`]; a dropped one leaves no process behind either.
pub struct Account {
    /// What `AWS_ENDPOINT_URL` points at.
    pub front_door: FrontDoor,
    /// The data plane of API Gateway.
    pub execute_api: ExecuteApi,
    /// What API Gateway tells `CloudWatch`.
    pub stage_metrics: StageMetrics,
    /// API Gateway's control plane.
    pub gateway: ApiGateway,
    /// EKS, Elastic Load Balancing, Auto Scaling and what they run.
    pub compute: Compute,
    /// Who may call what.
    pub permissions: Permissions,
    /// The account's administrator.
    pub aws: Aws,
    /// The folder of this run, removed at its end.
    pub run: PathBuf,
    /// Where ministack writes its log.
    pub log: PathBuf,
    calls: PathBuf,
    emulator: Emulator,
}

impl Account {
    /// Starts everything on loopback; with the programs of a control plane each cluster has a real one.
    ///
    /// # Errors
    /// When a port cannot be had or ministack does not come up.
    pub async fn start(project: &Project, python: &Python, control_planes: Option<Assets>) -> Result<Self> {
        {
            // Of two that sweep at once each would miss what the other has removed.
            let _turn = lock(&project.sandbox().join("sweep.lock")).await?;
            sweep(&project.sandbox()).context("removing what earlier runs left")?;
        }
        let id = run_id();
        let run = project.sandbox().join(format!("run-{id}"));
        std::fs::create_dir_all(&run).context("creating the run's folder")?;
        let log = project.sandbox().join(format!("ministack-{id}.log"));
        let port = free_port()?;
        let ministack = format!("http://127.0.0.1:{port}");
        let links: Arc<OnceLock<ApiGateway>> = Arc::default();
        let asked = Arc::clone(&links);
        let compute = Compute::start(compute::Options {
            ministack_url: ministack.clone(),
            region: REGION.to_owned(),
            account: ACCOUNT.to_owned(),
            delays: Delays::default(),
            traefik: python.traefik()?,
            control_planes,
            link_uses_load_balancer: Arc::new(move |arn| asked.get().is_some_and(|gateway| gateway.links_to(arn))),
        });
        let balancers = compute.clone();
        let options = Options {
            region: REGION.to_owned(),
            account_id: ACCOUNT.to_owned(),
            conflicts: Some(CONFLICTS),
            definition: DEFINITION,
            ..Options::default()
        };
        let gateway = ApiGateway::new(options, Arc::new(move |arn| balancers.load_balancer_exists(arn)));
        // Each of the two services asks the other one; the later learns of the earlier here.
        drop(links.set(gateway.clone()));
        let listeners = compute.clone();
        let resolver: front_door::Resolver = Arc::new(move |destination| match destination {
            front_door::Destination::Port(balancer, port) => listeners.listener_address(balancer, port),
            front_door::Destination::Listener(listener) => listeners.address_of_listener(listener),
        });
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let inside = Aws::administrator(ministack.clone())?;
        let functions = functions(inside.clone());
        let execute_api =
            ExecuteApi::start_with(anywhere, &gateway, resolver, Some(functions)).await.context("the data plane")?;
        let permissions = Permissions::default();
        let front_door = FrontDoor::builder(ministack)
            .apigateway(&gateway)
            .service("eks", compute.eks_handler())
            .service("elasticloadbalancing", compute.elasticloadbalancing_handler())
            .service("autoscaling", compute.autoscaling_handler())
            .service("servicequotas", compute.service_quotas_handler())
            .callers(permissions.callers())
            .checked("eks", compute.eks_accesses())
            .checked("elasticloadbalancing", compute.elasticloadbalancing_accesses())
            .checked("autoscaling", compute.autoscaling_accesses())
            .checked("servicequotas", compute.service_quotas_accesses())
            .checked("ec2", compute.ec2_accesses())
            .start()
            .await
            .context("the front door")?;
        let endpoint = format!("http://{}", front_door.address());
        let settings = Settings {
            port,
            endpoint: endpoint.clone(),
            execute_api: format!("http://{}", execute_api.address()),
            wait_scale: WAIT_SCALE,
        };
        let emulator = Emulator::start(python, &settings, &run, &log).await?;
        permissions.run_in(emulator.group());
        let stage_metrics = StageMetrics::start(execute_api.metrics(), inside);
        let calls = project.sandbox().join(format!("calls-{id}.log"));
        Ok(Self {
            front_door,
            execute_api,
            stage_metrics,
            gateway,
            compute,
            permissions,
            aws: Aws::administrator(endpoint)?,
            run,
            log,
            calls,
            emulator,
        })
    }

    /// The process group of ministack and the functions' processes.
    #[must_use]
    pub fn group(&self) -> i32 {
        self.emulator.group()
    }

    /// Writes every call that came through the front door to a file beside ministack's log, and answers its path.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_calls(&self) -> Result<&Path> {
        let lines: Vec<String> = self
            .front_door
            .calls()
            .iter()
            .map(|call| {
                let outcome = call
                    .error
                    .clone()
                    .unwrap_or_else(|| call.status.map_or("dropped".to_owned(), |status| status.to_string()));
                let who = call.access_key_id.as_deref().unwrap_or("-");
                format!(
                    "{} {who} {} {} {outcome} {} ms",
                    call.start,
                    call.service,
                    call.operation,
                    call.duration.as_millis()
                )
            })
            .collect();
        std::fs::write(&self.calls, lines.join("\n")).context("writing the calls")?;
        Ok(&self.calls)
    }

    /// Ends every process and removes the run's folder.
    pub async fn stop(self) {
        self.execute_api.stop().await;
        self.compute.stop().await;
        self.emulator.stop().await;
        self.front_door.stop().await;
        if let Err(error) = std::fs::remove_dir_all(&self.run) {
            tracing::warn!(%error, folder = %self.run.display(), "the run's folder stays");
        }
    }
}

/// AWS Lambda for the data plane: ministack's, asked by the account's administrator.
fn functions(aws: Aws) -> Functions {
    Arc::new(move |call| {
        let aws = aws.clone();
        Box::pin(async move {
            let (arn, path, method, body) = match call {
                FunctionCall::Policy(arn) => (arn, "policy", Method::GET, None),
                FunctionCall::Invoke(arn, event) => (arn, "invocations", Method::POST, Some(event)),
            };
            let name = arn.split(':').nth(6)?;
            let path = format!("/2015-03-31/functions/{name}/{path}");
            let answer = aws.rest("lambda", method, &path, body.as_ref()).await;
            let answer = answer.inspect_err(|error| tracing::debug!(%error, arn, "Lambda refuses")).ok()?;
            match answer["Policy"].as_str() {
                Some(policy) => serde_json::from_str(policy).ok(),
                None => Some(answer),
            }
        })
    })
}

/// Tells the runs of one machine apart: the id of this process, and a number, since one process may start several.
fn run_id() -> String {
    static STARTED: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed))
}

/// Removes the folders and logs of runs whose process is gone: a killed one could not do so itself.
fn sweep(sandbox: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(sandbox)? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let run = ["run-", "ministack-", "calls-"].into_iter().find_map(|prefix| name.strip_prefix(prefix));
        let process = run.and_then(|run| run.split('-').next());
        let Some(process) = process.filter(|process| !Path::new("/proc").join(process).exists()) else { continue };
        tracing::debug!(process, "sweeping up after a run");
        if path.is_dir() {
            std::fs::remove_dir_all(&path)?;
        } else {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

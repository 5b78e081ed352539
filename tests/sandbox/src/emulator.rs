//! ministack, the embedded AWS account: a Python process on loopback that runs the real Lambda binaries.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;

use crate::aws::{ACCOUNT, REGION};
use crate::error::{Context, Error, Result};
use crate::python::Python;
use crate::supervised::Supervised;
use crate::wire::Wire;

/// The longest that ministack may take to answer its health check.
const START: Duration = Duration::from_secs(30);

/// How the functions of the account reach everything, and how fast its clock runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The port on loopback.
    pub port: u16,
    /// Where the functions' SDKs send their calls: the front door.
    pub endpoint: String,
    /// Where the functions send requests to API Gateway's execute-api hosts.
    pub execute_api: String,
    /// What waits and retry intervals of Step Functions are multiplied with.
    pub wait_scale: f64,
}

/// A running ministack.
#[derive(Debug)]
pub struct Emulator {
    process: Supervised,
}

impl Emulator {
    /// Starts ministack and waits until it answers.
    ///
    /// ministack hands its whole environment to the functions, so it gets an empty one plus this list: AWS's functions do
    /// not see the user's environment either. `AUTH` makes it check signatures and the policies of the functions' roles.
    ///
    /// # Errors
    /// When it does not answer within 30 seconds; its log says why.
    pub async fn start(python: &Python, settings: &Settings, run: &Path, log: &Path) -> Result<Self> {
        let folder = run.display().to_string();
        let environment = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("HOME", folder.clone()),
            ("TMPDIR", folder.clone()),
            ("LANG", "C.UTF-8".to_owned()),
            ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
            ("PYTHONUNBUFFERED", "1".to_owned()),
            ("GATEWAY_PORT", settings.port.to_string()),
            ("BIND_HOST", "127.0.0.1".to_owned()),
            ("MINISTACK_HOST", "localhost".to_owned()),
            ("MINISTACK_REGION", REGION.to_owned()),
            ("MINISTACK_ACCOUNT_ID", ACCOUNT.to_owned()),
            ("MINISTACK_AUTOCREATE_AWS_MANAGED", "1".to_owned()),
            ("IOT_MTLS_ENABLED", "0".to_owned()),
            ("SFTP_ENABLED", "0".to_owned()),
            ("DOCKER_HOST", "unix:///nowhere".to_owned()),
            ("S3_DATA_DIR", run.join("s3").display().to_string()),
            ("AUTH", "true".to_owned()),
            ("SFN_WAIT_SCALE", settings.wait_scale.to_string()),
            ("AWS_ENDPOINT_URL", settings.endpoint.clone()),
            ("AWS_ENDPOINT_URL_EXECUTE_API", settings.execute_api.clone()),
        ];
        let process = Supervised::start(&python.interpreter(), &["-m", "ministack"], &environment, run, log)?;
        let emulator = Self { process };
        emulator.ready(settings.port).await.context(format!("ministack does not answer; see {}", log.display()))?;
        Ok(emulator)
    }

    async fn ready(&self, port: u16) -> Result<()> {
        let wire = Wire::plain()?;
        let begin = Instant::now();
        loop {
            let request = Request::get(format!("http://127.0.0.1:{port}/_ministack/ready")).body(Bytes::new());
            let last = match wire.send(request.context("health check")?).await {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) => answer.status().to_string(),
                Err(error) => error.to_string(),
            };
            if begin.elapsed() > START {
                return Err(Error::new(last));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The process group that holds ministack and the functions' processes.
    #[must_use]
    pub fn group(&self) -> i32 {
        self.process.group()
    }

    /// Ends ministack and every function's process.
    pub async fn stop(self) {
        self.process.stop().await;
    }
}

/// A TCP port on loopback that is free now.
///
/// # Errors
/// When the system has none to give.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("looking for a free port")?;
    Ok(listener.local_addr().context("looking for a free port")?.port())
}

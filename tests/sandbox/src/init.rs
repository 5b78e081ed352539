//! How long a function takes to start: from the process's start to its first question for an event.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::aws::REGION;
use crate::error::{Context, Error, Result};

/// Lambda's own limit of the init phase.
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>
const LIMIT: Duration = Duration::from_secs(10);
/// The median of this many starts is taken.
const STARTS: usize = 3;

/// The milliseconds of a function's init phase, with the variables of its configuration.
///
/// Lambda reports it as `Init Duration`; ministack does not, so a minimal Runtime API takes its place: what answers the
/// first `GET /2018-06-01/runtime/invocation/next` knows when the function was ready.
/// <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>
///
/// # Errors
/// When the binary does not start, ends early, or asks for something else.
pub async fn measure(binary: &Path, name: &str, variables: &Value) -> Result<f64> {
    let mut times = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        times.push(once(binary, name, variables).await.context(format!("starting {name}"))?);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[STARTS / 2])
}

async fn once(binary: &Path, name: &str, variables: &Value) -> Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("a Runtime API")?;
    let address = listener.local_addr().context("a Runtime API")?.to_string();
    let own =
        variables.as_object().into_iter().flatten().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let function = format!("bascule-{name}");
    let runtime = [
        ("AWS_LAMBDA_RUNTIME_API", address.as_str()),
        ("AWS_LAMBDA_FUNCTION_NAME", &function),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "example"),
        ("AWS_SESSION_TOKEN", "example"),
    ];
    let begin = Instant::now();
    let mut process = Command::new(binary)
        .env_clear()
        .envs(own.chain(runtime))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("no process")?;
    let first_question = async {
        let (mut connection, _) = listener.accept().await.context("no connection")?;
        let mut start = [0; 64];
        let length = connection.read(&mut start).await.context("no request")?;
        Ok::<_, Error>((begin.elapsed(), String::from_utf8_lossy(&start[..length]).into_owned()))
    };
    let (time, question) = tokio::select! {
        answer = tokio::time::timeout(LIMIT, first_question) => answer.context("no question for an event")??,
        status = process.wait() => return Err(Error::new(format!("it ended with {}", status.context("waiting")?))),
    };
    process.kill().await.context("ending it")?;
    if question.starts_with("GET /2018-06-01/runtime/invocation/next") {
        return Ok(time.as_secs_f64() * 1e3);
    }
    Err(Error::new(format!("it asked {question:?} first")))
}

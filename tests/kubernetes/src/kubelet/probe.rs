//! Readiness probes of programs
//! (<https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/>).

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Time-out of one attempt.
const ATTEMPT: Duration = Duration::from_secs(1);

/// The probe of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Probe {
    /// HTTP GET of this path; a status from 200 to 399 is a success.
    Http { port: u16, path: String },
    /// A TCP connection; accepting it is a success.
    Tcp { port: u16 },
}

/// Whether the probe succeeds.
pub(crate) async fn succeeds(probe: &Probe, address: Ipv4Addr) -> bool {
    let attempt = async {
        match probe {
            Probe::Tcp { port } => TcpStream::connect(SocketAddr::from((address, *port))).await.map(|_| true),
            Probe::Http { port, path } => get(SocketAddr::from((address, *port)), path).await,
        }
    };
    matches!(tokio::time::timeout(ATTEMPT, attempt).await, Ok(Ok(true)))
}

async fn get(address: SocketAddr, path: &str) -> io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nuser-agent: kube-probe/1.33\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    let status = std::str::from_utf8(&head[9..]).ok().and_then(|status| status.parse::<u16>().ok());
    Ok(status.is_some_and(|status| (200..400).contains(&status)))
}

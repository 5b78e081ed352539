//! A relay that makes a server on loopback as far away as one in another place.

use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::error::{Context, Result};

/// How much is read at a time.
const CHUNK: usize = 64 * 1024;

/// Relays connections, every byte half of the round trip later. Ends when it is dropped.
#[derive(Debug)]
pub(super) struct Relay {
    port: u16,
    task: JoinHandle<()>,
}

impl Relay {
    /// Listens on a port of its own for connections to `target`, another port on loopback.
    ///
    /// # Errors
    /// When no port is free.
    pub(super) async fn start(target: u16, round_trip: Duration) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("listening for a relay")?;
        let port = listener.local_addr().context("the relay's address")?.port();
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        if let Ok((client, _)) = accepted {
                            connections.spawn(connection(client, target, round_trip / 2));
                        }
                    }
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Ok(Self { port, task })
    }

    /// The port to connect to.
    #[must_use]
    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connection(client: TcpStream, target: u16, delay: Duration) -> std::io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::try_join!(way(from_client, to_server, delay), way(from_server, to_client, delay))?;
    Ok(())
}

/// One direction: what comes while something waits is not held up by it.
async fn way(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    delay: Duration,
) -> std::io::Result<()> {
    let (sender, mut receiver) = mpsc::unbounded_channel::<(Instant, Bytes)>();
    let reading = async move {
        loop {
            let mut buffer = BytesMut::with_capacity(CHUNK);
            if from.read_buf(&mut buffer).await? == 0 || sender.send((Instant::now() + delay, buffer.freeze())).is_err()
            {
                return Ok::<(), std::io::Error>(());
            }
        }
    };
    let writing = async move {
        while let Some((due, bytes)) = receiver.recv().await {
            tokio::time::sleep_until(due).await;
            to.write_all(&bytes).await?;
        }
        to.shutdown().await
    };
    tokio::try_join!(reading, writing)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_takes_the_round_trip_longer_and_loses_nothing() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let target = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 200_000];
            stream.read_exact(&mut request).await.unwrap();
            stream.write_all(&request).await.unwrap();
        });
        let relay = Relay::start(target, Duration::from_millis(40)).await.unwrap();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, relay.port())).await.unwrap();
        let request: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let begin = Instant::now();
        stream.write_all(&request).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(begin.elapsed() >= Duration::from_millis(40), "{:?}", begin.elapsed());
        assert!(answer == request, "what comes back is what was sent");
    }
}

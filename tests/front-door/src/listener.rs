//! An HTTP/1.1 server on loopback that can be stopped, shared by the front door and the data plane.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// The answer to one request; an error closes the connection without an answer.
pub(crate) type Answer = Result<http::Response<Full<Bytes>>, io::Error>;

/// A running server; it ends, with all its connections, when it is stopped or dropped.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Listener {
    /// Binds the address (port 0: any free one) and serves every connection with `serve`.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub(crate) async fn start<F, A>(address: SocketAddr, serve: F) -> io::Result<Self>
    where
        F: Fn(http::Request<Incoming>) -> A + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let serve = Arc::new(serve);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => { connections.spawn(connection(stream, Arc::clone(&serve))); }
                        // Such as too many open files: retry once connections have ended.
                        Err(error) => {
                            tracing::warn!(%error, "cannot accept a connection");
                            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                        }
                    },
                    Some(_) = connections.join_next(), if !connections.is_empty() => {}
                }
            }
        });
        Ok(Self { address, task: Mutex::new(Some(task)) })
    }

    /// The address that it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends the server and its connections. A second call does nothing.
    pub(crate) async fn stop(&self) {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.abort();
            // The error is always that of the abort.
            drop(task.await);
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

async fn connection<F, A>(stream: TcpStream, serve: Arc<F>) -> Result<(), Infallible>
where
    F: Fn(http::Request<Incoming>) -> A + Send + Sync + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY cannot be set");
    }
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service_fn(move |request| serve(request)))
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "connection ended");
    }
    Ok(())
}

//! Counts and ends flows: connections from a client through the load balancer to a target.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
};

/// The flows of a target or of a load balancer.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    /// Number of current flows.
    pub(crate) active: AtomicU64,
    /// Number of flows so far.
    pub(crate) begun: AtomicU64,
    /// Bytes in both directions.
    pub(crate) bytes: AtomicU64,
    cuts: watch::Sender<u64>,
}

impl Flows {
    /// Ends all current flows.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Begins a flow, which ends when the guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Flow {
        self.active.fetch_add(1, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        Flow { cuts: self.cuts.subscribe(), of: Arc::clone(self) }
    }
}

/// One flow.
#[derive(Debug)]
pub(crate) struct Flow {
    of: Arc<Flows>,
    cuts: watch::Receiver<u64>,
}

impl Flow {
    /// Waits until the flow has to end.
    pub(crate) async fn is_cut(&mut self) {
        if self.cuts.changed().await.is_err() {
            // The sender is gone, so the flow will never be ended from outside.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        self.of.active.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that counts its bytes.
pub(crate) struct Counted<S> {
    stream: S,
    flows: Arc<Flows>,
}

impl<S> Counted<S> {
    /// Wraps a stream and adds its bytes to these flows.
    pub(crate) fn new(stream: S, flows: Arc<Flows>) -> Self {
        Self { stream, flows }
    }

    fn count(&self, bytes: usize) {
        self.flows.bytes.fetch_add(u64::try_from(bytes).unwrap_or_default(), Ordering::Relaxed);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.count(buffer.filled().len() - before);
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(written)) = &outcome {
            self.count(*written);
        }
        outcome
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

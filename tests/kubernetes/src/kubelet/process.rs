//! A program of a Pod, as a child process that cannot outlive this one.

use std::{
    io,
    process::{Child, Command},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::sync::watch;

/// How often the child is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// What the thread that holds the child is told.
enum Order {
    /// End by SIGTERM, or by SIGKILL after this time.
    Stop(Duration),
}

/// A running program. It is killed when this is dropped, and when this process dies however it dies: `setpriv --pdeathsig`
/// has the kernel do that when the thread that started it ends, which is why each has a thread of its own.
pub(crate) struct Process {
    orders: mpsc::Sender<Order>,
    running: watch::Receiver<bool>,
}

impl Process {
    /// Starts the program.
    pub(crate) fn start(command: Command) -> io::Result<Self> {
        let (orders, inbox) = mpsc::channel();
        let (alive, running) = watch::channel(true);
        let (started, outcome) = mpsc::channel();
        thread::Builder::new().name("pod".to_owned()).spawn(move || {
            let mut command = command;
            match command.spawn() {
                Ok(child) => {
                    // Nobody waits for the news only if the Pod is gone already.
                    let _ = started.send(Ok(()));
                    hold(child, &inbox);
                }
                Err(error) => {
                    let _ = started.send(Err(error));
                }
            }
            alive.send_replace(false);
        })?;
        outcome.recv().map_err(io::Error::other)??;
        Ok(Self { orders, running })
    }

    /// Waits until the program ends.
    pub(crate) async fn ended(&mut self) {
        // The sender is gone when the thread is, and so is the program.
        let _ = self.running.wait_for(|running| !running).await;
    }

    /// Whether the program has ended.
    pub(crate) fn has_ended(&self) -> bool {
        !*self.running.borrow()
    }

    /// Asks the program to end, and kills it if it takes longer than `patience`.
    pub(crate) async fn stop(&mut self, patience: Duration) {
        if self.orders.send(Order::Stop(patience)).is_ok() {
            self.ended().await;
        }
    }
}

/// Keeps a child until it ends, is to be stopped, or nobody holds the other end any more.
fn hold(mut child: Child, inbox: &mpsc::Receiver<Order>) {
    let mut deadline = None;
    loop {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        let late = deadline.is_some_and(|deadline| Instant::now() > deadline);
        match inbox.recv_timeout(LOOK) {
            Ok(Order::Stop(patience)) => {
                deadline = Some(Instant::now() + patience);
                if let Ok(id) = i32::try_from(child.id())
                    && let Err(error) = kill(Pid::from_raw(id), Signal::SIGTERM)
                {
                    tracing::debug!(%error, "SIGTERM");
                }
            }
            Err(mpsc::RecvTimeoutError::Timeout) if !late => {}
            Err(_) => {
                if let Err(error) = child.kill().and_then(|()| child.wait().map(drop)) {
                    tracing::debug!(%error, "SIGKILL");
                }
                return;
            }
        }
    }
}

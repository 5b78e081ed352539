//! Programs that end with this process: the containers of Pods, and those of a control plane.

use std::{
    io,
    path::Path,
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

/// The program of util-linux that sets the parent-death signal; doing so from Rust would need unsafe code.
const SETPRIV: &str = "/usr/bin/setpriv";

/// Interval at which the child is polled.
const LOOK: Duration = Duration::from_millis(50);

/// A command that runs a program; the kernel kills it when the thread that starts it ends.
pub(crate) fn command(program: &Path) -> Command {
    if Path::new(SETPRIV).exists() {
        let mut command = Command::new(SETPRIV);
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

/// Commands to the thread that owns the child.
enum Order {
    /// Send SIGTERM, and SIGKILL after this time.
    Stop(Duration),
}

/// A running program, made by [`command`]. It is killed when this is dropped and when this process dies: the kernel kills it when
/// the thread that started it ends, so each program has its own thread.
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
                    // Sending fails only if the Pod is gone already.
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
        // The sender is dropped when the thread, and with it the program, has ended.
        let _ = self.running.wait_for(|running| !running).await;
    }

    /// Whether the program has ended.
    pub(crate) fn has_ended(&self) -> bool {
        !*self.running.borrow()
    }

    /// Sends SIGTERM, and SIGKILL if the program takes longer than `patience` to end.
    pub(crate) async fn stop(&mut self, patience: Duration) {
        if self.orders.send(Order::Stop(patience)).is_ok() {
            self.ended().await;
        }
    }
}

/// Owns a child until it ends, is stopped, or the other end of the channel is dropped.
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
                    tracing::debug!(%error, "SIGTERM cannot be sent");
                }
            }
            Err(mpsc::RecvTimeoutError::Timeout) if !late => {}
            Err(_) => {
                if let Err(error) = child.kill().and_then(|()| child.wait().map(drop)) {
                    tracing::debug!(%error, "SIGKILL cannot be sent");
                }
                return;
            }
        }
    }
}

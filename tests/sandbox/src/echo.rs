//! Keeps a terminal from writing what is typed into the display that is drawn on it.
//!
//! The display is taken off by going up as many lines as it has. Between two drawings the cursor is at the right end of its last line, so that
//! the `^C` of somebody who interrupts (`ECHO` and `ECHOCTL` of termios(3)) would begin a further line, and one of the display would stay.

use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, tcgetpgrp};

/// How many displays there are on the terminal of this process, and its modes of before the first.
static DISPLAYS: Mutex<Option<(usize, Termios)>> = Mutex::new(None);

/// While one exists, the terminal of standard error writes nothing of what is typed. Keys that send signals go on doing so. The last one that is
/// dropped puts the terminal into the modes of before.
#[derive(Debug)]
pub struct Silence(());

impl Silence {
    /// Nothing where standard error is no terminal, refuses, or belongs to other processes: those in the background may not change its modes.
    #[must_use]
    pub fn on_standard_error() -> Option<Self> {
        let terminal = std::io::stderr();
        let is_ours = || tcgetpgrp(&terminal).is_ok_and(|group| group == getpgrp());
        let mut displays = DISPLAYS.lock().unwrap_or_else(PoisonError::into_inner);
        match displays.as_mut() {
            Some((count, _)) => *count += 1,
            None if terminal.is_terminal() && is_ours() => *displays = Some((1, silence(&terminal)?)),
            None => return None,
        }
        Some(Self(()))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let mut displays = DISPLAYS.lock().unwrap_or_else(PoisonError::into_inner);
        match displays.take() {
            Some((1, before)) => restore(std::io::stderr(), &before),
            Some((count, before)) => *displays = Some((count.saturating_sub(1), before)),
            None => {}
        }
    }
}

/// Answers the modes of before; nothing where the terminal refuses.
fn silence(terminal: impl AsFd) -> Option<Termios> {
    let before = tcgetattr(&terminal).inspect_err(|error| refused(*error)).ok()?;
    let mut modes = before.clone();
    modes.local_flags.remove(LocalFlags::ECHO);
    tcsetattr(&terminal, SetArg::TCSANOW, &modes).inspect_err(|error| refused(*error)).ok()?;
    Some(before)
}

fn restore(terminal: impl AsFd, before: &Termios) {
    if let Err(error) = tcsetattr(terminal, SetArg::TCSANOW, before) {
        refused(error);
    }
}

fn refused(error: nix::Error) {
    tracing::debug!(%error, "the terminal keeps its modes");
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::pty::openpty;
    use std::fs::File;
    use std::io::{Read, Write};

    /// What a terminal writes when somebody types this: the kernel's own answer.
    fn typed(keyboard: &mut File, keys: &[u8]) -> String {
        keyboard.write_all(keys).unwrap();
        let mut screen = [0; 64];
        let length = keyboard.read(&mut screen).unwrap();
        String::from_utf8_lossy(&screen[..length]).into_owned()
    }

    #[test]
    fn an_interruption_leaves_no_mark_on_a_silent_terminal_and_does_so_again_afterwards() {
        let pair = openpty(None, None).unwrap();
        let (mut keyboard, mut terminal) = (File::from(pair.master), File::from(pair.slave));
        // An interruption throws away what is on its way, which is what is looked at here.
        let mut modes = tcgetattr(&terminal).unwrap();
        modes.local_flags.insert(LocalFlags::NOFLSH);
        restore(&terminal, &modes);
        assert_eq!(typed(&mut keyboard, b"\x03"), "^C");
        let before = silence(&terminal).unwrap();
        keyboard.write_all(b"\x03\n").unwrap();
        let mut line = [0; 64];
        // Once the line has come, what was typed would have been written.
        assert_eq!(terminal.read(&mut line).unwrap(), 1);
        terminal.write_all(b"drawn").unwrap();
        let length = keyboard.read(&mut line).unwrap();
        assert_eq!(&line[..length], b"drawn");
        let modes = tcgetattr(&terminal).unwrap().local_flags;
        assert!(modes.contains(LocalFlags::ISIG | LocalFlags::ICANON), "keys send signals: {modes:?}");
        restore(&terminal, &before);
        assert_eq!(typed(&mut keyboard, b"\x03"), "^C");
    }
}

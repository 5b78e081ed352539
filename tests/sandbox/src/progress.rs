//! The display: a line for everything that happens, and below them what is going on right now; on a terminal as a tree ([`crate::view`]),
//! elsewhere a line now and then.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressStyle};

use crate::echo::Silence;
use crate::view::{self, Machine, Traffic, Visit};

/// How often the state is repeated where there is no terminal to redraw.
const REPEAT: Duration = Duration::from_secs(10);

/// What is going on right now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Now {
    /// The state that the execution is in.
    pub phase: String,
    /// What that state waits for, if it said so.
    pub waiting: String,
    /// The machine that it is a state of.
    pub machine: Machine,
    /// The states of that machine that were entered.
    pub visits: Vec<Visit>,
    /// Requests and their answers.
    pub traffic: Traffic,
}

/// A display for a terminal, or plain lines elsewhere.
#[derive(Debug)]
pub struct Progress {
    label: String,
    bar: Option<ProgressBar>,
    silence: Mutex<Option<Silence>>,
    begin: Instant,
    last: Mutex<(Option<Instant>, Now)>,
}

impl Progress {
    /// Redraws when standard error is a terminal. With a label, which each line then begins with, it is one of several and only writes lines:
    /// two drawings would overwrite each other.
    #[must_use]
    pub fn new(label: &str) -> Self {
        let is_alone = label.is_empty();
        let bar = (is_alone && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed_precise}\n{msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let silence = Mutex::new(bar.as_ref().and_then(|_| Silence::on_standard_error()));
        Self { label: label.to_owned(), bar, silence, begin: Instant::now(), last: Mutex::default() }
    }

    /// Says that something happened.
    pub fn say(&self, line: &str) {
        let seconds = self.begin.elapsed().as_secs();
        let separator = if self.label.is_empty() { "" } else { ": " };
        let line = format!("{:3}:{:02} {}{separator}{line}", seconds / 60, seconds % 60, self.label);
        match &self.bar {
            Some(bar) => bar.println(line),
            None => eprintln!("{line}"),
        }
    }

    /// Shows what is going on.
    pub fn show(&self, now: &Now) {
        let line = now.line();
        if let Some(bar) = &self.bar {
            // As wide as it is now: people resize windows.
            let columns = usize::from(Term::stderr().size().1);
            bar.set_message(view::lines(now.machine, &now.visits, &now.waiting, &now.traffic, columns).join("\n"));
            return;
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let news = last.1.phase != now.phase
            || last.1.waiting.is_empty() != now.waiting.is_empty()
            || last.1.traffic.failed != now.traffic.failed;
        if news || last.0.is_none_or(|spoken| spoken.elapsed() >= REPEAT) {
            *last = (Some(Instant::now()), now.clone());
            drop(last);
            self.say(&line);
        }
    }

    /// Takes the display off the terminal.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        drop(self.silence.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Now {
    fn line(&self) -> String {
        let Traffic { sent, failed, green, .. } = self.traffic;
        let shares = green.map_or_else(
            || "no answers now".to_owned(),
            |green| format!("blue {:.0} % green {green:.0} %", 100.0 - green),
        );
        let traffic = format!("{sent} requests, {failed} failed, {shares}");
        let waiting = if self.waiting.is_empty() { String::new() } else { format!(" waits: {}", self.waiting) };
        format!("{:<20} {traffic}{waiting}", self.phase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_shares_of_those_who_answer_and_says_where_nobody_does() {
        let line = |green, failed, waiting: &str| {
            let traffic = Traffic { sent: 1234, failed, green, within: [None, None] };
            Now { phase: "Bake".to_owned(), waiting: waiting.to_owned(), traffic, ..Now::default() }.line()
        };
        for (green, failed, waiting, wanted) in [
            (Some(0.0), 0, "", "Bake                 1234 requests, 0 failed, blue 100 % green 0 %"),
            (Some(25.0), 0, "", "Bake                 1234 requests, 0 failed, blue 75 % green 25 %"),
            (Some(100.0), 3, "", "Bake                 1234 requests, 3 failed, blue 0 % green 100 %"),
            (None, 1234, "", "Bake                 1234 requests, 1234 failed, no answers now"),
            (None, 9, "an alarm", "Bake                 1234 requests, 9 failed, no answers now waits: an alarm"),
        ] {
            assert_eq!(line(green, failed, waiting), wanted);
        }
    }
}

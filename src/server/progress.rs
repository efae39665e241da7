//! How far a long command has come, on standard error: in one line that is written over on a
//! terminal, in a line now and then in a log.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// What was shown last, and when.
pub(crate) struct Progress {
    is_terminal: bool,
    every: Duration,
    last: Instant,
}

impl Progress {
    /// Nothing was shown yet.
    pub(crate) fn new() -> Self {
        let is_terminal = io::stderr().is_terminal();
        let every = Duration::from_millis(if is_terminal { 200 } else { 10_000 });
        Self { is_terminal, every, last: Instant::now() }
    }

    /// Shows `words`, if it is time to.
    pub(crate) fn show(&mut self, words: impl FnOnce() -> String) {
        if self.last.elapsed() < self.every {
            return;
        }
        self.last = Instant::now();
        let end = if self.is_terminal { "\r" } else { "\n" };
        let _ = write!(io::stderr(), "{} so far{end}", words());
    }

    /// Takes the last line off a terminal.
    pub(crate) fn clear(&self) {
        if self.is_terminal {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}

//! What went wrong while setting up or driving the sandbox, in words for the person at the terminal.

use std::fmt;

/// A failure of the sandbox itself (not of the migration it watches): a sentence and, after colons, its causes.
#[derive(Debug)]
pub struct Error(String);

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A failure described by one sentence, without a final stop.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// Says what was being done when another library's error came up.
pub trait Context<T> {
    /// Puts `doing` in front of the cause.
    ///
    /// # Errors
    /// The error of the receiver, described.
    fn context(self, doing: impl fmt::Display) -> Result<T>;
}

impl<T, E: fmt::Display> Context<T> for std::result::Result<T, E> {
    fn context(self, doing: impl fmt::Display) -> Result<T> {
        self.map_err(|cause| Error(format!("{doing}: {cause}")))
    }
}

impl<T> Context<T> for Option<T> {
    fn context(self, doing: impl fmt::Display) -> Result<T> {
        self.ok_or_else(|| Error(format!("{doing}: missing")))
    }
}

//! From an event to an answer: what a browser and a call get, on an account in memory.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod answers;
mod attacks;
mod deeds;
mod filing;
mod people;
mod readme;
mod watching;

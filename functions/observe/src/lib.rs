//! Watches: a guard after each step of the switch, and the bake.
//!
//! While a migration is open a schedule looks whether its execution still runs.
//!
//! The bake's token waits for the first of an alarm's event and the end of its time; no state transition is spent on it. A
//! schedule looks every minute for what sends no event: somebody else's deployment, a release on one cluster only, and a
//! blue that could not take production back.

pub mod analysis;
pub mod bake;
pub mod ending;
pub mod event;
pub mod execution;
pub mod guard;
pub mod reach;
pub mod reminder;
pub mod sight;
pub mod way_back;
pub mod window;

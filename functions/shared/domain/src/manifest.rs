//! Kubernetes manifests as data: what is in a bundle, in which order it is applied, how its hosts are rewritten for
//! qualification, and which of its workloads work without being asked. Functions over JSON; what lives is read in `live`.

pub mod applied;
pub mod apply;
pub mod assumed;
pub mod aws_auth;
pub mod class;
pub mod deployed;
pub mod duplicates;
pub mod events;
pub mod helm;
pub mod hold;
pub mod hosts;
pub mod left;
pub mod live;
pub mod named;
pub mod once;
pub mod order;
pub mod outside;
pub mod prepare;
pub mod progress;
pub mod readiness;
pub mod refusal;
pub mod removed;
pub mod schema;
pub mod state;
pub mod volumes;
pub mod workload;

pub use crate::object::{Object, ObjectId, Prepared, Unreadable, objects};
pub use class::{Classes, HOLD_LABEL, RUN_LABEL, classify};
pub use live::Live;
pub use order::Placed;
pub use progress::Done;

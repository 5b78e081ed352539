//! What Bascule knows about a migration, without AWS, Kubernetes or Lambda: the input, the plan, the ledger's entries,
//! the conditions a phase can end in, and the ports through which phases reach the world.

pub mod alarms;
pub mod answered;
pub mod approval;
pub mod asking;
pub mod digest;
pub mod duration;
pub mod error;
pub mod gateway;
pub mod input;
pub mod invocation;
pub mod ledger;
pub mod manifest;
pub mod migration;
pub mod names;
pub mod neighbours;
pub mod object;
pub mod ownership;
pub mod plan;
pub mod ports;
pub mod problem;
pub mod progress;
pub mod reconcile;
pub mod release;
pub mod resource_policy;
pub mod resources;
pub mod shift;
pub mod smoke;
pub mod step;
pub mod task_token;
pub mod terraform;
pub mod trust_policy;
pub mod withdraw;
pub mod word;

pub use duration::Duration;
pub use error::{Condition, PhaseError};
pub use input::{Input, Reading};
pub use invocation::Invocation;
pub use ledger::{Entry, ResourceKey, Side, Status};
pub use migration::{Direction, Migration, MigrationId, Outcome, Owner, Payload};
pub use plan::{Plan, Tags};
pub use problem::{Problem, Refusal};
pub use progress::Progress;
pub use resources::Kind;
pub use step::{Step, Whole};
pub use task_token::TaskToken;

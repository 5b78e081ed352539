//! Terraform's states in S3, as Terraform 1.x and `OpenTofu` keep them: what they hold, where their backend keeps and locks them, and how
//! they are exchanged and changed (<https://developer.hashicorp.com/terraform/language/backend/s3>).

pub mod address;
pub mod backend;
mod members;
mod moves;
pub mod state;

pub use address::Address;
pub use backend::{LockInfo, Place};
pub use moves::moved;
pub use state::{State, Unreadable};

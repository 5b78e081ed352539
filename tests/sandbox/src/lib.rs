//! One machine as an AWS account: sets up everything Bascule needs, gives it a shop's cluster with live traffic, runs a
//! migration through the Step Functions API, and reports what was observed from outside.

pub mod account;
pub mod aws;
pub mod bench;
pub mod browser;
mod cargo;
pub mod command;
pub mod comparison;
pub mod digest;
pub mod doorstep;
pub mod emulator;
pub mod error;
mod exchanges;
pub mod execution;
pub mod expectation;
pub mod history;
pub mod init;
pub mod inventory;
pub mod invocations;
pub mod keep;
pub mod kills;
pub mod lambdas;
pub mod letterbox;
pub mod load;
pub mod measure;
pub mod packages;
pub mod papers;
pub mod permissions;
pub mod processes;
pub mod progress;
pub mod project;
pub mod python;
pub mod report;
pub mod scenario;
pub mod shop;
pub mod site;
pub mod snapshot;
pub mod stack;
pub mod supervised;
pub mod sweep;
pub mod teller;
pub mod wire;
pub mod world;
pub mod xml;

pub use report::Report;
pub use scenario::{Options, Scenario, run};

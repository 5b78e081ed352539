//! One machine as an AWS account: sets up everything Bascule needs, gives it a shop's cluster with live traffic, runs a
//! migration through the Step Functions API, and reports what was observed from outside.

pub mod aws;
pub mod emulator;
pub mod error;
pub mod lambdas;
pub mod project;
pub mod python;
pub mod stack;
pub mod supervised;
pub mod wire;
pub mod world;
pub mod xml;

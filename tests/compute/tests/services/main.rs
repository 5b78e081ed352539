//! Contract tests of the services with the AWS SDKs that the functions use.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed assertion is a test's purpose")]

mod account;
mod add_ons;
mod authentication;
mod clusters;
mod emulator;
mod fargate;
mod identity_providers;
mod load_balancers;
mod node_groups;
mod traffic;

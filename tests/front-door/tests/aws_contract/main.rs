//! Contract tests of the front door, which call it over HTTP with the AWS SDK.
//!
//! Expected values come from API Gateway's developer guide and API reference, and from answers of AWS that Terraform's and
//! `LocalStack`'s issues and recorded tests hold.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod authorization;
mod canaries;
mod configuration;
mod deployments;
mod execution;
mod functions;
mod http_apis;
mod http_documents;
mod http_requests;
mod keys;
mod openapi;
mod policies;
mod private;
mod quotas;
mod recorded;
mod routing;
mod vpc_links;
mod world;

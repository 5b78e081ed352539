//! The front door of the embedded account: the HTTP endpoint that `AWS_ENDPOINT_URL` names.
//!
//! The emulator behind it (ministack) implements most of AWS. Services that it lacks are registered here and selected by
//! the service name in the request's `SigV4` credential scope; every other request is forwarded to the emulator with its
//! `Host` header, so that signatures stay valid. The front door checks whether the policies of the caller's role allow a call
//! ([`Builder::checked`]), records every call ([`Call`]) and injects the faults that a test asks for ([`Faults`]).
//!
//! This crate implements two services, because no emulator has what a migration depends on: the control plane of API
//! Gateway's REST APIs and HTTP APIs ([`apigateway`]) with VPC links, deployments as snapshots and canaries, and the data plane that
//! serves them ([`execute_api`]).

#![allow(
    clippy::similar_names,
    clippy::struct_field_names,
    reason = "state and stage, path and patch, and fields such as authorizer_uri are API Gateway's own names"
)]

pub mod apigateway;
mod authorization;
mod calls;
mod credential_scope;
mod exchanges;
pub mod execute_api;
mod fault_answer;
mod faults;
mod listener;
mod operation;
mod proxy;
mod query;
mod request_id;
mod rest_routes;
mod server;
mod token_bucket;

pub use apigateway::{ApiGateway, LoadBalancerExists, Options, Quotas, Switch};
pub use authorization::Callers;
pub use calls::Call;
pub use exchanges::Exchange;
pub use execute_api::{Destination, ExecuteApi, FunctionCall, Functions, Resolver};
pub use faults::{Fault, Faults, Moment, Rule, Which};
pub use server::{Builder, FrontDoor, Handler};

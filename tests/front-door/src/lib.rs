//! The front door of the embedded account: what `AWS_ENDPOINT_URL` points at.
//!
//! The emulator behind it (ministack) answers most of AWS. What it lacks is registered here as services of our own and
//! found by the service name in the request's `SigV4` credential scope; everything else goes on to the emulator untouched,
//! with its `Host` header, so that signatures stay valid. On the way the front door records every call ([`Call`]) and
//! injects the faults that a test asks for ([`Faults`]).
//!
//! Two services live in this crate, because no emulator has them in the form that a migration depends on: the control
//! plane of API Gateway's REST APIs ([`apigateway`]) with VPC links, deployments as snapshots and canaries, and the data
//! plane that serves them ([`execute_api`]).

#![allow(
    clippy::similar_names,
    clippy::struct_field_names,
    reason = "state and stage, path and patch, authorizer_uri and its like are the words of API Gateway"
)]

pub mod apigateway;
mod calls;
mod credential_scope;
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
pub use calls::Call;
pub use execute_api::{ExecuteApi, Resolver};
pub use faults::{Fault, Faults, Moment, Rule, Which};
pub use server::{Builder, FrontDoor, Handler};

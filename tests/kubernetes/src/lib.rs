//! A Kubernetes cluster inside this process, for the sandbox and its tests.
//!
//! [`Cluster::start`] brings up what an EKS cluster shows to its users: an API server over TLS whose bearer tokens
//! are checked by an [`Authenticator`], stand-ins for the controllers (Deployment to Pods to `EndpointSlices`), and
//! nodes whose `nodePort`s answer on loopback addresses of their own. A Pod whose image is Traefik runs the real
//! Traefik; every other Pod is a small HTTP server that says which cluster, service and Pod answered.
//!
//! It simulates what <https://kubernetes.io/docs/reference/using-api/api-concepts/> describes, as far as kube-rs,
//! kubectl and Traefik use it. Nothing here is reachable from outside the machine: all addresses are in `127.0.0.0/8`,
//! which Linux accepts without set-up.

mod api;
mod authentication;
mod bootstrap;
mod certificates;
mod cluster;
mod controllers;
mod defaults;
mod deletion;
mod directory;
mod kinds;
mod kubelet;
mod nodes;
mod object;
mod patching;
mod path;
mod preparation;
mod proxy;
mod random;
mod schema;
mod selector;
mod services;
mod shape;
mod status;
mod store;
mod typed;
mod validation;
mod writes;

pub use authentication::{Authenticator, Identity};
pub use cluster::{Cluster, NodeSpec, Options, StartError, Taint};

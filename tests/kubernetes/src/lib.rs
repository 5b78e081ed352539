//! A Kubernetes cluster inside this process, for the sandbox and its tests.
//!
//! [`Cluster::start`] starts the parts of an EKS cluster that its users see: an API server over TLS with an
//! [`Authenticator`] for bearer tokens, stand-ins for the controllers (Deployment to Pods to `EndpointSlices`), and nodes
//! whose `nodePort`s listen on their own loopback addresses. Pods with a Traefik image run the real Traefik; all other Pods
//! are HTTP servers that answer with their cluster, service and Pod.
//!
//! [`ControlPlane::start`] starts the real one instead: etcd, kube-apiserver, kube-controller-manager and kube-scheduler, built
//! from their sources by tests/control-plane, with kwok in place of the kubelet. The contract tests run on both. With
//! [`Options::assets`] a [`Cluster`] has such a control plane: its nodes and Pods are those of this crate, which follow the API server.
//!
//! The API is that of <https://kubernetes.io/docs/reference/using-api/api-concepts/>, as far as kube-rs, kubectl and Traefik
//! use it. Nothing is reachable from outside the machine: all addresses are in `127.0.0.0/8`, which Linux accepts without
//! set-up.

mod admission;
mod api;
mod authentication;
mod bootstrap;
mod certificates;
mod cluster;
mod control_plane;
mod controllers;
mod defaults;
mod deletion;
mod directory;
mod kinds;
mod kubelet;
mod mirror;
mod nodes;
mod object;
mod observed;
mod patching;
mod path;
mod preparation;
mod process;
mod proxy;
mod random;
mod schema;
mod selector;
mod services;
mod shape;
mod start;
mod status;
mod store;
mod typed;
mod validation;
mod writes;

pub use authentication::{Authenticator, Identity};
pub use cluster::{Cluster, NodeSpec, Options, StartError, Taint};
pub use control_plane::{Assets, ControlPlane, Parts, Relay, Witness};
pub use controllers::{FargateProfile, Provisioned};

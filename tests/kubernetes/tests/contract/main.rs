//! Contract tests with the clients: kube-rs, kubectl and Traefik.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's way to fail")]

mod access;
mod applying;
mod objects;
mod support;
mod watching;
mod with_kubectl;
mod with_traefik;
mod workloads;

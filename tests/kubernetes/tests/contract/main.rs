//! Contract tests with the clients: kube-rs, kubectl and Traefik. What both servers must do alike is tested on the real
//! kube-apiserver too, where `KUBEBUILDER_ASSETS` names its programs; what Pods answer, on clusters with either of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's way to fail")]

mod access;
mod applying;
mod here;
mod objects;
mod real;
mod refusing;
mod support;
mod trials;
mod watching;
mod with_kubectl;
mod with_traefik;
mod workloads;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut tests = trials::Tests::new();
    for enter in [
        access::enter,
        applying::enter,
        objects::enter,
        refusing::enter,
        watching::enter,
        with_kubectl::enter,
        with_traefik::enter,
        workloads::enter,
    ] {
        enter(&mut tests);
    }
    tests.run(&arguments)
}

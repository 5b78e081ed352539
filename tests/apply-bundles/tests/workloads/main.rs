//! Bundles of other projects applied to the real kube-apiserver by `DeployWorkloads` as a process, where `KUBEBUILDER_ASSETS` names the
//! programs of a control plane.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's way to fail")]

mod apply;
mod arena;
mod killed;
mod landing;

use std::process::ExitCode;

use kubernetes::Assets;
use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let assets = Assets::find();
    let tests = vec![
        trial("they_land_in_one_go_are_written_once_and_leave_nothing", &assets, landing::test),
        trial("killed_ten_times_the_result_is_the_same", &assets, killed::test),
    ];
    if let Err(reason) = &assets {
        eprintln!("left out: {} tests of bundles on the real kube-apiserver: {reason}", tests.len());
    }
    libtest_mimic::run(&arguments, tests).exit_code()
}

/// A test that has failed where it panics; left out without the programs.
fn trial<T: Future<Output = ()>>(
    name: &str,
    assets: &Result<Assets, String>,
    test: impl FnOnce(Assets) -> T + Send + 'static,
) -> Trial {
    let name = format!("real::{name}");
    match assets.clone() {
        Ok(assets) => Trial::test(name, move || {
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(test(assets));
            Ok(())
        }),
        Err(reason) => Trial::test(name, move || Err(reason.into())).with_ignored_flag(true),
    }
}

//! The tests and the servers that they run on.

use std::{process::ExitCode, sync::Arc};

use kubernetes::Assets;
use libtest_mimic::{Arguments, Trial};

use crate::{here::Here, real::Real, support::Stage};

/// Every test, once for each server that it runs on.
pub(crate) struct Tests {
    trials: Vec<Trial>,
    real: Result<Arc<Real>, String>,
    left_out: usize,
}

impl Tests {
    pub(crate) fn new() -> Self {
        let real = Assets::find().map(|assets| Arc::new(Real::new(assets)));
        Self { trials: Vec::new(), real, left_out: 0 }
    }

    /// A test of the contract, on the cluster in this process and on the real API server. Without the latter's programs the
    /// second one is there as one that was left out.
    pub(crate) fn both<T: Future<Output = ()>>(&mut self, test: impl Fn(Stage) -> T + Copy + Send + 'static) {
        let name = name_of(&test);
        self.trials.push(trial(format!("here::{name}"), move || async move {
            let here = Here::start(std::path::PathBuf::new()).await;
            here.add_node(2).await;
            test(here.stage).await;
        }));
        let name = format!("real::{name}");
        let real = self.real.as_ref().ok().map(Arc::clone);
        let trial = match real {
            Some(real) => trial(name, move || async move { test(real.stage().await).await }),
            None => self.leave_out(name),
        };
        self.trials.push(trial);
    }

    /// A test of what Pods answer, on a cluster of its own: in this process, and with a real control plane, whose programs it gets.
    pub(crate) fn running<T: Future<Output = ()>>(
        &mut self,
        test: impl Fn(Option<Assets>) -> T + Copy + Send + 'static,
    ) {
        let name = name_of(&test);
        self.trials.push(trial(format!("here::{name}"), move || test(None)));
        let name = format!("real::{name}");
        let real = self.real.as_ref().ok().map(|real| real.assets());
        let trial = match real {
            Some(assets) => trial(name, move || test(Some(assets))),
            None => self.leave_out(name),
        };
        self.trials.push(trial);
    }

    fn leave_out(&mut self, name: String) -> Trial {
        self.left_out += 1;
        Trial::test(name, || Err("the programs of the control plane are missing".into())).with_ignored_flag(true)
    }

    /// Runs the tests that the command line names.
    pub(crate) fn run(self, arguments: &Arguments) -> ExitCode {
        if let Err(reason) = &self.real {
            eprintln!("left out: {} contract tests on the real kube-apiserver: {reason}", self.left_out);
        }
        let conclusion = libtest_mimic::run(arguments, self.trials);
        if let Ok(real) = self.real {
            real.stop();
        }
        conclusion.exit_code()
    }
}

/// A test that has failed where it panics, on a runtime of its own.
fn trial<T: Future<Output = ()>>(name: String, test: impl FnOnce() -> T + Send + 'static) -> Trial {
    Trial::test(name, move || {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(test());
        Ok(())
    })
}

/// Module and name of a test.
fn name_of<F>(_: &F) -> String {
    let path = std::any::type_name::<F>();
    path.split_once("::").map_or(path, |(_, name)| name).to_owned()
}

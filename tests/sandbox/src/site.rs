//! Where a story takes place: an account of its own, Bascule deployed to it, and the shop.

use std::path::{Path, PathBuf};

use kubernetes::Assets;

use crate::account::{Account, WAIT_SCALE};
use crate::error::{Context, Result};
use crate::lambdas::{self, Package};
use crate::project::Project;
use crate::python::Python;
use crate::shop::{self, Ground, Shop};
use crate::stack::{self, Stack};
use crate::world::front::Front;

/// An account that is up, with nothing in it, and what will be deployed to it. End it with [`Site::clear`].
pub struct Site {
    /// Where this repository is.
    pub project: Project,
    /// The functions.
    pub packages: Vec<Package>,
    /// The account.
    pub account: Account,
}

impl Site {
    /// Builds the functions, or takes them where `binaries` says they are, and starts an account, whose clusters have real control
    /// planes where their programs are given.
    ///
    /// # Errors
    /// When cargo or Python fails, or the account does not come up.
    pub async fn prepare(binaries: Option<&Path>, control_planes: Option<Assets>, say: &dyn Fn(&str)) -> Result<Self> {
        let project = Project::locate().await?;
        let packages = async {
            match binaries {
                Some(folder) => lambdas::take(&project, folder, say).await,
                None => lambdas::build(&project, say).await,
            }
        };
        let (python, packages) = tokio::try_join!(Python::prepare(&project, say), packages)?;
        if control_planes.is_some() {
            say("Clusters: with real control planes");
        }
        let account = Account::start(&project, &python, control_planes).await?;
        say(&format!("Account: up at {}, log in {}", account.aws.endpoint(), account.log.display()));
        Ok(Self { project, packages, account })
    }

    /// Deploys Bascule and builds the shop with these bundles beside its own. Neither needs the other, and both wait a lot.
    ///
    /// # Errors
    /// The first thing that a service refuses.
    pub async fn furnish(&self, front: Front, workloads: &[PathBuf], say: &dyn Fn(&str)) -> Result<(Stack, Shop)> {
        let ground = Ground::lay(&self.account.aws, front).await?;
        let subnets = ground.network.subnets.join(",");
        let mut parameters = vec![("Architecture", architecture()), ("LedgerDeletionProtection", "false")];
        if let Some(entrance) = &ground.entrance {
            parameters.extend([("SubnetIds", subnets.as_str()), ("SecurityGroupId", &entrance.functions)]);
        }
        let deployed = async {
            let stack = stack::deploy(&self.account.aws, &self.project, &self.packages, &parameters, WAIT_SCALE)
                .await
                .context("deploying infra/template.yaml")?;
            let functions = &self.project.functions;
            self.account
                .permissions
                .take(&self.account.aws, functions)
                .await
                .context("reading the functions' roles")?;
            say(&format!("Stack: infra/template.yaml deployed, {} resources", stack.resources.len()));
            Ok(stack)
        };
        tokio::try_join!(deployed, shop::build_on(&self.account, front, &ground, workloads, say))
    }

    /// Ends the account, with everything that runs in it.
    pub async fn clear(self) {
        self.account.stop().await;
    }
}

/// The template's parameter for the machine that built the functions.
fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }
}

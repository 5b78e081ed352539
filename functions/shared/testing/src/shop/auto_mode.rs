//! The shop whose clusters are in EKS Auto Mode beside their managed node groups, which have the targets.

use super::{BLUE, input};
use crate::{Account, migration};
use domain::plan::compute::AutoMode;
use domain::{Migration, Problem};

/// The role of the nodes that EKS makes.
pub const NODE_ROLE: &str = "arn:aws:iam::123456789012:role/auto-nodes";

impl Account {
    /// The account of this shop before its migration.
    #[must_use]
    pub fn auto_mode_shop() -> Self {
        let account = Self::shop();
        {
            let mut aws = account.aws();
            if let Some(blue) = aws.clusters.get_mut(BLUE) {
                blue.cluster.auto_mode = Some(AutoMode {
                    node_pools: ["general-purpose", "system"].map(str::to_owned).into(),
                    node_role_arn: Some(NODE_ROLE.to_owned()),
                });
            }
            aws.roles.insert("auto-nodes".to_owned(), "{}".to_owned());
            aws.auto_mode_begins(BLUE);
        }
        account
    }

    /// This shop with a migration, opened with the plan that preflight makes.
    ///
    /// # Errors
    /// Every problem of the input.
    pub fn auto_mode_opened() -> Result<(Self, Migration), Vec<Problem>> {
        let account = Self::auto_mode_shop();
        let migration = Migration { plan: account.plan(), ..migration(&input())? };
        account.enter(&migration);
        Ok((account, migration))
    }
}

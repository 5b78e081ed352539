//! The Lambda function `bascule-shift-traffic`.

use clients::Account;
use domain::{Migration, withdraw::withdraw};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    let undo = async |account: &Account, migration: &Migration| {
        // Traffic first: whoever still waits for an answer can wait a moment longer.
        let outcome = shift_traffic::undo(account, migration).await?;
        withdraw(account, &migration.id).await?;
        // Last, since nobody waits for it and production does not need it.
        shift_traffic::temporary::undo(account, migration).await?;
        Ok(outcome)
    };
    clients::serve("shift-traffic", shift_traffic::converge, undo).await
}

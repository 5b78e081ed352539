//! The Lambda function `bascule-schedule-cleanup`.

use clients::Account;
use domain::Migration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    let converge = async |account: &Account, migration: &Migration| {
        let machine = account.setting("BASCULE_CLEANUP_MACHINE_ARN")?;
        schedule_cleanup::converge(account, migration, machine, jiff::Timestamp::now()).await
    };
    clients::serve("schedule-cleanup", converge, schedule_cleanup::undo).await
}

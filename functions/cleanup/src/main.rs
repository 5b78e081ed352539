//! The Lambda function `bascule-cleanup`.

use cleanup::{begin, control_plane, edge, guard, inventory, network, nodes, undo, unknown};
use clients::Account;
use domain::{Migration, appointment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    let converge = async |account: &Account, migration: &Migration| match migration.step.as_str() {
        "guard" => guard::converge(account, migration).await,
        "edge" => {
            begin(account, migration).await?;
            edge::converge(account, migration).await
        }
        "nodes" => nodes::converge(account, migration).await,
        "control-plane" => control_plane::converge(account, migration).await,
        "network" => network::converge(account, migration).await,
        "inventory" => {
            control_plane::leave_green(account, migration).await?;
            // The schedule that started this very execution has deleted itself, and whatever else was due is void.
            appointment::cancel_all(account, migration).await?;
            inventory::converge(account, migration).await
        }
        step => Err(unknown(step)),
    };
    clients::serve("cleanup", converge, undo).await
}

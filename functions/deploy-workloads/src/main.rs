//! Applies the workloads to green.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    clients::serve_steps("deploy-workloads", deploy_workloads::converge, deploy_workloads::undo).await
}

//! The Lambda function `bascule-provision-nodes`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    clients::serve("provision-nodes", provision_nodes::converge, provision_nodes::undo).await
}

//! The Lambda function `bascule-provision-network`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    clients::serve("provision-network", provision_network::converge, provision_network::undo).await
}

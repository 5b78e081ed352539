//! The Lambda function `bascule-provision-edge`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    clients::serve_steps("provision-edge", provision_edge::converge, provision_edge::undo).await
}

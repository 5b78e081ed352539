//! The Lambda function `bascule-cleanup`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    clients::serve_steps("cleanup", cleanup::converge, cleanup::undo).await
}

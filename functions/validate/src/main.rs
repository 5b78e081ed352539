//! The Lambda function `bascule-validate`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    clients::serve_steps("validate", validate::converge, validate::undo).await
}

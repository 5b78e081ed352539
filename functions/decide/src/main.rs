//! The Lambda function `bascule-decide`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    clients::serve_handler("decide", decide::desk::handle).await
}

//! The Lambda function `bascule-preflight`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    clients::serve_handler("preflight", preflight::event::handle).await
}

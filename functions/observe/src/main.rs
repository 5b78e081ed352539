//! The Lambda function `bascule-observe`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    clients::serve_handler("observe", observe::event::handle).await
}

//! The Lambda function `bascule-request-approval`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    clients::serve_handler("request-approval", request_approval::handle).await
}

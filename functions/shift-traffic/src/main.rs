//! The Lambda function `bascule-shift-traffic`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    clients::serve_steps("shift-traffic", shift_traffic::converge, shift_traffic::undo).await
}

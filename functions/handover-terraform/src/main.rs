//! The Lambda function `bascule-handover-terraform`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    clients::serve("handover-terraform", handover_terraform::converge, handover_terraform::undo).await
}

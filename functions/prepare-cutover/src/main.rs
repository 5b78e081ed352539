//! The Lambda function `bascule-prepare-cutover`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    clients::serve("prepare-cutover", prepare_cutover::converge, prepare_cutover::undo).await
}

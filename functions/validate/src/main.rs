//! Shows that green works before people look at it.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    clients::serve("validate", validate::converge, validate::undo).await
}

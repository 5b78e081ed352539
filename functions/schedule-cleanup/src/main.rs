//! The Lambda function `bascule-schedule-cleanup`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    clients::serve("schedule-cleanup", schedule_cleanup::converge, schedule_cleanup::undo).await
}

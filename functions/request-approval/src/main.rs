//! The Lambda function `bascule-request-approval`.

use clients::{Account, Invocation};
use request_approval::{Desk, Request, ask};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), clients::Error> {
    clients::serve_handler("request-approval", async |account: &Account, request: Request, invocation: Invocation| {
        let url = account.setting("BASCULE_APPROVAL_URL")?.to_owned();
        let desk = Desk { url, decide_arn: account.setting("BASCULE_DECIDE_ARN")?.to_owned() };
        let (_, migration) = account.load(&request.migration_id, &request.step, invocation.deadline).await?;
        let asked = ask(account, &migration, request.task_token.clone(), &desk, jiff::Timestamp::now()).await;
        clients::token::answered(account, &request.task_token, asked).await
    })
    .await
}

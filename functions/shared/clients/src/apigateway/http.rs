//! API Gateway's calls for HTTP APIs (<https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/resources.html>): what
//! the ports ask of an API that [`super::kind`] found to be one. WebSocket APIs have the same calls and are not served: they are as
//! good as none.

mod apis;
mod convert;
mod definition;
#[cfg(test)]
mod members;
mod stages;
#[cfg(test)]
mod tests;

pub(super) use apis::{api, apis, connect, delete_api, export, import, methods, overwrite, tag, update_api};
pub(super) use stages::{
    create_deployment, create_stage, delete_deployment, delete_stage, deployments, stage, stages, update_stage,
};

use super::{untried, waiting};
use crate::Account;
use aws_sdk_apigatewayv2::Client;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;

/// A page, and the token of the next one.
type Page<T> = (Option<Vec<T>>, Option<String>);

fn client(account: &Account) -> Client {
    Client::new(account.config())
}

/// For reads that take long.
fn patient(account: &Account) -> Client {
    Client::new(&waiting(account))
}

/// For calls that have another effect when they are sent twice.
fn once(account: &Account) -> Client {
    Client::new(&untried(account))
}

/// Every item of a list. `ask` is given the token of a page: the SDK has no paginators for these calls.
async fn every<T, E, F>(mut ask: impl FnMut(Option<String>) -> F) -> Result<Vec<T>, SdkError<E, Response>>
where
    F: Future<Output = Result<Page<T>, SdkError<E, Response>>>,
{
    let (mut all, mut token) = (Vec::new(), None);
    loop {
        let (items, next) = Box::pin(ask(token)).await?;
        all.extend(items.into_iter().flatten());
        token = next.filter(|next| !next.is_empty());
        if token.is_none() {
            return Ok(all);
        }
    }
}

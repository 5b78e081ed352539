//! What an id is: those of REST APIs and of HTTP APIs look alike, and each kind has operations of its own. An API that has not answered
//! yet is asked for as a REST API, and as an HTTP API where there is no such REST API.

use super::http;
use crate::{Account, error::code};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use domain::PhaseError;
use domain::plan::edge::Protocol;

/// Does `rest`, and reads its answer by `read`; where the API is an HTTP API, does `http` instead. A future that is not needed is
/// dropped before it sends anything.
///
/// # Errors
/// What `read` and `http` say, and what finding out which of the two it is may answer.
pub(super) async fn either<O, E, T>(
    account: &Account,
    api: &str,
    rest: impl Future<Output = Result<O, SdkError<E, Response>>> + Send,
    read: impl FnOnce(Result<O, SdkError<E, Response>>) -> Result<T, PhaseError> + Send,
    http: impl Future<Output = Result<T, PhaseError>> + Send,
) -> Result<T, PhaseError>
where
    O: Send,
    E: ProvideErrorMetadata + Send,
{
    if account.protocol(api) != Some(Protocol::Http) {
        let answer = rest.await;
        if answer.is_ok() {
            account.remember(api, Protocol::Rest);
        }
        let is_http = match answer.as_ref().err().map(code) {
            // A REST API that is known may lack the stage or method that was asked for.
            _ if account.protocol(api).is_some() => false,
            Some("NotFoundException") => http::api(account, api).await?.is_some(),
            // IAM finds no tags of a REST API that does not exist, and denies what depends on them.
            Some("AccessDeniedException") => http::api(account, api).await.is_ok_and(|found| found.is_some()),
            _ => false,
        };
        if !is_http {
            return read(answer);
        }
    }
    http.await
}

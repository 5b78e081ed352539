//! What IAM refuses before a service sees a request.
//!
//! The caller is known by the access key of the signature. The signature itself is not verified: the emulator verifies those of
//! the services that it has.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use iam::{Accesses, Caller};

use crate::fault_answer::{self, Protocol};

/// Says whose an access key id is; `None` is nobody's.
pub type Callers = Arc<dyn Fn(String) -> BoxFuture<'static, Option<Caller>> + Send + Sync>;

/// The services whose permissions are checked, and who says whose the access keys are.
#[derive(Default)]
pub(crate) struct Authorization {
    callers: Option<Callers>,
    services: HashMap<String, Accesses>,
}

impl Authorization {
    pub(crate) fn check(&mut self, service: String, accesses: Accesses) {
        self.services.insert(service, accesses);
    }

    pub(crate) fn identify(&mut self, callers: Callers) {
        self.callers = Some(callers);
    }

    /// The answer to a request that the caller may not make.
    pub(crate) async fn refusal(
        &self,
        service: &str,
        access_key_id: Option<&str>,
        request: &http::Request<Bytes>,
    ) -> Option<http::Response<Bytes>> {
        let (callers, accesses) = (self.callers.as_ref()?, self.services.get(service)?);
        let protocol = Protocol::of(service, request.headers());
        let caller = match access_key_id {
            Some(key) => callers(key.to_owned()).await,
            None => None,
        };
        let Some(caller) = caller else { return Some(unknown(protocol)) };
        let denied = caller.require(&accesses(request.clone()).await).err()?;
        tracing::warn!(%denied, "access denied");
        Some(refused(service, protocol, &denied.to_string()))
    }
}

/// The answer to a key that is nobody's: <https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html>, and for EC2
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>.
fn unknown(protocol: Protocol) -> http::Response<Bytes> {
    let invalid = "The security token included in the request is invalid.";
    match protocol {
        Protocol::Ec2 => {
            let failed = "AWS was not able to validate the provided access credentials";
            fault_answer::error(protocol, 401, "AuthFailure", failed)
        }
        Protocol::Query => fault_answer::error(protocol, 403, "InvalidClientTokenId", invalid),
        Protocol::S3 | Protocol::Cbor | Protocol::Json => {
            fault_answer::error(protocol, 403, "UnrecognizedClientException", invalid)
        }
    }
}

/// The answer to a request that no policy allows: the common errors of the services' API references. AWS JSON answers with 400
/// (<https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html>), REST JSON with 403.
fn refused(service: &str, protocol: Protocol, message: &str) -> http::Response<Bytes> {
    match protocol {
        Protocol::Ec2 => fault_answer::error(protocol, 403, "UnauthorizedOperation", message),
        Protocol::Query | Protocol::S3 => fault_answer::error(protocol, 403, "AccessDenied", message),
        Protocol::Json if service == "servicequotas" => {
            fault_answer::error(protocol, 400, "AccessDeniedException", message)
        }
        Protocol::Json | Protocol::Cbor => fault_answer::error(protocol, 403, "AccessDeniedException", message),
    }
}

//! Conversations with API Gateway. Requests and answers have the form of the operations' pages in
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_Operations.html>, which also list the errors.

mod changes;
mod reads;

use crate::scenario::{Answer, answer, fault};
use domain::{Condition, PhaseError};

/// What API Gateway says where something is not there.
pub(super) fn missing() -> Answer {
    fault(404, "NotFoundException", "Invalid API identifier specified")
}

/// An operation that was done and has nothing to say.
fn done() -> Answer {
    answer(202, "")
}

/// Every refusal of the reference with what it means here; `stands_in_the_way` says what the two mean that tell of something else.
pub(super) fn refusals(stands_in_the_way: Condition) -> [(u16, &'static str, Condition); 7] {
    [
        (400, "BadRequestException", stands_in_the_way),
        (409, "ConflictException", stands_in_the_way),
        (403, "AccessDeniedException", Condition::Denied),
        (401, "UnauthorizedException", Condition::Denied),
        (429, "LimitExceededException", Condition::Unavailable),
        (429, "TooManyRequestsException", Condition::Unavailable),
        (503, "ServiceUnavailableException", Condition::Unavailable),
    ]
}

pub(super) fn told(error: PhaseError) -> (Condition, String) {
    (error.condition, error.message)
}

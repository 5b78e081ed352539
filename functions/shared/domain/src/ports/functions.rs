//! AWS Lambda as phases use it: the resource policies of functions
//! (<https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html>).

use crate::PhaseError;
use crate::plan::edge::InvokedFunction;
use std::future::Future;

/// The resource policies of Lambda functions.
pub trait Functions: Sync {
    /// Whether the function's policy has a statement of this id; not so where it has no policy, or is gone.
    fn is_permitted(
        &self,
        function: &InvokedFunction,
        statement: &str,
    ) -> impl Future<Output = Result<bool, PhaseError>> + Send;

    /// Lets API Gateway invoke the function for requests to an ARN of `execute-api`, by a statement of this id, which must be new.
    fn permit(
        &self,
        function: &InvokedFunction,
        statement: &str,
        source_arn: &str,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Takes the statement of this id out of the function's policy.
    fn forbid(
        &self,
        function: &InvokedFunction,
        statement: &str,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;
}

//! Who signs a request, and what refuses it.

use std::fmt;
use std::sync::Arc;

use crate::access::Access;
use crate::policy::{Decision, Policy, evaluate};

/// Whose credentials a request is signed with.
#[derive(Debug, Clone)]
pub enum Caller {
    /// The account's root user, which no identity-based policy bounds.
    Root,
    /// A session of a role.
    Session {
        /// `arn:aws:sts::account:assumed-role/role/session`.
        arn: String,
        /// The role's policies, inline and attached.
        policies: Arc<[Policy]>,
    },
}

/// An access that the caller's policies do not give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    caller: String,
    action: String,
    resource: String,
    explicitly: bool,
}

impl Caller {
    /// Whether the caller has every one of these accesses.
    ///
    /// # Errors
    /// The first that it lacks.
    pub fn require(&self, accesses: &[Access]) -> Result<(), Denied> {
        let Self::Session { arn, policies } = self else { return Ok(()) };
        for access in accesses {
            let decision = evaluate(policies, access);
            if decision != Decision::Allowed {
                return Err(Denied {
                    caller: arn.clone(),
                    action: access.action.clone(),
                    resource: access.resource.clone(),
                    explicitly: decision == Decision::ExplicitlyDenied,
                });
            }
        }
        Ok(())
    }
}

/// AWS's wording: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>; an example of API Gateway
/// is in mattclay/aws-terminator#284.
impl fmt::Display for Denied {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { caller, action, resource, .. } = self;
        write!(text, "User: {caller} is not authorized to perform: {action} on resource: {resource} ")?;
        if self.explicitly {
            write!(text, "with an explicit deny in an identity-based policy")
        } else {
            write!(text, "because no identity-based policy allows the {action} action")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ARN: &str = "arn:aws:sts::111122223333:assumed-role/ansible-core-ci-test-prod/prod=remote";

    fn session(statements: &serde_json::Value) -> Caller {
        let policy = Policy::read(&json!({ "Statement": statements })).unwrap();
        Caller::Session { arn: ARN.to_owned(), policies: [policy].into() }
    }

    #[test]
    fn a_request_needs_every_access_and_the_first_that_lacks_is_told_in_awss_words() {
        let caller = session(&json!([
            { "Effect": "Allow", "Action": "apigateway:POST", "Resource": "*" },
            { "Effect": "Deny", "Action": "apigateway:DELETE", "Resource": "*" },
        ]));
        let create = Access::new("apigateway:POST", "arn:aws:apigateway:us-east-1::/restapis");
        let tagging = "arn:aws:apigateway:us-east-1::/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2F*";
        assert_eq!(caller.require(std::slice::from_ref(&create)), Ok(()));
        let denied = caller.require(&[create, Access::new("apigateway:PUT", tagging)]).unwrap_err();
        // The text of mattclay/aws-terminator#284.
        assert_eq!(
            denied.to_string(),
            format!(
                "User: {ARN} is not authorized to perform: apigateway:PUT on resource: {tagging} because no identity-based policy \
                 allows the apigateway:PUT action"
            )
        );
        let denied = caller.require(&[Access::new("apigateway:DELETE", "*")]).unwrap_err();
        assert!(denied.to_string().ends_with("on resource: * with an explicit deny in an identity-based policy"));
    }

    #[test]
    fn no_identity_based_policy_bounds_the_root_user() {
        assert_eq!(Caller::Root.require(&[Access::new("iam:DeleteRole", "*")]), Ok(()));
    }
}

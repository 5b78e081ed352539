//! AWS Lambda: the resource policies of functions, and whether API Gateway may invoke one.

use super::{Account, Aws};
use domain::PhaseError;
use domain::pattern::is_like;
use domain::plan::edge::InvokedFunction;
use domain::ports::Functions;
use std::collections::BTreeMap;

/// A statement that lets API Gateway invoke a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// The version or alias that it is for; none for the unpublished version.
    pub qualifier: Option<String>,
    /// The ARN of `execute-api` that requests come from, with wildcards.
    pub source_arn: String,
}

/// The ARN without version or alias.
fn unqualified(function: &InvokedFunction) -> String {
    function.arn.split(':').take(7).collect::<Vec<_>>().join(":")
}

impl Aws {
    /// Whether API Gateway may invoke the function with this ARN for a stage and method of an API, or for an authorizer:
    /// `api/stage/GET/path`, `api/authorizers/id`.
    pub(super) fn may_invoke(&self, arn: &str, what: &str) -> bool {
        let function = InvokedFunction { arn: arn.to_owned(), ..InvokedFunction::default() };
        let (region, account) = function.place();
        let source = format!("arn:{}:execute-api:{region}:{account}:{what}", function.partition());
        let permissions = self.functions.get(&unqualified(&function)).into_iter().flat_map(BTreeMap::values);
        let of_version = permissions.filter(|found| found.qualifier.as_deref() == function.qualifier());
        of_version.into_iter().any(|found| is_like(&found.source_arn, &source))
    }
}

impl Functions for Account {
    async fn is_permitted(&self, function: &InvokedFunction, statement: &str) -> Result<bool, PhaseError> {
        self.read("lambda:GetPolicy", |aws| {
            let policy = aws.functions.get(&unqualified(function));
            let found = policy.and_then(|policy| policy.get(statement));
            found.is_some_and(|found| found.qualifier.as_deref() == function.qualifier())
        })
    }

    async fn permit(&self, function: &InvokedFunction, statement: &str, source_arn: &str) -> Result<(), PhaseError> {
        self.change("lambda:AddPermission", |aws| {
            let name = unqualified(function);
            if !aws.functions.contains_key(&name) {
                return Err(PhaseError::refused(format!("ResourceNotFoundException: Function not found: {name}")));
            }
            if aws.functions[&name].contains_key(statement) {
                return Err(PhaseError::conflict(format!("The statement id ({statement}) provided already exists.")));
            }
            aws.create("LambdaPermission", "", &format!("{} {statement}", function.arn));
            let permission =
                Permission { qualifier: function.qualifier().map(str::to_owned), source_arn: source_arn.to_owned() };
            aws.functions.entry(name).or_default().insert(statement.to_owned(), permission);
            Ok(())
        })
    }

    async fn forbid(&self, function: &InvokedFunction, statement: &str) -> Result<(), PhaseError> {
        self.change("lambda:RemovePermission", |aws| {
            if let Some(policy) = aws.functions.get_mut(&unqualified(function)) {
                policy.remove(statement);
            }
            Ok(())
        })
    }
}

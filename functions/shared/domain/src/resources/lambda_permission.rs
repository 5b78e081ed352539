//! Statements in the resource policies of Lambda functions: the policies name the public API, and often its production stage, so
//! that the temporary API and the stages that hold deployments B and G may invoke the functions only by statements of their own
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-lambda-function-create.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-permissions>).

use super::{rest_api::qualification, stage};
use crate::plan::edge::InvokedFunction;
use crate::ports::{Functions, Ledger};
use crate::{Kind, Migration, PhaseError, Plan, ResourceKey, Side, names, reconcile};
use serde_json::Value;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &["lambda:AddPermission", "lambda:GetPolicy", "lambda:RemovePermission"];

/// The longest id of a statement, in characters (<https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html>).
const STATEMENT: usize = 100;

/// What Bascule has that invokes a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    /// The temporary API, with its methods and its authorizers.
    Temporary,
    /// The stage of the public API that holds deployment B, or G. Authorizers are invoked for the whole API, whatever the stage.
    Keeper(Side),
}

/// Who invokes the function beside production.
fn callers(function: &InvokedFunction) -> &'static [Caller] {
    let all = &[Caller::Temporary, Caller::Keeper(Side::Blue), Caller::Keeper(Side::Green)];
    if function.methods.is_empty() { &all[..1] } else { all }
}

/// The ledger's key of the statement that lets the caller invoke the function.
fn key(migration: &Migration, function: &InvokedFunction, caller: Caller) -> ResourceKey {
    let (side, name) = match caller {
        Caller::Temporary => (Side::Temporary, qualification(migration)),
        Caller::Keeper(side) => (side, stage::keeper(migration, side).name),
    };
    let qualifier = function.qualifier().map(|qualifier| format!(":{qualifier}")).unwrap_or_default();
    ResourceKey::new(side, Kind::LambdaPermission, format!("{}{qualifier}/{name}", function.name()))
}

/// The API, or the stage of one, that invokes the function.
fn what(migration: &Migration, caller: Caller, temporary: &str) -> String {
    match caller {
        Caller::Temporary => temporary.to_owned(),
        Caller::Keeper(side) => format!("{}/{}", migration.plan.edge.api.id, stage::keeper_name(migration, side)),
    }
}

/// The ARN that API Gateway invokes the function for
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html>).
fn source_arn(function: &InvokedFunction, plan: &Plan, what: &str) -> String {
    format!("arn:{}:execute-api:{}:{}:{what}/*", function.partition(), plan.region, plan.account)
}

/// Lets the temporary API, of this id, and the stages that hold B and G invoke every function of the plan.
///
/// # Errors
/// `Refused` where a function is gone or its policy is full.
pub async fn ensure<P: Ledger + Functions>(
    ports: &P,
    migration: &Migration,
    temporary: &str,
) -> Result<(), PhaseError> {
    for function in &migration.plan.edge.functions {
        for caller in callers(function) {
            let key = key(migration, function, *caller);
            let statement = &names::for_key(&migration.id, &key, STATEMENT);
            let source = &source_arn(function, &migration.plan, &what(migration, *caller, temporary));
            let find = || async { Ok(ports.is_permitted(function, statement).await?.then(|| id(function, statement))) };
            let create = || async {
                ports.permit(function, statement, source).await?;
                Ok(id(function, statement))
            };
            reconcile::ensure(ports, migration, &key, Value::Null, find, create)
                .await
                .map_err(|error| error.during(format!("{} is invoked by {}", function.arn, function.users())))?;
        }
    }
    Ok(())
}

/// Takes the statements away again, as far as the ledger knows them.
///
/// # Errors
/// `NotReady` while Lambda still shows one.
pub async fn remove_all<P: Ledger + Functions>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    for function in &migration.plan.edge.functions {
        for caller in callers(function) {
            let key = key(migration, function, *caller);
            let statement = &names::for_key(&migration.id, &key, STATEMENT);
            let find = || async { Ok(ports.is_permitted(function, statement).await?.then(|| id(function, statement))) };
            let delete = |_: String| async move { ports.forbid(function, statement).await };
            reconcile::ensure_absent(ports, migration, &key, find, delete).await?;
        }
    }
    Ok(())
}

/// What the ledger calls a statement: a policy's statements have no ARN.
fn id(function: &InvokedFunction, statement: &str) -> String {
    format!("{} {statement}", function.arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(methods: &[&str]) -> InvokedFunction {
        InvokedFunction {
            arn: "arn:aws:lambda:eu-central-1:123456789012:function:hits:live".to_owned(),
            methods: methods.iter().map(|method| (*method).to_owned()).collect(),
            authorizers: vec!["token".to_owned()],
        }
    }

    #[test]
    fn stages_of_the_public_api_need_a_statement_for_integrations_only() {
        assert_eq!(callers(&function(&[])), [Caller::Temporary]);
        assert_eq!(callers(&function(&["GET /hits"])).len(), 3);
        let migration = Migration::behind(crate::plan::edge::Edge::default());
        let name = |caller| key(&migration, &function(&[]), caller).to_string();
        assert_eq!(name(Caller::Temporary), "RESOURCE#temporary#LambdaPermission#hits:live/qualification");
        assert_eq!(name(Caller::Keeper(Side::Green)), "RESOURCE#green#LambdaPermission#hits:live/bascule-G");
    }

    // "arn:partition:execute-api:region:account-id:api-id/stage/http-method/resource-path" for a method, and
    // ".../authorizers/authorizer-id" for an authorizer, both of the reference above.
    #[test]
    fn a_statement_is_for_all_of_an_api_or_for_one_stage() {
        let plan = Plan { region: "eu-central-1".to_owned(), account: "123456789012".to_owned(), ..Plan::default() };
        for what in ["temp1", "shop1/bascule-B-0a1b2c3d"] {
            let expected = format!("arn:aws:execute-api:eu-central-1:123456789012:{what}/*");
            assert_eq!(source_arn(&function(&[]), &plan, what), expected);
        }
    }
}

//! The functions of the machines: the phases' own entries on the account in memory, as `clients::serve` runs them in AWS.

use domain::{Invocation, Migration, Outcome, Payload, PhaseError, Step, Whole, invocation::reconcile};
use jiff::SignedDuration;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use testing::Account;

/// The name of a function's folder, such as `shift-traffic` for `ShiftTraffic`.
pub(crate) fn folder(function: &str) -> String {
    let mut name = String::new();
    for letter in function.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// The longest that a function runs.
pub(crate) const LONGEST: SignedDuration = SignedDuration::from_secs(300);

/// `Timeout` of infra/template.yaml.
pub(crate) fn timeout(function: &str) -> SignedDuration {
    match function {
        "Preflight" | "ProvisionEdge" | "HandoverTerraform" | "DeployWorkloads" | "PrepareCutover" | "ShiftTraffic"
        | "Cleanup" => LONGEST,
        "Decide" => SignedDuration::from_secs(30),
        _ => SignedDuration::from_secs(120),
    }
}

/// Runs one function.
pub(crate) async fn run(
    account: &Account,
    function: &str,
    payload: Value,
    invocation: Invocation,
) -> Result<Value, PhaseError> {
    let call = Call { account, function, payload, invocation };
    match function {
        "Preflight" => call.handle(preflight::event::handle).await,
        "ProvisionNetwork" => call.whole(provision_network::converge, provision_network::undo).await,
        "ProvisionControlPlane" => call.steps(provision_control_plane::converge, provision_control_plane::undo).await,
        "ProvisionNodes" => call.whole(provision_nodes::converge, provision_nodes::undo).await,
        "ProvisionEdge" => call.steps(provision_edge::converge, provision_edge::undo).await,
        "DeployWorkloads" => call.steps(deploy_workloads::converge, deploy_workloads::undo).await,
        "Validate" => call.steps(validate::converge, validate::undo).await,
        "RequestApproval" => call.handle(request_approval::handle).await,
        "Decide" => call.handle(decide::desk::handle).await,
        "PrepareCutover" => call.whole(prepare_cutover::converge, prepare_cutover::undo).await,
        "ShiftTraffic" => call.steps(shift_traffic::converge, shift_traffic::undo).await,
        "Observe" => call.handle(observe::event::handle).await,
        "HandoverTerraform" => call.whole(handover_terraform::converge, handover_terraform::undo).await,
        "ScheduleCleanup" => call.whole(schedule_cleanup::converge, schedule_cleanup::undo).await,
        "Cleanup" => call.steps(cleanup::converge, cleanup::undo).await,
        other => Err(PhaseError::refused(format!("there is no function {other}"))),
    }
}

struct Call<'a> {
    account: &'a Account,
    function: &'a str,
    payload: Value,
    invocation: Invocation,
}

impl Call<'_> {
    /// A handler that is no reconciler.
    async fn handle<P: DeserializeOwned, R: Serialize>(
        self,
        handler: impl AsyncFn(&Account, P, Invocation) -> Result<R, PhaseError>,
    ) -> Result<Value, PhaseError> {
        let payload = read(self.payload)?;
        let answer = Box::pin(handler(self.account, payload, self.invocation)).await?;
        Ok(serde_json::to_value(answer).unwrap())
    }

    /// A reconciler of one step.
    async fn whole(
        self,
        converge: impl AsyncFn(&Account, &Migration) -> Result<Outcome, PhaseError>,
        undo: impl AsyncFn(&Account, &Migration) -> Result<Outcome, PhaseError>,
    ) -> Result<Value, PhaseError> {
        let converge = async |account: &Account, migration: &Migration, _: Whole| converge(account, migration).await;
        let undo = async |account: &Account, migration: &Migration, _: Whole| undo(account, migration).await;
        self.steps(converge, undo).await
    }

    /// A reconciler with steps.
    async fn steps<C: Step, U: Step>(
        self,
        converge: impl AsyncFn(&Account, &Migration, C) -> Result<Outcome, PhaseError>,
        undo: impl AsyncFn(&Account, &Migration, U) -> Result<Outcome, PhaseError>,
    ) -> Result<Value, PhaseError> {
        let payload: Payload = read(self.payload)?;
        let phase = folder(self.function);
        let running = reconcile(self.account, &phase, &payload, &self.invocation, converge, undo);
        Ok(serde_json::to_value(Box::pin(running).await?).unwrap())
    }
}

fn read<P: DeserializeOwned>(payload: Value) -> Result<P, PhaseError> {
    serde_json::from_value(payload).map_err(|error| PhaseError::invalid_input(error.to_string()))
}

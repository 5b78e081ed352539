//! The ways through the machines.

use serde_json::{Value, json};

/// One way through a machine.
pub(crate) struct Case {
    /// What it shows.
    pub(crate) name: &'static str,
    pub(crate) machine: &'static str,
    /// What the Lambdas answer where it is not what makes everything go well: by `function`, `function:step` or `function:undo`.
    pub(crate) answers: Value,
    /// The states of the machine in order, those inside branches left out.
    pub(crate) way: &'static str,
    pub(crate) status: &'static str,
    /// The error of a failed execution, the outcome of one that succeeded.
    pub(crate) ends: &'static str,
    /// The reasons that rollback was started with.
    pub(crate) rollbacks: &'static [&'static str],
}

const TO_QUALIFICATION: &str =
    "Preflight DryRun? Provision Provisioned? AttachNodes DeployWorkloads ConnectEdge Validate AwaitQualification";

#[expect(clippy::too_many_lines, reason = "a table")]
pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "a migration in two steps",
            machine: "migrate",
            answers: json!({
                "shift-traffic": [{ "ok": { "share": 50, "complete": false } }, { "ok": { "share": 100, "complete": true } }],
                "observe:guard": [{ "error": "NotReady" }, { "ok": {} }],
            }),
            way: "Preflight DryRun? Provision Provisioned? AttachNodes DeployWorkloads ConnectEdge Validate AwaitQualification Qualified? CopyVolumes ValidateAgain PrepareCutover \
                  ShiftTraffic Guard Shifted? ShiftTraffic Guard Shifted? SwapTemporary Bake Baked? AdoptGreen HandoverTerraform ScheduleCleanup GreenServes",
            status: "SUCCEEDED",
            ends: "GreenServes",
            rollbacks: &[],
        },
        Case {
            name: "what fails in passing is tried again",
            machine: "migrate",
            answers: json!({
                "preflight": [{ "error": "Unavailable" }, { "error": "Unavailable" }, { "ok": { "dryRun": true } }],
            }),
            way: "Preflight DryRun? Planned",
            status: "SUCCEEDED",
            ends: "Planned",
            rollbacks: &[],
        },
        Case {
            name: "a refusal ends under its own name, with nothing to undo",
            machine: "migrate",
            answers: json!({ "preflight": { "error": "Refused" }, "shift-traffic:undo": { "ok": { "ended": true } } }),
            way: "Preflight WayBack Rejected? Failed",
            status: "FAILED",
            ends: "Refused",
            rollbacks: &["Failed", "FAILED"],
        },
        Case {
            name: "an error in a branch is data until the branches join",
            machine: "migrate",
            answers: json!({ "provision-nodes": { "error": "Denied" } }),
            way: "Preflight DryRun? Provision Provisioned? WayBack Rejected? Failed",
            status: "FAILED",
            ends: "Denied",
            rollbacks: &["Failed", "FAILED"],
        },
        Case {
            name: "errors in both branches end under the first one's name",
            machine: "migrate",
            answers: json!({ "provision-network": { "error": "Conflict" }, "provision-edge": { "error": "Denied" } }),
            way: "Preflight DryRun? Provision Provisioned? WayBack Rejected? Failed",
            status: "FAILED",
            ends: "Conflict",
            rollbacks: &["Failed", "FAILED"],
        },
        Case {
            name: "a no of people is a good end",
            machine: "migrate",
            answers: json!({ "request-approval:qualification": { "token": { "decision": "rejected" } } }),
            way: "Preflight DryRun? Provision Provisioned? AttachNodes DeployWorkloads ConnectEdge Validate AwaitQualification Qualified? \
                  WayBack Rejected? BlueServes",
            status: "SUCCEEDED",
            ends: "BlueServes",
            rollbacks: &["Rejected"],
        },
        Case {
            name: "an answer that nobody understands is not a yes",
            machine: "migrate",
            answers: json!({ "request-approval:qualification": { "token": { "decided": "approved" } } }),
            way: "Preflight DryRun? Provision Provisioned? AttachNodes DeployWorkloads ConnectEdge Validate AwaitQualification Qualified? \
                  WayBack Rejected? BlueServes",
            status: "SUCCEEDED",
            ends: "BlueServes",
            rollbacks: &["Rejected"],
        },
        Case {
            name: "a temporary API that cannot be moved to blue takes nothing back",
            machine: "migrate",
            answers: json!({ "shift-traffic:swap-temporary": { "error": "Denied" } }),
            way: "Preflight DryRun? Provision Provisioned? AttachNodes DeployWorkloads ConnectEdge Validate AwaitQualification Qualified? CopyVolumes ValidateAgain PrepareCutover \
                  ShiftTraffic Guard Shifted? SwapTemporary Bake Baked? AdoptGreen HandoverTerraform ScheduleCleanup GreenServes",
            status: "SUCCEEDED",
            ends: "GreenServes",
            rollbacks: &[],
        },
        Case {
            name: "an alarm breaks the bake",
            machine: "migrate",
            answers: json!({ "observe:bake": { "token": { "error": "GuardBreached" } } }),
            way: "Preflight DryRun? Provision Provisioned? AttachNodes DeployWorkloads ConnectEdge Validate AwaitQualification Qualified? CopyVolumes ValidateAgain PrepareCutover \
                  ShiftTraffic Guard Shifted? SwapTemporary Bake WayBack Rejected? Failed",
            status: "FAILED",
            ends: "GuardBreached",
            rollbacks: &["Failed", "FAILED"],
        },
        Case {
            name: "people who roll back while green is adopted need no operator",
            machine: "migrate",
            answers: json!({ "shift-traffic:adopt": { "error": "TurnedBack" } }),
            way: "Preflight DryRun? Provision Provisioned? AttachNodes DeployWorkloads ConnectEdge Validate AwaitQualification Qualified? CopyVolumes ValidateAgain PrepareCutover \
                  ShiftTraffic Guard Shifted? SwapTemporary Bake Baked? AdoptGreen WayBack Rejected? BlueServes",
            status: "SUCCEEDED",
            ends: "BlueServes",
            rollbacks: &["Rejected"],
        },
        Case {
            name: "a way back that fails twice asks an operator",
            machine: "migrate",
            answers: json!({ "validate": { "error": "Unhealthy" }, "provision-edge:undo": { "error": "Denied" } }),
            way: "Preflight DryRun? Provision Provisioned? AttachNodes DeployWorkloads ConnectEdge Validate WayBack Stranded",
            status: "FAILED",
            ends: "OperatorNeeded",
            rollbacks: &["Failed", "Failed", "FAILED"],
        },
        Case {
            name: "whoever stops the execution takes the way back too",
            machine: "migrate",
            answers: json!({ "request-approval:qualification": { "token": { "stop": true } } }),
            way: TO_QUALIFICATION,
            status: "ABORTED",
            ends: "",
            rollbacks: &["ABORTED"],
        },
        Case {
            name: "the way back undoes everything in reverse order",
            machine: "rollback",
            answers: json!({}),
            way: "ShiftTraffic Ended? HandoverTerraform PrepareCutover ScheduleCleanup Keep? ProvisionEdge DeployWorkloads ProvisionNodes \
                  ProvisionControlPlane ProvisionNetwork Preflight BlueServes",
            status: "SUCCEEDED",
            ends: "BlueServes",
            rollbacks: &[],
        },
        Case {
            name: "green is kept where the input says so",
            machine: "rollback",
            answers: json!({ "shift-traffic:undo": { "ok": { "ended": false, "keep": true } } }),
            way: "ShiftTraffic Ended? HandoverTerraform PrepareCutover ScheduleCleanup Keep? LeaveBlue Preflight BlueServes",
            status: "SUCCEEDED",
            ends: "BlueServes",
            rollbacks: &[],
        },
        Case {
            name: "blue is deleted after a yes",
            machine: "cleanup",
            answers: json!({ "cleanup:guard": { "ok": { "approval": true } } }),
            way: "Guard ApprovalWanted? AwaitCleanupApproval Approved? DeleteEdge DeleteNodes DeleteControlPlane DeleteNetwork Inventory Done",
            status: "SUCCEEDED",
            ends: "Done",
            rollbacks: &[],
        },
        Case {
            name: "blue is kept after a no",
            machine: "cleanup",
            answers: json!({
                "cleanup:guard": { "ok": { "approval": true } }, "request-approval:cleanup": { "token": { "decision": "rejected" } },
            }),
            way: "Guard ApprovalWanted? AwaitCleanupApproval Approved? AskOperator Stranded",
            status: "FAILED",
            ends: "OperatorNeeded",
            rollbacks: &[],
        },
        Case {
            name: "a cleanup that cannot go on stops where it is and asks",
            machine: "cleanup",
            answers: json!({ "cleanup:nodes": { "error": "Conflict" } }),
            way: "Guard ApprovalWanted? DeleteEdge DeleteNodes AskOperator Stranded",
            status: "FAILED",
            ends: "OperatorNeeded",
            rollbacks: &[],
        },
    ]
}

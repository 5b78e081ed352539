//! Reads everything a migration touches, decides the plan, and refuses early with every reason at once.
//!
//! Nothing but the ledger is changed, and a schedule is made that looks after the execution of a migration that was opened: a dry
//! run and a refusal leave the account as it was.

pub mod alarms;
pub mod compute;
pub mod edge;
pub mod estimate;
pub mod event;
pub mod identities;
pub mod makers;
pub mod terraform;
pub mod workloads;

use domain::{
    Condition, Input, Migration, MigrationId, Outcome, PhaseError, Plan, Problem, Reading, Refusal,
    input::OnAbort,
    plan::{Found, edge::Edge},
    ports::{
        Alarms, Approvals, Clock, Ledger, Messages, Migrations, Schedules, Settings, migrations::Opening,
        schedules::When,
    },
    resources::{
        schedule::{self, Occasion},
        volume_copy,
    },
    smoke::checks,
};
use serde_json::{Value, json};

/// What the parts of preflight found.
#[derive(Debug)]
pub struct Findings {
    /// Control planes, nodes and their network.
    pub compute: Found<domain::plan::compute::Compute>,
    /// Everything between the public API and the clusters.
    pub edge: Found<domain::plan::edge::Edge>,
    /// What runs on the clusters.
    pub workloads: Found<domain::plan::workloads::Workloads>,
    /// Terraform's states.
    pub terraform: Found<terraform::Managed>,
}

/// Where the migration runs.
#[derive(Debug, Clone)]
pub struct Place {
    /// The AWS Region.
    pub region: String,
    /// The AWS account.
    pub account: String,
}

impl Place {
    /// Out of the ARN of the execution: `arn:aws:states:region:account:execution:machine:name`.
    #[must_use]
    pub fn of(id: &MigrationId) -> Self {
        let part = |index| id.as_str().split(':').nth(index).unwrap_or_default().to_owned();
        Self { region: part(3), account: part(4) }
    }
}

/// Opens the migration with the plan that the findings make, or keeps the refusal.
///
/// # Errors
/// Every problem of the input and of the account together: `InvalidInput` where the input is at fault, `Conflict` where another
/// migration holds a lock, `Refused` otherwise.
pub async fn conclude<P: Migrations + Alarms + Messages>(
    ports: &P,
    id: &MigrationId,
    reading: &Reading,
    input: &Input,
    as_written: &Value,
    findings: Findings,
) -> Result<Outcome, PhaseError> {
    let place = Place::of(id);
    let held = ports.lock_holders(id, input).await?;
    // While another migration holds a lock, what else is found may be its doing, and mending that would not help.
    let condition = match (reading.problems.is_empty(), held.is_empty()) {
        (false, _) => Condition::InvalidInput,
        (true, false) => Condition::Conflict,
        (true, true) => Condition::Refused,
    };
    let found = [
        held,
        unnameable(id),
        unheard(ports, input).await?,
        alarms::problems(ports, input, &place).await?,
        findings.compute.problems.clone(),
        findings.edge.problems.clone(),
        edge::functions::problems(input, &findings.edge.facts, &place),
        incomparable(input, &findings.edge),
        findings.workloads.problems.clone(),
        findings.terraform.problems.clone(),
    ];
    let mut problems = reading.problems.clone();
    problems.extend(found.into_iter().flatten().filter(|problem| !reading.is_faulty(&problem.path)));
    if !problems.is_empty() {
        return refuse(ports, id, as_written, Refusal::new(condition, problems)).await;
    }
    open(ports, as_written, Opening { id: id.clone(), input: input.clone(), plan: plan(input, place, findings) }).await
}

/// Green is compared with blue by requests: where none is known, no step would ever pass.
fn incomparable(input: &Input, edge: &Found<Edge>) -> Vec<Problem> {
    let edges = edge.facts.per_api();
    let is_blind = input.cutover.is_analysed()
        && edges.iter().any(|edge| checks(input, edge).is_empty())
        && edge.problems.is_empty();
    let message = "green is compared with blue by requests after each step, and an API has no path without parameters that answers GET: name \
                   some in $.smoke, or set $.cutover.analysis.when to \"never\"";
    if is_blind { vec![Problem::new("$.cutover.analysis", message)] } else { Vec::new() }
}

async fn open<P: Migrations>(ports: &P, as_written: &Value, opening: Opening) -> Result<Outcome, PhaseError> {
    match ports.open(&opening).await {
        Ok(()) => Ok(Outcome::done().with("dryRun", opening.input.dry_run)),
        // Another migration took a lock since this one looked.
        Err(error) if error.condition == Condition::Conflict => {
            let held = ports.lock_holders(&opening.id, &opening.input).await?;
            if held.is_empty() {
                return Err(PhaseError::unavailable("another migration held a lock for a moment; looking again"));
            }
            refuse(ports, &opening.id, as_written, Refusal::new(Condition::Conflict, held)).await
        }
        Err(error) => Err(error),
    }
}

/// Keeps a refusal, and answers with it.
///
/// # Errors
/// The refusal.
pub async fn refuse<P: Migrations>(
    ports: &P,
    id: &MigrationId,
    as_written: &Value,
    refusal: Refusal,
) -> Result<Outcome, PhaseError> {
    ports.refuse(id, as_written, &refusal).await?;
    Err(refusal.into())
}

/// How often a schedule looks after the execution of an open migration, in minutes. EventBridge tells of most ends at once.
const LOOK: u32 = 5;

/// Has a schedule look after the execution until the migration is promoted or has gone back.
///
/// # Errors
/// Only those of the calls.
pub async fn watch<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Schedules + Settings + Clock,
{
    let until = migration.input.longest_total().after(migration.opened_at);
    let every = When::Every { minutes: LOOK, from: ports.now(), until };
    let look = json!({ "migrationId": migration.id, "watch": "execution" });
    schedule::ensure(ports, migration, Occasion::Watch, every, &ports.observe_arn()?, look).await?;
    Ok(())
}

/// People are asked through the topic, and told how to go on. A dry run tells nobody.
async fn unheard<P: Messages>(ports: &P, input: &Input) -> Result<Vec<Problem>, PhaseError> {
    if input.dry_run || ports.subscriptions().await? > 0 {
        return Ok(Vec::new());
    }
    let message = "nobody is subscribed to Bascule's topic, or the subscription is not confirmed: nobody would get the link to approve. \
                   Subscribe to the topic of the stack's output TopicArn, and confirm the message that SNS sends";
    Ok(vec![Problem::new("$", message)])
}

/// The execution's name becomes the value of a tag of everything that is created, and Elastic Load Balancing takes the fewest
/// characters there (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Tag.html>).
fn unnameable(id: &MigrationId) -> Vec<Problem> {
    let name = id.name();
    let wrong: String = name.chars().filter(|&c| !(c.is_alphanumeric() || "_.=+-@".contains(c))).collect();
    if wrong.is_empty() {
        return Vec::new();
    }
    let message = format!(
        "the name of the execution is {name:?}, and tags take none of {wrong:?}: start it under a name of letters, digits and _.=+-@"
    );
    vec![Problem::new("$", message)]
}

fn plan(input: &Input, place: Place, findings: Findings) -> Plan {
    let Findings { compute, edge, workloads, terraform } = findings;
    let deletes =
        if input.keeps_blue() { Vec::new() } else { [compute.deletes, edge.deletes, workloads.deletes].concat() };
    let makers = makers::advice(input, &compute.facts, &edge.facts);
    let mut estimate = estimate::estimate(input, &compute.facts);
    if edge.facts.service.is_some() {
        estimate::edge_after_workloads(&mut estimate);
    }
    Plan {
        region: place.region,
        account: place.account,
        creates: [compute.creates, edge.creates, workloads.creates].concat(),
        deletes: terraform.facts.left_to_terraform(deletes),
        switch: [compute.switch, edge.switch, workloads.switch].concat(),
        advice: [compute.advice, edge.advice, workloads.advice, terraform.advice, makers].concat(),
        estimate,
        compute: compute.facts,
        edge: edge.facts,
        workloads: workloads.facts,
        terraform: terraform.facts.handovers,
    }
}

/// The end of a way back: everything that the ledger knows must be absent, but for copies of volumes with data that is nowhere else, and
/// unless green is kept; then no alarm is watched any
/// more, and the migration ends and its locks with it.
///
/// # Errors
/// `Refused` with what is left.
pub async fn undo<P: Ledger + Migrations + Approvals>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    if migration.input.on_abort == OnAbort::Delete {
        let left = left(ports, migration).await?;
        if !left.is_empty() {
            return Err(PhaseError::refused(format!(
                "blue serves; still in the ledger: {}. Start the rollback machine again, or delete these by hand",
                left.join(", ")
            )));
        }
    }
    // Here and not earlier: a bake that had begun when the migration was turned back may have watched them until now.
    ports.unwatch(&migration.id, &migration.input.bake.alarms).await?;
    ports.end(migration, "BlueServes").await?;
    Ok(Outcome::done())
}

async fn left<P: Ledger>(ports: &P, migration: &Migration) -> Result<Vec<String>, PhaseError> {
    let entries = ports.entries(migration).await?;
    let kept = volume_copy::kept(&migration.plan.workloads, &entries);
    let is_kept = |entry: &domain::Entry| kept.iter().any(|(_, kept)| kept.key == entry.key);
    let left = entries.iter().filter(|entry| entry.is_live() && !is_kept(entry));
    Ok(left.map(|entry| entry.key.to_string()).collect())
}

//! Reads the states of the Terraform projects, changes nothing, and refuses hand-overs that could not end well.

mod content;
mod project;

use content::Blue;
use domain::{
    Condition, Input, PhaseError, Problem,
    plan::{Found, Planned, compute::Compute, edge::Edge, terraform::Handover},
    ports::TerraformStates,
};
use std::collections::BTreeMap;

/// What Terraform manages of what is replaced.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Managed {
    /// The hand-over of each project.
    pub handovers: Vec<Handover>,
    /// By the id or ARN of what a state manages of blue: the command by which it is deleted after the migration.
    pub destroyed_by: BTreeMap<String, String>,
}

impl Managed {
    /// The approved deletions, with those that are left to Terraform marked.
    #[must_use]
    pub fn left_to_terraform(&self, deletes: Vec<Planned>) -> Vec<Planned> {
        let command = |planned: &Planned| planned.id.as_ref().and_then(|id| self.destroyed_by.get(id)).cloned();
        deletes.into_iter().map(|planned| Planned { destroyed_by: command(&planned), ..planned }).collect()
    }
}

/// Reads the states of every project.
///
/// # Errors
/// Only those of calls that may be tried again; everything else is a problem with its JSON path.
pub async fn read<P: TerraformStates>(
    ports: &P,
    input: &Input,
    compute: &Found<Compute>,
    edge: &Found<Edge>,
) -> Result<Found<Managed>, PhaseError> {
    let mut found = Found::new(Managed::default());
    let blue = Blue::of(input, compute, edge);
    for (index, project) in input.terraform.iter().enumerate() {
        let path = format!("$.terraform[{index}]");
        project::read(ports, &path, project, &blue, &mut found).await?;
    }
    if let [first, ..] = &found.facts.handovers[..] {
        let mut names: Vec<String> =
            found.facts.handovers.iter().map(|handover| format!("s3://{}", handover.places[0].lock_id())).collect();
        names.dedup();
        found.advice.push(format!(
            "apply nothing in {} from the switch until the hand-over of {} states has ended, after the bake: an apply between them would set \
             stage and integrations back to blue. The hand-over holds Terraform's locks, waits an hour for those of others, and takes none by \
             force; its copies are beside the states, such as s3://{}.before-bascule-…",
            names.join(", "),
            found.facts.handovers.iter().map(|handover| handover.places.len()).sum::<usize>(),
            first.places[0].lock_id(),
        ));
    }
    Ok(found)
}

/// The object, or the problem with it.
async fn object<P: TerraformStates>(
    ports: &P,
    path: &str,
    place: &domain::terraform::Place,
) -> Result<Result<Option<Vec<u8>>, Problem>, PhaseError> {
    match ports.state(&place.bucket, &place.object).await {
        Ok(stored) => Ok(Ok(stored.map(|stored| stored.bytes))),
        Err(error) if error.condition == Condition::Denied => {
            let message = format!(
                "Bascule may not read it: {}. Deploy the stack with the parameter TerraformStates naming this bucket and key; where the object is \
                 encrypted under a key of AWS KMS, its policy must let the roles of bascule-preflight and bascule-handover-terraform use it. \
                 S3 also says so of an object that does not exist",
                error.message
            );
            Ok(Err(Problem::new(format!("{path}.key"), message)))
        }
        Err(error) if error.condition == Condition::Refused => {
            Ok(Err(Problem::new(format!("{path}.bucket"), format!("the bucket cannot be read: {}", error.message))))
        }
        Err(error) => Err(error),
    }
}

//! `DeployWorkloads` as a process of its own, whose time and memory can be measured: bundles come from Amazon S3, the cluster from
//! Amazon EKS, and objects go to its API server, all through the clients that the function uses, on the one thread that it has.
//! The ledger alone is simulated, in memory, and in the file that the variable `LEDGER` names where a process is to go on with what
//! another one wrote.

mod journal;
mod ports;

use std::time::Duration;

use domain::{Condition, Migration, PhaseError, plan::workloads::Bundle};
use journal::Journal;
use ports::Ports;
use serde_json::{Value, json};
use testing::Account;

/// How long one invocation may take (infra/template.yaml).
const INVOCATION: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);

/// Step Functions waits for seconds before it asks again; here only work is measured.
const PAUSE: Duration = Duration::from_millis(50);

/// How many invocations may find something that is not ready.
const MOST: u32 = 200;

/// Applies bundles until all are applied: the arguments are the cluster's name, and the URI, the SHA-256 and the number of objects
/// of each bundle. Answers how many invocations it took.
///
/// # Errors
/// What the phase ended with, or what is wrong with the arguments.
pub async fn run(mut arguments: impl Iterator<Item = String>) -> Result<Value, PhaseError> {
    let cluster = arguments.next().ok_or_else(|| PhaseError::invalid_input("expected the name of a cluster"))?;
    let bundles = bundles(&arguments.collect::<Vec<_>>())?;
    let (memory, migration) = opened(&cluster, bundles)?;
    let journal = Journal::new(std::env::var_os("LEDGER").map(Into::into));
    journal.replay(&memory, &migration).await?;
    let ports = Ports::new(memory, clients::Account::from_environment(), journal);
    for invocation in 1..=MOST {
        let migration = Migration { deadline: jiff::Timestamp::now() + INVOCATION, ..migration.clone() };
        match Box::pin(deploy_workloads::apply(&ports, &migration)).await {
            Ok(_) => return Ok(json!({ "invocations": invocation })),
            Err(error) if error.condition == Condition::NotReady => tokio::time::sleep(PAUSE).await,
            Err(error) => return Err(error),
        }
    }
    Err(PhaseError::not_ready(format!("not all was applied after {MOST} invocations")))
}

/// A migration to this cluster that preflight has planned these bundles for, without holds and hosts.
fn opened(cluster: &str, bundles: Vec<Bundle>) -> Result<(Account, Migration), PhaseError> {
    let input = testing::shop::input_with(json!({ "green": { "cluster": cluster, "version": "1.34" } }));
    let (account, mut migration) = Account::opened(&input).map_err(|problems| {
        PhaseError::invalid_input(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    })?;
    migration.plan.workloads = domain::plan::workloads::Workloads { bundles, ..Default::default() };
    Ok((account, migration))
}

fn bundles(arguments: &[String]) -> Result<Vec<Bundle>, PhaseError> {
    let read = |bundle: &[String]| match bundle {
        [uri, digest, objects] => Some(Bundle {
            uri: uri.clone(),
            version: None,
            etag: digest.clone(),
            digest: digest.clone(),
            objects: objects.parse().ok()?,
        }),
        _ => None,
    };
    let bundles: Option<Vec<Bundle>> = arguments.chunks(3).map(read).collect();
    bundles.ok_or_else(|| PhaseError::invalid_input("expected URI, SHA-256 and number of objects of each bundle"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_its_uri_its_digest_and_how_many_objects_it_has() {
        let arguments = ["s3://b/k", "00", "3"].map(str::to_owned);
        let found = bundles(&arguments).unwrap();
        assert_eq!((found[0].uri.as_str(), found[0].digest.as_str(), found[0].objects), ("s3://b/k", "00", 3));
        assert_eq!(bundles(&arguments[..2]).unwrap_err().condition, Condition::InvalidInput);
    }
}

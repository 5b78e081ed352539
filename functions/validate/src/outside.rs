//! What is on blue and not on green: objects that no bundle brings, such as those that somebody applied by hand, and that the input leaves
//! behind. They are evidence, for the people who approve.

use domain::{PhaseError, evidence::OnlyOnBlue, manifest::left, ports::KubernetesApi};

/// How many names the evidence holds.
const NAMED: usize = 50;

/// How many objects are on blue only, and the names of the first. What the cluster or a controller made is not among them.
///
/// # Errors
/// Only what the calls answer.
pub(crate) async fn only_on_blue<A: KubernetesApi>(blue: &A, green: &A) -> Result<OnlyOnBlue, PhaseError> {
    let only = left::only_on_blue(blue, green).await?;
    let mut names: Vec<String> = only.iter().map(ToString::to_string).collect();
    names.sort();
    names.truncate(NAMED);
    Ok(OnlyOnBlue { count: only.len(), names })
}

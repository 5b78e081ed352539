//! What people set on the Auto Scaling groups of blue's node groups: EKS makes green's groups, and Bascule changes nothing of them
//! but their target groups.

use domain::{PhaseError, plan::compute::Compute, ports::Scaling};

/// Advice for each group on which something is set or hung.
///
/// # Errors
/// Only what the calls answer.
pub(super) async fn advice<P: Scaling>(ports: &P, compute: &Compute) -> Result<Vec<String>, PhaseError> {
    let mut advice = Vec::new();
    if compute.existing.is_some() {
        return Ok(advice);
    }
    for group in ports.scaling_groups(&compute.blue.name).await? {
        let mut set = group.settings.clone();
        set.extend(ports.hung_on(&group.name).await?);
        if !set.is_empty() {
            advice.push(format!(
                "not copied from the Auto Scaling group {} of the node group {}, and to be set again on green's while it is qualified: {}",
                group.name,
                group.node_group,
                set.join(", ")
            ));
        }
    }
    Ok(advice)
}

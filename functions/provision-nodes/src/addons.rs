//! The add-ons that come after the nodes, such as `CoreDNS`; and once more those that came before.

use domain::{
    Migration, PhaseError,
    plan::compute::Issue,
    ports::{Addons, Ledger, clusters::AddonStatus},
    reconcile::ensure_addon,
};

/// How long an add-on may be `DEGRADED` before it counts as broken: its Pods need nodes and images first.
const PATIENCE: i64 = 15 * 60;

/// Makes the add-ons, all in one pass, and waits until every add-on is `ACTIVE`.
pub(crate) async fn ensure_active<P: Ledger + Addons>(
    ports: &P,
    migration: &Migration,
    now: jiff::Timestamp,
) -> Result<(), PhaseError> {
    let compute = &migration.plan.compute;
    let green = &compute.green.name;
    for addon in compute.addons(false) {
        ensure_addon(ports, migration, addon).await?;
    }
    let mut waiting = Vec::new();
    for addon in &compute.addons {
        match ports.addon(green, &addon.name).await? {
            None => waiting.push(format!("add-on {} is not to be seen yet", addon.name)),
            Some(found) => waiting.extend(readiness(&found, now)?),
        }
    }
    if waiting.is_empty() { Ok(()) } else { Err(PhaseError::not_ready(waiting.join("; "))) }
}

/// What is still awaited of an add-on.
fn readiness(found: &AddonStatus, now: jiff::Timestamp) -> Result<Option<String>, PhaseError> {
    let name = &found.addon.name;
    let broken = || PhaseError::unhealthy(format!("add-on {name} is {}: {}", found.status, Issue::list(&found.issues)));
    match found.status.as_str() {
        "ACTIVE" => Ok(None),
        "CREATE_FAILED" | "UPDATE_FAILED" | "DELETE_FAILED" => Err(broken()),
        "DELETING" => Err(PhaseError::conflict(format!("somebody deletes the add-on {name}"))),
        "DEGRADED" if now.duration_since(found.created_at).as_secs() > PATIENCE => Err(broken()),
        status => Ok(Some(format!("add-on {name} {status}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Condition, plan::compute::Addon};

    #[test]
    fn a_degraded_add_on_has_a_quarter_of_an_hour_to_recover() {
        let addon = |status: &str| AddonStatus {
            addon: Addon { name: "coredns".to_owned(), ..Addon::default() },
            arn: String::new(),
            status: status.to_owned(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            issues: vec![Issue { code: "InsufficientNumberOfReplicas".to_owned(), message: "no Pods".to_owned() }],
            association_arns: Vec::new(),
        };
        let at = |second| jiff::Timestamp::from_second(second).unwrap();
        assert_eq!(readiness(&addon("ACTIVE"), at(0)), Ok(None));
        assert_eq!(readiness(&addon("CREATING"), at(9_999)), Ok(Some("add-on coredns CREATING".to_owned())));
        assert_eq!(readiness(&addon("DEGRADED"), at(900)), Ok(Some("add-on coredns DEGRADED".to_owned())));
        let broken = readiness(&addon("DEGRADED"), at(901)).unwrap_err();
        assert_eq!(broken.condition, Condition::Unhealthy);
        assert_eq!(broken.message, "add-on coredns is DEGRADED: InsufficientNumberOfReplicas: no Pods");
        assert!(readiness(&addon("CREATE_FAILED"), at(1)).is_err());
    }
}

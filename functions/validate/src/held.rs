//! Whether what is held is suspended on green: a definition may not know the field, and whoever manages an object may take it back.

use domain::{
    PhaseError,
    manifest::{Live, hold},
    object::patches::keeps,
    plan::workloads::Workloads,
};

/// Every hold that lives on green is suspended.
///
/// # Errors
/// `Conflict` with the names of those that are not.
pub(crate) fn suspended(green: &Live, plan: &Workloads) -> Result<(), PhaseError> {
    let works = plan.holds().filter(|hold| {
        green.get(&hold.id).is_some_and(|live| {
            let mut as_written = live.clone();
            hold::merge(&mut as_written, &hold.resume);
            hold::suspension(&hold.id, &as_written).is_none_or(|patches| !keeps(live, &patches.suspend))
        })
    });
    let names: Vec<String> = works.map(|hold| hold.id.to_string()).collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(PhaseError::conflict(format!(
        "held, and not suspended on green: {}. Somebody or something took the suspension back, or a definition of green does not know its field; \
         keep whatever manages these from green until the switch, then start a new migration",
        names.join(", ")
    )))
}

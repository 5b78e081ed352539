//! What is wrong with the bundles, all of it.

use super::Of;
use domain::{
    Condition, PhaseError,
    manifest::{ObjectId, apply::gravest},
};
use std::collections::BTreeSet;

/// How many faults one message names.
const NAMED: usize = 40;

/// What admission looks for when a Pod by itself is created, and what it says where that is not there: nothing that the bundles bring is
/// there yet (<https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/>).
const OF_PODS: [(&str, &str); 3] = [
    ("error looking up service account", "ServiceAccount"),
    ("no PriorityClass with name", "PriorityClass"),
    ("RuntimeClass", "RuntimeClass"),
];

/// One fault.
struct Fault {
    kind: String,
    error: PhaseError,
}

/// What was found so far.
#[derive(Default)]
pub(crate) struct Faults {
    found: Vec<Fault>,
    brought: BTreeSet<(String, String)>,
}

impl Faults {
    /// Takes what was said of an object.
    pub(crate) fn add(&mut self, of: &Of<'_>, error: PhaseError) {
        let place = format!("{} in document {} of {}", of.object.id, of.object.document, of.bundle.uri);
        self.found.push(Fault { kind: of.object.id.kind.clone(), error: error.during(place) });
    }

    /// Takes what lives on blue and would be missing on green.
    pub(crate) fn lacks(&mut self, left: &BTreeSet<ObjectId>) {
        if left.is_empty() {
            return;
        }
        let more = left.len().saturating_sub(NAMED);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        let named: Vec<String> = left.iter().take(NAMED).map(ToString::to_string).collect();
        let message = format!(
            "blue has what no bundle brings and green would lack: {}{rest}. Add it to a bundle, or say in workloads.leave what stays behind: an object, its \
             namespace (Namespace/name) or its kind",
            named.join(", ")
        );
        self.found.push(Fault { kind: String::new(), error: PhaseError::refused(message) });
    }

    /// Takes who may use blue and could not use green.
    pub(crate) fn keeps_out(&mut self, who: &BTreeSet<String>) {
        if who.is_empty() {
            return;
        }
        let who: Vec<&str> = who.iter().map(String::as_str).collect();
        let message = format!(
            "blue's ConfigMap/kube-system/aws-auth lets in whom no access entry of blue does, and green would not: {}. Make an access entry for each on blue, which is \
             copied (`aws eks create-access-entry`; https://docs.aws.amazon.com/eks/latest/userguide/migrating-access-entries.html), take it out of there, or bring the \
             ConfigMap in a bundle",
            who.join(", ")
        );
        self.found.push(Fault { kind: String::new(), error: PhaseError::refused(message) });
    }

    /// Takes why volumes of blue cannot be shared.
    pub(crate) fn cannot_share(&mut self, messages: Vec<String>) {
        let faults = messages.into_iter().map(|message| Fault {
            kind: String::new(),
            error: PhaseError::refused(format!("{message}. Take it out of workloads.volumes.shared")),
        });
        self.found.extend(faults);
    }

    /// Takes note of why blue's volumes cannot be copied.
    pub(crate) fn cannot_copy(&mut self, messages: Vec<String>) {
        let faults = messages.into_iter().map(|message| Fault {
            kind: String::new(),
            error: PhaseError::refused(format!("{message}. Start a new migration, which sees what is there now")),
        });
        self.found.extend(faults);
    }

    /// Takes note of what the bundles bring.
    pub(crate) fn brings(&mut self, id: &ObjectId) {
        if OF_PODS.iter().any(|(_, kind)| *kind == id.kind) {
            self.brought.insert((id.kind.clone(), id.name.clone()));
        }
    }

    /// Whether what a Pod lacks is in the bundles.
    fn will_be_there(&self, fault: &Fault) -> bool {
        let message = &fault.error.message;
        let lacks = |(text, kind): &(&str, &str)| {
            let mut named = self.brought.iter().filter(|(brought, _)| brought == kind);
            message.contains(text) && named.any(|(_, name)| domain::word::is_named(message, name))
        };
        fault.kind == "Pod" && OF_PODS.iter().any(lacks)
    }

    /// Ends well where there are none.
    ///
    /// # Errors
    /// Every fault at once. Where some objects could not be tried, that, with the faults of the others.
    pub(crate) fn finish(self) -> Result<(), PhaseError> {
        let (retried, faults): (Vec<&Fault>, Vec<&Fault>) = self
            .found
            .iter()
            .filter(|fault| !self.will_be_there(fault))
            .partition(|fault| fault.error.condition.is_retried());
        let condition = if faults.iter().all(|fault| fault.error.condition == Condition::Conflict) {
            Condition::Conflict
        } else {
            Condition::Refused
        };
        let more = faults.len().saturating_sub(NAMED);
        let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
        let told: Vec<&str> = faults.iter().take(NAMED).map(|fault| fault.error.message.as_str()).collect();
        let told = format!("found before anything was applied: {}{rest}", told.join("; "));
        if let Some(error) = gravest(retried.into_iter().map(|fault| fault.error.clone()).collect()) {
            let known = if faults.is_empty() { String::new() } else { format!("; of the others, {told}") };
            return Err(PhaseError::new(error.condition, format!("{}{known}", error.message)));
        }
        if faults.is_empty() {
            return Ok(());
        }
        let end = "No node was built. Mend the bundles or the input, and start a new migration";
        Err(PhaseError::new(condition, format!("{told}. {end}")))
    }
}

//! Custom resources against the definitions that the bundles bring: green does not serve their kinds yet.

use super::{Of, faults::Faults};
use domain::{
    PhaseError,
    manifest::{
        Prepared,
        refusal::{defined_kind, served_versions},
        schema,
    },
};

/// Holds each custom resource against its definition, and answers those without one.
pub(super) fn against<'a>(definitions: &[Prepared], mut custom: Vec<Of<'a>>, faults: &mut Faults) -> Vec<Of<'a>> {
    // One definition at a time is parsed: some are larger than all that is made of them.
    for definition in definitions {
        let definition = definition.value();
        let Some((group, kind)) = defined_kind(&definition) else { continue };
        let is_its = |of: &Of<'_>| of.object.id.group() == group && of.object.id.kind == kind;
        let (its, others): (Vec<_>, Vec<_>) = custom.into_iter().partition(is_its);
        custom = others;
        for of in its {
            let version = of.object.id.api_version.rsplit('/').next().unwrap_or_default();
            let found = if let Some(schema) = schema::of(&definition, version) {
                schema::faults(schema, &of.object.value())
            } else {
                let served = served_versions(&definition).join(", ");
                vec![format!("its definition does not serve {version}; it serves {served}")]
            };
            for fault in found {
                faults.add(&of, PhaseError::refused(fault));
            }
        }
    }
    custom
}

//! The steps of a phase: which part of it a state of the machines runs.

use crate::PhaseError;
use std::fmt::Debug;
use strum::VariantArray;

/// An enum of the steps of one phase in one direction. Its variants' names, in kebab-case, are the `step` of the payload;
/// a variant serialized as `""` is the step of a payload that names none.
///
/// A phase whose converge and undo have different steps has an enum for each, so that a step of the one is refused in the
/// other before anything runs.
pub trait Step: VariantArray + Into<&'static str> + Copy + Debug + Send + Sync + 'static {
    /// Reads the `step` of a payload.
    ///
    /// # Errors
    /// `InvalidInput` for a step that the phase does not have, with those that it has.
    fn read(step: Option<&str>) -> Result<Self, PhaseError> {
        let wanted = step.unwrap_or_default();
        Self::VARIANTS.iter().copied().find(|known| Self::name(*known) == wanted).ok_or_else(|| {
            let known: Vec<String> = Self::VARIANTS.iter().map(|known| describe(Self::name(*known))).collect();
            PhaseError::invalid_input(format!("$.step: found {}, expected {}", describe(wanted), known.join(" or ")))
        })
    }

    /// The step as the payload has it.
    fn name(self) -> &'static str {
        self.into()
    }
}

impl<S: VariantArray + Into<&'static str> + Copy + Debug + Send + Sync + 'static> Step for S {}

fn describe(name: &str) -> String {
    if name.is_empty() { "no step".to_owned() } else { format!("{name:?}") }
}

/// The only step of a phase that has no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
pub enum Whole {
    /// All of the phase.
    #[strum(serialize = "")]
    Whole,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
    #[strum(serialize_all = "kebab-case")]
    enum Kitchen {
        #[strum(serialize = "")]
        Cook,
        WashUp,
    }

    #[test]
    fn a_step_is_read_by_its_name_and_none_is_the_first() {
        assert_eq!(Kitchen::read(None), Ok(Kitchen::Cook));
        assert_eq!(Kitchen::read(Some("wash-up")), Ok(Kitchen::WashUp));
    }

    #[test]
    fn a_step_that_the_phase_does_not_have_is_refused_with_those_that_it_has() {
        let error = Kitchen::read(Some("washup")).unwrap_err();
        assert_eq!(error, PhaseError::invalid_input("$.step: found \"washup\", expected no step or \"wash-up\""));
        let error = Whole::read(Some("leave-blue")).unwrap_err();
        assert_eq!(error, PhaseError::invalid_input("$.step: found \"leave-blue\", expected no step"));
    }
}

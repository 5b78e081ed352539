//! What phases save of their progress in the ledger, for their own next invocation and for the phases that read it.

use crate::PhaseError;
use serde::de::DeserializeOwned;
use serde_json::Value;
use strum::VariantArray as _;

/// Whose progress: a phase, by the name of its crate, or one of those that a phase keeps apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Progress {
    /// The temporary API and its URL ([`TEMPORARY_URL`]), which people who qualify green are shown.
    ProvisionEdge,
    /// How far the apply of a bundle is.
    DeployWorkloads,
    /// The evidence that people approve: what validate saw before they were asked.
    Validate,
    /// What validate saw after they had answered. What they approved stays as it was.
    ValidateAgain,
    /// Since when requests through deployment G are tried.
    PrepareCutover,
    /// How far traffic has moved: a [`crate::shift::Shift`], written by shift-traffic and by the guard of observe.
    ShiftTraffic,
    /// Whether EBS has made a volume from the first snapshot of each that green gets a copy of.
    VolumesTried,
    /// When what is held was let go on green, where its volumes were copied before: the last step is watched from then on.
    HandedOver,
    /// What both sides answered during a step of the switch or an hour of the bake: a [`crate::analysis::Comparison`], written by observe.
    Analysis,
    /// Which side answered production's requests since a step of the switch: a [`crate::reach::Reach`], written by the guard of observe.
    Reach,
    /// Which releases on one cluster only people were told of during the bake.
    Observe,
    /// Who has paused the switch: a [`crate::pause::Pause`], and nothing once it goes on.
    Pause,
    /// When people ended the bake before its time, and who: a [`crate::cut_short::CutShort`].
    CutShort,
    /// To when people moved the cleanup, and who: a [`crate::moved_cleanup::MovedCleanup`], and nothing once observe has moved it.
    MovedCleanup,
    /// How well production could be given back to blue while green serves: a [`crate::way_back::Watched`].
    WayBack,
    /// Of which ends people were told: written by observe.
    Told,
    /// How far the hand-over of Terraform's states is: the journal by which it goes on or back after a kill.
    HandoverTerraform,
    /// What the guard saw before the deletion of blue, which people who approve the deletion are shown.
    Cleanup,
}

impl Progress {
    /// As in the table: `PHASE#name`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The one of this name, where there is one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::VARIANTS.iter().copied().find(|which| which.name() == name)
    }
}

/// A progress that has a type of its own; nothing where none, or null, was saved.
///
/// # Errors
/// `Conflict` where it cannot be read.
pub fn read<T: DeserializeOwned>(which: Progress, saved: Option<Value>) -> Result<Option<T>, PhaseError> {
    serde_json::from_value(saved.unwrap_or_default())
        .map_err(|error| PhaseError::conflict(format!("the ledger's item {} cannot be read: {error}", which.name())))
}

/// The field of the temporary API's URL, in the progress of provision-edge and in the evidence of the qualification.
pub const TEMPORARY_URL: &str = "temporaryUrl";

/// The field of the URLs of the further temporary APIs, where several APIs are switched: in the order of the input.
pub const OTHER_URLS: &str = "otherTemporaryUrls";

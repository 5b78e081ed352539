//! Hands the Terraform state of blue over to green. Preflight refuses an input with `terraform` for now, so the only answer is that
//! nothing was configured.

use domain::{Migration, Outcome, PhaseError};

/// Answers `{"handover": "NotConfigured"}` where the input names no Terraform project.
///
/// # Errors
/// `Refused` where it does: the state was not touched.
#[expect(clippy::unused_async, reason = "the form of every phase")]
pub async fn converge<P>(_ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    match migration.input.terraform {
        None => Ok(Outcome::done().with("handover", "NotConfigured")),
        Some(_) => Err(PhaseError::refused(
            "handing Terraform state over is not supported yet; no state was touched. Start again without `terraform` and move \
             the addresses with `terraform state mv` and `import` blocks",
        )),
    }
}

/// Nothing was handed over, so there is nothing to take back.
///
/// # Errors
/// Never.
#[expect(clippy::unused_async, reason = "the form of every phase")]
pub async fn undo<P>(_ports: &P, _migration: &Migration) -> Result<Outcome, PhaseError> {
    Ok(Outcome::done())
}

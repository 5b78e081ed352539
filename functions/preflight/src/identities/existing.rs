//! The roles of a green that the user built: they must trust its OIDC provider already.

use super::used;
use crate::compute::roles::role_name;
use domain::{
    Limit, PhaseError, Problem,
    plan::{compute::Compute, workloads::Workloads},
    ports::{OidcProviders, Roles},
    trust_policy::{Trust, TrustPolicy},
};

/// The roles that blue's Pods get through its OIDC provider and that Pods of a green of the user's would not get through its own, whose ARN is
/// the second one.
pub(super) async fn untrusting<P: OidcProviders + Roles>(
    ports: &P,
    compute: &Compute,
    workloads: &Workloads,
    (blue, green): (&str, &str),
) -> Result<Vec<Problem>, PhaseError> {
    let refuse = |message: String| Limit::GreenDiffers.refusal("$.green.cluster", message);
    let mut problems = Vec::new();
    for (role_arn, by) in used(compute, workloads) {
        let by = by.join(", ");
        let Some(name) = role_name(&compute.blue.arn, &role_arn) else { continue };
        let Some(role) = ports.role(name).await? else {
            problems.push(refuse(format!(
                "{by} takes the role {role_arn}, which does not exist. Create it, or take what names it away"
            )));
            continue;
        };
        let says_of = |provider: &str| TrustPolicy::read(&role.trust_policy).map(|policy| policy.says_of(provider));
        let trusts = |provider: &str| !matches!(says_of(provider), None | Some(Trust::None));
        // Conditions are the user's to get right: what the role says of green's provider is not held against what it says of blue's.
        if trusts(blue) && !trusts(green) {
            problems.push(refuse(format!(
                "{by} takes the role {role_arn}, whose trust policy names blue's OIDC provider and not green's, {green}: green's Pods would not get \
                 it. Add the statement to the code that built green"
            )));
        } else if trusts(green) && ports.oidc_provider(green).await?.is_none() {
            problems.push(refuse(format!(
                "{by} takes the role {role_arn} through {green}, which IAM does not have; create it"
            )));
        }
    }
    Ok(problems)
}

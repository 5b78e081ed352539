//! The OIDC identity providers of blue's users, which green's API server is to trust too.

use super::BLUE;
use domain::{Limit, PhaseError, Problem, plan::compute::IdentityProvider, ports::IdentityProviders};

/// A cluster's configurations; what cannot be made again elsewhere is a problem.
pub(super) async fn read<P: IdentityProviders>(
    ports: &P,
    cluster: &str,
    problems: &mut Vec<Problem>,
) -> Result<Vec<IdentityProvider>, PhaseError> {
    let mut providers = Vec::new();
    for (name, kind) in ports.identity_providers(cluster).await? {
        if kind != "oidc" {
            problems.push(Limit::NotCloned.refusal(
                BLUE,
                format!("has the identity provider {name} of the type {kind}, which is not cloned; take it off, or make it on green yourself afterwards"),
            ));
            continue;
        }
        let Some(found) = ports.identity_provider(cluster, &name).await? else { continue };
        if found.status != "ACTIVE" {
            problems.push(Problem::new(
                BLUE,
                format!(
                    "its identity provider {name} is {}, expected ACTIVE; wait until EKS is done with it",
                    found.status
                ),
            ));
        }
        providers.push(found.provider);
    }
    Ok(providers)
}

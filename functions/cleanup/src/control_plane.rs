//! Blue's control plane; and, at the very end, what Bascule itself had on green.

use crate::blue::delete;
use domain::{
    Kind, Migration, Outcome, PhaseError, Side,
    plan::Planned,
    ports::{Access, Clock, Clusters, Ledger, LogGroups, Network, OidcProviders, Roles, Settings},
    reconcile::{Waiting, gone_with},
    resources::{
        access_entry, cluster, log_group, oidc_provider,
        security_group_rule::{self, FUNCTIONS_TO_KUBERNETES, has},
        trust_statement,
    },
};

/// Everything that the deletion of a control plane reaches.
pub trait Ports: Ledger + Clusters + LogGroups + Network + OidcProviders + Roles + Clock {}

impl<T> Ports for T where T: Ledger + Clusters + LogGroups + Network + OidcProviders + Roles + Clock {}

/// Deletes the rules of others that name blue's groups, since EKS leaves a cluster security group that is named
/// anywhere; then the cluster, whose add-ons, access entries and Pod Identity associations go with it; then its log group, and its OIDC
/// provider with what IAM roles say of it.
///
/// # Errors
/// `NotReady` while EKS deletes; `Conflict` where blue's name belongs to another cluster now.
pub async fn converge<P: Ports>(ports: &P, migration: &Migration) -> Result<Outcome, PhaseError> {
    remove_references(ports, migration).await?;
    let mut waiting = Waiting::default();
    for planned in migration.plan.deletes_of(Kind::Cluster) {
        let find = || find(ports, migration, planned);
        let remove = async |_| cluster::delete(ports, &planned.name).await;
        waiting.take(delete(ports, migration, planned, find, remove).await)?;
    }
    waiting.finish()?;
    // What Bascule made or changed inside the cluster, its own access entry and the holds, went with it.
    gone_with(ports, migration, Side::Blue, Kind::Cluster).await?;
    for planned in migration.plan.deletes_of(Kind::LogGroup) {
        let find = || log_group::find_approved(ports, planned);
        let remove = async |_| log_group::delete(ports, &planned.name).await;
        delete(ports, migration, planned, find, remove).await?;
    }
    remove_trust(ports, migration).await?;
    Ok(Outcome::done())
}

/// Takes out of roles' trust policies what they say of blue's OIDC provider, then deletes the provider: the tokens that it vouched for went
/// with the cluster.
async fn remove_trust<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let mut waiting = Waiting::default();
    for planned in migration.plan.deletes_of(Kind::TrustStatement) {
        let find = || trust_statement::find_approved(ports, planned);
        let remove = async |_| trust_statement::delete_approved(ports, planned).await;
        waiting.take(delete(ports, migration, planned, find, remove).await)?;
    }
    waiting.finish()?;
    for planned in migration.plan.deletes_of(Kind::OidcProvider) {
        let find = || oidc_provider::find_approved(ports, planned);
        let remove = async |arn: String| oidc_provider::delete(ports, &arn).await;
        delete(ports, migration, planned, find, remove).await?;
    }
    Ok(())
}

/// The ARN of what has the cluster's name now. A cluster that was made again has the same ARN, and another endpoint.
async fn find<P: Clusters>(ports: &P, migration: &Migration, planned: &Planned) -> Result<Option<String>, PhaseError> {
    let blue = &migration.plan.compute.blue;
    match ports.cluster(&planned.name).await? {
        Some(found) if found.cluster.endpoint != blue.endpoint => Err(PhaseError::conflict(format!(
            "the cluster {} is another one than people approved the deletion of: its endpoint is {}, and was {}",
            planned.name, found.cluster.endpoint, blue.endpoint
        ))),
        found => Ok(found.map(|found| found.cluster.arn)),
    }
}

async fn remove_references<P: Ledger + Network>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let compute = &migration.plan.compute;
    for reference in &compute.references {
        let id = security_group_rule::id(&reference.group_id, &reference.rule);
        let planned =
            migration.plan.deletes_of(Kind::SecurityGroupRule).find(|planned| planned.id.as_deref() == Some(&id));
        let Some(planned) = planned else { continue };
        let find = || async {
            let groups = ports.security_groups(&compute.blue.vpc_id).await?;
            Ok(has(&groups, &reference.group_id, &reference.rule).then(|| id.clone()))
        };
        let remove = |_| security_group_rule::delete(ports, &reference.group_id, &reference.rule);
        delete(ports, migration, planned, find, remove).await?;
    }
    Ok(())
}

/// Takes Bascule's own access entry and the way of its functions to the Kubernetes API off green: the last thing of all.
///
/// # Errors
/// `Refused` where the function was deployed without its settings.
pub async fn leave_green<P>(ports: &P, migration: &Migration) -> Result<(), PhaseError>
where
    P: Ledger + Access + Network + Settings,
{
    let compute = &migration.plan.compute;
    let role = ports.kubernetes_role_arn()?;
    // Where blue had an entry for the role that Bascule did not make, its copy belongs to the user.
    let copied = compute.existing.is_none() && compute.access_entries.iter().any(|entry| entry.principal_arn == role);
    if !copied {
        access_entry::remove_own(ports, migration, Side::Green, &role).await?;
    }
    let functions = security_group_rule::key(FUNCTIONS_TO_KUBERNETES);
    security_group_rule::remove_where(ports, migration, |key, _| *key == functions).await
}

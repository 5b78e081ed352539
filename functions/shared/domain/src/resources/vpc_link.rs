//! Green's VPC link (V1). API Gateway makes an endpoint service of the load balancer behind it, which takes minutes
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-nlb-for-vpclink-using-console.html>).

use crate::Tags;
use crate::plan::edge::VpcLink;
use crate::ports::{Ledger, VpcLinks};
use crate::{Condition, Kind, Migration, PhaseError, ResourceKey, Side, names, ownership, reconcile};
use serde_json::Value;

/// The IAM actions of the calls made here.
pub const ACTIONS: &[&str] = &[
    "apigateway:DELETE /vpclinks/*",
    "apigateway:GET /vpclinks",
    "apigateway:GET /vpclinks/*",
    "apigateway:POST /vpclinks",
];

/// The longest name given, in characters. API Gateway documents no limit.
const NAME: usize = 128;

/// The ledger's key of green's link.
#[must_use]
pub fn key(migration: &Migration) -> ResourceKey {
    ResourceKey::new(Side::Green, Kind::VpcLink, &migration.plan.edge.vpc_link.name)
}

/// The name of green's link.
#[must_use]
pub fn name(migration: &Migration) -> String {
    names::for_key(&migration.id, &key(migration), NAME)
}

/// The tags of green's link: blue's, and Bascule's.
#[must_use]
pub fn tags(migration: &Migration) -> Tags {
    ownership::tags_like(migration, Side::Green, &migration.plan.edge.vpc_link.tags)
}

/// Green's link, in whatever status.
///
/// # Errors
/// Only what the calls answer.
pub async fn find<P: VpcLinks>(ports: &P, migration: &Migration) -> Result<Option<VpcLink>, PhaseError> {
    Ok(all(ports, migration).await?.into_iter().next())
}

/// Every link of the name of green's.
async fn all<P: VpcLinks>(ports: &P, migration: &Migration) -> Result<Vec<VpcLink>, PhaseError> {
    let name = name(migration);
    let mut links = ports.vpc_links().await?;
    links.retain(|link| link.name == name);
    Ok(links)
}

/// Creates green's link to the load balancer with this ARN where there is none, and gives its id.
///
/// # Errors
/// Only what the calls answer.
pub async fn ensure<P: Ledger + VpcLinks>(
    ports: &P,
    migration: &Migration,
    load_balancer: &str,
) -> Result<String, PhaseError> {
    let (name, tags) = (&name(migration), &tags(migration));
    let key = &key(migration);
    let find = || async {
        let found = all(ports, migration).await?.into_iter().map(|link| link.id).collect();
        reconcile::chosen(ports, migration, key, found).await
    };
    let create = || ports.create_vpc_link(name, load_balancer, tags);
    let id = reconcile::ensure(ports, migration, key, Value::Null, find, create).await?;
    // Of a create that had no answer in time and was carried out all the same.
    for other in all(ports, migration).await?.iter().filter(|other| other.id != id) {
        delete(ports, &other.id).await?;
    }
    Ok(id)
}

/// Waits until a link can carry requests.
///
/// # Errors
/// `NotReady` while API Gateway works on it, `Unhealthy` where it gave up.
pub async fn ready<P: VpcLinks>(ports: &P, id: &str) -> Result<(), PhaseError> {
    match ports.vpc_link(id).await? {
        Some(link) => readiness(&link),
        None => Err(PhaseError::not_ready(format!("VPC link {id} not visible yet"))),
    }
}

fn readiness(link: &VpcLink) -> Result<(), PhaseError> {
    match link.status.as_str() {
        "AVAILABLE" => Ok(()),
        "FAILED" => Err(PhaseError::unhealthy(format!(
            "the VPC link {} to {} failed: {}",
            link.id,
            link.target_arns.join(", "),
            link.status_message
        ))),
        status => Err(PhaseError::not_ready(format!("VPC link {} {status} {}", link.id, link.status_message))),
    }
}

/// Deletes a link.
///
/// # Errors
/// `NotReady` while an integration or a stage still refers to it.
pub async fn delete<P: VpcLinks>(ports: &P, id: &str) -> Result<(), PhaseError> {
    match ports.vpc_link(id).await? {
        Some(link) if link.status != "DELETING" => ports.delete_vpc_link(id).await.map_err(|error| {
            match error.condition {
                // "Cannot delete vpc link. Vpc link '…', is referenced in […]" (klothoplatform/klotho#202): what refers to it was
                // deleted before, and API Gateway may take a moment to see that.
                Condition::Conflict => PhaseError::not_ready(error.message),
                _ => error,
            }
        }),
        _ => Ok(()),
    }
}

/// Deletes green's link, as far as the ledger knows it.
///
/// # Errors
/// As for [`delete`], and `NotReady` while API Gateway deletes.
pub async fn remove<P: Ledger + VpcLinks>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let find = || async { Ok(find(ports, migration).await?.map(|link| link.id)) };
    let delete = |id: String| async move { delete(ports, &id).await };
    reconcile::ensure_absent(ports, migration, &key(migration), find, delete).await
}

#[cfg(test)]
mod tests {
    use super::*;

    // The statuses of <https://docs.aws.amazon.com/apigateway/latest/api/API_VpcLink.html>.
    #[test]
    fn only_an_available_link_carries_requests_and_only_a_failed_one_never_will() {
        for (status, expected) in [
            ("AVAILABLE", None),
            ("PENDING", Some(Condition::NotReady)),
            ("DELETING", Some(Condition::NotReady)),
            ("FAILED", Some(Condition::Unhealthy)),
        ] {
            let link = VpcLink { status: status.to_owned(), ..VpcLink::default() };
            assert_eq!(readiness(&link).err().map(|error| error.condition), expected, "{status}");
        }
    }
}

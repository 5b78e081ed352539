//! Green's VPC link (V1): AWS makes an endpoint service of the load balancer behind it, which takes minutes
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-nlb-for-vpclink-using-console.html>).

use crate::Ports;
use domain::plan::edge::{VpcLink, keys};
use domain::reconcile::{ensure, ensure_absent};
use domain::{Condition, Migration, PhaseError, Side};
use serde_json::Value;

const NAME: usize = 128;

async fn find<P: Ports>(ports: &P, name: &str) -> Result<Option<VpcLink>, PhaseError> {
    let links = ports.vpc_links().await?;
    Ok(links.into_iter().find(|link| link.name == name))
}

/// Makes the link and gives its id once it is available.
pub(crate) async fn converge<P: Ports>(
    ports: &P,
    migration: &Migration,
    load_balancer: &str,
) -> Result<String, PhaseError> {
    let key = keys::vpc_link(migration);
    let name = &keys::name(migration, &key, NAME);
    let tags = &keys::tags(migration, Side::Green, &migration.plan.edge.vpc_link.tags);
    let look = || async { Ok(find(ports, name).await?.map(|link| link.id)) };
    let create = || ports.create_vpc_link(name, load_balancer, tags);
    let id = ensure(ports, migration, &key, Value::Null, look, create).await?;
    let link = ports.vpc_link(&id).await?.unwrap_or_default();
    match link.status.as_str() {
        "AVAILABLE" => Ok(id),
        "FAILED" => {
            Err(PhaseError::unhealthy(format!("the VPC link {id} to {load_balancer} failed: {}", link.status_message)))
        }
        status => Err(PhaseError::not_ready(format!("VPC link {id} {status} {}", link.status_message))),
    }
}

/// Deletes the link; API Gateway refuses while an API still refers to it.
pub(crate) async fn undo<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let key = keys::vpc_link(migration);
    let name = &keys::name(migration, &key, NAME);
    let look = || async { Ok(find(ports, name).await?.map(|link| link.id)) };
    let delete = |id: String| async move {
        match ports.vpc_link(&id).await? {
            None => return Ok(()),
            Some(link) if link.status == "DELETING" => return Ok(()),
            Some(_) => {}
        }
        ports.delete_vpc_link(&id).await.map_err(|error| match error.condition {
            // What refers to it was deleted before this call, and API Gateway may take a moment to see that.
            Condition::Conflict => PhaseError::not_ready(error.message),
            _ => error,
        })
    };
    ensure_absent(ports, migration, &key, look, delete).await
}

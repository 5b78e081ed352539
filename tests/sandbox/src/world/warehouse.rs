//! What the shop's API reaches beside the shop's cluster: some of its methods go through a VPC link V1 of their own to the load balancer of the
//! warehouse, which no migration replaces. In AWS that may be containers of Amazon ECS or another cluster; a small server stands in for it.

use std::net::SocketAddr;

use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::aws::Aws;
use crate::error::{Context, Result};
use crate::world::edge::{self, LoadBalancer};
use crate::world::network::Network;

/// The name that its answers have.
pub const WAREHOUSE: &str = "warehouse";
/// Paths that begin so are the warehouse's.
const PATHS: &str = "/currencies";

/// What answers; until it is dropped.
#[derive(Debug)]
pub struct Server(JoinHandle<()>);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Makes the warehouse with its load balancer and VPC link, and lets the methods of the document that are the warehouse's go there.
///
/// # Errors
/// The first thing that a service refuses.
pub async fn build(aws: &Aws, network: &Network, document: &mut Value) -> Result<Server> {
    let (server, address) = serve().await?;
    let arn = edge::load_balancer(aws, WAREHOUSE, network).await?;
    let group = edge::target_group(aws, network, WAREHOUSE, address.port(), "ip").await?;
    let id = address.ip().to_string();
    let target = [("TargetGroupArn", group.as_str()), ("Targets.member.1.Id", &id)];
    edge::elb(aws, "RegisterTargets", &target).await?;
    edge::listener(aws, &arn, "80", &group).await?;
    edge::active(aws, &arn).await?;
    let balancer = LoadBalancer { arn, target_groups: vec![group] };
    edge::healthy(aws, &balancer).await?;
    let link = edge::link(aws, WAREHOUSE, &balancer).await?;
    connect(document, &link);
    Ok(server)
}

/// Answers every request as the shop's services do.
async fn serve() -> Result<(Server, SocketAddr)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("an address for the warehouse")?;
    let address = listener.local_addr().context("the warehouse's address")?;
    let router = Router::new().fallback(async || Json(json!({ "cluster": WAREHOUSE })));
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the warehouse has closed");
        }
    });
    Ok((Server(task), address))
}

fn connect(document: &mut Value, link: &str) {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (_, item) in paths.filter(|(path, _)| path.starts_with(PATHS)) {
        for (_, method) in item.as_object_mut().into_iter().flatten() {
            method["x-amazon-apigateway-integration"]["connectionId"] = link.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::routes;

    #[test]
    fn the_warehouse_has_two_paths_and_the_shop_the_others() {
        let mut document = routes::document("shop");
        connect(&mut document, "stock");
        let of = |path: &str| document["paths"][path]["get"]["x-amazon-apigateway-integration"]["connectionId"].clone();
        assert_eq!([of("/currencies"), of("/currencies/{id}"), of("/cart")], ["stock", "stock", "shop"]);
    }
}

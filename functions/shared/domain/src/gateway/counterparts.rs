//! Which connection of green's takes the place of which of blue's.
//!
//! Through a VPC link V1 green has a link of its own. Through a VPC link V2 the link stays, which is a set of subnets and security
//! groups, and green's load balancer, or its listener, takes the place of blue's. Where a stage variable holds the link, methods
//! stay as they are and the variable changes; only where a variable cannot, the link is written out.

use super::made;
use crate::plan::edge::{Connection, Edge};
use crate::ports::Ledger;
use crate::resources::{listener, load_balancer, vpc_link};
use crate::{Migration, PhaseError};
use std::collections::BTreeMap;

/// Green's connections by blue's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counterparts(BTreeMap<Connection, Connection>);

impl Counterparts {
    /// These, blue's first.
    pub fn new(pairs: impl IntoIterator<Item = (Connection, Connection)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// Of every connection of the plan's methods, as far as green's edge is in the ledger.
    ///
    /// # Errors
    /// `Conflict` where what a connection needs of green's is not there.
    pub async fn known<P: Ledger>(ports: &P, migration: &Migration) -> Result<Self, PhaseError> {
        let edge = &migration.plan.edge;
        let mut all = BTreeMap::new();
        for blue in edge.integrations.iter().map(|method| &method.integration.connection) {
            if all.contains_key(blue) {
                continue;
            }
            let green = match blue {
                Connection::Internet => continue,
                Connection::VpcLink(_) | Connection::StageVariable(_) => {
                    Connection::VpcLink(made(ports, migration, &vpc_link::key(migration)).await?)
                }
                Connection::VpcLinkV2 { id, target } => {
                    let key = match edge.listeners.iter().find(|listener| listener.arn == *target) {
                        Some(listener) => listener::key(listener.port),
                        None => load_balancer::key(migration),
                    };
                    Connection::VpcLinkV2 { id: id.clone(), target: made(ports, migration, &key).await? }
                }
            };
            all.insert(blue.clone(), green);
        }
        Ok(Self(all))
    }

    /// Blue's connections as they are, for what shows blue.
    #[must_use]
    pub fn of_blue(edge: &Edge) -> Self {
        let connections = edge.integrations.iter().map(|method| &method.integration.connection);
        Self(connections.map(|blue| (blue.clone(), blue.clone())).collect())
    }

    /// What takes the place of this connection.
    #[must_use]
    pub fn of(&self, connection: &Connection) -> Option<&Connection> {
        self.0.get(connection)
    }

    /// The same the other way: blue's by green's.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self(self.0.iter().map(|(blue, green)| (green.clone(), blue.clone())).collect())
    }
}

//! VPC links of REST APIs.

use super::super::probes::served;
use super::super::time::Change;
use super::super::{Account, Aws, aws::pair};
use domain::plan::edge::VpcLink;
use domain::ports::VpcLinks;
use domain::ports::gateway::Method;
use domain::{PhaseError, Tags};
use std::collections::BTreeMap;

impl Aws {
    pub(crate) fn vpc_link_created(&mut self, id: &str) {
        if let Some(link) = self.links.get_mut(id).filter(|link| link.status == "PENDING") {
            "AVAILABLE".clone_into(&mut link.status);
        }
    }

    /// Whether a configuration, or what a stage serves, refers to the link.
    fn refers_to_link(&self, link: &str) -> bool {
        let none = BTreeMap::new();
        let mut configured = self.methods.values().flatten().filter_map(|method| link_of(method, &none));
        let mut served = self.stages.keys().flat_map(|(api, stage)| links_of(self, api, stage));
        configured.any(|id| id == link) || served.any(|id| id == link)
    }
}

/// The id of the link of a method on a stage with these variables.
pub(super) fn link_of(method: &Method, variables: &BTreeMap<String, String>) -> Option<String> {
    method.integration.as_ref()?.connection.vpc_link(variables)
}

/// The ARNs of the load balancers that a stage sends requests to.
pub(crate) fn balancers_of(aws: &Aws, api: &str, stage: &str) -> Vec<String> {
    let methods = served(aws, api, stage).into_iter().flat_map(|(_, methods)| methods);
    let connections = methods.filter_map(|method| method.integration.as_ref());
    let second = connections.filter_map(|integration| integration.connection.load_balancer());
    let links = links_of(aws, api, stage).into_iter().filter_map(|id| aws.links.get(&id));
    links.flat_map(|link| link.target_arns.clone()).chain(second).collect()
}

/// The ids of the links V1 that a stage sends requests through.
fn links_of(aws: &Aws, api: &str, stage: &str) -> Vec<String> {
    let Some(found) = aws.stages.get(&pair(api, stage)) else { return Vec::new() };
    let methods = served(aws, api, stage).into_iter().flat_map(|(_, methods)| methods);
    methods.filter_map(|method| link_of(method, &found.variables)).collect()
}

impl VpcLinks for Account {
    async fn vpc_link(&self, id: &str) -> Result<Option<VpcLink>, PhaseError> {
        self.read("apigateway:GetVpcLink", |aws| aws.links.get(id).cloned())
    }

    async fn vpc_links(&self) -> Result<Vec<VpcLink>, PhaseError> {
        self.read("apigateway:GetVpcLinks", |aws| aws.links.values().cloned().collect())
    }

    async fn create_vpc_link(&self, name: &str, load_balancer_arn: &str, tags: &Tags) -> Result<String, PhaseError> {
        self.change("apigateway:CreateVpcLink", |aws| {
            let id = aws.create("VpcLink", "link-", name);
            let link = VpcLink {
                id: id.clone(),
                name: name.to_owned(),
                target_arns: vec![load_balancer_arn.to_owned()],
                status: "PENDING".to_owned(),
                tags: tags.clone(),
                ..VpcLink::default()
            };
            aws.links.insert(id.clone(), link);
            aws.later(|durations| durations.vpc_link, Change::VpcLinkCreated(id.clone()));
            Ok(id)
        })
    }

    async fn delete_vpc_link(&self, id: &str) -> Result<(), PhaseError> {
        self.change("apigateway:DeleteVpcLink", |aws| {
            if aws.refers_to_link(id) {
                return Err(PhaseError::conflict(format!("Cannot delete vpc link. Vpc link '{id}', is referenced")));
            }
            if let Some(link) = aws.links.get_mut(id).filter(|link| link.status != "DELETING") {
                "DELETING".clone_into(&mut link.status);
                aws.later(|durations| durations.vpc_link_deletion, Change::VpcLinkDeleted(id.to_owned()));
            }
            Ok(())
        })
    }
}

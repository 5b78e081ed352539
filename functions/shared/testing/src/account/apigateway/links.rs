//! VPC links of REST APIs.

use super::super::probes::served;
use super::super::time::Change;
use super::super::{Account, Aws};
use domain::PhaseError;
use domain::plan::edge::VpcLink;
use domain::ports::VpcLinks;
use domain::ports::gateway::{Method, Tags};

impl Aws {
    pub(crate) fn vpc_link_created(&mut self, id: &str) {
        if let Some(link) = self.links.get_mut(id).filter(|link| link.status == "PENDING") {
            "AVAILABLE".clone_into(&mut link.status);
        }
    }

    /// Whether a configuration, or what a stage serves, refers to the link.
    fn refers_to_link(&self, link: &str) -> bool {
        let uses = |methods: &[Method]| {
            methods.iter().any(|method| method.integration.as_ref().is_some_and(|found| found.connection_id == link))
        };
        let mut stages = self.stages.keys().flat_map(|(api, stage)| served(self, api, stage));
        self.methods.values().any(|methods| uses(methods)) || stages.any(|(_, methods)| uses(methods))
    }
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

//! Launch templates.

use super::{filter, read_tags, specification, template_data, unless};
use crate::{Account, error::phase_error};
use aws_sdk_ec2::{
    operation::describe_launch_templates::DescribeLaunchTemplatesOutput,
    types::{LaunchTemplateVersion, ResourceType},
};
use domain::{
    PhaseError, Tags,
    plan::compute::LaunchTemplate,
    ports::{
        LaunchTemplates,
        network::{NewLaunchTemplate, UserDataOf},
    },
    user_data,
};

const GONE: [&str; 4] = [
    "InvalidLaunchTemplateId.NotFound",
    "InvalidLaunchTemplateId.NotFoundException",
    "InvalidLaunchTemplateId.VersionNotFound",
    "InvalidLaunchTemplateName.NotFoundException",
];

impl Account {
    async fn launch_template_version(
        &self,
        id: &str,
        version: &str,
    ) -> Result<Option<LaunchTemplateVersion>, PhaseError> {
        let answer =
            self.ec2().describe_launch_template_versions().launch_template_id(id).versions(version).send().await;
        let answer = unless(&GONE, &format!("reading the launch template {id}, version {version}"), answer)?;
        Ok(answer.and_then(|answer| answer.launch_template_versions.unwrap_or_default().into_iter().next()))
    }

    async fn launch_template_tags(&self, id: &str) -> Result<Tags, PhaseError> {
        let answer = self.ec2().describe_launch_templates().launch_template_ids(id).send().await;
        let answer = unless(&GONE, &format!("reading the launch template {id}"), answer)?;
        Ok(answer
            .iter()
            .flat_map(DescribeLaunchTemplatesOutput::launch_templates)
            .map(|found| read_tags(found.tags()))
            .next()
            .unwrap_or_default())
    }
}

impl LaunchTemplates for Account {
    async fn launch_template(
        &self,
        id: &str,
        version: &str,
        blue: &UserDataOf,
    ) -> Result<Option<LaunchTemplate>, PhaseError> {
        let Some(found) = self.launch_template_version(id, version).await? else {
            return Ok(None);
        };
        let data = found.launch_template_data();
        Ok(Some(LaunchTemplate {
            id: id.to_owned(),
            name: found.launch_template_name().unwrap_or_default().to_owned(),
            version: found.version_number().map_or_else(|| version.to_owned(), |number| number.to_string()),
            data: data.map(|data| template_data::read(data, blue)).unwrap_or_default(),
            tags: self.launch_template_tags(id).await?,
        }))
    }

    async fn own_launch_template(&self, name: &str, migration: &str) -> Result<Option<String>, PhaseError> {
        let answer = self
            .ec2()
            .describe_launch_templates()
            .filters(filter("launch-template-name", [name]))
            .filters(filter("tag:bascule:migration", [migration]))
            .send()
            .await
            .map_err(|error| phase_error(&format!("looking for the launch template {name}"), &error))?;
        let own = answer.launch_templates().iter().find(|found| {
            found.launch_template_name() == Some(name)
                && read_tags(found.tags()).get("bascule:migration").is_some_and(|value| value == migration)
        });
        Ok(own.and_then(|found| found.launch_template_id().map(ToOwned::to_owned)))
    }

    async fn create_launch_template(&self, request: &NewLaunchTemplate) -> Result<String, PhaseError> {
        let context = format!("creating the launch template {}", request.name);
        let mut data = template_data::write(&request.data);
        if let Some((id, version)) = &request.user_data_of {
            let original = self.launch_template_version(id, version).await?;
            let user_data = original.and_then(|found| found.launch_template_data).and_then(|data| data.user_data);
            let digest = user_data.as_deref().map(user_data::digest);
            if digest != request.data.user_data_sha256 {
                return Err(PhaseError::conflict(format!(
                    "{context}: version {version} of {id} is not what the plan saw"
                )));
            }
            let of_green = |text| {
                user_data::of_green(text, request.data.join.as_ref(), request.clusters.as_ref(), &request.replace)
            };
            let user_data = user_data.map(of_green).transpose();
            let unclear = |why| PhaseError::conflict(format!("{context} like version {version} of {id}: {why}"));
            data = data.set_user_data(user_data.map_err(unclear)?);
        }
        self.ec2()
            .create_launch_template()
            .client_token(&request.token)
            .launch_template_name(&request.name)
            .launch_template_data(data.build())
            .tag_specifications(specification(ResourceType::LaunchTemplate, &request.tags))
            .send()
            .await
            .map_err(|error| phase_error(&context, &error))?
            .launch_template
            .and_then(|template| template.launch_template_id)
            .ok_or_else(|| PhaseError::unavailable(format!("{context}: EC2 answered without an id")))
    }

    async fn delete_launch_template(&self, id: &str) -> Result<(), PhaseError> {
        let answer = self.ec2().delete_launch_template().launch_template_id(id).send().await;
        unless(&GONE, &format!("deleting the launch template {id}"), answer).map(drop)
    }
}

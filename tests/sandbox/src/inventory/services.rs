//! IAM and the schedules.

use http::Method;

use crate::aws::Aws;
use crate::error::Result;
use crate::inventory::Resource;

pub(super) async fn all(aws: &Aws) -> Result<Vec<Resource>> {
    let mut all = Vec::new();
    for role in aws.query("iam", "2010-05-08", "ListRoles", &[]).await?.list("Roles") {
        all.push(Resource::new(
            "Role",
            role.value("Arn").unwrap_or_default(),
            role.value("RoleName").unwrap_or_default(),
        ));
    }
    for provider in
        aws.query("iam", "2010-05-08", "ListOpenIDConnectProviders", &[]).await?.list("OpenIDConnectProviderList")
    {
        all.push(Resource::new("OpenIdConnectProvider", provider.value("Arn").unwrap_or_default(), ""));
    }
    let schedules = aws.rest("scheduler", Method::GET, "/schedules", None).await?;
    for schedule in schedules["Schedules"].as_array().into_iter().flatten() {
        let text = |field: &str| schedule[field].as_str().unwrap_or_default().to_owned();
        all.push(Resource::new("Schedule", text("Arn"), text("Name")));
    }
    Ok(all)
}

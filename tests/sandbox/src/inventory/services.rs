//! IAM and the schedules.

use http::Method;

use crate::aws::Aws;
use crate::error::Result;
use crate::inventory::Resource;
use crate::inventory::clusters::tag;
use crate::world::irsa;

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
        let arn = provider.value("Arn").unwrap_or_default();
        let parameters = [("OpenIDConnectProviderArn", arn.as_str())];
        let provider = aws.query("iam", "2010-05-08", "GetOpenIDConnectProvider", &parameters).await?;
        let cluster = tag(&provider, irsa::TAG).unwrap_or_default();
        all.push(Resource::new("OpenIdConnectProvider", arn, cluster));
    }
    let schedules = aws.rest("scheduler", Method::GET, "/schedules", None).await?;
    for schedule in schedules["Schedules"].as_array().into_iter().flatten() {
        let text = |field: &str| schedule[field].as_str().unwrap_or_default().to_owned();
        all.push(Resource::new("Schedule", text("Arn"), text("Name")));
    }
    Ok(all)
}

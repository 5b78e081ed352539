//! Operations of REST services, which are identified by HTTP method and path.
//!
//! The templates are those of the services' API references (`{}` stands for one path segment), as the AWS SDK sends them.

use crate::query;

/// Method, path template, operation.
pub(crate) type Route = (&'static str, &'static str, &'static str);

/// The operation of a method and a path, and the percent-encoded segments that match the template's `{}`.
pub(crate) fn find<'path>(routes: &[Route], method: &str, path: &'path str) -> Option<(&'static str, Vec<&'path str>)> {
    routes
        .iter()
        .filter(|(wanted, _, _)| *wanted == method)
        .find_map(|(_, template, operation)| Some((*operation, labels(template, path)?)))
}

fn labels<'path>(template: &str, path: &'path str) -> Option<Vec<&'path str>> {
    let mut found = Vec::new();
    let mut segments = path.trim_end_matches('/').split('/');
    for wanted in template.split('/') {
        let segment = segments.next()?;
        if wanted == "{}" && !segment.is_empty() {
            found.push(segment);
        } else if wanted != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(found)
}

/// `ImportRestApi` has the method and path of `CreateRestApi` and differs by `mode=import` in the query.
pub(crate) fn with_mode<'name>(operation: &'name str, query: Option<&str>) -> &'name str {
    let imports = query.and_then(|query| query::value(query, "mode")).as_deref() == Some("import");
    if operation == "CreateRestApi" && imports { "ImportRestApi" } else { operation }
}

/// Amazon API Gateway, REST APIs: what is served here, and `CreateRestApi`.
pub(crate) const APIGATEWAY: &[Route] = &[
    ("POST", "/apikeys", "CreateApiKey"),
    ("POST", "/domainnames/{}/basepathmappings", "CreateBasePathMapping"),
    ("POST", "/restapis/{}/deployments", "CreateDeployment"),
    ("POST", "/domainnames", "CreateDomainName"),
    ("POST", "/restapis", "CreateRestApi"),
    ("POST", "/restapis/{}/stages", "CreateStage"),
    ("POST", "/usageplans", "CreateUsagePlan"),
    ("POST", "/usageplans/{}/keys", "CreateUsagePlanKey"),
    ("POST", "/vpclinks", "CreateVpcLink"),
    ("DELETE", "/restapis/{}/deployments/{}", "DeleteDeployment"),
    ("DELETE", "/restapis/{}", "DeleteRestApi"),
    ("DELETE", "/restapis/{}/stages/{}", "DeleteStage"),
    ("DELETE", "/usageplans/{}", "DeleteUsagePlan"),
    ("DELETE", "/vpclinks/{}", "DeleteVpcLink"),
    ("GET", "/apikeys/{}", "GetApiKey"),
    ("GET", "/apikeys", "GetApiKeys"),
    ("GET", "/restapis/{}/authorizers/{}", "GetAuthorizer"),
    ("GET", "/restapis/{}/authorizers", "GetAuthorizers"),
    ("GET", "/domainnames/{}/basepathmappings/{}", "GetBasePathMapping"),
    ("GET", "/domainnames/{}/basepathmappings", "GetBasePathMappings"),
    ("GET", "/restapis/{}/deployments/{}", "GetDeployment"),
    ("GET", "/restapis/{}/deployments", "GetDeployments"),
    ("GET", "/domainnames/{}", "GetDomainName"),
    ("GET", "/domainnames", "GetDomainNames"),
    ("GET", "/restapis/{}/stages/{}/exports/{}", "GetExport"),
    ("GET", "/restapis/{}/gatewayresponses/{}", "GetGatewayResponse"),
    ("GET", "/restapis/{}/gatewayresponses", "GetGatewayResponses"),
    ("GET", "/restapis/{}/resources/{}/methods/{}/integration", "GetIntegration"),
    ("GET", "/restapis/{}/resources/{}/methods/{}/integration/responses/{}", "GetIntegrationResponse"),
    ("GET", "/restapis/{}/resources/{}/methods/{}", "GetMethod"),
    ("GET", "/restapis/{}/resources/{}/methods/{}/responses/{}", "GetMethodResponse"),
    ("GET", "/restapis/{}/models/{}", "GetModel"),
    ("GET", "/restapis/{}/models", "GetModels"),
    ("GET", "/restapis/{}/requestvalidators/{}", "GetRequestValidator"),
    ("GET", "/restapis/{}/requestvalidators", "GetRequestValidators"),
    ("GET", "/restapis/{}/resources/{}", "GetResource"),
    ("GET", "/restapis/{}/resources", "GetResources"),
    ("GET", "/restapis/{}", "GetRestApi"),
    ("GET", "/restapis", "GetRestApis"),
    ("GET", "/restapis/{}/stages/{}", "GetStage"),
    ("GET", "/restapis/{}/stages", "GetStages"),
    ("GET", "/tags/{}", "GetTags"),
    ("GET", "/usageplans/{}", "GetUsagePlan"),
    ("GET", "/usageplans/{}/keys/{}", "GetUsagePlanKey"),
    ("GET", "/usageplans/{}/keys", "GetUsagePlanKeys"),
    ("GET", "/usageplans", "GetUsagePlans"),
    ("GET", "/vpclinks/{}", "GetVpcLink"),
    ("GET", "/vpclinks", "GetVpcLinks"),
    ("PUT", "/restapis/{}", "PutRestApi"),
    ("PUT", "/tags/{}", "TagResource"),
    ("PATCH", "/restapis/{}/resources/{}/methods/{}/integration", "UpdateIntegration"),
    ("PATCH", "/restapis/{}", "UpdateRestApi"),
    ("PATCH", "/restapis/{}/stages/{}", "UpdateStage"),
    ("PATCH", "/usageplans/{}", "UpdateUsagePlan"),
];

/// Amazon API Gateway V2, HTTP APIs: what is served here. It has the signing name of the REST APIs, and paths of its own.
pub(crate) const APIGATEWAY_V2: &[Route] = &[
    ("POST", "/v2/apis", "CreateApi"),
    ("POST", "/v2/domainnames/{}/apimappings", "CreateApiMapping"),
    ("POST", "/v2/apis/{}/deployments", "CreateDeployment"),
    ("POST", "/v2/apis/{}/integrations", "CreateIntegration"),
    ("POST", "/v2/apis/{}/routes", "CreateRoute"),
    ("POST", "/v2/apis/{}/stages", "CreateStage"),
    ("POST", "/v2/vpclinks", "CreateVpcLink"),
    ("DELETE", "/v2/apis/{}", "DeleteApi"),
    ("DELETE", "/v2/apis/{}/deployments/{}", "DeleteDeployment"),
    ("DELETE", "/v2/apis/{}/integrations/{}", "DeleteIntegration"),
    ("DELETE", "/v2/apis/{}/routes/{}", "DeleteRoute"),
    ("DELETE", "/v2/apis/{}/stages/{}", "DeleteStage"),
    ("DELETE", "/v2/vpclinks/{}", "DeleteVpcLink"),
    ("GET", "/v2/apis/{}/exports/{}", "ExportApi"),
    ("GET", "/v2/apis/{}", "GetApi"),
    ("GET", "/v2/domainnames/{}/apimappings", "GetApiMappings"),
    ("GET", "/v2/apis", "GetApis"),
    ("GET", "/v2/apis/{}/authorizers/{}", "GetAuthorizer"),
    ("GET", "/v2/apis/{}/authorizers", "GetAuthorizers"),
    ("GET", "/v2/apis/{}/deployments/{}", "GetDeployment"),
    ("GET", "/v2/apis/{}/deployments", "GetDeployments"),
    ("GET", "/v2/apis/{}/integrations/{}", "GetIntegration"),
    ("GET", "/v2/apis/{}/integrations", "GetIntegrations"),
    ("GET", "/v2/apis/{}/routes/{}", "GetRoute"),
    ("GET", "/v2/apis/{}/routes", "GetRoutes"),
    ("GET", "/v2/apis/{}/stages/{}", "GetStage"),
    ("GET", "/v2/apis/{}/stages", "GetStages"),
    ("GET", "/v2/tags/{}", "GetTags"),
    ("GET", "/v2/vpclinks/{}", "GetVpcLink"),
    ("GET", "/v2/vpclinks", "GetVpcLinks"),
    ("PUT", "/v2/apis", "ImportApi"),
    ("PUT", "/v2/apis/{}", "ReimportApi"),
    ("POST", "/v2/tags/{}", "TagResource"),
    ("DELETE", "/v2/tags/{}", "UntagResource"),
    ("PATCH", "/v2/apis/{}", "UpdateApi"),
    ("PATCH", "/v2/apis/{}/integrations/{}", "UpdateIntegration"),
    ("PATCH", "/v2/apis/{}/routes/{}", "UpdateRoute"),
    ("PATCH", "/v2/apis/{}/stages/{}", "UpdateStage"),
];

/// What a path under API Gateway's signing name belongs to: REST APIs, or V2.
pub(crate) fn of_apigateway(path: &str) -> &'static [Route] {
    if is_v2(path) { APIGATEWAY_V2 } else { APIGATEWAY }
}

/// Whether a path is one of API Gateway V2.
pub(crate) fn is_v2(path: &str) -> bool {
    path.starts_with("/v2/")
}

/// Amazon EKS, as far as it is simulated.
pub(crate) const EKS: &[Route] = &[
    ("POST", "/clusters/{}/access-entries/{}/access-policies", "AssociateAccessPolicy"),
    ("DELETE", "/clusters/{}/access-entries/{}/access-policies/{}", "DisassociateAccessPolicy"),
    ("POST", "/clusters/{}/access-entries", "CreateAccessEntry"),
    ("POST", "/clusters/{}/addons", "CreateAddon"),
    ("POST", "/clusters", "CreateCluster"),
    ("POST", "/clusters/{}/fargate-profiles", "CreateFargateProfile"),
    ("POST", "/clusters/{}/node-groups", "CreateNodegroup"),
    ("POST", "/clusters/{}/pod-identity-associations", "CreatePodIdentityAssociation"),
    ("DELETE", "/clusters/{}/access-entries/{}", "DeleteAccessEntry"),
    ("DELETE", "/clusters/{}/addons/{}", "DeleteAddon"),
    ("DELETE", "/clusters/{}", "DeleteCluster"),
    ("DELETE", "/clusters/{}/fargate-profiles/{}", "DeleteFargateProfile"),
    ("DELETE", "/clusters/{}/node-groups/{}", "DeleteNodegroup"),
    ("GET", "/clusters/{}/access-entries/{}", "DescribeAccessEntry"),
    ("GET", "/clusters/{}/addons/{}", "DescribeAddon"),
    ("GET", "/addons/supported-versions", "DescribeAddonVersions"),
    ("GET", "/clusters/{}", "DescribeCluster"),
    ("GET", "/cluster-versions", "DescribeClusterVersions"),
    ("GET", "/clusters/{}/fargate-profiles/{}", "DescribeFargateProfile"),
    ("GET", "/clusters/{}/node-groups/{}", "DescribeNodegroup"),
    ("GET", "/clusters/{}/pod-identity-associations/{}", "DescribePodIdentityAssociation"),
    ("GET", "/clusters/{}/access-entries", "ListAccessEntries"),
    ("GET", "/clusters/{}/addons", "ListAddons"),
    ("GET", "/clusters/{}/access-entries/{}/access-policies", "ListAssociatedAccessPolicies"),
    ("GET", "/clusters", "ListClusters"),
    ("GET", "/clusters/{}/fargate-profiles", "ListFargateProfiles"),
    ("GET", "/clusters/{}/node-groups", "ListNodegroups"),
    ("GET", "/clusters/{}/pod-identity-associations", "ListPodIdentityAssociations"),
    ("GET", "/tags/{}", "ListTagsForResource"),
    ("POST", "/clusters/{}/update-config", "UpdateClusterConfig"),
    ("POST", "/clusters/{}/node-groups/{}/update-config", "UpdateNodegroupConfig"),
];

/// Amazon EventBridge Scheduler.
pub(crate) const SCHEDULER: &[Route] = &[
    ("POST", "/schedules/{}", "CreateSchedule"),
    ("POST", "/schedule-groups/{}", "CreateScheduleGroup"),
    ("DELETE", "/schedules/{}", "DeleteSchedule"),
    ("DELETE", "/schedule-groups/{}", "DeleteScheduleGroup"),
    ("GET", "/schedules/{}", "GetSchedule"),
    ("GET", "/schedule-groups/{}", "GetScheduleGroup"),
    ("GET", "/schedule-groups", "ListScheduleGroups"),
    ("GET", "/schedules", "ListSchedules"),
    ("GET", "/tags/{}", "ListTagsForResource"),
    ("POST", "/tags/{}", "TagResource"),
    ("DELETE", "/tags/{}", "UntagResource"),
    ("PUT", "/schedules/{}", "UpdateSchedule"),
];

/// AWS Lambda: the operations that Bascule, the sandbox and CloudFormation call.
pub(crate) const LAMBDA: &[Route] = &[
    ("POST", "/2015-03-31/functions", "CreateFunction"),
    ("GET", "/2015-03-31/functions", "ListFunctions"),
    ("GET", "/2015-03-31/functions/{}", "GetFunction"),
    ("DELETE", "/2015-03-31/functions/{}", "DeleteFunction"),
    ("GET", "/2015-03-31/functions/{}/configuration", "GetFunctionConfiguration"),
    ("PUT", "/2015-03-31/functions/{}/configuration", "UpdateFunctionConfiguration"),
    ("PUT", "/2015-03-31/functions/{}/code", "UpdateFunctionCode"),
    ("POST", "/2015-03-31/functions/{}/invocations", "Invoke"),
    ("POST", "/2015-03-31/functions/{}/versions", "PublishVersion"),
    ("GET", "/2015-03-31/functions/{}/versions", "ListVersionsByFunction"),
    ("POST", "/2015-03-31/functions/{}/policy", "AddPermission"),
    ("GET", "/2015-03-31/functions/{}/policy", "GetPolicy"),
    ("DELETE", "/2015-03-31/functions/{}/policy/{}", "RemovePermission"),
    ("GET", "/2021-10-31/functions/{}/url", "GetFunctionUrlConfig"),
    ("POST", "/2021-10-31/functions/{}/url", "CreateFunctionUrlConfig"),
    ("GET", "/2017-03-31/tags/{}", "ListTags"),
    ("POST", "/2017-03-31/tags/{}", "TagResource"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_the_segments_where_the_template_leaves_room() {
        let found = find(APIGATEWAY, "PATCH", "/restapis/abc/stages/prod");
        assert_eq!(found, Some(("UpdateStage", vec!["abc", "prod"])));
    }

    #[test]
    fn a_literal_segment_is_no_label() {
        let found = find(EKS, "GET", "/addons/supported-versions");
        assert_eq!(found.map(|(operation, _)| operation), Some("DescribeAddonVersions"));
    }

    #[test]
    fn an_encoded_slash_stays_inside_its_segment() {
        let found = find(APIGATEWAY, "GET", "/tags/arn%3Aaws%3Aapigateway%3Ar%3A%3A%2Frestapis%2Fabc");
        assert_eq!(found, Some(("GetTags", vec!["arn%3Aaws%3Aapigateway%3Ar%3A%3A%2Frestapis%2Fabc"])));
    }

    #[test]
    fn a_path_says_of_which_version_of_api_gateway_it_is() {
        let of = |path| find(of_apigateway(path), "PATCH", path).map(|(operation, labels)| (operation, labels.len()));
        assert_eq!(of("/v2/apis/abc/integrations/def"), Some(("UpdateIntegration", 2)));
        assert_eq!(of("/restapis/abc/resources/def/methods/GET/integration"), Some(("UpdateIntegration", 3)));
        assert_eq!(of("/v2/restapis/abc"), None);
    }

    #[test]
    fn an_unknown_path_is_no_operation() {
        assert_eq!(find(APIGATEWAY, "GET", "/restapis/abc/nothing"), None);
        assert_eq!(find(EKS, "PATCH", "/clusters"), None);
    }
}

//! Which operation a REST call is: services without an action name in the request are known by method and path.
//!
//! The templates are those of the services' API references (`{}` stands for one path segment), as the AWS SDK sends them.

/// Method, path template, operation.
pub(crate) type Route = (&'static str, &'static str, &'static str);

/// The operation of a method and a path, and the raw (still encoded) segments that stand where the template has `{}`.
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

/// Amazon API Gateway, REST APIs (`ImportRestApi` and `ImportApiKeys` differ from the creates by their query only).
pub(crate) const APIGATEWAY: &[Route] = &[
    ("POST", "/apikeys", "CreateApiKey"),
    ("POST", "/restapis/{}/authorizers", "CreateAuthorizer"),
    ("POST", "/domainnames/{}/basepathmappings", "CreateBasePathMapping"),
    ("POST", "/restapis/{}/deployments", "CreateDeployment"),
    ("POST", "/restapis/{}/documentation/parts", "CreateDocumentationPart"),
    ("POST", "/restapis/{}/documentation/versions", "CreateDocumentationVersion"),
    ("POST", "/domainnames", "CreateDomainName"),
    ("POST", "/domainnameaccessassociations", "CreateDomainNameAccessAssociation"),
    ("POST", "/restapis/{}/models", "CreateModel"),
    ("POST", "/restapis/{}/requestvalidators", "CreateRequestValidator"),
    ("POST", "/restapis/{}/resources/{}", "CreateResource"),
    ("POST", "/restapis", "CreateRestApi"),
    ("POST", "/restapis/{}/stages", "CreateStage"),
    ("POST", "/usageplans", "CreateUsagePlan"),
    ("POST", "/usageplans/{}/keys", "CreateUsagePlanKey"),
    ("POST", "/vpclinks", "CreateVpcLink"),
    ("DELETE", "/apikeys/{}", "DeleteApiKey"),
    ("DELETE", "/restapis/{}/authorizers/{}", "DeleteAuthorizer"),
    ("DELETE", "/domainnames/{}/basepathmappings/{}", "DeleteBasePathMapping"),
    ("DELETE", "/clientcertificates/{}", "DeleteClientCertificate"),
    ("DELETE", "/restapis/{}/deployments/{}", "DeleteDeployment"),
    ("DELETE", "/restapis/{}/documentation/parts/{}", "DeleteDocumentationPart"),
    ("DELETE", "/restapis/{}/documentation/versions/{}", "DeleteDocumentationVersion"),
    ("DELETE", "/domainnames/{}", "DeleteDomainName"),
    ("DELETE", "/domainnameaccessassociations/{}", "DeleteDomainNameAccessAssociation"),
    ("DELETE", "/restapis/{}/gatewayresponses/{}", "DeleteGatewayResponse"),
    ("DELETE", "/restapis/{}/resources/{}/methods/{}/integration", "DeleteIntegration"),
    ("DELETE", "/restapis/{}/resources/{}/methods/{}/integration/responses/{}", "DeleteIntegrationResponse"),
    ("DELETE", "/restapis/{}/resources/{}/methods/{}", "DeleteMethod"),
    ("DELETE", "/restapis/{}/resources/{}/methods/{}/responses/{}", "DeleteMethodResponse"),
    ("DELETE", "/restapis/{}/models/{}", "DeleteModel"),
    ("DELETE", "/restapis/{}/requestvalidators/{}", "DeleteRequestValidator"),
    ("DELETE", "/restapis/{}/resources/{}", "DeleteResource"),
    ("DELETE", "/restapis/{}", "DeleteRestApi"),
    ("DELETE", "/restapis/{}/stages/{}", "DeleteStage"),
    ("DELETE", "/usageplans/{}", "DeleteUsagePlan"),
    ("DELETE", "/usageplans/{}/keys/{}", "DeleteUsagePlanKey"),
    ("DELETE", "/vpclinks/{}", "DeleteVpcLink"),
    ("DELETE", "/restapis/{}/stages/{}/cache/authorizers", "FlushStageAuthorizersCache"),
    ("DELETE", "/restapis/{}/stages/{}/cache/data", "FlushStageCache"),
    ("POST", "/clientcertificates", "GenerateClientCertificate"),
    ("GET", "/account", "GetAccount"),
    ("GET", "/apikeys/{}", "GetApiKey"),
    ("GET", "/apikeys", "GetApiKeys"),
    ("GET", "/restapis/{}/authorizers/{}", "GetAuthorizer"),
    ("GET", "/restapis/{}/authorizers", "GetAuthorizers"),
    ("GET", "/domainnames/{}/basepathmappings/{}", "GetBasePathMapping"),
    ("GET", "/domainnames/{}/basepathmappings", "GetBasePathMappings"),
    ("GET", "/clientcertificates/{}", "GetClientCertificate"),
    ("GET", "/clientcertificates", "GetClientCertificates"),
    ("GET", "/restapis/{}/deployments/{}", "GetDeployment"),
    ("GET", "/restapis/{}/deployments", "GetDeployments"),
    ("GET", "/restapis/{}/documentation/parts/{}", "GetDocumentationPart"),
    ("GET", "/restapis/{}/documentation/parts", "GetDocumentationParts"),
    ("GET", "/restapis/{}/documentation/versions/{}", "GetDocumentationVersion"),
    ("GET", "/restapis/{}/documentation/versions", "GetDocumentationVersions"),
    ("GET", "/domainnames/{}", "GetDomainName"),
    ("GET", "/domainnameaccessassociations", "GetDomainNameAccessAssociations"),
    ("GET", "/domainnames", "GetDomainNames"),
    ("GET", "/restapis/{}/stages/{}/exports/{}", "GetExport"),
    ("GET", "/restapis/{}/gatewayresponses/{}", "GetGatewayResponse"),
    ("GET", "/restapis/{}/gatewayresponses", "GetGatewayResponses"),
    ("GET", "/restapis/{}/resources/{}/methods/{}/integration", "GetIntegration"),
    ("GET", "/restapis/{}/resources/{}/methods/{}/integration/responses/{}", "GetIntegrationResponse"),
    ("GET", "/restapis/{}/resources/{}/methods/{}", "GetMethod"),
    ("GET", "/restapis/{}/resources/{}/methods/{}/responses/{}", "GetMethodResponse"),
    ("GET", "/restapis/{}/models/{}", "GetModel"),
    ("GET", "/restapis/{}/models/{}/default_template", "GetModelTemplate"),
    ("GET", "/restapis/{}/models", "GetModels"),
    ("GET", "/restapis/{}/requestvalidators/{}", "GetRequestValidator"),
    ("GET", "/restapis/{}/requestvalidators", "GetRequestValidators"),
    ("GET", "/restapis/{}/resources/{}", "GetResource"),
    ("GET", "/restapis/{}/resources", "GetResources"),
    ("GET", "/restapis/{}", "GetRestApi"),
    ("GET", "/restapis", "GetRestApis"),
    ("GET", "/restapis/{}/stages/{}/sdks/{}", "GetSdk"),
    ("GET", "/sdktypes/{}", "GetSdkType"),
    ("GET", "/sdktypes", "GetSdkTypes"),
    ("GET", "/restapis/{}/stages/{}", "GetStage"),
    ("GET", "/restapis/{}/stages", "GetStages"),
    ("GET", "/tags/{}", "GetTags"),
    ("GET", "/usageplans/{}/usage", "GetUsage"),
    ("GET", "/usageplans/{}", "GetUsagePlan"),
    ("GET", "/usageplans/{}/keys/{}", "GetUsagePlanKey"),
    ("GET", "/usageplans/{}/keys", "GetUsagePlanKeys"),
    ("GET", "/usageplans", "GetUsagePlans"),
    ("GET", "/vpclinks/{}", "GetVpcLink"),
    ("GET", "/vpclinks", "GetVpcLinks"),
    ("PUT", "/restapis/{}/documentation/parts", "ImportDocumentationParts"),
    ("PUT", "/restapis/{}/gatewayresponses/{}", "PutGatewayResponse"),
    ("PUT", "/restapis/{}/resources/{}/methods/{}/integration", "PutIntegration"),
    ("PUT", "/restapis/{}/resources/{}/methods/{}/integration/responses/{}", "PutIntegrationResponse"),
    ("PUT", "/restapis/{}/resources/{}/methods/{}", "PutMethod"),
    ("PUT", "/restapis/{}/resources/{}/methods/{}/responses/{}", "PutMethodResponse"),
    ("PUT", "/restapis/{}", "PutRestApi"),
    ("POST", "/rejectdomainnameaccessassociations", "RejectDomainNameAccessAssociation"),
    ("PUT", "/tags/{}", "TagResource"),
    ("POST", "/restapis/{}/authorizers/{}", "TestInvokeAuthorizer"),
    ("POST", "/restapis/{}/resources/{}/methods/{}", "TestInvokeMethod"),
    ("DELETE", "/tags/{}", "UntagResource"),
    ("PATCH", "/account", "UpdateAccount"),
    ("PATCH", "/apikeys/{}", "UpdateApiKey"),
    ("PATCH", "/restapis/{}/authorizers/{}", "UpdateAuthorizer"),
    ("PATCH", "/domainnames/{}/basepathmappings/{}", "UpdateBasePathMapping"),
    ("PATCH", "/clientcertificates/{}", "UpdateClientCertificate"),
    ("PATCH", "/restapis/{}/deployments/{}", "UpdateDeployment"),
    ("PATCH", "/restapis/{}/documentation/parts/{}", "UpdateDocumentationPart"),
    ("PATCH", "/restapis/{}/documentation/versions/{}", "UpdateDocumentationVersion"),
    ("PATCH", "/domainnames/{}", "UpdateDomainName"),
    ("PATCH", "/restapis/{}/gatewayresponses/{}", "UpdateGatewayResponse"),
    ("PATCH", "/restapis/{}/resources/{}/methods/{}/integration", "UpdateIntegration"),
    ("PATCH", "/restapis/{}/resources/{}/methods/{}/integration/responses/{}", "UpdateIntegrationResponse"),
    ("PATCH", "/restapis/{}/resources/{}/methods/{}", "UpdateMethod"),
    ("PATCH", "/restapis/{}/resources/{}/methods/{}/responses/{}", "UpdateMethodResponse"),
    ("PATCH", "/restapis/{}/models/{}", "UpdateModel"),
    ("PATCH", "/restapis/{}/requestvalidators/{}", "UpdateRequestValidator"),
    ("PATCH", "/restapis/{}/resources/{}", "UpdateResource"),
    ("PATCH", "/restapis/{}", "UpdateRestApi"),
    ("PATCH", "/restapis/{}/stages/{}", "UpdateStage"),
    ("PATCH", "/usageplans/{}/keys/{}/usage", "UpdateUsage"),
    ("PATCH", "/usageplans/{}", "UpdateUsagePlan"),
    ("PATCH", "/vpclinks/{}", "UpdateVpcLink"),
];

/// Amazon EKS.
pub(crate) const EKS: &[Route] = &[
    ("POST", "/clusters/{}/certificate-authorities/{}/activate", "ActivateCertificateAuthority"),
    ("POST", "/clusters/{}/access-entries/{}/access-policies", "AssociateAccessPolicy"),
    ("POST", "/clusters/{}/encryption-config/associate", "AssociateEncryptionConfig"),
    ("POST", "/clusters/{}/identity-provider-configs/associate", "AssociateIdentityProviderConfig"),
    ("POST", "/clusters/{}/updates/{}/cancel-update", "CancelUpdate"),
    ("POST", "/clusters/{}/access-entries", "CreateAccessEntry"),
    ("POST", "/clusters/{}/addons", "CreateAddon"),
    ("POST", "/clusters/{}/capabilities", "CreateCapability"),
    ("POST", "/clusters/{}/certificate-authorities", "CreateCertificateAuthority"),
    ("POST", "/clusters", "CreateCluster"),
    ("POST", "/eks-anywhere-subscriptions", "CreateEksAnywhereSubscription"),
    ("POST", "/clusters/{}/fargate-profiles", "CreateFargateProfile"),
    ("POST", "/clusters/{}/node-groups", "CreateNodegroup"),
    ("POST", "/clusters/{}/pod-identity-associations", "CreatePodIdentityAssociation"),
    ("DELETE", "/clusters/{}/access-entries/{}", "DeleteAccessEntry"),
    ("DELETE", "/clusters/{}/addons/{}", "DeleteAddon"),
    ("DELETE", "/clusters/{}/capabilities/{}", "DeleteCapability"),
    ("DELETE", "/clusters/{}/certificate-authorities/{}", "DeleteCertificateAuthority"),
    ("DELETE", "/clusters/{}", "DeleteCluster"),
    ("DELETE", "/eks-anywhere-subscriptions/{}", "DeleteEksAnywhereSubscription"),
    ("DELETE", "/clusters/{}/fargate-profiles/{}", "DeleteFargateProfile"),
    ("DELETE", "/clusters/{}/node-groups/{}", "DeleteNodegroup"),
    ("DELETE", "/clusters/{}/pod-identity-associations/{}", "DeletePodIdentityAssociation"),
    ("DELETE", "/cluster-registrations/{}", "DeregisterCluster"),
    ("GET", "/clusters/{}/access-entries/{}", "DescribeAccessEntry"),
    ("GET", "/clusters/{}/addons/{}", "DescribeAddon"),
    ("GET", "/addons/configuration-schemas", "DescribeAddonConfiguration"),
    ("GET", "/addons/supported-versions", "DescribeAddonVersions"),
    ("GET", "/clusters/{}/capabilities/{}", "DescribeCapability"),
    ("GET", "/clusters/{}/certificate-authorities/{}", "DescribeCertificateAuthority"),
    ("GET", "/clusters/{}", "DescribeCluster"),
    ("GET", "/cluster-versions", "DescribeClusterVersions"),
    ("GET", "/eks-anywhere-subscriptions/{}", "DescribeEksAnywhereSubscription"),
    ("GET", "/clusters/{}/fargate-profiles/{}", "DescribeFargateProfile"),
    ("POST", "/clusters/{}/identity-provider-configs/describe", "DescribeIdentityProviderConfig"),
    ("GET", "/clusters/{}/insights/{}", "DescribeInsight"),
    ("GET", "/clusters/{}/insights-refresh", "DescribeInsightsRefresh"),
    ("GET", "/clusters/{}/node-groups/{}", "DescribeNodegroup"),
    ("GET", "/clusters/{}/pod-identity-associations/{}", "DescribePodIdentityAssociation"),
    ("GET", "/clusters/{}/updates/{}", "DescribeUpdate"),
    ("DELETE", "/clusters/{}/access-entries/{}/access-policies/{}", "DisassociateAccessPolicy"),
    ("POST", "/clusters/{}/identity-provider-configs/disassociate", "DisassociateIdentityProviderConfig"),
    ("GET", "/clusters/{}/access-entries", "ListAccessEntries"),
    ("GET", "/access-policies", "ListAccessPolicies"),
    ("GET", "/clusters/{}/addons", "ListAddons"),
    ("GET", "/clusters/{}/access-entries/{}/access-policies", "ListAssociatedAccessPolicies"),
    ("GET", "/clusters/{}/capabilities", "ListCapabilities"),
    ("GET", "/clusters/{}/certificate-authorities", "ListCertificateAuthorities"),
    ("GET", "/clusters", "ListClusters"),
    ("GET", "/eks-anywhere-subscriptions", "ListEksAnywhereSubscriptions"),
    ("GET", "/clusters/{}/fargate-profiles", "ListFargateProfiles"),
    ("GET", "/clusters/{}/identity-provider-configs", "ListIdentityProviderConfigs"),
    ("POST", "/clusters/{}/insights", "ListInsights"),
    ("GET", "/clusters/{}/node-groups", "ListNodegroups"),
    ("GET", "/clusters/{}/pod-identity-associations", "ListPodIdentityAssociations"),
    ("GET", "/tags/{}", "ListTagsForResource"),
    ("GET", "/clusters/{}/updates", "ListUpdates"),
    ("POST", "/cluster-registrations", "RegisterCluster"),
    ("POST", "/clusters/{}/insights-refresh", "StartInsightsRefresh"),
    ("POST", "/tags/{}", "TagResource"),
    ("DELETE", "/tags/{}", "UntagResource"),
    ("POST", "/clusters/{}/access-entries/{}", "UpdateAccessEntry"),
    ("POST", "/clusters/{}/addons/{}/update", "UpdateAddon"),
    ("POST", "/clusters/{}/capabilities/{}", "UpdateCapability"),
    ("POST", "/clusters/{}/update-config", "UpdateClusterConfig"),
    ("POST", "/clusters/{}/updates", "UpdateClusterVersion"),
    ("POST", "/eks-anywhere-subscriptions/{}", "UpdateEksAnywhereSubscription"),
    ("POST", "/clusters/{}/node-groups/{}/update-config", "UpdateNodegroupConfig"),
    ("POST", "/clusters/{}/node-groups/{}/update-version", "UpdateNodegroupVersion"),
    ("POST", "/clusters/{}/pod-identity-associations/{}", "UpdatePodIdentityAssociation"),
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

/// AWS Lambda, as far as the embedded account is asked.
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
        let found = find(APIGATEWAY, "GET", "/restapis/abc/documentation/parts");
        assert_eq!(found.map(|(operation, _)| operation), Some("GetDocumentationParts"));
    }

    #[test]
    fn an_encoded_slash_stays_inside_its_segment() {
        let found = find(APIGATEWAY, "GET", "/tags/arn%3Aaws%3Aapigateway%3Ar%3A%3A%2Frestapis%2Fabc");
        assert_eq!(found, Some(("GetTags", vec!["arn%3Aaws%3Aapigateway%3Ar%3A%3A%2Frestapis%2Fabc"])));
    }

    #[test]
    fn an_unknown_path_is_no_operation() {
        assert_eq!(find(APIGATEWAY, "GET", "/restapis/abc/nothing"), None);
        assert_eq!(find(EKS, "PATCH", "/clusters"), None);
    }
}

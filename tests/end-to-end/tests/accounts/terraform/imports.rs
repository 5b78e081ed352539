//! What a user's Terraform manages of the shop, with the id by which the provider imports it: the section "Import" of each resource in
//! <https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs>.

use http::Method;
use sandbox::aws::{Aws, percent};
use sandbox::world::BLUE;
use sandbox::xml::Element;
use serde_json::Value;

/// How many paths of the API are read: the provider asks for each method, response and integration by itself, 10 a second.
const PATHS: usize = 9;

/// The type of a resource and its import id.
pub(super) type Import = (&'static str, String);

/// Everything.
pub(super) async fn all(aws: &Aws, api: &str) -> Vec<Import> {
    let mut all = gateway(aws, api).await;
    all.extend(keys(aws).await);
    all.extend(cluster(aws).await);
    all.extend(balancing(aws).await);
    let templates = aws.query("ec2", "2016-11-15", "DescribeLaunchTemplates", &[]).await.unwrap();
    all.extend(
        templates.list("launchTemplates").iter().map(|one| ("aws_launch_template", text(one, "launchTemplateId"))),
    );
    all
}

async fn gateway(aws: &Aws, api: &str) -> Vec<Import> {
    let get = async |path: &str| aws.rest("apigateway", Method::GET, path, None).await.unwrap();
    let mut all = vec![("aws_api_gateway_rest_api", api.to_owned())];
    let resources = get(&format!("/restapis/{api}/resources?limit=500&embed=methods")).await;
    let mut resources = items(&resources);
    resources.sort_by_key(|resource| string(resource, "path"));
    for resource in resources.into_iter().take(PATHS) {
        let id = format!("{api}/{}", string(&resource, "id"));
        if resource["path"] != "/" {
            all.push(("aws_api_gateway_resource", id.clone()));
        }
        for (verb, method) in fields(&resource["resourceMethods"]) {
            let id = format!("{id}/{verb}");
            all.push(("aws_api_gateway_method", id.clone()));
            all.push(("aws_api_gateway_integration", id.clone()));
            let responses = fields(&method["methodResponses"]);
            all.extend(responses.map(|(status, _)| ("aws_api_gateway_method_response", format!("{id}/{status}"))));
            let responses = fields(&method["methodIntegration"]["integrationResponses"]);
            all.extend(responses.map(|(status, _)| ("aws_api_gateway_integration_response", format!("{id}/{status}"))));
        }
    }
    for stage in items(&get(&format!("/restapis/{api}/stages")).await) {
        all.push(("aws_api_gateway_stage", format!("{api}/{}", string(&stage, "stageName"))));
        all.push(("aws_api_gateway_deployment", format!("{api}/{}", string(&stage, "deploymentId"))));
    }
    all
}

async fn keys(aws: &Aws) -> Vec<Import> {
    let get = async |path: &str| items(&aws.rest("apigateway", Method::GET, path, None).await.unwrap());
    let mut all = Vec::new();
    all.extend(get("/vpclinks").await.iter().map(|link| ("aws_api_gateway_vpc_link", string(link, "id"))));
    all.extend(get("/apikeys").await.iter().map(|key| ("aws_api_gateway_api_key", string(key, "id"))));
    for plan in get("/usageplans").await {
        let id = string(&plan, "id");
        let keys = get(&format!("/usageplans/{id}/keys")).await;
        all.extend(keys.iter().map(|key| ("aws_api_gateway_usage_plan_key", format!("{id}/{}", string(key, "id")))));
        all.push(("aws_api_gateway_usage_plan", id));
    }
    for domain in get("/domainnames").await {
        let name = string(&domain, "domainName");
        all.push(("aws_api_gateway_base_path_mapping", format!("{name}/")));
        all.push(("aws_api_gateway_domain_name", name));
    }
    all
}

async fn cluster(aws: &Aws) -> Vec<Import> {
    let get = async |path: &str| aws.rest("eks", Method::GET, &format!("/clusters/{BLUE}/{path}"), None).await.unwrap();
    let mut all = vec![("aws_eks_cluster", BLUE.to_owned())];
    let groups = get("node-groups").await;
    all.extend(strings(&groups["nodegroups"]).map(|name| ("aws_eks_node_group", format!("{BLUE}:{name}"))));
    let addons = get("addons").await;
    all.extend(strings(&addons["addons"]).map(|name| ("aws_eks_addon", format!("{BLUE}:{name}"))));
    let entries = get("access-entries").await;
    for principal in strings(&entries["accessEntries"]) {
        all.push(("aws_eks_access_entry", format!("{BLUE}:{principal}")));
        let policies = get(&format!("access-entries/{}/access-policies", percent(principal))).await;
        let policies = policies["associatedAccessPolicies"].as_array().cloned().unwrap_or_default();
        all.extend(policies.iter().map(|policy| {
            let policy = string(policy, "policyArn");
            ("aws_eks_access_policy_association", format!("{BLUE}#{principal}#{policy}"))
        }));
    }
    all
}

async fn balancing(aws: &Aws) -> Vec<Import> {
    let call = async |action: &'static str, parameters: &[(&str, &str)]| {
        aws.query("elasticloadbalancing", "2015-12-01", action, parameters).await.unwrap()
    };
    let mut all = Vec::new();
    for balancer in call("DescribeLoadBalancers", &[]).await.list("LoadBalancers") {
        let arn = text(balancer, "LoadBalancerArn");
        let listeners = call("DescribeListeners", &[("LoadBalancerArn", &arn)]).await;
        all.extend(listeners.list("Listeners").iter().map(|one| ("aws_lb_listener", text(one, "ListenerArn"))));
        all.push(("aws_lb", arn));
    }
    let groups = call("DescribeTargetGroups", &[]).await;
    all.extend(groups.list("TargetGroups").iter().map(|one| ("aws_lb_target_group", text(one, "TargetGroupArn"))));
    all
}

fn items(answer: &Value) -> Vec<Value> {
    answer["item"].as_array().cloned().unwrap_or_default()
}

fn fields(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn string(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap().to_owned()
}

fn text(element: &Element, name: &str) -> String {
    element.value(name).unwrap()
}

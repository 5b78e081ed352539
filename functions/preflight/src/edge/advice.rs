//! Advice to the operator: what does not stop a migration and is worth knowing.

use super::Ports;
use domain::gateway::{mapping, way::Way};
use domain::plan::Found;
use domain::plan::edge::Edge;
use domain::ports::gateway::Method;
use domain::{Input, PhaseError};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// V1 VPC links per Region, unless raised
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
const LINKS: usize = 20;

/// How many other APIs are searched: `GetResources` is answered five times in two seconds, for everybody.
const APIS: usize = 40;

pub(super) async fn collect<P: Ports>(ports: &P, input: &Input, found: &mut Found<Edge>) -> Result<(), PhaseError> {
    let edge = &found.facts;
    let blue = Way::blue(edge);
    let edges = edge.per_api();
    let each = |told: &dyn Fn(&Edge) -> Vec<String>| -> Vec<String> {
        let of = |one: &Edge| if edges.len() > 1 { format!("{}: ", one.api.id) } else { String::new() };
        edges.iter().flat_map(|one| told(one).into_iter().map(move |line| format!("{}{line}", of(one)))).collect()
    };
    let mut advice = each(&of_the_stage);
    advice.extend(of_the_balancer(edge));
    advice.extend(each(&|one| [of_the_deployments(one), of_the_hosts(input, one)].concat()));
    advice.extend(of_several(&edges));
    let is_linked = edge.existing.as_ref().is_some_and(|existing| existing.vpc_link_id.is_some());
    let waits =
        |until: &str| if input.keeps_blue() { String::new() } else { format!("; the cleanup waits until it {until}") };
    if edge.own_link().is_some() && !is_linked && ports.vpc_links().await?.len() >= LINKS {
        advice.push(format!("the account has {LINKS} VPC links or more; raise the quota unless that was done"));
    }
    // An API that was not found has no id.
    for one in edges.iter().filter(|one| !one.api.id.is_empty()) {
        let api = &one.api.id;
        for stage in ports.stages(api).await? {
            let is_other = stage.name != one.stage.name && stage.is_deployed();
            if is_other && blue.serves(&ports.export(api, &stage.name).await?, &stage) {
                advice.push(format!(
                    "the stage {} of {api} uses blue's {} too and is not switched{}",
                    stage.name,
                    edge.entrance(),
                    waits("does not")
                ));
            }
        }
    }
    let is_switched = |id: &String| edge.apis().any(|api| api.id == *id);
    let others: Vec<_> = ports.apis().await?.into_iter().filter(|other| !is_switched(&other.id)).collect();
    for other in others.iter().take(APIS) {
        let linked = ports.methods(&other.id).await?.iter().filter_map(Method::linked).collect::<Vec<_>>();
        // A link in a variable is known per stage only; the guard of the cleanup looks at those.
        if linked.iter().any(|method| blue.carries(&method.integration.connection, &BTreeMap::new())) {
            advice.push(format!(
                "the API {} ({}) uses blue's {} too and is not switched{}",
                other.name,
                other.id,
                edge.entrance(),
                waits("uses another")
            ));
        }
    }
    if others.len() > APIS {
        advice.push(format!("of {} other APIs only {APIS} were searched for blue's {}", others.len(), edge.entrance()));
    }
    found.advice.extend(advice);
    Ok(())
}

fn of_the_stage(edge: &Edge) -> Vec<String> {
    let mut advice = Vec::new();
    let stage = &edge.stage;
    if stage.web_acl_arn.is_some() {
        advice.push(
            "the temporary API and the two stages that hold blue's and green's deployments until the cleanup have no web ACL: \
             associate one with each if nobody must reach them without"
                .to_owned(),
        );
    }
    if stage.cache_size.is_some() {
        advice.push("the temporary API has no cache; answers cached by the stage outlive the switch".to_owned());
    }
    if edge.api.execute_api_disabled {
        advice.push(
            "the default endpoint is disabled: the temporary API has one all the same, for people and for the requests of $.smoke; through \
             deployment G no request is sent before the switch, and it is held against deployment B alone"
                .to_owned(),
        );
    }
    if edge.api.policy.is_some() {
        advice.push(
            "the temporary API gets the resource policy of the API, with its own id in the statements; conditions that name the \
             API are copied as they are, and a statement for the production stage alone keeps everybody out of the two stages \
             that hold blue's and green's deployments"
                .to_owned(),
        );
    }
    if edge.api.is_private() {
        let way = edge.vpc_endpoint.as_ref().map_or_else(
            || "under its private DNS name".to_owned(),
            |endpoint| format!("under its name through the VPC endpoint {endpoint}"),
        );
        advice.push(format!(
            "the API {} is private, and its temporary API is too: Bascule's requests go to both {way}, and so must people who try green, \
             from where that endpoint can be reached",
            edge.api.id
        ));
    }
    if edge.functions.iter().any(|function| !function.authorizers.is_empty()) {
        advice.push(
            "the temporary API's authorizers are asked with its own id in methodArn and with its own stage: an authorizer that \
             allows the public API's ARN alone denies every request there"
                .to_owned(),
        );
    }
    advice
}

fn of_the_deployments(edge: &Edge) -> Vec<String> {
    let stages = "the two stages that hold blue's and green's deployments until the cleanup answer on the default endpoint without the \
                  throttles of the production stage; API keys, authorization and the resource policy hold there too";
    let freeze = format!("freeze deployments of the API {} from the approval until the bake has ended", edge.api.id);
    vec![stages.to_owned(), freeze]
}

/// What people should know where several APIs are switched.
fn of_several(edges: &[Cow<'_, Edge>]) -> Option<String> {
    (edges.len() > 1).then(|| {
        format!(
            "the {} APIs are switched by one call each, one after the other, and are not atomic together: for a moment some answer from green \
             and others from blue. Where a call fails, those that were made are taken back",
            edges.len()
        )
    })
}

/// What all the APIs share.
fn of_the_balancer(edge: &Edge) -> Vec<String> {
    let mut advice = Vec::new();
    if edge.own_link().is_none() {
        advice.push(
            "the VPC link V2 stays and leads to green's load balancer too: its subnets and security groups must let it reach \
             that one, which has blue's"
                .to_owned(),
        );
    }
    if let Some(service) = &edge.service {
        advice.push(format!(
            "the load balancer {} belongs to {service}: green's comes with the Service of the bundles and has a DNS name of its own, and blue's goes with blue's \
             Service at the cleanup. Whoever uses the DNS name {} beside the API has to be moved before",
            edge.load_balancer.name, edge.load_balancer.dns_name
        ));
    }
    let protected =
        edge.load_balancer.attributes.get("deletion_protection.enabled").is_some_and(|value| value == "true");
    if protected && edge.existing.is_none() && edge.service.is_none() {
        advice.push(
            "green's load balancer has no deletion protection, unlike blue's: turn it on once the bake has ended"
                .to_owned(),
        );
    }
    if edge.load_balancer.private_link_enforcement.as_deref() == Some("on") && edge.existing.is_none() {
        advice.push(
            "blue's load balancer enforces security groups on PrivateLink traffic, and green's will too".to_owned(),
        );
    }
    advice
}

/// What callers of methods that want a signature need
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples-for-api-execution.html>).
pub(super) fn of_the_methods(methods: &[Method]) -> Option<String> {
    methods.iter().any(|method| method.authorization == "AWS_IAM").then(|| {
        "some methods want a signature (AWS_IAM): who tries them on the temporary API needs execute-api:Invoke on its ARN, which \
         policies that name the public API do not give"
            .to_owned()
    })
}

/// Hosts of production's requests that have no temporary name, and what HTTPS needs.
fn of_the_hosts(input: &Input, edge: &Edge) -> Vec<String> {
    let hosts = &input.workloads.hosts;
    if hosts.is_empty() {
        return Vec::new();
    }
    let mut advice = Vec::new();
    let named: BTreeSet<String> = edge
        .integrations
        .iter()
        .filter_map(|method| mapping::host(&method.integration, &edge.stage.variables))
        .collect();
    for host in named.iter().filter(|host| !hosts.iter().any(|known| known.primary.eq_ignore_ascii_case(host))) {
        advice.push(format!(
            "requests with the host {host} keep it on the temporary API: $.workloads.hosts has no temporary name for it"
        ));
    }
    let secure = edge
        .integrations
        .iter()
        .map(|method| &method.integration)
        .any(|integration| integration.uri.starts_with("https://") && !integration.insecure_skip_verification);
    if secure {
        advice.push(
            "some integrations use HTTPS: what answers on green needs a certificate for the temporary hosts".to_owned(),
        );
    }
    advice
}

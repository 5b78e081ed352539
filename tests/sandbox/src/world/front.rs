//! What else users have in front of their clusters: the shop's API in variants.

pub mod functions;

use clap::ValueEnum;
use serde_json::{Value, json};

use self::functions::{HITS, guarded};
use crate::world::{BLUE, GREEN};

/// A variant of the shop's API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Front {
    /// A VPC link V1 that every method names.
    #[default]
    Plain,
    /// Some methods have a Lambda authorizer, one is a Lambda function.
    LambdaAuthorizer,
    /// The VPC link V1 is in a variable of the stage.
    StageVariable,
    /// A VPC link V2 leads to the load balancer.
    LinkV2,
    /// The API is an HTTP API of API Gateway V2, whose integrations lead through a VPC link V2 to the load balancer's listener.
    HttpApi,
    /// The plain API as a private one, behind a VPC endpoint.
    PrivateApi,
    /// The plain API, and another one through the same VPC link.
    TwoApis,
    /// The plain API, with methods that go through another VPC link V1 to something else than the shop's cluster.
    Warehouse,
    /// The plain API without its default endpoint: the custom domain alone leads to it.
    CustomDomain,
    /// A VPC link V1 that every method names; and green is there, with a load balancer and a VPC link, built by the shop's own code.
    ExistingGreen,
    /// The plain API, and Pods that take IAM roles through the OIDC provider of their cluster.
    Irsa,
    /// The same, and green's Pods get the roles from EKS Pod Identity; and staff with an OIDC identity provider.
    PodIdentity,
    /// The plain API, and nodes of AMIs of the shop's own.
    CustomAmi,
    /// The plain API, and nodes that green is to have others of.
    Overrides,
    /// The plain API, and workloads that keep data in volumes.
    Volumes,
    /// The plain API, and Pods that run on Fargate.
    Fargate,
    /// The plain API, and Pods on nodes that Karpenter makes.
    Karpenter,
    /// The clusters are in EKS Auto Mode, without managed node groups; it makes the load balancer of Traefik's Service too.
    AutoMode,
    /// The plain API, and a cluster without access entries, into which only its `ConfigMap` `aws-auth` lets people.
    ConfigMap,
    /// The load balancer belongs to Traefik's Service; its targets are Pods.
    ServiceNlbIp,
    /// The load balancer belongs to Traefik's Service; its targets are nodes.
    ServiceNlbInstance,
}

/// The stage variable that holds the VPC link.
pub const VARIABLE: &str = "link";

/// What keeps data in volumes that green gets copies of.
const ORDERS: &str = "StatefulSet/storage/orders";

impl Front {
    /// The name, as on the command line and in reports.
    #[must_use]
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Every variant but the plain one.
    #[must_use]
    pub fn worlds() -> Vec<Self> {
        Self::value_variants().iter().copied().filter(|front| *front != Self::Plain).collect()
    }

    /// The OpenAPI document of this variant, of the plain one: `link` is the VPC link's id, `balancer` the load balancer's ARN.
    #[must_use]
    pub fn document(self, mut plain: Value, balancer: &str) -> Value {
        match self {
            Self::Plain
            | Self::HttpApi
            | Self::PrivateApi
            | Self::TwoApis
            | Self::Warehouse
            | Self::ExistingGreen
            | Self::Irsa
            | Self::PodIdentity
            | Self::CustomAmi
            | Self::Overrides
            | Self::Volumes
            | Self::Fargate
            | Self::Karpenter
            | Self::AutoMode
            | Self::ConfigMap
            | Self::ServiceNlbIp
            | Self::ServiceNlbInstance => {}
            Self::StageVariable => {
                for integration in linked(&mut plain) {
                    integration["connectionId"] = format!("${{stageVariables.{VARIABLE}}}").into();
                }
            }
            Self::LinkV2 => {
                for integration in linked(&mut plain) {
                    integration["connectionId"] = "v2link".into();
                    integration["integrationTarget"] = balancer.into();
                }
            }
            Self::LambdaAuthorizer => guarded(&mut plain),
            Self::CustomDomain => {
                let endpoint = json!({ "disableExecuteApiEndpoint": true });
                plain["servers"] =
                    json!([{ "url": "https://shop", "x-amazon-apigateway-endpoint-configuration": endpoint }]);
            }
        }
        plain
    }

    /// The variables of the stage.
    #[must_use]
    pub fn variables(self, link: &str) -> Value {
        if self == Self::StageVariable { json!({ VARIABLE: link }) } else { json!({}) }
    }

    /// Whether the shop has a VPC link V1.
    #[must_use]
    pub fn has_link(self) -> bool {
        !matches!(self, Self::LinkV2 | Self::HttpApi)
    }

    /// The titles of the APIs beside the shop's own, which go through the same link.
    #[must_use]
    pub fn others(self) -> &'static [&'static str] {
        if self == Self::TwoApis { &["shop-partners"] } else { &[] }
    }

    /// Whether the shop's API has its default endpoint.
    #[must_use]
    pub fn has_endpoint(self) -> bool {
        self != Self::CustomDomain
    }

    /// Whether the shop has a green of its own.
    #[must_use]
    pub fn has_green(self) -> bool {
        self == Self::ExistingGreen
    }

    /// What the targets of a load balancer are that belongs to Traefik's Service; nothing where it belongs to none.
    #[must_use]
    pub fn service_targets(self) -> Option<&'static str> {
        match self {
            Self::AutoMode | Self::ServiceNlbIp => Some("ip"),
            Self::ServiceNlbInstance => Some("instance"),
            _ => None,
        }
    }

    /// The class of that Service: of EKS Auto Mode, or of the AWS Load Balancer Controller.
    const fn class(self) -> &'static str {
        match self {
            Self::AutoMode => "eks.amazonaws.com/nlb",
            _ => "service.k8s.aws/nlb",
        }
    }

    /// Traefik's bundle of this variant, of the plain one: a Service as its chart makes it, for who makes load balancers.
    #[must_use]
    pub fn traefik(self, plain: &str) -> String {
        let Some(targets) = self.service_targets() else { return plain.to_owned() };
        let prefix = "service.beta.kubernetes.io/aws-load-balancer";
        let annotations = format!(
            "  annotations:\n    {prefix}-scheme: internal\n    {prefix}-nlb-target-type: {targets}\nspec:\n  type: LoadBalancer\n  \
             loadBalancerClass: {}\n",
            self.class()
        );
        let lines = plain.replace("spec:\n  type: NodePort\n", &annotations);
        let of_chance = |line: &&str| !line.trim_start().starts_with("nodePort:");
        lines.lines().filter(of_chance).flat_map(|line| [line, "\n"]).collect()
    }

    /// The bundle of the AWS Load Balancer Controller, where it runs.
    #[must_use]
    pub fn controller(self) -> Option<&'static str> {
        let runs = self.service_targets().is_some() && self != Self::AutoMode;
        runs.then_some(include_str!("../../../data/aws-load-balancer-controller.yaml"))
    }

    /// What the input says of blue beside its name: leaving `CONFIG_MAP` has no way back.
    #[must_use]
    pub fn blue(self) -> Value {
        if self == Self::ConfigMap {
            json!({ "cluster": BLUE, "authenticationMode": "API_AND_CONFIG_MAP" })
        } else {
            json!({ "cluster": BLUE })
        }
    }

    /// What words of the bundles become on green.
    #[must_use]
    pub fn replace(self) -> Value {
        let is_named = self.controller().is_some() || self == Self::Karpenter;
        if is_named { json!([{ "blue": BLUE, "green": GREEN }]) } else { json!([]) }
    }

    /// The requests that are tried before people are asked, beside the shop's own.
    #[must_use]
    pub fn smoke(self) -> Option<Value> {
        (self == Self::LambdaAuthorizer).then(|| json!({ "path": HITS }))
    }

    /// What becomes of the ways by which Pods get AWS credentials, as the input says it.
    #[must_use]
    pub fn identities(self) -> Option<Value> {
        match self {
            Self::Irsa => Some(json!({ "irsa": "extend" })),
            Self::PodIdentity => Some(json!({ "irsa": "podIdentity" })),
            _ => None,
        }
    }

    /// Whether Pods take roles through blue's OIDC provider.
    #[must_use]
    pub fn has_roles_for_pods(self) -> bool {
        self.identities().is_some()
    }

    /// Whether blue's API server knows the shop's staff by an OIDC identity provider.
    #[must_use]
    pub fn has_staff(self) -> bool {
        self == Self::PodIdentity
    }

    /// What becomes of volumes, as the input says it.
    #[must_use]
    pub fn volumes(self) -> Option<Value> {
        let search = "StatefulSet/storage/search";
        (self == Self::Volumes)
            .then(|| json!({ "empty": [search], "shared": ["Namespace/storage"], "snapshot": [ORDERS] }))
    }

    /// What must run in one cluster only, beside what must in every variant.
    #[must_use]
    pub fn held(self) -> Option<&'static str> {
        (self == Self::Volumes).then_some(ORDERS)
    }
}

/// The integrations that go through the VPC link.
fn linked(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    let methods = paths.filter_map(|(_, item)| item.as_object_mut()).flatten();
    let integrations = methods.filter_map(|(_, method)| method.get_mut("x-amazon-apigateway-integration"));
    integrations.filter(|integration| integration["connectionType"] == "VPC_LINK")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::routes;

    #[test]
    fn every_private_integration_goes_the_variants_way() {
        let of = |front: Front| front.document(routes::document("link1"), "arn:balancer");
        let (mut variable, mut second) = (of(Front::StageVariable), of(Front::LinkV2));
        assert!(linked(&mut variable).all(|found| found["connectionId"] == "${stageVariables.link}"));
        assert!(linked(&mut second).all(|found| found["integrationTarget"] == "arn:balancer"));
        assert!(linked(&mut second).count() >= 40);
        let guarded = of(Front::LambdaAuthorizer);
        assert_eq!(guarded["paths"]["/orders"]["get"]["security"][0], json!({ "customers": [] }));
        assert_eq!(guarded["paths"]["/products"]["get"]["security"][0], json!({ "api_key": [] }));
    }

    #[test]
    fn the_worlds_are_named_as_on_the_command_line() {
        let names: Vec<String> = Front::worlds().into_iter().map(Front::name).collect();
        assert_eq!(
            names,
            [
                "lambda-authorizer",
                "stage-variable",
                "link-v2",
                "http-api",
                "private-api",
                "two-apis",
                "warehouse",
                "custom-domain",
                "existing-green",
                "irsa",
                "pod-identity",
                "custom-ami",
                "overrides",
                "volumes",
                "fargate",
                "karpenter",
                "auto-mode",
                "config-map",
                "service-nlb-ip",
                "service-nlb-instance"
            ]
        );
    }

    #[test]
    fn traefiks_service_asks_for_a_load_balancer_where_it_has_one() {
        let plain = include_str!("../../../data/traefik.yaml");
        assert_eq!(Front::LinkV2.traefik(plain), plain);
        let documents: Vec<Value> = serde_saphyr::from_multiple(&Front::ServiceNlbIp.traefik(plain)).unwrap();
        let service = documents.iter().find(|document| document["kind"] == "Service").unwrap();
        assert_eq!(service["spec"]["loadBalancerClass"], "service.k8s.aws/nlb");
        assert_eq!(service["spec"]["ports"][0], json!({ "name": "web", "port": 80, "targetPort": "web" }));
        let annotations = &service["metadata"]["annotations"];
        assert_eq!(annotations["service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"], "ip");
        assert!(Front::AutoMode.traefik(plain).contains("loadBalancerClass: eks.amazonaws.com/nlb"));
        assert_eq!((Front::AutoMode.controller(), Front::AutoMode.replace()), (None, json!([])));
    }
}

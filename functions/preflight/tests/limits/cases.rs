//! Each limit with the one thing that runs into it.

use domain::{
    Limit,
    plan::edge::Canary,
    ports::{network::Instance, scaling::AutoScalingGroup},
};
use serde_json::{Value, json};
use testing::{
    Account, Aws,
    shop::{self, API, BLUE, BUNDLE, Front, GREEN, auto_mode, custom_ami, existing, irsa, karpenter, service::Targets},
};

use crate::worlds::{
    World, behind, http, http_default, in_steps, manage, plain, with_adoption, with_snapshots, with_volumes,
};

const GATEWAY: &str = "$.gateway.restApiId";
const CLUSTER: &str = "$.blue.cluster";
const BUNDLES: &str = "$.workloads.manifests[0]";

/// A limit, the healthy world, the one thing that is changed, and the path of the refusal.
pub(crate) type Case = (Limit, World, fn(&Account, &mut Value), &'static str);

fn balancer(aws: &mut Aws) -> &mut domain::plan::edge::LoadBalancer {
    aws.balancers.values_mut().next().unwrap()
}

fn blue(aws: &mut Aws) -> &mut domain::plan::compute::Cluster {
    &mut aws.clusters.get_mut(BLUE).unwrap().cluster
}

/// Uploads the bundle with something else in it.
fn bundle(account: &Account, change: impl FnOnce(&mut Vec<Value>)) {
    let mut all = account.aws().bundles[BUNDLE].clone();
    change(&mut all);
    account.upload(BUNDLE, all);
}

const OF_THE_API: [Case; 19] = [
    (
        Limit::SeveralLinks,
        || behind(Front::Warehouse),
        |account, _| account.aws().scaling.get_mut("eks-all-warehouse").unwrap().instance_ids.clear(),
        GATEWAY,
    ),
    (
        Limit::SeveralStages,
        plain,
        |_, input| {
            let of = |stage: &str| json!({ "restApiId": API, "stage": stage });
            input["gateway"] = json!([of("prod"), of("beta")]);
        },
        "$.gateway[1].restApiId",
    ),
    (
        Limit::LinkVariable,
        || behind(Front::Variable),
        |account, _| {
            account.aws().stages.get_mut(&(API.to_owned(), "prod".to_owned())).unwrap().variables.clear();
        },
        GATEWAY,
    ),
    (Limit::WebsocketApi, plain, |account, _| account.aws().apis.clear(), GATEWAY),
    (
        Limit::AutoDeploy,
        http,
        |account, _| {
            account.aws().stages.get_mut(&(API.to_owned(), "prod".to_owned())).unwrap().auto_deploy = true;
        },
        "$.gateway.stage",
    ),
    (Limit::PartialShift, http, |_, input| input["cutover"] = json!({ "steps": [5, 100] }), "$.cutover.steps"),
    (
        Limit::StageInPath,
        http_default,
        |_, input| {
            input["cutover"] = json!({ "marker": { "path": "/cart", "blue": "shop-blue", "green": "shop-green" } });
        },
        "$.gateway.httpApiId",
    ),
    (
        Limit::PassedOnHost,
        http,
        |account, _| {
            for method in account.aws().methods.get_mut(API).unwrap() {
                method.integration.as_mut().unwrap().request_parameters.remove("overwrite:header.host");
            }
        },
        "$.gateway.httpApiId",
    ),
    (Limit::PrivateApi, || behind(Front::Private), |account, _| account.aws().functions_group = None, GATEWAY),
    (
        Limit::DefaultEndpoint,
        plain,
        |account, _| account.aws().apis.get_mut(API).unwrap().execute_api_disabled = true,
        GATEWAY,
    ),
    (
        Limit::StageCanary,
        plain,
        |account, _| {
            let canary = Canary { deployment_id: "x".to_owned(), percent: 5.0, ..Canary::default() };
            account.aws().stages.get_mut(&(API.to_owned(), "prod".to_owned())).unwrap().canary = Some(canary);
        },
        "$.gateway.stage",
    ),
    (
        Limit::ProbeCredentials,
        in_steps,
        |account, _| {
            for method in account.aws().methods.get_mut(API).unwrap() {
                "AWS_IAM".clone_into(&mut method.authorization);
            }
        },
        "$.cutover.analysis",
    ),
    (
        Limit::ForeignFunction,
        || behind(Front::Functions),
        |account, _| {
            let mut aws = account.aws();
            let uri = &mut aws.authorizers.get_mut(API).unwrap().uri;
            *uri = uri.replace("123456789012", "999999999999");
        },
        GATEWAY,
    ),
    (
        Limit::ApplicationLoadBalancer,
        plain,
        |account, _| "application".clone_into(&mut balancer(&mut account.aws()).kind),
        GATEWAY,
    ),
    (
        Limit::ServiceLoadBalancer,
        plain,
        |account, _| {
            let mut aws = account.aws();
            let tags = &mut balancer(&mut aws).tags;
            tags.insert("kubernetes.io/service-name".to_owned(), "ingress/traefik".to_owned());
        },
        GATEWAY,
    ),
    (Limit::FixedAddresses, plain, |account, _| balancer(&mut account.aws()).fixed_addresses = true, GATEWAY),
    (
        Limit::SeveralTargetGroups,
        plain,
        |account, _| {
            let listeners = &mut account.aws().listeners;
            listeners.values_mut().next().unwrap()[0].target_group_arns.push("arn:group-other".to_owned());
        },
        GATEWAY,
    ),
    (
        Limit::TargetType,
        plain,
        |account, _| "ip".clone_into(&mut account.aws().target_groups.get_mut("arn:group-blue").unwrap().target_type),
        GATEWAY,
    ),
    (
        Limit::ForeignTargets,
        plain,
        |account, _| {
            let group = AutoScalingGroup {
                name: "by-hand".to_owned(),
                target_group_arns: vec!["arn:group-blue".to_owned()],
                ..AutoScalingGroup::default()
            };
            account.aws().scaling.insert(group.name.clone(), group);
        },
        GATEWAY,
    ),
];

const OF_THE_CLUSTER: [Case; 10] = [
    (
        Limit::CustomAmi,
        || (Account::custom_ami_shop(), custom_ami::input(json!({ "green": custom_ami::green() }))),
        |account, _| account.aws().images.retain(|image| image.id != custom_ami::GREENS[0]),
        "$.green.nodeGroups[0].imageId",
    ),
    (
        Limit::UnmanagedNodes,
        plain,
        |account, _| {
            let tags = [(format!("kubernetes.io/cluster/{BLUE}"), "owned".to_owned())].into();
            account.aws().instances.push(Instance { id: "i-hand-made".to_owned(), tags, ..Instance::default() });
        },
        CLUSTER,
    ),
    (
        Limit::Karpenter,
        || (Account::karpenter_shop(), karpenter::input(json!({}))),
        |account, _| {
            bundle(account, |all| {
                let is_its =
                    |value: &&mut Value| value["kind"] == "Deployment" && value["metadata"]["name"] == "karpenter";
                let karpenter = all.iter_mut().find(is_its).unwrap();
                karpenter["spec"]["template"]["spec"]["containers"][0]["env"][1]["value"] = json!("shop");
            });
        },
        BUNDLES,
    ),
    (
        Limit::AutoMode,
        || (Account::auto_alone_shop(Targets::Ip), auto_mode::input_alone(json!({}))),
        |account, _| {
            bundle(account, |all| {
                let class = all.iter_mut().find(|value| value["kind"] == "NodeClass").unwrap();
                class["spec"]["role"] = json!("shop-nodes");
            });
        },
        BUNDLES,
    ),
    (
        Limit::NetworkPlugin,
        plain,
        |account, _| drop(account.aws().addons.remove(&(BLUE.to_owned(), "vpc-cni".to_owned()))),
        CLUSTER,
    ),
    (
        Limit::NotCloned,
        plain,
        |account, _| blue(&mut account.aws()).not_copied.push("remoteNetworkConfig".to_owned()),
        CLUSTER,
    ),
    (
        Limit::ConfigMapAuthentication,
        plain,
        |account, _| "CONFIG_MAP".clone_into(&mut blue(&mut account.aws()).authentication_mode),
        CLUSTER,
    ),
    (
        Limit::FargateTargets,
        || (Account::fargate_shop(), shop::input()),
        |account, _| {
            let key = (BLUE.to_owned(), "batch".to_owned());
            let mut aws = account.aws();
            let selector = &mut aws.fargate_profiles.get_mut(&key).unwrap().selectors[0];
            "shop".clone_into(&mut selector.namespace);
            selector.labels = [("app".to_owned(), "traefik".to_owned())].into();
        },
        BUNDLES,
    ),
    (
        Limit::ForeignRoles,
        || (Account::irsa_shop(), irsa::input(json!({}))),
        |account, _| {
            bundle(account, |all| {
                let taker = all.iter_mut().find(|value| value["kind"] == "ServiceAccount").unwrap();
                taker["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] =
                    json!("arn:aws:iam::999999999999:role/cart");
            });
        },
        "$.identities.irsa",
    ),
    (
        Limit::GreenDiffers,
        || (Account::existing_shop(), existing::input(json!({}))),
        |account, _| drop(account.aws().addons.remove(&(GREEN.to_owned(), "coredns".to_owned()))),
        "$.green.cluster",
    ),
];

const OF_THE_REST: [Case; 5] = [
    (
        Limit::Volumes,
        with_volumes,
        |_, input| drop(input["workloads"].as_object_mut().unwrap().shift_remove("volumes")),
        "$.workloads.volumes",
    ),
    (
        Limit::VolumeSnapshots,
        with_snapshots,
        |account, _| drop(account.aws().volumes.remove("vol-shop-blue-stock")),
        "$.workloads.volumes.snapshot[1]",
    ),
    (
        Limit::LoadBalancerServices,
        plain,
        |account, input| {
            let metadata = json!({ "name": "feed", "namespace": "shop" });
            let spec = json!({ "type": "LoadBalancer", "selector": { "app": "web" }, "ports": [{ "port": 443 }] });
            let feed = json!({ "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec });
            bundle(account, |all| all.push(feed));
            input["workloads"]["run"] = json!(["Service/shop/feed"]);
        },
        BUNDLES,
    ),
    (
        Limit::MadeInAws,
        plain,
        |account, _| {
            bundle(account, |all| {
                let metadata = json!({ "name": "alb" });
                let spec = json!({ "controller": "ingress.k8s.aws/alb" });
                let class = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": metadata, "spec": spec });
                all.iter_mut().find(|value| value["kind"] == "Ingress").unwrap()["spec"]["ingressClassName"] =
                    json!("alb");
                all.push(class);
            });
        },
        BUNDLES,
    ),
    (
        Limit::ProviderInModule,
        with_adoption,
        |account, _| manage(account, "module.shop.provider[\"registry.terraform.io/hashicorp/aws\"]"),
        "$.terraform[1].adopt.workspace",
    ),
];

pub(crate) fn cases() -> impl Iterator<Item = Case> {
    OF_THE_API.into_iter().chain(OF_THE_CLUSTER).chain(OF_THE_REST)
}

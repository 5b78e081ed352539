//! What green's nodes need before they are ready, and whether blue's add-ons bring it: the bundles come after the nodes.

use super::BLUE;
use domain::{
    Limit, Problem,
    input::Replacement,
    manifest::named,
    plan::compute::{Addon, Compute, POD_IDENTITY_AGENT, VPC_CNI},
};
use serde_json::Value;

/// What EKS puts on a new cluster itself unless it is told not to
/// (<https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html>, `bootstrapSelfManagedAddons`): in EKS's default
/// configuration, whatever blue's is.
const BOOTSTRAPPED: [&str; 3] = [VPC_CNI, "kube-proxy", "coredns"];

/// The service account of the VPC CNI.
const CNI_ACCOUNT: &str = "aws-node";

/// Writes DNS records for what its cluster routes.
const EXTERNAL_DNS: &str = "external-dns";

/// Every reason for which green's nodes would not become ready, or would run another network than blue's.
pub(in crate::compute) fn problems(compute: &Compute, replace: &[Replacement]) -> Vec<Problem> {
    let blue = &compute.blue.name;
    let has = |name: &str| compute.addons.iter().any(|addon| addon.name == name);
    let needed = BOOTSTRAPPED.into_iter().filter(|_| !compute.is_auto_alone());
    let mut messages: Vec<String> = needed.filter(|name| !has(name)).map(|name| missing(blue, name)).collect();
    if !has(POD_IDENTITY_AGENT) && !compute.is_auto_alone() && cni_uses_pod_identity(compute) {
        messages.push(format!(
            "{VPC_CNI} gets its credentials through Pod Identity, and {POD_IDENTITY_AGENT} is not an EKS add-on of blue: green's nodes would \
             have no network before the bundles are applied. Make it one: \
             `aws eks create-addon --cluster-name {blue} --addon-name {POD_IDENTITY_AGENT} --resolve-conflicts OVERWRITE`"
        ));
    }
    // https://docs.aws.amazon.com/eks/latest/userguide/community-addons.html
    if has(EXTERNAL_DNS) {
        messages.push(format!(
            "{EXTERNAL_DNS} is an add-on of blue, and green's would point blue's names at green before anybody approved: an add-on cannot be held. \
             Run it as a Deployment of the bundles instead, in workloads.hold"
        ));
    }
    for addon in &compute.addons {
        let Some(written) = addon.configuration.as_deref() else { continue };
        match serde_saphyr::from_str::<Value>(written) {
            Ok(settings) if addon.name == VPC_CNI && lacks_eni_configs(&settings) => messages.push(format!(
                "{VPC_CNI} uses custom networking (AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG), and its ENIConfigs are not in the add-on's configuration: \
                 green's nodes would wait for them. Put them there (eniConfig.create and eniConfig.subnets, \
                 https://docs.aws.amazon.com/eks/latest/userguide/cni-custom-network-tutorial.html)"
            )),
            Ok(_) => {}
            Err(_) => messages.push(format!("the configuration of the add-on {} is neither JSON nor YAML", addon.name)),
        }
        messages.extend(names_blue(compute, addon, written, replace));
    }
    messages.into_iter().map(|message| Problem::new(BLUE, message)).collect()
}

fn missing(blue: &str, name: &str) -> String {
    let network = if name == VPC_CNI { "; a network plugin of another maker cannot be cloned yet" } else { "" };
    Limit::NetworkPlugin.told(&format!(
        "{name} is not an EKS add-on of blue, so that its configuration cannot be copied{network}. Make it one, with the settings that it has: \
         `aws eks create-addon --cluster-name {blue} --addon-name {name} --resolve-conflicts PRESERVE` \
         (https://docs.aws.amazon.com/eks/latest/userguide/creating-an-add-on.html)"
    ))
}

fn cni_uses_pod_identity(compute: &Compute) -> bool {
    let own = compute.addons.iter().filter(|addon| addon.name == VPC_CNI).any(|addon| !addon.pod_identities.is_empty());
    own || compute.pod_identities.iter().any(|identity| identity.service_account == CNI_ACCOUNT)
}

/// Whether the VPC CNI waits for `ENIConfig` objects that its add-on does not make
/// (terraform-aws-modules/terraform-aws-eks#3445).
fn lacks_eni_configs(settings: &Value) -> bool {
    let is_true = |value: &Value| value == true || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let made = &settings["eniConfig"];
    let makes = is_true(&made["create"]) && made["subnets"].as_object().is_some_and(|subnets| !subnets.is_empty());
    is_true(&settings["env"]["AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"]) && !makes
}

/// A configuration that names blue, its endpoint or its groups would tie green to them.
fn names_blue(compute: &Compute, addon: &Addon, written: &str, replace: &[Replacement]) -> Option<String> {
    let mut named = compute.blue.names();
    named.extend(compute.blue_groups().into_iter().map(str::to_owned));
    named.retain(|name| !replace.iter().any(|word| word.blue == *name && word.green == *name));
    let found = named.iter().find(|name| domain::word::is_named(written, name))?;
    Some(format!(
        "the configuration of the add-on {} names {found}, which is blue's: green's would be tied to it. Leave it out of the configuration, or say in \
         workloads.replace what it becomes on green",
        addon.name
    ))
}

/// The configurations as green gets them.
pub(in crate::compute) fn replace(addons: &mut [Addon], replace: &[Replacement]) {
    for configuration in addons.iter_mut().filter_map(|addon| addon.configuration.as_mut()) {
        if let Some(renamed) = named::renamed(configuration, replace) {
            *configuration = renamed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::compute::{Cluster, PodIdentity, SecurityGroup};

    fn addon(name: &str) -> Addon {
        Addon { name: name.to_owned(), ..Addon::default() }
    }

    fn compute() -> Compute {
        Compute {
            blue: Cluster { name: "shop-blue".to_owned(), ..Cluster::default() },
            addons: BOOTSTRAPPED.map(addon).into(),
            security_groups: vec![SecurityGroup { id: "sg-0a".to_owned(), ..SecurityGroup::default() }],
            ..Compute::default()
        }
    }

    fn told(compute: &Compute) -> String {
        Problem::list(&problems(compute, &[]))
    }

    #[test]
    fn what_is_no_add_on_of_blue_is_refused_with_the_command_that_makes_it_one() {
        assert_eq!(told(&compute()), "");
        for name in BOOTSTRAPPED {
            let mut without = compute();
            without.addons.retain(|addon| addon.name != name);
            let command =
                format!("create-addon --cluster-name shop-blue --addon-name {name} --resolve-conflicts PRESERVE");
            assert!(told(&without).contains(&command), "{}", told(&without));
        }
    }

    #[test]
    fn the_agent_must_be_an_add_on_where_the_cni_gets_its_credentials_from_it() {
        let mut of_addon = compute();
        of_addon.addons[0].pod_identities = vec![(CNI_ACCOUNT.to_owned(), "arn:aws:iam::1:role/cni".to_owned())];
        let mut by_itself = compute();
        by_itself.pod_identities =
            vec![PodIdentity { service_account: CNI_ACCOUNT.to_owned(), ..PodIdentity::default() }];
        for mut compute in [of_addon, by_itself] {
            assert!(told(&compute).contains("--addon-name eks-pod-identity-agent"), "{}", told(&compute));
            compute.addons.push(addon(POD_IDENTITY_AGENT));
            assert_eq!(told(&compute), "");
        }
    }

    // The values of the chart: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/charts/aws-vpc-cni/values.yaml
    #[test]
    fn custom_networking_needs_its_eni_configs_in_the_configuration() {
        for (written, refused) in [
            (r#"{"env":{"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG":"true"}}"#, true),
            ("env:\n  AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG: true\n", true),
            (r#"{"env":{"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG":"false"}}"#, false),
            (r#"{"env":{"WARM_IP_TARGET":"2"}}"#, false),
            (
                r#"{"env":{"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG":"true"},"eniConfig":{"create":true,"subnets":{"eu-central-1a":{"id":"subnet-1"}}}}"#,
                false,
            ),
            (r#"{"env":{"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG":"true"},"eniConfig":{"create":true,"subnets":{}}}"#, true),
        ] {
            let mut compute = compute();
            compute.addons[0].configuration = Some(written.to_owned());
            assert_eq!(told(&compute).contains("ENIConfigs"), refused, "{written}");
        }
    }

    #[test]
    fn external_dns_as_an_add_on_is_refused() {
        let mut compute = compute();
        compute.addons.push(addon(EXTERNAL_DNS));
        assert!(told(&compute).contains("an add-on cannot be held"), "{}", told(&compute));
    }

    #[test]
    fn a_configuration_that_names_blue_is_refused() {
        for (written, refused) in [
            (r#"{"a":"shop-blue"}"#, true),
            (r#"{"a":"shop-blues"}"#, false),
            (r#"{"eniConfig":{"subnets":{"a":{"securityGroups":["sg-0a"]}}}}"#, true),
            (r#"{"a":"sg-0ab"}"#, false),
        ] {
            let mut compute = compute();
            compute.addons[2].configuration = Some(written.to_owned());
            assert_eq!(told(&compute).contains("which is blue's"), refused, "{written}");
        }
    }

    #[test]
    fn a_word_of_blues_in_a_configuration_becomes_greens_where_the_input_says_so() {
        let words = |green: &str| vec![Replacement { blue: "shop-blue".to_owned(), green: green.to_owned() }];
        for (green, expected) in
            [("shop-green", r#"{"cluster":"shop-green"}"#), ("shop-blue", r#"{"cluster":"shop-blue"}"#)]
        {
            let mut compute = compute();
            compute.addons[2].configuration = Some(r#"{"cluster":"shop-blue"}"#.to_owned());
            replace(&mut compute.addons, &words(green));
            assert_eq!(compute.addons[2].configuration.as_deref(), Some(expected));
            assert_eq!(problems(&compute, &words(green)), []);
        }
    }
}

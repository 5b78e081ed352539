//! What Bascule does not do yet, each with the code that its refusal carries and that the README's "Limits" explains.

use crate::Problem;

/// Something that is refused because Bascule does not do it; what is only wrong with an input or an account is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Limit {
    /// An API whose methods reach blue, or may, through several VPC links or at several load balancers.
    SeveralLinks,
    /// Several stages of one API.
    SeveralStages,
    /// A stage variable that holds more or less than the VPC link.
    LinkVariable,
    /// A WebSocket API, or whatever else is neither a REST API nor an HTTP API.
    WebsocketApi,
    /// Stages of an HTTP API that deploy each change of its configuration at once.
    AutoDeploy,
    /// A switch of an HTTP API in several steps.
    PartialShift,
    /// Requests to stages of Bascule's own that a backend of an HTTP API would see under another path than production's.
    StageInPath,
    /// Temporary hosts for what sees whatever Host header the caller of an HTTP API used.
    PassedOnHost,
    /// A private API that Bascule's functions do not reach.
    PrivateApi,
    /// An API without its default endpoint, where requests to stages of it are asked for.
    DefaultEndpoint,
    /// A canary on the stage.
    StageCanary,
    /// An API that refuses every request by which a step of the switch is judged, since it wants more than an API key.
    ProbeCredentials,
    /// A Lambda function of another account or Region behind the API.
    ForeignFunction,
    /// A load balancer that is no Network Load Balancer.
    ApplicationLoadBalancer,
    /// A load balancer of a Kubernetes Service.
    ServiceLoadBalancer,
    /// A load balancer with addresses of its own.
    FixedAddresses,
    /// Targets that are no instances.
    TargetType,
    /// Targets that come from no managed node group.
    ForeignTargets,
    /// A listener that forwards to several target groups.
    SeveralTargetGroups,
    /// A custom AMI.
    CustomAmi,
    /// Nodes of no managed node group, nor of Karpenter in the bundles.
    UnmanagedNodes,
    /// A Karpenter of the bundles that would not make green's nodes, or would work on what is blue's.
    Karpenter,
    /// A NodePool or a NodeClass of EKS Auto Mode, by which it would not make green's nodes, or make them with what is blue's.
    AutoMode,
    /// A network plugin or `CoreDNS` that is no EKS add-on.
    NetworkPlugin,
    /// Settings and parts of a cluster, a node group or a launch template that are not cloned, such as EKS Capabilities.
    NotCloned,
    /// A cluster that only its ConfigMap `aws-auth` lets people into.
    ConfigMapAuthentication,
    /// Pods on Fargate behind targets that are instances.
    FargateTargets,
    /// IAM roles of other accounts that Pods take through blue's OIDC provider.
    ForeignRoles,
    /// Volumes of which the input does not say what becomes of them, or that cannot become that.
    Volumes,
    /// Copies of volumes of Amazon EBS.
    VolumeSnapshots,
    /// Services of type `LoadBalancer`.
    LoadBalancerServices,
    /// What controllers of the bundles' objects would make in AWS.
    MadeInAws,
    /// A module that configures the provider of what a Terraform project is to take up.
    ProviderInModule,
    /// A green of the user's own that differs from blue so that what runs on blue would not run there.
    GreenDiffers,
}

impl Limit {
    /// The code, such as `several-links`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.into()
    }

    /// The message of a refusal with the code, where messages are collected before their path is known.
    #[must_use]
    pub fn told(self, message: &str) -> String {
        format!("{message} (limit {})", self.code())
    }

    /// The refusal of what meets this limit.
    pub fn refusal(self, path: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem { code: self.code().to_owned(), ..Problem::new(path, message) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};
    use strum::VariantArray as _;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
    }

    /// The codes that the README's "Limits" begins its lines with.
    fn told() -> BTreeSet<String> {
        let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
        let (_, limits) = readme.split_once("\n## Limits\n").unwrap();
        let limits = limits.split("\n## ").next().unwrap_or_default();
        let lines = limits.lines().filter_map(|line| line.strip_prefix("| `"));
        lines.filter_map(|line| Some(line.split_once('`')?.0.to_owned())).collect()
    }

    /// The code of every file below a folder, without its tests.
    fn sources(folder: &Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            if path.is_dir() && name != "tests" {
                sources(&path, text);
            } else if path.extension().is_some_and(|end| end == "rs") && name != "limit.rs" && name != "tests.rs" {
                let whole = std::fs::read_to_string(&path).unwrap();
                text.push_str(whole.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default());
            }
        }
    }

    #[test]
    fn the_readme_explains_every_limit_and_no_other() {
        let known: BTreeSet<String> = Limit::VARIANTS.iter().map(|limit| limit.code().to_owned()).collect();
        assert_eq!(told(), known);
    }

    #[test]
    fn every_limit_is_a_refusal_of_the_code() {
        let mut text = String::new();
        sources(&root().join("functions"), &mut text);
        let words: BTreeSet<&str> = text.split(|letter: char| !letter.is_alphanumeric() && letter != ':').collect();
        let idle: Vec<_> = Limit::VARIANTS
            .iter()
            .filter(|limit| !words.iter().any(|word| word.ends_with(&format!("Limit::{limit:?}"))))
            .collect();
        assert_eq!(idle, Vec::<&Limit>::new());
    }

    #[test]
    fn a_refusal_tells_its_code() {
        let refusal = Limit::SeveralLinks.refusal("$.gateway.restApiId", "found two");
        assert_eq!(refusal.to_string(), "$.gateway.restApiId: found two (limit several-links)");
    }
}

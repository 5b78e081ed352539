//! Add-on versions and the Kubernetes versions that they support: `DescribeAddonVersions`.
//!
//! A small part of EKS's catalogue. Versions are from the table of
//! <https://docs.aws.amazon.com/eks/latest/userguide/managing-kube-proxy.html> and those of the other add-ons' pages.

use serde_json::{Value, json};

use super::{
    Outcome,
    fault::Fault,
    request::{Request, page},
    version,
};

/// A version of an add-on and the range of Kubernetes minor versions that it supports, both ends included.
struct Offer {
    version: &'static str,
    minors: (u32, u32),
    /// The range of minor versions whose default it is.
    default_of: (u32, u32),
}

/// An add-on.
struct Addon {
    name: &'static str,
    kind: &'static str,
    namespace: &'static str,
    /// Whether it runs as a Deployment, which is DEGRADED without nodes; a `DaemonSet` is healthy without nodes.
    needs_nodes: bool,
    /// The service account that uses Pod Identity.
    service_account: Option<&'static str>,
    offers: &'static [Offer],
}

/// An empty range of minor versions.
const NONE: (u32, u32) = (1, 0);

const ADDONS: [Addon; 5] = [
    Addon {
        name: "vpc-cni",
        kind: "networking",
        namespace: "kube-system",
        needs_nodes: false,
        service_account: Some("aws-node"),
        offers: &[
            Offer { version: "v1.20.4-eksbuild.2", minors: (30, 35), default_of: (30, 35) },
            Offer { version: "v1.20.3-eksbuild.1", minors: (30, 34), default_of: NONE },
            Offer { version: "v1.19.6-eksbuild.7", minors: (30, 33), default_of: NONE },
        ],
    },
    Addon {
        name: "kube-proxy",
        kind: "networking",
        namespace: "kube-system",
        needs_nodes: false,
        service_account: None,
        offers: &[
            Offer { version: "v1.35.0-eksbuild.2", minors: (35, 35), default_of: (35, 35) },
            Offer { version: "v1.34.1-eksbuild.2", minors: (34, 35), default_of: (34, 34) },
            Offer { version: "v1.33.5-eksbuild.2", minors: (33, 35), default_of: (33, 33) },
            Offer { version: "v1.32.9-eksbuild.2", minors: (32, 35), default_of: (32, 32) },
            Offer { version: "v1.31.13-eksbuild.2", minors: (31, 34), default_of: (31, 31) },
            Offer { version: "v1.30.14-eksbuild.8", minors: (30, 33), default_of: (30, 30) },
        ],
    },
    Addon {
        name: "coredns",
        kind: "networking",
        namespace: "kube-system",
        needs_nodes: true,
        service_account: None,
        offers: &[
            Offer { version: "v1.13.1-eksbuild.1", minors: (34, 35), default_of: (35, 35) },
            Offer { version: "v1.12.4-eksbuild.1", minors: (33, 35), default_of: (33, 34) },
            Offer { version: "v1.12.2-eksbuild.4", minors: (33, 34), default_of: NONE },
            Offer { version: "v1.11.4-eksbuild.24", minors: (30, 33), default_of: (30, 32) },
        ],
    },
    Addon {
        name: "aws-ebs-csi-driver",
        kind: "storage",
        namespace: "kube-system",
        needs_nodes: true,
        service_account: Some("ebs-csi-controller-sa"),
        offers: &[
            Offer { version: "v1.51.0-eksbuild.1", minors: (30, 35), default_of: (30, 35) },
            Offer { version: "v1.48.0-eksbuild.1", minors: (30, 34), default_of: NONE },
        ],
    },
    Addon {
        name: "eks-pod-identity-agent",
        kind: "security",
        namespace: "kube-system",
        needs_nodes: false,
        service_account: None,
        offers: &[
            Offer { version: "v1.3.9-eksbuild.3", minors: (30, 35), default_of: (30, 35) },
            Offer { version: "v1.3.8-eksbuild.2", minors: (30, 34), default_of: NONE },
        ],
    },
];

fn within(range: (u32, u32), minor: u32) -> bool {
    (range.0..=range.1).contains(&minor)
}

fn find(name: &str) -> Option<&'static Addon> {
    ADDONS.iter().find(|addon| addon.name == name)
}

/// Whether the add-on is DEGRADED without nodes.
pub(crate) fn needs_nodes(name: &str) -> bool {
    find(name).is_some_and(|addon| addon.needs_nodes)
}

/// The namespace that an add-on installs into.
pub(crate) fn namespace(name: &str) -> &'static str {
    find(name).map_or("kube-system", |addon| addon.namespace)
}

/// `DescribeAddonConfiguration`: <https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeAddonConfiguration.html>. The
/// schemas here know the settings by name only.
pub(crate) fn describe_configuration(request: &Request) -> Outcome {
    let (name, version) = (request.parameter("addonName"), request.parameter("addonVersion"));
    let (name, version) = (name.unwrap_or_default(), version.unwrap_or_default());
    let addon = find(name).filter(|addon| addon.offers.iter().any(|offer| offer.version == version));
    let Some(addon) = addon else {
        return Err(Fault::not_found(format!("No addon: {name} of version {version}")));
    };
    let schema = json!({ "$schema": "http://json-schema.org/draft-06/schema#", "type": "object" });
    let accounts: Vec<Value> = addon
        .service_account
        .map(|account| json!({ "serviceAccount": account, "recommendedManagedPolicies": [] }))
        .into_iter()
        .collect();
    Ok(json!({
        "addonName": name,
        "addonVersion": version,
        "configurationSchema": schema.to_string(),
        "podIdentityConfiguration": accounts,
    }))
}

/// The version to install: the requested one if it supports the cluster's version, or the default if none is requested.
pub(crate) fn choose(name: &str, asked: Option<&str>, kubernetes: &str) -> Result<&'static str, Fault> {
    let addon = find(name)
        .ok_or_else(|| Fault::invalid_parameter("Addon specified is not supported").with("addonName", name))?;
    let minor = version::minor(kubernetes).unwrap_or_default();
    let offer = match asked {
        Some(asked) => addon.offers.iter().find(|offer| offer.version == asked && within(offer.minors, minor)),
        None => addon.offers.iter().find(|offer| within(offer.default_of, minor)),
    };
    offer.map(|offer| offer.version).ok_or_else(|| {
        Fault::invalid_parameter(format!("Addon version specified is not supported in {kubernetes} kubernetes version"))
            .with("addonName", name)
    })
}

/// `DescribeAddonVersions`
pub(crate) fn describe_versions(request: &Request) -> Outcome {
    let kubernetes = request.parameter("kubernetesVersion");
    let name = request.parameter("addonName");
    if let Some(name) = name.filter(|name| find(name).is_none()) {
        return Err(Fault::not_found(format!("Addon {name} specified is not supported")).with("addonName", name));
    }
    let types: Vec<&str> = request.parameters("types").collect();
    let own = |member: &str, value: &str| {
        let mut wanted = request.parameters(member).peekable();
        wanted.peek().is_none() || wanted.any(|wanted| wanted == value)
    };
    let addons: Vec<Value> = ADDONS
        .iter()
        .filter(|addon| name.is_none_or(|name| addon.name == name))
        .filter(|addon| types.is_empty() || types.contains(&addon.kind))
        .filter(|_| own("publishers", "eks") && own("owners", "aws"))
        .map(|addon| info(addon, kubernetes))
        .filter(|info| info["addonVersions"].as_array().is_some_and(|versions| !versions.is_empty()))
        .collect();
    page(request, "addons", addons)
}

fn info(addon: &Addon, kubernetes: Option<&str>) -> Value {
    let versions: Vec<Value> = addon
        .offers
        .iter()
        .filter_map(|offer| {
            let compatibilities: Vec<Value> = (offer.minors.0..=offer.minors.1)
                .rev()
                .filter(|minor| kubernetes.is_none_or(|version| version::minor(version) == Some(*minor)))
                .map(|minor| {
                    json!({
                        "clusterVersion": format!("1.{minor}"), "platformVersions": ["*"],
                        "defaultVersion": within(offer.default_of, minor),
                    })
                })
                .collect();
            (!compatibilities.is_empty()).then(|| {
                json!({
                    "addonVersion": offer.version,
                    "architecture": ["amd64", "arm64"],
                    "computeTypes": if addon.needs_nodes { json!(["ec2", "fargate", "auto"]) } else { json!(["ec2", "hybrid"]) },
                    "compatibilities": compatibilities,
                    "requiresConfiguration": false,
                    "requiresIamPermissions": addon.service_account.is_some(),
                })
            })
        })
        .collect();
    json!({
        "addonName": addon.name, "type": addon.kind, "addonVersions": versions, "publisher": "eks", "owner": "aws",
        "defaultNamespace": addon.namespace,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_add_on_has_one_default_for_every_version_of_the_calendar() {
        for addon in &ADDONS {
            for minor in 30..=35 {
                let defaults = addon.offers.iter().filter(|offer| within(offer.default_of, minor));
                let compatible = defaults.clone().all(|offer| within(offer.minors, minor));
                assert!(defaults.count() == 1 && compatible, "{} on 1.{minor}", addon.name);
            }
        }
    }

    #[test]
    fn a_version_that_does_not_work_with_the_cluster_is_refused() {
        assert_eq!(choose("kube-proxy", None, "1.33"), Ok("v1.33.5-eksbuild.2"));
        let fault = choose("kube-proxy", Some("v1.35.0-eksbuild.2"), "1.33").unwrap_err();
        assert_eq!(fault.name, "InvalidParameterException");
        assert_eq!(choose("unheard-of", None, "1.33").unwrap_err().name, "InvalidParameterException");
    }
}

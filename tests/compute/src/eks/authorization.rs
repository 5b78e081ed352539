//! What IAM checks for an operation of EKS: its own action, the tags that it gives, and what EKS does elsewhere with its caller's
//! permissions.
//!
//! Actions and types of resources are those of
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelastickubernetesservice.html>, the rest is in
//! <https://docs.aws.amazon.com/step-functions/latest/dg/eks-iam.html>,
//! <https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html> and
//! <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html>.

use iam::Access;
use serde_json::Value;

use super::{cluster::Cluster, identity_provider, request::Request, stored::Stored, tag};
use crate::account::{Account, State};

/// The service that uses the roles of clusters and nodes.
const EKS: &str = "eks.amazonaws.com";
/// The service that the roles of nodes are passed to, by an access entry and by EKS Auto Mode
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_eks.html#list_eks-operations>).
const EC2: &str = "ec2.amazonaws.com";
/// The service that gives roles to Pods.
const PODS: &str = "pods.eks.amazonaws.com";

/// The service that a Pod execution role trusts: <https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html>.
const FARGATE: &str = "eks-fargate-pods.amazonaws.com";

/// The accesses of a request.
pub(crate) fn accesses(account: &Account, request: &Request) -> Vec<Access> {
    let state = account.state();
    let asks = Asks { account, state: &state, request };
    let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("POST", ["clusters"]) => asks.create_cluster(),
        ("GET", ["clusters"]) => anywhere("ListClusters"),
        ("GET", ["clusters", name]) => asks.of_cluster("DescribeCluster", name),
        ("DELETE", ["clusters", name]) => asks.of_cluster("DeleteCluster", name),
        ("POST", ["clusters", name, "update-config"]) => asks.update_cluster(name),
        ("GET", ["cluster-versions"]) => anywhere("DescribeClusterVersions"),
        ("GET", ["addons", "configuration-schemas"]) => anywhere("DescribeAddonConfiguration"),
        ("GET", ["addons", "supported-versions"]) => anywhere("DescribeAddonVersions"),
        ("GET", ["tags", arn]) => vec![named("ListTagsForResource", arn, tag::of(&state, arn))],
        (method, ["clusters", name, kind, rest @ ..]) => asks.inside(method, name, kind, rest),
        _ => Vec::new(),
    }
}

struct Asks<'a> {
    account: &'a Account,
    state: &'a State,
    request: &'a Request,
}

impl Asks<'_> {
    fn inside(&self, method: &str, name: &str, kind: &str, rest: &[&str]) -> Vec<Access> {
        let cluster = self.state.clusters.get(name);
        match (method, kind, rest) {
            ("POST", "node-groups", []) => self.create_nodegroup(name),
            ("GET", "node-groups", []) => self.of_cluster("ListNodegroups", name),
            (_, "node-groups", [group, rest @ ..]) => {
                let action = match (method, rest) {
                    ("GET", []) => "DescribeNodegroup",
                    ("DELETE", []) => "DeleteNodegroup",
                    ("POST", ["update-config"]) => "UpdateNodegroupConfig",
                    _ => return Vec::new(),
                };
                let stored = cluster.and_then(|cluster| Some(&cluster.nodegroups.get(*group)?.stored));
                of(action, stored, || self.arn("nodegroup", &format!("{name}/{group}/*")))
            }
            ("POST", "addons", []) => self.create_addon(name),
            ("GET", "addons", []) => self.of_cluster("ListAddons", name),
            ("GET" | "DELETE", "addons", [addon]) => {
                let action = if method == "GET" { "DescribeAddon" } else { "DeleteAddon" };
                let stored = cluster.and_then(|cluster| cluster.addons.get(*addon));
                of(action, stored, || self.arn("addon", &format!("{name}/{addon}/*")))
            }
            ("POST", "access-entries", []) => {
                let mut accesses = self.create_in(name, "CreateAccessEntry", "access-entry");
                let is_of_nodes = self.text("type").is_some_and(|of| of.starts_with("EC2"));
                let role = self.text("principalArn").filter(|_| is_of_nodes);
                accesses.extend(role.map(|role| passes(role, EC2)));
                accesses
            }
            ("GET", "access-entries", []) => self.of_cluster("ListAccessEntries", name),
            (_, "access-entries", [principal, rest @ ..]) => {
                let action = match (method, rest) {
                    ("GET", []) => "DescribeAccessEntry",
                    ("DELETE", []) => "DeleteAccessEntry",
                    ("POST", ["access-policies"]) => "AssociateAccessPolicy",
                    ("DELETE", ["access-policies", _]) => "DisassociateAccessPolicy",
                    ("GET", ["access-policies"]) => "ListAssociatedAccessPolicies",
                    _ => return Vec::new(),
                };
                let stored = cluster.and_then(|cluster| Some(&cluster.access_entries.get(*principal)?.stored));
                of(action, stored, || self.some("access-entry", name))
            }
            ("POST", "pod-identity-associations", []) => {
                let mut accesses = self.create_in(name, "CreatePodIdentityAssociation", "podidentityassociation");
                accesses.extend(self.text("roleArn").map(|role| passes(role, PODS)));
                accesses
            }
            ("GET", "pod-identity-associations", []) => self.of_cluster("ListPodIdentityAssociations", name),
            ("GET", "pod-identity-associations", [id]) => {
                let stored = cluster.and_then(|cluster| cluster.pod_identities.get(*id));
                let arn = || self.arn("podidentityassociation", &format!("{name}/{id}"));
                of("DescribePodIdentityAssociation", stored, arn)
            }
            ("POST", "fargate-profiles", []) => {
                let mut accesses = self.create_in(name, "CreateFargateProfile", "fargateprofile");
                accesses.extend(self.text("podExecutionRoleArn").map(|role| passes(role, FARGATE)));
                accesses
            }
            ("GET", "fargate-profiles", []) => self.of_cluster("ListFargateProfiles", name),
            (_, "fargate-profiles", [profile]) => {
                let action = if method == "GET" { "DescribeFargateProfile" } else { "DeleteFargateProfile" };
                let stored = cluster.and_then(|cluster| cluster.fargate_profiles.get(*profile));
                of(action, stored, || self.arn("fargateprofile", &format!("{name}/{profile}/*")))
            }
            ("GET", "identity-provider-configs", []) => self.of_cluster("ListIdentityProviderConfigs", name),
            ("POST", "identity-provider-configs", ["associate"]) => {
                self.create_in(name, "AssociateIdentityProviderConfig", "identityproviderconfig")
            }
            ("POST", "identity-provider-configs", [verb @ ("describe" | "disassociate")]) => {
                let action = if *verb == "describe" { "Describe" } else { "Disassociate" };
                let asked = &self.request.body["identityProviderConfig"];
                let text = |member: &str| asked[member].as_str().unwrap_or("*");
                let stored = cluster.and_then(|cluster| identity_provider::named(cluster, asked));
                let place = format!("{name}/{}/{}/*", text("type"), text("name"));
                of(&format!("{action}IdentityProviderConfig"), stored, || self.arn("identityproviderconfig", &place))
            }
            ("GET", "capabilities", []) => self.of_cluster("ListCapabilities", name),
            _ => Vec::new(),
        }
    }

    fn create_cluster(&self) -> Vec<Access> {
        let name = self.text("name").unwrap_or_default();
        let mut accesses = self.creating("CreateCluster", &self.arn("cluster", name), None, &self.arn("cluster", name));
        let nodes = self.request.body["computeConfig"]["nodeRoleArn"].as_str();
        accesses.extend(self.text("roleArn").map(|role| passes(role, EKS)));
        // EKS Auto Mode makes the access entry of its nodes.
        if let Some(role) = nodes {
            accesses.push(named("CreateAccessEntry", &self.arn("cluster", name), Vec::new()));
            accesses.push(passes(role, EC2));
        }
        // https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html
        let encryption = self.request.body["encryptionConfig"].as_array().into_iter().flatten();
        for key in encryption.filter_map(|encryption| encryption["provider"]["keyArn"].as_str()) {
            accesses.push(Access::new("kms:DescribeKey", key));
            accesses.push(Access::new("kms:CreateGrant", key).with("kms:GrantIsForAWSResource", "true"));
        }
        accesses
    }

    fn create_nodegroup(&self, cluster: &str) -> Vec<Access> {
        let mut accesses = self.create_in(cluster, "CreateNodegroup", "nodegroup");
        accesses.push(Access::new("ec2:DescribeSubnets", "*"));
        let Some(role) = self.text("nodeRole") else { return accesses };
        accesses.extend(["iam:GetRole", "iam:ListAttachedRolePolicies"].map(|action| Access::new(action, role)));
        accesses.push(passes(role, EKS));
        if self.request.body["launchTemplate"].is_object() {
            let instance =
                format!("arn:aws:ec2:{}:{}:instance/*", self.account.options.region, self.account.options.account);
            accesses.push(Access::new("ec2:RunInstances", &instance));
            accesses.push(Access::new("ec2:CreateTags", &instance).with("ec2:CreateAction", "RunInstances"));
            accesses.push(passes(role, "ec2.amazonaws.com"));
        }
        accesses
    }

    fn create_addon(&self, cluster: &str) -> Vec<Access> {
        let mut accesses = self.create_in(cluster, "CreateAddon", "addon");
        accesses.extend(self.text("serviceAccountRoleArn").map(|role| passes(role, EKS)));
        let identities = self.request.body["podIdentityAssociations"].as_array().into_iter().flatten();
        accesses.extend(identities.filter_map(|identity| identity["roleArn"].as_str()).map(|role| passes(role, PODS)));
        accesses
    }

    /// Something is created in a cluster, whose own ARN EKS makes up.
    fn create_in(&self, cluster: &str, action: &str, kind: &str) -> Vec<Access> {
        let inside = self.state.clusters.get(cluster);
        self.creating(action, &self.arn("cluster", cluster), inside.map(tags), &self.some(kind, cluster))
    }

    /// A creation, and the tags that it gives to what it creates.
    fn creating(&self, action: &str, on: &str, on_tags: Option<Vec<(&str, &str)>>, created: &str) -> Vec<Access> {
        let given = pairs(&self.request.body["tags"]);
        let create = named(action, on, on_tags.unwrap_or_default()).giving_tags(given.clone());
        let tagging = (!given.is_empty()).then(|| Access::new("eks:TagResource", created).giving_tags(given));
        std::iter::once(create).chain(tagging).collect()
    }

    fn of_cluster(&self, action: &str, name: &str) -> Vec<Access> {
        let found = self.state.clusters.get(name).map(tags).unwrap_or_default();
        vec![named(action, &self.arn("cluster", name), found)]
    }

    fn update_cluster(&self, name: &str) -> Vec<Access> {
        let accesses = self.of_cluster("UpdateClusterConfig", name);
        match self.request.body["accessConfig"]["authenticationMode"].as_str() {
            Some(mode) => accesses.into_iter().map(|access| access.with("eks:authenticationMode", mode)).collect(),
            None => accesses,
        }
    }

    /// The ARN of something of a cluster whose name is not known.
    fn some(&self, kind: &str, cluster: &str) -> String {
        let rest = match kind {
            "access-entry" => "*/*/*/*",
            "identityproviderconfig" => "*/*/*",
            "podidentityassociation" => "*",
            _ => "*/*",
        };
        self.arn(kind, &format!("{cluster}/{rest}"))
    }

    fn arn(&self, kind: &str, name: &str) -> String {
        self.account.arn("eks", &format!("{kind}/{name}"))
    }

    fn text(&self, member: &str) -> Option<&str> {
        self.request.text(member)
    }
}

/// An action on what is stored, or on what would be there.
fn of(action: &str, stored: Option<&Stored>, otherwise: impl Fn() -> String) -> Vec<Access> {
    let resource = stored.map(|stored| &stored.resource);
    let arn = resource.and_then(tag::arn_of).map_or_else(otherwise, str::to_owned);
    vec![named(action, &arn, resource.map(|resource| pairs(&resource["tags"])).unwrap_or_default())]
}

fn named(action: &str, arn: &str, tags: Vec<(&str, &str)>) -> Access {
    Access::new(format!("eks:{action}"), arn).on_tags(tags)
}

fn anywhere(action: &str) -> Vec<Access> {
    vec![named(action, "*", Vec::new())]
}

fn passes(role: &str, to: &str) -> Access {
    Access::new("iam:PassRole", role).with("iam:PassedToService", to)
}

fn tags(cluster: &Cluster) -> Vec<(&str, &str)> {
    pairs(&cluster.stored.resource["tags"])
}

/// The tags of a JSON object.
pub(super) fn pairs(tags: &Value) -> Vec<(&str, &str)> {
    let tags = tags.as_object().into_iter().flatten();
    tags.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default())).collect()
}

//! Karpenter in the bundles: whether it will make green's nodes, and nothing of blue's.

use super::{Around, manifest_path, selectors::Place};
use domain::{
    Input, Kind, Limit, PhaseError, Problem,
    manifest::{Classes, Object, workload},
    object::ObjectId,
    plan::{Found, Planned, workloads::Workloads},
    ports::Network,
    resources::node_pool::{is_auto_pool, is_class, is_pool, planned, pool_of},
    word::is_named,
};
use std::collections::BTreeMap;

/// Settings of Karpenter, each an argument and a variable of the environment
/// (<https://karpenter.sh/docs/reference/settings/>).
const CLUSTER: Setting = Setting { argument: "--cluster-name", variable: "CLUSTER_NAME" };
const QUEUE: Setting = Setting { argument: "--interruption-queue", variable: "INTERRUPTION_QUEUE" };

/// A variable that Karpenter's chart gives its container and nothing else has
/// (<https://github.com/aws/karpenter-provider-aws/blob/main/charts/karpenter/templates/deployment.yaml>).
const OWN_VARIABLE: &str = "KARPENTER_SERVICE";

struct Setting {
    argument: &'static str,
    variable: &'static str,
}

/// What of Karpenter the bundles have on blue: before words of blue are replaced.
#[derive(Debug, Default)]
pub(super) struct OfBlue {
    /// Its NodePools and EC2NodeClasses.
    pub(super) objects: Vec<ObjectId>,
}

impl OfBlue {
    /// Takes note of what is Karpenter's.
    pub(super) fn see(&mut self, objects: &[Object]) {
        self.objects.extend(objects.iter().filter(|object| is_its(object)).map(|object| object.id.clone()));
    }
}

/// Whether Karpenter makes nodes by it: EKS Auto Mode has NodePools too.
fn is_its(object: &Object) -> bool {
    is_class(&object.id) || (is_pool(&object.id) && !is_auto_pool(&object.id, &object.value))
}

/// Reads what blue's Karpenter has made, and holds what the bundles have of Karpenter against what green will have.
///
/// # Errors
/// `Unavailable` and `Denied` only.
pub(super) async fn read<P: Network>(
    ports: &P,
    input: &Input,
    all: &[(usize, Object)],
    around: &Around,
    of_blue: &OfBlue,
    found: &mut Found<Workloads>,
) -> Result<(), PhaseError> {
    let blue = &input.blue.cluster;
    let its: Vec<&(usize, Object)> = all.iter().filter(|(_, object)| is_its(object)).collect();
    if !around.is_users && !blue.is_empty() {
        let nodes = ports.instances_tagged(&format!("kubernetes.io/cluster/{blue}"), None).await?;
        let has = |pool: &str| of_blue.objects.iter().any(|id| is_pool(id) && id.name == pool);
        let mut strange: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (node, pool) in nodes.iter().filter_map(|node| Some((node, pool_of(node)?))) {
            if !has(pool) {
                strange.entry(pool).or_default().push(&node.id);
            }
        }
        found.problems.extend(strange.into_iter().map(|(pool, nodes)| {
            let message = format!(
                "Karpenter made the nodes {} of blue for the NodePool {pool}, which is in no bundle: green would not have such nodes, and blue's would stay when it is \
                 deleted. Bring Karpenter with its NodePools and EC2NodeClasses in the bundles, or move the Pods to a managed node group",
                nodes.join(", ")
            );
            Limit::UnmanagedNodes.refusal("$.workloads.manifests", message)
        }));
    }
    if its.is_empty() {
        return Ok(());
    }
    if around.is_users {
        found.problems.extend(its.iter().map(|(index, object)| {
            let message = format!(
                "{} makes nodes, and on a green of your own Bascule would not know them from yours. Bring Karpenter's NodePools and EC2NodeClasses there yourself, and take \
                 them out of the bundles (document {})",
                object.id, object.document
            );
            Limit::Karpenter.refusal(manifest_path(*index), message)
        }));
        return Ok(());
    }
    let place = Place::read(ports, around).await?;
    for (index, object) in its.iter().filter(|(_, object)| is_class(&object.id)) {
        let messages = place.problems(object).into_iter().chain(role(object, around)).chain(image(object, around));
        found.problems.extend(messages.map(|message| refusal(*index, object, &message)));
    }
    found.facts.node_pools = its.iter().map(|(_, object)| object.id.clone()).collect();
    found.creates.extend(found.facts.node_pools.iter().map(|id| Planned::new(Kind::NodePool, id.to_string())));
    found.deletes.extend(of_blue.objects.iter().map(|id| planned(blue, id)));
    advise(input, found);
    Ok(())
}

/// Everything about the controller that keeps it from making green's nodes, or from leaving blue's alone.
pub(super) fn problems(input: &Input, classes: &Classes, all: &[(usize, Object)]) -> Vec<Problem> {
    if !all.iter().any(|(_, object)| is_pool(&object.id) && is_its(object)) {
        return Vec::new();
    }
    let mut controllers = all.iter().filter(|(_, object)| runs_karpenter(object)).peekable();
    if controllers.peek().is_none() {
        let message =
            "the bundles have NodePools and no Karpenter that would make their nodes; bring it with the bundles";
        return vec![Limit::Karpenter.refusal("$.workloads.manifests", message)];
    }
    controllers
        .flat_map(|(index, object)| {
            let mut messages = Vec::new();
            if classes.hold.contains(&object.id) {
                messages.push(
                    "is to be held, and green's Pods need its nodes before the switch. Do not hold it".to_owned(),
                );
            }
            messages.extend(wrong_cluster(input, object));
            messages.extend(shared_queue(input, object));
            messages.into_iter().map(|message| refusal(*index, object, &message))
        })
        .collect()
}

fn refusal(index: usize, object: &Object, message: &str) -> Problem {
    let message = format!("{} {message} (document {})", object.id, object.document);
    Limit::Karpenter.refusal(manifest_path(index), message)
}

/// By its own variable, or by what only Karpenter's arguments say: images are copied under other names.
fn runs_karpenter(object: &Object) -> bool {
    workload::is_workload(&object.id)
        && (workload::variables(object).any(|name| name == OWN_VARIABLE)
            || workload::images(&object.id.kind, &object.value)
                .iter()
                .any(|image| image.contains("karpenter/controller")))
}

/// The value of a setting; an argument counts before the variable.
fn value<'a>(object: &'a Object, setting: &Setting) -> Option<&'a str> {
    let words: Vec<&str> = workload::arguments(object).collect();
    let given = |(at, word): (usize, &&'a str)| {
        let rest = word.strip_prefix(setting.argument)?;
        rest.strip_prefix('=').or_else(|| if rest.is_empty() { words.get(at + 1).copied() } else { None })
    };
    let argument = words.iter().enumerate().find_map(given);
    argument.or_else(|| workload::value_of(object, setting.variable)).filter(|value| !value.is_empty())
}

fn wrong_cluster(input: &Input, object: &Object) -> Option<String> {
    let green = &input.green.cluster;
    match value(object, &CLUSTER) {
        Some(name) if name == green => None,
        Some(name) => Some(format!(
            "works for the cluster {name} ({}), expected {green}: say in workloads.replace what {name} becomes on green",
            CLUSTER.variable
        )),
        None => Some(format!(
            "does not say for which cluster it works: write {} or {} with {} into the bundle, and in workloads.replace what that becomes on green",
            CLUSTER.argument, CLUSTER.variable, input.blue.cluster
        )),
    }
}

/// Two that take messages from one queue each miss what the other took: an instance is interrupted without a warning.
fn shared_queue(input: &Input, object: &Object) -> Option<String> {
    let queue = value(object, &QUEUE)?;
    let is_greens = input.workloads.replace.iter().any(|word| word.blue != word.green && is_named(queue, &word.green));
    (!is_greens).then(|| {
        format!(
            "takes interruptions from the queue {queue}, as blue's does: of two Karpenters on one queue each misses what the other took, and nodes end without being drained. \
             Make a queue for {} with its rules (https://karpenter.sh/docs/reference/cloudformation/#interruption-handling), and name it in workloads.replace",
            input.green.cluster
        )
    })
}

/// Nodes join with the access entry of their role, which EKS makes for managed node groups alone.
fn role(class: &Object, around: &Around) -> Option<String> {
    let role = class.value["spec"]["role"].as_str()?;
    let joins = around.node_roles.iter().any(|arn| arn.rsplit('/').next() == role.rsplit('/').next());
    (!joins).then(|| {
        format!(
            "gives its nodes the role {role}, which has no access entry of the type EC2_LINUX on blue that Bascule could copy: green's nodes would not join. \
             `aws eks create-access-entry --cluster-name {} --type EC2_LINUX --principal-arn <its ARN>`",
            around.blue
        )
    })
}

/// From Kubernetes 1.33 on EKS publishes no AMI of Amazon Linux 2
/// (<https://docs.aws.amazon.com/eks/latest/userguide/eks-ami-deprecation-faqs.html>).
fn image(class: &Object, around: &Around) -> Option<String> {
    let spec = &class.value["spec"];
    let mut terms = spec["amiSelectorTerms"].as_array().into_iter().flatten();
    let is_old = spec["amiFamily"] == "AL2"
        || terms.any(|term| term["alias"].as_str().is_some_and(|alias| alias.starts_with("al2@")));
    let (_, minor) = around.version.split_once('.')?;
    (is_old && minor.parse::<u32>().is_ok_and(|minor| minor >= 33)).then(|| {
        format!(
            "has nodes of Amazon Linux 2, of which EKS publishes no AMI for Kubernetes {}: choose another alias in amiSelectorTerms, such as al2023",
            around.version
        )
    })
}

fn advise(input: &Input, found: &mut Found<Workloads>) {
    let (blue, green) = (&input.blue.cluster, &input.green.cluster);
    let names: Vec<String> = found.facts.node_pools.iter().map(ToString::to_string).collect();
    found.advice.push(format!(
        "Karpenter makes nodes in both clusters while both exist, for {}: what these cost and count in EC2's quotas is not in this plan. Before blue's node groups go, the \
         cleanup deletes blue's and waits until its Karpenter has terminated their instances, and the way back does so on green",
        names.join(", ")
    ));
    found.advice.push(format!(
        "the IAM role of green's Karpenter must let it act for {green}: policies as in Karpenter's documents hold it to tags such as kubernetes.io/cluster/{blue}, and Bascule does \
         not read them. Where it may not, green's Pods stay Pending, and nobody is asked to approve"
    ));
}

#[cfg(test)]
mod tests;

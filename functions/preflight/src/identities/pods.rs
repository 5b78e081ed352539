//! EKS Pod Identity instead of blue's OIDC provider: which service accounts get an association on green, and what keeps them from it. Pods of a
//! service account that has both an association and the annotation of IRSA get the role of the association
//! (<https://github.com/aws/amazon-eks-pod-identity-webhook>, `buildPodPatchConfig`).

use super::IRSA;
use domain::{
    Kind, PhaseError, Problem,
    input::Irsa,
    pattern::is_like,
    plan::{
        Found, Planned,
        compute::{Addon, Compute, FargateProfile, POD_IDENTITY_AGENT, PodIdentity},
        workloads::Workloads,
    },
    ports::Addons,
    trust_policy::{TrustPolicy, for_pods},
};
use serde_json::Value;

/// A service account whose Pods take a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taker {
    /// Its name.
    account: String,
    of: Of,
}

/// Where a service account is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Of {
    Namespace(String),
    /// In the namespace of this add-on, which EKS chooses.
    Addon(String),
}

impl Taker {
    fn namespace(&self) -> Option<&str> {
        match &self.of {
            Of::Namespace(namespace) => Some(namespace),
            Of::Addon(_) => None,
        }
    }

    /// Whether the policy lets EKS Pod Identity assume the role for it.
    pub(super) fn is_let_by(&self, policy: &TrustPolicy) -> bool {
        policy.lets_pods(self.namespace(), &self.account)
    }

    /// What lets EKS Pod Identity assume the role for it.
    pub(super) fn statement(&self) -> Value {
        for_pods(self.namespace(), &self.account)
    }
}

/// The service accounts that take a role, each once; none where nothing is to become of that. Those of add-ons are who EKS lets have an association
/// (<https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeAddonConfiguration.html>).
///
/// # Errors
/// Only what the calls answer.
pub(super) async fn takers<P: Addons>(
    ports: &P,
    compute: &Compute,
    workloads: &Workloads,
    (becomes, role_arn): (Irsa, &str),
) -> Result<Vec<Taker>, PhaseError> {
    let mut takers = Vec::new();
    if becomes != Irsa::PodIdentity {
        return Ok(takers);
    }
    for addon in compute.addons.iter().filter(|addon| takes(addon, role_arn)) {
        let offered = ports.addon_schema(&addon.name, &addon.version).await?;
        let accounts = offered.map(|offered| offered.service_accounts).unwrap_or_default();
        let has = |account: &String| addon.pod_identities.iter().any(|(known, _)| known == account);
        let of_addon = |account| Taker { account, of: Of::Addon(addon.name.clone()) };
        takers.extend(accounts.into_iter().filter(|account| !has(account)).map(of_addon));
    }
    let assumed = workloads.assumed.iter().filter(|assumed| assumed.role_arn == role_arn);
    for (namespace, account) in assumed.filter_map(|assumed| assumed.service_account.clone()) {
        let has = compute
            .pod_identities
            .iter()
            .any(|known| (&known.namespace, &known.service_account) == (&namespace, &account));
        let taker = Taker { account, of: Of::Namespace(namespace) };
        if !has && !takers.contains(&taker) {
            takers.push(taker);
        }
    }
    Ok(takers)
}

fn takes(addon: &Addon, role_arn: &str) -> bool {
    addon.service_account_role_arn.as_deref() == Some(role_arn)
}

/// Whether Pods of the namespace may run on Fargate: which of them, their labels say.
fn may_select(profile: &FargateProfile, namespace: &str) -> bool {
    profile.selectors.iter().any(|selector| is_like(&selector.namespace, namespace))
}

/// Gives green the associations of a role: add-ons get theirs with the add-on. What cannot get one is refused.
pub(super) fn given(compute: &mut Compute, workloads: &Workloads, role_arn: &str, takers: &[Taker]) -> Found<()> {
    let mut found = Found::new(());
    let mut refuse = |message: String| found.problems.push(Problem::new(IRSA, message));
    for assumed in workloads.assumed.iter().filter(|assumed| assumed.role_arn == role_arn) {
        if assumed.service_account.is_none() {
            refuse(format!(
                "{} sets AWS_WEB_IDENTITY_TOKEN_FILE itself, which SDKs take before EKS Pod Identity: no association would reach it. Take the variables \
                 out and annotate its service account, or write \"extend\"",
                assumed.by
            ));
        }
    }
    for addon in compute.addons.iter_mut().filter(|addon| takes(addon, role_arn)) {
        let own = takers.iter().filter(|taker| taker.of == Of::Addon(addon.name.clone()));
        addon.pod_identities.extend(own.map(|taker| (taker.account.clone(), role_arn.to_owned())));
        if addon.pod_identities.is_empty() {
            refuse(format!(
                "the version {} of the add-on {}, which green gets, takes no EKS Pod Identity association; write \"extend\"",
                addon.version, addon.name
            ));
        }
        addon.service_account_role_arn = None;
    }
    for taker in takers {
        let account = &taker.account;
        let name = match &taker.of {
            Of::Addon(addon) => format!("{account} of the add-on {addon}"),
            Of::Namespace(namespace) => {
                for profile in compute.fargate_profiles.iter().filter(|profile| may_select(profile, namespace)) {
                    refuse(format!(
                        "the Fargate profile {} selects Pods of {namespace}, and on Fargate {namespace}/{account} gets nothing from EKS Pod Identity; write \
                         \"extend\"",
                        profile.name
                    ));
                }
                compute.pod_identities.push(PodIdentity {
                    namespace: namespace.clone(),
                    service_account: account.clone(),
                    role_arn: role_arn.to_owned(),
                    ..PodIdentity::default()
                });
                format!("{namespace}/{account}")
            }
        };
        found.creates.push(Planned::new(Kind::PodIdentityAssociation, name));
    }
    found
}

/// What keeps Pods of green from getting credentials of the associations that are to be made
/// (<https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html>: no Windows, and no Fargate, of which [`given`] tells).
pub(super) fn unfit(compute: &Compute, creates: &[Planned]) -> Vec<Problem> {
    if !creates.iter().any(|planned| planned.kind == Kind::PodIdentityAssociation) {
        return Vec::new();
    }
    let mut messages = Vec::new();
    if !compute.addons.iter().any(|addon| addon.name == POD_IDENTITY_AGENT) {
        messages.push(format!(
            "found \"podIdentity\", and blue lacks the add-on {POD_IDENTITY_AGENT}, from which Pods get the credentials of associations: \
             `aws eks create-addon --cluster-name {} --addon-name {POD_IDENTITY_AGENT}`, and green gets it too",
            compute.blue.name
        ));
    }
    let windows: Vec<&str> = compute
        .node_groups
        .iter()
        .filter(|group| group.ami_type.starts_with("WINDOWS"))
        .map(|group| group.name.as_str())
        .collect();
    if !windows.is_empty() {
        messages.push(format!(
            "found \"podIdentity\", and the nodes of {} run Windows, whose Pods get no EKS Pod Identity; write \"extend\"",
            windows.join(", ")
        ));
    }
    messages.into_iter().map(|message| Problem::new(IRSA, message)).collect()
}

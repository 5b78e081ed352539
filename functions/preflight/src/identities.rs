//! Preflight of the IAM roles that Pods take through blue's OIDC provider (IRSA). Green has another issuer, so nobody there gets them unless
//! their trust policies say of green's provider what they say of blue's, or EKS Pod Identity gives them.

mod existing;
mod pods;

use crate::compute::{roles::role_name, whole};
use domain::{
    Input, Kind, Limit, PhaseError, Problem,
    input::Irsa,
    ownership::{MIGRATION, REPLACEABLE, SIDE},
    pattern::is_like,
    plan::{Found, Planned, compute::Compute, workloads::Workloads},
    ports::{Addons, OidcProviders, Quotas, Roles, Settings, oidc_providers::OidcProvider, roles::Role},
    resources::{oidc_provider, trust_statement},
    trust_policy::{Trust, TrustPolicy, for_provider},
};
use pods::Taker;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where people say what becomes of such roles.
const IRSA: &str = "$.identities.irsa";

/// "Role trust policy length", in characters (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const LENGTH: &str = "L-C07B4B0D";
const LENGTH_BY_DEFAULT: usize = 2_048;

/// Tags that an OIDC provider may have, of the same page.
const MOST_TAGS: usize = 50;

/// Reads blue's OIDC provider and every role that add-ons and bundles take through it. Changes nothing but what green is to get by EKS Pod
/// Identity instead.
///
/// # Errors
/// `Unavailable` or `Denied`: everything else that stands in the way is a problem of what is found.
pub async fn read<P>(
    ports: &P,
    input: &Input,
    compute: &mut Compute,
    workloads: &Workloads,
) -> Result<Found<()>, PhaseError>
where
    P: Addons + OidcProviders + Quotas + Roles + Settings,
{
    let mut found = Found::new(());
    let Some(arn) = oidc_provider::arn(&compute.blue) else { return Ok(found) };
    let provider = ports.oidc_provider(&arn).await?;
    if let Some(existing) = &compute.existing {
        let known = provider.iter().map(|_| Planned::existing(Kind::OidcProvider, &compute.blue.oidc_issuer, &arn));
        found.deletes.extend(known);
        found.problems = existing::untrusting(ports, compute, workloads, (&arn, &existing.oidc_provider_arn)).await?;
        return Ok(found);
    }
    let becomes = input.identities.irsa;
    if let Some(provider) = &provider {
        found.deletes.push(Planned::existing(Kind::OidcProvider, &compute.blue.oidc_issuer, &arn));
        found.advice.extend(not_replaceable(provider).filter(|_| !input.keeps_blue()));
        if becomes == Irsa::Extend {
            found.creates.push(oidc_provider::planned(&compute.green.name, provider));
            found.problems.extend(too_many_tags(compute, provider));
        }
    }
    let used = used(compute, workloads);
    if used.is_empty() {
        return Ok(found);
    }
    let green = compute.green.name.clone();
    let around = Around {
        green: &green,
        provider: &arn,
        exists: provider.is_some(),
        becomes,
        may_change: ports.irsa_roles(),
        longest: ports.quota("iam", LENGTH).await?.map_or(LENGTH_BY_DEFAULT, whole),
    };
    for (role_arn, by) in &used {
        let role = match role_name(&compute.blue.arn, role_arn) {
            None => Seen::Nowhere,
            Some(name) => ports.role(name).await?.map_or(Seen::Gone, |role| Seen::Here(name, role)),
        };
        let takers = pods::takers(ports, compute, workloads, (becomes, role_arn)).await?;
        let judged = judge(&around, role_arn, &by.join(", "), &takers, &role);
        if becomes == Irsa::PodIdentity && !judged.deletes.is_empty() {
            found.extend(pods::given(compute, workloads, role_arn, &takers));
        }
        found.extend(judged);
    }
    found.problems.extend(pods::unfit(compute, &found.creates));
    if found.creates.iter().any(|planned| planned.kind == Kind::TrustStatement) {
        found.advice.push(
            "the trust policies of roles for service accounts change while both clusters exist: whoever writes one as a whole meanwhile, such as Terraform at its \
             next apply, takes green's statement away again, and green's Pods lose the role. Take the statement over there, or apply nothing that changes these roles \
             until blue is deleted"
                .to_owned(),
        );
    }
    Ok(found)
}

/// What is the same for every role.
#[derive(Debug)]
struct Around<'a> {
    green: &'a str,
    /// The ARN of blue's provider, whether it exists or not.
    provider: &'a str,
    exists: bool,
    becomes: Irsa,
    /// The pattern of the roles that Bascule may change.
    may_change: Option<String>,
    /// How long a trust policy may be, in characters.
    longest: usize,
}

/// A role that somebody takes.
#[derive(Debug)]
enum Seen<'a> {
    /// The ARN is of no role of this account.
    Nowhere,
    /// It does not exist.
    Gone,
    /// It exists under this name.
    Here(&'a str, Role),
}

/// Everything that stands in the way of one role, or what becomes of it.
fn judge(around: &Around, role_arn: &str, by: &str, takers: &[Taker], seen: &Seen) -> Found<()> {
    let mut found = Found::new(());
    let mut refuse = |message: String| found.problems.push(Problem::new(IRSA, message));
    if around.becomes == Irsa::Refuse {
        refuse(format!(
            "{by} takes the role {role_arn} through blue's OIDC provider, and green has another one. Write \"identities\": {{\"irsa\": \"extend\"}}, and green gets \
             a provider and the role's trust policy what it needs to say of it; or \"podIdentity\", and green gets EKS Pod Identity associations instead"
        ));
    }
    let (name, role) = match seen {
        Seen::Here(name, role) => (name, role),
        Seen::Gone => {
            refuse(format!(
                "{by} takes the role {role_arn}, which does not exist. Create it, or take what names it away"
            ));
            return found;
        }
        Seen::Nowhere => {
            refuse(Limit::ForeignRoles.told(&format!(
                "{by} takes {role_arn}, which is no role of this account: Bascule cannot look at its trust policy, nor change it. Give Pods a role of this account by \
                 EKS Pod Identity, with that one as its target"
            )));
            return found;
        }
    };
    let statements = match about(role, around.provider) {
        Ok(statements) => statements,
        Err(message) => {
            refuse(message);
            return found;
        }
    };
    if statements.is_empty() {
        let message = "which does not trust blue's OIDC provider: neither blue's Pods nor green's get it that way";
        found.advice.push(format!("{by} takes the role {role_arn}, {message}"));
        return found;
    }
    if !around.exists {
        refuse(format!(
            "the role {role_arn} trusts {}, which does not exist: blue's Pods do not get it. Create the provider, or take what names the role away",
            around.provider
        ));
    }
    if around.becomes != Irsa::Refuse
        && !around.may_change.as_deref().is_some_and(|pattern| is_like(pattern, path(role_arn)))
    {
        refuse(format!(
            "the trust policy of {role_arn} is to be changed, and Bascule may not: its stack's parameter IrsaRoles is {:?}. Deploy it with a pattern for such roles, \
             names with paths, here {:?}",
            around.may_change.as_deref().unwrap_or_default(),
            path(role_arn)
        ));
    }
    let added = around.added(role, &statements, takers);
    too_long(role, &added, around).into_iter().for_each(&mut refuse);
    let (created, deleted) = match around.becomes {
        Irsa::Refuse => return found,
        Irsa::Extend => {
            let (created, deleted) =
                trust_statement::planned((name, role_arn), &statements, around.provider, around.green);
            (Some(created), deleted)
        }
        Irsa::PodIdentity => trust_statement::planned_for_pods((name, role_arn), &statements, &added),
    };
    found.creates.extend(created);
    found.deletes.push(deleted);
    found
}

/// The ARN of each role that add-ons and bundles take, with what takes it.
fn used(compute: &Compute, workloads: &Workloads) -> BTreeMap<String, Vec<String>> {
    let addons = compute.addons.iter().filter_map(|addon| {
        let role = addon.service_account_role_arn.clone()?;
        Some((role, format!("the add-on {} of $.blue.cluster", addon.name)))
    });
    let bundles = workloads.assumed.iter().map(|assumed| (assumed.role_arn.clone(), assumed.by.clone()));
    let mut used: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (role, by) in addons.chain(bundles) {
        used.entry(role).or_default().push(by);
    }
    used
}

/// The role's statements about blue's provider.
fn about(role: &Role, provider: &str) -> Result<Vec<Value>, String> {
    let arn = &role.arn;
    let policy = TrustPolicy::read(&role.trust_policy)
        .ok_or_else(|| format!("the trust policy of {arn} is no JSON object with statements: {}", role.trust_policy))?;
    let deleted = policy.deleted_principals();
    match policy.says_of(provider) {
        Trust::None => Ok(Vec::new()),
        Trust::Statements(_) if !deleted.is_empty() => Err(format!(
            "the trust policy of {arn} names {}, which is what IAM shows of users and roles that were deleted, and takes in no policy that is written. Take it out",
            deleted.join(", ")
        )),
        Trust::Statements(statements) => Ok(statements),
        Trust::Unclear(statement) => Err(format!(
            "the trust policy of {arn} names blue's issuer in a statement that is not for blue's provider: {statement}. What it would have to say of green \
             is not clear; put the condition into the statement whose Principal is {{\"Federated\": {provider:?}}}"
        )),
    }
}

impl Around<'_> {
    /// What the role's policy needs beside what it says. Green's issuer is as long as blue's: both end with an id that EKS makes.
    fn added(&self, role: &Role, statements: &[Value], takers: &[Taker]) -> Vec<Value> {
        if self.becomes == Irsa::PodIdentity {
            let policy = TrustPolicy::read(&role.trust_policy);
            let lets = |taker: &&Taker| policy.as_ref().is_some_and(|policy| taker.is_let_by(policy));
            return takers.iter().filter(|taker| !lets(taker)).map(Taker::statement).collect();
        }
        let mut like_greens = self.provider.to_owned();
        like_greens.pop();
        like_greens.push('-');
        statements.iter().map(|statement| for_provider(statement, self.provider, &like_greens)).collect()
    }
}

fn too_long(role: &Role, added: &[Value], around: &Around) -> Option<String> {
    let length = TrustPolicy::read(&role.trust_policy)?.with(added).text().chars().count();
    (length > around.longest).then(|| {
        format!(
            "the trust policy of {} would have {length} characters with what it needs to say of green, and the quota \"Role trust policy length\" is {}. Ask for more: \
             `aws service-quotas request-service-quota-increase --region us-east-1 --service-code iam --quota-code {LENGTH} --desired-value {}`, or shorten it",
            role.arn,
            around.longest,
            length.div_ceil(1_024) * 1_024
        )
    })
}

fn too_many_tags(compute: &Compute, provider: &OidcProvider) -> Option<Problem> {
    let mut tags = compute.green_tags(&provider.tags);
    tags.extend([MIGRATION, SIDE].map(|key| (key.to_owned(), String::new())));
    (tags.len() > MOST_TAGS).then(|| {
        let message =
            format!("has {} tags, and green's gets two more, {MOST_TAGS} at most; remove some", provider.tags.len());
        Problem::new("$.blue.cluster", format!("the OIDC provider {} {message}", provider.arn))
    })
}

fn not_replaceable(provider: &OidcProvider) -> Option<String> {
    let lacks = provider.tags.get(REPLACEABLE).is_none_or(|value| value != "true");
    lacks.then(|| {
        format!(
            "the cleanup may delete blue's OIDC provider only where it has the tag {REPLACEABLE} = true, unless Bascule was deployed with CleanupDeletes=approved: \
             aws iam tag-open-id-connect-provider --open-id-connect-provider-arn {} --tags Key={REPLACEABLE},Value=true",
            provider.arn
        )
    })
}

/// The name of a role with its path, as in the resources of policies: `team/cart`.
fn path(role_arn: &str) -> &str {
    role_arn.split_once(":role/").map_or(role_arn, |(_, path)| path)
}

//! Whose is what is in the account.

use super::Sight;
use super::things::{Thing, Things};
use domain::approval::{Decision, Question};
use domain::manifest::{ObjectId, hold};
use domain::ports::migrations::Life;
use domain::resources::{oidc_provider, volume_copy};
use domain::trust_policy::{self, TrustPolicy};
use domain::{Kind, Status};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use testing::shop::{API, BLUE, GREEN, irsa};
use testing::{Account, Aws};

/// What is in one and not in the other. Rules change with the group that they are in: those of a group that is gone, or new, are
/// not told.
fn missing<'a>(all: &'a Things, other: &'a Things) -> impl Iterator<Item = (&'a Thing, &'a Option<Thing>)> {
    let in_both = |(kind, with): (Kind, &Option<Thing>)| {
        kind != Kind::SecurityGroupRule || with.as_ref().is_some_and(|group| other.contains_key(group))
    };
    all.iter().filter(move |(thing, with)| !other.contains_key(thing) && in_both((thing.0, with)))
}

/// Nothing outside of Bascule's own table is changed before a plan exists.
pub(super) fn nothing_has_changed(before: &Aws, now: &Aws) -> Result<(), String> {
    if before.contents() == now.contents() { Ok(()) } else { Err("something was changed without a plan".to_owned()) }
}

/// Invariant 3: blue cannot be deleted before the bake ended well; only what people approved is, with what goes with it.
pub(super) fn blue_is_deleted_only_after_a_good_bake_and_only_what_was_approved(sight: &Sight) -> Result<(), String> {
    let gone: Vec<_> = missing(&sight.witness.things, &sight.things).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let names: Vec<&String> = gone.iter().map(|((_, id), _)| id).collect();
    let baked = sight.record.last_question(Question::Bake.name()).and_then(|asked| asked.answer.as_ref());
    if baked.is_none_or(|answer| answer.decision != Decision::Approved) {
        return Err(format!("deleted though no bake has ended well: {names:?}"));
    }
    if !matches!(sight.life(), Life::CleaningUp | Life::Ended) {
        return Err(format!("deleted while the migration is {}: {names:?}", sight.life().name()));
    }
    if sight.record.input.as_ref().is_some_and(|input| input.cleanup.approval) {
        let asked = sight.record.last_question(Question::Cleanup.name()).and_then(|asked| asked.answer.as_ref());
        if asked.is_none_or(|answer| answer.decision != Decision::Approved) {
            return Err(format!("deleted though nobody approved it: {names:?}"));
        }
    }
    let may = |(kind, id): &Thing| sight.record.plan.may_delete(*kind, id);
    let unapproved: Vec<_> =
        gone.iter().filter(|(thing, with)| !may(thing) && !with.as_ref().is_some_and(may)).collect();
    if unapproved.is_empty() { Ok(()) } else { Err(format!("deleted though not in the approved list: {unapproved:?}")) }
}

/// Invariant 7: nothing is there that the ledger does not know: by its id, as intended, or with the thing that it goes with.
pub(super) fn everything_new_is_known_to_the_ledger(sight: &Sight) -> Result<(), String> {
    let known = |(kind, id): &Thing| {
        sight.record.entries.values().any(|entry| {
            let same = entry.id.as_deref() == Some(id) || entry.status == Status::Intended;
            entry.key.kind == *kind && entry.is_live() && same
        })
    };
    let new = missing(&sight.things, &sight.witness.things);
    let unknown: Vec<_> = new.filter(|(thing, with)| !known(thing) && !with.as_ref().is_some_and(known)).collect();
    if !unknown.is_empty() {
        return Err(format!("the ledger does not know {unknown:?}"));
    }
    let of_kind = |kind: Kind| sight.record.entries.values().any(|entry| entry.key.kind == kind && entry.is_live());
    let (before, now) = (&sight.witness.before, sight.aws);
    let cleaned = matches!(sight.life(), Life::CleaningUp | Life::Ended);
    let apis = || before.traffic.iter();
    for (kind, changed) in [
        (Kind::Integration, apis().any(|(api, _)| before.methods.get(api) != now.methods.get(api))),
        (Kind::StageShift, apis().any(|prod| before.stages.get(prod) != now.stages.get(prod))),
        (Kind::Workload, specs(before) != specs(now)),
        (Kind::TrustStatement, before.roles != now.roles),
    ] {
        if changed && !cleaned && !of_kind(kind) {
            return Err(format!("the ledger knows no {kind} though it was changed"));
        }
    }
    Ok(())
}

/// How blue lets people in.
fn mode(aws: &Aws) -> Option<&str> {
    aws.clusters.get(BLUE).map(|found| found.cluster.authentication_mode.as_str())
}

/// Blue's authentication mode is changed for good: from `CONFIG_MAP` only, where the input allows it, and the ledger has known of it before.
pub(super) fn blues_mode_is_changed_only_where_the_input_allows_it(sight: &Sight) -> Result<(), String> {
    let (before, now) = (mode(&sight.witness.before), mode(sight.aws));
    if now.is_none() || before == now {
        return Ok(());
    }
    let allowed = sight.record.input.as_ref().is_some_and(|input| input.blue.authentication_mode.is_some());
    let known = sight.record.entries.values().any(|entry| entry.key.kind == Kind::AuthenticationMode);
    let step = (before, now) == (Some("CONFIG_MAP"), Some("API_AND_CONFIG_MAP"));
    if allowed && known && step { Ok(()) } else { Err(format!("blue's mode was {before:?} and is {now:?}")) }
}

/// Green is in EKS Auto Mode as blue was.
pub(super) fn green_is_in_auto_mode_as_blue_was(sight: &Sight) -> Result<(), String> {
    let mode = |aws: &Aws, name: &str| aws.clusters.get(name).map(|found| found.cluster.auto_mode.clone());
    match (mode(&sight.witness.before, BLUE), mode(sight.aws, GREEN)) {
        (Some(blue), Some(green)) if blue != green => Err(format!("green is in {green:?}, and blue in {blue:?}")),
        _ => Ok(()),
    }
}

/// Blue's issuer, without the scheme.
pub(super) fn blue_issuer() -> &'static str {
    static ISSUER: LazyLock<String> = LazyLock::new(|| {
        let arn = Account::shop().provider_of(BLUE).unwrap();
        trust_policy::issuer(&arn).to_owned()
    });
    &ISSUER
}

/// Whether EKS Pod Identity gives the Pods of a cluster the role, by an association or by one of an add-on.
fn is_associated(now: &Aws, cluster: &str, role: &str, said: &TrustPolicy) -> bool {
    let (namespace, account) = irsa::taker(role);
    let arn = irsa::role_arn(role);
    let of = |name: &str| (cluster.to_owned(), name.to_owned());
    let own = now.pod_identities.get(&of(&format!("{namespace}/{account}"))).is_some_and(|found| found.role_arn == arn);
    let addon = now.addons.get(&of("vpc-cni")).map(|found| &found.addon);
    let of_addon = addon.is_some_and(|addon| addon.pod_identities.contains(&(account.to_owned(), arn.clone())));
    let has_agent = now.addons.contains_key(&of("eks-pod-identity-agent"));
    has_agent && (own && said.lets_pods(Some(namespace), account) || of_addon && said.lets_pods(None, account))
}

/// Pods of blue get their roles for as long as there is a blue; those of green, from the switch on.
pub(super) fn pods_get_their_roles(sight: &Sight) -> Result<(), String> {
    let (before, now) = (&sight.witness.before, sight.aws);
    let may = |cluster: &str, name: &str| {
        let provider = now.clusters.get(cluster).and_then(|found| oidc_provider::arn(&found.cluster));
        provider.is_none_or(|provider| {
            let Some(said) = now.roles.get(name).and_then(|policy| TrustPolicy::read(policy)) else { return false };
            let trusts = said.has(&irsa::statement(name, &provider)) && now.oidc_providers.contains_key(&provider);
            trusts || is_associated(now, cluster, name, &said)
        })
    };
    let blue = before.clusters.get(BLUE).filter(|_| now.clusters.contains_key(BLUE)).map(|_| BLUE);
    let b = before.stages.get(&prod()).map(|stage| &stage.deployment_id);
    let stage = now.stages.get(&prod());
    let shifted = stage.is_some_and(|stage| stage.canary.is_some() || Some(&stage.deployment_id) != b);
    let roles = irsa::ROLES.iter().filter(|name| before.roles.contains_key(**name));
    for (name, cluster) in roles.flat_map(|name| [blue, shifted.then_some(GREEN)].map(|cluster| (name, cluster))) {
        if cluster.is_some_and(|cluster| !may(cluster, name)) {
            return Err(format!("Pods of {cluster:?} do not get the role {name}"));
        }
    }
    Ok(())
}

fn prod() -> (String, String) {
    (API.to_owned(), "prod".to_owned())
}

/// What blue is asked to run.
fn specs(aws: &Aws) -> Vec<(&ObjectId, &Value)> {
    let objects = aws.objects.get(BLUE).into_iter().flatten();
    objects.map(|(id, value)| (id, &value["spec"])).collect()
}

/// What the user had on a green of their own is there at every moment, with the fields that they gave it.
pub(super) fn what_the_user_had_on_green_is_there(sight: &Sight) -> Result<(), String> {
    for (id, value) in sight.witness.before.objects.get(GREEN).into_iter().flatten() {
        let Some(now) = sight.aws.objects.get(GREEN).and_then(|objects| objects.get(id)) else {
            return Err(format!("{id} was on green before, and is gone"));
        };
        let (mut with, mut before) = (now.clone(), value.clone());
        if let Some(before) = before.as_object_mut() {
            before.remove("status");
        }
        hold::merge(&mut with, &before);
        if with != *now {
            return Err(format!("{id} was on green before as {value}, and is {now}"));
        }
    }
    Ok(())
}

/// What keeps data is blue's for as long as anybody may need it, and never goes with a cluster: nothing of before is deleted, ever, and what
/// green shares of it is kept whatever becomes of green.
pub(super) fn no_data_of_blue_is_deleted(sight: &Sight) -> Result<(), String> {
    let gone: Vec<_> =
        sight.witness.before.volumes.keys().filter(|handle| !sight.aws.volumes.contains_key(*handle)).collect();
    if !gone.is_empty() {
        return Err(format!("deleted with the data in it: {gone:?}"));
    }
    let green = sight.aws.objects.get(GREEN).into_iter().flatten();
    let mut volumes = green.filter(|(id, _)| id.kind == "PersistentVolume").map(|(_, volume)| &volume["spec"]);
    let is_blues = |spec: &&Value| {
        spec["csi"]["volumeHandle"].as_str().is_some_and(|handle| sight.witness.before.volumes.contains_key(handle))
    };
    match volumes.find(|spec| is_blues(spec) && spec["persistentVolumeReclaimPolicy"] != "Retain") {
        Some(spec) => Err(format!("green deletes what is blue's with its claim: {spec}")),
        None => Ok(()),
    }
}

/// Invariant 4: one effect for each key, however often it is tried.
pub(super) fn everything_is_created_once(sight: &Sight) -> Result<(), String> {
    let creates = &sight.aws.history.creates;
    let twice = creates.iter().enumerate().find(|(place, created)| creates[..*place].contains(created));
    twice.map_or(Ok(()), |(_, created)| Err(format!("{created} was created twice")))
}

/// Controllers may be at work still on what is as it was before, and write the status of objects last.
fn without_status(mut aws: Aws) -> Aws {
    for object in aws.objects.values_mut().flat_map(BTreeMap::values_mut) {
        object.as_object_mut().map(|object| object.shift_remove("status"));
    }
    aws
}

/// Invariants 5 and 7 at the end of a way back: the account is as before, but for green where it is kept.
pub(super) fn the_account_is_as_before(sight: &Sight) -> Result<(), String> {
    let kept = sight.record.input.as_ref().is_some_and(|input| input.on_abort == domain::input::OnAbort::Keep);
    let gone: Vec<_> = missing(&sight.witness.things, &sight.things).collect();
    if !gone.is_empty() {
        return Err(format!("gone: {gone:?}"));
    }
    if specs(&sight.witness.before) != specs(sight.aws) {
        return Err("blue does not run what it ran before".to_owned());
    }
    if kept {
        return Ok(());
    }
    // States have another serial, and are looked at on their own.
    // What green's workloads wrote is nowhere else.
    let entries: Vec<domain::Entry> = sight.record.entries.values().cloned().collect();
    let kept = volume_copy::kept(&sight.record.plan.workloads, &entries);
    let is_kept = |id: &String| kept.iter().any(|(_, entry)| entry.id.as_ref() == Some(id));
    let copies = sight.aws.copies.iter().filter(|(id, _)| is_kept(id));
    let mut before = Aws {
        copies: copies.map(|(id, made)| (id.clone(), made.clone())).collect(),
        alarms: sight.aws.alarms.clone(),
        states: sight.aws.states.clone(),
        state_digests: sight.aws.state_digests.clone(),
        ..sight.witness.before.contents()
    };
    // Nothing changes it back; that it may be changed is looked at on its own.
    if let (Some(blue), Some(now)) = (before.clusters.get_mut(BLUE), mode(sight.aws)) {
        now.clone_into(&mut blue.cluster.authentication_mode);
    }
    if without_status(before) == without_status(sight.aws.contents()) {
        Ok(())
    } else {
        let new: Vec<_> = missing(&sight.things, &sight.witness.things).collect();
        Err(format!("the account is not as before; new: {new:?}"))
    }
}

/// Invariant 7 at the end of a cleanup: of blue and of what was temporary nothing is left.
pub(super) fn nothing_of_blue_is_left(sight: &Sight) -> Result<(), String> {
    let deletes = &sight.record.plan.deletes;
    let left: Vec<_> = deletes
        .iter()
        .filter(|planned| planned.id.as_ref().is_some_and(|id| sight.things.contains_key(&(planned.kind, id.clone()))))
        .collect();
    if !left.is_empty() {
        return Err(format!("approved and not deleted: {left:?}"));
    }
    let of_blue = format!("kubernetes.io/cluster/{BLUE}");
    let nodes: Vec<_> = sight.aws.instances.iter().filter(|node| node.tags.contains_key(&of_blue)).collect();
    if !nodes.is_empty() && !deletes.is_empty() {
        return Err(format!("nodes of blue that nobody terminates: {nodes:?}"));
    }
    let temporary = |tags: &BTreeMap<String, String>| tags.get("bascule:side").is_some_and(|side| side == "temporary");
    let apis = sight.aws.apis.values().filter(|api| temporary(&api.tags)).map(|api| &api.id);
    let plans = sight.aws.plans.values().filter(|plan| temporary(&plan.tags)).map(|plan| &plan.id);
    let permissions = missing(&sight.things, &sight.witness.things).map(|(thing, _)| thing);
    let permissions = permissions.filter(|(kind, _)| *kind == Kind::LambdaPermission).map(|(_, id)| id);
    let left: Vec<_> = apis.chain(plans).chain(permissions).collect();
    if !left.is_empty() {
        return Err(format!("temporary and left: {left:?}"));
    }
    if !sight.aws.snapshots.is_empty() {
        return Err(format!("snapshots are left: {:?}", sight.aws.snapshots.keys()));
    }
    let interfaces: Vec<_> = sight.aws.interfaces.iter().map(|interface| &interface.id).collect();
    if interfaces.is_empty() { Ok(()) } else { Err(format!("network interfaces are left: {interfaces:?}")) }
}

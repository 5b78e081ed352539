//! One look at blue: its workloads, its targets, its link.

use super::{Seen, Weakness};
use crate::{
    Migration, PhaseError,
    manifest::{readiness, workload},
    object::ObjectId,
    plan::{edge::VpcLink, workloads::Workloads},
    ports::{Kubernetes, Ledger, TargetGroups, VpcLinks},
    release::Sides,
};
use serde_json::Value;

/// Reads both clusters, blue's targets and its link once. What does not answer is a weakness of its own and hides nothing else.
pub async fn read<P>(ports: &P, migration: &Migration) -> Seen
where
    P: Ledger + Kubernetes + TargetGroups + VpcLinks,
{
    let sides = Sides::read(ports, migration).await;
    let mut seen = look(ports, migration, sides.as_ref()).await;
    let released = sides.map(|sides| sides.one_sided(&migration.plan.workloads)).unwrap_or_default();
    if !released.is_empty() {
        seen.weak.push(Weakness {
            what: "releases".to_owned(),
            gone: false,
            finding: format!("released on one side only: {}", released.join(", ")),
        });
    }
    seen
}

/// The same where the clusters were read already, and without their releases, of which a bake tells by itself.
pub async fn look<P>(ports: &P, migration: &Migration, sides: Result<&Sides, &PhaseError>) -> Seen
where
    P: TargetGroups + VpcLinks,
{
    let edge = &migration.plan.edge;
    let mut seen = Seen::default();
    match sides {
        Ok(sides) => seen.weak.extend(workloads(&migration.plan.workloads, sides)),
        Err(error) => seen.weak.push(unseen("the workloads of both clusters", error)),
    }
    for group in &edge.target_groups {
        match ports.targets(&group.arn).await {
            Ok(targets) => {
                let healthy = targets.iter().filter(|target| target.state == "healthy").count();
                seen.healthy.insert(group.name.clone(), healthy);
            }
            Err(error) => seen.weak.push(unseen(&format!("the targets of {}", group.name), &error)),
        }
    }
    if let Some(VpcLink { id, .. }) = edge.own_link() {
        match ports.vpc_link(id).await {
            Ok(found) => seen.weak.extend(link(id, found.as_ref())),
            Err(error) => seen.weak.push(unseen(&format!("the VPC link {id}"), &error)),
        }
    }
    seen
}

fn unseen(what: &str, error: &PhaseError) -> Weakness {
    Weakness { what: format!("sight of {what}"), gone: false, finding: format!("{what} cannot be seen: {error}") }
}

fn link(id: &str, found: Option<&VpcLink>) -> Option<Weakness> {
    let finding = match found {
        Some(link) if link.status == "AVAILABLE" => return None,
        Some(link) => format!("the VPC link {id} is {} {}", link.status, link.status_message),
        None => format!("the VPC link {id} is deleted"),
    };
    Some(Weakness { what: format!("VPC link {id}"), gone: true, finding: finding.trim_end().to_owned() })
}

/// What of blue would be too small for what green serves now. Holds are suspended on blue, and are resumed by the way back.
fn workloads(plan: &Workloads, sides: &Sides) -> Vec<Weakness> {
    let served = plan.workloads.iter().filter(|workload| !workload.held && sides.had(&workload.id));
    served
        .filter_map(|workload| small(&workload.id, sides.blue.get(&workload.id), sides.green.get(&workload.id)))
        .collect()
}

fn small(id: &ObjectId, blue: Option<&Value>, green: Option<&Value>) -> Option<Weakness> {
    let kind = id.kind.as_str();
    let weak = |gone, finding| Some(Weakness { what: id.to_string(), gone, finding });
    let counts = workload::replicas(kind, blue.or(green)?);
    let Some(blue) = blue else {
        return (counts.is_some() || kind == "DaemonSet")
            .then(|| weak(true, format!("{id} is deleted on blue")))
            .flatten();
    };
    let ready = workload::ready(kind, blue).unwrap_or(0);
    match (counts, kind) {
        (Some(own), _) => {
            // An autoscaler shrinks what gets no requests: blue would have to carry what green carries.
            let on_green = green.and_then(|green| workload::replicas(kind, green)).unwrap_or(0);
            let wanted = own.max(on_green);
            let finding = format!("{ready} Pods of {id} are ready on blue, which asks for {own}, green for {on_green}");
            if ready < wanted { weak(ready == 0, finding) } else { None }
        }
        (None, "DaemonSet") => {
            let wanted = blue["status"]["desiredNumberScheduled"].as_i64().unwrap_or(0);
            let finding = format!("{ready} of {wanted} Pods of {id} are ready on blue");
            if ready < wanted { weak(ready == 0, finding) } else { None }
        }
        (None, "Pod") => match readiness::readiness(id, blue) {
            readiness::Readiness::Ready => None,
            readiness::Readiness::Waiting(why) | readiness::Readiness::Failed(why) => {
                weak(true, format!("{id} is not ready on blue: {why}"))
            }
        },
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests;

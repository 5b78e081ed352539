//! Registers green's nodes: every Auto Scaling group of green goes into the clones of the target groups that blue's was in.

use crate::Ports;
use domain::plan::edge::{Attached, TargetGroup, keys};
use domain::ports::scaling::AutoScalingGroup;
use domain::reconcile::{ensure, ensure_absent};
use domain::{Kind, Migration, PhaseError, Side, Status};
use serde_json::{Value, json};

/// Attaches the groups and waits until every instance in service is registered. Their health is `validate`'s matter: no
/// ingress controller runs on them yet.
pub(crate) async fn converge<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let edge = &migration.plan.edge;
    let groups = ports.scaling_groups(&migration.input.green.cluster).await?;
    let mut missing = Vec::new();
    for like in &edge.target_groups {
        let arn = clone_of(ports, migration, like).await?;
        for attached in &like.attached {
            let group = of_node_group(&groups, attached)?;
            attach(ports, migration, (like, attached), group, &arn).await?;
        }
        let members = like.attached.iter().map(|attached| of_node_group(&groups, attached));
        let members = members.collect::<Result<Vec<_>, _>>()?;
        let targets = ports.targets(&arn).await?;
        let instances = members.into_iter().flat_map(|group| &group.instance_ids);
        let unregistered = instances.filter(|id| !targets.iter().any(|target| target.id == **id));
        missing.extend(unregistered.map(|id| format!("{id} in {}", like.name)));
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(PhaseError::not_ready(format!("not registered yet: {}", missing.join(", "))))
    }
}

async fn clone_of<P: Ports>(ports: &P, migration: &Migration, like: &TargetGroup) -> Result<String, PhaseError> {
    let entry = ports.entry(migration, &keys::target_group(&like.name)).await?;
    let arn = entry.filter(|entry| entry.status == Status::Present).and_then(|entry| entry.id);
    arn.ok_or_else(|| PhaseError::conflict(format!("green's clone of the target group {} is not there", like.name)))
}

fn of_node_group<'a>(groups: &'a [AutoScalingGroup], attached: &Attached) -> Result<&'a AutoScalingGroup, PhaseError> {
    let group = groups.iter().find(|group| group.node_group == attached.node_group);
    group.ok_or_else(|| {
        PhaseError::not_ready(format!("green has no Auto Scaling group of the node group {} yet", attached.node_group))
    })
}

async fn attach<P: Ports>(
    ports: &P,
    migration: &Migration,
    (like, attached): (&TargetGroup, &Attached),
    group: &AutoScalingGroup,
    arn: &str,
) -> Result<(), PhaseError> {
    let key = keys::attachment(&like.name, &attached.node_group);
    let detail = json!({ "autoScalingGroup": group.name, "targetGroup": arn });
    let id = || format!("{} {arn}", group.name);
    let find = || async { Ok(group.target_group_arns.iter().any(|found| found == arn).then(id)) };
    let create = || async {
        ports.attach(&group.name, arn).await?;
        Ok(id())
    };
    ensure(ports, migration, &key, detail, find, create).await?;
    Ok(())
}

/// Takes the groups out again.
pub(crate) async fn undo<P: Ports>(ports: &P, migration: &Migration) -> Result<(), PhaseError> {
    let entries = ports.entries(migration).await?;
    let attachments = entries.iter().filter(|entry| {
        entry.key.side == Side::Green && entry.key.kind == Kind::TargetGroupAttachment && entry.is_live()
    });
    for entry in attachments {
        let text = |field: &str| entry.detail.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (group, arn) = (&text("autoScalingGroup"), &text("targetGroup"));
        let find = || async {
            let groups = ports.attached_to(arn).await?;
            Ok(groups.into_iter().find(|found| found.name == *group).map(|found| found.name))
        };
        let delete = |name: String| async move { ports.detach(&name, arn).await };
        ensure_absent(ports, migration, &entry.key, find, delete).await?;
    }
    Ok(())
}

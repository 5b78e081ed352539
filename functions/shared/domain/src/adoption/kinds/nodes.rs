//! Node groups and launch templates: what of green's differs from blue's.

use super::{Attributes, blocks, put, text, within};
use crate::{Migration, Tags, adoption::Counterparts, plan::compute::nodes::CUSTOM, resources, user_data};
use serde_json::{Value, json};

/// What is green's of a node group; none where the plan has no such group.
pub(super) fn group(blue: &Attributes, green: &mut Attributes, migration: &Migration) -> Option<()> {
    let compute = &migration.plan.compute;
    let like = compute.node_groups.iter().find(|group| group.name == text(blue, "node_group_name"))?;
    if like.ami_type == CUSTOM {
        // The AMI says both: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
        green.remove("version");
        green.remove("ami_type");
    } else {
        put(green, "version", json!(compute.green.version));
        put(green, "ami_type", json!(like.ami_type));
    }
    put(green, "subnet_ids", json!(like.green_subnet_ids));
    put(green, "instance_types", json!(like.instance_types));
    put(green, "disk_size", json!(like.disk_size));
    for (name, nodes) in
        [("desired_size", like.scaling.desired), ("max_size", like.scaling.max), ("min_size", like.scaling.min)]
    {
        within(green, "scaling_config", name, &json!(nodes));
    }
    within(green, "launch_template", "version", &json!(resources::launch_template::VERSION));
    Some(())
}

/// What is green's of a launch template; none where the plan clones no such template.
pub(super) fn launch_template(
    blue: &Attributes,
    green: &mut Attributes,
    migration: &Migration,
    counterparts: &Counterparts,
) -> Option<()> {
    let compute = &migration.plan.compute;
    let like = compute.launch_templates.iter().find(|template| template.id == text(blue, "id"))?;
    put(green, "name", json!(resources::launch_template::name(migration, like)));
    if let Some(image) = &like.data.image_id {
        put(green, "image_id", json!(image));
    }
    if like.data.instance_type.is_none() {
        green.remove("instance_type");
    }
    for mapping in blocks(green, "block_device_mappings") {
        let volume = like.data.volumes.iter().find(|volume| mapping["device_name"] == volume.device_name);
        let disk = mapping.get_mut("ebs").and_then(Value::as_array_mut).into_iter().flatten();
        if let Some((size, disk)) = volume.and_then(|volume| volume.size).zip(disk.last()) {
            disk["volume_size"] = json!(size);
        }
    }
    let clusters = counterparts.joined.clone().map(|green| (compute.blue.clone(), green));
    let of_blue = text(blue, "user_data").to_owned();
    let replace = &migration.input.workloads.replace;
    // What cannot be said of green was refused when its template was made.
    if let Ok(data) = user_data::of_green(of_blue, like.data.join.as_ref(), clusters.as_ref(), replace)
        && !data.is_empty()
    {
        put(green, "user_data", json!(data));
    }
    for specification in blocks(green, "tag_specifications") {
        let tags: Tags = serde_json::from_value(specification["tags"].clone()).unwrap_or_default();
        specification["tags"] = json!(compute.green_tags(&tags));
    }
    Some(())
}

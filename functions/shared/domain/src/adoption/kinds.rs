//! The resources of the AWS provider that green has of its own: by which id each is imported, which arguments its configuration has, and
//! what of them is green's (<https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs>, schemas of the same version).

mod identified_rule;
mod nodes;
mod rule;
mod table;

use super::Counterparts;
use crate::{
    Migration, ResourceKey, Side, Tags, ownership,
    resources::{
        access_entry, addon, deployment, fargate_profile, identity_provider, listener, load_balancer, log_group,
        node_group, pod_identity_association, security_group, target_group, target_group_attachment, vpc_link,
    },
};
pub(super) use identified_rule::group as group_of_rule;
use serde_json::{Map, Value, json};
use table::{KNOWN, Known, UNSET_AS_FALSE, UNSET_AS_ZERO};

fn known(kind: &str) -> Option<&'static Known> {
    // The provider has the load balancing resources under two names.
    let kind = kind.replacen("aws_alb", "aws_lb", 1);
    KNOWN.iter().find(|known| known.kind == kind)
}

/// Whether green's resource of this type is taken up.
#[must_use]
pub fn is_taken_up(kind: &str) -> bool {
    known(kind).is_some()
}

/// What `ignore_changes` of green's resource names.
pub(super) fn ignored(kind: &str) -> &'static [&'static str] {
    known(kind).map(|known| known.ignored).unwrap_or_default()
}

type Attributes = Map<String, Value>;

fn put(attributes: &mut Attributes, name: &str, value: Value) {
    attributes.insert(name.to_owned(), value);
}

fn text<'a>(attributes: &'a Attributes, name: &str) -> &'a str {
    attributes.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Import id, where there is one, and attributes of what stands for blue's on green's side; none where nothing does.
pub(super) fn counterpart(
    kind: &str,
    blue: &Attributes,
    migration: &Migration,
    counterparts: &Counterparts,
) -> Option<(Option<String>, Attributes)> {
    let known = known(kind)?;
    let Value::Object(mut green) = counterparts.of_value(&Value::Object(blue.clone())) else { return None };
    if let Some(tags) = blue.get("tags").filter(|tags| !tags.is_null()) {
        let tags: Tags = serde_json::from_value(tags.clone()).unwrap_or_default();
        green.insert("tags".to_owned(), json!(ownership::clone_tags(migration, &tags)));
    } else if known.arguments.contains(&"tags") {
        green.insert("tags".to_owned(), json!(ownership::tags(migration, Side::Green)));
    }
    greens(known.kind, blue, &mut green, migration, counterparts)?;
    if known.import_id.is_empty() {
        return Some((None, green));
    }
    let (import_id, former) = (import_id(known, &green)?, import_id(known, blue)?);
    (import_id != former).then_some((Some(import_id), green))
}

/// What is green's beside ids and tags; none where Bascule made no such thing.
fn greens(
    kind: &str,
    blue: &Attributes,
    green: &mut Attributes,
    migration: &Migration,
    counterparts: &Counterparts,
) -> Option<()> {
    let compute = &migration.plan.compute;
    if known(kind)?.arguments.contains(&"cluster_name") {
        let key = on_the_cluster(kind, blue)?;
        let id = counterparts.made(&key).filter(|_| text(blue, "cluster_name") == compute.blue.name)?;
        put(green, "cluster_name", json!(compute.green.name));
        put(green, "association_id", json!(id.rsplit('/').next()));
    }
    match kind {
        "aws_eks_cluster" => {
            counterparts
                .made(&crate::resources::cluster::key(migration))
                .filter(|_| text(blue, "name") == compute.blue.name)?;
            put(green, "name", json!(compute.green.name));
            put(green, "version", json!(compute.green.version));
            within(green, "vpc_config", "subnet_ids", &json!(compute.green.subnet_ids));
            within(green, "access_config", "authentication_mode", &json!(compute.green.authentication_mode));
            if compute.blue.auto_mode.is_none() {
                // What an import reads of a cluster that is not in EKS Auto Mode.
                green.remove("compute_config");
                green.remove("storage_config");
                within(green, "kubernetes_network_config", "elastic_load_balancing", &json!([]));
            }
        }
        "aws_eks_node_group" => nodes::group(blue, green, migration)?,
        "aws_eks_addon" => {
            let like = compute.addons.iter().find(|addon| addon.name == text(blue, "addon_name"))?;
            put(green, "addon_version", json!(like.version));
            put(green, "configuration_values", json!(like.configuration));
            if like.service_account_role_arn.is_none() && !text(blue, "service_account_role_arn").is_empty() {
                green.remove("service_account_role_arn");
                let associations = like.pod_identities.iter();
                let associations =
                    associations.map(|(account, role)| json!({ "service_account": account, "role_arn": role }));
                put(green, "pod_identity_association", associations.collect());
            }
        }
        "aws_launch_template" => nodes::launch_template(blue, green, migration, counterparts)?,
        "aws_security_group" => {
            let like = compute.security_groups.iter().find(|group| group.id == text(blue, "id"))?;
            put(green, "name", json!(security_group::name(migration, like)));
        }
        "aws_security_group_rule" => {
            rule::is_copied(blue, migration).then_some(())?;
        }
        "aws_vpc_security_group_ingress_rule" | "aws_vpc_security_group_egress_rule" => {
            let found = identified_rule::of_green(kind, blue, green, migration, counterparts)?;
            put(green, "security_group_rule_id", json!(found.id));
            put(green, "description", json!(found.rule.description));
            put(green, "tags", json!(found.tags));
        }
        "aws_cloudwatch_log_group" => {
            counterparts
                .made(&log_group::key(migration))
                .filter(|_| text(blue, "name") == log_group::name(&compute.blue.name))?;
            put(green, "name", json!(log_group::name(&compute.green.name)));
        }
        "aws_eks_identity_provider_config" => {
            let name = text(blue, "id").split_once(':').map(|(_, name)| name)?;
            put(green, "id", json!(format!("{}:{name}", compute.green.name)));
        }
        "aws_autoscaling_attachment" => {
            let (group, arn) = (text(blue, "autoscaling_group_name"), text(blue, "lb_target_group_arn"));
            let mut nodes = compute.node_groups.iter();
            let nodes = nodes.find(|nodes| nodes.auto_scaling_groups.iter().any(|name| name == group))?;
            let like = migration.plan.edge.target_groups.iter().find(|like| like.arn == arn)?;
            let made = counterparts.made(&target_group_attachment::key(&like.name, &nodes.name))?;
            let (group, arn) = made.split_once(' ')?;
            put(green, "autoscaling_group_name", json!(group));
            put(green, "lb_target_group_arn", json!(arn));
        }
        "aws_lb" => {
            put(green, "name", json!(load_balancer::name(migration)));
            // Green's has none, so that the way back can delete it.
            put(green, "enable_deletion_protection", json!(false));
        }
        "aws_lb_target_group" => {
            put(green, "name", json!(target_group::name(migration, text(blue, "name"))));
        }
        "aws_lb_listener" => {
            put(green, "tags", json!(listener::tags(migration)));
        }
        "aws_api_gateway_vpc_link" => {
            put(green, "name", json!(vpc_link::name(migration)));
        }
        "aws_api_gateway_deployment" | "aws_apigatewayv2_deployment" => {
            let views = migration.per_api();
            let api = if kind == "aws_api_gateway_deployment" { "rest_api_id" } else { "api_id" };
            let of = views.iter().find(|view| view.plan.edge.api.id == text(blue, api));
            let of = of.map_or(migration, |view| view.as_ref());
            put(green, "description", json!(deployment::description(of, &deployment::green(of))));
        }
        "aws_iam_openid_connect_provider" => {
            let issuer = text(green, "arn").split_once("oidc-provider/").map(|(_, issuer)| format!("https://{issuer}"));
            put(green, "url", json!(issuer));
        }
        _ => {}
    }
    Some(())
}

/// The ledger's key of green's counterpart of something that hangs on the cluster.
fn on_the_cluster(kind: &str, blue: &Attributes) -> Option<ResourceKey> {
    match kind {
        "aws_eks_node_group" => Some(node_group::key(text(blue, "node_group_name"))),
        "aws_eks_fargate_profile" => Some(fargate_profile::key(text(blue, "fargate_profile_name"))),
        "aws_eks_addon" => Some(addon::key(text(blue, "addon_name"))),
        // The id is those of the cluster and of the configuration.
        "aws_eks_identity_provider_config" => {
            text(blue, "id").split_once(':').map(|(_, name)| identity_provider::key(name))
        }
        "aws_eks_access_entry" | "aws_eks_access_policy_association" => {
            Some(access_entry::key(Side::Green, text(blue, "principal_arn")))
        }
        "aws_eks_pod_identity_association" => {
            let account = format!("{}/{}", text(blue, "namespace"), text(blue, "service_account"));
            Some(pod_identity_association::key(&account))
        }
        _ => None,
    }
}

/// The blocks of a name.
fn blocks<'a>(attributes: &'a mut Attributes, name: &str) -> impl Iterator<Item = &'a mut Value> {
    attributes.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}

fn within(attributes: &mut Attributes, block: &str, name: &str, value: &Value) {
    for block in blocks(attributes, block) {
        block[name] = value.clone();
    }
}

fn import_id(known: &Known, attributes: &Attributes) -> Option<String> {
    if known.import_id == "{rule}" {
        return rule::import_id(attributes);
    }
    let mut id = String::new();
    for part in known.import_id.split_inclusive('}') {
        let (literal, name) = part.split_once('{').unwrap_or((part, ""));
        id.push_str(literal);
        if let Some(name) = name.strip_suffix('}') {
            let value = text(attributes, name);
            if value.is_empty() {
                return None;
            }
            id.push_str(value);
        }
    }
    Some(id)
}

/// The arguments that are set, with those of blocks, in the order of their names.
pub(super) fn configuration(kind: &str, attributes: &Attributes) -> Attributes {
    let mut configuration = known(kind).map(|known| set(known.arguments, attributes)).unwrap_or_default();
    // An argument of blocks alone.
    configuration.remove("id");
    configuration
}

fn set(arguments: &[&str], attributes: &Attributes) -> Attributes {
    let of = |(name, value): (&String, &Value)| {
        if !arguments.contains(&name.as_str()) || is_unset(name, value) {
            return None;
        }
        let value = match value {
            Value::Array(values) if values.iter().all(Value::is_object) => {
                let blocks = values.iter().filter_map(Value::as_object).map(|block| set(arguments, block));
                let blocks: Vec<Value> = blocks.filter(|block| !block.is_empty()).map(Value::Object).collect();
                if blocks.is_empty() {
                    return None;
                }
                Value::Array(blocks)
            }
            other => other.clone(),
        };
        Some((name.clone(), value))
    };
    attributes.iter().filter_map(of).collect()
}

fn is_unset(name: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0) && UNSET_AS_ZERO.contains(&name),
        Value::Bool(is_on) => !is_on && UNSET_AS_FALSE.contains(&name),
    }
}

#[cfg(test)]
mod tests;

//! Terraform's AWS provider reads a cluster of the shop without any state: its code describes blue, and after a replacement green too, but for names
//! and the Kubernetes version.
//!
//! What a name is, is what the code has as `name`, of the cluster and of what is beside it in the same VPC or account. Tags of Bascule's own are
//! ignored by the provider's `ignore_tags`
//! (<https://registry.terraform.io/providers/hashicorp/aws/latest/docs#ignore_tags-configuration-block>), as a user would have it.

use std::fmt::Write;

use http::Method;
use serde_json::{Value, json};

use crate::account::Account;
use crate::aws::Aws;
use crate::error::{Context, Result};
use crate::world::edge::elb;
use crate::world::front::Front;
use crate::world::roles::VERSION;
use crate::world::{BLUE, ec2, irsa};

use super::imports::{self, Import};
use super::program::{Program, provider};
use super::{CLUSTER, NODES};

/// What users of IAM roles for service accounts have beside it.
const IRSA: [(&str, &str); 2] = [
    ("irsa.tf", include_str!("../../terraform/cluster/irsa.tf")),
    ("irsa_override.tf", include_str!("../../terraform/cluster/irsa_override.tf")),
];

/// What the provider finds different in this cluster, a line a resource; nothing where this world has no code that describes its clusters. Says that
/// it is left out where this machine has no Terraform with the provider.
///
/// # Errors
/// When the cluster cannot be found, or the CLI refuses the code.
pub async fn differences(account: &Account, front: Front, cluster: &str, say: &dyn Fn(&str)) -> Result<Vec<String>> {
    if !matches!(front, Front::ExistingGreen | Front::Irsa) {
        return Ok(Vec::new());
    }
    let Some(program) = Program::find() else {
        say(&format!(
            "Terraform: left out: {cluster} is not read, since this machine has no Terraform with its AWS provider"
        ));
        return Ok(Vec::new());
    };
    let aws = &account.aws;
    let version = aws.rest("eks", Method::GET, &format!("/clusters/{cluster}"), None).await?;
    let version = version["cluster"]["version"].as_str().context("the cluster's version")?.to_owned();
    let (mut imports, like, overridden) = if cluster == BLUE || front.has_green() {
        // The user's own code has made it, under its own names.
        (imports::cluster(aws, cluster).await?, cluster, String::new())
    } else {
        let balancer = elb(aws, "DescribeLoadBalancers", &[]).await?;
        let balancer = balancer.value("LoadBalancerArn").context("green's load balancer")?;
        let imports = imports::cluster_with(aws, cluster, BLUE, balancer).await?;
        let names = names(aws, cluster, &imports).await?;
        (imports, BLUE, names)
    };
    if front == Front::Irsa {
        imports.extend(of_pods(aws).await?);
    }

    let folder = account.run.join(format!("terraform-{cluster}"));
    std::fs::create_dir_all(folder.join("nodes")).context("making a module's folder")?;
    let values = format!("cluster = {like:?}\nkubernetes_version = {version:?}\n");
    let mut files = vec![
        ("main.tf", CLUSTER.to_owned()),
        ("nodes/main.tf", NODES.to_owned()),
        ("imports.tf", imports::written(&imports)),
        ("names_override.tf", overridden),
        ("terraform.tfvars", values),
    ];
    if front == Front::Irsa {
        files.extend(IRSA.map(|(name, text)| (name, text.to_owned())));
    }
    for (name, text) in files {
        std::fs::write(folder.join(name), text).context("writing the code of the cluster")?;
    }
    let ignored = "  ignore_tags {\n    key_prefixes = [\"bascule:\"]\n  }\n  endpoints {";
    program.prepare(&folder, &provider(account.aws.endpoint()).replace("  endpoints {", ignored)).await?;
    let planned = program.plan(&folder, &[]).await.context(format!("the code that describes {cluster}"))?;
    let plan = program.run(&folder, &["show", "-json", "plan"]).await?;
    let plan: Value = serde_json::from_str(&plan).context("the plan as JSON")?;
    let mut wrong = changes(&plan);
    if planned.changes.import != imports.len() as u64 {
        wrong.push(format!("{} resources of {cluster} are read, expected {}", planned.changes.import, imports.len()));
    }
    say(&format!(
        "Terraform: the provider reads {} resources of {cluster}: {}",
        planned.changes.import,
        planned.told()
    ));
    Ok(wrong)
}

/// What the code calls otherwise for a clone, as an override file
/// (<https://developer.hashicorp.com/terraform/language/files/override>).
async fn names(aws: &Aws, cluster: &str, imports: &[Import]) -> Result<String> {
    let mut blocks = vec![block("aws_eks_cluster.shop", cluster)];
    let mut templates = String::new();
    for (address, id) in imports {
        let name = match address.rsplit('.').nth(1) {
            Some("aws_security_group") => {
                ec2(aws, "DescribeSecurityGroups", &[("GroupId.1", id)]).await?.value("groupName")
            }
            Some("aws_launch_template") => {
                let found = ec2(aws, "DescribeLaunchTemplates", &[("LaunchTemplateId.1", id)]).await?;
                let name = found.value("launchTemplateName").context(format!("the name of {address}"))?;
                let key = address.split('"').nth(1).context("the key of a node group")?;
                let _ = write!(templates, " {key} = {name:?},");
                continue;
            }
            Some("aws_lb") => {
                let found = elb(aws, "DescribeLoadBalancers", &[("LoadBalancerArns.member.1", id)]).await?;
                found.value("LoadBalancerName")
            }
            Some("aws_lb_target_group") => {
                let found = elb(aws, "DescribeTargetGroups", &[("TargetGroupArns.member.1", id)]).await?;
                found.value("TargetGroupName")
            }
            _ => continue,
        };
        blocks.push(block(address, &name.context(format!("the name of {address}"))?));
    }
    blocks.push(format!("module \"nodes\" {{\n  launch_template = {{{templates} }}[each.key]\n}}\n"));
    Ok(blocks.concat())
}

fn block(address: &str, name: &str) -> String {
    let (kind, label) = address.split_once('.').unwrap_or_default();
    format!("resource {kind:?} {label:?} {{\n  name = {name:?}\n}}\n\n")
}

/// The OIDC provider, the account's only one before the migration and once blue is gone, and the roles that trust it.
async fn of_pods(aws: &Aws) -> Result<Vec<Import>> {
    let providers = aws.query("iam", VERSION, "ListOpenIDConnectProviders", &[]).await?;
    let provider = providers.value("Arn").context("the OIDC provider")?;
    let all = [
        ("aws_iam_openid_connect_provider.pods", provider.as_str()),
        ("aws_iam_role.cart", irsa::CART),
        ("aws_iam_role.cni", irsa::PLUGIN),
    ];
    Ok(all.map(|(address, id)| (address.to_owned(), id.to_owned())).into())
}

/// A line for each resource that the plan would make, change or destroy, with the attributes that differ. Attachments of Auto Scaling groups are
/// made, since the provider imports none.
fn changes(plan: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for resource in plan["resource_changes"].as_array().into_iter().flatten() {
        let (change, address) = (&resource["change"], resource["address"].as_str().unwrap_or_default());
        let attaches = address.starts_with("aws_autoscaling_attachment.") && change["actions"] == json!(["create"]);
        if attaches || change["actions"] == json!(["no-op"]) {
            continue;
        }
        let after = change["after"].as_object().into_iter().flatten();
        let differing: Vec<String> = after
            .filter(|(name, value)| change["before"][name.as_str()] != **value)
            .map(|(name, value)| format!("{name} is {}, and the code says {value}", change["before"][name.as_str()]))
            .collect();
        lines.push(format!("terraform would {} {address}: {}", change["actions"], differing.join(", ")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_told_and_attachments_are_not() {
        let change = |address: &str, action: &str, before: Value, after: Value| json!({ "address": address, "change": { "actions": [action], "before": before, "after": after } });
        let plan = json!({ "resource_changes": [
            change("aws_lb.shop", "no-op", json!({ "name": "a" }), json!({ "name": "a" })),
            change("aws_autoscaling_attachment.general_http", "create", Value::Null, json!({ "name": "a" })),
            change("aws_eks_addon.vpc_cni", "update", json!({ "role": "a", "id": "b" }), json!({ "role": null, "id": "b" })),
        ] });
        let told = r#"terraform would ["update"] aws_eks_addon.vpc_cni: role is "a", and the code says null"#;
        assert_eq!(changes(&plan), [told]);
    }

    #[test]
    fn a_name_is_overridden_in_the_block_of_its_resource() {
        let written = block("aws_security_group.nodes", "shop-nodes-1a2b3c4d");
        assert_eq!(written, "resource \"aws_security_group\" \"nodes\" {\n  name = \"shop-nodes-1a2b3c4d\"\n}\n\n");
        assert!(CLUSTER.contains("resource \"aws_security_group\" \"nodes\" {"));
    }
}

//! A state that takes up green by a merge request: what is written of a shop whose state has blue in the attributes of the AWS provider,
//! and that it is there or gone as a whole, whatever is killed.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod eks_module;
mod modules;
mod shop;

use domain::adoption::NAMES;
use domain::resources::launch_template;
use domain::{Condition, Outcome};
use handover_terraform::{converge, undo};
use shop::{KEY, opened, place, state};
use testing::shop::{GREEN_BALANCER, GREEN_LINK, GREEN_TARGET_GROUP, STATES};
use testing::{Account, Fault};

pub(crate) fn written(account: &Account) -> Vec<(String, String)> {
    let aws = account.aws();
    let files =
        aws.states.iter().filter_map(|((_, key), text)| Some((key.strip_prefix(KEY)?.to_owned(), text.clone())));
    files.filter(|(key, _)| !key.is_empty()).collect()
}

pub(crate) fn file(account: &Account, name: &str) -> String {
    let key = place().merge_request("move", name);
    account.aws().states[&(STATES.to_owned(), key)].clone()
}

/// The import blocks of a file, as addresses and ids.
pub(crate) fn imports(text: &str) -> Vec<(String, String)> {
    let blocks = text.split("import {\n").skip(1);
    let value = |line: Option<&str>| line.unwrap().split_once(" = ").unwrap().1.trim_matches('"').to_owned();
    blocks.map(|block| block.lines()).map(|mut lines| (value(lines.next()), value(lines.next()))).collect()
}

/// The ids of <https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs>, under "Import" of each resource.
#[tokio::test]
async fn everything_of_green_that_blue_has_in_the_state_is_imported_under_another_name() {
    let (account, migration) = opened();
    let outcome = account.drive(&migration, converge).await;
    assert_eq!(outcome, Ok(Outcome::done().with("handover", "Done")));
    let expected = [
        ("aws_eks_cluster.shop_green", "shop-green"),
        ("aws_eks_node_group.nodes_general_green", "shop-green:general"),
        ("aws_eks_addon.dns_green", "shop-green:coredns"),
        ("aws_eks_access_entry.people_green", "shop-green:arn:aws:iam::123456789012:role/people"),
        (
            "aws_eks_access_policy_association.people_green",
            "shop-green#arn:aws:iam::123456789012:role/people#arn:policy",
        ),
        ("aws_eks_pod_identity_association.checkout_green", "shop-green,a-green"),
        ("aws_launch_template.nodes_green", "lt-green"),
        ("aws_security_group.network_nodes_green", "sg-green-nodes"),
        ("aws_lb.shop_green", GREEN_BALANCER),
        ("aws_lb_target_group.web_green", GREEN_TARGET_GROUP),
        ("aws_lb_listener.web_green", "arn:listener-green"),
        ("aws_api_gateway_vpc_link.shop_green", GREEN_LINK),
        ("aws_api_gateway_deployment.shop_green", "shop1/deployment-g"),
        ("aws_security_group_rule.kubelet_green", "sg-green-nodes_ingress_tcp_10250_10250_sg-green-plane"),
    ];
    let expected: Vec<_> = expected.map(|(to, id)| (to.to_owned(), id.to_owned())).into();
    assert_eq!(imports(&file(&account, "green.tf")), expected);
    // The state itself, and no lock, was written.
    assert_eq!(account.aws().states[&(STATES.to_owned(), KEY.to_owned())], state());
    assert_eq!(written(&account).len(), NAMES.len());
}

#[tokio::test]
async fn the_configuration_is_blues_with_greens_values_and_without_what_the_provider_computes() {
    let (account, migration) = opened();
    account.drive(&migration, converge).await.unwrap();
    let green = file(&account, "green.tf");
    let expected = "resource \"aws_eks_cluster\" \"shop_green\" {
  name = \"shop-green\"
  role_arn = \"arn:aws:iam::123456789012:role/cluster\"
  tags = {
    \"bascule:migration\" = \"move\"
    \"bascule:side\" = \"green\"
    \"kubernetes.io/cluster/shop-green\" = \"owned\"
    \"team\" = \"shop\"
  }
  version = \"1.34\"
  access_config {
    authentication_mode = \"API\"
  }
  vpc_config {
    endpoint_public_access = true
    security_group_ids = [\"sg-green-plane\"]
    subnet_ids = [\"subnet-a\", \"subnet-b\"]
  }

  lifecycle {
";
    assert!(green.contains(expected), "{green}");
    let template = &migration.plan.compute.launch_templates[0];
    for line in [
        format!("  name = \"{}\"", launch_template::name(&migration, template)),
        "  vpc_security_group_ids = [aws_security_group.network_nodes_green.id, \"sg-cluster-shop-blue\"]".to_owned(),
        "  target_arns = [aws_lb.shop_green.arn]".to_owned(),
        "    target_group_arn = aws_lb_target_group.web_green.arn\n".to_owned(),
        "  load_balancer_arn = aws_lb.shop_green.arn\n".to_owned(),
        "  cluster_name = aws_eks_cluster.shop_green.name\n".to_owned(),
        "  principal_arn = aws_eks_access_entry.people_green.principal_arn\n".to_owned(),
        "    id = aws_launch_template.nodes_green.id\n".to_owned(),
        // Nothing that they have names it.
        "\n  depends_on = [aws_eks_node_group.nodes_general_green]\n}\n".to_owned(),
        // What an import cannot read, and another value of which would replace the cluster.
        "    ignore_changes = [access_config[0].bootstrap_cluster_creator_admin_permissions, bootstrap_self_managed_addons]".to_owned(),
        // The provider imports no attachments.
        "resource \"aws_autoscaling_attachment\" \"web_green\" {\n  autoscaling_group_name = \"eks-general-shop-green\"\n".to_owned(),
        // A protected clone could not be deleted on the way back.
        "  enable_deletion_protection = false".to_owned(),
    ] {
        assert!(green.contains(&line), "{line}\n{green}");
    }
    for computed in [
        "iops",
        "status",
        "name_prefix",
        "cluster_security_group_id",
        "triggers",
        "\"of_others",
        "\"not_copied",
        "cidr_blocks",
    ] {
        assert!(!green.contains(computed), "{computed}\n{green}");
    }
}

#[tokio::test]
async fn what_people_have_to_do_themselves_is_told_with_exact_values() {
    let (account, migration) = opened();
    account.drive(&migration, converge).await.unwrap();
    let readme = file(&account, "README.md");
    for line in [
        "`aws_api_gateway_integration.cart`: `connection_id` = `\"green1\"` (was `\"blue1\"`)",
        "`aws_api_gateway_stage.prod`: `deployment_id` = `\"deployment-g\"` (was `\"deployment-b\"`)",
        "- `module.network.aws_security_group.nodes`, of which `aws_security_group.network_nodes_green` is green's\n",
        "- `aws_eks_node_group.nodes[\"general\"]`, of which `aws_eks_node_group.nodes_general_green` is green's\n",
        "- `aws_autoscaling_attachment.of_others`: lb\\_target\\_group\\_arn\n",
        "- `aws_security_group_rule.not_copied`: security\\_group\\_id\n",
        "14 to import, 1 to add, 0 to change, 0 to destroy",
    ] {
        assert!(readme.contains(line), "{line}\n{readme}");
    }
    // The network stays, whatever is called like blue.
    assert!(!readme.contains("aws_vpc.shop"), "{readme}");
}

#[tokio::test]
async fn a_blue_that_was_moved_to_access_entries_has_its_mode_told() {
    let line =
        "`aws_eks_cluster.shop`: `access_config.authentication_mode` = `\"API_AND_CONFIG_MAP\"` (was `\"CONFIG_MAP\"`)";
    for (mode, is_told) in [("API", false), ("CONFIG_MAP", true)] {
        let (account, mut migration) = opened();
        migration.plan.compute.blue.authentication_mode = mode.to_owned();
        account.drive(&migration, converge).await.unwrap();
        assert_eq!(file(&account, "README.md").contains(line), is_told, "{mode}");
    }
}

#[tokio::test]
async fn blue_goes_by_blocks_that_destroy_and_green_by_blocks_that_do_not() {
    let (account, migration) = opened();
    account.drive(&migration, converge).await.unwrap();
    let (blue, back) = (file(&account, "blue.tf"), file(&account, "way-back.tf"));
    assert!(blue.contains("removed {\n  from = aws_eks_cluster.shop\n\n  lifecycle {\n    destroy = true\n"), "{blue}");
    // Modules and resources with instances that have nothing else go as a whole.
    assert!(
        blue.contains("  from = module.network\n") && blue.contains("  from = aws_eks_node_group.nodes\n"),
        "{blue}"
    );
    assert!(
        back.contains("removed {\n  from = aws_eks_cluster.shop_green\n\n  lifecycle {\n    destroy = false\n"),
        "{back}"
    );
    assert!(back.contains("  from = aws_eks_node_group.nodes_general_green\n") && !back.contains("module"), "{back}");
    assert!(!back.contains("destroy = true"), "{back}");
}

#[tokio::test]
async fn whatever_call_meets_whatever_fault_the_end_is_the_same() {
    Account::survives(async || opened(), converge).await.unwrap();
    let handed_over = async || {
        let (account, migration) = opened();
        account.drive(&migration, converge).await.unwrap();
        let back = account.turned_back(&migration);
        (account, back)
    };
    Account::survives(handed_over, undo).await.unwrap();
}

#[tokio::test]
async fn wherever_it_was_killed_the_way_back_takes_every_file_away() {
    let (account, migration) = opened();
    let before = account.calls();
    account.drive(&migration, converge).await.unwrap();
    let calls = account.calls() - before;
    assert!(calls > 10, "{calls}");
    for call in 1..=calls {
        let (account, migration) = opened();
        account.start("handover-terraform");
        account.fail_at(call, Fault::Killed);
        let _ = converge(&account, &migration).await;
        account.mend();
        let back = account.turned_back(&migration);
        account.drive(&back, undo).await.unwrap_or_else(|error| panic!("killed at call {call}: {error}"));
        assert_eq!(written(&account), [], "killed at call {call}");
        assert_eq!(account.aws().states[&(STATES.to_owned(), KEY.to_owned())], state());
    }
}

#[tokio::test]
async fn where_the_merge_request_was_applied_the_way_back_leaves_what_makes_terraform_forget_green() {
    let (account, migration) = opened();
    account.drive(&migration, converge).await.unwrap();
    let applied = state().replace("\"arn\": \"arn:balancer-blue\"", &format!("\"arn\": \"{GREEN_BALANCER}\""));
    account.aws().states.insert((STATES.to_owned(), KEY.to_owned()), applied);
    let back = account.turned_back(&migration);
    account.drive(&back, undo).await.unwrap();
    assert_eq!(written(&account).len(), NAMES.len());
    let told =
        account.table().migrations[&migration.id].events.iter().any(|event| event.what.contains("is to be taken back"));
    assert!(told);
}

#[tokio::test]
async fn while_the_state_cannot_be_read_the_way_back_leaves_the_merge_request() {
    let (account, migration) = opened();
    account.drive(&migration, converge).await.unwrap();
    let back = account.turned_back(&migration);
    account.aws().states.insert((STATES.to_owned(), KEY.to_owned()), "{\"version\":4".to_owned());
    let error = account.drive(&back, undo).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
    assert!(error.message.contains("it is truncated") && error.message.contains(".bascule-adopt-move/"), "{error}");
    assert_eq!(written(&account).len(), NAMES.len());
    account.aws().states.insert((STATES.to_owned(), KEY.to_owned()), state());
    account.drive(&back, undo).await.unwrap();
    assert_eq!(written(&account), []);
}

#[tokio::test]
async fn a_state_that_is_not_the_one_of_the_plan_is_a_conflict() {
    for (text, expected) in [
        (
            Some(state().replace("\"lineage\": \"shop\"", "\"lineage\": \"other\"")),
            "its lineage is other, expected shop",
        ),
        (Some("{\"version\":4".to_owned()), "it is truncated"),
        (None, "it is gone"),
    ] {
        let (account, migration) = opened();
        let key = (STATES.to_owned(), KEY.to_owned());
        account.aws().states.remove(&key);
        if let Some(text) = text {
            account.aws().states.insert(key, text);
        }
        let error = account.drive(&migration, converge).await.unwrap_err();
        assert_eq!(error.condition, Condition::Conflict);
        assert!(error.message.contains(expected), "{error}");
        assert!(written(&account).iter().all(|(key, _)| !key.contains("bascule-adopt")), "{expected}");
    }
}

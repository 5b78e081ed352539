//! What is written for a state in which blue is in modules, with `count` and `for_each`.

use crate::eks_module::{GREEN_PROVIDER, PROVIDER, shop, state};
use crate::shop::KEY;
use crate::{file, imports};
use domain::ports::SecurityGroupRules;
use handover_terraform::converge;
use serde_json::Value;
use testing::shop::STATES;

#[tokio::test]
async fn what_blue_has_in_modules_and_with_keys_is_taken_up_in_blocks_of_its_own() {
    let (account, migration) = shop();
    account.drive(&migration, converge).await.unwrap();
    let green = file(&account, "green.tf");
    let found = imports(&green);
    let expected = [
        ("aws_cloudwatch_log_group.eks_this_green", "/aws/eks/shop-green/cluster"),
        ("aws_eks_cluster.eks_this_green", "shop-green"),
        ("aws_iam_openid_connect_provider.eks_oidc_provider_green", GREEN_PROVIDER),
        ("aws_security_group.eks_node_green", "sg-green-nodes"),
        (
            "aws_security_group_rule.eks_node_ingress_cluster_kubelet_green",
            "sg-green-nodes_ingress_tcp_10250_10250_sg-green-plane",
        ),
        ("aws_eks_node_group.eks_eks_managed_node_group_general_this_green", "shop-green:general"),
        ("aws_eks_fargate_profile.profiles_batch_this_green", "shop-green:batch"),
        ("aws_eks_identity_provider_config.people_green", "shop-green:people"),
        // Of the key "blue".
        ("aws_eks_access_entry.people_green", "shop-green:arn:aws:iam::123456789012:role/people"),
    ];
    let found: Vec<_> = found.iter().map(|(to, id)| (to.as_str(), id.as_str())).collect();
    let (rules, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|(to, _)| to.starts_with("aws_vpc_"));
    assert_eq!(others, expected);
    // By the ids that EC2 has for them, each another one than blue's.
    let names: Vec<_> = rules.iter().map(|(to, _)| *to).collect();
    assert_eq!(
        names,
        ["aws_vpc_security_group_ingress_rule.web_green", "aws_vpc_security_group_egress_rule.balancer_nodes_green"]
    );
    let known = account.identified_rules(&["sg-green-nodes".to_owned(), "sg-nlb".to_owned()]).await.unwrap();
    let known: Vec<String> = known.into_iter().map(|rule| rule.id).collect();
    assert!(rules.iter().all(|(_, id)| known.iter().any(|known| known == id)), "{rules:?} {known:?}");
    for block in [
        "  referenced_security_group_id = aws_security_group.eks_node_green.id\n  security_group_id = \"sg-nlb\"\n",
        "  referenced_security_group_id = \"sg-nlb\"\n  security_group_id = aws_security_group.eks_node_green.id\n",
        "\n  depends_on = [aws_cloudwatch_log_group.eks_this_green]\n",
        "\n  provider = aws.frankfurt\n",
        "  oidc {\n    client_id = \"kubernetes\"\n    groups_claim = \"groups\"\n    identity_provider_config_name = \"people\"\n",
        "  name = \"/aws/eks/shop-green/cluster\"\n  retention_in_days = 90\n",
        "    ignore_changes = [skip_destroy]\n",
    ] {
        assert!(green.contains(block), "{block}\n{green}");
    }
}

#[tokio::test]
async fn what_stays_in_a_module_that_blue_leaves_is_named_with_the_lines_to_write() {
    let (account, migration) = shop();
    account.drive(&migration, converge).await.unwrap();
    let (blue, readme) = (file(&account, "blue.tf"), file(&account, "README.md"));
    for lines in [
        "removed {\n  from = module.profiles\n",
        "\n# aws_eks_access_entry.people has other instances too: delete aws_eks_access_entry.people[\"blue\"] from its for_each or count\n",
        "\n# module.eks has what stays too. In the commit that deletes its call move that out of it, each to a block of its own:\n\
         # moved {\n#   from = module.eks.aws_iam_role.this[0]\n#   to   = aws_iam_role.eks_this\n# }\n\
         # moved {\n#   from = module.eks.time_sleep.this[0]\n#   to   = time_sleep.eks_this\n# }\n",
    ] {
        assert!(blue.contains(lines), "{lines}\n{blue}");
    }
    assert!(!blue.contains("from = module.eks\n") && !blue.contains("from = aws_eks_access_entry"), "{blue}");
    for line in [
        "- `aws_eks_access_entry.people`: delete `aws_eks_access_entry.people[\"blue\"]` alone\n",
        "- `module.eks`: move `module.eks.aws_iam_role.this[0]`, `module.eks.time_sleep.this[0]` out of it in the commit that deletes its call\n",
        "- `aws_vpc_security_group_ingress_rule.not_copied`: security\\_group\\_id\n",
        "11 to import, 0 to add, 0 to change, 0 to destroy",
    ] {
        assert!(readme.contains(line), "{line}\n{readme}");
    }
}

/// The code is to have the policy that the role has now: otherwise the next apply takes the roles of green's Pods away.
#[tokio::test]
async fn a_role_that_trusts_greens_provider_too_has_its_policy_told() {
    let (account, migration) = shop();
    account.drive(&migration, converge).await.unwrap();
    let green = file(&account, "green.tf");
    let line = green.lines().find(|line| line.starts_with("# aws_iam_role.checkout: assume_role_policy = ")).unwrap();
    let (_, text) = line.split_once(" = ").unwrap();
    let policy: Value = serde_json::from_str(&serde_json::from_str::<String>(text).unwrap()).unwrap();
    let trusted: Vec<_> =
        policy["Statement"].as_array().unwrap().iter().map(|one| &one["Principal"]["Federated"]).collect();
    assert_eq!(trusted, [PROVIDER, GREEN_PROVIDER]);
}

/// Preflight refuses it; where the code was changed since, the merge request leaves it to people.
#[tokio::test]
async fn what_a_modules_own_provider_manages_is_left_to_people() {
    let (account, migration) = shop();
    let text = state().replace(
        "\"provider[\\\"registry.terraform.io/hashicorp/aws\\\"].frankfurt\"",
        "\"module.eks.provider[\\\"registry.terraform.io/hashicorp/aws\\\"]\"",
    );
    assert_ne!(text, state());
    account.aws().states.insert((STATES.to_owned(), KEY.to_owned()), text);
    account.drive(&migration, converge).await.unwrap();
    assert!(!file(&account, "green.tf").contains("resource \"aws_eks_node_group\""));
    assert!(file(&account, "README.md").contains("aws_eks_node_group.this[0]`: launch\\_template"));
}

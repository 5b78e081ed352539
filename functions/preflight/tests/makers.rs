//! Who else would set back what the migration changes.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::Input;
use domain::plan::{compute::Compute, edge::Edge};
use preflight::makers::advice;
use serde_json::json;

fn told(tags: &[(&str, &str)], terraform: serde_json::Value) -> Vec<String> {
    let mut input = json!({
        "blue": { "cluster": "shop-blue" },
        "green": { "cluster": "shop-green" },
        "gateway": { "restApiId": "a1b2c3d4e5", "stage": "prod" },
        "workloads": { "manifests": ["s3://bucket/shop.yaml"] },
    });
    if !terraform.is_null() {
        input["terraform"] = terraform;
    }
    let mut compute = Compute::default();
    (compute.blue.name, compute.green.name) = ("shop-blue".to_owned(), "shop-green".to_owned());
    compute.blue.tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    advice(&Input::read(&input).unwrap(), &compute, &Edge::default())
}

#[test]
fn tags_tell_who_made_what_is_replaced() {
    for (tags, expected) in [
        (&[("team", "shop")][..], None),
        (&[("terraform", "false")], None),
        (&[("terraform", "true")], Some("Terraform seems to manage cluster shop-blue, ")),
        (&[("ManagedBy", "OpenTofu")], Some("Terraform seems to manage cluster shop-blue, ")),
        (&[("aws:cloudformation:stack-name", "shop")], Some("the CloudFormation stack shop made cluster shop-blue: ")),
    ] {
        let told = told(tags, json!(null));
        assert_eq!(told.len(), usize::from(expected.is_some()), "{tags:?}: {told:?}");
        assert!(expected.is_none_or(|expected| told[0].starts_with(expected)), "{told:?}");
    }
}

#[test]
fn the_lines_to_change_are_told_only_where_no_project_is_named() {
    let tags = [("terraform", "true")];
    assert!(told(&tags, json!(null))[0].contains("in aws_eks_cluster `name = \"shop-green\"`"));
    let project = json!({ "bucket": "states", "key": "a", "lock": { "useLockfile": true }, "adopt": {} });
    assert_eq!(told(&tags, json!([project])), [""; 0]);
}

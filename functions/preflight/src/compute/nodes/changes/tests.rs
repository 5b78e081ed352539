use super::*;
use domain::input::Size;
use domain::plan::compute::{Green, LaunchTemplateData, nodes::Volume};
use serde_json::{Value, json};

fn input(changes: &Value) -> Input {
    let input = json!({
        "blue": { "cluster": "shop-blue" },
        "green": { "cluster": "shop-green", "nodeGroups": changes },
        "gateway": { "restApiId": "a1b2c3d4e5", "stage": "prod" },
        "workloads": { "manifests": ["s3://bucket/0.yaml"] },
    });
    Input::read(&input).unwrap()
}

fn types() -> Vec<InstanceType> {
    let kind = |name: &str, vcpus, architecture: &str| InstanceType {
        name: name.to_owned(),
        vcpus,
        architectures: vec![architecture.to_owned()],
    };
    vec![kind("m7g.xlarge", 4, "arm64"), kind("m7g.2xlarge", 8, "arm64"), kind("m7i.large", 2, "x86_64")]
}

/// Blue's node group `web` on a launch template with this data, or on none.
fn compute(version: &str, ami_type: &str, data: Option<LaunchTemplateData>) -> Compute {
    let template = data.map(|data| LaunchTemplate {
        id: "lt-1".into(),
        name: "nodes".into(),
        version: "1".into(),
        data,
        ..LaunchTemplate::default()
    });
    let group = NodeGroup {
        name: "web".into(),
        ami_type: ami_type.into(),
        instance_types: vec!["m5.large".into()],
        disk_size: template.is_none().then_some(20),
        scaling: Scaling { min: 2, max: 4, desired: 2 },
        green_subnet_ids: vec!["subnet-a".into()],
        launch_template: template.as_ref().map(LaunchTemplate::key),
        ..NodeGroup::default()
    };
    Compute {
        green: Green { version: version.into(), ..Green::default() },
        node_groups: vec![group],
        launch_templates: Vec::from_iter(template),
        ..Compute::default()
    }
}

fn user_data() -> LaunchTemplateData {
    LaunchTemplateData { user_data_sha256: Some("ab".into()), ..LaunchTemplateData::default() }
}

#[test]
fn what_the_input_names_is_greens_and_the_rest_is_blues() {
    let mut found = compute("1.34", "AL2023_x86_64_STANDARD", None);
    let change = json!([{
        "name": "web", "instanceTypes": ["m7g.xlarge"], "amiType": "AL2023_ARM_64_STANDARD",
        "scaling": { "min": 1, "max": 9, "desired": 3 }, "diskSize": 50, "subnetIds": ["subnet-b"],
    }]);
    assert_eq!(apply(&input(&change), &types(), &[], &mut found), (Vec::new(), Vec::new()));
    let group = &found.node_groups[0];
    assert_eq!((group.instance_types.as_slice(), group.disk_size), (&["m7g.xlarge".to_owned()][..], Some(50)));
    assert_eq!(
        (group.ami_type.as_str(), group.green_subnet_ids.as_slice()),
        ("AL2023_ARM_64_STANDARD", &["subnet-b".to_owned()][..])
    );
    assert_eq!(group.scaling, Scaling { min: 1, max: 9, desired: 3 });

    let mut found = compute("1.34", "AL2023_x86_64_STANDARD", None);
    let before = NodeGroup { disk_size: Some(50), ..found.node_groups[0].clone() };
    apply(&input(&json!([{ "name": "web", "diskSize": 50 }])), &[], &[], &mut found);
    assert_eq!(found.node_groups, [before]);
}

/// <https://docs.aws.amazon.com/eks/latest/userguide/eks-ami-deprecation-faqs.html>: 1.32 is the last version with AMIs of Amazon
/// Linux 2.
#[test]
fn amazon_linux_2_is_left_where_the_version_has_no_ami_of_it_and_nobody_wrote_user_data_for_it() {
    for (version, blue, data, expected) in [
        ("1.32", "AL2_x86_64", None, Ok("AL2_x86_64")),
        ("1.33", "AL2_x86_64", None, Ok("AL2023_x86_64_STANDARD")),
        ("1.33", "AL2_ARM_64", Some(LaunchTemplateData::default()), Ok("AL2023_ARM_64_STANDARD")),
        ("1.34", "AL2_x86_64_GPU", None, Ok("AL2023_x86_64_NVIDIA")),
        ("1.34", "BOTTLEROCKET_x86_64", Some(user_data()), Ok("BOTTLEROCKET_x86_64")),
        ("1.33", "AL2_x86_64", Some(user_data()), Err("was written for Amazon Linux 2")),
    ] {
        let mut found = compute(version, blue, data);
        let (problems, advice) = apply(&input(&json!([])), &[], &[], &mut found);
        let ami_type = found.node_groups[0].ami_type.as_str();
        match expected {
            Ok(expected) => {
                assert_eq!((ami_type, problems), (expected, Vec::new()), "{blue} {version}");
                assert_eq!(advice.len(), usize::from(expected != blue), "{blue} {version}");
            }
            Err(expected) => assert!(problems.iter().any(|problem| problem.message.contains(expected)), "{problems:?}"),
        }
    }
    // Whoever names the AMI type has seen to the user data.
    let mut found = compute("1.33", "AL2_x86_64", Some(user_data()));
    let said = input(&json!([{ "name": "web", "amiType": "AL2023_x86_64_STANDARD" }]));
    assert_eq!(apply(&said, &[], &[], &mut found).0, []);
}

#[test]
fn what_eks_would_refuse_is_refused_before_with_its_path() {
    for (change, data, path, message) in [
        (
            json!({ "name": "wbe", "diskSize": 9 }),
            None,
            "[0].name",
            r#"found "wbe", expected one of blue's node groups: web"#,
        ),
        (
            json!({ "name": "web", "instanceTypes": ["m7i.large", "m99.large"] }),
            None,
            "[0].instanceTypes[1]",
            "the Region has no",
        ),
        (json!({ "name": "web", "instanceTypes": ["m7g.xlarge"] }), None, "[0].instanceTypes[0]", "is of arm64"),
        (json!({ "name": "web", "amiType": "AL2023_ARM_64_STANDARD" }), None, "[0].amiType", "name instanceTypes too"),
        (json!({ "name": "web", "amiType": "AL2023_x86_64" }), None, "[0].amiType", "expected one of"),
        (
            json!({ "name": "web", "amiType": "BOTTLEROCKET_x86_64" }),
            Some(user_data()),
            "[0].amiType",
            "is Linux's, not BOTTLEROCKET's",
        ),
        (
            json!({ "name": "web", "diskSize": 9 }),
            Some(LaunchTemplateData::default()),
            "[0].diskSize",
            "expected one in it, found none",
        ),
        (
            json!({ "name": "web", "diskSize": 9 }),
            Some(LaunchTemplateData {
                volumes: vec![volume("/dev/xvda"), volume("/dev/xvdb")],
                ..LaunchTemplateData::default()
            }),
            "[0].diskSize",
            "expected one in it, found /dev/xvda, /dev/xvdb",
        ),
    ] {
        let mut found = compute("1.34", "AL2023_x86_64_STANDARD", data);
        let (problems, _) = apply(&input(&json!([change])), &types(), &[], &mut found);
        let [problem] = &problems[..] else { panic!("{change}: {problems:?}") };
        assert_eq!(problem.path, format!("$.green.nodeGroups{path}"));
        assert!(problem.message.contains(message), "{problem:?}");
    }
}

fn volume(device: &str) -> Volume {
    Volume { device_name: device.into(), size: Some(40), ..Volume::default() }
}

/// <https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-basics>: what the template says, the node group
/// must not say.
#[test]
fn what_the_launch_template_says_is_changed_in_it_for_all_that_share_it() {
    let data = LaunchTemplateData {
        instance_type: Some("m5.large".into()),
        volumes: vec![volume("/dev/xvda")],
        ..LaunchTemplateData::default()
    };
    let change = |name: &str| json!({ "name": name, "instanceTypes": ["m7i.large"], "diskSize": 80 });
    let mut found = compute("1.34", "AL2023_x86_64_STANDARD", Some(data));
    assert_eq!(apply(&input(&json!([change("web")])), &types(), &[], &mut found).0, []);
    let said = &found.launch_templates[0].data;
    assert_eq!((said.instance_type.as_ref(), said.volumes[0].size), (None, Some(80)));
    let group = found.node_groups[0].clone();
    assert_eq!((group.instance_types.as_slice(), group.disk_size), (&["m7i.large".to_owned()][..], None));

    let shared = |changes: Value| {
        let mut found = compute("1.34", "AL2023_x86_64_STANDARD", Some(said.clone()));
        found.node_groups.push(NodeGroup { name: "jobs".into(), ..found.node_groups[0].clone() });
        apply(&input(&changes), &types(), &[], &mut found).0
    };
    let disk = |name: &str, size: i32| json!({ "name": name, "diskSize": size });
    assert_eq!(shared(json!([disk("web", 90), disk("jobs", 90)])), []);
    let problems = shared(json!([disk("web", 90), disk("jobs", 91)]));
    assert_eq!(problems[0].path, "$.green.nodeGroups[1]");
    assert!(
        problems[0].message.contains("the node group jobs shares version 1 of the launch template nodes with web"),
        "{problems:?}"
    );
    assert_eq!(shared(json!([disk("web", 90)]))[0].path, "$.blue.cluster");
}

#[test]
fn quotas_count_the_nodes_that_green_gets() {
    let node = |group: &str| Instance {
        instance_type: "m5.large".into(),
        vcpus: 2,
        tags: [("eks:nodegroup-name".to_owned(), group.to_owned())].into(),
        ..Instance::default()
    };
    let blues = [node("web"), node("web"), node("other")];
    let counted = |change: NodeGroupChange| {
        let mut input = input(&json!([]));
        input.green.node_groups = vec![change];
        let mut found = compute("1.34", "AL2023_ARM_64_STANDARD", None);
        apply(&input, &types(), &[], &mut found);
        nodes(&input, &types(), &found.node_groups, &blues).iter().map(|node| node.vcpus).sum::<i32>()
    };
    let web = NodeGroupChange { name: "web".into(), ..NodeGroupChange::default() };
    assert_eq!(counted(NodeGroupChange { disk_size: Some(9), ..web.clone() }), 3 * 2);
    let size = Some(Size { min: 1, max: 9, desired: 5 });
    assert_eq!(counted(NodeGroupChange { scaling: size, ..web.clone() }), 2 + 5 * 2);
    let types = vec!["m7g.xlarge".to_owned(), "m7g.2xlarge".to_owned()];
    assert_eq!(counted(NodeGroupChange { instance_types: types, ..web }), 2 + 2 * 8);
}

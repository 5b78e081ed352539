use serde_json::{Value, json};
use testing::fate;

use super::*;

/// Two sides as the APIs' documents show their answers, with two node groups; `name` names everything.
fn side(name: &str) -> Side {
    let mut side = Side::default();
    side.names("the cluster", name);
    side.names("the security group *-nodes", &format!("sg-of-{name}"));
    side.names("the launch template of general", &format!("lt-of-{name}"));
    let cluster = json!({
        "name": name,
        "arn": format!("arn:aws:eks:eu-central-1:111122223333:cluster/{name}"),
        "createdAt": name.len(),
        "version": if name == BLUE { "1.33" } else { "1.34" },
        "roleArn": "arn:aws:iam::111122223333:role/eks",
        "resourcesVpcConfig": {
            "subnetIds": ["subnet-a", "subnet-b"],
            "securityGroupIds": [format!("sg-of-{name}")],
            "clusterSecurityGroupId": format!("sg-eks-{name}"),
            "endpointPublicAccess": true,
            "publicAccessCidrs": ["203.0.113.5/32"],
        },
        "logging": { "clusterLogging": [{ "types": ["api"], "enabled": true }] },
        "deletionProtection": true,
        "tags": { "team": "shop", "kubernetes.io/cluster": name },
    });
    side.add("cluster", "", &fate::eks::CLUSTER, cluster);
    for group in ["general", "ingress"] {
        let told = json!({
            "nodegroupName": group,
            "instanceTypes": ["m6i.large", "m5.large"],
            "scalingConfig": { "minSize": 1, "maxSize": 4, "desiredSize": 2 },
            "taints": [{ "key": "a", "effect": "NO_SCHEDULE" }, { "key": "b", "effect": "NO_EXECUTE" }],
            "launchTemplate": { "id": format!("lt-of-{name}"), "version": "1" },
        });
        side.add("node group", group, &fate::eks::NODE_GROUP, told);
    }
    side.add(
        "access entry",
        "arn:aws:iam::111122223333:role/operator",
        &fate::eks::ACCESS_ENTRY,
        json!({ "type": "STANDARD" }),
    );
    side.add(
        "attributes of the load balancer",
        "",
        &fate::elastic_load_balancing::ATTRIBUTES,
        json!({
            "load_balancing.cross_zone.enabled": "true", "deletion_protection.enabled": (name == BLUE).to_string(),
        }),
    );
    side
}

fn thing<'a>(side: &'a mut Side, kind: &str) -> &'a mut Value {
    &mut side.things.iter_mut().find(|thing| thing.kind == kind).unwrap().told
}

fn differences(blue: &Side, green: &Side) -> Vec<String> {
    compare(blue, green, Front::Plain, &Value::Null).differences
}

#[test]
fn a_green_that_is_as_blue_is_alike_and_much_is_compared() {
    let likeness = compare(&side(BLUE), &side(GREEN), Front::Plain, &Value::Null);
    assert_eq!(likeness.differences, [""; 0]);
    assert_eq!((likeness.things, likeness.attributes > 25), (5, true), "{likeness:?}");
}

#[test]
fn each_attribute_of_green_that_is_changed_is_named() {
    for (kind, place, value, expected) in [
        (
            "cluster",
            "/deletionProtection",
            json!(false),
            "shop-green: cluster has deletion_protection false, expected true",
        ),
        (
            "cluster",
            "/resourcesVpcConfig/publicAccessCidrs/0",
            json!("0.0.0.0/0"),
            r#"shop-green: cluster has resources_vpc_config.public_access_cidrs ["0.0.0.0/0"], expected ["203.0.113.5/32"]"#,
        ),
        (
            "cluster",
            "/resourcesVpcConfig/securityGroupIds/0",
            json!("sg-of-shop-blue"),
            r#"shop-green: cluster has resources_vpc_config.security_group_ids ["sg-of-shop-blue"], expected ["sg-of-shop-green"]"#,
        ),
        ("cluster", "/tags/team", Value::Null, r#"shop-green: cluster has tags.team nothing, expected "shop""#),
        (
            "cluster",
            "/logging/clusterLogging/0/enabled",
            json!(false),
            "shop-green: cluster has logging.clusterLogging[0].enabled false, expected true",
        ),
        (
            "node group",
            "/instanceTypes",
            json!(["m5.large", "m6i.large"]),
            r#"shop-green: node group general has instance_types ["m5.large","m6i.large"], expected ["m6i.large","m5.large"]"#,
        ),
        (
            "node group",
            "/scalingConfig/desiredSize",
            json!(3),
            "shop-green: node group general has scaling_config.desiredSize 3, expected 2",
        ),
        (
            "node group",
            "/launchTemplate/id",
            json!("lt-other"),
            r#"shop-green: node group general has launch_template.id "lt-other", expected "lt-of-shop-green""#,
        ),
        (
            "attributes of the load balancer",
            "/load_balancing.cross_zone.enabled",
            json!("false"),
            r#"shop-green: attributes of the load balancer has load_balancing.cross_zone.enabled "false", expected "true""#,
        ),
    ] {
        let mut green = side(GREEN);
        *thing(&mut green, kind).pointer_mut(place).unwrap() = value;
        assert_eq!(differences(&side(BLUE), &green), [expected], "{place}");
    }
}

#[test]
fn what_green_has_more_is_a_difference_too() {
    let mut green = side(GREEN);
    thing(&mut green, "cluster")["encryptionConfig"] = json!([{ "resources": ["secrets"] }]);
    thing(&mut green, "cluster")["ofTomorrow"] = json!(true);
    assert_eq!(
        differences(&side(BLUE), &green),
        [
            r#"shop-green: cluster has encryption_config[0].resources ["secrets"], expected nothing"#,
            "shop-green: cluster has of_tomorrow true, expected nothing"
        ]
    );
}

#[test]
fn what_the_table_allows_and_the_order_of_objects_are_no_differences() {
    let mut green = side(GREEN);
    *thing(&mut green, "node group").pointer_mut("/taints").unwrap() =
        json!([{ "key": "b", "effect": "NO_EXECUTE" }, { "key": "a", "effect": "NO_SCHEDULE" }]);
    thing(&mut green, "cluster")["platformVersion"] = json!("eks.9");
    assert_eq!(differences(&side(BLUE), &green), [""; 0]);
}

#[test]
fn what_is_missing_or_more_on_green_is_told_but_for_bascules_own() {
    let entry = |name: &str| Thing {
        kind: "access entry",
        name: name.to_owned(),
        shape: &fate::eks::ACCESS_ENTRY,
        told: json!({ "type": "STANDARD" }),
    };
    let mut green = side(GREEN);
    green.things.retain(|thing| thing.kind != "access entry");
    green.things.push(entry("arn:aws:iam::111122223333:role/bascule-validate"));
    green.things.push(entry("arn:aws:iam::111122223333:role/stranger"));
    assert_eq!(
        differences(&side(BLUE), &green),
        [
            "shop-green has no access entry arn:aws:iam::111122223333:role/operator, and shop-blue has one",
            "shop-blue has no access entry arn:aws:iam::111122223333:role/stranger, and shop-green has one"
        ]
    );
}

#[test]
fn what_the_input_asks_for_is_expected_of_green_and_nothing_else() {
    let input = json!({ "green": { "nodeGroups": [{
        "name": "general", "instanceTypes": ["m5.xlarge"], "scaling": { "min": 2, "max": 5, "desired": 3 },
    }] } });
    let mut green = side(GREEN);
    let general = thing(&mut green, "node group");
    general["instanceTypes"] = json!(["m5.xlarge"]);
    general["scalingConfig"] = json!({ "minSize": 2, "maxSize": 5, "desiredSize": 3 });
    let compared = |green: &Side| compare(&side(BLUE), green, Front::Overrides, &input).differences;
    assert_eq!(compared(&green), [""; 0]);
    assert_eq!(compared(&side(GREEN)).len(), 4, "as blue's, which is not what was asked for");
    assert_eq!(differences(&side(BLUE), &green).len(), 4, "nobody asked for it");
}

#[test]
fn what_a_world_allows_is_allowed_there_alone() {
    let port = |front| worlds::allowed(front, "target group", "port").is_some();
    assert!(port(Front::ServiceNlbInstance) && !port(Front::ServiceNlbIp));
    let role = |member| worlds::allowed(Front::PodIdentity, "add-on", member).is_some();
    assert!(
        role("service_account_role_arn") && role("pod_identity_associations[0].x") && !role("configuration_values")
    );
}

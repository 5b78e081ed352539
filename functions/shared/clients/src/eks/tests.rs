//! Conversations with EKS. Answers have the shapes of <https://docs.aws.amazon.com/eks/latest/APIReference/>.

use crate::scenario::Scenario;
use domain::{
    Condition,
    plan::compute::{AccessEntry, AccessPolicy, Cluster, Green, NodeGroup, Scaling},
    ports::{
        Access, Addons, Clusters, IdentityProviders, NodeGroups,
        clusters::{NewCluster, NewNodeGroup},
    },
};
use serde_json::{Value, json};

const CLUSTER: &str = r#"{"cluster":{"name":"my-cluster","arn":"arn:aws:eks:us-west-2:111122223333:cluster/my-cluster",
"createdAt":1.565730399E9,"version":"1.33","endpoint":"https://A0DCCD80A04F01705DD065655C30CC3D.yl4.us-west-2.eks.amazonaws.com",
"roleArn":"arn:aws:iam::111122223333:role/AWSServiceRoleForAmazonEKS",
"resourcesVpcConfig":{"subnetIds":["subnet-0c45d1ff9a0","subnet-0b31ee2d9b1"],"securityGroupIds":["sg-0ad3e7ad"],
"clusterSecurityGroupId":"sg-0c4df8ba3","vpcId":"vpc-01e3","endpointPublicAccess":true,"endpointPrivateAccess":false,"publicAccessCidrs":["0.0.0.0/0"]},
"kubernetesNetworkConfig":{"serviceIpv4Cidr":"10.100.0.0/16","ipFamily":"ipv4"},
"logging":{"clusterLogging":[{"types":["api","audit"],"enabled":true},{"types":["scheduler"],"enabled":false}]},
"status":"ACTIVE","certificateAuthority":{"data":"Zm9v"},"platformVersion":"eks.3","tags":{"team":"shop"},
"encryptionConfig":[{"resources":["secrets"],"provider":{"keyArn":"arn:aws:kms:us-west-2:111122223333:key/k"}}],
"accessConfig":{"authenticationMode":"API_AND_CONFIG_MAP"},"upgradePolicy":{"supportType":"EXTENDED"},
"identity":{"oidc":{"issuer":"https://oidc.eks.us-west-2.amazonaws.com/id/A0DCCD80A04F01705DD065655C30CC3D"}},
"computeConfig":{"enabled":false},"deletionProtection":true}}"#;

fn body(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn a_cluster_is_read_with_everything_that_its_clone_needs() {
    let scenario = Scenario::new(&[(200, CLUSTER)]);
    let found = scenario.account.cluster("my-cluster").await.unwrap().unwrap();
    assert_eq!(scenario.asked()[0].1, "/clusters/my-cluster");
    assert_eq!((found.status.as_str(), found.created_at.as_second()), ("ACTIVE", 1_565_730_399));
    let cluster = found.cluster;
    assert_eq!(cluster.version, "1.33");
    assert_eq!(cluster.security_group_ids, ["sg-0ad3e7ad"]);
    assert_eq!(cluster.cluster_security_group_id, "sg-0c4df8ba3");
    assert_eq!(cluster.logging, ["api", "audit"]);
    assert_eq!(cluster.authentication_mode, "API_AND_CONFIG_MAP");
    assert_eq!(cluster.service_cidr.as_deref(), Some("10.100.0.0/16"));
    assert_eq!(cluster.encryption_key_arn.as_deref(), Some("arn:aws:kms:us-west-2:111122223333:key/k"));
    assert_eq!(cluster.support_type.as_deref(), Some("EXTENDED"));
    assert!(cluster.deletion_protection && cluster.endpoint_public_access && !cluster.endpoint_private_access);
    assert_eq!(cluster.not_copied, [""; 0]);
    let issuer = "oidc.eks.us-west-2.amazonaws.com/id/A0DCCD80A04F01705DD065655C30CC3D";
    assert_eq!(cluster.names().last().map(String::as_str), Some(issuer));
}

#[tokio::test]
async fn what_does_not_exist_is_nothing_and_what_is_denied_is_denied() {
    let gone = r#"{"__type":"ResourceNotFoundException","message":"No cluster found for name: x."}"#;
    let denied =
        r#"{"__type":"AccessDeniedException","message":"User is not authorized to perform: eks:DescribeCluster"}"#;
    let throttled = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;
    let scenario = Scenario::new(&[(404, gone), (403, denied), (429, throttled), (404, gone)]);
    assert_eq!(scenario.account.cluster("x").await, Ok(None));
    assert_eq!(scenario.account.cluster("x").await.unwrap_err().condition, Condition::Denied);
    assert_eq!(scenario.account.cluster("x").await.unwrap_err().condition, Condition::Unavailable);
    assert_eq!(scenario.account.delete_cluster("x").await, Ok(()));
}

#[tokio::test]
async fn a_deletion_that_eks_has_no_time_for_is_asked_again() {
    let busy = r#"{"__type":"ResourceInUseException","message":"Cluster has nodegroups attached"}"#;
    let scenario = Scenario::new(&[(409, busy)]);
    let error = scenario.account.delete_cluster("x").await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    assert_eq!(error.message, "deleting the cluster x: Cluster has nodegroups attached");
}

#[tokio::test]
async fn a_cluster_is_created_like_blue_without_a_bootstrap_administrator() {
    let taken = r#"{"__type":"ResourceInUseException","message":"Cluster already exists with name: green"}"#;
    let scenario = Scenario::new(&[(200, CLUSTER), (409, taken)]);
    let request = NewCluster {
        blue: Cluster {
            role_arn: "arn:aws:iam::1:role/cluster".to_owned(),
            endpoint_private_access: true,
            public_access_cidrs: vec!["0.0.0.0/0".to_owned()],
            ip_family: "ipv4".to_owned(),
            service_cidr: Some("10.100.0.0/16".to_owned()),
            logging: vec!["api".to_owned()],
            encryption_key_arn: Some("arn:aws:kms:key".to_owned()),
            support_type: Some("STANDARD".to_owned()),
            ..Cluster::default()
        },
        green: Green {
            name: "green".to_owned(),
            version: "1.34".to_owned(),
            subnet_ids: vec!["subnet-1".to_owned(), "subnet-2".to_owned()],
            authentication_mode: "API".to_owned(),
        },
        security_group_ids: vec!["sg-1".to_owned()],
        tags: [("bascule:side".to_owned(), "green".to_owned())].into(),
        token: "token".to_owned(),
    };
    let arn = scenario.account.create_cluster(&request).await.unwrap();
    assert_eq!(arn, "arn:aws:eks:us-west-2:111122223333:cluster/my-cluster");
    let (method, path, sent) = scenario.asked().remove(0);
    assert_eq!((method.as_str(), path.as_str()), ("POST", "/clusters"));
    let expected = json!({
        "name": "green",
        "version": "1.34",
        "clientRequestToken": "token",
        "roleArn": "arn:aws:iam::1:role/cluster",
        // Without public access its CIDRs are not sent: EKS would refuse them.
        "resourcesVpcConfig": {
            "subnetIds": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"], "endpointPublicAccess": false, "endpointPrivateAccess": true
        },
        "kubernetesNetworkConfig": { "ipFamily": "ipv4", "serviceIpv4Cidr": "10.100.0.0/16" },
        "accessConfig": { "authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": false },
        "bootstrapSelfManagedAddons": false,
        "logging": { "clusterLogging": [{ "types": ["api"], "enabled": true }] },
        "encryptionConfig": [{ "resources": ["secrets"], "provider": { "keyArn": "arn:aws:kms:key" } }],
        "upgradePolicy": { "supportType": "STANDARD" },
        "tags": { "bascule:side": "green" },
    });
    assert_eq!(body(&sent), expected);
    assert_eq!(scenario.account.create_cluster(&request).await.unwrap_err().condition, Condition::Conflict);
}

#[tokio::test]
async fn access_entries_are_let_in_by_an_update_that_waits_for_another_one() {
    let update = r#"{"update":{"id":"b5f0ba18","status":"InProgress","type":"AccessConfigUpdate"}}"#;
    let busy = r#"{"__type":"ResourceInUseException","message":"Cluster blue currently has an update in progress."}"#;
    let scenario = Scenario::new(&[(200, update), (409, busy)]);
    scenario.account.let_access_entries_in("blue", "token").await.unwrap();
    let (method, path, sent) = scenario.asked().remove(0);
    assert_eq!((method.as_str(), path.as_str()), ("POST", "/clusters/blue/update-config"));
    let expected =
        json!({ "clientRequestToken": "token", "accessConfig": { "authenticationMode": "API_AND_CONFIG_MAP" } });
    assert_eq!(body(&sent), expected);
    let error = scenario.account.let_access_entries_in("blue", "token").await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
}

// The three blocks together, as https://docs.aws.amazon.com/eks/latest/userguide/automode-get-started-cli.html has them.
#[tokio::test]
async fn eks_auto_mode_is_read_and_cloned_with_its_three_blocks() {
    let auto = CLUSTER.replace(
        r#""computeConfig":{"enabled":false}"#,
        r#""computeConfig":{"enabled":true,"nodePools":["general-purpose","system"],"nodeRoleArn":"arn:aws:iam::111122223333:role/AmazonEKSAutoNodeRole"}"#,
    );
    let scenario = Scenario::new(&[(200, &auto), (200, CLUSTER)]);
    let blue = scenario.account.cluster("my-cluster").await.unwrap().unwrap().cluster;
    assert_eq!(blue.not_copied, [""; 0]);
    let request = NewCluster {
        blue,
        green: Green { name: "green".to_owned(), ..Green::default() },
        security_group_ids: Vec::new(),
        tags: [].into(),
        token: "token".to_owned(),
    };
    scenario.account.create_cluster(&request).await.unwrap();
    let sent = body(&scenario.asked().remove(1).2);
    let expected = json!({
        "enabled": true, "nodePools": ["general-purpose", "system"],
        "nodeRoleArn": "arn:aws:iam::111122223333:role/AmazonEKSAutoNodeRole",
    });
    assert_eq!(sent["computeConfig"], expected);
    assert_eq!(sent["storageConfig"], json!({ "blockStorage": { "enabled": true } }));
    assert_eq!(sent["kubernetesNetworkConfig"]["elasticLoadBalancing"], json!({ "enabled": true }));
    assert_eq!(sent["bootstrapSelfManagedAddons"], false);
}

#[tokio::test]
async fn a_node_group_is_read_with_its_auto_scaling_groups_and_cloned_on_its_launch_template() {
    let group = r#"{"nodegroup":{"nodegroupName":"general","nodegroupArn":"arn:aws:eks:us-west-2:111122223333:nodegroup/my-cluster/general/08b",
"clusterName":"my-cluster","version":"1.33","status":"DEGRADED","capacityType":"SPOT","scalingConfig":{"minSize":1,"maxSize":4,"desiredSize":2},
"subnets":["subnet-1"],"amiType":"AL2023_x86_64_STANDARD","nodeRole":"arn:aws:iam::111122223333:role/nodes","labels":{"tier":"web"},
"taints":[{"key":"spot","value":"true","effect":"NO_SCHEDULE"}],"resources":{"autoScalingGroups":[{"name":"eks-general-08b"}]},
"health":{"issues":[{"code":"AsgInstanceLaunchFailures","message":"no capacity","resourceIds":["eks-general-08b"]}]},
"updateConfig":{"maxUnavailable":1},"launchTemplate":{"name":"nodes","version":"3","id":"lt-1"},"tags":{}}}"#;
    let scenario = Scenario::new(&[(200, group), (200, group), (200, group)]);
    let found = scenario.account.node_group("my-cluster", "general").await.unwrap().unwrap();
    assert_eq!(scenario.asked()[0].1, "/clusters/my-cluster/node-groups/general");
    assert_eq!(found.auto_scaling_groups, ["eks-general-08b"]);
    assert_eq!(found.launch_template.as_deref(), Some("lt-1@3"));
    assert_eq!(found.scaling, Scaling { min: 1, max: 4, desired: 2 });
    assert_eq!(found.taints, [("spot".to_owned(), Some("true".to_owned()), "NO_SCHEDULE".to_owned())]);
    assert_eq!(found.issues[0].code, "AsgInstanceLaunchFailures");

    let request = NewNodeGroup {
        cluster: "green".to_owned(),
        like: NodeGroup { green_subnet_ids: vec!["subnet-2".to_owned()], disk_size: Some(20), ..found },
        version: "1.34".to_owned(),
        launch_template: Some(("lt-2".to_owned(), "1".to_owned())),
        ssh_source_groups: Vec::new(),
        tags: domain::Tags::new(),
        token: "token".to_owned(),
    };
    scenario.account.create_node_group(&request).await.unwrap();
    let sent = body(&scenario.asked()[1].2);
    assert_eq!(sent["launchTemplate"], json!({ "id": "lt-2", "version": "1" }));
    assert_eq!(sent["subnets"], json!(["subnet-2"]));
    assert_eq!((&sent["version"], &sent["capacityType"]), (&json!("1.34"), &json!("SPOT")));
    assert_eq!(sent["taints"], json!([{ "key": "spot", "value": "true", "effect": "NO_SCHEDULE" }]));
    assert_eq!(sent.get("diskSize"), None);
    // "If you specify launchTemplate, and your launch template uses a custom AMI, then don't specify amiType" and version:
    // https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
    let like = NodeGroup { ami_type: "CUSTOM".to_owned(), ..request.like.clone() };
    scenario.account.create_node_group(&NewNodeGroup { like, ..request }).await.unwrap();
    let sent = body(&scenario.asked()[2].2);
    assert_eq!((sent.get("version"), sent.get("amiType")), (None, None));
}

#[tokio::test]
async fn what_eks_refuses_while_the_cluster_is_updated_is_asked_again() {
    let updating = r#"{"__type":"InvalidRequestException","message":"Cluster 'green' is not in ACTIVE status"}"#;
    let busy = r#"{"__type":"ResourceInUseException","message":"Cluster green currently has an update in progress."}"#;
    let wrong = r#"{"__type":"InvalidRequestException","message":"The launch template lt-2 could not be read"}"#;
    let scenario = Scenario::new(&[(400, updating), (409, busy), (400, wrong)]);
    let request = NewNodeGroup {
        cluster: "green".to_owned(),
        like: NodeGroup { name: "general".to_owned(), ..NodeGroup::default() },
        version: "1.34".to_owned(),
        launch_template: None,
        ssh_source_groups: Vec::new(),
        tags: domain::Tags::new(),
        token: "token".to_owned(),
    };
    for condition in [Condition::NotReady, Condition::NotReady, Condition::Refused] {
        assert_eq!(scenario.account.create_node_group(&request).await.unwrap_err().condition, condition);
    }
}

#[tokio::test]
async fn settings_of_the_control_plane_that_are_not_defaults_are_read_and_sent() {
    let set = r#"{"cluster":{"name":"c","resourcesVpcConfig":{"controlPlaneEgressMode":"CUSTOMER_ROUTED"},
"kubeApiServerConfig":{"eventTtl":"3h","serviceNodePortRange":{"minPort":20000,"maxPort":22767}},
"kubeSchedulerConfig":{"nodeResourcesFit":{"scoringStrategy":{"type":"MostAllocated","resources":[{"name":"cpu","weight":2}]}}},
"kubeControllerManagerConfig":{"podGcControllerConfig":{"terminatedPodGcThreshold":100},
"horizontalPodAutoscalerControllerConfig":{"horizontalPodAutoscalerSyncPeriod":"10s"}}}}"#;
    let defaults = r#"{"cluster":{"name":"c","resourcesVpcConfig":{"controlPlaneEgressMode":"AWS_MANAGED"},
"kubeApiServerConfig":{"eventTtl":"1h","serviceNodePortRange":{"minPort":30000,"maxPort":32767}},
"kubeSchedulerConfig":{"nodeResourcesFit":{"scoringStrategy":{"type":"LeastAllocated","resources":[{"name":"cpu","weight":1}]}}},
"kubeControllerManagerConfig":{"podGcControllerConfig":{"terminatedPodGcThreshold":12500}}}}"#;
    let scenario = Scenario::new(&[(200, set), (200, CLUSTER), (200, defaults), (200, CLUSTER)]);
    for (index, sent) in [(1, true), (3, false)] {
        let blue = scenario.account.cluster("c").await.unwrap().unwrap().cluster;
        let request = NewCluster {
            blue,
            green: Green { name: "green".to_owned(), ..Green::default() },
            security_group_ids: Vec::new(),
            tags: domain::Tags::new(),
            token: "token".to_owned(),
        };
        scenario.account.create_cluster(&request).await.unwrap();
        let asked = body(&scenario.asked()[index].2);
        let found = [
            asked.pointer("/resourcesVpcConfig/controlPlaneEgressMode"),
            asked.pointer("/kubeApiServerConfig"),
            asked.pointer("/kubeSchedulerConfig"),
            asked.pointer("/kubeControllerManagerConfig"),
        ];
        if sent {
            let expected = body(set);
            let expected = |path: &str| expected["cluster"].pointer(path).cloned();
            assert_eq!(
                found.map(Option::<&Value>::cloned),
                [
                    expected("/resourcesVpcConfig/controlPlaneEgressMode"),
                    expected("/kubeApiServerConfig"),
                    expected("/kubeSchedulerConfig"),
                    expected("/kubeControllerManagerConfig")
                ]
            );
        } else {
            assert_eq!(found, [None; 4]);
        }
    }
}

#[tokio::test]
async fn the_limits_of_node_repair_are_read_and_sent() {
    let group = r#"{"nodegroup":{"nodegroupName":"general","nodegroupArn":"arn:nodegroup","nodeRepairConfig":{"enabled":true,
"maxUnhealthyNodeThresholdPercentage":20,"maxParallelNodesRepairedCount":1}}}"#;
    let scenario = Scenario::new(&[(200, group), (200, group)]);
    let like = scenario.account.node_group("c", "general").await.unwrap().unwrap();
    assert_eq!(like.not_copied, [""; 0]);
    let request = NewNodeGroup {
        cluster: "green".to_owned(),
        like,
        version: "1.34".to_owned(),
        launch_template: None,
        ssh_source_groups: Vec::new(),
        tags: domain::Tags::new(),
        token: "token".to_owned(),
    };
    scenario.account.create_node_group(&request).await.unwrap();
    let expected =
        json!({ "enabled": true, "maxUnhealthyNodeThresholdPercentage": 20, "maxParallelNodesRepairedCount": 1 });
    assert_eq!(body(&scenario.asked()[1].2)["nodeRepairConfig"], expected);
}

#[tokio::test]
async fn the_default_version_of_an_add_on_is_told() {
    let versions = r#"{"addons":[{"addonName":"vpc-cni","type":"networking","defaultNamespace":"kube-system","addonVersions":[
{"addonVersion":"v1.20.1-eksbuild.1","compatibilities":[{"clusterVersion":"1.34","platformVersions":["*"],"defaultVersion":false}]},
{"addonVersion":"v1.20.0-eksbuild.1","compatibilities":[{"clusterVersion":"1.34","platformVersions":["*"],"defaultVersion":true}]}]}]}"#;
    let scenario = Scenario::new(&[(200, versions)]);
    let found = scenario.account.addon_versions("vpc-cni", "1.34").await.unwrap();
    assert_eq!(found.default_namespace.as_deref(), Some("kube-system"));
    assert_eq!(found.versions, [("v1.20.1-eksbuild.1".to_owned(), false), ("v1.20.0-eksbuild.1".to_owned(), true)]);
    assert!(scenario.asked()[0].1.contains("kubernetesVersion=1.34"));
}

#[tokio::test]
async fn an_access_entry_is_read_with_its_policies_and_given_one() {
    let entry = r#"{"accessEntry":{"clusterName":"c","principalArn":"arn:aws:iam::1:role/a","kubernetesGroups":["viewers"],
"accessEntryArn":"arn:aws:eks:::access-entry/c/role/1/a/x","tags":{},"username":"a","type":"STANDARD"}}"#;
    let policies = r#"{"clusterName":"c","principalArn":"arn:aws:iam::1:role/a","associatedAccessPolicies":[
{"policyArn":"arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy","accessScope":{"type":"namespace","namespaces":["shop"]}}]}"#;
    let scenario = Scenario::new(&[(200, entry), (200, policies), (200, "{}")]);
    let found = scenario.account.access_entry("c", "arn:aws:iam::1:role/a").await.unwrap().unwrap();
    let policy = AccessPolicy {
        arn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy".to_owned(),
        namespaces: vec!["shop".to_owned()],
    };
    let expected = AccessEntry {
        principal_arn: "arn:aws:iam::1:role/a".to_owned(),
        entry_type: "STANDARD".to_owned(),
        username: Some("a".to_owned()),
        kubernetes_groups: vec!["viewers".to_owned()],
        policies: vec![policy.clone()],
        ..AccessEntry::default()
    };
    assert_eq!(found, expected);
    scenario.account.associate_access_policy("c", "arn:aws:iam::1:role/a", &policy).await.unwrap();
    let sent = body(&scenario.asked()[2].2);
    assert_eq!(sent["accessScope"], json!({ "type": "namespace", "namespaces": ["shop"] }));
}

// https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeIdentityProviderConfig.html and
// https://docs.aws.amazon.com/eks/latest/APIReference/API_AssociateIdentityProviderConfig.html
#[tokio::test]
async fn an_identity_provider_is_read_whole_and_made_again_elsewhere() {
    let told = r#"{"identityProviderConfig":{"oidc":{"identityProviderConfigName":"my-config",
        "identityProviderConfigArn":"arn:aws:eks:us-west-2:111122223333:identityproviderconfig/blue/oidc/my-config/e0c",
        "clusterName":"blue","issuerUrl":"https://example.com","clientId":"kubernetes","usernameClaim":"email","groupsClaim":"my-claim",
        "groupsPrefix":"gid:","requiredClaims":{"string":"string"},"tags":{"env":"dev"},"status":"ACTIVE"}}}"#;
    let gone = r#"{"__type":"ResourceNotFoundException","message":"Identity provider config is not associated with cluster green."}"#;
    let busy = r#"{"__type":"ResourceInUseException","message":"Cluster green currently has an update in progress."}"#;
    let scenario = Scenario::new(&[(200, told), (404, gone), (200, "{}"), (409, busy)]);
    let account = &scenario.account;
    let found = account.identity_provider("blue", "my-config").await.unwrap().unwrap();
    assert_eq!(found.status, "ACTIVE");
    assert_eq!(account.identity_provider("green", "my-config").await, Ok(None));
    let tags = [("side".to_owned(), "green".to_owned())].into();
    account.associate_identity_provider("green", &found.provider, &tags, "t1").await.unwrap();
    let error = account.associate_identity_provider("green", &found.provider, &tags, "t1").await.unwrap_err();
    assert_eq!(error.condition, Condition::NotReady);
    let asked = scenario.asked();
    assert_eq!(asked[0].1, "/clusters/blue/identity-provider-configs/describe");
    assert_eq!(body(&asked[0].2), json!({ "identityProviderConfig": { "type": "oidc", "name": "my-config" } }));
    assert_eq!(asked[2].1, "/clusters/green/identity-provider-configs/associate");
    assert_eq!(
        body(&asked[2].2),
        json!({
            "oidc": {
                "identityProviderConfigName": "my-config", "issuerUrl": "https://example.com", "clientId": "kubernetes",
                "usernameClaim": "email", "groupsClaim": "my-claim", "groupsPrefix": "gid:", "requiredClaims": { "string": "string" },
            },
            "tags": { "side": "green" }, "clientRequestToken": "t1",
        })
    );
}

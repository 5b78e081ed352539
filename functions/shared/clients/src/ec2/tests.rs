//! Conversations with EC2. Answers have the shapes of <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/>.

use crate::scenario::Scenario;
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    Condition, Tags,
    plan::{
        compute::{Cluster, Direction, Join, LaunchTemplateData, Peer, Rule},
        ebs::EbsDriver,
    },
    ports::{
        LaunchTemplates, Network, VpcEndpoints,
        network::{CLAIM_TAGS, ClaimedVolume, Image, NewLaunchTemplate, Stored, UserDataOf},
        vpc_endpoints::VpcEndpoint,
    },
};

const GROUPS: &str = r#"<DescribeSecurityGroupsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1d62eae0</requestId>
<securityGroupInfo><item><ownerId>123456789012</ownerId><groupId>sg-9bf6ceff</groupId><groupName>nodes</groupName>
<groupDescription>of the nodes</groupDescription><vpcId>vpc-31896b55</vpcId>
<ipPermissions><item><ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>22</toPort>
<groups><item><userId>123456789012</userId><groupId>sg-1a2b3c4d</groupId></item></groups>
<ipRanges><item><cidrIp>203.0.113.0/24</cidrIp><description>office</description></item></ipRanges><ipv6Ranges/><prefixListIds/></item></ipPermissions>
<ipPermissionsEgress><item><ipProtocol>-1</ipProtocol><groups/><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item></ipPermissionsEgress>
<tagSet><item><key>team</key><value>shop</value></item></tagSet></item></securityGroupInfo></DescribeSecurityGroupsResponse>"#;

const TEMPLATE: &str = r#"<DescribeLaunchTemplateVersionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>65cadec1</requestId>
<launchTemplateVersionSet><item><launchTemplateId>lt-0a20c965061f64abc</launchTemplateId><launchTemplateName>nodes</launchTemplateName>
<versionNumber>3</versionNumber><defaultVersion>true</defaultVersion><launchTemplateData><instanceType>m5.large</instanceType>
<userData>Zm9v</userData><securityGroupIdSet><item>sg-9bf6ceff</item></securityGroupIdSet>
<blockDeviceMappingSet><item><deviceName>/dev/xvda</deviceName><ebs><volumeSize>50</volumeSize><volumeType>gp3</volumeType><encrypted>true</encrypted></ebs></item></blockDeviceMappingSet>
<metadataOptions><httpTokens>required</httpTokens><httpPutResponseHopLimit>2</httpPutResponseHopLimit></metadataOptions>
<creditSpecification><cpuCredits>unlimited</cpuCredits></creditSpecification>
<tagSpecificationSet><item><resourceType>instance</resourceType><tagSet><item><key>Name</key><value>node</value></item></tagSet></item></tagSpecificationSet>
</launchTemplateData></item></launchTemplateVersionSet></DescribeLaunchTemplateVersionsResponse>"#;

const TEMPLATES: &str = r#"<DescribeLaunchTemplatesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId><launchTemplates><item>
<launchTemplateId>lt-0a20c965061f64abc</launchTemplateId><launchTemplateName>nodes</launchTemplateName>
<tagSet><item><key>bascule:migration</key><value>move</value></item></tagSet></item></launchTemplates></DescribeLaunchTemplatesResponse>"#;

fn fault(code: &str) -> String {
    format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors><RequestID>ea966190</RequestID></Response>"
    )
}

fn rule(direction: Direction, peer: Peer) -> Rule {
    Rule { direction, protocol: "tcp".to_owned(), from_port: Some(443), to_port: Some(443), peer, description: None }
}

#[tokio::test]
async fn security_groups_are_read_with_a_rule_for_each_source() {
    let scenario = Scenario::new(&[(200, GROUPS)]);
    let groups = scenario.account.security_groups("vpc-31896b55").await.unwrap();
    assert_eq!(groups.len(), 1);
    let rules: Vec<_> = groups[0].rules.iter().map(ToString::to_string).collect();
    assert_eq!(rules, ["ingress/tcp/22-22/203.0.113.0/24", "ingress/tcp/22-22/sg-1a2b3c4d", "egress/-1/all/0.0.0.0/0"]);
    assert_eq!((groups[0].description.as_str(), groups[0].tags["team"].as_str()), ("of the nodes", "shop"));
}

#[tokio::test]
async fn volumes_are_told_by_the_tags_of_their_claims() {
    let tag = |key: &str, value: &str| format!("<item><key>{key}</key><value>{value}</value></item>");
    let of_claim = [tag(CLAIM_TAGS[0], "shop"), tag(CLAIM_TAGS[1], "data-search-0")].concat();
    let owned = [of_claim.clone(), tag("kubernetes.io/cluster/shop-blue", "owned")].concat();
    let of_auto_mode = [of_claim.clone(), tag("eks:eks-cluster-name", "shop-blue")].concat();
    let of_another = [of_claim, tag("eks:eks-cluster-name", "shop-other")].concat();
    let key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd";
    let volume = |id: &str, tags: &str| {
        format!(
            "<item><volumeId>{id}</volumeId><size>10</size><availabilityZone>us-east-1a</availabilityZone><volumeType>io2</volumeType><iops>4000</iops>\
             <encrypted>true</encrypted><kmsKeyId>{key}</kmsKeyId><multiAttachEnabled>true</multiAttachEnabled><tagSet>{tags}</tagSet></item>"
        )
    };
    let all =
        [volume("vol-1", &owned), volume("vol-2", ""), volume("vol-3", &of_auto_mode), volume("vol-4", &of_another)]
            .concat();
    let answer = format!("<DescribeVolumesResponse><volumeSet>{all}</volumeSet></DescribeVolumesResponse>");
    let scenario = Scenario::new(&[(200, &answer), (200, &answer)]);
    let found = scenario.account.claimed_volumes("shop-blue").await.unwrap();
    let expected = ClaimedVolume {
        id: "vol-1".into(),
        gib: 10,
        volume_type: "io2".into(),
        claim: "shop/data-search-0".into(),
        zone: "us-east-1a".into(),
        is_attached: false,
        iops: Some(4000),
        key_arn: Some(key.into()),
        drivers: vec![EbsDriver::Addon],
        is_multi_attach: true,
    };
    let auto = ClaimedVolume { id: "vol-3".into(), drivers: vec![EbsDriver::AutoMode], ..expected.clone() };
    assert_eq!(found, [expected, auto]);
    let stored = scenario.account.stored("io2").await.unwrap();
    assert_eq!(stored, Stored { gib: 40, iops: 16000 });
    let asked = scenario.asked();
    for expected in [
        "Filter.1.Name=tag-key&Filter.1.Value.1=kubernetes.io%2Fcluster%2Fshop-blue",
        "Filter.1.Value.3=eks%3Aeks-cluster-name",
        "Filter.2.Name=tag%3Akubernetes.io%2Fcreated-for%2Fpvc%2Fname&Filter.2.Value.1=*",
    ] {
        assert!(asked[0].2.replace("%2A", "*").contains(expected), "{asked:?}");
    }
    assert!(asked[1].2.contains("Filter.1.Name=volume-type&Filter.1.Value.1=io2"), "{asked:?}");
}

#[tokio::test]
async fn vpc_endpoints_of_a_service_are_read_page_by_page_with_what_decides_who_passes() {
    let endpoint = |id: &str, service: &str, more: &str| {
        format!(
            "<item><vpcEndpointId>{id}</vpcEndpointId><vpcEndpointType>Interface</vpcEndpointType><vpcId>vpc-1</vpcId>\
             <serviceName>com.amazonaws.eu-central-1.{service}</serviceName><state>available</state>{more}</item>"
        )
    };
    let page = |items: &str, next: &str| {
        format!(
            "<DescribeVpcEndpointsResponse><vpcEndpointSet>{items}</vpcEndpointSet>{next}</DescribeVpcEndpointsResponse>"
        )
    };
    let open = "<privateDnsEnabled>true</privateDnsEnabled><policyDocument>{}</policyDocument>\
                <groupSet><item><groupId>sg-1</groupId><groupName>endpoints</groupName></item></groupSet>";
    let first = [endpoint("vpce-1", "execute-api", open), endpoint("vpce-2", "s3", "")].concat();
    let (first, second) = (page(&first, "<nextToken>t</nextToken>"), page(&endpoint("vpce-3", "execute-api", ""), ""));
    let scenario = Scenario::new(&[(200, &first), (200, &second)]);
    let found = scenario.account.vpc_endpoints("execute-api").await.unwrap();
    let bare = VpcEndpoint {
        id: "vpce-3".to_owned(),
        vpc_id: "vpc-1".to_owned(),
        state: "available".to_owned(),
        ..VpcEndpoint::default()
    };
    let full = VpcEndpoint {
        id: "vpce-1".to_owned(),
        has_private_dns: true,
        policy: Some("{}".to_owned()),
        group_ids: vec!["sg-1".to_owned()],
        ..bare.clone()
    };
    assert_eq!(found, [full, bare]);
    let asked = scenario.asked();
    assert!(asked[0].2.contains("com.amazonaws.eu-central-1.execute-api"), "{asked:?}");
    assert!(asked[1].2.contains("NextToken=t"), "{asked:?}");
}

#[tokio::test]
async fn adding_a_rule_again_and_removing_it_again_are_no_errors() {
    let (duplicate, gone) = (fault("InvalidPermission.Duplicate"), fault("InvalidPermission.NotFound"));
    let scenario = Scenario::new(&[(400, &duplicate), (400, &gone)]);
    let rule = rule(Direction::Ingress, Peer::Group("sg-2".to_owned()));
    scenario.account.authorize("sg-1", &rule, &Tags::new()).await.unwrap();
    scenario.account.revoke("sg-1", &rule).await.unwrap();
    let asked = scenario.asked();
    for part in [
        "Action=AuthorizeSecurityGroupIngress",
        "IpPermissions.1.Groups.1.GroupId=sg-2",
        "IpPermissions.1.FromPort=443",
    ] {
        assert!(asked[0].2.contains(part), "{part} in {}", asked[0].2);
    }
    assert!(asked[1].2.contains("Action=RevokeSecurityGroupIngress"));
}

#[tokio::test]
async fn a_security_group_in_use_is_waited_for_and_one_that_is_gone_is_deleted() {
    let (used, gone, denied) =
        (fault("DependencyViolation"), fault("InvalidGroup.NotFound"), fault("UnauthorizedOperation"));
    let scenario = Scenario::new(&[(400, &used), (400, &gone), (403, &denied)]);
    assert_eq!(scenario.account.delete_security_group("sg-1").await.unwrap_err().condition, Condition::NotReady);
    assert_eq!(scenario.account.delete_security_group("sg-1").await, Ok(()));
    assert_eq!(scenario.account.delete_security_group("sg-1").await.unwrap_err().condition, Condition::Denied);
}

#[tokio::test]
async fn a_launch_template_is_read_and_says_what_a_clone_would_lose() {
    let scenario = Scenario::new(&[(200, TEMPLATE), (200, TEMPLATES)]);
    // The user data is "foo".
    let blue = UserDataOf { names: vec!["foo".to_owned()], ..UserDataOf::default() };
    let found = scenario.account.launch_template("lt-0a20c965061f64abc", "3", &blue).await.unwrap().unwrap();
    assert_eq!(found.key(), "lt-0a20c965061f64abc@3");
    assert_eq!(found.data.instance_type.as_deref(), Some("m5.large"));
    assert_eq!(found.data.groups(), ["sg-9bf6ceff"]);
    assert_eq!((found.data.volumes[0].size, found.data.volumes[0].volume_type.as_deref()), (Some(50), Some("gp3")));
    assert_eq!(found.data.not_copied, ["CreditSpecification"]);
    assert!(found.data.user_data_names_blue);
    assert!(!serde_json::to_string(&found).unwrap().contains("Zm9v"), "user data stays in EC2");
}

#[tokio::test]
async fn a_clone_takes_its_user_data_from_the_version_that_the_plan_saw() {
    let created = r#"<CreateLaunchTemplateResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>
<launchTemplate><launchTemplateId>lt-2</launchTemplateId><launchTemplateName>green</launchTemplateName></launchTemplate></CreateLaunchTemplateResponse>"#;
    let scenario =
        Scenario::new(&[(200, TEMPLATE), (200, TEMPLATES), (200, TEMPLATE), (200, created), (200, TEMPLATE)]);
    let blue = UserDataOf::default();
    let found = scenario.account.launch_template("lt-0a20c965061f64abc", "3", &blue).await.unwrap().unwrap();
    let mut request = NewLaunchTemplate {
        name: "green".to_owned(),
        data: LaunchTemplateData { security_group_ids: vec!["sg-green".to_owned()], ..found.data },
        user_data_of: Some((found.id, found.version)),
        replace: Vec::new(),
        clusters: None,
        tags: Tags::new(),
        token: "token".to_owned(),
    };
    assert_eq!(scenario.account.create_launch_template(&request).await.unwrap(), "lt-2");
    let sent = &scenario.asked()[3].2;
    for part in [
        "LaunchTemplateData.UserData=Zm9v",
        "LaunchTemplateData.SecurityGroupId.1=sg-green",
        "LaunchTemplateData.BlockDeviceMapping.1.Ebs.VolumeSize=50",
        "LaunchTemplateData.MetadataOptions.HttpTokens=required",
        "ClientToken=token",
    ] {
        assert!(sent.contains(part), "{part} in {sent}");
    }
    request.data.user_data_sha256 = Some("of something else".to_owned());
    let error = scenario.account.create_launch_template(&request).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
}

/// <https://awslabs.github.io/amazon-eks-ami/nodeadm/>
#[tokio::test]
async fn nodes_of_a_custom_ami_are_told_green_where_they_were_told_blue() {
    let cluster = |name: &str| Cluster {
        name: name.to_owned(),
        endpoint: format!("https://{name}.eks.amazonaws.com"),
        certificate_authority: format!("LS0{name}=="),
        service_cidr: Some("10.100.0.0/16".to_owned()),
        ..Cluster::default()
    };
    let node_config = |cluster: &Cluster| {
        STANDARD.encode(format!(
            "---\napiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  cluster:\n    name: {}\n    apiServerEndpoint: {}\n    \
             certificateAuthority: {}\n    cidr: 10.100.0.0/16\n",
            cluster.name, cluster.endpoint, cluster.certificate_authority
        ))
    };
    let (blue, green) = (cluster("blue"), cluster("green"));
    let template = TEMPLATE
        .replace("Zm9v", &node_config(&blue))
        .replace("<instanceType>", "<imageId>ami-1</imageId><instanceType>");
    let created = r#"<CreateLaunchTemplateResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>
<launchTemplate><launchTemplateId>lt-2</launchTemplateId></launchTemplate></CreateLaunchTemplateResponse>"#;
    let scenario =
        Scenario::new(&[(200, &template), (200, TEMPLATES), (200, &template), (200, created), (200, &template)]);
    let of_blue = UserDataOf { names: vec!["blue".to_owned()], cluster: blue.clone() };
    let found = scenario.account.launch_template("lt-0a20c965061f64abc", "3", &of_blue).await.unwrap().unwrap();
    assert_eq!((&found.data.join, found.data.user_data_names_blue), (&Some(Join::NodeConfig), false));
    let mut request = NewLaunchTemplate {
        name: "green".to_owned(),
        data: found.data,
        user_data_of: Some((found.id, found.version)),
        replace: Vec::new(),
        clusters: Some((blue, green.clone())),
        tags: Tags::new(),
        token: "token".to_owned(),
    };
    scenario.account.create_launch_template(&request).await.unwrap();
    let sent = scenario.asked()[3].2.clone();
    let expected = node_config(&green).replace('=', "%3D").replace('+', "%2B").replace('/', "%2F");
    assert!(sent.contains(&format!("LaunchTemplateData.UserData={expected}")), "{sent}");
    assert!(sent.contains("LaunchTemplateData.ImageId=ami-1"), "{sent}");
    request.clusters = Some((cluster("red"), green));
    let error = scenario.account.create_launch_template(&request).await.unwrap_err();
    assert_eq!(error.condition, Condition::Conflict);
}

#[tokio::test]
async fn amis_are_asked_for_by_a_filter_which_forgives_ids_that_do_not_exist() {
    let answer = r#"<DescribeImagesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>59dbff89</requestId><imagesSet><item>
<imageId>ami-1a2b3c4d</imageId><imageState>available</imageState><architecture>arm64</architecture></item></imagesSet></DescribeImagesResponse>"#;
    let scenario = Scenario::new(&[(200, answer)]);
    let found = scenario.account.images(&["ami-1a2b3c4d".to_owned(), "ami-2".to_owned()]).await.unwrap();
    assert_eq!(scenario.account.images(&[]).await.unwrap(), []);
    let expected =
        Image { id: "ami-1a2b3c4d".to_owned(), state: "available".to_owned(), architecture: "arm64".to_owned() };
    assert_eq!(found, [expected]);
    let asked = &scenario.asked()[0].2;
    assert!(asked.contains("Filter.1.Name=image-id&Filter.1.Value.1=ami-1a2b3c4d&Filter.1.Value.2=ami-2"), "{asked}");
    assert!(asked.contains("IncludeDeprecated=true"), "{asked}");
}

#[tokio::test]
async fn a_launch_template_of_another_migration_is_not_ours() {
    let scenario = Scenario::new(&[(200, TEMPLATES), (200, TEMPLATES)]);
    let own = scenario.account.own_launch_template("nodes", "move").await.unwrap();
    assert_eq!(own.as_deref(), Some("lt-0a20c965061f64abc"));
    assert_eq!(scenario.account.own_launch_template("nodes", "other").await.unwrap(), None);
}

#[tokio::test]
async fn instance_types_are_asked_for_by_a_filter_which_forgives_names_that_do_not_exist() {
    let answer = r#"<DescribeInstanceTypesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId><instanceTypeSet><item>
<instanceType>m7g.xlarge</instanceType><processorInfo><supportedArchitectures><item>arm64</item></supportedArchitectures></processorInfo>
<vCpuInfo><defaultVCpus>4</defaultVCpus></vCpuInfo></item></instanceTypeSet></DescribeInstanceTypesResponse>"#;
    let scenario = Scenario::new(&[(200, answer)]);
    let found = scenario.account.instance_types(&["m7g.xlarge".to_owned(), "m99.large".to_owned()]).await.unwrap();
    assert_eq!(scenario.account.instance_types(&[]).await.unwrap(), []);
    let [kind] = &found[..] else { panic!("{found:?}") };
    assert_eq!((kind.name.as_str(), kind.vcpus, kind.architectures.join(",")), ("m7g.xlarge", 4, "arm64".to_owned()));
    let asked = scenario.asked();
    let expected = "Filter.1.Name=instance-type&Filter.1.Value.1=m7g.xlarge&Filter.1.Value.2=m99.large";
    assert!(asked[0].2.contains(expected), "{}", asked[0].2);
}

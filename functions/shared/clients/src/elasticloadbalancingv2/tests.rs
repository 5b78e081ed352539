//! Conversations with Elastic Load Balancing. Answers have the shapes and values of the examples in
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/Welcome.html>.

use crate::scenario::{Answer, Scenario, answer};
use domain::Tags;
use domain::plan::edge::{HealthCheck, Listener, LoadBalancer, TargetGroup};
use domain::ports::load_balancers::{Named, Target};
use domain::ports::{LoadBalancers, TargetGroups};
use domain::{Condition, PhaseError};

const ELB: &str =
    "arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/net/my-network-load-balancer/5d1b75f4f1cee11e";
const TARGETS: &str = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067";
const LISTENER: &str = "arn:aws:elasticloadbalancing:us-west-2:123456789012:listener/net/my-network-load-balancer/5d1b75f4f1cee11e/f2f7dc8efc522ab2";

/// The answer of an action.
fn said(action: &str, result: &str) -> Answer {
    answer(
        200,
        format!(
            r#"<{action}Response xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><{action}Result>{result}</{action}Result>
<ResponseMetadata><RequestId>6581c0ac-f39f-11e5-bb98-57195a6eb84a</RequestId></ResponseMetadata></{action}Response>"#
        ),
    )
}

fn refused(status: u16, code: &str) -> Answer {
    answer(
        status,
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>"
        ),
    )
}

fn pairs(kind: &str, of: &[(&str, &str)]) -> String {
    let members = of.iter().map(|(key, value)| format!("<member><Value>{value}</Value><Key>{key}</Key></member>"));
    format!("<{kind}>{}</{kind}>", members.collect::<String>())
}

fn tags(arn: &str) -> Answer {
    let tags = pairs("Tags", &[("project", "lima")]);
    said(
        "DescribeTags",
        &format!("<TagDescriptions><member><ResourceArn>{arn}</ResourceArn>{tags}</member></TagDescriptions>"),
    )
}

fn condition<T: std::fmt::Debug>(result: Result<T, PhaseError>) -> Condition {
    result.unwrap_err().condition
}

/// The parameters of a request without its action and version.
fn sent(scenario: &Scenario, index: usize, action: &str) -> Vec<String> {
    let mut form = scenario.form(index);
    let named = |parameter: &String| *parameter == format!("Action={action}") || *parameter == "Version=2015-12-01";
    assert_eq!(form.iter().filter(|parameter| named(parameter)).count(), 2, "{form:?}");
    form.retain(|parameter| !named(parameter));
    form
}

fn balancer(address: &str) -> Answer {
    said(
        "DescribeLoadBalancers",
        &format!(
            "<LoadBalancers><member><LoadBalancerArn>{ELB}</LoadBalancerArn><Scheme>internal</Scheme>
<LoadBalancerName>my-network-load-balancer</LoadBalancerName>
<DNSName>my-network-load-balancer-50dc6c495c0c9188.elb.us-west-2.amazonaws.com</DNSName><VpcId>vpc-3ac0fb5f</VpcId><IpAddressType>ipv4</IpAddressType>
<CanonicalHostedZoneId>Z2P70J7EXAMPLE</CanonicalHostedZoneId><CreatedTime>2016-03-25T21:26:12.920Z</CreatedTime>
<EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic>off</EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic>
<AvailabilityZones><member><SubnetId>subnet-8360a9e7</SubnetId><ZoneName>us-west-2a</ZoneName>
<LoadBalancerAddresses>{address}</LoadBalancerAddresses></member>
<member><SubnetId>subnet-b7d581c0</SubnetId><ZoneName>us-west-2b</ZoneName></member></AvailabilityZones>
<EnablePrefixForIpv6SourceNat>on</EnablePrefixForIpv6SourceNat><SecurityGroups><member>sg-5943793c</member></SecurityGroups><State><Code>active</Code></State><Type>network</Type></member></LoadBalancers>"
        ),
    )
}

fn balancer_attributes() -> Answer {
    let attributes = pairs("Attributes", &[("load_balancing.cross_zone.enabled", "true")]);
    said("DescribeLoadBalancerAttributes", &attributes)
}

#[tokio::test]
async fn a_load_balancer_is_read_with_attributes_and_tags_and_its_clone_is_asked_for() {
    let created = format!("<LoadBalancers><member><LoadBalancerArn>{ELB}</LoadBalancerArn></member></LoadBalancers>");
    let scenario = Scenario::of([balancer(""), balancer_attributes(), tags(ELB), said("CreateLoadBalancer", &created)]);
    let found = scenario.account.load_balancer(Named::Name("my-network-load-balancer")).await.unwrap().unwrap();
    let expected = LoadBalancer {
        arn: ELB.to_owned(),
        name: "my-network-load-balancer".to_owned(),
        dns_name: "my-network-load-balancer-50dc6c495c0c9188.elb.us-west-2.amazonaws.com".to_owned(),
        kind: "network".to_owned(),
        scheme: "internal".to_owned(),
        ip_address_type: "ipv4".to_owned(),
        vpc_id: "vpc-3ac0fb5f".to_owned(),
        subnet_ids: vec!["subnet-8360a9e7".to_owned(), "subnet-b7d581c0".to_owned()],
        security_group_ids: vec!["sg-5943793c".to_owned()],
        private_link_enforcement: Some("off".to_owned()),
        ipv6_source_nat: true,
        fixed_addresses: false,
        state: "active".to_owned(),
        attributes: [("load_balancing.cross_zone.enabled".to_owned(), "true".to_owned())].into(),
        tags: [("project".to_owned(), "lima".to_owned())].into(),
    };
    assert_eq!(found, expected);
    assert_eq!(sent(&scenario, 0, "DescribeLoadBalancers"), ["Names.member.1=my-network-load-balancer"]);
    assert_eq!(sent(&scenario, 1, "DescribeLoadBalancerAttributes"), [format!("LoadBalancerArn={ELB}")]);
    assert_eq!(sent(&scenario, 2, "DescribeTags"), [format!("ResourceArns.member.1={ELB}")]);

    let with: Tags = [("bascule:side".to_owned(), "green".to_owned())].into();
    assert_eq!(scenario.account.create_load_balancer("green", &found, &with).await.as_deref(), Ok(ELB));
    let asked = [
        "EnablePrefixForIpv6SourceNat=on",
        "IpAddressType=ipv4",
        "Name=green",
        "Scheme=internal",
        "SecurityGroups.member.1=sg-5943793c",
        "Subnets.member.1=subnet-8360a9e7",
        "Subnets.member.2=subnet-b7d581c0",
        "Tags.member.1.Key=bascule:side",
        "Tags.member.1.Value=green",
        "Type=network",
    ];
    assert_eq!(sent(&scenario, 3, "CreateLoadBalancer"), asked);
}

#[tokio::test]
async fn addresses_that_somebody_chose_are_seen() {
    for address in ["<AllocationId>eipalloc-1</AllocationId>", "<PrivateIPv4Address>10.0.0.9</PrivateIPv4Address>"] {
        let chosen = balancer(&format!("<member>{address}</member>"));
        let scenario = Scenario::of([chosen, balancer_attributes(), tags(ELB)]);
        assert!(scenario.account.load_balancer(Named::Arn(ELB)).await.unwrap().unwrap().fixed_addresses, "{address}");
    }
}

#[tokio::test]
async fn a_target_group_is_read_and_cloned_with_its_health_check() {
    let group = format!(
        "<TargetGroups><member><TargetGroupArn>{TARGETS}</TargetGroupArn><HealthCheckTimeoutSeconds>5</HealthCheckTimeoutSeconds>
<HealthCheckPort>traffic-port</HealthCheckPort><Matcher><HttpCode>200</HttpCode></Matcher><TargetGroupName>my-targets</TargetGroupName>
<HealthCheckProtocol>HTTP</HealthCheckProtocol><HealthCheckPath>/</HealthCheckPath><Protocol>TCP</Protocol><Port>30080</Port>
<VpcId>vpc-3ac0fb5f</VpcId><TargetType>instance</TargetType><HealthyThresholdCount>5</HealthyThresholdCount>
<HealthCheckIntervalSeconds>30</HealthCheckIntervalSeconds><UnhealthyThresholdCount>2</UnhealthyThresholdCount></member></TargetGroups>"
    );
    let attributes = pairs("Attributes", &[("preserve_client_ip.enabled", "true")]);
    let scenario = Scenario::of([
        said("DescribeTargetGroups", &group),
        said("DescribeTargetGroupAttributes", &attributes),
        tags(TARGETS),
        said("CreateTargetGroup", &group),
    ]);
    let found = scenario.account.target_group(Named::Arn(TARGETS)).await.unwrap().unwrap();
    assert_eq!(sent(&scenario, 0, "DescribeTargetGroups"), [format!("TargetGroupArns.member.1={TARGETS}")]);
    let expected = TargetGroup {
        arn: TARGETS.to_owned(),
        name: "my-targets".to_owned(),
        protocol: "TCP".to_owned(),
        port: 30_080,
        vpc_id: "vpc-3ac0fb5f".to_owned(),
        target_type: "instance".to_owned(),
        ip_address_type: "ipv4".to_owned(),
        health_check: HealthCheck {
            protocol: "HTTP".to_owned(),
            port: "traffic-port".to_owned(),
            path: Some("/".to_owned()),
            matcher: Some("200".to_owned()),
            interval_seconds: 30,
            timeout_seconds: 5,
            healthy_threshold: 5,
            unhealthy_threshold: 2,
        },
        attributes: [("preserve_client_ip.enabled".to_owned(), "true".to_owned())].into(),
        attached: Vec::new(),
        tags: [("project".to_owned(), "lima".to_owned())].into(),
    };
    assert_eq!(found, expected);

    assert_eq!(scenario.account.create_target_group("green", &found, &Tags::new()).await.as_deref(), Ok(TARGETS));
    let asked = [
        "HealthCheckEnabled=true",
        "HealthCheckIntervalSeconds=30",
        "HealthCheckPath=/",
        "HealthCheckPort=traffic-port",
        "HealthCheckProtocol=HTTP",
        "HealthCheckTimeoutSeconds=5",
        "HealthyThresholdCount=5",
        "IpAddressType=ipv4",
        "Matcher.HttpCode=200",
        "Name=green",
        "Port=30080",
        "Protocol=TCP",
        "TargetType=instance",
        "UnhealthyThresholdCount=2",
        "VpcId=vpc-3ac0fb5f",
    ];
    assert_eq!(sent(&scenario, 3, "CreateTargetGroup"), asked);
}

#[tokio::test]
async fn the_health_of_targets_is_told_with_its_reason() {
    let health = "<TargetHealthDescriptions><member><HealthCheckPort>80</HealthCheckPort><TargetHealth><State>healthy</State></TargetHealth>
<Target><Port>80</Port><Id>i-0376fadf</Id></Target></member><member><HealthCheckPort>80</HealthCheckPort><TargetHealth><State>unused</State>
<Reason>Target.NotInUse</Reason><Description>Target is in an Availability Zone that is not enabled for the load balancer</Description>
</TargetHealth><Target><Port>80</Port><Id>i-0f76fade</Id></Target></member></TargetHealthDescriptions>";
    let scenario = Scenario::of([said("DescribeTargetHealth", health), refused(400, "TargetGroupNotFound")]);
    let target = |id: &str, state: &str, reason: &str| Target {
        id: id.to_owned(),
        port: 80,
        state: state.to_owned(),
        reason: reason.to_owned(),
    };
    let expected = vec![target("i-0376fadf", "healthy", ""), target("i-0f76fade", "unused", "Target.NotInUse")];
    assert_eq!(scenario.account.targets(TARGETS).await, Ok(expected));
    assert_eq!(scenario.account.targets(TARGETS).await, Ok(Vec::new()));
    assert_eq!(sent(&scenario, 0, "DescribeTargetHealth"), [format!("TargetGroupArn={TARGETS}")]);
}

#[tokio::test]
async fn listeners_are_read_page_by_page_with_every_certificate_once_and_cloned() {
    let listener = |arn: &str, port: u16, protocol: &str, more: &str| {
        format!(
            "<Listeners><member><LoadBalancerArn>{ELB}</LoadBalancerArn><Protocol>{protocol}</Protocol><Port>{port}</Port><ListenerArn>{arn}</ListenerArn>
<DefaultActions><member><Type>forward</Type><TargetGroupArn>{TARGETS}</TargetGroupArn><ForwardConfig><TargetGroups><member>
<TargetGroupArn>{TARGETS}</TargetGroupArn></member></TargetGroups></ForwardConfig></member></DefaultActions></member></Listeners>{more}"
        )
    };
    let certificate = |name: &str, default: bool| {
        format!("<member><CertificateArn>{name}</CertificateArn><IsDefault>{default}</IsDefault></member>")
    };
    // "If the default certificate is also in the certificate list, it appears twice in the results": DescribeListenerCertificates.
    let first = format!("<Certificates>{}</Certificates><NextMarker>more</NextMarker>", certificate("second", false));
    let rest = [certificate("default", true), certificate("default", false)].concat();
    let scenario = Scenario::of([
        said("DescribeListeners", &listener(LISTENER, 443, "TLS", "<NextMarker>next</NextMarker>")),
        said("DescribeListeners", &listener("plain", 80, "TCP", "")),
        said("DescribeListenerCertificates", &first),
        said("DescribeListenerCertificates", &format!("<Certificates>{rest}</Certificates>")),
        said("DescribeListenerAttributes", &pairs("Attributes", &[("tcp.idle_timeout.seconds", "350")])),
        said("DescribeListenerAttributes", &pairs("Attributes", &[])),
        said("CreateListener", &listener("created", 443, "TLS", "")),
        said("AddListenerCertificates", ""),
    ]);
    let found = scenario.account.listeners(ELB).await.unwrap();
    assert_eq!(sent(&scenario, 1, "DescribeListeners"), [format!("LoadBalancerArn={ELB}"), "Marker=next".to_owned()]);
    assert_eq!(
        sent(&scenario, 3, "DescribeListenerCertificates"),
        [format!("ListenerArn={LISTENER}"), "Marker=more".to_owned()]
    );
    let expected = Listener {
        arn: LISTENER.to_owned(),
        port: 443,
        protocol: "TLS".to_owned(),
        certificates: vec!["default".to_owned(), "second".to_owned()],
        ssl_policy: None,
        alpn_policy: None,
        target_group_arns: vec![TARGETS.to_owned()],
        attributes: [("tcp.idle_timeout.seconds".to_owned(), "350".to_owned())].into(),
    };
    assert_eq!(found[0], expected);
    assert_eq!((found[1].port, found[1].certificates.len()), (80, 0));

    assert_eq!(scenario.account.create_listener(ELB, &found[0], &Tags::new()).await.as_deref(), Ok("created"));
    // CreateListener takes exactly one certificate, says its reference; the others are added.
    let asked = [
        "Certificates.member.1.CertificateArn=default",
        &format!("DefaultActions.member.1.TargetGroupArn={TARGETS}"),
        "DefaultActions.member.1.Type=forward",
        &format!("LoadBalancerArn={ELB}"),
        "Port=443",
        "Protocol=TLS",
    ];
    assert_eq!(sent(&scenario, 6, "CreateListener"), asked);
    assert_eq!(
        sent(&scenario, 7, "AddListenerCertificates"),
        ["Certificates.member.1.CertificateArn=second", "ListenerArn=created"]
    );
}

#[tokio::test]
async fn what_is_gone_is_nothing_what_is_used_is_waited_for_and_refusals_keep_their_condition() {
    let gone = ["LoadBalancerNotFound", "TargetGroupNotFound", "LoadBalancerNotFound"];
    let deleted = ["LoadBalancerNotFound", "TargetGroupNotFound"];
    let scenario = Scenario::of(gone.iter().chain(&deleted).map(|code| refused(400, code)));
    let account = &scenario.account;
    assert_eq!(account.load_balancer(Named::Name("x")).await, Ok(None));
    assert_eq!(account.target_group(Named::Name("x")).await, Ok(None));
    assert_eq!(account.listeners(ELB).await, Ok(Vec::new()));
    assert_eq!(account.delete_load_balancer(ELB).await, Ok(()));
    assert_eq!(account.delete_target_group(TARGETS).await, Ok(()));
    for (status, code, expected) in [
        (400, "ResourceInUse", Condition::NotReady),
        (400, "OperationNotPermitted", Condition::Refused),
        (400, "Throttling", Condition::Unavailable),
        (403, "AccessDenied", Condition::Denied),
    ] {
        let scenario = Scenario::of([refused(status, code)]);
        assert_eq!(condition(scenario.account.delete_target_group(TARGETS).await), expected, "{code}");
        let scenario = Scenario::of([refused(status, code)]);
        assert_eq!(condition(scenario.account.delete_load_balancer(ELB).await), expected, "{code}");
    }
}

// The error: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html.
#[tokio::test]
async fn a_load_balancer_that_is_protected_still_is_waited_for() {
    let text = "Load balancer 'arn' cannot be deleted because deletion protection is enabled";
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>OperationNotPermitted</Code><Message>{text}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    );
    let scenario = Scenario::of([answer(400, body)]);
    assert_eq!(condition(scenario.account.delete_load_balancer(ELB).await), Condition::NotReady);
}

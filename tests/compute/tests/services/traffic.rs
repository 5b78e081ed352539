//! Traffic through Network Load Balancers, on real sockets.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aws_sdk_elasticloadbalancingv2::types::{
    ProtocolEnum, TargetDescription, TargetGroupAttribute, TargetHealthStateEnum, TargetTypeEnum,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::account::{Account, eventually};

/// A server that answers every line with its name and can be stopped.
struct Backend {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Backend {
    async fn start(name: &'static str, address: &str) -> Self {
        let socket = TcpListener::bind(address).await.unwrap();
        let address = socket.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = socket.accept().await {
                tokio::spawn(async move {
                    let mut bytes = [0; 64];
                    while stream.read(&mut bytes).await.is_ok_and(|length| length > 0) {
                        if stream.write_all(name.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, task }
    }

    fn target(&self) -> TargetDescription {
        TargetDescription::builder().id(self.address.ip().to_string()).port(self.address.port().into()).build()
    }
}

async fn ask(stream: &mut TcpStream) -> std::io::Result<String> {
    stream.write_all(b"hello\n").await?;
    let mut bytes = [0; 64];
    let length = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut bytes)).await??;
    Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
}

async fn ask_anew(address: SocketAddr) -> Option<String> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    ask(&mut stream).await.ok().filter(|answer| !answer.is_empty())
}

async fn health(account: &Account, group: &str, backend: &Backend) -> Option<TargetHealthStateEnum> {
    let described =
        account.elb.describe_target_health().target_group_arn(group).targets(backend.target()).send().await.unwrap();
    described.target_health_descriptions()[0].target_health().unwrap().state().cloned()
}

async fn becomes(account: &Account, group: &str, backend: &Backend, state: TargetHealthStateEnum) {
    eventually(&format!("the target is {state}"), async || {
        health(account, group, backend).await == Some(state.clone())
    })
    .await;
}

/// A load balancer with one listener, in front of these backends.
async fn in_front_of(account: &Account, backends: &[&Backend]) -> (SocketAddr, String, String) {
    let balancer = account.create_load_balancer("blue").await;
    let group = account.create_target_group("web", TargetTypeEnum::Ip, 80).await;
    for backend in backends {
        account.elb.register_targets().target_group_arn(&group).targets(backend.target()).send().await.unwrap();
        assert_eq!(health(account, &group, backend).await, Some(TargetHealthStateEnum::Unused));
    }
    account.create_listener(&balancer, 18080, &group).await;
    assert_eq!(account.compute.listener_address(&balancer, 18080), None, "provisioning");
    account.load_balancer_is_active(&balancer).await;
    for backend in backends {
        becomes(account, &group, backend, TargetHealthStateEnum::Healthy).await;
    }
    let address = account.compute.listener_address(&balancer, 18080).unwrap();
    assert_eq!(address.port(), 18080);
    (address, balancer, group)
}

#[tokio::test]
async fn flows_go_to_healthy_targets_in_turn_and_an_unhealthy_one_gets_none() {
    let account = Account::open().await;
    let (one, two) = (Backend::start("one", "127.0.0.1:0").await, Backend::start("two", "127.0.0.1:0").await);
    let (address, _, group) = in_front_of(&account, &[&one, &two]).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..4 {
        seen.extend(ask_anew(address).await);
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["one", "two"]);

    two.task.abort();
    becomes(&account, &group, &two, TargetHealthStateEnum::Unhealthy).await;
    for _ in 0..4 {
        assert_eq!(ask_anew(address).await.as_deref(), Some("one"));
    }
    account.compute.stop().await;
}

#[tokio::test]
async fn with_no_healthy_target_the_load_balancer_fails_open() {
    let account = Account::open().await;
    let one = Backend::start("one", "127.0.0.1:0").await;
    let place = one.address.to_string();
    let (address, _, group) = in_front_of(&account, &[&one]).await;
    one.task.abort();
    becomes(&account, &group, &one, TargetHealthStateEnum::Unhealthy).await;
    // The backend is up again, and its health checks have not succeeded often enough yet.
    let back = Backend::start("back", &place).await;
    assert_eq!(ask_anew(address).await.as_deref(), Some("back"));
    drop(back);
    account.compute.stop().await;
}

#[tokio::test]
async fn a_flow_to_a_deregistered_target_goes_on_and_new_ones_go_elsewhere() {
    let account = Account::open().await;
    let (one, two) = (Backend::start("one", "127.0.0.1:0").await, Backend::start("two", "127.0.0.1:0").await);
    let (address, _, group) = in_front_of(&account, &[&one, &two]).await;
    let mut flow = TcpStream::connect(address).await.unwrap();
    let name = ask(&mut flow).await.unwrap();
    let (left, right) = if name == "one" { (&one, "two") } else { (&two, "one") };
    account.elb.deregister_targets().target_group_arn(&group).targets(left.target()).send().await.unwrap();
    assert_eq!(health(&account, &group, left).await, Some(TargetHealthStateEnum::Draining));
    for _ in 0..4 {
        assert_eq!(ask_anew(address).await.as_deref(), Some(right));
    }
    assert_eq!(ask(&mut flow).await.unwrap(), name);
    account.compute.stop().await;
}

#[tokio::test]
async fn connection_termination_ends_flows_when_the_deregistration_delay_is_over() {
    let account = Account::open().await;
    let one = Backend::start("one", "127.0.0.1:0").await;
    let (address, _, group) = in_front_of(&account, &[&one]).await;
    let attribute = |key: &str, value: &str| TargetGroupAttribute::builder().key(key).value(value).build();
    let modify = account.elb.modify_target_group_attributes().target_group_arn(&group);
    let modify = modify.attributes(attribute("deregistration_delay.connection_termination.enabled", "true"));
    modify.attributes(attribute("deregistration_delay.timeout_seconds", "10")).send().await.unwrap();
    let mut flow = TcpStream::connect(address).await.unwrap();
    ask(&mut flow).await.unwrap();
    account.elb.deregister_targets().target_group_arn(&group).targets(one.target()).send().await.unwrap();
    becomes(&account, &group, &one, TargetHealthStateEnum::Unused).await;
    assert!(!ask(&mut flow).await.is_ok_and(|answer| !answer.is_empty()));
    account.compute.stop().await;
}

#[tokio::test]
async fn http_health_checks_look_at_the_status() {
    let account = Account::open().await;
    let well = Arc::new(AtomicBool::new(true));
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let answering = Arc::clone(&well);
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = socket.accept().await {
            let status = if answering.load(Ordering::SeqCst) { "200 OK" } else { "503 Service Unavailable" };
            let mut bytes = [0; 512];
            let _ = stream.read(&mut bytes).await;
            let _ = stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await;
        }
    });
    let backend = Backend { address, task };
    let balancer = account.create_load_balancer("blue").await;
    let create = account.elb.create_target_group().name("web").target_type(TargetTypeEnum::Ip).vpc_id("vpc-1");
    let create = create.protocol(ProtocolEnum::Tcp).port(80).health_check_protocol(ProtocolEnum::Http);
    let created = create.health_check_path("/ping").health_check_interval_seconds(6).send().await.unwrap();
    let group = created.target_groups()[0].target_group_arn().unwrap().to_owned();
    account.elb.register_targets().target_group_arn(&group).targets(backend.target()).send().await.unwrap();
    account.create_listener(&balancer, 18080, &group).await;
    becomes(&account, &group, &backend, TargetHealthStateEnum::Healthy).await;
    well.store(false, Ordering::SeqCst);
    becomes(&account, &group, &backend, TargetHealthStateEnum::Unhealthy).await;
    well.store(true, Ordering::SeqCst);
    becomes(&account, &group, &backend, TargetHealthStateEnum::Healthy).await;
    account.compute.stop().await;
}

#[tokio::test]
async fn a_deleted_load_balancer_accepts_no_connection_and_ends_its_flows() {
    let account = Account::open().await;
    let one = Backend::start("one", "127.0.0.1:0").await;
    let (address, balancer, _) = in_front_of(&account, &[&one]).await;
    let mut flow = TcpStream::connect(address).await.unwrap();
    ask(&mut flow).await.unwrap();
    account.elb.delete_load_balancer().load_balancer_arn(&balancer).send().await.unwrap();
    assert_eq!(account.compute.listener_address(&balancer, 18080), None);
    eventually("nobody listens", async || TcpStream::connect(address).await.is_err()).await;
    assert!(!ask(&mut flow).await.is_ok_and(|answer| !answer.is_empty()));
    account.compute.stop().await;
}

#[tokio::test]
async fn flows_bytes_and_healthy_hosts_are_reported_to_cloudwatch() {
    let account = Account::open().await;
    let one = Backend::start("one", "127.0.0.1:0").await;
    let (address, _, _) = in_front_of(&account, &[&one]).await;
    let mut flow = TcpStream::connect(address).await.unwrap();
    ask(&mut flow).await.unwrap();
    let reported = |name: &str, value: &str| {
        let calls = account.emulator.calls.lock().unwrap();
        calls.iter().filter(|call| call["Action"] == "PutMetricData").any(|call| {
            (1..20).any(|at| {
                let field = |field: &str| call.get(&format!("MetricData.member.{at}.{field}")).map(String::as_str);
                field("MetricName") == Some(name) && field("Value") == Some(value)
            })
        })
    };
    // "hello\n" there and "one" back.
    for (name, value) in [
        ("ActiveFlowCount", "1"),
        ("NewFlowCount", "1"),
        ("ProcessedBytes", "9"),
        ("HealthyHostCount", "1"),
        ("UnHealthyHostCount", "0"),
    ] {
        eventually(name, async || reported(name, value)).await;
    }
    drop(flow);
    eventually("no flow", async || reported("ActiveFlowCount", "0")).await;
    account.compute.stop().await;
}

#[tokio::test]
async fn an_attached_auto_scaling_group_registers_its_instances_and_those_that_come_later() {
    let account = Account::with_cluster("blue").await;
    let create = account.eks.create_nodegroup().cluster_name("blue").nodegroup_name("workers").subnets("subnet-a");
    create.node_role("arn:aws:iam::000000000000:role/node").send().await.unwrap();
    let groups = account.autoscaling.describe_auto_scaling_groups().send().await.unwrap();
    let name = groups.auto_scaling_groups()[0].auto_scaling_group_name().unwrap().to_owned();
    let attach = async |target_group: &str| {
        let attach = account.autoscaling.attach_load_balancer_target_groups().auto_scaling_group_name(&name);
        attach.target_group_arns(target_group).send().await
    };
    assert!(attach("arn:none").await.is_err());
    let targets = async |target_group: &str| {
        let health = account.elb.describe_target_health().target_group_arn(target_group).send().await.unwrap();
        health.target_health_descriptions().len()
    };
    let (early, late) = (
        account.create_target_group("early", TargetTypeEnum::Instance, 30080).await,
        account.create_target_group("late", TargetTypeEnum::Instance, 30080).await,
    );
    attach(&early).await.unwrap();
    account.nodegroup_is_active("blue", "workers").await;
    attach(&late).await.unwrap();
    attach(&late).await.unwrap();
    for target_group in [&early, &late] {
        eventually("two targets", async || targets(target_group).await == 2).await;
    }
    let detach = account.autoscaling.detach_load_balancer_target_groups().auto_scaling_group_name(&name);
    detach.target_group_arns(&early).send().await.unwrap();
    eventually("one target group is attached", async || {
        let groups = account.autoscaling.describe_auto_scaling_groups().send().await.unwrap();
        groups.auto_scaling_groups()[0].target_group_arns() == [late.as_str()]
    })
    .await;
    eventually("no target", async || targets(&early).await == 0).await;
    let unknown = TargetDescription::builder().id("i-unknown").build();
    let refused = account.elb.register_targets().target_group_arn(&late).targets(unknown).send().await.unwrap_err();
    assert!(refused.into_service_error().is_invalid_target_exception());
    account.compute.stop().await;
}

//! A stand-in for the emulator, with the operations of EC2, STS and CloudWatch that the services call.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;

/// Records calls and counts the resources that it creates.
#[derive(Default)]
pub(crate) struct Emulator {
    /// Actions in order, with their parameters.
    pub(crate) calls: Mutex<Vec<BTreeMap<String, String>>>,
    made: Mutex<u32>,
}

impl Emulator {
    /// Serves on a loopback port and answers its URL.
    pub(crate) async fn start() -> (Arc<Self>, String) {
        let emulator = Arc::new(Self::default());
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", socket.local_addr().unwrap());
        let serving = Arc::clone(&emulator);
        tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                let emulator = Arc::clone(&serving);
                let service = hyper::service::service_fn(move |request| {
                    let emulator = Arc::clone(&emulator);
                    async move { Ok::<_, std::convert::Infallible>(emulator.answer(request).await) }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        (emulator, url)
    }

    /// How often an action was called.
    pub(crate) fn count(&self, action: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|call| call["Action"] == action).count()
    }

    fn next(&self) -> u32 {
        let mut made = self.made.lock().unwrap();
        *made += 1;
        *made
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let headers = request.headers().clone();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let form = format!("{query}&{}", String::from_utf8_lossy(&body));
        let mut call: BTreeMap<String, String> = form
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (key.to_owned(), value.replace("%2F", "/").replace("%3A", ":").replace("%24", "$")))
            .collect();
        for (name, value) in &headers {
            call.insert(format!("header:{name}"), value.to_str().unwrap().to_owned());
        }
        let action = call.get("Action").cloned().unwrap_or_default();
        let answer = self.act(&action, &call);
        self.calls.lock().unwrap().push(call);
        let (status, body) = match answer {
            Ok(body) => (200, format!("<{action}Response>{body}</{action}Response>")),
            Err(code) => (
                400,
                format!(
                    "<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors></Response>"
                ),
            ),
        };
        Response::builder().status(status).body(Full::new(Bytes::from(body))).unwrap()
    }

    fn act(&self, action: &str, call: &BTreeMap<String, String>) -> Result<String, &'static str> {
        let numbered =
            |name: &str| (1..).map_while(|at| call.get(&format!("{name}.{at}"))).cloned().collect::<Vec<_>>();
        match action {
            "DescribeSubnets" => {
                let ids = numbered("SubnetId");
                if ids.iter().any(|id| !id.starts_with("subnet-")) {
                    return Err("InvalidSubnetID.NotFound");
                }
                // The last letter of a subnet's id is that of its zone.
                let items = ids.iter().map(|id| {
                    let zone = id.chars().last().unwrap();
                    format!("<item><subnetId>{id}</subnetId><vpcId>vpc-1</vpcId><availabilityZone>eu-central-1{zone}</availabilityZone></item>")
                });
                Ok(format!("<subnetSet>{}</subnetSet>", items.collect::<String>()))
            }
            "DescribeSecurityGroups" => {
                let items = numbered("GroupId").into_iter().map(|id| format!("<item><groupId>{id}</groupId></item>"));
                Ok(format!("<securityGroupInfo>{}</securityGroupInfo>", items.collect::<String>()))
            }
            "CreateSecurityGroup" => Ok(format!("<groupId>sg-{}</groupId>", self.next())),
            "RunInstances" => {
                Ok(format!("<instancesSet><item><instanceId>i-{:017x}</instanceId></item></instancesSet>", self.next()))
            }
            "DescribeLaunchTemplateVersions" if call["LaunchTemplateId"] == "lt-1" => Ok(format!(
                "<launchTemplateVersionSet><item><launchTemplateId>lt-1</launchTemplateId><launchTemplateName>workers</launchTemplateName>\
                 <versionNumber>{}</versionNumber><launchTemplateData><instanceType>m5.large</instanceType><securityGroupIdSet>\
                 <item>sg-workers</item></securityGroupIdSet></launchTemplateData></item></launchTemplateVersionSet>",
                call["LaunchTemplateVersion.1"].replace("$Default", "1")
            )),
            "DescribeLaunchTemplateVersions" => Err("InvalidLaunchTemplateId.NotFoundException"),
            "GetCallerIdentity" => {
                let credential =
                    call.get("X-Amz-Credential").or(call.get("header:authorization")).cloned().unwrap_or_default();
                let arn = if credential.contains("ROLE") {
                    "arn:aws:sts::000000000000:assumed-role/deployer/session"
                } else if credential.contains("STRANGER") {
                    "arn:aws:sts::000000000000:assumed-role/stranger/session"
                } else {
                    "arn:aws:iam::000000000000:user/ann"
                };
                Ok(format!("<GetCallerIdentityResult><Arn>{arn}</Arn></GetCallerIdentityResult>"))
            }
            "AuthorizeSecurityGroupIngress" | "DeleteSecurityGroup" | "TerminateInstances" | "PutMetricData" => {
                Ok(String::new())
            }
            _ => Err("InvalidAction"),
        }
    }
}

//! What IAM checks by tags for the operations of EC2 that delete or tag. The emulator answers them, and evaluates neither
//! `aws:ResourceTag` nor `ec2:CreateAction`.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>,
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html>

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use http::Request;
use iam::Access;

use crate::{account::Account, ec2, query_protocol::Parameters};

/// Operations that delete one resource: the parameter with its id.
const DELETES: [(&str, &str); 3] = [
    ("DeleteLaunchTemplate", "LaunchTemplateId"),
    ("DeleteNetworkInterface", "NetworkInterfaceId"),
    ("DeleteSecurityGroup", "GroupId"),
];

/// Types of resources by the prefix of their ids.
const TYPES: [(&str, &str); 7] = [
    ("eni-", "network-interface"),
    ("i-", "instance"),
    ("lt-", "launch-template"),
    ("sg-", "security-group"),
    ("sgr-", "security-group-rule"),
    ("subnet-", "subnet"),
    ("vpc-", "vpc"),
];

/// The accesses of a request.
pub(crate) async fn accesses(account: Arc<Account>, request: Request<Bytes>) -> Vec<Access> {
    let sent = Parameters::parse(&String::from_utf8_lossy(request.body()));
    let action = sent.get("Action").unwrap_or_default();
    let deleted = DELETES.iter().find(|(name, _)| *name == action).and_then(|(_, member)| sent.get(member));
    let tagged = if action == "CreateTags" { numbered(&sent, "ResourceId") } else { Vec::new() };
    let given = tags(&sent, "Tag");
    let mut accesses = Vec::new();
    for id in deleted.into_iter().chain(tagged) {
        let kind = TYPES.iter().find(|(prefix, _)| id.starts_with(prefix)).map_or("*", |(_, kind)| kind);
        // Where the emulator does not answer, there are no tags, and it will not answer the request either.
        let found = ec2::tags(&account.neighbours, id).await.unwrap_or_default();
        let arn = account.arn("ec2", &format!("{kind}/{id}"));
        accesses.push(Access::new(format!("ec2:{action}"), arn).on_tags(&found).giving_tags(&given));
    }
    for at in 1.. {
        let specification = format!("TagSpecification.{at}");
        let Some(kind) = sent.get(&format!("{specification}.ResourceType")) else { break };
        let given = tags(&sent, &format!("{specification}.Tag"));
        let arn = account.arn("ec2", &format!("{kind}/*"));
        accesses.push(Access::new("ec2:CreateTags", arn).giving_tags(&given).with("ec2:CreateAction", action));
    }
    accesses
}

fn numbered<'a>(sent: &'a Parameters, name: &str) -> Vec<&'a str> {
    (1..).map_while(|at| sent.get(&format!("{name}.{at}"))).collect()
}

fn tags(sent: &Parameters, name: &str) -> BTreeMap<String, String> {
    let tag = |at: i32| {
        let value = sent.get(&format!("{name}.{at}.Value")).unwrap_or_default();
        Some((sent.get(&format!("{name}.{at}.Key"))?.to_owned(), value.to_owned()))
    };
    (1..).map_while(tag).collect()
}

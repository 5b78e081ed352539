//! Listeners, with all their certificates and attributes.

use super::{client, convert, found, no_arn, tags};
use crate::{Account, error::phase_error};
use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, Certificate, ForwardActionConfig, ListenerAttribute, TargetGroupTuple,
};
use domain::PhaseError;
use domain::Tags;
use domain::plan::edge::Listener;
use std::collections::BTreeMap;

pub(super) async fn all(account: &Account, load_balancer_arn: &str) -> Result<Vec<Listener>, PhaseError> {
    let client = client(account);
    let context = format!("reading the listeners of {load_balancer_arn}");
    let mut listeners = Vec::new();
    let mut marker = None;
    loop {
        let answer = client.describe_listeners().load_balancer_arn(load_balancer_arn).set_marker(marker).send().await;
        let Some(answer) = found(&context, answer)? else {
            return Ok(Vec::new());
        };
        listeners.extend(answer.listeners().iter().map(convert::listener));
        marker = answer.next_marker;
        if marker.is_none() {
            break;
        }
    }
    for listener in &mut listeners {
        if listener.protocol == "TLS" {
            listener.certificates = certificates(&client, &listener.arn).await?;
        }
        listener.attributes = attributes(&client, &listener.arn).await?;
    }
    Ok(listeners)
}

/// Every certificate of a TLS listener, the default one first: `DescribeListeners` names the default one only.
async fn certificates(client: &Client, arn: &str) -> Result<Vec<String>, PhaseError> {
    let mut certificates = Vec::new();
    let mut marker = None;
    loop {
        let answer = client
            .describe_listener_certificates()
            .listener_arn(arn)
            .set_marker(marker)
            .send()
            .await
            .map_err(|error| phase_error(&format!("reading the certificates of {arn}"), &error))?;
        certificates.extend_from_slice(answer.certificates());
        marker = answer.next_marker;
        if marker.is_none() {
            break;
        }
    }
    certificates.sort_by_key(|certificate| !certificate.is_default().unwrap_or_default());
    // The default one is there once more among the others where it is in the listener's list too.
    let mut arns: Vec<String> = Vec::new();
    for arn in certificates.into_iter().filter_map(|certificate| certificate.certificate_arn) {
        if !arns.contains(&arn) {
            arns.push(arn);
        }
    }
    Ok(arns)
}

async fn attributes(client: &Client, arn: &str) -> Result<BTreeMap<String, String>, PhaseError> {
    let answer = client
        .describe_listener_attributes()
        .listener_arn(arn)
        .send()
        .await
        .map_err(|error| phase_error(&format!("reading the attributes of {arn}"), &error))?;
    Ok(answer
        .attributes()
        .iter()
        .map(|attribute| {
            (attribute.key().unwrap_or_default().to_owned(), attribute.value().unwrap_or_default().to_owned())
        })
        .collect())
}

pub(super) async fn create(
    account: &Account,
    load_balancer_arn: &str,
    like: &Listener,
    with: &Tags,
) -> Result<String, PhaseError> {
    let client = client(account);
    let context = format!("creating the listener {} of {load_balancer_arn}", like.port);
    let mut certificates = like.certificates.iter().map(|arn| Certificate::builder().certificate_arn(arn).build());
    let default = certificates.next();
    let others: Vec<Certificate> = certificates.collect();
    let answer = client
        .create_listener()
        .load_balancer_arn(load_balancer_arn)
        .protocol(like.protocol.as_str().into())
        .port(like.port.into())
        .set_certificates(default.map(|certificate| vec![certificate]))
        .set_ssl_policy(like.ssl_policy.clone())
        .set_alpn_policy(like.alpn_policy.clone().map(|policy| vec![policy]))
        .default_actions(forward(&like.target_group_arns))
        .set_tags(tags(with))
        .send()
        .await
        .map_err(|error| phase_error(&context, &error))?;
    let listener = answer.listeners().first();
    let arn = listener.and_then(|listener| listener.listener_arn()).ok_or_else(|| no_arn(&context))?;
    if !others.is_empty() {
        client
            .add_listener_certificates()
            .listener_arn(arn)
            .set_certificates(Some(others))
            .send()
            .await
            .map_err(|error| phase_error(&format!("adding certificates to {arn}"), &error))?;
    }
    Ok(arn.to_owned())
}

fn forward(target_group_arns: &[String]) -> Action {
    let action = Action::builder().r#type(ActionTypeEnum::Forward);
    if let [only] = target_group_arns {
        return action.target_group_arn(only).build();
    }
    let groups = target_group_arns.iter().map(|arn| TargetGroupTuple::builder().target_group_arn(arn).build());
    action.forward_config(ForwardActionConfig::builder().set_target_groups(Some(groups.collect())).build()).build()
}

pub(super) async fn set_attributes(
    account: &Account,
    arn: &str,
    attributes: &BTreeMap<String, String>,
) -> Result<(), PhaseError> {
    let attributes = attributes.iter().map(|(key, value)| ListenerAttribute::builder().key(key).value(value).build());
    client(account)
        .modify_listener_attributes()
        .listener_arn(arn)
        .set_attributes(Some(attributes.collect()))
        .send()
        .await
        .map(|_| ())
        .map_err(|error| phase_error(&format!("setting the attributes of {arn}"), &error))
}

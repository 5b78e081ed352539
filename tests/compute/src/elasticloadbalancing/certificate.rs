//! Certificates of TLS listeners: the default one and those chosen by server name.
//!
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/tls-listener-certificates.html>

use super::{Outcome, listener};
use crate::{
    account::Account,
    query_protocol::{Fault, Parameters},
    xml::Element,
};

fn element(certificates: &[String]) -> Vec<Element> {
    let members = certificates
        .iter()
        .enumerate()
        .map(|(at, arn)| vec![Element::text("CertificateArn", arn), Element::text("IsDefault", at == 0)]);
    vec![Element::members("Certificates", members)]
}

/// `DescribeListenerCertificates`, the default first.
pub(crate) fn describe(account: &Account, sent: &Parameters) -> Outcome {
    let mut state = account.state();
    Ok(element(&listener::find_mut(&mut state, sent.required("ListenerArn")?)?.certificates))
}

/// `AddListenerCertificates`; one that is there already is no error.
pub(crate) fn add(account: &Account, sent: &Parameters) -> Outcome {
    let mut state = account.state();
    let listener = listener::find_mut(&mut state, sent.required("ListenerArn")?)?;
    if listener.protocol != "TLS" {
        return Err(Fault::new("InvalidConfigurationRequest", "Certificates can only be added to TLS listeners"));
    }
    for arn in listener::certificates(sent) {
        if !listener.certificates.contains(&arn) {
            listener.certificates.push(arn);
        }
    }
    Ok(element(&listener.certificates))
}

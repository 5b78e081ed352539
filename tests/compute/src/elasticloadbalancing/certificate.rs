//! Certificates of TLS listeners: the default certificate and those for SNI.
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

/// `DescribeListenerCertificates`, with the default certificate first.
pub(crate) fn describe(account: &Account, sent: &Parameters) -> Outcome {
    let mut state = account.state();
    Ok(element(&listener::find_mut(&mut state, sent.required("ListenerArn")?)?.certificates))
}

/// `AddListenerCertificates`. Adding a certificate again is not an error.
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

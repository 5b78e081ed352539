//! Which VPC link an API's methods go through, and what of that Bascule does not support yet.

use crate::plan::edge::{Connection, LinkedMethod};
use std::collections::BTreeSet;

/// How many methods one message names.
const NAMED: usize = 5;

/// The id of the one VPC link V1 that these methods of an API go through.
///
/// # Errors
/// Every reason why the API cannot be switched: no VPC link, stage variables, VPC links V2, several VPC links.
pub fn only<'a>(api: &str, linked: &'a [LinkedMethod]) -> Result<&'a str, Vec<String>> {
    let mut links = BTreeSet::new();
    let (mut variables, mut v2) = (Vec::new(), Vec::new());
    for method in linked {
        match &method.integration.connection {
            Connection::VpcLink(id) => {
                links.insert(id.as_str());
            }
            Connection::StageVariable(_) => variables.push(method.to_string()),
            Connection::VpcLinkV2 { .. } => v2.push(method.to_string()),
            Connection::Internet => {}
        }
    }
    let mut reasons = Vec::new();
    if !variables.is_empty() {
        reasons.push(format!("VPC links in stage variables are not supported yet: {}", some(&variables)));
    }
    if !v2.is_empty() {
        reasons.push(format!("V2 VPC links are not supported yet: {}", some(&v2)));
    }
    let links: Vec<&str> = links.into_iter().collect();
    match links.as_slice() {
        [only] if reasons.is_empty() => return Ok(only),
        [] if reasons.is_empty() => reasons.push(format!(
            "the API {api} has no integration through a VPC link, so there is nothing to switch; name the API whose \
             integrations reach blue through one"
        )),
        [] | [_] => {}
        several => reasons
            .push(format!("the API {api} uses several VPC links ({}); only one is supported yet", several.join(", "))),
    }
    Err(reasons)
}

fn some(methods: &[String]) -> String {
    let more = methods.len().saturating_sub(NAMED);
    let first = methods.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::edge::Integration;

    fn method(path: &str, link: &str, target: &str) -> LinkedMethod {
        let connection = Connection::of("VPC_LINK", link, target);
        LinkedMethod {
            path: path.to_owned(),
            method: "GET".to_owned(),
            integration: Integration { connection, ..Integration::default() },
            ..LinkedMethod::default()
        }
    }

    #[test]
    fn one_link_of_the_first_version_is_what_is_supported() {
        assert_eq!(only("api1", &[method("/a", "one", ""), method("/b", "one", "")]), Ok("one"));
    }

    #[test]
    fn everything_else_is_refused_with_every_reason() {
        let none = "the API api1 has no integration through a VPC link, so there is nothing to switch; name the API whose \
                    integrations reach blue through one";
        let several = "the API api1 uses several VPC links (one, two); only one is supported yet";
        let variable = "VPC links in stage variables are not supported yet: GET /v";
        let v2 = "V2 VPC links are not supported yet: GET /2";
        let in_variable = || method("/v", "${stageVariables.link}", "");
        let of_v2 = || method("/2", "one", "arn:aws:elasticloadbalancing:x");
        let (one, two) = (|| method("/a", "one", ""), || method("/b", "two", ""));
        for (methods, expected) in [
            (vec![], vec![none]),
            (vec![one(), two()], vec![several]),
            (vec![of_v2()], vec![v2]),
            (vec![in_variable()], vec![variable]),
            (vec![one(), in_variable(), two(), of_v2()], vec![variable, v2, several]),
            (vec![one(), of_v2()], vec![v2]),
        ] {
            assert_eq!(only("api1", &methods).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_message_names_five_methods_and_counts_the_others() {
        let methods: Vec<_> = (1..=7).map(|n| method(&format!("/{n}"), "one", "arn")).collect();
        let expected = "V2 VPC links are not supported yet: GET /1, GET /2, GET /3, GET /4, GET /5 and 2 more";
        assert_eq!(only("api1", &methods).unwrap_err(), [expected]);
    }
}

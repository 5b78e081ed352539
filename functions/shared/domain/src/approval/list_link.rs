//! The link to the list of migrations: it shows them and decides nothing, whichever of them is looked at.

use super::{link::is_signature, status_link::LIFE};
use jiff::Timestamp;

/// What a link to the list of migrations says. Its signature covers all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListLink {
    /// Until when the link works, in seconds since 1970.
    pub expires: i64,
}

impl ListLink {
    /// A link that is made now.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { expires: LIFE.after(now).as_second() }
    }

    /// The text that the signature is of.
    #[must_use]
    pub fn text(&self) -> String {
        format!("bascule migrations\n{}", self.expires)
    }

    /// The parameters of the URL's query, not yet percent-encoded.
    #[must_use]
    pub fn parameters(&self, signature: &str) -> [(&'static str, String); 3] {
        [("migrations", "all".to_owned()), ("expires", self.expires.to_string()), ("signature", signature.to_owned())]
    }

    /// Reads the link and its signature, not yet verified, from the decoded parameters of a URL's query; nothing where one is
    /// missing or has not the form of its type.
    pub fn read<'a>(parameter: impl Fn(&str) -> Option<&'a str>) -> Option<(Self, String)> {
        parameter("migrations").filter(|which| *which == "all")?;
        let signature = parameter("signature").filter(|text| is_signature(text))?;
        Some((Self { expires: parameter("expires")?.parse().ok()? }, signature.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MigrationId, approval::StatusLink};

    /// That of <https://www.rfc-editor.org/rfc/rfc4231#section-4.3>.
    const SIGNATURE: &str = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM";

    fn read(parameters: &[(&str, String)]) -> Option<(ListLink, String)> {
        ListLink::read(|name| parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()))
    }

    #[test]
    fn a_link_is_read_back_as_it_was_written_and_what_is_formed_otherwise_is_none() {
        let link = ListLink::new("2026-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(read(&link.parameters(SIGNATURE)), Some((link, SIGNATURE.to_owned())));
        for (index, wrong) in ["some", "soon", "s"].into_iter().enumerate() {
            let mut parameters = link.parameters(SIGNATURE).to_vec();
            wrong.clone_into(&mut parameters[index].1);
            assert_eq!(read(&parameters), None, "{wrong}");
            parameters.remove(index);
            assert_eq!(read(&parameters), None, "without {index}");
        }
    }

    #[test]
    fn its_signature_is_of_nothing_else() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let status = StatusLink::new(&MigrationId::new("arn:a"), now);
        let list = ListLink::new(now);
        assert!(list.text() != status.text() && list.text() != status.code_text());
        assert_ne!(list.text(), ListLink { expires: 1 }.text());
    }
}

//! The link to the status page of a migration: it shows, and does something for those only who type its code too.

use super::link::{is_execution, is_signature};
use crate::{Duration, MigrationId};
use jiff::Timestamp;

/// For how long a status link works: as long as the name of an execution is taken
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>).
pub(super) const LIFE: Duration = Duration::from_days(90);

/// What a link to the status page says. Its signature covers all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusLink {
    /// The migration.
    pub migration: MigrationId,
    /// Until when the link works, in seconds since 1970.
    pub expires: i64,
}

impl StatusLink {
    /// A link that is made now.
    #[must_use]
    pub fn new(migration: &MigrationId, now: Timestamp) -> Self {
        Self { migration: migration.clone(), expires: LIFE.after(now).as_second() }
    }

    /// The text that the signature is of.
    #[must_use]
    pub fn text(&self) -> String {
        format!("bascule status\n{}\n{}", self.migration, self.expires)
    }

    /// The text whose signature the code in the message comes from ([`Code::of`](super::Code::of)). No link carries a signature of
    /// this text: it begins with another word.
    #[must_use]
    pub fn code_text(&self) -> String {
        format!("bascule status code\n{}\n{}", self.migration, self.expires)
    }

    /// The parameters of the URL's query, not yet percent-encoded.
    #[must_use]
    pub fn parameters(&self, signature: &str) -> [(&'static str, String); 3] {
        [
            ("status", self.migration.to_string()),
            ("expires", self.expires.to_string()),
            ("signature", signature.to_owned()),
        ]
    }

    /// Reads the link and its signature, not yet verified, from the decoded parameters of a URL's query; nothing where one is
    /// missing or has not the form of its type.
    pub fn read<'a>(parameter: impl Fn(&str) -> Option<&'a str>) -> Option<(Self, String)> {
        let migration = parameter("status").filter(|text| is_execution(text))?;
        let signature = parameter("signature").filter(|text| is_signature(text))?;
        let expires = parameter("expires")?.parse().ok()?;
        Some((Self { migration: MigrationId::new(migration), expires }, signature.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approval::{Link, Question};

    /// That of <https://www.rfc-editor.org/rfc/rfc4231#section-4.3>.
    const SIGNATURE: &str = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM";

    fn link() -> StatusLink {
        StatusLink::new(
            &MigrationId::new("arn:aws:states:eu-central-1:1:execution:m:n"),
            "2026-01-01T00:00:00Z".parse().unwrap(),
        )
    }

    fn read(parameters: &[(&str, String)]) -> Option<(StatusLink, String)> {
        StatusLink::read(|name| parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()))
    }

    #[test]
    fn a_link_is_read_back_as_it_was_written_and_lasts_ninety_days() {
        assert_eq!(read(&link().parameters(SIGNATURE)), Some((link(), SIGNATURE.to_owned())));
        assert_eq!(link().expires, "2026-04-01T00:00:00Z".parse::<Timestamp>().unwrap().as_second());
    }

    #[test]
    fn a_link_that_lacks_a_parameter_or_has_another_type_in_it_is_none() {
        for (index, wrong) in ["not an ARN", "soon", "s"].into_iter().enumerate() {
            let mut parameters = link().parameters(SIGNATURE).to_vec();
            wrong.clone_into(&mut parameters[index].1);
            assert_eq!(read(&parameters), None, "{wrong}");
            parameters.remove(index);
            assert_eq!(read(&parameters), None, "without {index}");
        }
    }

    #[test]
    fn its_signature_opens_nothing_else() {
        let migration = link().migration;
        let approval =
            Link { migration, question: Question::Cleanup, digest: "0a".repeat(32), expires: link().expires };
        assert_ne!(link().text(), approval.text());
        assert_ne!(link().text(), approval.code_text());
        assert_ne!(link().text(), link().code_text());
        assert_ne!(link().code_text(), approval.code_text());
        assert_ne!(link().code_text(), StatusLink { expires: 1, ..link() }.code_text());
        assert_ne!(link().text(), StatusLink { expires: 1, ..link() }.text());
        assert_ne!(link().text(), StatusLink { migration: MigrationId::new("arn:other"), ..link() }.text());
    }
}

//! The link to the approval page: request-approval signs it, decide verifies it. It holds no task token.

use super::Question;
use crate::MigrationId;

/// What a link to the approval page says. Its signature covers all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The migration.
    pub migration: MigrationId,
    /// The question.
    pub question: Question,
    /// What the answer is bound to.
    pub digest: String,
    /// Until when the link works, in seconds since 1970.
    pub expires: i64,
}

impl Link {
    /// The text that the signature is of.
    #[must_use]
    pub fn text(&self) -> String {
        format!("bascule approval\n{}\n{}\n{}\n{}", self.migration, self.question.name(), self.digest, self.expires)
    }

    /// The text whose signature the code in the message comes from ([`Code::of`](super::Code::of)). No link carries a signature of
    /// this text: it begins with another word.
    #[must_use]
    pub fn code_text(&self) -> String {
        format!("bascule code\n{}\n{}\n{}\n{}", self.migration, self.question.name(), self.digest, self.expires)
    }

    /// The parameters of the URL's query, not yet percent-encoded.
    #[must_use]
    pub fn parameters(&self, signature: &str) -> [(&'static str, String); 5] {
        [
            ("migration", self.migration.to_string()),
            ("question", self.question.name().to_owned()),
            ("digest", self.digest.clone()),
            ("expires", self.expires.to_string()),
            ("signature", signature.to_owned()),
        ]
    }

    /// Reads the link and its signature, not yet verified, from the decoded parameters of a URL's query; nothing where one is
    /// missing or has not the form of its type. That costs nothing, and only what passes is worth a call of KMS.
    pub fn read<'a>(parameter: impl Fn(&str) -> Option<&'a str>) -> Option<(Self, String)> {
        let formed = |name: &str, is_formed: fn(&str) -> bool| parameter(name).filter(|value| is_formed(value));
        let link = Self {
            migration: MigrationId::new(formed("migration", is_execution)?),
            question: parameter("question")?.parse().ok()?,
            digest: formed("digest", is_digest)?.to_owned(),
            expires: parameter("expires")?.parse().ok()?,
        };
        Some((link, formed("signature", is_signature)?.to_owned()))
    }
}

/// An ARN of at most 256 characters
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html>).
pub(super) fn is_execution(text: &str) -> bool {
    text.starts_with("arn:") && text.len() <= 4 * 256
}

/// SHA-256 in lower-case hexadecimal digits.
fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// 32 bytes of HMAC-SHA-256 in unpadded base64url.
pub(super) fn is_signature(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray as _;

    /// That of <https://www.rfc-editor.org/rfc/rfc4231#section-4.3>.
    const SIGNATURE: &str = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM";

    fn link(question: Question) -> Link {
        Link {
            migration: MigrationId::new("arn:aws:states:eu-central-1:1:execution:m:n"),
            question,
            digest: "0a".repeat(32),
            expires: 1_800_000_000,
        }
    }

    fn read(parameters: &[(&str, String)]) -> Option<(Link, String)> {
        Link::read(|name| parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()))
    }

    #[test]
    fn a_link_is_read_back_as_it_was_written() {
        for &question in Question::VARIANTS {
            let link = link(question);
            assert_eq!(read(&link.parameters(SIGNATURE)), Some((link, SIGNATURE.to_owned())));
        }
    }

    #[test]
    fn a_link_that_lacks_a_parameter_or_has_another_type_in_it_is_none() {
        let whole = link(Question::Cleanup).parameters(SIGNATURE);
        for index in 0..whole.len() {
            let mut parameters = whole.to_vec();
            let (name, _) = parameters.remove(index);
            assert_eq!(read(&parameters), None, "without {name}");
        }
        let (short, upper) = ("0a".repeat(31), "0A".repeat(32));
        for (name, value) in [
            ("migration", "not an ARN"),
            ("question", "lunch"),
            ("digest", short.as_str()),
            ("digest", upper.as_str()),
            ("expires", "soon"),
            ("signature", "s"),
            ("signature", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOE="),
        ] {
            let mut parameters = whole.clone();
            for (known, text) in &mut parameters {
                if *known == name {
                    value.clone_into(text);
                }
            }
            assert_eq!(read(&parameters), None, "{name}={value}");
        }
    }

    #[test]
    fn the_signature_and_the_code_cover_every_parameter() {
        let signed = link(Question::Cleanup);
        for other in [
            Link { migration: MigrationId::new("other"), ..signed.clone() },
            Link { question: Question::Qualification, ..signed.clone() },
            Link { digest: "0b".repeat(32), ..signed.clone() },
            Link { expires: 1_800_000_001, ..signed.clone() },
        ] {
            assert_ne!(other.text(), signed.text(), "{other:?}");
            assert_ne!(other.code_text(), signed.code_text(), "{other:?}");
            assert_ne!(other.code_text(), other.text());
        }
    }
}

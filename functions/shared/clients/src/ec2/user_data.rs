//! What the user data of a launch template says, without keeping it.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{input::Replacement, manifest::named, word};

/// Whether the user data, base64 as EC2 has it, or a part of it that is base64 once more, names one of these.
pub(super) fn names(user_data: &str, wanted: &[String]) -> bool {
    let Some(text) = decoded(user_data) else { return false };
    let inner = encoded_parts(&text);
    std::iter::once(&text).chain(&inner).any(|text| wanted.iter().any(|name| word::is_named(text, name)))
}

/// Whether there is user data that is no text: cloud-init takes it compressed
/// (<https://docs.cloud-init.io/en/latest/explanation/format.html>).
pub(super) fn is_unreadable(user_data: Option<&str>) -> bool {
    user_data.is_some_and(|data| !data.is_empty() && decoded(data).is_none())
}

fn decoded(base64: &str) -> Option<String> {
    let joined: String = base64.split_whitespace().collect();
    STANDARD.decode(joined).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

/// The parts of a MIME message whose transfer encoding is base64, decoded.
fn encoded_parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part: Option<String> = None;
    let mut encoded = false;
    for line in text.lines().chain(["--"]) {
        let lower = line.to_ascii_lowercase();
        if line.starts_with("--") {
            parts.extend(part.take().and_then(|part| decoded(&part)));
            encoded = false;
        } else if lower.starts_with("content-transfer-encoding:") {
            encoded = lower.contains("base64");
        } else if line.trim().is_empty() && encoded && part.is_none() {
            part = Some(String::new());
        } else if let Some(part) = &mut part {
            part.push_str(line);
        }
    }
    parts
}

/// The length of a line of base64 in a MIME message (<https://www.rfc-editor.org/rfc/rfc2045#section-6.8>).
const LINE: usize = 76;

/// The user data with each word of blue's replaced, in parts that are base64 once more too; as it is where it names none.
pub(super) fn renamed(user_data: String, replace: &[Replacement]) -> String {
    let Some(text) = decoded(&user_data).filter(|_| !replace.is_empty()) else { return user_data };
    let outer = named::renamed(&text, replace).unwrap_or_else(|| text.clone());
    let mut written = String::with_capacity(outer.len());
    let mut part: Option<String> = None;
    let mut encoded = false;
    for line in outer.split_inclusive('\n').chain(["--"]) {
        let bare = line.trim_end().to_ascii_lowercase();
        if bare.starts_with("--") {
            written.extend(part.take().map(|part| renamed_part(part, replace)));
            encoded = false;
        } else if bare.starts_with("content-transfer-encoding:") {
            encoded = bare.contains("base64");
        } else if let Some(part) = &mut part {
            part.push_str(line);
            continue;
        } else if bare.is_empty() && encoded {
            part = Some(String::new());
        }
        written.push_str(line);
    }
    written.truncate(written.len() - "--".len());
    if written == text { user_data } else { STANDARD.encode(written) }
}

fn renamed_part(part: String, replace: &[Replacement]) -> String {
    match decoded(&part).and_then(|text| named::renamed(&text, replace)) {
        Some(text) => {
            let encoded = STANDARD.encode(text);
            let lines = encoded.as_bytes().chunks(LINE).map(|line| String::from_utf8_lossy(line).into_owned() + "\n");
            lines.collect()
        }
        None => part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blue_is_found_in_user_data_by_its_whole_name_and_in_encoded_parts() {
        let wanted = ["prod".to_owned()];
        let of = |text: &str| names(&STANDARD.encode(text), &wanted);
        assert!(of("#!/bin/bash\n/etc/eks/bootstrap.sh prod"));
        assert!(!of("#!/bin/bash\necho production"));
        let part = STANDARD.encode("apiVersion: node.eks.aws/v1alpha1\nspec: {cluster: {name: prod}}");
        let mime = format!(
            "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"B\"\n\n--B\nContent-Type: application/node.eks.aws\n\
             Content-Transfer-Encoding: base64\n\n{}\n{}\n\n--B--\n",
            &part[..40],
            &part[40..]
        );
        assert!(of(&mime));
    }

    #[test]
    fn user_data_that_is_no_text_is_unreadable() {
        assert!(is_unreadable(Some(&STANDARD.encode([0x1f, 0x8b, 0x08, 0xff]))));
        assert!(!is_unreadable(Some(&STANDARD.encode("#!/bin/bash"))));
        assert!(!is_unreadable(Some("")));
        assert!(!is_unreadable(None));
    }

    #[test]
    fn a_word_of_blues_is_replaced_in_the_text_and_in_encoded_parts_and_nothing_else_changes() {
        let words = [Replacement { blue: "shop-blue".to_owned(), green: "shop-green".to_owned() }];
        let after = |text: &str| decoded(&renamed(STANDARD.encode(text), &words)).unwrap();
        assert_eq!(after("#!/bin/bash\necho shop-blue shop-blue-2\n"), "#!/bin/bash\necho shop-green shop-blue-2\n");
        let part = |name: &str| {
            STANDARD
                .encode(format!("#!/bin/bash\necho joining {name}, which is a cluster with a long story behind it\n"))
        };
        let mime = |name: &str| {
            let encoded = part(name);
            let (first, rest) = encoded.split_at(LINE);
            format!(
                "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"B\"\n\n--B\nContent-Type: text/plain\n\nof {name}\n\n--B\n\
                 Content-Transfer-Encoding: base64\n\n{first}\n{rest}\n--B--\n"
            )
        };
        assert_eq!(after(&mime("shop-blue")), mime("shop-green"));
        let other = STANDARD.encode(mime("shop-red"));
        assert_eq!(renamed(other.clone(), &words), other);
        let binary = STANDARD.encode([0x1f, 0x8b, 0xff]);
        assert_eq!(renamed(binary.clone(), &words), binary);
    }
}

//! The envelope: base64, and MIME messages whose parts may be base64 once more
//! (<https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-user-data>).

use base64::{Engine, engine::general_purpose::STANDARD};

/// The length of a line of base64 in a MIME message (<https://www.rfc-editor.org/rfc/rfc2045#section-6.8>).
pub(super) const LINE: usize = 76;

pub(super) fn decoded(base64: &str) -> Option<String> {
    let joined: String = base64.split_whitespace().collect();
    STANDARD.decode(joined).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

/// The parts of a MIME message whose transfer encoding is base64, decoded.
pub(super) fn encoded_parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    edited(text, &mut |part| {
        parts.push(part.to_owned());
        None
    });
    // The first is the message itself.
    parts.split_off(1)
}

/// The text as `edit` changes it, and each part of it that is base64 once more; `edit` answers `None` where it leaves one as it is.
pub(super) fn edited(text: &str, edit: &mut impl FnMut(&str) -> Option<String>) -> String {
    let outer = edit(text).unwrap_or_else(|| text.to_owned());
    let mut written = String::with_capacity(outer.len());
    let mut part: Option<String> = None;
    let mut encoded = false;
    for line in outer.split_inclusive('\n').chain(["--"]) {
        let bare = line.trim_end().to_ascii_lowercase();
        if bare.starts_with("--") {
            written.extend(part.take().map(|part| edited_part(part, edit)));
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
    written
}

fn edited_part(part: String, edit: &mut impl FnMut(&str) -> Option<String>) -> String {
    match decoded(&part).and_then(|text| edit(&text)) {
        Some(text) => {
            let encoded = STANDARD.encode(text);
            let lines = encoded.as_bytes().chunks(LINE).map(|line| String::from_utf8_lossy(line).into_owned() + "\n");
            lines.collect()
        }
        None => part,
    }
}

/// The one script of user data: the text itself, or the only part of a MIME message.
///
/// # Errors
/// That there are several parts, or that the one is no script.
pub(super) fn only_script(text: &str) -> Result<String, String> {
    let head = text.lines().take_while(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n");
    if !head.to_ascii_lowercase().contains("multipart/") {
        return Ok(text.to_owned());
    }
    let boundary = head.split_once("boundary=").map(|(_, rest)| rest.lines().next().unwrap_or_default());
    let boundary = boundary.map(|found| found.split(';').next().unwrap_or_default().trim().trim_matches('"'));
    let separator =
        format!("--{}", boundary.filter(|found| !found.is_empty()).ok_or("its MIME message has no boundary")?);
    let mut parts: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        match (line.trim_end() == separator, line.trim_end() == format!("{separator}--"), parts.last_mut()) {
            (true, _, _) => parts.push(String::new()),
            (_, true, _) => break,
            (_, _, Some(part)) => part.push_str(line),
            _ => {}
        }
    }
    let [part] = &parts[..] else {
        return Err(format!("its MIME message has {} parts, expected one script", parts.len()));
    };
    let (head, body) = part.split_once("\n\n").ok_or("its MIME message has a part without a body")?;
    let head = head.to_ascii_lowercase();
    if !head.contains("text/x-shellscript") {
        return Err("the part of its MIME message is no text/x-shellscript".to_owned());
    }
    if head.contains("base64") {
        return decoded(body).ok_or_else(|| "the part of its MIME message is no text".to_owned());
    }
    Ok(body.to_owned())
}

//! The form in which Amazon Q Developer in chat applications shows a message in Slack and Microsoft Teams: a custom notification
//! (<https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html>). It drops messages of any other form.

use serde_json::{Value, json};

/// Characters of a message that chats show; people read the rest on the page.
const LONGEST: usize = 2_000;

/// The notification of a message: its subject as the title, its beginning as the text, and a link for each line that is a URL, under
/// the words of the line before.
pub(super) fn notification(subject: &str, text: &str) -> Value {
    let mut shown = String::new();
    for line in text.lines() {
        if shown.len() + line.len() > LONGEST {
            break;
        }
        shown.push_str(line);
        shown.push('\n');
    }
    let labels = text.lines().zip(text.lines().skip(1)).filter(|(_, line)| is_url(line));
    let links =
        labels.map(|(label, url)| format!("<{url}|{}>", label.trim_end_matches(':').replace(['<', '>', '|'], " ")));
    let links: Vec<String> = links.collect();
    let mut content = json!({ "textType": "client-markdown", "title": subject, "description": shown.trim_end() });
    if !links.is_empty() {
        content["nextSteps"] = json!(links);
    }
    json!({ "version": "1.0", "source": "custom", "content": content })
}

fn is_url(line: &str) -> bool {
    line.starts_with("https://") && !line.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_custom_notification_with_its_links() {
        let text = "Decide until Friday.\n\nOpen the page:\nhttps://a.example/?b=c\nCode: ABCD\n\nWhere it <stands>:\nhttps://a.example/?d=e\n";
        let expected = json!({
            "version": "1.0",
            "source": "custom",
            "content": {
                "textType": "client-markdown",
                "title": "Decide: green?",
                "description": text.trim_end(),
                "nextSteps": ["<https://a.example/?b=c|Open the page>", "<https://a.example/?d=e|Where it  stands >"],
            },
        });
        assert_eq!(notification("Decide: green?", text), expected);
        assert_eq!(notification("a", "b")["content"].get("nextSteps"), None);
    }

    #[test]
    fn a_long_message_ends_with_a_whole_line() {
        let text = format!("first\n{}\nlast\n", "x".repeat(LONGEST));
        assert_eq!(notification("a", &text)["content"]["description"], "first");
    }
}

//! The person's browser: opens the approval page, types the code of the message, and submits the form.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, Request, Response, Uri};

use crate::aws::percent;
use crate::error::{Context, Error, Result};
use crate::wire::Wire;

/// What the person types where something is required: their name.
const NAME: &str = "The sandbox";

/// A form of a page: what it would send, and where.
#[derive(Debug, Default, PartialEq, Eq)]
struct Form {
    action: String,
    fields: Vec<(String, String)>,
    buttons: Vec<(String, String)>,
}

/// Opens `link`, types the message's `code` where the page asks for one, and presses the button whose value is `decision`, as a person
/// would.
///
/// # Errors
/// When the page is not there, has no such button, or the submission is refused.
pub async fn decide(wire: &Wire, link: &str, code: &str, decision: &str) -> Result<String> {
    let page = visit(wire, link, Method::GET, Bytes::new()).await?;
    let html = String::from_utf8_lossy(page.body()).into_owned();
    let forms = forms(&html);
    let (form, button) = forms
        .iter()
        .find_map(|form| Some((form, form.buttons.iter().find(|(_, value)| value == decision)?)))
        .context(format!("a button for {decision:?} on the approval page"))?;
    let fields: Vec<String> = form
        .fields
        .iter()
        .chain([button])
        .map(|(name, value)| {
            let value = if name == "code" { code } else { value };
            format!("{}={}", percent(name), percent(value))
        })
        .collect();
    let target = resolve(link, &form.action)?;
    let answer = visit(wire, &target, Method::POST, Bytes::from(fields.join("&"))).await?;
    Ok(String::from_utf8_lossy(answer.body()).into_owned())
}

/// Requests a page as a browser does.
async fn visit(wire: &Wire, link: &str, method: Method, body: Bytes) -> Result<Response<Bytes>> {
    let request = Request::builder()
        .method(method)
        .uri(link)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "text/html")
        .header("user-agent", "Mozilla/5.0 (the sandbox)")
        .body(body)
        .context("the approval page")?;
    let answer = wire.send(request).await?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    Err(Error::new(format!("the approval page answers {} {}", answer.status(), String::from_utf8_lossy(answer.body()))))
}

/// Where a form goes: the page itself without an action, else relative to it.
fn resolve(page: &str, action: &str) -> Result<String> {
    if action.is_empty() {
        return Ok(page.to_owned());
    }
    if action.starts_with("https://") || action.starts_with("http://") {
        return Ok(action.to_owned());
    }
    let uri: Uri = page.parse().context("the approval link")?;
    let host = uri.authority().context("the approval link's host")?;
    let scheme = uri.scheme_str().unwrap_or("https");
    let action = match action.strip_prefix('?') {
        Some(query) => format!("{}?{query}", uri.path()),
        None if action.starts_with('/') => action.to_owned(),
        None => format!("/{action}"),
    };
    Ok(format!("{scheme}://{host}{action}"))
}

/// Reads the forms of a page.
fn forms(html: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    for tag in html.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag)) {
        let (name, rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        let mut attributes = attributes(rest);
        let mut take = |name: &str| attributes.remove(name).unwrap_or_default();
        if name == "form" {
            forms.push(Form { action: take("action"), ..Form::default() });
            continue;
        }
        let Some(form) = forms.last_mut() else {
            continue;
        };
        let kind = take("type");
        let mut field = (take("name"), take("value"));
        // What the page asks the person to fill in.
        if field.1.is_empty() && rest.split_whitespace().any(|word| word == "required") {
            NAME.clone_into(&mut field.1);
        }
        match name {
            "button" => form.buttons.push(field),
            "input" if kind == "submit" => form.buttons.push(field),
            "input" | "textarea" if !field.0.is_empty() => form.fields.push(field),
            _ => {}
        }
    }
    forms
}

/// Attributes in double quotes, as generated pages have them; unescaped.
fn attributes(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once("=\"") {
        let Some((value, next)) = after.split_once('"') else {
            break;
        };
        let name = name.split_whitespace().last().unwrap_or_default();
        let value = value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        found.insert(name.to_owned(), value);
        rest = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_hidden_fields_and_buttons() {
        let html = r#"<form method="post" action="?a=1&amp;mac=2"><input type="hidden" name="digest" value="d"><input name="by" required maxlength="100"><textarea name="comment"></textarea><button name="decision" value="approved">Yes</button></form>"#;
        let form = &forms(html)[0];
        assert_eq!(form.action, "?a=1&mac=2");
        assert_eq!(
            form.fields,
            [("digest".into(), "d".into()), ("by".into(), NAME.into()), ("comment".into(), String::new())]
        );
        assert_eq!(form.buttons, [("decision".into(), "approved".into())]);
    }

    #[test]
    fn a_forms_action_is_relative_to_its_page() {
        let page = "https://x.lambda-url.eu-central-1.on.aws/approve?a=1";
        assert_eq!(resolve(page, "").unwrap(), page);
        assert_eq!(resolve(page, "?b=2").unwrap(), "https://x.lambda-url.eu-central-1.on.aws/approve?b=2");
    }
}

//! Just enough XML to read the answers of AWS's query protocol, which have elements and text but no attributes that
//! matter.

/// One element of an answer.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Element {
    /// The tag, without a namespace.
    pub name: String,
    /// The text directly below, unescaped.
    pub text: String,
    /// The elements directly below.
    pub children: Vec<Element>,
}

impl Element {
    /// Reads a document into an element without a name that holds the document's own.
    #[must_use]
    pub fn parse(document: &str) -> Self {
        let mut open = vec![Self::default()];
        let mut rest = document;
        while let Some(start) = rest.find('<') {
            if let Some(element) = open.last_mut() {
                element.text.push_str(&unescape(rest[..start].trim()));
            }
            let Some(length) = rest[start..].find('>') else {
                break;
            };
            let tag = &rest[start + 1..start + length];
            rest = &rest[start + length + 1..];
            if tag.starts_with(['?', '!']) {
                continue;
            }
            if tag.starts_with('/') {
                close(&mut open);
                continue;
            }
            let name = tag.trim_end_matches('/').split_whitespace().next().unwrap_or_default();
            open.push(Self { name: name.rsplit(':').next().unwrap_or(name).to_owned(), ..Self::default() });
            if tag.ends_with('/') {
                close(&mut open);
            }
        }
        while open.len() > 1 {
            close(&mut open);
        }
        open.pop().unwrap_or_default()
    }

    /// The first element of that name, at any depth.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Self> {
        self.children.iter().find_map(|child| if child.name == name { Some(child) } else { child.find(name) })
    }

    /// The text of the first element of that name, at any depth.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<String> {
        self.find(name).map(|element| element.text.clone())
    }

    /// The entries of the list of that name, which AWS calls `member` or `item`.
    #[must_use]
    pub fn list(&self, name: &str) -> &[Self] {
        self.find(name).map_or(&[], |element| &element.children)
    }
}

fn close(open: &mut Vec<Element>) {
    if open.len() > 1
        && let Some(element) = open.pop()
        && let Some(parent) = open.last_mut()
    {
        parent.children.push(element);
    }
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_the_query_protocol_is_read_with_its_members_in_order() {
        let answer = Element::parse(
            "<?xml version=\"1.0\"?><R xmlns=\"x\"><Result><Keys><member>a</member><member>b &amp; c</member></Keys><Empty/></Result></R>",
        );
        let keys: Vec<&str> = answer.list("Keys").iter().map(|key| key.text.as_str()).collect();
        assert_eq!(keys, ["a", "b & c"]);
        assert_eq!(answer.value("Empty").as_deref(), Some(""));
        assert_eq!(answer.value("Missing"), None);
    }
}

//! A small tree of XML elements: what the query protocol of AWS answers with, written and read.

use std::fmt::Write as _;

/// One element with its text or its children (query protocol answers never mix the two).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// The tag's name.
    pub(crate) name: String,
    /// The text inside, unescaped; empty where there are children.
    pub(crate) text: String,
    /// The elements inside, in order.
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// An element with children only.
    pub(crate) fn new(name: &str, children: Vec<Self>) -> Self {
        Self { name: name.to_owned(), text: String::new(), children }
    }

    /// An element with text only.
    pub(crate) fn text(name: &str, text: impl std::fmt::Display) -> Self {
        Self { name: name.to_owned(), text: text.to_string(), children: Vec::new() }
    }

    /// A list as the query protocol writes it: `<name><member>…</member></name>`, each member with the given children.
    pub(crate) fn list(name: &str, members: impl IntoIterator<Item = Vec<Self>>) -> Self {
        Self::new(name, members.into_iter().map(|children| Self::new("member", children)).collect())
    }

    /// A list of plain strings.
    pub(crate) fn texts<T: std::fmt::Display>(name: &str, members: impl IntoIterator<Item = T>) -> Self {
        Self::new(name, members.into_iter().map(|text| Self::text("member", text)).collect())
    }

    /// The first child with that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child with that name, where it is not empty.
    pub(crate) fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty())
    }

    /// The first element with that name at any depth, itself included.
    pub(crate) fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name {
            return Some(self);
        }
        self.children.iter().find_map(|child| child.find(name))
    }

    /// The `item` children of the first list with that name at any depth: how EC2 writes lists.
    pub(crate) fn items(&self, list: &str) -> &[Self] {
        self.find(list).map_or(&[], |list| list.children.as_slice())
    }

    /// Appends the element as markup.
    pub(crate) fn write(&self, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = write!(out, "<{}>", self.name);
        if self.children.is_empty() {
            escape(&self.text, out);
        } else {
            for child in &self.children {
                child.write(out);
            }
        }
        let _ = write!(out, "</{}>", self.name);
    }

    /// Reads a document; attributes, comments and the declaration are skipped. `None` if it is not well formed.
    pub(crate) fn parse(document: &str) -> Option<Self> {
        let mut open: Vec<Self> = Vec::new();
        let mut rest = document;
        while let Some(start) = rest.find('<') {
            if let Some(top) = open.last_mut() {
                top.text.push_str(&unescape(&rest[..start]));
            }
            let end = start + rest[start..].find('>')?;
            let tag = &rest[start + 1..end];
            rest = &rest[end + 1..];
            if tag.starts_with('?') || tag.starts_with('!') {
                continue;
            }
            if let Some(name) = tag.strip_prefix('/') {
                let closed = close(open.pop()?);
                if closed.name != name.trim() {
                    return None;
                }
                match open.last_mut() {
                    Some(parent) => parent.children.push(closed),
                    None => return Some(closed),
                }
                continue;
            }
            let empty = tag.ends_with('/');
            let name = tag.trim_end_matches('/').split_whitespace().next()?.to_owned();
            let element = Self { name, ..Self::default() };
            match (empty, open.last_mut()) {
                (true, Some(parent)) => parent.children.push(element),
                (true, None) => return Some(element),
                (false, _) => open.push(element),
            }
        }
        None
    }
}

/// White space between child elements is layout, not text.
fn close(mut element: Element) -> Element {
    element.text = if element.children.is_empty() { element.text.trim().to_owned() } else { String::new() };
    element
}

fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let tree =
            Element::new("Answer", vec![Element::text("Name", "a<b>&\"c\""), Element::texts("List", ["one", "two"])]);
        let mut out = String::new();
        tree.write(&mut out);
        assert_eq!(Element::parse(&out), Some(tree));
    }

    #[test]
    fn layout_and_the_declaration_are_not_text() {
        let tree = Element::parse("<?xml version=\"1.0\"?>\n<a x=\"1\">\n  <b/>\n  <c> d </c>\n</a>").unwrap();
        assert_eq!(tree, Element::new("a", vec![Element::text("b", ""), Element::text("c", "d")]));
    }

    #[test]
    fn a_tag_that_is_closed_by_another_is_refused() {
        assert_eq!(Element::parse("<a><b></a></b>"), None);
    }
}

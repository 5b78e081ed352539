//! XML elements of AWS's query protocol, parsed and written with quick-xml.

use std::{fmt::Display, io};

use quick_xml::{
    Reader, Writer,
    escape::resolve_xml_entity,
    events::{BytesStart, BytesText, Event},
};

/// An element with text or children; the query protocol never mixes the two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// The tag's name, without a namespace's prefix.
    pub name: String,
    /// The text inside, unescaped; empty where there are children.
    pub text: String,
    /// The elements inside, in order.
    pub children: Vec<Element>,
}

impl Element {
    /// An element with children only.
    pub(crate) fn new(name: &str, children: Vec<Self>) -> Self {
        Self { name: name.to_owned(), text: String::new(), children }
    }

    /// An element with text only.
    pub(crate) fn text(name: &str, text: impl Display) -> Self {
        Self { name: name.to_owned(), text: text.to_string(), children: Vec::new() }
    }

    /// A list as the query protocol writes it: `<name><member>…</member></name>`, each member with the given children.
    pub(crate) fn members(name: &str, members: impl IntoIterator<Item = Vec<Self>>) -> Self {
        Self::new(name, members.into_iter().map(|children| Self::new("member", children)).collect())
    }

    /// A list of plain strings.
    pub(crate) fn texts<T: Display>(name: &str, members: impl IntoIterator<Item = T>) -> Self {
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
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name {
            return Some(self);
        }
        self.children.iter().find_map(|child| child.find(name))
    }

    /// The text of the first element with that name at any depth.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<String> {
        self.find(name).map(|element| element.text.clone())
    }

    /// The entries (`member`, or `item` of EC2) of the first list with that name at any depth.
    #[must_use]
    pub fn list(&self, name: &str) -> &[Self] {
        self.find(name).map_or(&[], |list| &list.children)
    }

    /// The element as the root of a document, in the XML namespace of a service.
    pub(crate) fn document(&self, namespace: &str) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        // Writing to a Vec cannot fail.
        let _ = self.write(&mut writer, Some(namespace));
        writer.into_inner()
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>, namespace: Option<&str>) -> io::Result<()> {
        let element =
            writer.create_element(self.name.as_str()).with_attributes(namespace.map(|namespace| ("xmlns", namespace)));
        if self.children.is_empty() {
            element.write_text_content(BytesText::new(&self.text))?;
        } else {
            element
                .write_inner_content(|writer| self.children.iter().try_for_each(|child| child.write(writer, None)))?;
        }
        Ok(())
    }

    /// Reads a document without its attributes, comments and declaration; `None` if it is not well formed.
    #[must_use]
    pub fn parse(document: &str) -> Option<Self> {
        let mut reader = Reader::from_str(document);
        let mut open = vec![Self::default()];
        loop {
            let inside = open.last_mut()?;
            match reader.read_event().ok()? {
                Event::Start(tag) => open.push(named(&tag)),
                Event::Empty(tag) => inside.children.push(named(&tag)),
                Event::Text(text) => inside.text.push_str(&text.xml10_content()),
                Event::CData(text) => inside.text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                    Some(character) => inside.text.push(character),
                    None => inside.text.push_str(resolve_xml_entity(&reference)?),
                },
                Event::End(_) => {
                    let mut closed = open.pop()?;
                    // White space between child elements is layout, not text.
                    closed.text = if closed.children.is_empty() { closed.text.trim().into() } else { String::new() };
                    open.last_mut()?.children.push(closed);
                }
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
        let [document] = <[Self; 1]>::try_from(open).ok()?;
        document.children.into_iter().next()
    }
}

fn named(tag: &BytesStart<'_>) -> Element {
    Element { name: tag.local_name().into_inner().to_owned(), ..Element::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let tree =
            Element::new("Answer", vec![Element::text("Name", "a<b>&\"c\""), Element::texts("List", ["one", "two"])]);
        let document = String::from_utf8(tree.document("http://shop.example/")).unwrap();
        assert!(document.starts_with("<Answer xmlns=\"http://shop.example/\"><Name>a&lt;b&gt;&amp;"), "{document}");
        assert_eq!(Element::parse(&document), Some(tree));
    }

    #[test]
    fn layout_and_the_declaration_are_not_text() {
        let tree =
            Element::parse("<?xml version=\"1.0\"?>\n<a x=\"1\">\n  <b/>\n  <c> d &amp; &#101; </c>\n</a>").unwrap();
        assert_eq!(tree, Element::new("a", vec![Element::text("b", ""), Element::text("c", "d & e")]));
    }

    #[test]
    fn a_document_that_is_not_well_formed_is_refused() {
        for broken in ["<a><b></a></b>", "<a><b>", "no markup", "<a>&shop;</a>"] {
            assert_eq!(Element::parse(broken), None, "{broken}");
        }
    }
}

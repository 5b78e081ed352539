//! Addresses of modules, resources and their instances
//! (<https://developer.hashicorp.com/terraform/cli/state/resource-addressing>).

use std::{fmt, str::FromStr};

/// Which instance of a resource or module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Key {
    /// The only one, without `count` and `for_each`.
    #[default]
    None,
    /// Of `count`.
    Number(u64),
    /// Of `for_each`.
    Text(String),
}

/// Whether Terraform manages a resource or only reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// A data source.
    Data,
    /// A resource.
    Managed,
}

/// One call of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The name of its block.
    pub name: String,
    /// Which instance.
    pub key: Key,
}

/// A resource within its module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    /// Whether it is managed.
    pub mode: Mode,
    /// Such as `aws_eks_cluster`.
    pub kind: String,
    /// The name of its block.
    pub name: String,
}

/// The address of a module, a resource or an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The modules from the root; none for the root module.
    pub module: Vec<Call>,
    /// The resource; none for a module.
    pub resource: Option<Local>,
    /// Which instance of the resource; [`Key::None`] for the resource as a whole too.
    pub key: Key,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Number(number) => write!(f, "[{number}]"),
            Self::Text(text) => write!(f, "[{}]", quoted(text)),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "module.{}{}", self.name, self.key)
    }
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = if self.mode == Mode::Data { "data." } else { "" };
        write!(f, "{data}{}.{}", self.kind, self.name)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&path(&self.module))?;
        if let Some(resource) = &self.resource {
            let dot = if self.module.is_empty() { "" } else { "." };
            write!(f, "{dot}{resource}{}", self.key)?;
        }
        Ok(())
    }
}

/// The path of a module as a state has it, empty for the root module.
#[must_use]
pub fn path(module: &[Call]) -> String {
    module.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}

/// The text of a key as HCL writes it (<https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences>).
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '"' | '\\' => quoted.extend(['\\', letter]),
            '$' | '%' if letters.peek() == Some(&'{') => quoted.extend([letter, letter]),
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut reader = Reader { rest: text };
        let wrong = |what: &str| format!("{text:?} is no address of Terraform's: {what}");
        let mut address = Self { module: Vec::new(), resource: None, key: Key::None };
        loop {
            let mut first = reader.name().ok_or_else(|| wrong("a name is missing"))?;
            if first == "module" {
                let name = reader.after_dot().ok_or_else(|| wrong("a module has no name"))?;
                let key = reader.key().map_err(wrong)?;
                address.module.push(Call { name, key });
                if reader.rest.is_empty() {
                    return Ok(address);
                }
                reader.rest = reader.rest.strip_prefix('.').ok_or_else(|| wrong("a dot is missing"))?;
                continue;
            }
            let mode = if first == "data" { Mode::Data } else { Mode::Managed };
            if mode == Mode::Data {
                first = reader.after_dot().ok_or_else(|| wrong("a data source has no type"))?;
            }
            let name = reader.after_dot().ok_or_else(|| wrong("a resource has no name"))?;
            address.key = reader.key().map_err(wrong)?;
            if !reader.rest.is_empty() {
                return Err(wrong(&format!("{:?} follows it", reader.rest)));
            }
            address.resource = Some(Local { mode, kind: first, name });
            return Ok(address);
        }
    }
}

/// Reads from the front of an address.
struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// Letters, digits, underscores and hyphens, not a digit first
    /// (<https://developer.hashicorp.com/terraform/language/syntax/configuration#identifiers>).
    fn name(&mut self) -> Option<String> {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        let first = name.chars().next()?;
        if first.is_numeric() || first == '-' {
            return None;
        }
        self.rest = rest;
        Some(name.to_owned())
    }

    fn after_dot(&mut self) -> Option<String> {
        self.rest = self.rest.strip_prefix('.')?;
        self.name()
    }

    fn key(&mut self) -> Result<Key, &'static str> {
        let Some(rest) = self.rest.strip_prefix('[') else { return Ok(Key::None) };
        let Some(text) = rest.strip_prefix('"') else {
            let (number, rest) = rest.split_once(']').ok_or("a bracket is not closed")?;
            self.rest = rest;
            return number.parse().map(Key::Number).map_err(|_| "an index is neither a number nor a text in quotes");
        };
        let mut key = String::new();
        let mut letters = text.chars();
        loop {
            match letters.next().ok_or("a quotation mark is not closed")? {
                '"' => break,
                '\\' => key.push(match letters.next() {
                    Some('n') => '\n',
                    Some('r') => '\r',
                    Some('t') => '\t',
                    Some(letter @ ('"' | '\\')) => letter,
                    _ => return Err("a text has an escape sequence other than \\n, \\r, \\t, \\\" and \\\\"),
                }),
                letter @ ('$' | '%') if letters.as_str().starts_with('{') => {
                    return Err(if letter == '$' { "${ is written $${ here" } else { "%{ is written %%{ here" });
                }
                letter @ ('$' | '%') if letters.as_str().starts_with(&format!("{letter}{{")) => {
                    letters.next();
                    letters.next();
                    key.extend([letter, '{']);
                }
                letter => key.push(letter),
            }
        }
        self.rest = letters.as_str().strip_prefix(']').ok_or("a bracket is not closed")?;
        Ok(Key::Text(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_written_as_it_was_read() {
        for text in [
            "aws_eks_cluster.shop",
            "aws_subnet.private[0]",
            "aws_subnet.private[\"eu-central-1a\"]",
            "data.aws_vpc.shop",
            "module.eks",
            "module.eks[\"a.b\"].module.nodes[1].aws_launch_template.this",
            "module.a.data.aws_ami.x[\"a \\\"b\\\" \\\\ $${c} %%{d} $e\"]",
            "aws_x.with-hyphen_1",
        ] {
            assert_eq!(text.parse::<Address>().map(|address| address.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn the_parts_of_an_address_are_told_apart() {
        let address: Address = "module.eks[\"a\"].data.aws_vpc.shop[3]".parse().unwrap();
        assert_eq!(address.module, [Call { name: "eks".to_owned(), key: Key::Text("a".to_owned()) }]);
        let local = Local { mode: Mode::Data, kind: "aws_vpc".to_owned(), name: "shop".to_owned() };
        assert_eq!((address.resource, address.key), (Some(local), Key::Number(3)));
    }

    #[test]
    fn anything_else_is_no_address() {
        for text in [
            "",
            "aws_vpc",
            "aws_vpc.",
            "module",
            "module.",
            "data.aws_vpc",
            "aws_vpc.a.b",
            "aws_vpc.a[",
            "aws_vpc.a[x]",
            "aws_vpc.a[\"x]",
            "aws_vpc.a[\"${x}\"]",
            "aws_vpc.a[\"\\u0041\"]",
            "aws_vpc.1a",
            "module.a[0]aws_vpc.a",
            "aws_vpc.a[-1]",
            "aws_vpc .a",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}

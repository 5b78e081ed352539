//! One state of format 4: the only one that Terraform since 0.12 and `OpenTofu` write
//! (<https://github.com/hashicorp/terraform/blob/v1.11.4/internal/states/statefile/version4.go>).

use super::{
    address::{Address, Call, Key, Local, Mode, path},
    members::{Members, quoted, write_array, write_object},
};
use serde_json::{Map, Value, value::RawValue};
use std::fmt::Write;

/// The format that is read here.
const FORMAT: u64 = 4;

/// Why a text is no state that can be handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There are no bytes.
    #[error("it is empty; expected a state of Terraform 1.x or OpenTofu")]
    Empty,
    /// It ends in the middle.
    #[error("it is truncated: the JSON ends in the middle. Restore an earlier version of the object")]
    Truncated,
    /// It is no JSON, or not of the form of a state.
    #[error("it is no state of Terraform: {0}")]
    Malformed(String),
    /// Encrypted by `OpenTofu` itself (<https://opentofu.org/docs/language/state/encryption/>).
    #[error(
        "it is encrypted by OpenTofu: only OpenTofu with the project's key can change it. Move its resources with `tofu state mv` or `moved` \
         blocks instead, or leave this project out"
    )]
    Encrypted,
    /// Of another format.
    #[error("it is of format {0}, expected format 4, which Terraform 1.x and OpenTofu write{1}")]
    Format(u64, &'static str),
}

/// What a state holds, on its own text: nothing of the attributes is copied.
#[derive(Debug)]
pub struct State<'a> {
    text: &'a str,
    serial_text: &'a str,
    list_text: &'a str,
    /// Which chain of states it is of: never changes (<https://developer.hashicorp.com/terraform/internals/json-format>).
    pub lineage: String,
    /// Grows with every change.
    pub serial: u64,
    /// What it holds, in the order of the text.
    pub resources: Vec<Resource<'a>>,
}

/// A resource with its instances.
#[derive(Debug, Clone)]
pub struct Resource<'a> {
    /// Its module.
    pub module: Vec<Call>,
    /// What it is within its module.
    pub local: Local,
    /// Its instances, deposed objects among them.
    pub instances: Vec<Instance<'a>>,
    /// The provider's address, in quotes.
    pub(super) provider: &'a str,
    /// Its text, as long as nothing of it is changed.
    pub(super) raw: Option<&'a str>,
}

/// An instance of a resource.
#[derive(Debug, Clone)]
pub struct Instance<'a> {
    /// Which.
    pub key: Key,
    /// Whether it waits for its deletion after its replacement was made, under which name.
    pub deposed: Option<String>,
    /// Its text. It is read when it is asked for something: a state has many instances, and little is asked of most.
    pub(super) raw: &'a str,
    /// Without the dependencies, which Terraform finds again.
    pub(super) forgets_dependencies: bool,
}

/// Where the provider that manages a resource is configured
/// (<https://developer.hashicorp.com/terraform/language/providers/configuration>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Configuration {
    /// In the root module, under no other name.
    Default,
    /// In the root module under this alias, such as `frankfurt`.
    Alias(String),
    /// In a module, which nothing outside of it can name.
    OfModule,
}

fn malformed(error: &serde_json::Error) -> Unreadable {
    if error.is_eof() { Unreadable::Truncated } else { Unreadable::Malformed(error.to_string()) }
}

impl<'a> State<'a> {
    /// Reads a state.
    ///
    /// # Errors
    /// Why it is none, or none of format 4.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(bytes).map_err(|error| Unreadable::Malformed(error.to_string()))?;
        if text.trim().is_empty() {
            return Err(Unreadable::Empty);
        }
        let members: Members = serde_json::from_str(text).map_err(|error| malformed(&error))?;
        if members.text("encrypted_data").is_some() {
            return Err(Unreadable::Encrypted);
        }
        match members.read::<u64>("version").map_err(|error| malformed(&error))? {
            Some(FORMAT) => {}
            Some(older @ 0..FORMAT) => {
                return Err(Unreadable::Format(
                    older,
                    "; run `terraform apply` once with Terraform 1.x, which writes it anew",
                ));
            }
            Some(newer) => return Err(Unreadable::Format(newer, "; a newer version of Bascule may know it")),
            None => return Err(Unreadable::Malformed("it has no version".to_owned())),
        }
        let missing = |name: &str| Unreadable::Malformed(format!("it has no {name}"));
        let lineage: String = members.read("lineage").map_err(|error| malformed(&error))?.unwrap_or_default();
        if lineage.is_empty() {
            return Err(missing("lineage"));
        }
        let serial = members.read("serial").map_err(|error| malformed(&error))?.ok_or_else(|| missing("serial"))?;
        let serial_text = members.text("serial").unwrap_or_default();
        let list_text = members.text("resources").ok_or_else(|| missing("resources"))?;
        let list: Vec<&RawValue> = serde_json::from_str(list_text).map_err(|error| malformed(&error))?;
        let resources = list.into_iter().map(Resource::read).collect::<Result<_, _>>()?;
        Ok(Self { text, serial_text, list_text, lineage, serial, resources })
    }

    /// The address of every object that Terraform manages, with the object: neither data sources nor what waits for its deletion.
    pub fn managed(&self) -> impl Iterator<Item = (Address, &Instance<'a>)> {
        self.managed_by().map(|(_, address, instance)| (address, instance))
    }

    /// The same, each with the configuration of the provider that manages it.
    pub fn managed_by(&self) -> impl Iterator<Item = (Configuration, Address, &Instance<'a>)> {
        self.resources.iter().filter(|resource| resource.local.mode == Mode::Managed).flat_map(|resource| {
            let current = resource.instances.iter().filter(|instance| instance.deposed.is_none());
            current.map(|instance| (resource.configuration(), resource.address(instance.key.clone()), instance))
        })
    }

    /// The state as Terraform writes it, with this serial and with the resources as they are now.
    #[must_use]
    pub fn written(&self, serial: u64) -> String {
        let mut out = String::with_capacity(self.text.len() + 1024);
        let mut done = 0;
        let mut parts = [(self.serial_text, true), (self.list_text, false)].map(|(part, is_serial)| {
            // Both are parts of the text: a value is read where it stands.
            (part.as_ptr() as usize - self.text.as_ptr() as usize, part.len(), is_serial)
        });
        parts.sort_unstable();
        for (start, length, is_serial) in parts {
            out.push_str(&self.text[done..start]);
            if is_serial {
                // Writing to a String cannot fail.
                let _ = write!(out, "{serial}");
            } else {
                write_array(&mut out, 1, self.resources.iter(), |out, resource| resource.write(out));
            }
            done = start + length;
        }
        out.push_str(&self.text[done..]);
        out
    }

    /// Where the serial stands in the text.
    fn serial_at(&self) -> std::ops::Range<usize> {
        let start = self.serial_text.as_ptr() as usize - self.text.as_ptr() as usize;
        start..start + self.serial_text.len()
    }
}

/// The same state under another serial: no other byte is changed, and nothing is copied.
///
/// # Errors
/// Why it is no state.
pub fn renumbered(mut bytes: Vec<u8>, serial: u64) -> Result<Vec<u8>, Unreadable> {
    let at = State::read(&bytes)?.serial_at();
    bytes.splice(at, serial.to_string().into_bytes());
    Ok(bytes)
}

impl<'a> Resource<'a> {
    /// Where its provider is configured: `provider["registry.terraform.io/hashicorp/aws"].frankfurt` in the state.
    #[must_use]
    pub fn configuration(&self) -> Configuration {
        let provider: String = serde_json::from_str(self.provider).unwrap_or_default();
        match provider.split_once("\"]") {
            _ if provider.starts_with("module.") => Configuration::OfModule,
            Some((_, alias)) if !alias.is_empty() => Configuration::Alias(alias.trim_start_matches('.').to_owned()),
            _ => Configuration::Default,
        }
    }

    fn read(raw: &'a RawValue) -> Result<Self, Unreadable> {
        let wrong = |error: serde_json::Error| Unreadable::Malformed(format!("a resource: {error}"));
        let odd = |what: String| Unreadable::Malformed(format!("a resource: {what}"));
        let members: Members = serde_json::from_str(raw.get()).map_err(wrong)?;
        let text = |name: &str| members.read::<String>(name).map_err(wrong);
        let required = |name: &str| text(name)?.ok_or_else(|| odd(format!("it has no {name}")));
        let mode = match required("mode")?.as_str() {
            "managed" => Mode::Managed,
            "data" => Mode::Data,
            other => return Err(odd(format!("its mode is {other:?}"))),
        };
        let module = match text("module")?.filter(|module| !module.is_empty()) {
            None => Vec::new(),
            Some(module) => {
                let address: Address = module.parse().map_err(odd)?;
                if address.resource.is_some() {
                    return Err(odd(format!("its module is {module:?}")));
                }
                address.module
            }
        };
        let texts: Vec<&RawValue> = members.read("instances").map_err(wrong)?.unwrap_or_default();
        let mut instances = Vec::with_capacity(texts.len());
        for text in texts {
            instances.push(Instance::read(text.get())?);
        }
        Ok(Self {
            module,
            local: Local { mode, kind: required("type")?, name: required("name")? },
            instances,
            provider: members.text("provider").ok_or_else(|| odd("it has no provider".to_owned()))?,
            raw: Some(raw.get()),
        })
    }

    /// The address of one instance, or of the resource where it has no key.
    #[must_use]
    pub fn address(&self, key: Key) -> Address {
        Address { module: self.module.clone(), resource: Some(self.local.clone()), key }
    }

    fn write(&self, out: &mut String) {
        if let Some(raw) = self.raw {
            out.push_str(raw);
            return;
        }
        let mut instances = String::new();
        write_array(&mut instances, 3, self.instances.iter(), |out, instance| instance.write(out));
        let mode = if self.local.mode == Mode::Data { "\"data\"" } else { "\"managed\"" };
        let (module, kind, name) = (quoted(&path(&self.module)), quoted(&self.local.kind), quoted(&self.local.name));
        let members = [
            ("module", module.as_str()),
            ("mode", mode),
            ("type", &kind),
            ("name", &name),
            ("provider", self.provider),
            ("instances", &instances),
        ];
        write_object(out, 2, members.into_iter().skip(usize::from(self.module.is_empty())));
    }
}

impl<'a> Instance<'a> {
    fn read(raw: &'a str) -> Result<Self, Unreadable> {
        let odd = |what: String| Unreadable::Malformed(format!("an instance: {what}"));
        let wrong = |error: serde_json::Error| odd(error.to_string());
        let members: Members = serde_json::from_str(raw).map_err(wrong)?;
        let key = match members.read::<Value>("index_key").map_err(wrong)? {
            None => Key::None,
            Some(Value::String(text)) => Key::Text(text),
            Some(other) => Key::Number(other.as_u64().ok_or_else(|| odd(format!("its index is {other}")))?),
        };
        let deposed = members.read("deposed").map_err(wrong)?;
        Ok(Self { key, deposed, raw, forgets_dependencies: false })
    }

    fn members(&self) -> Members<'a> {
        // It was read before.
        serde_json::from_str(self.raw).unwrap_or_default()
    }

    /// Texts among the attributes, such as `arn`; none where one is missing or no text.
    #[must_use]
    pub fn attributes<const N: usize>(&self, names: [&str; N]) -> [Option<String>; N] {
        let attributes = self.members().read::<Members>("attributes").unwrap_or_default().unwrap_or_default();
        names.map(|name| attributes.read::<String>(name).unwrap_or_default())
    }

    /// Every attribute; none where there are none.
    #[must_use]
    pub fn every_attribute(&self) -> Map<String, Value> {
        self.members().read("attributes").unwrap_or_default().unwrap_or_default()
    }

    /// The addresses of the resources that it depends on.
    pub(super) fn dependencies(&self) -> Result<Vec<String>, Unreadable> {
        let found = self.members().read("dependencies").map_err(|error| malformed(&error))?;
        Ok(found.filter(|_| !self.forgets_dependencies).unwrap_or_default())
    }

    fn write(&self, out: &mut String) {
        let key = match &self.key {
            Key::None => None,
            Key::Number(number) => Some(number.to_string()),
            Key::Text(text) => Some(quoted(text)),
        };
        let members = self.members();
        let kept = members
            .iter()
            .filter(|(name, _)| *name != "index_key" && !(self.forgets_dependencies && *name == "dependencies"));
        write_object(out, 4, key.as_deref().map(|key| ("index_key", key)).into_iter().chain(kept));
    }
}

#[cfg(test)]
mod tests;

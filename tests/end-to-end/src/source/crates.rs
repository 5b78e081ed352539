//! Reads crates: the modules that belong to the Lambda, their items and `use` declarations, and what a path means in a module.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The root module of a crate's `main.rs`, beside the library of the same name.
pub(super) fn binary(krate: &str) -> String {
    format!("{krate}(main)")
}

/// A module, by its path, and what stands in it.
pub(super) struct Source {
    pub(super) module: String,
    pub(super) items: Vec<syn::Item>,
}

/// The modules of a crate below the file of its root, without those behind `#[cfg(test)]`. Cargo features are not looked at.
pub(super) fn read(root: &str, file: &Path) -> Vec<Source> {
    let folder = file.parent().expect("a file is in a folder");
    let mut sources = Vec::new();
    add(&mut sources, root.to_owned(), folder, parse(file).items);
    sources
}

fn add(sources: &mut Vec<Source>, module: String, folder: &Path, items: Vec<syn::Item>) {
    let mut own = Vec::new();
    for item in items {
        match item {
            syn::Item::Mod(inner) if is_test(&inner.attrs) => {}
            syn::Item::Mod(inner) => {
                let name = inner.ident.to_string();
                let (path, below) = (format!("{module}::{name}"), folder.join(&name));
                let items = inner.content.map_or_else(|| parse(&file_of(folder, &name)).items, |(_, items)| items);
                add(sources, path, &below, items);
            }
            other => own.push(other),
        }
    }
    sources.push(Source { module, items: own });
}

/// The syntax of a file.
pub(super) fn parse(file: &Path) -> syn::File {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn file_of(folder: &Path, name: &str) -> PathBuf {
    let flat = folder.join(format!("{name}.rs"));
    if flat.exists() { flat } else { folder.join(name).join("mod.rs") }
}

/// Whether this stands behind `#[cfg(test)]`, alone or with a feature for tests.
pub(super) fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) => attribute.path().is_ident("cfg") && list.tokens.to_string().contains("test"),
        _ => false,
    })
}

/// `"x"` of `#[cfg(feature = "x")]`.
pub(super) fn feature(attribute: &syn::Attribute) -> Option<String> {
    let syn::Meta::List(list) = &attribute.meta else { return None };
    let text = list.tokens.to_string();
    (attribute.path().is_ident("cfg") && text.starts_with("feature"))
        .then(|| text.split('"').nth(1).map(str::to_owned))?
}

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// An item of these crates, by its full path.
    Item(String),
    /// Something of an item: a method, an associated constant, a variant.
    Member(String, String),
    /// Something of another crate, by its full path.
    Foreign(String),
    /// These crates have no such thing.
    Nothing,
}

/// The names of all modules.
#[derive(Default)]
pub(super) struct Names {
    crates: BTreeSet<String>,
    modules: BTreeSet<String>,
    /// Everything that is no module, by its full path.
    items: BTreeSet<String>,
    /// `use` declarations of a module: the name that it gives, and the path.
    uses: BTreeMap<String, Vec<(String, Vec<String>)>>,
}

/// What a glob import gives.
const GLOB: &str = "*";

/// Deeper chains of `pub use` are loops.
const DEEPEST: u8 = 16;

impl Names {
    pub(super) fn add(&mut self, source: &Source) {
        let root = source.module.split("::").next().unwrap_or_default();
        self.crates.insert(root.to_owned());
        self.modules.insert(source.module.clone());
        for item in &source.items {
            match item {
                syn::Item::Use(declaration) => self.declare(&source.module, &declaration.tree, &[]),
                syn::Item::Fn(item) => self.name(&source.module, &item.sig.ident),
                syn::Item::Const(item) => self.name(&source.module, &item.ident),
                syn::Item::Static(item) => self.name(&source.module, &item.ident),
                syn::Item::Struct(item) => self.name(&source.module, &item.ident),
                syn::Item::Enum(item) => self.name(&source.module, &item.ident),
                syn::Item::Trait(item) => self.name(&source.module, &item.ident),
                syn::Item::Type(item) => self.name(&source.module, &item.ident),
                _ => {}
            }
        }
    }

    fn name(&mut self, module: &str, name: &syn::Ident) {
        self.items.insert(format!("{module}::{name}"));
    }

    /// Takes a `use` of a module, or of a function in it.
    pub(super) fn declare(&mut self, module: &str, tree: &syn::UseTree, before: &[String]) {
        let with = |name: &syn::Ident| before.iter().cloned().chain([name.to_string()]).collect::<Vec<_>>();
        let mut add =
            |name: String, path: Vec<String>| self.uses.entry(module.to_owned()).or_default().push((name, path));
        match tree {
            syn::UseTree::Path(path) => self.declare(module, &path.tree, &with(&path.ident)),
            syn::UseTree::Name(name) if name.ident == "self" => {
                add(before.last().cloned().unwrap_or_default(), before.to_vec());
            }
            syn::UseTree::Name(name) => add(name.ident.to_string(), with(&name.ident)),
            syn::UseTree::Rename(rename) => add(rename.rename.to_string(), with(&rename.ident)),
            syn::UseTree::Glob(_) => add(GLOB.to_owned(), before.to_vec()),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.declare(module, tree, before)),
        }
    }

    /// Whether these crates have the item.
    pub(super) fn has(&self, item: &str) -> bool {
        self.items.contains(item)
    }

    /// What a path means in a module.
    pub(super) fn meaning(&self, module: &str, path: &[String]) -> Meaning {
        self.follow(module, path, true, DEEPEST)
    }

    /// The full paths of what a module imports.
    pub(super) fn imported(&self, module: &str) -> BTreeSet<String> {
        let mut imported = BTreeSet::new();
        for (name, path) in self.uses.get(module).into_iter().flatten() {
            match self.meaning(module, path) {
                Meaning::Item(item) if name == GLOB => {
                    let prefix = format!("{item}::");
                    imported.extend(self.items.iter().filter(|item| item.starts_with(&prefix)).cloned());
                    imported.extend(self.imported(&item).into_iter().filter(|_| item != module));
                }
                Meaning::Item(item) => drop(imported.insert(item)),
                _ => {}
            }
        }
        imported
    }

    /// `is_whole` says that nothing comes after the path: its last name is then an item rather than a module, as Rust has a
    /// function beside a module of the same name.
    fn follow(&self, module: &str, path: &[String], is_whole: bool, left: u8) -> Meaning {
        let (Some((first, rest)), Some(left)) = (path.split_first(), left.checked_sub(1)) else {
            return Meaning::Nothing;
        };
        let parent = |of: &str| of.rsplit_once("::").map_or(of, |(parent, _)| parent).to_owned();
        let start = match first.as_str() {
            "crate" => Meaning::Item(module.split("::").next().unwrap_or_default().to_owned()),
            "self" => Meaning::Item(module.to_owned()),
            "super" => Meaning::Item(parent(module)),
            name => match self.inside(module, name, is_whole && rest.is_empty(), left) {
                Meaning::Nothing if self.crates.contains(name) => Meaning::Item(name.to_owned()),
                Meaning::Nothing => Meaning::Foreign(name.to_owned()),
                found => found,
            },
        };
        rest.iter().enumerate().fold(start, |at, (number, name)| match at {
            Meaning::Item(item) if self.modules.contains(&item) && name == "super" => Meaning::Item(parent(&item)),
            Meaning::Item(item) if self.modules.contains(&item) => {
                self.inside(&item, name, is_whole && number + 1 == rest.len(), left)
            }
            Meaning::Item(item) => Meaning::Member(item, name.clone()),
            Meaning::Foreign(path) => Meaning::Foreign(format!("{path}::{name}")),
            Meaning::Member(..) | Meaning::Nothing => Meaning::Nothing,
        })
    }

    /// What a name means inside a module: an item or module of its own, or an import.
    fn inside(&self, module: &str, name: &str, is_whole: bool, left: u8) -> Meaning {
        let full = format!("{module}::{name}");
        let (is_item, is_module) = (self.items.contains(&full), self.modules.contains(&full));
        if is_item || (is_module && !is_whole) {
            return Meaning::Item(full);
        }
        let uses = || self.uses.get(module).into_iter().flatten();
        let named = uses().filter(|(given, path)| given == name && (path.len() > 1 || path[0] != name));
        let globs = uses().filter(|(given, _)| given == GLOB);
        let found =
            named.map(|(_, path)| self.follow(module, path, is_whole, left)).chain(globs.map(|(_, path)| {
                match (self.follow(module, path, false, left), left.checked_sub(1)) {
                    (Meaning::Item(from), Some(left)) => self.inside(&from, name, is_whole, left),
                    _ => Meaning::Nothing,
                }
            }));
        match found.into_iter().find(|found| *found != Meaning::Nothing) {
            Some(found) => found,
            None if is_module => Meaning::Item(full),
            None => Meaning::Nothing,
        }
    }
}

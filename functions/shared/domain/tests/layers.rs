//! The layers of this crate: what a migration is (the model) knows nothing of the ports, and neither knows the rules, which are
//! functions over both. Read from the source: every path that begins with `crate` or `super`, outside of tests.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::{fs, path::Path};
use syn::visit::{self, Visit};

/// The model: top-level modules, and of `resources` only the kinds themselves.
const MODEL: [&str; 19] = [
    "approval",
    "archive",
    "audit",
    "digest",
    "duration",
    "error",
    "input",
    "ledger",
    "limit",
    "migration",
    "object",
    "plan",
    "problem",
    "progress",
    "resources",
    "step",
    "task_token",
    "terraform",
    "usd",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Model,
    Ports,
    Rules,
}

fn layer(module: &str) -> Layer {
    let top = module.split("::").next().unwrap_or_default();
    match top {
        "ports" => Layer::Ports,
        // One file a kind, which makes, finds and deletes it through the ports.
        "resources" if module != "resources" => Layer::Rules,
        _ if MODEL.contains(&top) => Layer::Model,
        _ => Layer::Rules,
    }
}

/// The paths of one file, each as its segments.
#[derive(Default)]
struct Paths(Vec<Vec<String>>);

impl<'a> Visit<'a> for Paths {
    fn visit_item(&mut self, item: &'a syn::Item) {
        if !attributes(item).iter().any(|attribute| attribute.path().is_ident("cfg")) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        self.tree(Vec::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }
}

impl Paths {
    fn tree(&mut self, mut before: Vec<String>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(before, &path.tree);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(before.clone(), tree);
                }
            }
            syn::UseTree::Name(name) => {
                before.push(name.ident.to_string());
                self.0.push(before);
            }
            syn::UseTree::Rename(name) => {
                before.push(name.ident.to_string());
                self.0.push(before);
            }
            syn::UseTree::Glob(_) => self.0.push(before),
        }
    }
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Every file by the path of its module; `""` is the root.
fn files(folder: &Path, module: &str, found: &mut BTreeMap<String, syn::File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap().to_owned();
        let inner = if module.is_empty() { stem.clone() } else { format!("{module}::{stem}") };
        if path.is_dir() {
            files(&path, &inner, found);
        } else if stem != "tests" {
            let name = if matches!(stem.as_str(), "lib" | "mod") { module.to_owned() } else { inner };
            found.insert(name, syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap());
        }
    }
}

/// What each module's re-exports stand for, as absolute paths, by module and name.
type Names = BTreeMap<(String, String), Vec<String>>;

fn absolute(module: &str, path: &[String]) -> Option<Vec<String>> {
    let mut base: Vec<String> = module.split("::").filter(|part| !part.is_empty()).map(ToOwned::to_owned).collect();
    let mut rest = path;
    match path.first()?.as_str() {
        "crate" => {
            base.clear();
            rest = &rest[1..];
        }
        "self" => rest = &rest[1..],
        "super" => {
            while rest.first().is_some_and(|part| part == "super") {
                base.pop()?;
                rest = &rest[1..];
            }
        }
        _ => return None,
    }
    base.extend(rest.iter().cloned());
    Some(base)
}

/// The module that an absolute path ends in, through re-exports.
fn resolved(path: &[String], files: &BTreeMap<String, syn::File>, names: &Names) -> String {
    let mut module = String::new();
    for (index, part) in path.iter().enumerate() {
        let inner = if module.is_empty() { part.clone() } else { format!("{module}::{part}") };
        if files.contains_key(&inner) {
            module = inner;
        } else if let Some(meant) = names.get(&(module.clone(), part.clone())) {
            return resolved(&[meant, &path[index + 1..]].concat(), files, names);
        } else {
            break;
        }
    }
    module
}

fn names(files: &BTreeMap<String, syn::File>) -> Names {
    let mut names = Names::new();
    for (module, file) in files {
        for item in &file.items {
            let syn::Item::Use(item) = item else { continue };
            let mut paths = Paths::default();
            paths.tree(Vec::new(), &item.tree);
            for path in paths.0 {
                let first = path.first().cloned().unwrap_or_default();
                let child = if module.is_empty() { first.clone() } else { format!("{module}::{first}") };
                let local = files.contains_key(&child).then(|| [vec!["self".to_owned()], path.clone()].concat());
                let meant = absolute(module, local.as_deref().unwrap_or(&path));
                if let (Some(meant), Some(name)) = (meant, path.last()) {
                    names.insert((module.clone(), name.clone()), meant);
                }
            }
        }
    }
    names
}

/// Which modules each module names.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut found);
    let names = names(&found);
    let mut arrows = BTreeMap::new();
    // The root names everything.
    for (module, file) in found.iter().filter(|(module, _)| !module.is_empty()) {
        let mut paths = Paths::default();
        paths.visit_file(file);
        let to = paths.0.iter().filter_map(|path| absolute(module, path));
        let to: BTreeSet<String> = to.map(|path| resolved(&path, &found, &names)).filter(|to| to != module).collect();
        arrows.insert(module.clone(), to);
    }
    arrows
}

#[test]
fn the_model_knows_no_ports_and_neither_knows_the_rules() {
    let arrows = arrows();
    assert!(arrows["ports::ledger"].contains("ledger"), "the reader finds no arrows: {arrows:?}");
    assert!(arrows["withdraw"].contains("ports::tokens"), "the reader follows no re-exports: {arrows:?}");
    let mut back = Vec::new();
    for (from, to) in arrows.iter().flat_map(|(from, all)| all.iter().map(move |to| (from, to))) {
        if layer(from) < layer(to) {
            back.push(format!("{from} ({:?}) names {to} ({:?})", layer(from), layer(to)));
        }
    }
    assert_eq!(back, Vec::<String>::new());
}

/// The node of a module among the circles: its top-level module, with the files of `resources` apart from the kinds.
fn node(module: &str) -> String {
    match module.split_once("::") {
        Some(("resources", _)) => "resources::*".to_owned(),
        Some((top, _)) => top.to_owned(),
        None => module.to_owned(),
    }
}

#[test]
fn no_modules_depend_on_each_other_in_a_circle() {
    let mut left: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (from, all) in arrows() {
        let to = all.iter().map(|to| node(to)).filter(|to| *to != node(&from));
        left.entry(node(&from)).or_default().extend(to);
    }
    // What names nothing that is left is in no circle.
    while let Some(done) = left.iter().find(|(_, to)| to.is_empty()).map(|(from, _)| from.clone()) {
        left.remove(&done);
        for to in left.values_mut() {
            to.remove(&done);
        }
    }
    assert_eq!(left, BTreeMap::new(), "these are in circles or name what is");
}

//! What the functions' code can reach: a textual call graph over `domain`, `clients` and one phase, by names alone. It finds
//! rather too much than too little, and a phase that names a port's method is taken to call it.

use crate::project;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};
use syn::visit::{self, Visit};

/// What a method that gives a service's client is called.
const SERVICES: [&str; 8] = ["apigateway", "autoscaling", "client", "cloudwatch", "dynamodb", "ec2", "eks", "s3"];

/// What one function of the source does, by names.
#[derive(Debug, Clone, Default)]
struct Function {
    /// The cargo feature of `clients` that it needs; empty in `domain`.
    feature: String,
    /// The names of the functions and methods that it calls.
    calls: BTreeSet<String>,
    /// The SDK operations that it starts, in snake case.
    operations: BTreeSet<String>,
    /// The settings that it reads from the environment.
    settings: BTreeSet<String>,
    /// How many requests it sends.
    sends: usize,
}

/// What a phase can reach.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// SDK operations in snake case, by the feature of `clients` that has them; the ledger's are under `dynamodb`.
    pub operations: BTreeMap<String, BTreeSet<String>>,
    /// The names of environment variables.
    pub settings: BTreeSet<String>,
}

/// The features of `clients` that a phase's manifest asks for.
///
/// # Panics
/// Where the manifest does not name `clients`.
#[must_use]
pub fn features(phase: &str) -> BTreeSet<String> {
    let manifest = project::text(&format!("functions/{phase}/Cargo.toml"));
    let line = manifest.lines().find(|line| line.starts_with("clients")).expect("a phase depends on clients");
    line.split('[').nth(1).unwrap_or_default().split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What the code of a phase can reach.
#[must_use]
pub fn reach(phase: &str) -> Reach {
    let mut features = features(phase);
    features.insert(String::new());
    let shared = shared();
    let mut reach = Reach::default();
    let mut seen = BTreeSet::new();
    let mut open: Vec<String> = Vec::new();
    let root = project::root().join("functions").join(phase).join("src");
    for file in files(&root) {
        for (_, function) in functions(&file) {
            reach.settings.extend(function.settings);
            open.extend(function.calls);
        }
    }
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        for function in shared.get(&name).into_iter().flatten().filter(|function| features.contains(&function.feature))
        {
            let service = if function.feature.is_empty() { "dynamodb" } else { &function.feature };
            if !function.operations.is_empty() {
                reach.operations.entry(service.to_owned()).or_default().extend(function.operations.clone());
            }
            reach.settings.extend(function.settings.clone());
            open.extend(function.calls.clone());
        }
    }
    reach
}

/// Functions of `clients` that send a request, or page through one, and start no operation that is recognised.
#[must_use]
pub fn sends_without_an_operation() -> Vec<String> {
    let shared = shared();
    let unseen = |function: &Function| function.sends > 0 && function.operations.is_empty();
    shared.iter().filter(|(_, functions)| functions.iter().any(unseen)).map(|(name, _)| name.clone()).collect()
}

/// Every function of `domain` and `clients`, by name.
fn shared() -> &'static BTreeMap<String, Vec<Function>> {
    static READ: OnceLock<BTreeMap<String, Vec<Function>>> = OnceLock::new();
    READ.get_or_init(read_shared)
}

fn read_shared() -> BTreeMap<String, Vec<Function>> {
    let root = project::root().join("functions/shared");
    let features = modules();
    let mut shared: BTreeMap<String, Vec<Function>> = BTreeMap::new();
    for name in ["domain", "clients"] {
        let source = root.join(name).join("src");
        for file in files(&source) {
            let inside = file.strip_prefix(&source).unwrap_or(&file);
            let module = inside.iter().next().map(|part| part.to_string_lossy().replace(".rs", "")).unwrap_or_default();
            for (called, mut function) in functions(&file) {
                if name == "clients" {
                    function.feature = features.get(&module).cloned().unwrap_or_default();
                } else {
                    function.operations.clear();
                    function.sends = 0;
                }
                shared.entry(called).or_default().push(function);
            }
        }
    }
    shared
}

/// The modules of `clients` and the features they stand behind.
fn modules() -> BTreeMap<String, String> {
    let file = parse(&project::root().join("functions/shared/clients/src/lib.rs"));
    let modules = file.items.iter().filter_map(|item| match item {
        syn::Item::Mod(module) => {
            let feature = module.attrs.iter().find_map(|attribute| literal_of(attribute, "feature"));
            Some((module.ident.to_string(), feature.unwrap_or_default()))
        }
        _ => None,
    });
    modules.collect()
}

/// `"x"` of `#[cfg(feature = "x")]`.
fn literal_of(attribute: &syn::Attribute, name: &str) -> Option<String> {
    let syn::Meta::List(list) = &attribute.meta else { return None };
    let text = list.tokens.to_string();
    (attribute.path().is_ident("cfg") && text.starts_with(name)).then(|| text.split('"').nth(1).map(str::to_owned))?
}

fn parse(path: &Path) -> syn::File {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Rust files below a folder that are part of the Lambda.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if ["tests", "testing"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The functions of a file but those of its tests.
fn functions(path: &Path) -> Vec<(String, Function)> {
    let mut finder = Finder::default();
    finder.visit_file(&parse(path));
    finder.found
}

#[derive(Default)]
struct Finder {
    found: Vec<(String, Function)>,
}

impl Finder {
    fn add(&mut self, name: &syn::Ident, block: &syn::Block) {
        let mut body = Body::default();
        body.visit_block(block);
        self.found.push((name.to_string(), body.function));
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| literal_of(attribute, "test").is_some() || is_cfg_test(attribute))
}

fn is_cfg_test(attribute: &syn::Attribute) -> bool {
    match &attribute.meta {
        syn::Meta::List(list) => attribute.path().is_ident("cfg") && list.tokens.to_string().contains("test"),
        _ => false,
    }
}

impl<'a> Visit<'a> for Finder {
    fn visit_item_mod(&mut self, module: &'a syn::ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'a syn::ItemFn) {
        self.add(&function.sig.ident, &function.block);
    }

    fn visit_impl_item_fn(&mut self, function: &'a syn::ImplItemFn) {
        self.add(&function.sig.ident, &function.block);
    }

    fn visit_trait_item_fn(&mut self, function: &'a syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.add(&function.sig.ident, block);
        }
    }
}

/// Whether this is an SDK's client: `Client::new(…)` or another constructor, `client`, or a method named as the service.
fn is_client(expression: &syn::Expr) -> bool {
    match expression {
        syn::Expr::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "client"),
        syn::Expr::Field(field) => matches!(&field.member, syn::Member::Named(name) if name == "client"),
        syn::Expr::MethodCall(call) => SERVICES.contains(&call.method.to_string().as_str()),
        syn::Expr::Call(call) => match &*call.func {
            syn::Expr::Path(path) => {
                let names: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
                names.iter().rev().nth(1).is_some_and(|name| name == "Client") || names == ["client"]
            }
            _ => false,
        },
        syn::Expr::Paren(inner) => is_client(&inner.expr),
        syn::Expr::Reference(inner) => is_client(&inner.expr),
        _ => false,
    }
}

#[derive(Default)]
struct Body {
    function: Function,
}

impl<'a> Visit<'a> for Body {
    fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
        let name = call.method.to_string();
        // The SDKs' builders start with a method of the client that takes nothing; a getter's receiver is an answer.
        if call.args.is_empty() && is_client(&call.receiver) && name != "clone" {
            self.function.operations.insert(name.clone());
        }
        if call.args.is_empty() && ["send", "into_paginator"].contains(&name.as_str()) {
            self.function.sends += 1;
        }
        self.function.calls.insert(name);
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_path(&mut self, path: &'a syn::ExprPath) {
        // Called, or handed on to be called.
        if let Some(last) = path.path.segments.last() {
            self.function.calls.insert(last.ident.to_string());
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_lit_str(&mut self, literal: &'a syn::LitStr) {
        if literal.value().starts_with("BASCULE_") {
            self.function.settings.insert(literal.value());
        }
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        // The arguments of format!, join! and the like are expressions, mostly.
        if let Ok(arguments) =
            call.parse_body_with(syn::punctuated::Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated)
        {
            arguments.iter().for_each(|argument| self.visit_expr(argument));
        }
    }
}

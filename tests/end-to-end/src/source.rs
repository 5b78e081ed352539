//! What the functions' code can reach: a textual call graph over `domain`, `clients` and one phase, by names alone. It finds
//! rather too much than too little, and a phase that names a port's method is taken to call it.

use crate::project;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};
use syn::visit::{self, Visit};

/// What a method that gives a service's client is called.
const SERVICES: [&str; 8] = ["apigateway", "autoscaling", "client", "cloudwatch", "dynamodb", "ec2", "eks", "s3"];

/// What one function of the source does, by names.
#[derive(Debug, Clone, Default)]
struct Function {
    /// Whether it is in `clients`, where AWS is called, or in `domain`, which calls ports only.
    is_client: bool,
    /// The module of `clients` that it is in; empty in `domain`.
    module: String,
    /// The cargo feature of `clients` that it needs; empty in `domain`.
    feature: String,
    /// Whether it is called on something.
    is_method: bool,
    /// Whether other crates can call it by its path.
    is_public: bool,
    /// The trait that it implements.
    port: Option<String>,
    /// The names in its file: who calls a port names the trait somewhere near.
    names: Arc<BTreeSet<String>>,
    /// What it calls.
    calls: BTreeSet<Call>,
    /// The SDK operations that it starts, in snake case.
    operations: BTreeSet<String>,
    /// The settings that it reads from the environment.
    settings: BTreeSet<String>,
    /// How many requests it sends.
    sends: usize,
}

/// A call, by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Call {
    /// `name(…)`.
    Plain(String),
    /// `x.name(…)`.
    Method(String),
    /// `Somewhere::name`, called or handed on.
    Path(String),
}

impl Call {
    fn name(&self) -> &str {
        match self {
            Self::Plain(name) | Self::Method(name) | Self::Path(name) => name,
        }
    }

    fn can_mean(&self, function: &Function) -> bool {
        match self {
            Self::Plain(_) => !function.is_method,
            Self::Method(_) => function.is_method,
            Self::Path(_) => true,
        }
    }
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
    let mut reach = Reach::default();
    for (_, function) in own(phase) {
        reach.settings.extend(function.settings);
    }
    for Step { function, .. } in walk(phase) {
        let service = if function.feature.is_empty() { "dynamodb" } else { &function.feature };
        if !function.operations.is_empty() {
            reach.operations.entry(service.to_owned()).or_default().extend(function.operations.clone());
        }
        reach.settings.extend(function.settings.clone());
    }
    reach
}

/// How the code of a phase comes to an operation: the functions from the phase's own to the one that starts it.
#[must_use]
pub fn way_to(phase: &str, operation: &str) -> Vec<String> {
    let steps = walk(phase);
    let from: BTreeMap<&str, &str> = steps.iter().map(|step| (step.name.as_str(), step.from.as_str())).collect();
    let Some(last) = steps.iter().find(|step| step.function.operations.contains(operation)) else { return Vec::new() };
    let mut way = vec![last.name.clone()];
    let mut at = last.name.as_str();
    while let Some(before) =
        from.get(at).filter(|before| way.len() < from.len() && !way.iter().any(|name| name == *before))
    {
        way.push((*before).to_owned());
        at = before;
    }
    way.reverse();
    way
}

/// A function that a phase can reach, and the one that names it.
struct Step {
    name: String,
    from: String,
    function: &'static Function,
}

/// The functions of `domain` and `clients` that a phase can reach. A port's implementation calls its own module, and what every
/// Lambda has.
fn walk(phase: &str) -> Vec<Step> {
    let mut features = features(phase);
    features.insert(String::new());
    let own = own(phase);
    let own_names: BTreeSet<&str> = own.iter().filter(|(_, f)| !f.is_method).map(|(name, _)| name.as_str()).collect();
    let mut open: Vec<(Call, &str, Option<&'static Function>)> = Vec::new();
    let names: BTreeSet<String> = own.iter().flat_map(|(_, function)| function.names.iter().cloned()).collect();
    for (name, function) in &own {
        let elsewhere = |call: &&Call| !matches!(call, Call::Plain(name) if own_names.contains(name.as_str()));
        open.extend(function.calls.iter().filter(elsewhere).map(|call| (call.clone(), name.as_str(), None)));
    }
    let mut seen = BTreeSet::new();
    let mut steps = Vec::new();
    while let Some((call, from, caller)) = open.pop() {
        let inside = caller.filter(|caller| caller.is_client).map(|caller| caller.module.as_str());
        // What a port's name can mean depends on the function that calls it: two ports have a `connect`.
        let origin = caller.filter(|caller| !caller.is_client).map(|_| from);
        if !seen.insert((call.clone(), inside, origin)) {
            continue;
        }
        let Some((name, functions)) = shared().get_key_value(call.name()) else { continue };
        let reachable = functions
            .iter()
            .filter(|function| call.can_mean(function) && features.contains(&function.feature))
            .filter(|function| match inside {
                Some(module) => function.is_client && (function.module == module || function.feature.is_empty()),
                None if !function.is_client => true,
                None => match &function.port {
                    Some(port) => caller.map_or(&names, |caller| &*caller.names).contains(port),
                    None => function.is_public,
                },
            });
        for function in reachable {
            open.extend(function.calls.iter().map(|call| (call.clone(), name.as_str(), Some(function))));
            steps.push(Step { name: name.clone(), from: from.to_owned(), function });
        }
    }
    steps
}

/// The functions of a phase's own.
fn own(phase: &str) -> Vec<(String, Function)> {
    let source = project::root().join("functions").join(phase).join("src");
    files(&source).iter().flat_map(|file| functions(file)).collect()
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
                    function.is_client = true;
                    function.module.clone_from(&module);
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

/// The Rust files below a folder that are part of the Lambda: no module that stands behind `#[cfg(test)]`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let all = all_files(folder);
    let tests: BTreeSet<String> = all.iter().flat_map(|file| test_modules(file)).collect();
    let is_of_tests = |file: &PathBuf| {
        let inside = file.strip_prefix(folder).unwrap_or(file).with_extension("");
        inside.iter().any(|part| tests.contains(&part.to_string_lossy().into_owned()))
    };
    all.into_iter().filter(|file| !is_of_tests(file)).collect()
}

/// The modules of a file that stand behind `#[cfg(test)]` and in a file of their own.
fn test_modules(path: &Path) -> Vec<String> {
    let modules = parse(path).items.into_iter().filter_map(|item| match item {
        syn::Item::Mod(module) if module.content.is_none() && is_test(&module.attrs) => Some(module.ident.to_string()),
        _ => None,
    });
    modules.collect()
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(all_files(&path));
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
    let names = Arc::new(finder.names);
    finder.found.iter_mut().for_each(|(_, function)| function.names = Arc::clone(&names));
    finder.found
}

#[derive(Default)]
struct Finder {
    found: Vec<(String, Function)>,
    names: BTreeSet<String>,
    port: Option<String>,
}

impl Finder {
    fn add(&mut self, is_public: bool, signature: &syn::Signature, block: &syn::Block) {
        let mut body = Body::default();
        body.visit_block(block);
        body.function.is_method = signature.receiver().is_some();
        body.function.is_public = is_public;
        body.function.port.clone_from(&self.port);
        self.found.push((signature.ident.to_string(), body.function));
    }
}

/// Whether this stands behind `#[cfg(test)]`, alone or with a feature for tests.
fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) => attribute.path().is_ident("cfg") && list.tokens.to_string().contains("test"),
        _ => false,
    })
}

impl<'a> Visit<'a> for Finder {
    fn visit_item_mod(&mut self, module: &'a syn::ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_ident(&mut self, name: &'a syn::Ident) {
        self.names.insert(name.to_string());
    }

    fn visit_item_impl(&mut self, block: &'a syn::ItemImpl) {
        let port = block.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
        self.port = port.map(|last| last.ident.to_string());
        visit::visit_item_impl(self, block);
        self.port = None;
    }

    fn visit_item_fn(&mut self, function: &'a syn::ItemFn) {
        visit::visit_signature(self, &function.sig);
        self.add(matches!(function.vis, syn::Visibility::Public(_)), &function.sig, &function.block);
    }

    fn visit_impl_item_fn(&mut self, function: &'a syn::ImplItemFn) {
        self.add(matches!(function.vis, syn::Visibility::Public(_)), &function.sig, &function.block);
    }

    fn visit_trait_item_fn(&mut self, function: &'a syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.add(true, &function.sig, block);
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
        self.function.calls.insert(Call::Method(name));
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_call(&mut self, call: &'a syn::ExprCall) {
        if let syn::Expr::Path(path) = &*call.func
            && let Some(name) = path.path.get_ident()
        {
            self.function.calls.insert(Call::Plain(name.to_string()));
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_path(&mut self, path: &'a syn::ExprPath) {
        // A single name is a variable far more often than a function that is handed on.
        if path.path.segments.len() > 1
            && let Some(last) = path.path.segments.last()
        {
            self.function.calls.insert(Call::Path(last.ident.to_string()));
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

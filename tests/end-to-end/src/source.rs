//! What the functions' code can reach: a textual call graph over `domain`, `clients` and one phase, by names alone. It finds
//! rather too much than too little, and a phase that names a port's method is taken to call it.

mod reading;

use crate::project;
use reading::{files, functions, parse};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

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

//! What a function's code can reach: a call graph over a phase, `domain` and `clients`, read from their sources.
//!
//! It begins at a phase's `main` and follows calls of functions, of methods and of ports, closures and functions that are
//! handed on. A port's method leads to its implementation; a method of something whose type the source does not tell leads to
//! every method of the name that the place may call, so it finds rather too much than too little. Calls that nobody writes
//! (`Drop`, `From` behind `?`, `Display`) are not seen.

mod body;
mod crates;
mod index;
mod types;
mod values;

use crate::project;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::OnceLock,
};

/// A call of AWS.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// The service as its SDK is called: `aws_sdk_…`.
    pub service: String,
    /// The SDK's method, in snake case.
    pub name: String,
    /// Whether the request carries tags, as far as the function that builds it tells.
    pub is_tagged: bool,
    /// Whether the request names a version, as far as the function that builds it tells.
    pub is_versioned: bool,
}

/// What a phase can reach.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// The calls of AWS. Those inside of a DynamoDB transaction are `put`, `update`, `delete` and `condition_check` of
    /// `transaction`.
    pub operations: BTreeSet<Operation>,
    /// The names of environment variables.
    pub settings: BTreeSet<String>,
    /// Whether it opens connections of its own, to a cluster or to an API, beside those of the SDKs.
    pub connects: bool,
    /// The cargo features of `clients` behind which it is.
    pub features: BTreeSet<String>,
}

/// What opens a connection without an SDK.
const CONNECTS: &str = "hyper_util::client::legacy::Client::builder";

/// What assumes a role without a call of the STS client.
const ASSUMES: &str = "aws_config::sts::AssumeRoleProvider::builder";

/// Where the parts of a DynamoDB transaction are built.
const PARTS: [(&str, &str); 4] = [
    ("aws_sdk_dynamodb::types::ConditionCheck::builder", "condition_check"),
    ("aws_sdk_dynamodb::types::Delete::builder", "delete"),
    ("aws_sdk_dynamodb::types::Put::builder", "put"),
    ("aws_sdk_dynamodb::types::Update::builder", "update"),
];

/// A function or constant and what it does.
#[derive(Debug)]
struct Node {
    name: String,
    module: String,
    calls: BTreeSet<usize>,
    reach: Reach,
    sends: usize,
    lost: BTreeSet<String>,
}

impl Node {
    fn krate(&self) -> &str {
        self.module.split("::").next().unwrap_or_default()
    }
}

/// What the code of a phase can reach.
#[must_use]
pub fn reach(phase: &str) -> Reach {
    together(walk(phase).keys().copied())
}

/// What the functions of a module of `domain` can reach, other kinds of resources left out.
#[must_use]
pub fn reach_of_resource(kind: &str) -> Reach {
    let own = format!("domain::resources::{kind}");
    let is_own = |node: &Node| node.module == own;
    let from: Vec<usize> = (0..graph().len()).filter(|&number| is_own(&graph()[number])).collect();
    let is_near = |node: &Node| is_own(node) || !node.module.starts_with("domain::resources::");
    together(follow(&from, |node| ["domain", "clients"].contains(&node.krate()) && is_near(node)).into_keys())
}

fn together(numbers: impl Iterator<Item = usize>) -> Reach {
    let mut reach = Reach::default();
    for number in numbers {
        let node = &graph()[number];
        reach.operations.extend(node.reach.operations.iter().cloned());
        reach.settings.extend(node.reach.settings.iter().cloned());
        reach.connects |= node.reach.connects;
        reach.features.extend(node.reach.features.iter().cloned());
    }
    reach
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

/// How the code of a phase comes to what `is_it` is looking for: the functions from `main` to the first that has it.
#[must_use]
pub fn way_to(phase: &str, is_it: impl Fn(&Reach) -> bool) -> Vec<&'static str> {
    let walked = walk(phase);
    let mut at = walked.keys().copied().find(|&number| is_it(&graph()[number].reach));
    let mut way = Vec::new();
    while let Some(number) = at {
        way.push(graph()[number].name.as_str());
        at = walked[&number];
    }
    way.reverse();
    way
}

/// Functions that send a request, or page through one, and start no operation that is recognised.
#[must_use]
pub fn sends_without_an_operation() -> Vec<&'static str> {
    let unseen = |node: &&Node| node.sends > 0 && node.reach.operations.is_empty();
    graph().iter().filter(unseen).map(|node| node.name.as_str()).collect()
}

/// Paths into the project's own crates that lead nowhere: calls that this reading loses.
#[must_use]
pub fn lost() -> Vec<String> {
    graph().iter().flat_map(|node| node.lost.iter().map(|path| format!("{} in {}", path, node.name))).collect()
}

/// The numbers of what a phase can reach, each with the one that it was reached from: the shortest way.
fn walk(phase: &str) -> BTreeMap<usize, Option<usize>> {
    let own = phase.replace('-', "_");
    let binary = crates::binary(&own);
    let main = graph().iter().position(|node| node.name == format!("{binary}::main"));
    let main = main.unwrap_or_else(|| panic!("{phase} has no main"));
    follow(&[main], |node| [own.as_str(), binary.as_str(), "domain", "clients"].contains(&node.krate()))
}

fn follow(from: &[usize], is_open: impl Fn(&Node) -> bool) -> BTreeMap<usize, Option<usize>> {
    let graph = graph();
    let mut walked: BTreeMap<usize, Option<usize>> = from.iter().map(|&number| (number, None)).collect();
    let mut open: VecDeque<usize> = from.iter().copied().collect();
    while let Some(from) = open.pop_front() {
        for &to in graph[from].calls.iter().filter(|&&to| is_open(&graph[to])) {
            walked.entry(to).or_insert_with(|| {
                open.push_back(to);
                Some(from)
            });
        }
    }
    walked
}

/// Every function and constant of the phases, `domain` and `clients`.
fn graph() -> &'static [Node] {
    static READ: OnceLock<Vec<Node>> = OnceLock::new();
    READ.get_or_init(read)
}

fn read() -> Vec<Node> {
    let functions = project::root().join("functions");
    let mut sources = Vec::new();
    for krate in ["domain", "clients"] {
        sources.extend(crates::read(krate, &functions.join("shared").join(krate).join("src/lib.rs")));
    }
    for phase in project::phases() {
        let (name, source) = (phase.replace('-', "_"), functions.join(&phase).join("src"));
        sources.extend(crates::read(&name, &source.join("lib.rs")));
        sources.extend(crates::read(&crates::binary(&name), &source.join("main.rs")));
    }
    let features = modules();
    let index = index::Index::of(&sources);
    index.items.iter().map(|item| node(&index, item, &features)).collect()
}

/// The modules of `clients` and the features they stand behind.
fn modules() -> BTreeMap<String, String> {
    let file = crates::parse(&project::root().join("functions/shared/clients/src/lib.rs"));
    let modules = file.items.into_iter().filter_map(|item| match item {
        syn::Item::Mod(module) => {
            let feature = module.attrs.iter().find_map(crates::feature)?;
            Some((format!("clients::{}", module.ident), feature))
        }
        _ => None,
    });
    modules.collect()
}

fn node(index: &index::Index, item: &index::Item, features: &BTreeMap<String, String>) -> Node {
    let found = body::read(index, item);
    let is_client = item.place.module.starts_with("clients");
    assert!(is_client || found.operations.is_empty(), "{} calls AWS itself; `clients` does that", item.name);
    let told = |operation: Operation| Operation { is_tagged: found.tags, is_versioned: found.versions, ..operation };
    let mut operations: BTreeSet<Operation> = found.operations.into_iter().map(told).collect();
    let mut add = |service: &str, name: &str| {
        let (service, name) = (service.to_owned(), name.to_owned());
        operations.insert(Operation { service, name, is_tagged: false, is_versioned: false });
    };
    if found.foreign.contains(ASSUMES) {
        add("sts", "assume_role");
    }
    for (_, part) in PARTS.iter().filter(|(builder, _)| found.foreign.contains(*builder)) {
        add("transaction", part);
    }
    let connects = found.foreign.contains(CONNECTS);
    let module = item.place.module.split("::").take(2).collect::<Vec<_>>().join("::");
    let features = features.get(&module).cloned().into_iter().collect();
    Node {
        name: item.name.clone(),
        module: item.place.module.clone(),
        calls: found.calls,
        reach: Reach { operations, settings: found.settings, connects, features },
        sends: found.sends,
        lost: found.lost,
    }
}

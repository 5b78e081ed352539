//! What a function's body calls.

use super::{
    Operation,
    crates::Meaning,
    index::{Body, Index, Item},
    types::{self, Kind, segments},
    values::Values,
};
use std::collections::BTreeSet;
use syn::visit::{self, Visit};

/// Methods whose closure takes what the receiver holds.
const EACH: [&str; 14] = [
    "all",
    "any",
    "filter",
    "filter_map",
    "find",
    "find_map",
    "flat_map",
    "for_each",
    "inspect",
    "is_none_or",
    "is_some_and",
    "map",
    "map_or",
    "position",
];

/// Methods that give a request its tags.
const TAGS: [&str; 4] = ["set_tag_specifications", "set_tags", "tag_specifications", "tags"];

/// Methods that ask for a version of an object.
const VERSIONS: [&str; 2] = ["set_version_id", "version_id"];

/// What one function does.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Functions and constants that it names, by number.
    pub(super) calls: BTreeSet<usize>,
    /// What it names of other crates, by full path.
    pub(super) foreign: BTreeSet<String>,
    pub(super) operations: BTreeSet<Operation>,
    pub(super) settings: BTreeSet<String>,
    pub(super) sends: usize,
    /// Whether it gives a request tags.
    pub(super) tags: bool,
    /// Whether it asks for a version.
    pub(super) versions: bool,
    /// Paths into these crates that lead nowhere.
    pub(super) lost: BTreeSet<String>,
}

/// Reads one.
pub(super) fn read(index: &Index, item: &Item) -> Found {
    let mut reader = Reader { values: Values::at(index, &item.place), found: Found::default() };
    for input in item.signature.iter().flat_map(|signature| &signature.inputs) {
        if let syn::FnArg::Typed(input) = input {
            reader.values.bind(&input.pat, &types::of(index, &item.place, &input.ty));
        }
    }
    match item.body {
        Body::Block(block) => reader.visit_block(block),
        Body::Value(value) => reader.visit_expr(value),
    }
    reader.found
}

struct Reader<'i, 'a> {
    values: Values<'i, 'a>,
    found: Found,
}

impl Reader<'_, '_> {
    fn name(&mut self, path: &syn::Path) {
        if self.values.has(path) {
            return;
        }
        let functions = self.values.functions(path);
        match self.values.meaning(path) {
            Meaning::Foreign(full) if full.contains("::") => drop(self.found.foreign.insert(full)),
            Meaning::Nothing if functions.is_empty() => drop(self.found.lost.insert(segments(path).join("::"))),
            _ => {}
        }
        self.found.calls.extend(functions);
    }

    /// A macro whose arguments are no expressions: whatever looks like a call in it counts as one.
    fn tokens(&mut self, tokens: proc_macro2::TokenStream) {
        use proc_macro2::{Delimiter, TokenTree};
        let (mut path, mut is_method): (Vec<String>, bool) = (Vec::new(), false);
        for token in tokens {
            match token {
                TokenTree::Ident(name) => path.push(name.to_string()),
                TokenTree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() => {}
                TokenTree::Group(group) => {
                    if group.delimiter() == Delimiter::Parenthesis && !path.is_empty() {
                        let called = if is_method {
                            self.values.methods(&Kind::Unknown, path.last().map_or("", String::as_str))
                        } else {
                            syn::parse_str(&path.join("::"))
                                .map(|path| self.values.functions(&path))
                                .unwrap_or_default()
                        };
                        self.found.calls.extend(called);
                    }
                    self.tokens(group.stream());
                    path.clear();
                }
                TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                        self.visit_lit_str(&text);
                    }
                    path.clear();
                }
                TokenTree::Punct(mark) => {
                    is_method = mark.as_char() == '.';
                    path.clear();
                }
            }
        }
    }
}

impl<'a> Visit<'a> for Reader<'_, '_> {
    fn visit_local(&mut self, local: &'a syn::Local) {
        let kind = local.init.as_ref().map_or(Kind::Unknown, |init| self.values.kind(&init.expr));
        visit::visit_local(self, local);
        self.values.bind(&local.pat, &kind);
    }

    fn visit_expr_let(&mut self, condition: &'a syn::ExprLet) {
        self.visit_expr(&condition.expr);
        let kind = self.values.kind(&condition.expr);
        self.values.bind(&condition.pat, &kind);
    }

    fn visit_expr_match(&mut self, choice: &'a syn::ExprMatch) {
        self.visit_expr(&choice.expr);
        let kind = self.values.kind(&choice.expr);
        for arm in &choice.arms {
            self.values.bind(&arm.pat, &kind);
            self.visit_arm(arm);
        }
    }

    fn visit_expr_for_loop(&mut self, repeat: &'a syn::ExprForLoop) {
        self.visit_expr(&repeat.expr);
        let kind = self.values.kind(&repeat.expr);
        self.values.bind(&repeat.pat, &kind);
        self.visit_block(&repeat.body);
    }

    fn visit_expr_closure(&mut self, closure: &'a syn::ExprClosure) {
        for input in &closure.inputs {
            self.values.bind(input, &Kind::Unknown);
        }
        self.visit_expr(&closure.body);
    }

    fn visit_expr_method_call(&mut self, call: &'a syn::ExprMethodCall) {
        let name = call.method.to_string();
        let receiver = self.values.kind(&call.receiver);
        if let Kind::Type(of) = &receiver
            && let Some(service) = of.strip_prefix("aws_sdk_").and_then(|rest| rest.strip_suffix("::Client"))
            && call.args.is_empty()
            && !["clone", "config"].contains(&name.as_str())
        {
            self.found.operations.insert(Operation {
                service: service.to_owned(),
                name: name.clone(),
                is_tagged: false,
                is_versioned: false,
            });
        }
        if call.args.is_empty() && ["send", "into_paginator"].contains(&name.as_str()) {
            self.found.sends += 1;
        }
        self.found.tags |= TAGS.contains(&name.as_str());
        self.found.versions |= VERSIONS.contains(&name.as_str());
        self.found.calls.extend(self.values.methods(&receiver, &name));
        self.visit_expr(&call.receiver);
        for argument in &call.args {
            match argument {
                syn::Expr::Closure(closure) if EACH.contains(&name.as_str()) && closure.inputs.len() == 1 => {
                    self.values.bind(&closure.inputs[0], &receiver);
                    self.visit_expr(&closure.body);
                }
                argument => self.visit_expr(argument),
            }
        }
    }

    fn visit_expr_path(&mut self, path: &'a syn::ExprPath) {
        self.name(&path.path);
    }

    fn visit_lit_str(&mut self, literal: &'a syn::LitStr) {
        let text = literal.value();
        let rest = text.strip_prefix("BASCULE_").unwrap_or_default();
        if !rest.is_empty() && rest.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_') {
            self.found.settings.insert(text);
        }
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        let arguments = syn::punctuated::Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
        match call.parse_body_with(arguments) {
            Ok(arguments) => arguments.iter().for_each(|argument| self.visit_expr(argument)),
            Err(_) => self.tokens(call.tokens.clone()),
        }
    }
}

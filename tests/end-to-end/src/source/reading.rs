//! Reads Rust sources: which functions a file has, and what each of them names.

use super::{Call, Function};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use syn::visit::{self, Visit};

/// What a method that gives a service's client is called.
const SERVICES: [&str; 8] = ["apigateway", "autoscaling", "client", "cloudwatch", "dynamodb", "ec2", "eks", "s3"];

/// The syntax of a file.
pub(super) fn parse(path: &Path) -> syn::File {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Rust files below a folder that are part of the Lambda: no module that stands behind `#[cfg(test)]`.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
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
pub(super) fn functions(path: &Path) -> Vec<(String, Function)> {
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

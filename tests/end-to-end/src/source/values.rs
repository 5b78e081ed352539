//! What the values of a function are, and what its paths mean.

use super::{
    crates::Meaning,
    index::Index,
    types::{self, Kind, Place, segments},
};
use std::collections::BTreeMap;

/// Methods that hand their receiver through, or what it holds.
const SAME: [&str; 24] = [
    "and_then",
    "as_deref",
    "as_mut",
    "as_ref",
    "clone",
    "cloned",
    "expect",
    "filter",
    "find",
    "first",
    "flatten",
    "get",
    "into_iter",
    "iter",
    "last",
    "map_err",
    "next",
    "ok",
    "ok_or_else",
    "to_owned",
    "transpose",
    "unwrap",
    "unwrap_or_default",
    "values",
];

/// The local variables of one function.
pub(super) struct Values<'i, 'a> {
    index: &'i Index<'a>,
    place: &'i Place,
    local: BTreeMap<String, Kind>,
}

impl<'i, 'a> Values<'i, 'a> {
    pub(super) fn at(index: &'i Index<'a>, place: &'i Place) -> Self {
        Self { index, place, local: BTreeMap::new() }
    }

    /// Whether a path is a local variable.
    pub(super) fn has(&self, path: &syn::Path) -> bool {
        path.get_ident().is_some_and(|name| self.local.contains_key(&name.to_string()))
    }

    /// Whom a method's name can mean here.
    pub(super) fn methods(&self, receiver: &Kind, name: &str) -> Vec<usize> {
        self.index.methods(self.place, receiver, name)
    }

    /// Takes the variables of a pattern that holds something of this kind.
    pub(super) fn bind(&mut self, pattern: &syn::Pat, kind: &Kind) {
        match pattern {
            syn::Pat::Ident(name) => drop(self.local.insert(name.ident.to_string(), kind.clone())),
            syn::Pat::Type(typed) => {
                let kind = types::of(self.index, self.place, &typed.ty);
                self.bind(&typed.pat, &kind);
            }
            syn::Pat::Reference(inner) => self.bind(&inner.pat, kind),
            syn::Pat::Paren(inner) => self.bind(&inner.pat, kind),
            syn::Pat::Or(or) => or.cases.iter().for_each(|case| self.bind(case, kind)),
            syn::Pat::Slice(slice) => slice.elems.iter().for_each(|inner| self.bind(inner, kind)),
            syn::Pat::Tuple(tuple) => {
                for (number, inner) in tuple.elems.iter().enumerate() {
                    let kind = match kind {
                        Kind::Tuple(kinds) => kinds.get(number).cloned().unwrap_or(Kind::Unknown),
                        _ => Kind::Unknown,
                    };
                    self.bind(inner, &kind);
                }
            }
            syn::Pat::TupleStruct(tuple) => {
                let through = ["Ok", "Some"].iter().any(|wrapper| tuple.path.is_ident(wrapper));
                let inner_kind = if through { kind.clone() } else { Kind::Unknown };
                tuple.elems.iter().for_each(|inner| self.bind(inner, &inner_kind));
            }
            syn::Pat::Struct(fields) => {
                for field in &fields.fields {
                    let kind = match (self.meaning(&fields.path), &field.member) {
                        (Meaning::Item(path), syn::Member::Named(name)) => self.index.field(&path, &name.to_string()),
                        _ => Kind::Unknown,
                    };
                    self.bind(&field.pat, &kind);
                }
            }
            _ => {}
        }
    }

    /// What a path means.
    pub(super) fn meaning(&self, path: &syn::Path) -> Meaning {
        let names = segments(path);
        match (names.as_slice(), &self.place.own_type) {
            ([own, name], Some(of)) if own == "Self" => Meaning::Member(of.clone(), name.clone()),
            ([own], Some(of)) if own == "Self" => Meaning::Item(of.clone()),
            _ => self.index.names.meaning(&self.place.module, &names),
        }
    }

    /// The functions that a path can mean.
    pub(super) fn functions(&self, path: &syn::Path) -> Vec<usize> {
        let names = segments(path);
        if let [first, name] = names.as_slice() {
            if let Some(bounds) = self.place.parameters.get(first) {
                return self.index.methods(self.place, &Kind::Bounds(bounds.clone()), name);
            }
            if first == "Self" {
                return self.index.methods(self.place, &self.place.own(), name);
            }
        }
        match self.meaning(path) {
            Meaning::Item(path) => self.index.free.get(&path).copied().into_iter().collect(),
            Meaning::Member(of, name) => self.index.methods(self.place, &Kind::Type(of), &name),
            _ => Vec::new(),
        }
    }

    fn returned(&self, functions: &[usize]) -> Option<Kind> {
        let item = &self.index.items[*functions.first()?];
        let syn::ReturnType::Type(_, written) = &item.signature?.output else { return Some(Kind::Unknown) };
        Some(types::of(self.index, &item.place, written))
    }

    /// What an expression is.
    pub(super) fn kind(&self, expression: &syn::Expr) -> Kind {
        match expression {
            syn::Expr::Path(path) if path.path.is_ident("self") => self.place.own(),
            syn::Expr::Path(path) => {
                let local = path.path.get_ident().and_then(|name| self.local.get(&name.to_string()));
                local.cloned().unwrap_or(Kind::Unknown)
            }
            syn::Expr::Reference(inner) => self.kind(&inner.expr),
            syn::Expr::Paren(inner) => self.kind(&inner.expr),
            syn::Expr::Try(inner) => self.kind(&inner.expr),
            syn::Expr::Await(inner) => self.kind(&inner.base),
            syn::Expr::Unary(inner) => self.kind(&inner.expr),
            syn::Expr::Index(inner) => self.kind(&inner.expr),
            syn::Expr::Block(block) => match block.block.stmts.last() {
                Some(syn::Stmt::Expr(last, None)) => self.kind(last),
                _ => Kind::Unknown,
            },
            syn::Expr::Tuple(tuple) => Kind::Tuple(tuple.elems.iter().map(|inner| self.kind(inner)).collect()),
            syn::Expr::Struct(literal) => match self.meaning(&literal.path) {
                Meaning::Item(path) | Meaning::Foreign(path) => Kind::Type(path),
                _ => Kind::Unknown,
            },
            syn::Expr::Field(field) => {
                let name = match &field.member {
                    syn::Member::Named(name) => name.to_string(),
                    syn::Member::Unnamed(number) => number.index.to_string(),
                };
                match self.kind(&field.base) {
                    Kind::Type(of) => self.index.field(&of, &name),
                    Kind::Tuple(kinds) => {
                        name.parse().ok().and_then(|number: usize| kinds.get(number).cloned()).unwrap_or(Kind::Unknown)
                    }
                    _ => Kind::Unknown,
                }
            }
            syn::Expr::MethodCall(call) => {
                let receiver = self.kind(&call.receiver);
                let name = call.method.to_string();
                let known = if receiver == Kind::Unknown {
                    Vec::new()
                } else {
                    self.index.methods(self.place, &receiver, &name)
                };
                let through = || if SAME.contains(&name.as_str()) { receiver.clone() } else { Kind::Unknown };
                self.returned(&known).unwrap_or_else(through)
            }
            syn::Expr::Call(call) => self.kind_of_call(call),
            _ => Kind::Unknown,
        }
    }

    fn kind_of_call(&self, call: &syn::ExprCall) -> Kind {
        let syn::Expr::Path(path) = &*call.func else { return Kind::Unknown };
        if ["Ok", "Some"].iter().any(|wrapper| path.path.is_ident(wrapper)) {
            return call.args.first().map_or(Kind::Unknown, |inner| self.kind(inner));
        }
        if self.has(&path.path) {
            return Kind::Unknown;
        }
        match self.meaning(&path.path) {
            // `Client::new(…)` and other constructors of another crate.
            Meaning::Foreign(full) => match full.rsplit_once("::") {
                Some((of, "new" | "from_conf")) => Kind::Type(of.to_owned()),
                _ => Kind::Unknown,
            },
            // A tuple struct.
            Meaning::Item(item) if !self.index.free.contains_key(&item) => Kind::Type(item),
            _ => self.returned(&self.functions(&path.path)).unwrap_or(Kind::Unknown),
        }
    }
}

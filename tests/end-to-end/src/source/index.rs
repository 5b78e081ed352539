//! All functions and constants of some crates, and whom a method's name can mean.

use super::{
    crates::{Meaning, Names, Source, is_test},
    types::{self, Kind, Place, bounds, segments},
};
use std::collections::{BTreeMap, BTreeSet};

/// A function or a constant.
pub(super) struct Item<'a> {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) visibility: Visibility,
    pub(super) signature: Option<&'a syn::Signature>,
    pub(super) body: Body<'a>,
}

/// What is looked at.
pub(super) enum Body<'a> {
    Block(&'a syn::Block),
    Value(&'a syn::Expr),
}

/// From which modules something can be called.
pub(super) enum Visibility {
    Everywhere,
    /// From this module and those below it.
    Below(String),
}

impl Visibility {
    fn of(written: &syn::Visibility, module: &str) -> Self {
        let parent = module.rsplit_once("::").map_or(module, |(parent, _)| parent);
        match written {
            syn::Visibility::Public(_) => Self::Everywhere,
            syn::Visibility::Restricted(to) if to.path.is_ident("super") => Self::Below(parent.to_owned()),
            syn::Visibility::Restricted(_) => Self::Below(module.split("::").next().unwrap_or_default().to_owned()),
            syn::Visibility::Inherited => Self::Below(module.to_owned()),
        }
    }

    fn reaches(&self, module: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Below(top) => module == top || module.starts_with(&format!("{top}::")),
        }
    }
}

/// A trait.
#[derive(Default)]
struct Trait {
    supers: BTreeSet<String>,
    methods: BTreeSet<String>,
    /// Associated types and the traits that they have.
    associated: BTreeMap<String, BTreeSet<String>>,
}

/// Everything.
#[derive(Default)]
pub(super) struct Index<'a> {
    pub(super) names: Names,
    pub(super) items: Vec<Item<'a>>,
    /// Functions and constants by their full path.
    pub(super) free: BTreeMap<String, usize>,
    /// What a type has of its own: by type and name.
    inherent: BTreeMap<(String, String), usize>,
    /// Implementations of a trait's methods, default bodies among them: by trait and name.
    implemented: BTreeMap<(String, String), Vec<usize>>,
    traits: BTreeMap<String, Trait>,
    fields: BTreeMap<(String, String), Kind>,
    imports: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> Index<'a> {
    pub(super) fn of(sources: &'a [Source]) -> Self {
        let mut index = Self::default();
        for source in sources {
            index.names.add(source);
        }
        // Traits first: bounds name them.
        for source in sources {
            for item in &source.items {
                if let syn::Item::Trait(item) = item {
                    index.add_trait(&source.module, item);
                }
            }
        }
        for source in sources {
            source.items.iter().for_each(|item| index.add_item(&source.module, item));
        }
        index.imports = sources
            .iter()
            .map(|source| {
                let own = source.items.iter().filter_map(|item| match item {
                    syn::Item::Trait(item) => Some(format!("{}::{}", source.module, item.ident)),
                    _ => None,
                });
                let imported = index.names.imported(&source.module).into_iter().chain(own);
                (source.module.clone(), imported.filter(|path| index.traits.contains_key(path)).collect())
            })
            .collect();
        index
    }

    fn add_trait(&mut self, module: &str, item: &'a syn::ItemTrait) {
        let path = format!("{module}::{}", item.ident);
        let place = Place { module: module.to_owned(), own_trait: Some(path.clone()), ..Place::default() };
        let mut known = Trait { supers: bounds(self, &place, item.supertraits.iter()), ..Trait::default() };
        for inner in &item.items {
            match inner {
                syn::TraitItem::Fn(method) => drop(known.methods.insert(method.sig.ident.to_string())),
                syn::TraitItem::Type(associated) => {
                    let bounds = bounds(self, &place, associated.bounds.iter());
                    known.associated.insert(associated.ident.to_string(), bounds);
                }
                _ => {}
            }
        }
        self.traits.insert(path, known);
    }

    fn add_item(&mut self, module: &str, item: &'a syn::Item) {
        let place = Place { module: module.to_owned(), ..Place::default() };
        match item {
            syn::Item::Fn(item) if !is_test(&item.attrs) => {
                let place = place.with(self, &item.sig.generics);
                let visibility = Visibility::of(&item.vis, module);
                let node = self.push(&item.sig.ident, place, visibility, Some(&item.sig), Body::Block(&item.block));
                self.free.insert(format!("{module}::{}", item.sig.ident), node);
            }
            syn::Item::Const(item) => self.add_value(place, &item.ident, &item.expr),
            syn::Item::Static(item) => self.add_value(place, &item.ident, &item.expr),
            syn::Item::Struct(item) => {
                let path = format!("{module}::{}", item.ident);
                let place = place.with(self, &item.generics);
                for (number, field) in item.fields.iter().enumerate() {
                    let name = field.ident.as_ref().map_or_else(|| number.to_string(), ToString::to_string);
                    let kind = types::of(self, &place, &field.ty);
                    self.fields.insert((path.clone(), name), kind);
                }
            }
            syn::Item::Trait(item) => {
                let path = format!("{module}::{}", item.ident);
                let place = Place { own_trait: Some(path.clone()), ..place }.with(self, &item.generics);
                for inner in &item.items {
                    if let syn::TraitItem::Fn(method) = inner
                        && let Some(block) = &method.default
                    {
                        let place = place.clone().with(self, &method.sig.generics);
                        let name = &method.sig.ident;
                        let body = Body::Block(block);
                        let node = self.push(name, place, Visibility::Everywhere, Some(&method.sig), body);
                        self.implemented.entry((path.clone(), name.to_string())).or_default().push(node);
                    }
                }
            }
            syn::Item::Impl(item) if !is_test(&item.attrs) => self.add_impl(place, item),
            _ => {}
        }
    }

    fn add_value(&mut self, place: Place, name: &syn::Ident, value: &'a syn::Expr) {
        let path = format!("{}::{name}", place.module);
        let node = self.push(name, place, Visibility::Everywhere, None, Body::Value(value));
        self.free.insert(path, node);
    }

    fn add_impl(&mut self, place: Place, item: &'a syn::ItemImpl) {
        let module = place.module.clone();
        let place = place.with(self, &item.generics);
        let own = match types::of(self, &place, &item.self_ty) {
            Kind::Type(own) => Some(own),
            _ => None,
        };
        let own_trait =
            item.trait_.as_ref().and_then(|(_, path, _)| match self.names.meaning(&module, &segments(path)) {
                Meaning::Item(path) => Some(path),
                _ => None,
            });
        let place = Place { own_type: own.clone(), own_trait: own_trait.clone(), ..place };
        for inner in &item.items {
            let (name, node) = match inner {
                syn::ImplItem::Fn(method) if !is_test(&method.attrs) => {
                    let place = place.clone().with(self, &method.sig.generics);
                    let visibility = Visibility::of(&method.vis, &module);
                    let body = Body::Block(&method.block);
                    (&method.sig.ident, self.push(&method.sig.ident, place, visibility, Some(&method.sig), body))
                }
                syn::ImplItem::Const(value) => {
                    let visibility = Visibility::of(&value.vis, &module);
                    (&value.ident, self.push(&value.ident, place.clone(), visibility, None, Body::Value(&value.expr)))
                }
                _ => continue,
            };
            match (&own_trait, &own, &item.trait_) {
                (Some(own_trait), ..) => {
                    self.implemented.entry((own_trait.clone(), name.to_string())).or_default().push(node);
                }
                (None, Some(own), None) => drop(self.inherent.insert((own.clone(), name.to_string()), node)),
                // Another crate's trait, Display and the like: what calls it is not seen.
                _ => {}
            }
        }
    }

    fn push(
        &mut self,
        name: &syn::Ident,
        place: Place,
        visibility: Visibility,
        signature: Option<&'a syn::Signature>,
        body: Body<'a>,
    ) -> usize {
        let owner = place.own_type.as_deref().or(place.own_trait.as_deref()).unwrap_or(&place.module);
        self.items.push(Item { name: format!("{owner}::{name}"), place, visibility, signature, body });
        self.items.len() - 1
    }

    /// What a field is.
    pub(super) fn field(&self, of: &str, name: &str) -> Kind {
        self.fields.get(&(of.to_owned(), name.to_owned())).cloned().unwrap_or(Kind::Unknown)
    }

    /// The traits that an associated type has.
    pub(super) fn associated(&self, of: &BTreeSet<String>, name: &str) -> Option<BTreeSet<String>> {
        self.with_supers(of).iter().find_map(|path| self.traits.get(path)?.associated.get(name).cloned())
    }

    /// Traits and all that they require.
    fn with_supers(&self, of: &BTreeSet<String>) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        let mut open: Vec<String> = of.iter().cloned().collect();
        while let Some(path) = open.pop() {
            if let Some(known) = self.traits.get(&path)
                && all.insert(path)
            {
                open.extend(known.supers.iter().cloned());
            }
        }
        all
    }

    /// Whether these crates have the type or trait.
    pub(super) fn is_own(&self, path: &str) -> bool {
        self.names.has(path)
    }

    fn of_traits(&self, traits: &BTreeSet<String>, name: &str, of: Option<&str>) -> Vec<usize> {
        let with = traits.iter().filter(|path| self.traits[*path].methods.contains(name));
        let all = with.flat_map(|path| self.implemented.get(&(path.clone(), name.to_owned())).into_iter().flatten());
        all.copied()
            .filter(|&node| match (of, &self.items[node].place.own_type) {
                (Some(of), Some(own)) => of == own,
                _ => true,
            })
            .collect()
    }

    /// Whom `receiver.name` or `Receiver::name` can mean at a place.
    pub(super) fn methods(&self, at: &Place, receiver: &Kind, name: &str) -> Vec<usize> {
        let bounds: BTreeSet<String> = at.parameters.values().flatten().chain(&at.own_trait).cloned().collect();
        let imported = self.imports.get(&at.module).cloned().unwrap_or_default();
        match receiver {
            Kind::Tuple(_) => Vec::new(),
            Kind::Bounds(bounds) => self.of_traits(&self.with_supers(bounds), name, None),
            Kind::Type(of) if self.traits.contains_key(of) => {
                self.of_traits(&self.with_supers(&[of.clone()].into()), name, None)
            }
            Kind::Type(of) => match self.inherent.get(&(of.clone(), name.to_owned())) {
                Some(&node) => vec![node],
                None if !self.is_own(of) => Vec::new(),
                None => {
                    let in_scope: BTreeSet<String> = imported.union(&bounds).cloned().collect();
                    self.of_traits(&self.with_supers(&in_scope), name, Some(of))
                }
            },
            Kind::Unknown => {
                let in_scope: BTreeSet<String> = imported.union(&bounds).cloned().collect();
                let mut all = self.of_traits(&self.with_supers(&in_scope), name, None);
                let inherent = self.inherent.iter().filter(|((_, own), _)| own == name).map(|(_, &node)| node);
                all.extend(inherent.filter(|&node| {
                    let item = &self.items[node];
                    item.signature.is_some_and(|signature| signature.receiver().is_some())
                        && item.visibility.reaches(&at.module)
                }));
                all
            }
        }
    }
}

//! What type a value has, as far as the source says it without a compiler. Wrappers such as `Result<Option<T>>` and references
//! fall away: what is asked is whose methods a call may mean.

use super::{crates::Meaning, index::Index};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing: a method's name may be anybody's.
    Unknown,
    /// A type by its full path, of these crates or of another one.
    Type(String),
    /// A type parameter, or `impl Trait`: it has the methods of these traits.
    Bounds(BTreeSet<String>),
    /// A tuple.
    Tuple(Vec<Kind>),
}

/// Types whose methods hand through what they hold.
const WRAPPERS: [&str; 16] = [
    "Arc",
    "BTreeMap",
    "BTreeSet",
    "Box",
    "Cow",
    "HashMap",
    "HashSet",
    "Mutex",
    "MutexGuard",
    "OnceLock",
    "Option",
    "Pin",
    "Rc",
    "Result",
    "Vec",
    "VecDeque",
];

/// Where a function stands: what its paths and type parameters mean.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    pub(super) module: String,
    /// The type of an `impl`.
    pub(super) own_type: Option<String>,
    /// The trait of an `impl` or of a default method.
    pub(super) own_trait: Option<String>,
    /// Type parameters and the traits that they have.
    pub(super) parameters: BTreeMap<String, BTreeSet<String>>,
}

impl Place {
    /// The kind of `self`.
    pub(super) fn own(&self) -> Kind {
        match (&self.own_type, &self.own_trait) {
            (Some(own), _) => Kind::Type(own.clone()),
            (None, Some(own)) => Kind::Bounds([own.clone()].into()),
            (None, None) => Kind::Unknown,
        }
    }

    /// Takes type parameters and their bounds.
    pub(super) fn with(mut self, index: &Index, generics: &syn::Generics) -> Self {
        for parameter in generics.type_params() {
            let bounds = bounds(index, &self, parameter.bounds.iter());
            self.parameters.entry(parameter.ident.to_string()).or_default().extend(bounds);
        }
        let predicates = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
        for predicate in predicates {
            if let syn::WherePredicate::Type(predicate) = predicate
                && let syn::Type::Path(path) = &predicate.bounded_ty
                && let Some(name) = path.path.get_ident()
            {
                let bounds = bounds(index, &self, predicate.bounds.iter());
                self.parameters.entry(name.to_string()).or_default().extend(bounds);
            }
        }
        self
    }
}

/// The segments of a path, as texts.
pub(super) fn segments(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

/// The traits that bounds name.
pub(super) fn bounds<'a>(
    index: &Index,
    place: &Place,
    bounds: impl Iterator<Item = &'a syn::TypeParamBound>,
) -> BTreeSet<String> {
    let named = bounds.filter_map(|bound| match bound {
        syn::TypeParamBound::Trait(bound) => match index.names.meaning(&place.module, &segments(&bound.path)) {
            Meaning::Item(path) | Meaning::Foreign(path) => Some(path),
            _ => None,
        },
        _ => None,
    });
    named.collect()
}

/// What a written type is.
pub(super) fn of(index: &Index, place: &Place, written: &syn::Type) -> Kind {
    match written {
        syn::Type::Reference(inner) => of(index, place, &inner.elem),
        syn::Type::Paren(inner) => of(index, place, &inner.elem),
        syn::Type::Slice(inner) => of(index, place, &inner.elem),
        syn::Type::Array(inner) => of(index, place, &inner.elem),
        syn::Type::Tuple(tuple) => Kind::Tuple(tuple.elems.iter().map(|inner| of(index, place, inner)).collect()),
        syn::Type::ImplTrait(inner) => output(index, place, inner.bounds.iter())
            .unwrap_or_else(|| Kind::Bounds(bounds(index, place, inner.bounds.iter()))),
        syn::Type::Path(path) if path.qself.is_none() => of_path(index, place, &path.path),
        _ => Kind::Unknown,
    }
}

fn of_path(index: &Index, place: &Place, path: &syn::Path) -> Kind {
    let names = segments(path);
    let Some(last) = path.segments.last() else { return Kind::Unknown };
    if WRAPPERS.contains(&last.ident.to_string().as_str()) {
        let arguments = arguments(last);
        // Of a map the values.
        let wanted = if last.ident.to_string().ends_with("Map") { arguments.last() } else { arguments.first() };
        return wanted.map_or(Kind::Unknown, |inner| of(index, place, inner));
    }
    match names.as_slice() {
        [own] if own == "Self" => return place.own(),
        [name] if place.parameters.contains_key(name) => return Kind::Bounds(place.parameters[name].clone()),
        [first, associated] => {
            let of = if first == "Self" {
                place.own_trait.clone().into_iter().collect()
            } else {
                place.parameters.get(first).cloned().unwrap_or_default()
            };
            if let Some(bounds) = index.associated(&of, associated) {
                return Kind::Bounds(bounds);
            }
        }
        _ => {}
    }
    match index.names.meaning(&place.module, &names) {
        Meaning::Item(path) | Meaning::Foreign(path) => Kind::Type(path),
        _ => Kind::Unknown,
    }
}

fn arguments(segment: &syn::PathSegment) -> Vec<&syn::Type> {
    let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Vec::new() };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        syn::GenericArgument::Type(inner) => Some(inner),
        _ => None,
    });
    types.collect()
}

/// `T` of `impl Future<Output = T>` and of `impl Iterator<Item = T>`.
fn output<'a>(index: &Index, place: &Place, mut bounds: impl Iterator<Item = &'a syn::TypeParamBound>) -> Option<Kind> {
    bounds.find_map(|bound| {
        let syn::TypeParamBound::Trait(bound) = bound else { return None };
        let syn::PathArguments::AngleBracketed(arguments) = &bound.path.segments.last()?.arguments else { return None };
        arguments.args.iter().find_map(|argument| match argument {
            syn::GenericArgument::AssocType(output) => Some(of(index, place, &output.ty)),
            _ => None,
        })
    })
}

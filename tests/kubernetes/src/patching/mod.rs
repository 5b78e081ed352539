//! The four patch types
//! (<https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply>).

pub(crate) mod apply;
pub(crate) mod fields;
pub(crate) mod json;
pub(crate) mod ownership;
pub(crate) mod strategic;

//! The answers of AWS's query protocol.

pub use compute::xml::Element;

//! Reads the files of the project that the contract tests hold together: the state machines, the template, the README's
//! table of states and the folders of the functions.

#![expect(clippy::expect_used, reason = "a test that cannot read the project's own files has failed")]

pub mod exchanges;
pub mod machine;
pub mod permission;
pub mod project;
pub mod reference;
pub mod second_party;
pub mod source;
pub mod template;

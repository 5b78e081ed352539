//! The HTTP layer of the API server: requests, authorization and responses.

pub(crate) mod answer;
pub(crate) mod authorization;
pub(crate) mod discovery;
pub(crate) mod openapi;
pub(crate) mod reading;
pub(crate) mod request;
pub(crate) mod reviews;
pub(crate) mod server;
pub(crate) mod subresources;
mod table;
pub(crate) mod watch;
pub(crate) mod writing;

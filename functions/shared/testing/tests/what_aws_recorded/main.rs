//! The interpreter held against what AWS did.
//!
//! Facts come from the recordings that `LocalStack`'s contributors made against AWS for their tests (repository
//! localstack/localstack, commit 8b9a79f, tests/aws/services/stepfunctions/v2, Apache-2.0); each test here names the file
//! and the test there. Machines are written anew in JSONata with what the point of the test needs. Where the recorded one
//! is written in JSONPath, calls a function by its ARN alone or sends to a queue, the translation is said to matter to
//! nothing but the names of events. Histories are compared by the types of their events, in order.
#![cfg(test)]

mod callbacks;
mod catches;
mod jsonata;
mod nested;
mod parallel;
mod retries;
mod script;
mod timeouts;

//! Step Functions in memory and in virtual time: an interpreter of Amazon States Language for the machines of this project.
//!
//! It runs standard workflows written in JSONata, after the specification (<https://states-language.net>), the developer
//! guide (<https://docs.aws.amazon.com/step-functions/latest/dg/>) and what AWS was recorded to do (`tests/what_aws_recorded`).
//! It knows the state types and integrations that the three machines use, and refuses a definition with anything else.
//!
//! ```
//! use testing::states::{Answer, Fault, Host, Invocation, Machine, Status, StepFunctions};
//!
//! struct Functions;
//! impl Host for Functions {
//!     async fn invoke(&mut self, invocation: &Invocation) -> Answer {
//!         assert_eq!(invocation.function, "Greet");
//!         Ok(serde_json::json!({"greeting": "hello"})).into()
//!     }
//!     async fn publish(&mut self, _: &str, _: &str, _: &str) -> Result<(), Fault> {
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let machine = Machine::parse(r#"{
//!     "QueryLanguage": "JSONata",
//!     "StartAt": "Greet",
//!     "States": {
//!         "Greet": {
//!             "Type": "Task",
//!             "Resource": "arn:aws:states:::lambda:invoke",
//!             "Arguments": {"FunctionName": "${GreetArn}", "Payload": "{% $states.input %}"},
//!             "Output": "{% $states.result.Payload.greeting %}",
//!             "End": true
//!         }
//!     }
//! }"#).unwrap();
//! let mut aws = StepFunctions::new("2026-01-01T00:00:00Z".parse().unwrap());
//! aws.create("Greeting", machine);
//! let arn = aws.api().start_execution("Greeting", "first", serde_json::json!({})).unwrap();
//! aws.run(&mut Functions).await;
//! let execution = aws.execution(&arn).unwrap();
//! assert_eq!((execution.status, execution.history.len()), (Status::Succeeded, 7));
//! # }
//! ```

mod api;
mod definition;
mod ending;
mod engine;
mod execution;
mod failure;
mod flow;
mod host;
mod parallel;
mod retry;
mod task;
mod template;

pub use api::{Api, ApiError};
pub use definition::{DefinitionError, Machine};
pub use engine::StepFunctions;
pub use execution::{Execution, MOST_EVENTS, Status};
pub use host::{Answer, Fault, Host, Invocation};

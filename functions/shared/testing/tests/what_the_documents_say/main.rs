//! Rules of Step Functions that no recording shows, from the specification (<https://states-language.net>) and the developer
//! guide (<https://docs.aws.amazon.com/step-functions/latest/dg/>).
#![cfg(test)]

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use testing::states::{Answer, Api, Fault, Host, Invocation, Machine, StepFunctions};

mod retriers;
mod rules;

const START: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// What the functions of a test do: fails under these errors in turn, then succeeds.
#[derive(Default)]
struct Functions {
    errors: Vec<&'static str>,
    /// The function and the seconds from the start to each invocation.
    calls: Vec<(String, i64)>,
    /// How long the slow function takes.
    took: i64,
    jitter: Option<SignedDuration>,
    /// What is done with a token before the function that got it ends.
    answers: Option<Api>,
}

impl Host for Functions {
    async fn invoke(&mut self, invocation: &Invocation) -> Answer {
        self.calls.push((invocation.function.clone(), invocation.now.duration_since(START).as_secs()));
        if let Some(api) = &self.answers {
            let token = invocation.payload.as_str().unwrap_or_default();
            api.send_task_failure(token, Some("AnsweredFirst"), None).unwrap_or_else(|error| panic!("{error}"));
        }
        let took = if invocation.function == "Slow" { self.took } else { 0 };
        let result =
            if self.errors.is_empty() { Ok(json!({})) } else { Err(Fault::function(self.errors.remove(0), "")) };
        Answer { result, took: SignedDuration::from_secs(took) }
    }

    async fn publish(&mut self, _: &str, _: &str, _: &str) -> Result<(), Fault> {
        Ok(())
    }

    fn jitter(&mut self, longest: SignedDuration) -> SignedDuration {
        self.jitter.unwrap_or(longest)
    }
}

fn machine(start: &str, states: &Value) -> Machine {
    let definition = json!({"QueryLanguage": "JSONata", "StartAt": start, "States": states});
    Machine::parse(&definition.to_string()).unwrap_or_else(|error| panic!("{error}"))
}

fn task(function: &str, more: &Value) -> Value {
    let mut task =
        json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": function}});
    for (name, value) in more.as_object().into_iter().flatten() {
        task[name] = value.clone();
    }
    task
}

async fn run(machine: Machine, functions: &mut Functions) -> StepFunctions {
    let mut aws = StepFunctions::new(START);
    aws.create("Machine", machine);
    functions.answers = functions.answers.take().map(|_| aws.api());
    aws.api().start_execution("Machine", "test", json!({})).unwrap();
    aws.run(functions).await;
    aws
}

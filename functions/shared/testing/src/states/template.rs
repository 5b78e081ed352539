//! JSON with JSONata in it: parsed once, evaluated at every visit of a state.

use super::failure::Failure;
use jsonata_core::{
    ast::AstNode,
    evaluator::{Context, Evaluator},
    parser,
    value::JValue,
};
use serde_json::{Map, Number, Value};

/// A field that may hold JSONata anywhere inside (`Arguments`, `Output`, `Assign`, `Condition`, …).
#[derive(Debug)]
pub(super) enum Template {
    Constant(Value),
    Expression(Expression),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// A JSONata string of the field `field`.
#[derive(Debug)]
pub(super) struct Expression {
    field: String,
    source: String,
    syntax: AstNode,
}

impl Template {
    /// Parses the value of the field named `field`, which stands in the messages of its expressions.
    ///
    /// # Errors
    /// The message of the parser for a JSONata string that is none.
    pub(super) fn parse(field: &str, value: &Value) -> Result<Self, String> {
        Ok(match value {
            Value::String(text) => match text.strip_prefix("{%").and_then(|rest| rest.strip_suffix("%}")) {
                Some(source) => Self::Expression(Expression::parse(field, source.trim())?),
                None => Self::Constant(Value::String(substituted(text))),
            },
            Value::Array(items) => {
                let items = items.iter().enumerate();
                Self::Array(
                    items
                        .map(|(index, item)| Self::parse(&format!("{field}/{index}"), item))
                        .collect::<Result<_, _>>()?,
                )
            }
            Value::Object(fields) => {
                let parse = |(name, item): (&String, &Value)| {
                    Ok((name.clone(), Self::parse(&format!("{field}/{name}"), item)?))
                };
                Self::Object(fields.iter().map(parse).collect::<Result<_, String>>()?)
            }
            other => Self::Constant(other.clone()),
        })
    }

    /// # Errors
    /// `States.QueryEvaluationError` where an expression fails or returns nothing.
    pub(super) fn evaluate(&self, scope: &mut Scope) -> Result<Value, Failure> {
        match self {
            Self::Constant(value) => Ok(value.clone()),
            Self::Expression(expression) => expression.evaluate(scope),
            Self::Array(items) => {
                items.iter().map(|item| item.evaluate(scope)).collect::<Result<_, _>>().map(Value::Array)
            }
            Self::Object(fields) => {
                let evaluate = |(name, item): &(String, Self)| Ok((name.clone(), item.evaluate(scope)?));
                fields.iter().map(evaluate).collect::<Result<Map<_, _>, _>>().map(Value::Object)
            }
        }
    }

    /// Evaluates a field that takes one type only.
    ///
    /// # Errors
    /// `States.QueryEvaluationError` also for any other type.
    pub(super) fn evaluate_as<T>(
        &self,
        scope: &mut Scope,
        expected: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<T, Failure> {
        let value = self.evaluate(scope)?;
        read(&value).ok_or_else(|| {
            let about = match self {
                Self::Expression(expression) => expression.about(),
                _ => "The value".to_owned(),
            };
            let found = kind(&value);
            scope.failure(&format!(
                "{about} returned an unexpected result type. Expected '{expected}', but was '{found}' for value: {value}"
            ))
        })
    }
}

impl Expression {
    fn parse(field: &str, source: &str) -> Result<Self, String> {
        let syntax = parser::parse(source).map_err(|error| format!("{field}: '{source}': {error}"))?;
        Ok(Self { field: field.to_owned(), source: source.to_owned(), syntax })
    }

    fn evaluate(&self, scope: &mut Scope) -> Result<Value, Failure> {
        let failure = |what: String| format!("{} {what}", self.about());
        match scope.evaluator.evaluate(&self.syntax, &JValue::Undefined) {
            Ok(JValue::Undefined) => Err(scope.failure(&failure("returned nothing (undefined).".to_owned()))),
            Ok(value) => {
                json(&value).ok_or_else(|| scope.failure(&failure("returned an unsupported result type.".to_owned())))
            }
            Err(error) => Err(scope.failure(&failure(format!("threw an error during evaluation. {error}")))),
        }
    }

    fn about(&self) -> String {
        format!("The JSONata expression '{}' specified for the field '{}'", self.source, self.field)
    }
}

/// `${NameArn}`, which the SAM template replaces by an ARN (`DefinitionSubstitutions`), is the name alone here.
fn substituted(text: &str) -> String {
    text.strip_prefix("${").and_then(|rest| rest.strip_suffix("Arn}")).unwrap_or(text).to_owned()
}

/// JSON in the form that expressions read, which is cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Seen(JValue);

impl Seen {
    pub(super) fn new(value: &Value) -> Self {
        Self(JValue::from(value.clone()))
    }

    /// A copy with one more field, where it is an object.
    pub(super) fn with(&self, name: &str, value: &Value) -> Self {
        let mut copy = self.clone();
        if let Some(fields) = copy.0.as_object_mut() {
            fields.insert(name.to_owned(), JValue::from(value.clone()));
        }
        copy
    }
}

/// What expressions of one state see: `$states` and the assigned variables.
pub(super) struct Scope {
    evaluator: Evaluator,
    state: String,
    entered_event: usize,
}

impl Scope {
    /// `more` is another field of `$states`. The name of the state and the event at which it was entered stand in messages.
    pub(super) fn new(
        input: &Seen,
        context: &Seen,
        more: Option<(&str, &Value)>,
        variables: &Map<String, Value>,
        (state, entered_event): (&str, usize),
    ) -> Self {
        let mut states = JValue::from(Value::Object(Map::new()));
        if let Some(fields) = states.as_object_mut() {
            fields.insert("input".to_owned(), input.0.clone());
            fields.insert("context".to_owned(), context.0.clone());
            fields.extend(more.map(|(name, value)| (name.to_owned(), JValue::from(value.clone()))));
        }
        let mut bound = Context::new();
        bound.bind("states".to_owned(), states);
        for (name, value) in variables {
            bound.bind(name.clone(), JValue::from(value.clone()));
        }
        Self { evaluator: Evaluator::with_context(bound), state: state.to_owned(), entered_event }
    }

    /// `States.QueryEvaluationError`, with the cause worded as AWS does (see the recordings of `test_base_scenarios.py`).
    pub(super) fn failure(&self, about: &str) -> Failure {
        let (state, event) = (&self.state, self.entered_event);
        Failure::evaluation(format!(
            "An error occurred while executing the state '{state}' (entered at the event id #{event}). {about}"
        ))
    }
}

/// JSON of a result, numbers without a fraction as integers; none for functions and for what is undefined.
fn json(value: &JValue) -> Option<Value> {
    match value {
        JValue::Null => Some(Value::Null),
        JValue::Bool(flag) => Some(Value::Bool(*flag)),
        JValue::Number(number) => self::number(*number),
        JValue::String(text) => Some(Value::String(text.to_string())),
        JValue::Array(_) => value.as_array()?.iter().map(json).collect::<Option<Vec<_>>>().map(Value::Array),
        JValue::Object(_) => value
            .as_object()?
            .iter()
            .map(|(name, field)| Some((name.clone(), json(field)?)))
            .collect::<Option<Map<_, _>>>()
            .map(Value::Object),
        _ => None,
    }
}

fn number(number: f64) -> Option<Value> {
    // The text of an integral f64 has no fraction, so it reads back as an integer where it fits one.
    let integer = number.to_string().parse::<i64>().ok().map(Number::from);
    integer.or_else(|| Number::from_f64(number)).map(Value::Number)
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

//! Expressions of tenants (CEL), checked when saved; what they may name and call is a [`Vocabulary`].
//!
//! An expression is hostile until checked: its length is bounded, it names known variables and calls known
//! functions only, and macros that loop may not nest, so its cost is linear in the size of what it looks at.
use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use bellwire_wire::{MoneyError, UsdNanos};
use cel::{Context, Env, ExecutionError, Program, Value};

use crate::vocabulary::{Type, USD, Vocabulary};

const LENGTH_MAX: usize = 2_048;

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// Why a text is not an expression of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// It is empty or too long.
    #[error("must be 1 to 2048 characters")]
    Length,
    /// It does not parse.
    #[error("is not a CEL expression: {0}")]
    Syntax(String),
    /// It names something that is not there.
    #[error("unknown name `{name}`: {sees}")]
    Name {
        /// What it names.
        name: String,
        /// What there is, as a sentence.
        sees: &'static str,
    },
    /// It calls something that is not there.
    #[error("unknown function `{0}`")]
    Function(String),
    /// It loops inside a loop.
    #[error("all, exists, exists_one, map and filter may not be nested")]
    Nested,
    /// It looks for a pattern again and again: each time is a compilation.
    #[error("matches may not be used inside all, exists, exists_one, map and filter; contains and startsWith may")]
    PatternInLoop,
    /// It does not answer true or false.
    #[error("must be true or false, but is {0}")]
    Type(&'static str),
    /// It takes an amount for a plain number, or the other way round.
    #[error("an amount goes with amounts only: write them as usd(\"1000.00\")")]
    Amount,
    /// What it calls an amount is none.
    #[error("usd(\"…\") {0}")]
    Usd(#[from] MoneyError),
}

/// A compiled expression that answers true or false.
#[derive(Clone)]
pub(crate) struct Expression {
    source: Arc<str>,
    program: Arc<Program>,
}

impl Expression {
    pub(crate) fn compile(text: &str, vocabulary: &Vocabulary) -> Result<Self, ExpressionError> {
        if text.trim().is_empty() || text.len() > LENGTH_MAX {
            return Err(ExpressionError::Length);
        }
        let program = ENV.compile(text).map_err(|errors| {
            ExpressionError::Syntax(
                errors.to_string().lines().next().unwrap_or_default().trim_start_matches("ERROR: ").to_owned(),
            )
        })?;
        match vocabulary.check(program.expression())? {
            Type::Bool | Type::Dyn => Ok(Self { source: text.into(), program: Arc::new(program) }),
            other => Err(ExpressionError::Type(other.name())),
        }
    }

    /// The expression as written.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Whether it looks at a variable.
    pub(crate) fn names(&self, variable: &str) -> bool {
        self.program.references().has_variable(variable)
    }

    /// What it answers; a sentence if it cannot.
    pub(crate) fn answer(&self, scene: &Scene) -> Result<bool, String> {
        match self.program.execute(&scene.0) {
            Ok(Value::Bool(answer)) => Ok(answer),
            Ok(_) => Err("it is neither true nor false".into()),
            Err(error) => Err(error.to_string().chars().take(200).collect()),
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.source, f)
    }
}

/// What expressions look at, once for many of them.
pub(crate) struct Scene(Context<'static, 'static>);

impl Scene {
    /// These variables, and the functions of the vocabulary.
    pub(crate) fn new(vocabulary: &Vocabulary, variables: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        let mut context = Context::with_env(Arc::clone(&ENV));
        for (name, value) in variables {
            context.add_variable_from_value(name, value);
        }
        if vocabulary.money {
            let read = |text: Arc<String>| {
                text.parse::<UsdNanos>()
                    .map(UsdNanos::nanos)
                    .map_err(|error| ExecutionError::function_error(USD, error))
            };
            context.add_function(USD, read).expect("no other function is called so");
        }
        Self(context)
    }
}

/// JSON as CEL: whole numbers are `int`, as people write them.
pub(crate) fn value_of(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::Number(number) => number
            .as_i64()
            .map(Value::Int)
            .or_else(|| number.as_u64().map(Value::UInt))
            .or_else(|| number.as_f64().map(Value::Float))
            .unwrap_or(Value::Null),
        serde_json::Value::String(text) => Value::from(text),
        serde_json::Value::Array(items) => Value::List(Arc::new(items.into_iter().map(value_of).collect())),
        serde_json::Value::Object(fields) => map_of(fields.into_iter().map(|(name, value)| (name, value_of(value)))),
    }
}

/// A map by name.
pub(crate) fn map_of(members: impl IntoIterator<Item = (String, Value)>) -> Value {
    let map = members.into_iter().map(|(name, value)| (name.into(), value)).collect();
    Value::Map(cel::objects::Map { map: Arc::new(map) })
}

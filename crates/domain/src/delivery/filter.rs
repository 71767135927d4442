//! CEL filters over an event, checked when saved.
//!
//! A filter is hostile until checked: its length is bounded, it may look at `event` and call known
//! functions only, and macros that loop may not nest, so its cost is linear in the event's size. A
//! filter that fails at run time (a field is missing, types differ) takes no event.
use std::{
    fmt,
    str::FromStr,
    sync::{Arc, LazyLock},
};

use bellwire_wire::Event;
use cel::{
    Context, Env, IdedExpr, Program, Value,
    common::ast::{EntryExpr, Expr, LiteralValue},
};

const LENGTH_MAX: usize = 2_048;
const FIELDS: &[&str] = &["id", "type", "timestamp", "workspace_id", "namespace", "source", "data"];
const OPERATORS: &[&str] = &[
    "_?_:_",
    "_&&_",
    "_||_",
    "!_",
    "_-_",
    "_+_",
    "_*_",
    "_/_",
    "_%_",
    "_==_",
    "_!=_",
    "_>=_",
    "_<=_",
    "_>_",
    "_<_",
    "-_",
    "_[_]",
    "@in",
    "@not_strictly_false",
];
const FUNCTIONS: &[&str] = &[
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "int",
    "uint",
    "double",
    "string",
    "bool",
    "type",
    "dyn",
];

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// Why a text is not a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// It is empty or too long.
    #[error("must be 1 to 2048 characters")]
    Length,
    /// It does not parse.
    #[error("is not a CEL expression: {0}")]
    Syntax(String),
    /// It names something that is not there.
    #[error(
        "unknown name `{0}`: a filter sees `event` with id, type, timestamp, workspace_id, namespace, source and data"
    )]
    Name(String),
    /// It calls something that is not there.
    #[error("unknown function `{0}`")]
    Function(String),
    /// It loops inside a loop.
    #[error("all, exists, exists_one, map and filter may not be nested")]
    Nested,
    /// It does not answer true or false.
    #[error("must be true or false, but is {0}")]
    Type(&'static str),
}

/// A compiled filter.
#[derive(Clone)]
pub struct Filter {
    source: Arc<str>,
    program: Arc<Program>,
}

impl Filter {
    /// The expression as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it is true for an event.
    pub fn takes(&self, event: &EventView) -> bool {
        let mut context = Context::with_env(Arc::clone(&ENV));
        context.add_variable_from_value("event", event.0.clone());
        matches!(self.program.execute(&context), Ok(Value::Bool(true)))
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        if text.trim().is_empty() || text.len() > LENGTH_MAX {
            return Err(FilterError::Length);
        }
        let program = ENV.compile(text).map_err(|errors| {
            FilterError::Syntax(
                errors.to_string().lines().next().unwrap_or_default().trim_start_matches("ERROR: ").to_owned(),
            )
        })?;
        let mut scope = vec!["event".to_owned()];
        match check(program.expression(), &mut scope, false)? {
            Type::Bool | Type::Dyn => Ok(Self { source: text.into(), program: Arc::new(program) }),
            other => Err(FilterError::Type(other.name())),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.source, f)
    }
}

/// An event as filters see it; made once for all filters of an event.
pub struct EventView(Value);

impl EventView {
    /// The view of an event.
    pub fn new(event: &Event) -> Self {
        let text = |text: &str| serde_json::Value::from(text);
        let data = serde_json::from_str(event.data.get()).unwrap_or(serde_json::Value::Null);
        let optional = |value: Option<&str>| value.map_or(serde_json::Value::Null, text);
        let fields: serde_json::Map<_, _> = [
            ("id", text(event.id.as_str())),
            ("type", text(event.kind.as_str())),
            ("timestamp", text(&event.timestamp.to_string())),
            ("workspace_id", text(event.workspace_id.as_str())),
            ("namespace", optional(event.namespace.as_ref().map(bellwire_wire::Namespace::as_str))),
            ("source", optional(event.source.as_deref())),
            ("data", data),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect();
        Self(convert(serde_json::Value::Object(fields)))
    }
}

/// JSON as CEL: whole numbers are `int`, as people write them in filters.
fn convert(json: serde_json::Value) -> Value {
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
        serde_json::Value::Array(items) => Value::List(Arc::new(items.into_iter().map(convert).collect())),
        serde_json::Value::Object(fields) => Value::Map(cel::objects::Map {
            map: Arc::new(fields.into_iter().map(|(name, value)| (name.into(), convert(value))).collect()),
        }),
    }
}

/// What an expression is known to be before it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Bool,
    Number,
    Text,
    List,
    Map,
    Null,
    Dyn,
}

impl Type {
    const fn name(self) -> &'static str {
        match self {
            Self::Bool => "a bool",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::List => "a list",
            Self::Map => "a map",
            Self::Null => "null",
            Self::Dyn => "unknown",
        }
    }

    fn expect(self, wanted: Self) -> Result<(), FilterError> {
        if self == wanted || self == Self::Dyn { Ok(()) } else { Err(FilterError::Type(self.name())) }
    }
}

/// Walks the expression: names, functions and nesting are known, and what can be told of types fits.
fn check(node: &IdedExpr, scope: &mut Vec<String>, looping: bool) -> Result<Type, FilterError> {
    match &node.expr {
        Expr::Unspecified => Err(FilterError::Syntax("empty expression".into())),
        Expr::Literal(literal) => Ok(match literal {
            LiteralValue::Boolean(_) => Type::Bool,
            LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) => Type::Number,
            LiteralValue::String(_) => Type::Text,
            LiteralValue::Null => Type::Null,
            LiteralValue::Bytes(_) => Type::Dyn,
        }),
        Expr::Ident(name) => {
            if scope.contains(name) {
                Ok(if name == "event" { Type::Map } else { Type::Dyn })
            } else {
                Err(FilterError::Name(name.clone()))
            }
        }
        Expr::Select(select) => {
            check(&select.operand, scope, looping)?;
            if matches!(&select.operand.expr, Expr::Ident(name) if name == "event")
                && !FIELDS.contains(&select.field.as_str())
            {
                return Err(FilterError::Name(format!("event.{}", select.field)));
            }
            let of_event = matches!(&select.operand.expr, Expr::Ident(name) if name == "event");
            Ok(match select.field.as_str() {
                _ if select.test => Type::Bool,
                "id" | "type" | "timestamp" | "workspace_id" if of_event => Type::Text,
                "data" if of_event => Type::Map,
                _ => Type::Dyn,
            })
        }
        Expr::List(list) => {
            list.elements.iter().try_for_each(|item| check(item, scope, looping).map(drop))?;
            Ok(Type::List)
        }
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    check(&entry.key, scope, looping)?;
                    check(&entry.value, scope, looping)?;
                }
            }
            Ok(Type::Map)
        }
        Expr::Struct(made) => Err(FilterError::Name(made.type_name.clone())),
        Expr::Call(call) => {
            let target = call.target.as_deref().map(|target| check(target, scope, looping)).transpose()?;
            let args = call.args.iter().map(|arg| check(arg, scope, looping)).collect::<Result<Vec<_>, _>>()?;
            result_of(&call.func_name, target, &args)
        }
        Expr::Comprehension(each) => {
            if looping {
                return Err(FilterError::Nested);
            }
            check(&each.iter_range, scope, true)?;
            check(&each.accu_init, scope, true)?;
            let depth = scope.len();
            scope.extend([each.iter_var.clone(), each.accu_var.clone()]);
            scope.extend(each.iter_var2.clone());
            let inner = [&each.loop_cond, &each.loop_step, &each.result]
                .into_iter()
                .try_for_each(|part| check(part, scope, true).map(drop));
            scope.truncate(depth);
            inner.map(|()| Type::Dyn)
        }
    }
}

/// What a call answers, if it exists and its arguments can fit.
fn result_of(name: &str, target: Option<Type>, args: &[Type]) -> Result<Type, FilterError> {
    let all = |wanted: Type| args.iter().try_for_each(|arg| arg.expect(wanted));
    match name {
        "_&&_" | "_||_" | "!_" => all(Type::Bool).map(|()| Type::Bool),
        "_+_" => Ok(match args {
            [a, b] if a == b => *a,
            _ => Type::Dyn,
        }),
        "_-_" | "_*_" | "_/_" | "_%_" | "-_" => all(Type::Number).map(|()| Type::Number),
        "_<_" | "_<=_" | "_>_" | "_>=_" => {
            let known: Vec<Type> = args.iter().copied().filter(|arg| *arg != Type::Dyn).collect();
            if let Some(bad) = known.iter().find(|arg| !matches!(arg, Type::Number | Type::Text | Type::Bool)) {
                return Err(FilterError::Type(bad.name()));
            }
            match known.as_slice() {
                [a, b] if a != b => Err(FilterError::Type(b.name())),
                _ => Ok(Type::Bool),
            }
        }
        "_==_" | "_!=_" => match args {
            [a, b] if a != b && ![*a, *b].iter().any(|side| matches!(side, Type::Dyn | Type::Null)) => {
                Err(FilterError::Type(b.name()))
            }
            _ => Ok(Type::Bool),
        },
        "@in" | "@not_strictly_false" | "bool" => Ok(Type::Bool),
        "contains" | "startsWith" | "endsWith" | "matches" => {
            target.into_iter().chain(args.iter().copied()).try_for_each(|part| part.expect(Type::Text))?;
            Ok(Type::Bool)
        }
        "size" | "int" | "uint" | "double" => Ok(Type::Number),
        "string" => Ok(Type::Text),
        "_?_:_" => {
            args.first().copied().unwrap_or(Type::Dyn).expect(Type::Bool)?;
            Ok(match args {
                [_, a, b] if a == b => *a,
                _ => Type::Dyn,
            })
        }
        _ if OPERATORS.contains(&name) || FUNCTIONS.contains(&name) => Ok(Type::Dyn),
        _ => Err(FilterError::Function(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(data: &str) -> EventView {
        EventView::new(&Event {
            id: "evt_1".parse().expect("an id"),
            kind: "purchase.succeeded".parse().expect("a type"),
            timestamp: bellwire_wire::Timestamp::EPOCH,
            workspace_id: bellwire_wire::WorkspaceId::from_stored("ws-1"),
            namespace: Some("acme".parse().expect("a namespace")),
            source: None,
            data: serde_json::from_str(data).expect("JSON"),
        })
    }

    fn takes(filter: &str, data: &str) -> bool {
        filter.parse::<Filter>().expect("a filter").takes(&view(data))
    }

    #[test]
    fn numbers_compare_across_their_kinds() {
        assert!(takes("event.data.amount_usd > 100.0", r#"{"amount_usd": 100.5}"#));
        assert!(takes("event.data.amount_usd > 100.0", r#"{"amount_usd": 150}"#));
        assert!(!takes("event.data.amount_usd > 100.0", r#"{"amount_usd": 100}"#));
        assert!(takes("event.data.n == 3", r#"{"n": 3}"#));
    }

    #[test]
    fn texts_macros_and_presence_work() {
        assert!(takes("event.type.startsWith('purchase.') && event.namespace == 'acme'", "{}"));
        assert!(takes("has(event.data.vendor)", r#"{"vendor": "x"}"#));
        assert!(!takes("has(event.data.vendor)", "{}"));
        assert!(takes("event.data.tags.exists(t, t == 'b')", r#"{"tags": ["a", "b"]}"#));
        assert!(takes("event.data.vendor in ['aws', 'gcp']", r#"{"vendor": "gcp"}"#));
        assert!(takes("event.data.path.matches('^reports/.*[.]md$')", r#"{"path": "reports/q.md"}"#));
    }

    #[test]
    fn what_fails_at_run_time_takes_nothing() {
        assert!(!takes("event.data.missing > 1", "{}"));
        assert!(!takes("event.data.a > 1", r#"{"a": "text"}"#));
        assert!(!takes("event.data.a", r#"{"a": "text"}"#));
    }

    #[test]
    fn bad_filters_are_told_apart_when_saved() {
        let error = |text: &str| text.parse::<Filter>().expect_err(text);
        assert!(matches!(error("event.data.a >"), FilterError::Syntax(_)));
        assert_eq!(error("evt.data"), FilterError::Name("evt".into()));
        assert_eq!(error("event.amount > 1"), FilterError::Name("event.amount".into()));
        assert_eq!(error("danger(event)"), FilterError::Function("danger".into()));
        assert_eq!(error("1 + 2"), FilterError::Type("a number"));
        assert_eq!(error("'x'"), FilterError::Type("a string"));
        assert_eq!(error("'x' && true"), FilterError::Type("a string"));
        assert_eq!(error("event.type == 1"), FilterError::Type("a number"));
        assert_eq!(error("1 != 'x'"), FilterError::Type("a string"));
        for fine in ["event.namespace == null", "event.data.a == 'x'", "event.type != 'a.b'", "true == false"] {
            assert!(fine.parse::<Filter>().is_ok(), "{fine}");
        }
        assert_eq!(error("event.data.a.all(x, event.data.b.all(y, x == y))"), FilterError::Nested);
        assert_eq!(error(""), FilterError::Length);
        assert_eq!(error(&"a".repeat(3000)), FilterError::Length);
    }
}

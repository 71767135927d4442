//! CEL filters over an event, checked when saved.
//!
//! A filter is an [`Expression`] that looks at `event`. One that fails at run time (a field is missing, types
//! differ) takes no event.
use std::{fmt, str::FromStr};

use bellwire_wire::Event;

pub use crate::expression::ExpressionError as FilterError;
use crate::{
    expression::{Expression, Scene, value_of},
    vocabulary::{Type, Vocabulary},
};

static VOCABULARY: Vocabulary = Vocabulary {
    variables: &[(
        "event",
        &[
            ("id", Type::Text),
            ("type", Type::Text),
            ("timestamp", Type::Text),
            ("workspace_id", Type::Text),
            ("namespace", Type::Dyn),
            ("source", Type::Dyn),
            ("data", Type::Map),
        ],
    )],
    money: false,
    sees: "a filter sees `event` with id, type, timestamp, workspace_id, namespace, source and data",
};

/// A compiled filter.
#[derive(Clone)]
pub struct Filter(Expression);

impl Filter {
    /// The expression as written.
    pub fn source(&self) -> &str {
        self.0.source()
    }

    /// Whether it is true for an event.
    pub fn takes(&self, event: &EventView) -> bool {
        self.0.answer(&event.0) == Ok(true)
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Expression::compile(text, &VOCABULARY).map(Self)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source())
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// An event as filters see it; made once for all filters of an event.
pub struct EventView(Scene);

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
        Self(Scene::new(&VOCABULARY, [("event", value_of(serde_json::Value::Object(fields)))]))
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
        let unknown = |name: &str| FilterError::Name { name: name.into(), sees: VOCABULARY.sees };
        assert_eq!(error("evt.data"), unknown("evt"));
        assert_eq!(error("event.amount > 1"), unknown("event.amount"));
        assert_eq!(error("usd('1') == 1"), FilterError::Function("usd".into()));
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

//! The rules of a policy: read strictly, shown as they were written.
use std::sync::Arc;

use serde_json::value::RawValue;

use super::{
    parts, read,
    rule::{Check, Rule, Span},
};
use crate::Faults;

/// Windows of which is counted what was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// The day.
    pub day: bool,
    /// The month.
    pub month: bool,
}

impl Counted {
    /// Whether any is.
    pub const fn any(self) -> bool {
        self.day || self.month
    }
}

/// Rules in order, checked.
#[derive(Debug, Clone)]
pub struct Rules {
    source: Arc<RawValue>,
    all: Arc<[Rule]>,
}

impl PartialEq for Rules {
    fn eq(&self, other: &Self) -> bool {
        self.source.get() == other.source.get()
    }
}

impl Rules {
    /// The rules that `json` says: a list of objects. Everything that is wrong with them is noted, with its path
    /// below `field`.
    pub fn read(json: &RawValue, field: &str, faults: &mut Faults) -> Option<Self> {
        let all = read::rules(json, field, faults)?;
        let source = RawValue::from_string(bellwire_wire::json::compact(json.get()));
        Some(Self { source: source.expect("JSON without its blanks is JSON").into(), all: all.into() })
    }

    /// The rules as they were written, without blanks.
    pub fn source(&self) -> &RawValue {
        &self.source
    }

    /// The same as a value, in which amounts are texts: these keep every digit.
    pub fn exact(&self) -> serde_json::Value {
        parts::exact(&self.source)
    }

    /// Of which windows they look at what was granted before.
    pub fn counted(&self) -> Counted {
        self.all.iter().fold(Counted::default(), |counted, rule| match &rule.check {
            Check::Cap(Span::Day, _) => Counted { day: true, ..counted },
            Check::Cap(Span::Month, _) => Counted { month: true, ..counted },
            Check::When(when, _) if when.counts() => Counted { day: true, month: true },
            _ => counted,
        })
    }

    pub(super) fn all(&self) -> &[Rule] {
        &self.all
    }
}

//! The rules of a policy: read strictly, shown as they were written.
use std::sync::Arc;

use serde_json::value::RawValue;

use super::{
    read,
    rule::{Check, Rule},
};
use crate::Faults;

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

    /// Whether they look at what was granted before.
    pub fn count(&self) -> bool {
        self.all.iter().any(|rule| match &rule.check {
            Check::Cap(..) => true,
            Check::When(when, _) => when.counts(),
            _ => false,
        })
    }

    pub(super) fn all(&self) -> &[Rule] {
        &self.all
    }
}

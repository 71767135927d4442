//! What is wrong with a request, field by field.
use std::fmt;

/// One thing wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field's path in the request: `url`, `retry.schedule[2]`, `data.amount_usd`.
    pub field: String,
    /// What would be right, as a sentence without its subject: `must be 1 to 20 steps`.
    pub detail: String,
}

/// Everything wrong with a request; empty means nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Notes one fault.
    pub fn add(&mut self, field: impl Into<String>, detail: impl fmt::Display) {
        self.0.push(Fault { field: field.into(), detail: detail.to_string() });
    }

    /// Keeps the value, or notes the fault and goes on.
    pub fn take<T, E: fmt::Display>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|detail| self.add(field, detail)).ok()
    }

    /// Notes `detail` unless `holds`.
    pub fn check(&mut self, holds: bool, field: &str, detail: impl fmt::Display) {
        if !holds {
            self.add(field, detail);
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `value` if nothing is wrong, else all faults.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }

    /// The faults, in the order found.
    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}

impl From<Vec<Fault>> for Faults {
    fn from(faults: Vec<Fault>) -> Self {
        Self(faults)
    }
}

/// One fault alone.
impl<F: Into<String>, D: fmt::Display> From<(F, D)> for Faults {
    fn from((field, detail): (F, D)) -> Self {
        let mut faults = Self::default();
        faults.add(field, detail);
        faults
    }
}

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

/// Where a JSON pointer below `root` leads, as people write paths: `retry.schedule[2]`. An empty root is
/// the request itself.
pub fn field_path(root: &str, pointer: &str) -> String {
    pointer.split('/').skip(1).fold(root.to_owned(), |mut path, part| {
        let part = part.replace("~1", "/").replace("~0", "~");
        if !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit()) {
            path.extend(["[", &part, "]"]);
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&part);
        }
        path
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_told_as_people_write_paths() {
        assert_eq!(field_path("", "/retry/schedule/2"), "retry.schedule[2]");
        assert_eq!(field_path("data", "/lines/0/a~1b"), "data.lines[0].a/b");
        assert_eq!(field_path("data", ""), "data");
        assert_eq!(field_path("", ""), "");
    }
}

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
pub struct Faults {
    all: Vec<Fault>,
    /// So many of them are of the form.
    form: usize,
}

impl Faults {
    /// Faults of the form. Their fields are read as if they were absent, so whatever is said later of
    /// such a field is not about what was sent, and is left out.
    pub fn of_form(faults: Vec<Fault>) -> Self {
        Self { form: faults.len(), all: faults }
    }

    /// Notes one fault.
    pub fn add(&mut self, field: impl Into<String>, detail: impl fmt::Display) {
        let field = field.into();
        if !self.all[..self.form].iter().any(|known| overlap(&known.field, &field)) {
            self.all.push(Fault { field, detail: detail.to_string() });
        }
    }

    /// The value of a field that must be there, or notes that it is not.
    pub fn need<T>(&mut self, field: &str, value: Option<T>) -> Option<T> {
        self.check(value.is_some(), field, "is required");
        value
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
        self.all.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// `value` if nothing is wrong, else all faults.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }

    /// The faults, in the order found.
    pub fn into_vec(self) -> Vec<Fault> {
        self.all
    }
}

/// Whether one path is the other, or leads into it.
fn overlap(one: &str, other: &str) -> bool {
    let inside = |outer: &str, inner: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    inside(one, other) || inside(other, one)
}

impl From<Vec<Fault>> for Faults {
    fn from(faults: Vec<Fault>) -> Self {
        Self { all: faults, form: 0 }
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

    #[test]
    fn what_is_said_of_a_field_whose_form_is_wrong_is_left_out() {
        let fault = |field: &str| Fault { field: field.into(), detail: "must be a number, not a string".into() };
        let mut faults = Faults::of_form(vec![fault("retry.schedule[1]"), fault("kind")]);
        for field in ["retry", "retry.schedule", "kind", "kind.of", "kinds", "retry.preset", "url"] {
            faults.add(field, "is wrong");
        }
        assert_eq!(faults.need::<()>("kind", None), None);
        let fields: Vec<String> = faults.into_vec().into_iter().map(|fault| fault.field).collect();
        assert_eq!(fields, ["retry.schedule[1]", "kind", "kinds", "retry.preset", "url"]);
    }
}

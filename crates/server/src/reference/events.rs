//! Every built-in event type, from the catalog.
use std::fmt::Write;

use bellwire_wire::catalog::{self, TypeSpec};
use serde_json::Value;

use super::{schema, text};

pub(super) fn page() -> String {
    let mut page = format!(
        "{}\n# Events\n\nThe built-in event types: what happened, and the fields of `data`. What is around `data` is \
         the envelope of the endpoint's dialect; see [wire](../concepts/wire.md). Fields are only ever added: ignore \
         those you do not know. The same for programs: `/asyncapi.json` of a running server, and \
         `GET /v1/event-types`, which lists your own types as well.\n\n",
        super::MADE
    );
    let rows: Vec<Vec<String>> = catalog::types()
        .iter()
        .map(|spec| vec![format!("[`{}`](#{})", spec.name, anchor(spec.name)), spec.description.to_owned()])
        .collect();
    page.push_str(&text::table(&["type", "happens when"], &rows));
    for spec in catalog::types() {
        page.push_str(&one(spec));
    }
    page
}

fn one(spec: &TypeSpec) -> String {
    let (schema, example): (Value, Value) = (read(spec.schema.get()), read(spec.example.get()));
    let rows: Vec<Vec<String>> = schema::fields(&schema, &Value::Null)
        .into_iter()
        .map(|field| {
            vec![text::code(&field.name), field.kind.clone(), field.presence().to_owned(), field.meaning.clone()]
        })
        .collect();
    let mut page = format!("## {}\n\n{}\n\n", spec.name, spec.description);
    page.push_str(&text::table(&["field", "type", "", "meaning"], &rows));
    let _ = write!(page, "```json\n{example:#}\n```\n\n");
    page
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("the catalog is JSON; a test reads it")
}

/// As the pages of repositories make them.
fn anchor(heading: &str) -> String {
    heading.replace('.', "")
}

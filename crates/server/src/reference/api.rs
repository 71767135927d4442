//! Every operation of the API, from its own description.
use std::fmt::Write;

use serde_json::Value;

use super::{schema, text};
use crate::api::openapi;

pub(super) fn page() -> String {
    let document: Value = serde_json::from_str(openapi::json()).expect("the description is JSON");
    let mut page = format!(
        "{}\n# API\n\nEvery operation of the HTTP API, in short. A running server has the same with every field, and a \
         form to try it, at `/docs`, and for programs at `/openapi.json`. What holds for all of them (keys, errors, \
         lists, times, idempotency) is in [conventions](../concepts/conventions.md); what an error means in \
         [errors](errors.md).\n\n",
        super::MADE
    );
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = tag["name"].as_str().unwrap_or_default();
        let _ = write!(page, "## {name}\n\n{}\n\n", text::sentence(tag["description"].as_str().unwrap_or_default()));
        for (path, operations) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                if operation["tags"][0] == name {
                    page.push_str(&one(method, path, operation, &document));
                }
            }
        }
    }
    page
}

fn one(method: &str, path: &str, operation: &Value, document: &Value) -> String {
    let said = [&operation["summary"], &operation["description"]];
    let said: Vec<String> = said.into_iter().filter_map(Value::as_str).map(text::sentence).collect();
    let mut page = format!("### {} {path}\n\n{}\n\n", method.to_uppercase(), said.join(" "));
    let mut rows: Vec<Vec<String>> = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        rows.push(vec![
            text::code(parameter["name"].as_str().unwrap_or_default()),
            parameter["in"].as_str().unwrap_or_default().to_owned(),
            schema::kind(&parameter["schema"], document),
            need(parameter["required"] == true),
            text::sentence(parameter["description"].as_str().unwrap_or_default()),
        ]);
    }
    let body = content(&operation["requestBody"]);
    for field in body.map(|(_, schema)| schema::fields(schema, document)).unwrap_or_default() {
        rows.push(vec![text::code(&field.name), "body".into(), field.kind, need(field.required), field.meaning]);
    }
    page.push_str(&text::table(&["name", "in", "type", "", "meaning"], &rows));
    let mut refused = Vec::new();
    for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
        if status.as_str() >= "400" && content(answer).is_none_or(|(kind, _)| kind == "application/problem+json") {
            refused.push(status.as_str());
            continue;
        }
        let _ = writeln!(page, "- **{status}** {}", answered(answer, document));
    }
    if !refused.is_empty() {
        let _ = writeln!(page, "- [problems](errors.md): {}", refused.join(", "));
    }
    page.push('\n');
    page
}

fn need(required: bool) -> String {
    if required { "needed".to_owned() } else { String::new() }
}

/// The kind of a body, and its schema.
fn content(of: &Value) -> Option<(&str, &Value)> {
    let (kind, content) = of["content"].as_object()?.iter().next()?;
    Some((kind, &content["schema"]))
}

/// What an answer holds.
fn answered(answer: &Value, document: &Value) -> String {
    let said = text::sentence(answer["description"].as_str().unwrap_or_default());
    let Some((kind, schema)) = content(answer) else {
        return if said.is_empty() { "Nothing.".to_owned() } else { said };
    };
    let names = schema::names(schema, document);
    let held = match (kind, names.is_empty()) {
        ("application/json", false) => text::codes(names),
        ("application/json", true) => schema::kind(schema, document),
        (other, _) => text::code(other),
    };
    [said, held].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

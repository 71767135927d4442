//! Examples for the API's own description. What is in `examples.json` was said by a real server, told a story by the test
//! `e2e/tests/examples`, which also sees to it that it stays true; here it is put where it belongs.
use std::{borrow::Cow, collections::BTreeMap};

use bellwire_domain::StoreError;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    extract::over_quota,
    problem::{Code, Problem, ProblemBody},
};
use crate::config::KEY_REQUESTS_PER_SECOND;

/// What was recorded.
const RECORDED: &str = include_str!("examples.json");

#[derive(Deserialize)]
struct Recorded {
    /// By operation.
    operations: BTreeMap<String, Operation>,
    /// By status: what any operation may answer.
    refusals: BTreeMap<String, Box<RawValue>>,
}

#[derive(Default, Deserialize)]
struct Operation {
    request: Option<Box<RawValue>>,
    /// By status, then by media type.
    responses: BTreeMap<String, BTreeMap<String, Box<RawValue>>>,
}

impl Recorded {
    /// What an operation was answered; else what all of them are.
    fn answer(&self, operation: &str, status: &str, kind: &str) -> Option<Cow<'_, str>> {
        let own = self.operations.get(operation).and_then(|own| own.responses.get(status)?.get(kind));
        if own.is_some() || kind != "application/problem+json" {
            return own.map(|text| text.get().into());
        }
        self.refusals.get(status).map(|text| text.get().into()).or_else(|| refusal(status).map(Cow::Owned))
    }
}

/// The request of every refusal that was recorded.
const REQUEST_ID: &str = "req_01M1E34QM00000000000000001";

/// What is refused where the server or the connection, not what was asked, is the reason: no story brings these about
/// quickly.
fn refusal(status: &str) -> Option<String> {
    let problem = match status {
        "400" => Problem::new(Code::Unparsable, "The body ended early."),
        "408" => Problem::new(Code::Timeout, "The body took too long to arrive."),
        "429" => over_quota(KEY_REQUESTS_PER_SECOND),
        "503" => StoreError::Closed.into(),
        "507" => StoreError::Full.into(),
        _ => return None,
    };
    let body = ProblemBody { request_id: Some(REQUEST_ID.into()), ..problem.body() };
    serde_json::to_string_pretty(&body).ok()
}

/// Begins the text that stands for an example until the document is written.
const MARK: &str = "example of ";

/// The document as a text, with an example of every body and answer that has one. They are put into the text, not into
/// the value: an amount is written `10.00`, and a value would make `10.0` of it.
pub(super) fn written(document: &mut Value) -> String {
    let recorded: Recorded = serde_json::from_str(RECORDED).expect("a test wrote it");
    let mut examples = Vec::new();
    let mut put = |content: &mut Value, example: Option<Cow<'_, str>>| {
        if let Some(example) = example {
            content["example"] = format!("{MARK}{}", examples.len()).into();
            examples.push(example.into_owned());
        }
    };
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (_, operation) in paths.flat_map(|(_, methods)| methods.as_object_mut().into_iter().flatten()) {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let request = recorded.operations.get(&id).and_then(|own| own.request.as_deref());
        // An operation without a body must not be given one.
        for (_, content) in
            operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut).into_iter().flatten()
        {
            put(content, request.map(|request| request.get().into()));
        }
        for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
            let contents = response.get_mut("content").and_then(Value::as_object_mut);
            for (kind, content) in contents.into_iter().flatten() {
                put(content, recorded.answer(&id, status, kind));
            }
        }
    }
    let text = serde_json::to_string_pretty(document).expect("a document is JSON");
    let lines = text.lines().map(|line| unmarked(line, &examples).unwrap_or_else(|| line.to_owned()) + "\n");
    lines.collect()
}

/// A line that is marked, with the example in its place.
fn unmarked(line: &str, examples: &[String]) -> Option<String> {
    let (before, after) = line.split_once(": \"example of ")?;
    let (nth, after) = after.split_once('"')?;
    let example = examples.get(nth.parse::<usize>().ok()?)?;
    let margin = before.len() - before.trim_start().len();
    Some(format!("{before}: {}{after}", indented(example, margin)))
}

/// Indented JSON whose last line stood somewhere else, with its last line at this margin.
fn indented(text: &str, margin: usize) -> String {
    let last = text.lines().last().unwrap_or_default();
    let before = last.len() - last.trim_start().len();
    let lines = text.lines().enumerate().map(|(nth, line)| match nth {
        0 => line.to_owned(),
        _ => format!("{:margin$}{}", "", &line[before..]),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;
    use crate::api::openapi;

    /// The same schema, and what it does not name is a fault: so what is answered and not described is seen. A problem
    /// may have members of its code.
    fn strict(schema: &mut Value, part: bool) {
        match schema {
            Value::Array(all) => all.iter_mut().for_each(|one| strict(one, part)),
            Value::Object(members) => {
                for (name, member) in members.iter_mut() {
                    match name.as_str() {
                        "properties" => {
                            member.as_object_mut().into_iter().flatten().for_each(|(_, one)| strict(one, false));
                        }
                        "items" | "oneOf" | "anyOf" => strict(member, false),
                        "allOf" => strict(member, true),
                        _ => {}
                    }
                }
                let to = members.get("$ref").and_then(Value::as_str).unwrap_or_default();
                let whole = members.contains_key("allOf") || members.contains_key("properties") || !to.is_empty();
                let open = to.ends_with("/Problem") || members.contains_key("oneOf");
                if whole && !part && !open {
                    members.insert("unevaluatedProperties".into(), false.into());
                }
            }
            _ => {}
        }
    }

    /// Each schema's check, made once.
    struct Checks {
        components: Value,
        made: HashMap<String, jsonschema::Validator>,
    }

    impl Checks {
        fn of(document: &Value) -> Self {
            let mut components = document["components"].clone();
            for (_, schema) in components["schemas"].as_object_mut().into_iter().flatten() {
                // The whole of it is closed where it is named: it may be a part of another.
                strict(schema, true);
            }
            Self { components, made: HashMap::new() }
        }

        fn faults(&mut self, schema: &Value, example: &Value) -> Vec<String> {
            let check = self.made.entry(schema.to_string()).or_insert_with(|| {
                let mut whole = schema.clone();
                strict(&mut whole, false);
                whole["components"] = self.components.clone();
                jsonschema::draft202012::new(&whole).expect("a schema")
            });
            check.iter_errors(example).map(|error| format!("{}: {error}", error.instance_path())).collect()
        }
    }

    #[test]
    fn every_body_and_every_answer_has_an_example_that_its_schema_allows() {
        let document: Value = serde_json::from_str(openapi::json()).expect("JSON");
        let mut checks = Checks::of(&document);
        let (mut faults, mut seen) = (Vec::new(), 0);
        let paths = document["paths"].as_object().into_iter().flatten();
        for (_, operation) in paths.flat_map(|(_, methods)| methods.as_object().into_iter().flatten()) {
            let id = operation["operationId"].as_str().expect("a name");
            let request = [("request", &operation["requestBody"])];
            let responses = operation["responses"].as_object().into_iter().flatten();
            let responses = responses.map(|(status, response)| (status.as_str(), response));
            for (part, described) in request.into_iter().chain(responses) {
                for (kind, content) in described["content"].as_object().into_iter().flatten() {
                    let at = format!("{id} {part} {kind}");
                    seen += 1;
                    match content.get("example") {
                        None => faults.push(format!("{at}: no example")),
                        Some(example) => {
                            let found = checks.faults(&content["schema"], example);
                            faults.extend(found.into_iter().map(|fault| format!("{at}{fault}")));
                        }
                    }
                }
            }
        }
        assert!(faults.is_empty(), "of {seen}:\n{}", faults.join("\n"));
        assert!(seen > 500, "{seen}");
    }

    #[test]
    fn amounts_keep_their_digits_and_nothing_of_a_machine_is_told() {
        let text = openapi::json();
        assert!(text.contains("\"budget_usd\": 50.00"));
        assert!(!text.contains(MARK));
        let hosts = text.match_indices("http://127.0.0.1:").map(|(at, found)| &text[at + found.len()..][..4]);
        assert!(hosts.into_iter().all(|port| port == "4800" || port == "4801"));
    }

    #[test]
    fn an_example_is_indented_as_what_is_around_it() {
        let example = "{\n          \"a\": [\n            1.50\n          ]\n        }".to_owned();
        let line = unmarked("  \"example\": \"example of 0\",", &[example]).expect("it is marked");
        assert_eq!(line, "  \"example\": {\n    \"a\": [\n      1.50\n    ]\n  },");
        assert_eq!(unmarked("  \"example\": \"24h\",", &[]), None);
        assert_eq!(json!({"a": [1.5]}), serde_json::from_str::<Value>("{\"a\": [1.50]}").expect("JSON"));
    }
}

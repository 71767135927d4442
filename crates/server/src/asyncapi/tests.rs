//! The description against what is really encoded and signed.
use super::*;
use bellwire_wire::Namespace;

/// A validator of a schema of the document, its references included.
fn validator(schema: &Value, document: &Value) -> jsonschema::Validator {
    let whole = json!({"allOf": [schema], "components": document["components"]});
    jsonschema::draft7::options().should_validate_formats(true).build(&whole).expect("it is a schema")
}

#[track_caller]
fn valid(schema: &Value, document: &Value, value: &Value, what: &str) {
    let validator = validator(schema, document);
    let faults: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{error} at {}", error.instance_path())).collect();
    assert!(faults.is_empty(), "{what}: {faults:?}\n{value:#}");
}

fn read() -> Value {
    serde_json::from_str(json()).expect("JSON")
}

#[test]
fn every_type_of_the_catalog_is_in_exactly_one_channel_and_nothing_else_is() {
    let document = read();
    let mut told: Vec<&str> = Vec::new();
    for (name, channel) in document["channels"].as_object().expect("channels") {
        let messages = channel["messages"].as_object().expect("messages");
        told.extend(messages.keys().map(String::as_str).filter(|message| message.contains('.')));
        for (message, link) in messages {
            assert_eq!(link["$ref"], format!("#/components/messages/{message}"), "{name}");
        }
    }
    told.sort_unstable();
    let wanted: Vec<&str> = catalog::types().iter().map(|spec| spec.name).collect();
    assert_eq!(told, wanted);
}

#[test]
fn every_example_is_valid_by_what_is_beside_it() {
    let document = read();
    let mut examples = 0;
    for (name, message) in document["components"]["messages"].as_object().expect("messages") {
        for example in message["examples"].as_array().expect("examples") {
            valid(&message["payload"], &document, &example["payload"], name);
            if message["headers"].is_object() {
                valid(&message["headers"], &document, &example["headers"], name);
            }
            examples += 1;
        }
    }
    assert!(examples > catalog::types().len(), "{examples}");
}

#[test]
fn what_every_dialect_makes_of_every_type_is_as_described_and_nothing_is_left_out() {
    let document = read();
    for dialect in Dialect::ALL {
        let name = if dialect == Dialect::Standard { "custom".into() } else { format!("dialect_{dialect}") };
        let mut schema = document["components"]["messages"][&*name]["payload"].clone();
        if dialect == Dialect::Standard {
            // Here of any type, not only of those that are nobody's.
            schema["properties"]["type"] = json!({"type": "string"});
        }
        let validator = validator(&schema, &document);
        for spec in catalog::types() {
            let mut event = message::event(spec.name, spec.example.get());
            for namespace in [None, Some(Namespace::from_stored("acme"))] {
                event.namespace = namespace;
                let (body, _) = message::sent(&event, dialect, true);
                assert!(validator.is_valid(&body), "{dialect} {}: {body:#}", spec.name);
                let open = matches!(dialect, Dialect::Trove | Dialect::PayGraph);
                for member in body.as_object().expect("an object").keys().filter(|_| !open) {
                    assert!(schema["properties"][member].is_object(), "{dialect}: {member} is not described");
                }
            }
        }
        assert!(!validator.is_valid(&json!({})), "{dialect}: it says something");
    }
}

#[test]
fn every_header_that_is_sent_is_described_and_what_is_always_sent_is_needed() {
    let document = read();
    for dialect in Dialect::ALL {
        let schema = &document["components"]["schemas"][format!("headers_{dialect}")];
        let event =
            message::event("approval.requested", catalog::find("approval.requested").expect("it is").example.get());
        let (_, all) = message::sent(&event, dialect, true);
        let (_, least) = message::sent(&event, dialect, false);
        let names = |value: &Value| -> Vec<String> {
            let mut names: Vec<String> = value.as_object().expect("headers").keys().cloned().collect();
            names.sort();
            names
        };
        assert_eq!(names(&all), names(&schema["properties"]), "{dialect}");
        let mut needed: Vec<String> = serde_json::from_value(schema["required"].clone()).expect("names");
        needed.sort();
        assert_eq!(names(&least), needed, "{dialect}");
        for (name, header) in schema["properties"].as_object().expect("headers") {
            assert!(header["description"].as_str().is_some_and(|said| !said.is_empty()), "{dialect} {name}");
        }
    }
}

#[test]
fn schemas_keep_to_what_draft_7_knows_for_readers_of_asyncapi_expect_it() {
    fn look(value: &Value) {
        const LATER: [&str; 7] = [
            "$defs",
            "$schema",
            "prefixItems",
            "dependentRequired",
            "dependentSchemas",
            "unevaluatedProperties",
            "unevaluatedItems",
        ];
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    assert!(!LATER.contains(&&**name), "{name}: {value}");
                    look(value);
                }
            }
            Value::Array(items) => items.iter().for_each(look),
            _ => {}
        }
    }
    look(&read()["components"]["schemas"]);
}

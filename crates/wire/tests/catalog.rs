//! The catalog keeps its promises: examples satisfy schemas, names are ours, nothing is closed.
use std::{collections::BTreeSet, fs, path::Path};

use bellwire_wire::{EventType, catalog};
use serde_json::Value;

fn json(raw: &serde_json::value::RawValue) -> Value {
    serde_json::from_str(raw.get()).expect("JSON")
}

#[test]
fn names_are_sorted_unique_and_in_a_reserved_family() {
    let names: Vec<&str> = catalog::types().iter().map(|spec| spec.name).collect();
    assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    for spec in catalog::types() {
        let kind: EventType = spec.name.parse().expect(spec.name);
        assert!(catalog::is_reserved_family(kind.family()), "{}", spec.name);
        assert_eq!(spec.version, 1);
        assert!(spec.description.ends_with('.'), "{}", spec.name);
        assert_eq!(catalog::find(spec.name).map(|found| found.name), Some(spec.name));
    }
    assert!(catalog::find("purchase.unknown").is_none());
    assert!(!catalog::is_reserved_family("invoice"));
}

#[test]
fn every_file_of_the_catalog_is_embedded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .expect("folder")
        .map(|entry| entry.expect("entry").file_name().to_string_lossy().replace(".json", ""))
        .collect();
    let families: BTreeSet<String> =
        catalog::types().iter().map(|spec| spec.name.split('.').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(files, families);
}

#[test]
fn every_example_satisfies_its_schema_and_shows_what_is_required() {
    for spec in catalog::types() {
        let (schema, example) = (json(&spec.schema), json(&spec.example));
        jsonschema::draft202012::meta::validate(&schema).unwrap_or_else(|error| panic!("{}: {error}", spec.name));
        let validator =
            jsonschema::draft202012::options().should_validate_formats(true).build(&schema).expect(spec.name);
        let faults: Vec<String> =
            validator.iter_errors(&example).map(|error| format!("{} at {}", error, error.instance_path())).collect();
        assert!(faults.is_empty(), "{}: {faults:?}", spec.name);
        assert!(!spec.schema.get().contains('\n') && !spec.example.get().contains('\n'));
        // It says something: data without its required fields is refused.
        assert!(!validator.is_valid(&serde_json::json!({})), "{}", spec.name);
        // Every field of the example is described.
        for field in example.as_object().expect("an object").keys() {
            assert!(schema["properties"][field].is_object(), "{}.{field}", spec.name);
        }
    }
}

#[test]
fn fields_may_be_added_anywhere_and_each_is_described() {
    fn check(name: &str, schema: &Value) {
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            for (field, inner) in properties {
                let text = inner["description"].as_str().unwrap_or_default();
                assert!(!text.is_empty(), "{name}.{field}");
                check(&format!("{name}.{field}"), inner);
            }
        }
        let kind = schema.get("type");
        let is_object = kind == Some(&Value::from("object"))
            || kind.and_then(Value::as_array).is_some_and(|kinds| kinds.contains(&Value::from("object")));
        if is_object {
            assert_eq!(schema["additionalProperties"], Value::Bool(true), "{name}");
        }
        if let Some(items) = schema.get("items") {
            check(name, items);
        }
    }
    for spec in catalog::types() {
        check(spec.name, &json(&spec.schema));
    }
}

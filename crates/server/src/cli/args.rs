//! Values on the command line: durations, headers, `path=value`, files or stdin.
use std::{io::Read, time::Duration};

use serde_json::{Map, Value};

use super::failure::{Done, Failure};
use crate::api::Span;

/// `90s`, `5m`, `1h30m`, `500ms`.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    text.parse::<Span>().map(|span| span.0).map_err(str::to_owned)
}

/// `name: value`, as in a request.
pub(super) fn header(text: &str) -> Result<(String, String), String> {
    let wrong = || "must be `name: value`".to_owned();
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let name = name.trim();
    http::HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
    Ok((name.to_ascii_lowercase(), value.trim().to_owned()))
}

/// `path=value`: the value is JSON if it is, else text.
pub(super) fn assignment(text: &str) -> Result<(String, Value), String> {
    let (path, value) = text.split_once('=').ok_or("must be path=value")?;
    if path.is_empty() || path.split('.').any(str::is_empty) {
        return Err("the path must be names joined by dots, such as data.items.0.price".into());
    }
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((path.to_owned(), value))
}

/// Puts a value at a dotted path; what is not there on the way is made: a list where the path says `0`, else an
/// object. Lists take an index or grow by one.
pub(super) fn set(root: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let mut at = root;
    for name in path.split('.') {
        at = match at {
            Value::Array(items) => {
                let length = items.len();
                let index = name.parse::<usize>().ok().filter(|index| *index <= length);
                let index =
                    index.ok_or_else(|| format!("`{path}`: `{name}` must be an index from 0 to {length} of a list"))?;
                if index == length {
                    items.push(Value::Null);
                }
                items.get_mut(index).ok_or_else(|| format!("`{path}`: there is no `{name}`"))?
            }
            other => {
                if other.is_null() && name == "0" {
                    *other = Value::Array(vec![Value::Null]);
                    at = &mut other[0];
                    continue;
                }
                if !other.is_object() {
                    *other = Value::Object(Map::new());
                }
                let object = other.as_object_mut().ok_or_else(|| format!("`{path}`: not an object"))?;
                object.entry(name).or_insert(Value::Null)
            }
        };
    }
    *at = value;
    Ok(())
}

/// Puts all of `--set` into the data.
pub(super) fn assign(data: &mut Value, assignments: &[(String, Value)]) -> Done {
    for (path, value) in assignments {
        set(data, path, value.clone()).map_err(|why| Failure::usage(format!("--set {why}")))?;
    }
    Ok(())
}

/// The value at a dotted path.
pub(super) fn at<'a>(root: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(root, |at, name| match at {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        other => other.get(name),
    })
}

/// Whether two values are the same to people: 5 is 5.0, and text may look like a number.
pub(super) fn same(there: &Value, wanted: &Value) -> bool {
    match (there, wanted) {
        (Value::Number(there), Value::Number(wanted)) => there == wanted || there.as_f64() == wanted.as_f64(),
        (Value::String(there), Value::Number(_) | Value::Bool(_)) => {
            serde_json::from_str::<Value>(there).is_ok_and(|read| read == *wanted)
        }
        _ => there == wanted,
    }
}

/// The bytes of a file, or of stdin for `-`.
pub(super) fn read(path: &str) -> Done<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes)?;
    } else {
        bytes = std::fs::read(path).map_err(|error| Failure::failed(format!("cannot read {path}: {error}")))?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_json_if_it_is_and_else_text() {
        assert_eq!(assignment("a=1"), Ok(("a".into(), json!(1))));
        assert_eq!(assignment("a.b=true"), Ok(("a.b".into(), json!(true))));
        assert_eq!(assignment("a=x=y"), Ok(("a".into(), json!("x=y"))));
        assert_eq!(assignment("a=\"1\""), Ok(("a".into(), json!("1"))));
        assert_eq!(assignment("a="), Ok(("a".into(), json!(""))));
        for bad in ["a", "=1", "a..b=1", ".=1"] {
            assert!(assignment(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_path_makes_its_way_through_objects_and_lists() {
        let mut data = json!({"items": [{"price": 1}], "note": "x"});
        set(&mut data, "items.0.price", json!(2)).unwrap();
        set(&mut data, "items.1", json!({"price": 3})).unwrap();
        set(&mut data, "customer.name", json!("Ada")).unwrap();
        set(&mut data, "note.deep", json!(null)).unwrap();
        set(&mut data, "grid.0.0", json!(7)).unwrap();
        set(&mut data, "grid.1", json!([])).unwrap();
        assert_eq!(
            data,
            json!({"items": [{"price": 2}, {"price": 3}], "note": {"deep": null}, "customer": {"name": "Ada"},
                "grid": [[7], []]})
        );
        assert!(set(&mut data, "items.7", json!(1)).unwrap_err().contains("0 to 2"));
        assert!(set(&mut data, "items.x", json!(1)).is_err());
    }

    #[test]
    fn a_path_finds_what_it_names_and_numbers_are_compared_as_numbers() {
        let event = json!({"data": {"items": [{"price": 5}], "id": "42", "paid": null}});
        for (path, wanted, found) in [
            ("data.items.0.price", json!(5.0), true),
            ("data.items.0.price", json!("5"), false),
            ("data.items.1.price", json!(5), false),
            ("data.id", json!(42), true),
            ("data.id", json!("42"), true),
            ("data.paid", json!(null), true),
            ("data.other", json!(null), false),
        ] {
            assert_eq!(at(&event, path).is_some_and(|there| same(there, &wanted)), found, "{path} {wanted}");
        }
    }

    #[test]
    fn durations_and_headers_are_read_as_people_write_them() {
        assert_eq!(span("1m30s"), Ok(Duration::from_secs(90)));
        assert!(span("soon").is_err());
        assert_eq!(header("Webhook-Id:  evt_1 "), Ok(("webhook-id".into(), "evt_1".into())));
        assert_eq!(header("stripe-signature: t=1,v1=a:b"), Ok(("stripe-signature".into(), "t=1,v1=a:b".into())));
        for bad in ["webhook-id", ": x", "a b: c"] {
            assert!(header(bad).is_err(), "{bad}");
        }
    }
}

//! Whether parameters are narrower than those asked for: an approver may allow less, never more.
use serde_json::{Map, Value};

/// Whether `allowed` is what was `asked` or less: the same members, of which whole numbers may be lowered and
/// lists may have lost elements.
pub(super) fn is_within(allowed: &Map<String, Value>, asked: &Map<String, Value>) -> bool {
    allowed.len() == asked.len()
        && allowed.iter().all(|(name, value)| asked.get(name).is_some_and(|asked| is_less(value, asked)))
}

fn is_less(allowed: &Value, asked: &Value) -> bool {
    match (allowed, asked) {
        (Value::Object(allowed), Value::Object(asked)) => is_within(allowed, asked),
        (Value::Array(allowed), Value::Array(asked)) => {
            // In the same order, so that each stands for one that was asked for.
            let mut left = asked.iter();
            allowed.iter().all(|item| left.any(|known| known == item))
        }
        (Value::Number(allowed), Value::Number(asked)) => {
            allowed == asked || allowed.as_u64().zip(asked.as_u64()).is_some_and(|(allowed, asked)| allowed <= asked)
        }
        _ => allowed == asked,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn within(allowed: Value, asked: Value) -> bool {
        let object = |value: Value| value.as_object().cloned().unwrap_or_default();
        is_within(&object(allowed), &object(asked))
    }

    #[test]
    fn less_is_allowed_and_more_is_not() {
        let asked = json!({"tables": ["a", "b", "c"], "rows": 100, "where": {"id": 5}, "dry": false});
        let changed = |name: &str, value: Value| {
            let mut changed = asked.clone();
            changed[name] = value;
            changed
        };
        assert!(within(asked.clone(), asked.clone()));
        assert!(within(changed("tables", json!(["a", "c"])), asked.clone()));
        assert!(within(changed("rows", json!(99)), asked.clone()));
        for (name, value) in [
            ("tables", json!(["c", "a"])),
            ("tables", json!(["a", "a"])),
            ("tables", json!(["a", "d"])),
            ("rows", json!(101)),
            ("rows", json!(-1)),
            ("rows", json!(99.5)),
            ("rows", json!("99")),
            ("where", json!({})),
            ("where", json!({"id": 5, "or": 1})),
            ("dry", json!(true)),
            ("more", json!(1)),
        ] {
            assert!(!within(changed(name, value.clone()), asked.clone()), "{name}: {value}");
        }
    }
}

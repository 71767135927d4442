//! What a JSON Schema says, in words.
use serde_json::Value;

use super::text;

/// One field of an object.
pub(super) struct Field {
    /// With the names of what it is in: `a.b`, `list[].c`.
    pub(super) name: String,
    /// What kind of value.
    pub(super) kind: String,
    /// Whether it is always there.
    pub(super) required: bool,
    /// What it is.
    pub(super) meaning: String,
}

impl Field {
    /// Whether it is always there, in a word.
    pub(super) const fn presence(&self) -> &'static str {
        if self.required { "always" } else { "" }
    }
}

/// How deep fields of fields are told.
const DEPTH_MAX: usize = 4;

/// The fields of an object, those of the objects in it included. References are looked up in `root`.
pub(super) fn fields(schema: &Value, root: &Value) -> Vec<Field> {
    let mut fields = Vec::new();
    collect(schema, root, "", DEPTH_MAX, &mut fields);
    fields
}

/// The names of an object's own fields.
pub(super) fn names(schema: &Value, root: &Value) -> Vec<String> {
    let mut fields = Vec::new();
    collect(schema, root, "", 1, &mut fields);
    fields.into_iter().map(|field| field.name).collect()
}

fn collect(schema: &Value, root: &Value, within: &str, depth: usize, fields: &mut Vec<Field>) {
    let schema = resolved(schema, root);
    for part in schema["allOf"].as_array().into_iter().flatten() {
        collect(part, root, within, depth, fields);
    }
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let full = if within.is_empty() { name.clone() } else { format!("{within}.{name}") };
        let beside = choices(field).into_iter().flatten().find_map(|choice| choice["description"].as_str());
        let meaning = field["description"].as_str().or(beside);
        let meaning = meaning.or_else(|| resolved(field, root)["description"].as_str());
        fields.push(Field {
            name: full.clone(),
            kind: kind(field, root),
            required: required.contains(&&**name),
            meaning: meaning.unwrap_or_default().to_owned(),
        });
        if depth <= 1 {
            continue;
        }
        let inner = resolved(field, root);
        if inner["items"].is_object() {
            collect(&inner["items"], root, &format!("{full}[]"), depth - 1, fields);
        } else {
            collect(inner, root, &full, depth - 1, fields);
        }
    }
}

/// What a reference leads to; of a choice between one thing and null, the thing.
pub(super) fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    if let Some(target) = schema["$ref"].as_str().and_then(|to| root.pointer(to.trim_start_matches('#'))) {
        return target;
    }
    if let Some([one]) = choices(schema).as_deref() {
        return resolved(one, root);
    }
    schema
}

/// What may be chosen of, but for null.
fn choices(schema: &Value) -> Option<Vec<&Value>> {
    let choices = ["oneOf", "anyOf"].iter().find_map(|name| schema[*name].as_array())?;
    Some(choices.iter().filter(|one| one["type"] != "null").collect())
}

/// What kind of value.
pub(super) fn kind(schema: &Value, root: &Value) -> String {
    if let Some(target) = schema["$ref"].as_str().and_then(|to| root.pointer(to.trim_start_matches('#'))) {
        return kind(target, root);
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(|value| text::code(&plain(value))).collect::<Vec<_>>().join(", ");
    }
    if !schema["const"].is_null() {
        return text::code(&plain(&schema["const"]));
    }
    if let Some(choices) = choices(schema) {
        let nullable = ["oneOf", "anyOf"].iter().any(|name| {
            schema[*name].as_array().is_some_and(|choices| choices.iter().any(|choice| choice["type"] == "null"))
        });
        let mut kinds: Vec<String> = choices.into_iter().map(|choice| kind(choice, root)).collect();
        kinds.dedup();
        kinds.extend(nullable.then(|| "null".to_owned()));
        return kinds.join(" or ");
    }
    let one = |name: &str| match name {
        "array" => format!("list of {}", kind(&schema["items"], root)),
        "string" => schema["format"].as_str().map_or_else(|| "string".to_owned(), |format| format!("string, {format}")),
        other => other.to_owned(),
    };
    match &schema["type"] {
        Value::String(name) => one(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" or "),
        _ if schema["properties"].is_object() => "object".to_owned(),
        _ => "any".to_owned(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_told_with_those_inside_them() {
        let root = json!({"schemas": {"Money": {"type": "number", "description": "Dollars"}}});
        let schema = json!({"type": "object", "required": ["a"], "properties": {
            "a": {"type": "object", "properties": {"b": {"type": ["string", "null"]}}},
            "list": {"type": "array", "items": {"type": "object", "properties": {"c": {"enum": ["x", 1]}}}},
            "price": {"oneOf": [{"type": "null"}, {"$ref": "#/schemas/Money"}]}}});
        let told: Vec<String> = fields(&schema, &root)
            .iter()
            .map(|field| format!("{} {} {}{}", field.name, field.kind, field.meaning, field.presence()))
            .collect();
        assert_eq!(
            told,
            [
                "a object always",
                "a.b string or null ",
                "list list of object ",
                "list[].c `x`, `1` ",
                "price number or null Dollars"
            ]
        );
        assert_eq!(names(&schema, &root), ["a", "list", "price"]);
    }
}

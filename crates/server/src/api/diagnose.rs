//! What is wrong with the form of a body, field by field, from the same schema as the documentation.
use bellwire_domain::{Fault, Faults};
use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind},
};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::problem::{Code, Problem};

/// More faults than this help nobody.
const FAULTS_MAX: usize = 50;

/// Every fault of a body that does not parse as `T`.
pub(super) fn diagnose<T: ToSchema>(body: &[u8], error: &serde_json::Error) -> Problem {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => return Problem::new(Code::Unparsable, format!("The body is not JSON: {error}.")),
    };
    if !value.is_object() && !value.is_array() {
        return Problem::new(Code::Unparsable, "The body must be a JSON object.");
    }
    let schema = schema_of::<T>();
    let mut faults: Vec<Fault> = jsonschema::options()
        .offline()
        .build(&schema)
        .map(|validator| {
            validator.iter_errors(&value).flat_map(|error| explain(&error, &schema)).take(FAULTS_MAX).collect()
        })
        .unwrap_or_default();
    if faults.is_empty() {
        // The schema is wider than the type here: the type has the word.
        faults.push(Fault { field: "body".into(), detail: error.to_string() });
    }
    faults.dedup();
    Faults::from(faults).into()
}

fn schema_of<T: ToSchema>() -> Value {
    let mut parts = Vec::new();
    T::schemas(&mut parts);
    let components: serde_json::Map<String, Value> =
        parts.into_iter().map(|(name, schema)| (name, serde_json::to_value(schema).unwrap_or_default())).collect();
    let mut root = serde_json::to_value(<T as utoipa::PartialSchema>::schema()).unwrap_or_default();
    if let Some(root) = root.as_object_mut() {
        root.insert("components".into(), json!({"schemas": components}));
    }
    root
}

/// One error of the validator in our words; several where it names several fields.
fn explain(error: &ValidationError<'_>, schema: &Value) -> Vec<Fault> {
    let at = path(error.instance_path().as_str());
    let join = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    let here = || if at.is_empty() { "body".to_owned() } else { at.clone() };
    let one = |detail: String| vec![Fault { field: here(), detail }];
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| Fault { field: join(name), detail: format!("is not a field here{}", known(error, schema)) })
            .collect(),
        ValidationErrorKind::Required { property } => {
            vec![Fault { field: join(property.as_str().unwrap_or_default()), detail: "is required".into() }]
        }
        ValidationErrorKind::Type { kind } => {
            let wanted = match kind {
                TypeKind::Single(kind) => kind.to_string(),
                TypeKind::Multiple(kinds) => kinds
                    .iter()
                    .map(|kind| kind.to_string())
                    .filter(|kind| kind != "null")
                    .collect::<Vec<_>>()
                    .join(" or "),
            };
            one(format!("must be {} {wanted}, not {}", article(&wanted), name_of(error.instance())))
        }
        ValidationErrorKind::Minimum { limit } => one(format!("must be at least {limit}")),
        ValidationErrorKind::Maximum { limit } => one(format!("must be at most {limit}")),
        ValidationErrorKind::MinLength { limit } => one(format!("must have at least {limit} characters")),
        ValidationErrorKind::MaxLength { limit } => one(format!("must have at most {limit} characters")),
        ValidationErrorKind::MinItems { limit } => one(format!("must have at least {limit} items")),
        ValidationErrorKind::MaxItems { limit } => one(format!("must have at most {limit} items")),
        ValidationErrorKind::Enum { options } => {
            let options: Vec<String> = options
                .as_array()
                .into_iter()
                .flatten()
                .map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned))
                .collect();
            one(format!("must be one of {}", options.join(", ")))
        }
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            // Of the forms it may have, null is never the one that was meant.
            let meant = context.iter().rfind(|errors| !errors.iter().any(|error| is_null(error)));
            meant.map_or_else(
                || one("has none of the forms it may have".into()),
                |errors| errors.iter().flat_map(|error| explain(error, schema)).collect(),
            )
        }
        _ => one(error.masked_with("the value").to_string()),
    }
}

fn is_null(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), ValidationErrorKind::Type { kind: TypeKind::Single(kind) } if kind.to_string() == "null")
}

/// The fields there are beside the one that is not.
fn known(error: &ValidationError<'_>, schema: &Value) -> String {
    let pointer = error.schema_path().as_str().strip_suffix("/additionalProperties").unwrap_or_default();
    let fields = schema.pointer(&format!("{pointer}/properties")).and_then(Value::as_object);
    fields.map_or_else(String::new, |fields| {
        format!("; known are {}", fields.keys().map(String::as_str).collect::<Vec<_>>().join(", "))
    })
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

const fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A JSON pointer as people write paths: `retry.schedule[2]`.
fn path(pointer: &str) -> String {
    pointer.split('/').skip(1).fold(String::new(), |mut path, part| {
        let part = part.replace("~1", "/").replace("~0", "~");
        if part.bytes().all(|c| c.is_ascii_digit()) && !part.is_empty() {
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

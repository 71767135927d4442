//! What is wrong with the form of a body, field by field, from the same schema as the documentation.
use bellwire_domain::{Fault, Faults, fault::field_path};
use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    exact::Exact,
    money::is_amount,
    problem::{Code, Problem},
};

/// More faults than this help nobody.
const FAULTS_MAX: usize = 50;

/// Every fault of the form of a body that does not parse as `T`, and what is left of the body without
/// them, so that the faults of its values can be told in the same answer.
pub(super) fn diagnose<T: DeserializeOwned + ToSchema>(
    body: &[u8],
    error: &serde_json::Error,
) -> Result<(T, Faults), Problem> {
    let Exact(mut value) = serde_json::from_slice(body)
        .map_err(|error| Problem::new(Code::Unparsable, format!("The body is not JSON: {error}.")))?;
    if !value.is_object() {
        return Err(Problem::new(Code::Unparsable, "The body must be a JSON object."));
    }
    let schema = schema_of::<T>();
    let mut found: Vec<Found> = jsonschema::options()
        .offline()
        .build(&schema)
        .map(|validator| {
            validator.iter_errors(&value).flat_map(|error| explain(&error, &schema)).take(FAULTS_MAX).collect()
        })
        .unwrap_or_default();
    found.dedup();
    let mut faults = Vec::with_capacity(found.len().max(1));
    for Found { fault, at } in found {
        faults.push(fault);
        leave_out(&mut value, &at);
    }
    if faults.is_empty() {
        // The schema is wider than the type here: the type has the word.
        faults.push(Fault { field: "body".into(), detail: error.to_string() });
    }
    // As text once more: raw values are taken from text alone.
    match serde_json::from_str(&value.to_string()) {
        Ok(rest) => Ok((rest, Faults::of_form(faults))),
        Err(_) => Err(Faults::from(faults).into()),
    }
}

/// A fault, and the JSON pointer of what has it.
#[derive(PartialEq)]
struct Found {
    fault: Fault,
    at: String,
}

/// Takes what a pointer leads to out of an object. Of an array nothing is taken, which would count its
/// items anew: it is taken out whole.
fn leave_out(value: &mut Value, pointer: &str) {
    let Some((name, rest)) = pointer.strip_prefix('/').map(|rest| rest.split_once('/').unwrap_or((rest, ""))) else {
        return;
    };
    let Some(object) = value.as_object_mut() else { return };
    let name = name.replace("~1", "/").replace("~0", "~");
    match object.get_mut(&name) {
        Some(inner @ Value::Object(_)) if !rest.is_empty() => leave_out(inner, &format!("/{rest}")),
        _ => drop(object.shift_remove(&name)),
    }
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
fn explain(error: &ValidationError<'_>, schema: &Value) -> Vec<Found> {
    let at = error.instance_path().as_str();
    // What is wrong with an amount is said with the values, in its own words.
    if at.rsplit('/').next().is_some_and(is_amount) {
        return Vec::new();
    }
    let found = |at: String, detail: String| {
        let path = field_path("", &at);
        let field = if path.is_empty() { "body".to_owned() } else { path };
        Found { fault: Fault { field, detail }, at }
    };
    let inside = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    let one = |detail: String| vec![found(at.to_owned(), detail)];
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| found(inside(name), format!("is not a field here{}", known(error, schema))))
            .collect(),
        ValidationErrorKind::Required { property } => {
            vec![found(inside(property.as_str().unwrap_or_default()), "is required".into())]
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

//! Data that satisfies a type's schema: the example of the catalog, or values made from the schema;
//! with a seed, other values that satisfy it too, the same for the same seed.
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Map, Value};

/// Words for text that has no form.
const WORDS: [&str; 8] = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron"];
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// The length of a ULID.
const ULID: usize = 26;

/// Valid data of a type. Without a seed the example as it is.
pub(super) fn data(example: Option<&Value>, schema: &Value, seed: Option<u64>) -> Value {
    let mut dice = StdRng::seed_from_u64(seed.unwrap_or(0));
    match (example, seed) {
        (Some(example), None) => example.clone(),
        (Some(example), Some(_)) => varied(example, schema, &mut dice),
        (None, _) => made(schema, &mut dice),
    }
}

/// The example with other ids and amounts; text keeps its meaning.
fn varied(example: &Value, schema: &Value, dice: &mut StdRng) -> Value {
    match example {
        Value::Object(members) => {
            let vary = |(name, value): (&String, &Value)| {
                (
                    name.clone(),
                    varied(value, schema.pointer(&format!("/properties/{name}")).unwrap_or(&Value::Null), dice),
                )
            };
            Value::Object(members.iter().map(vary).collect())
        }
        Value::Array(items) => {
            let of = schema.get("items").unwrap_or(&Value::Null);
            Value::Array(items.iter().map(|item| varied(item, of, dice)).collect())
        }
        Value::String(text) if !is_fixed(schema) => match text.rsplit_once('_') {
            Some((prefix, ulid)) if ulid.len() == ULID => {
                let time = ulid.get(..10).unwrap_or_default();
                let rest: String = (10..ULID).map(|_| char::from(CROCKFORD[pick(dice, 32)])).collect();
                Value::from(format!("{prefix}_{time}{rest}"))
            }
            _ => example.clone(),
        },
        Value::Number(number) if !is_fixed(schema) && is_bounded_below_only(schema) => {
            // Cents above the least that is allowed, so that amounts look like amounts.
            let least = schema.get("minimum").and_then(Value::as_f64).unwrap_or(0.0);
            if number.is_f64() {
                #[expect(clippy::cast_precision_loss, reason = "a small sample amount")]
                let cents = pick(dice, 50_000) as f64;
                Value::from(least + (cents / 100.0))
            } else {
                example.clone()
            }
        }
        other => other.clone(),
    }
}

/// Whether only listed values are allowed.
fn is_fixed(schema: &Value) -> bool {
    ["const", "enum", "pattern", "format"].iter().any(|name| schema.get(name).is_some())
}

fn is_bounded_below_only(schema: &Value) -> bool {
    !["maximum", "exclusiveMaximum", "exclusiveMinimum", "multipleOf"].iter().any(|name| schema.get(name).is_some())
}

/// Values from a schema alone.
fn made(schema: &Value, dice: &mut StdRng) -> Value {
    if let Some(value) = ["const", "default"].iter().find_map(|name| schema.get(name)) {
        return value.clone();
    }
    for name in ["enum", "examples"] {
        if let Some(values) = schema.get(name).and_then(Value::as_array).filter(|values| !values.is_empty()) {
            return values[pick(dice, values.len())].clone();
        }
    }
    for name in ["oneOf", "anyOf"] {
        if let Some(first) = schema.get(name).and_then(Value::as_array).and_then(|choices| choices.first()) {
            return made(first, dice);
        }
    }
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ => "",
    };
    let least = |name: &str| schema.get(name).and_then(Value::as_u64).unwrap_or(0);
    match kind {
        "object" => {
            let mut members = Map::new();
            for (name, member) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
                members.insert(name.clone(), made(member, dice));
            }
            for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
            {
                members.entry(name).or_insert_with(|| Value::from(WORDS[pick(dice, WORDS.len())]));
            }
            Value::Object(members)
        }
        "array" => {
            let of = schema.get("items").unwrap_or(&Value::Null);
            (0..least("minItems").clamp(1, 100)).map(|_| made(of, dice)).collect()
        }
        "boolean" => Value::from(pick(dice, 2) == 1),
        "integer" | "number" => number(schema, dice),
        "null" => Value::Null,
        _ => text(schema, dice),
    }
}

fn number(schema: &Value, dice: &mut StdRng) -> Value {
    let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
    let low = bound("minimum").or(bound("exclusiveMinimum").map(|low| low.saturating_add(1))).unwrap_or(1);
    let high = bound("maximum").or(bound("exclusiveMaximum").map(|high| high.saturating_sub(1)));
    let high = high.unwrap_or(low.saturating_add(100)).max(low);
    let spread = usize::try_from(high.saturating_sub(low)).unwrap_or(usize::MAX).min(10_000);
    let value = low.saturating_add(i64::try_from(pick(dice, spread.saturating_add(1))).unwrap_or(0));
    let step = bound("multipleOf").filter(|step| *step > 0).unwrap_or(1);
    Value::from(value.saturating_add(step - 1).div_euclid(step).saturating_mul(step))
}

fn text(schema: &Value, dice: &mut StdRng) -> Value {
    let word = WORDS[pick(dice, WORDS.len())];
    let text = match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => format!("2026-11-{:02}T12:00:00Z", 1 + pick(dice, 28)),
        Some("date") => format!("2026-11-{:02}", 1 + pick(dice, 28)),
        Some("email") => format!("{word}@example.com"),
        Some("uri" | "uri-reference") => format!("https://example.com/{word}"),
        Some("uuid") => format!("00000000-0000-4000-8000-{:012x}", pick(dice, 1 << 40)),
        Some("ipv4") => format!("203.0.113.{}", pick(dice, 255)),
        _ => {
            let length = |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
            let shortest = length("minLength").unwrap_or(0).min(65_536);
            let text = if shortest > word.len() { word.repeat(shortest.div_ceil(word.len())) } else { word.to_owned() };
            text.chars().take(length("maxLength").unwrap_or(usize::MAX).min(text.len())).collect()
        }
    };
    Value::from(text)
}

fn pick(dice: &mut StdRng, below: usize) -> usize {
    let below = u64::try_from(below.max(1)).unwrap_or(u64::MAX);
    usize::try_from(dice.next_u64() % below).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellwire_domain::event::DataSchema;
    use bellwire_wire::catalog;
    use serde_json::json;

    #[test]
    fn every_type_of_the_catalog_has_valid_samples_the_same_for_the_same_seed() {
        for spec in catalog::types() {
            let schema: Value = serde_json::from_str(spec.schema.get()).unwrap();
            let example: Value = serde_json::from_str(spec.example.get()).unwrap();
            let validator = DataSchema::compile(schema.clone()).unwrap();
            for seed in [None, Some(1), Some(2), Some(99)] {
                let sample = data(Some(&example), &schema, seed);
                let faults = validator.faults(&sample, "data");
                assert!(faults.is_empty(), "{} {seed:?}: {faults:?} {sample}", spec.name);
                assert_eq!(sample, data(Some(&example), &schema, seed));
            }
        }
    }

    #[test]
    fn a_schema_alone_is_enough() {
        let schema = json!({"type": "object", "required": ["id", "n", "at"], "properties": {
            "id": {"type": "string", "minLength": 12}, "n": {"type": "integer", "minimum": 5, "maximum": 6},
            "at": {"type": "string", "format": "date-time"}, "kind": {"enum": ["a", "b"]},
            "tags": {"type": "array", "minItems": 2, "items": {"type": ["null", "string"], "maxLength": 3}}}});
        let validator = DataSchema::compile(schema.clone()).unwrap();
        for seed in 0..50 {
            let sample = data(None, &schema, Some(seed));
            assert!(validator.faults(&sample, "data").is_empty(), "{sample}");
        }
    }
}

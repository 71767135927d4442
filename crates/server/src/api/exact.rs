//! JSON as values, but for amounts, which no float may touch.
use std::fmt;

use serde::{
    Deserialize, Deserializer, de,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};

use super::money::is_amount;

/// A value in which the numbers that are amounts are texts: these mean the same, and keep every digit.
#[derive(Debug, PartialEq)]
pub(crate) struct Exact(pub(crate) Value);

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Exact(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(all.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = if is_amount(&name) {
                amount(&members.next_value::<Box<RawValue>>()?).map_err(de::Error::custom)?
            } else {
                members.next_value::<Exact>()?.0
            };
            all.insert(name, value);
        }
        Ok(all.into())
    }
}

fn amount(token: &RawValue) -> serde_json::Result<Value> {
    let text = token.get();
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return Ok(text.into());
    }
    serde_json::from_str(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_keep_their_digits_and_all_else_is_as_ever() {
        let text = r#"{"amount_usd": 1e400, "n": [1, -2, 2.5, null, true, "x"],
            "limits": {"max_transaction_usd": 999999999.999999999, "spike": null}, "budget_usd": "7", "x_usd": {"a": 1}}"#;
        let read: Exact = serde_json::from_str(text).expect("JSON");
        let meant = json!({
            "amount_usd": "1e400",
            "n": [1, -2, 2.5, null, true, "x"],
            "limits": {"max_transaction_usd": "999999999.999999999", "spike": null},
            "budget_usd": "7",
            "x_usd": {"a": 1},
        });
        assert_eq!(read, Exact(meant));
        assert!(serde_json::from_str::<Exact>(r#"{"n": 1e400}"#).is_err());
        let deep = "[".repeat(100_000);
        assert!(serde_json::from_str::<Exact>(&deep).is_err());
    }
}

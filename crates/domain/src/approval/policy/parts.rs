//! The parts that JSON is made of, each a fault where it is something else.
use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use crate::Faults;

/// Items of a list that are looked at. Keeps I12.
const ITEMS_MAX: usize = 1_000;

/// The members of an object, in order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

/// The members of an object that may have these.
pub(super) fn members<'a>(
    field: &str,
    json: &'a RawValue,
    known: &[&str],
    faults: &mut Faults,
) -> Option<Vec<(String, &'a RawValue)>> {
    let Ok(Members(sent)) = serde_json::from_str(json.get()) else {
        faults.add(field, "must be an object");
        return None;
    };
    let mut members: Vec<(String, &RawValue)> = Vec::with_capacity(sent.len().min(known.len()));
    for (name, json) in sent {
        let at = format!("{field}.{name}");
        if !known.contains(&name.as_str()) {
            faults.add(at, format!("is unknown; known are {}", known.join(", ")));
        } else if members.iter().any(|(before, _)| *before == name) {
            faults.add(at, "is there twice");
        } else {
            members.push((name, json));
        }
    }
    Some(members)
}

/// The items of a list.
pub(super) fn list<'a>(field: &str, json: &'a RawValue, faults: &mut Faults) -> Option<Vec<&'a RawValue>> {
    let items = serde_json::from_str::<Vec<&RawValue>>(json.get()).ok();
    faults.check(items.is_some(), field, "must be a list");
    let items = items?;
    let fits = items.len() <= ITEMS_MAX;
    faults.check(fits, field, format!("must have at most {ITEMS_MAX} items"));
    fits.then_some(items)
}

/// A text.
pub(super) fn text(field: &str, json: &RawValue, faults: &mut Faults) -> Option<String> {
    faults.take(field, serde_json::from_str(json.get()).map_err(|_| "must be a string"))
}

/// A list of texts.
pub(super) fn texts(field: &str, json: &RawValue, faults: &mut Faults) -> Option<Vec<String>> {
    let items = list(field, json, faults)?;
    let text = |(index, json): (usize, &RawValue)| text(&format!("{field}[{index}]"), json, faults);
    Some(items.into_iter().enumerate().filter_map(text).collect())
}

/// A whole number.
pub(super) fn whole(field: &str, json: &RawValue, faults: &mut Faults) -> Option<u32> {
    faults.take(field, serde_json::from_str(json.get()).map_err(|_| "must be a whole number"))
}

/// A value in which the numbers that are amounts are texts.
pub(super) fn exact(json: &RawValue) -> Value {
    if let Ok(Members(members)) = serde_json::from_str(json.get()) {
        let value = |name: &str, json: &RawValue| match json.get() {
            number if name.ends_with("_usd") && !number.starts_with('"') => number.into(),
            _ => exact(json),
        };
        return members.into_iter().map(|(name, json)| (name.clone(), value(&name, json))).collect();
    }
    match serde_json::from_str::<Vec<&RawValue>>(json.get()) {
        Ok(items) => items.into_iter().map(exact).collect(),
        Err(_) => serde_json::from_str(json.get()).unwrap_or_default(),
    }
}

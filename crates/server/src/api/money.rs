//! Amounts in bodies.
use bellwire_domain::Faults;
use bellwire_wire::UsdNanos;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, SchemaType, Type},
    },
};

/// An amount as it was sent, whatever that is: what is wrong with it is said by [`UsdNanos`] alone, in its
/// own words, and no float is made of it on the way. Null is something sent, and no amount.
#[derive(Debug, Clone, Default)]
pub(super) struct Money(Option<Box<RawValue>>);

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|token| Self(Some(token)))
    }
}

impl Money {
    /// The amount, if one was sent and it is one.
    pub(super) fn take(&self, field: &str, faults: &mut Faults) -> Option<UsdNanos> {
        self.0.as_ref().and_then(|token| faults.take(field, UsdNanos::from_json(token.get())))
    }

    /// The same where null means that there is none.
    pub(super) fn take_or_none(&self, field: &str, faults: &mut Faults) -> Option<UsdNanos> {
        if self.0.as_ref().is_some_and(|token| token.get() == "null") { None } else { self.take(field, faults) }
    }

    /// The amount, which must have been sent.
    pub(super) fn need(&self, field: &str, faults: &mut Faults) -> Option<UsdNanos> {
        faults.check(self.0.is_some(), field, "is required");
        self.take(field, faults)
    }
}

/// The amount, which must be more than nothing.
pub(super) fn more_than_nothing(amount: Option<UsdNanos>, field: &str, faults: &mut Faults) -> Option<UsdNanos> {
    faults.check(amount != Some(UsdNanos::ZERO), field, "must be more than 0");
    amount
}

/// Whether a field of this name holds an amount (spec spend, "Money").
pub(super) fn is_amount(name: &str) -> bool {
    name.ends_with("_usd")
}

impl PartialSchema for Money {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Number, Type::String]))
            .description(Some("US dollars with at most 9 decimals, up to 10^9; as a number or a string."))
            .examples([serde_json::json!(12.5)])
            .into()
    }
}

impl ToSchema for Money {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Form {
        #[serde(default)]
        amount_usd: Money,
    }

    fn read(body: &str) -> Result<Option<UsdNanos>, String> {
        let form: Form = serde_json::from_str(body).expect("any token will do");
        let mut faults = Faults::default();
        let amount = form.amount_usd.need("amount_usd", &mut faults);
        let amount = more_than_nothing(amount, "amount_usd", &mut faults);
        faults.or(amount).map_err(|faults| faults.into_vec().remove(0).detail)
    }

    #[test]
    fn whatever_is_sent_is_an_amount_or_a_fault_in_its_words() {
        assert_eq!(read(r#"{"amount_usd": 1.50}"#), Ok(Some(UsdNanos::from_nanos(1_500_000_000))));
        assert_eq!(read(r#"{"amount_usd": "0.000000001"}"#), Ok(Some(UsdNanos::from_nanos(1))));
        for (token, why) in [
            ("-1", "must not be negative"),
            ("1e400", "must be at most 1000000000"),
            ("0.0000000001", "must have at most 9 decimals"),
            ("0", "must be more than 0"),
            ("null", "must be a decimal number such as 1850.00, as a number or a string"),
            ("true", "must be a decimal number such as 1850.00, as a number or a string"),
            ("{\"x\": 1}", "must be a decimal number such as 1850.00, as a number or a string"),
            ("\"NaN\"", "must be a decimal number such as 1850.00, as a number or a string"),
        ] {
            assert_eq!(read(&format!("{{\"amount_usd\": {token}}}")), Err(why.into()), "{token}");
        }
        assert_eq!(read("{}"), Err("is required".into()));
    }
}

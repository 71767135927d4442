//! Money: whole nano-dollars, checked arithmetic, exact decimals (spec spend, "Money").
//!
//! One token can cost 150 nano-dollars, so an `i64` of them is the unit. JSON carries a decimal
//! *number* written exactly; requests may send a number or a string. Nothing here is ever a float,
//! and nothing overflows silently: arithmetic that does not fit is `None`.
#![deny(clippy::arithmetic_side_effects, clippy::as_conversions)]
mod number;
mod sum;
#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;

use number::Number;
pub use sum::UsdSum;

/// Nano-dollars in a dollar.
const NANOS: i64 = 1_000_000_000;
/// Nano-dollars in a cent.
const CENT: i64 = 10_000_000;

/// An amount of US dollars in nano-dollars. Amounts from outside are between 0 and 10^9 dollars
/// ([`UsdNanos::MAX`]); differences may be negative.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct UsdNanos(i64);

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a decimal number: words, `NaN`, an empty text, a number that JSON would not take.
    #[error("must be a decimal number such as 1850.00, as a number or a string")]
    NotANumber,
    /// Below zero, minus zero included.
    #[error("must not be negative")]
    Negative,
    /// Digits beyond the ninth decimal.
    #[error("must have at most 9 decimals")]
    TooPrecise,
    /// More than 10^9 dollars.
    #[error("must be at most 1000000000")]
    TooLarge,
}

impl UsdNanos {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount that is taken from outside: 10^9 dollars.
    pub const MAX: Self = Self(1_000_000_000_000_000_000);

    /// This many nano-dollars.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// This many whole dollars, if they fit.
    pub const fn from_dollars(dollars: i64) -> Option<Self> {
        match dollars.checked_mul(NANOS) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// As nano-dollars.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// In whole cents, halves rounded up (away from zero), for fields named `*_cents`.
    pub fn cents(self) -> i64 {
        let whole = self.0.checked_div(CENT).unwrap_or(0);
        let rest = self.0.checked_rem(CENT).unwrap_or(0);
        if rest.unsigned_abs() >= CENT.unsigned_abs().div_ceil(2) { whole.saturating_add(rest.signum()) } else { whole }
    }

    /// Whether it is below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum, if it fits.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// The difference, if it fits; it may be negative.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// This amount `count` times, if it fits.
    pub const fn checked_mul(self, count: i64) -> Option<Self> {
        match self.0.checked_mul(count) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// The sum of many, if it fits.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut all = amounts.into_iter();
        all.try_fold(Self::ZERO, Self::checked_add)
    }

    /// From a JSON token: a number, or a string that holds one.
    pub fn from_json(token: &str) -> Result<Self, MoneyError> {
        if !token.starts_with('"') {
            return token.parse();
        }
        let text: String = serde_json::from_str(token).map_err(|_| MoneyError::NotANumber)?;
        text.parse()
    }
}

impl FromStr for UsdNanos {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let unsigned = text.strip_prefix('-');
        let number = Number::read(unsigned.unwrap_or(text)).ok_or(MoneyError::NotANumber)?;
        if unsigned.is_some() {
            return Err(MoneyError::Negative);
        }
        number.nanos().map(Self)
    }
}

impl fmt::Display for UsdNanos {
    /// At least two decimals and no more zeros than that: `1850.00`, `0.000125`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        UsdSum::from(*self).fmt(f)
    }
}

impl fmt::Debug for UsdNanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} USD")
    }
}

/// A JSON number with exactly the digits of `Display`. Works with `serde_json` alone.
impl Serialize for UsdNanos {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        UsdSum::from(*self).serialize(serializer)
    }
}

/// From the number token itself, or from a string. Works with `serde_json` alone, and not below
/// `flatten` or `untagged`, which have made a float of the token before it gets here.
impl<'de> Deserialize<'de> for UsdNanos {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let token = Box::<RawValue>::deserialize(deserializer)?;
        Self::from_json(token.get()).map_err(de::Error::custom)
    }
}

/// A number, as every answer has it.
#[cfg(feature = "openapi")]
mod schema {
    use utoipa::{
        PartialSchema, ToSchema,
        openapi::{
            RefOr,
            schema::{ObjectBuilder, Schema, Type},
        },
    };

    use super::{UsdNanos, UsdSum};

    fn number() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Number).description(Some("US dollars, an exact decimal.")).into()
    }

    impl PartialSchema for UsdNanos {
        fn schema() -> RefOr<Schema> {
            number()
        }
    }

    impl ToSchema for UsdNanos {}

    impl PartialSchema for UsdSum {
        fn schema() -> RefOr<Schema> {
            number()
        }
    }

    impl ToSchema for UsdSum {}
}

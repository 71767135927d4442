//! Money: whole nano-dollars, checked arithmetic, exact decimals (spec spend, "Money").
//!
//! One token can cost 150 nano-dollars, so an `i64` of them is the unit. JSON carries a decimal
//! *number* written exactly; requests may send a number or a string. Nothing here is ever a float,
//! and nothing overflows silently: arithmetic that does not fit is `None`.
#![deny(clippy::arithmetic_side_effects, clippy::as_conversions)]
use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

/// Nano-dollars in a dollar.
const NANOS: i64 = 1_000_000_000;
/// Nano-dollars in a cent.
const CENT: i64 = 10_000_000;
/// Decimals of a dollar.
const DECIMALS: i64 = 9;

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
        if rest.unsigned_abs() >= CENT.unsigned_abs().div_ceil(2) {
            whole.saturating_add(rest.signum())
        } else {
            whole
        }
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

/// A number in the form of RFC 8259, taken apart: the value is `digits` times 10^-`scale`.
struct Number<'t> {
    whole: &'t str,
    fraction: &'t str,
    exponent: i64,
}

impl<'t> Number<'t> {
    /// `text` without its sign.
    fn read(text: &'t str) -> Option<Self> {
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (text, None),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if digits(fraction) => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        if !digits(whole) || (whole.len() > 1 && whole.starts_with('0')) {
            return None;
        }
        Some(Self {
            whole,
            fraction,
            exponent: exponent.map_or(Some(0), read_exponent)?,
        })
    }

    /// As nano-dollars.
    fn nanos(&self) -> Result<i64, MoneyError> {
        let digits = [self.whole, self.fraction].concat();
        let significant = digits.trim_end_matches('0');
        let zeros = length(&digits).saturating_sub(length(significant));
        let significant = significant.trim_start_matches('0');
        if significant.is_empty() {
            return Ok(0);
        }
        // The power of ten that makes the significant digits nano-dollars.
        let power = DECIMALS
            .saturating_add(self.exponent)
            .saturating_add(zeros)
            .saturating_sub(length(self.fraction));
        let power = u32::try_from(power).map_err(|_| {
            if power < 0 {
                MoneyError::TooPrecise
            } else {
                MoneyError::TooLarge
            }
        })?;
        let nanos = significant.parse::<i64>().ok();
        let scaled = 10_i64.checked_pow(power).zip(nanos);
        scaled
            .and_then(|(unit, count)| unit.checked_mul(count))
            .filter(|nanos| *nanos <= UsdNanos::MAX.0)
            .ok_or(MoneyError::TooLarge)
    }
}

/// The number after the `e`; one too long to count is as far out of range as can be.
fn read_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse::<i64>().unwrap_or(i64::MAX);
    Some(if text.starts_with('-') {
        size.saturating_neg()
    } else {
        size
    })
}

fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
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
        let size = self.0.unsigned_abs();
        let unit = NANOS.unsigned_abs();
        let whole = size.checked_div(unit).unwrap_or(0);
        let rest = size.checked_rem(unit).unwrap_or(0);
        let decimals = format!("{rest:09}");
        let (cents, tail) = decimals.split_at_checked(2).unwrap_or((&decimals, ""));
        let sign = if self.is_negative() { "-" } else { "" };
        write!(f, "{sign}{whole}.{cents}{}", tail.trim_end_matches('0'))
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
        let number = RawValue::from_string(self.to_string()).map_err(ser::Error::custom)?;
        number.serialize(serializer)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        for (text, nanos) in [
            ("0", 0),
            ("0.00", 0),
            ("0e999999999999999999999", 0),
            ("1850.00", 1_850_000_000_000),
            ("0.000125", 125_000),
            ("0.000000001", 1),
            ("1e-9", 1),
            ("1.5E+3", 1_500_000_000_000),
            ("1500e-3", 1_500_000_000),
            ("0.1000000000000", 100_000_000),
            ("1000000000", 1_000_000_000_000_000_000),
            ("1000000000.000000000000", 1_000_000_000_000_000_000),
            ("1e9", 1_000_000_000_000_000_000),
            ("9007199254740993e-9", 9_007_199_254_740_993),
        ] {
            assert_eq!(text.parse(), Ok(UsdNanos(nanos)), "{text}");
            assert_eq!(
                UsdNanos::from_json(&format!("\"{text}\"")),
                Ok(UsdNanos(nanos))
            );
        }
    }

    #[test]
    fn what_is_no_amount_says_why() {
        use MoneyError::{Negative, NotANumber, TooLarge, TooPrecise};
        for (text, error) in [
            ("", NotANumber),
            ("NaN", NotANumber),
            ("Infinity", NotANumber),
            ("1,5", NotANumber),
            ("01", NotANumber),
            (".5", NotANumber),
            ("5.", NotANumber),
            ("+1", NotANumber),
            (" 1", NotANumber),
            ("1e", NotANumber),
            ("1e+-1", NotANumber),
            ("0x10", NotANumber),
            ("١", NotANumber),
            ("null", NotANumber),
            ("-x", NotANumber),
            ("-1", Negative),
            ("-0", Negative),
            ("-1e400", Negative),
            ("0.0000000001", TooPrecise),
            ("1e-10", TooPrecise),
            ("1e-999999999999999999999", TooPrecise),
            ("1000000000.000000001", TooLarge),
            ("1000000001", TooLarge),
            ("1e10", TooLarge),
            ("1e400", TooLarge),
            ("1e999999999999999999999", TooLarge),
            ("99999999999999999999999999999999", TooLarge),
        ] {
            assert_eq!(text.parse::<UsdNanos>(), Err(error), "{text}");
        }
        for token in ["null", "true", "{}", "\"\\u0031x\"", "\"", "[1]"] {
            assert_eq!(UsdNanos::from_json(token), Err(NotANumber), "{token}");
        }
    }

    #[test]
    fn amounts_are_written_as_exact_json_numbers() {
        for (nanos, text) in [
            (0, "0.00"),
            (1_850_000_000_000, "1850.00"),
            (125_000, "0.000125"),
            (1_500_000_000, "1.50"),
            (1, "0.000000001"),
            (-420_500_000_000, "-420.50"),
            (i64::MIN, "-9223372036.854775808"),
        ] {
            let json = serde_json::to_string(&[UsdNanos(nanos)]).expect("a number");
            assert_eq!(json, format!("[{text}]"));
        }
        let read: Vec<UsdNanos> = serde_json::from_str("[1850.00, \"0.1\", 1e-9]").expect("money");
        assert_eq!(read, [1_850_000_000_000, 100_000_000, 1].map(UsdNanos));
        assert!(serde_json::from_str::<UsdNanos>("1.0000000001").is_err());
    }

    #[test]
    fn cents_round_halves_up_and_arithmetic_never_wraps() {
        for (nanos, cents) in [
            (4_999_999, 0),
            (5_000_000, 1),
            (15_000_000, 2),
            (-5_000_000, -1),
        ] {
            assert_eq!(UsdNanos(nanos).cents(), cents);
        }
        let most = UsdNanos(i64::MAX);
        assert_eq!(most.checked_add(UsdNanos(1)), None);
        assert_eq!(most.checked_mul(2), None);
        assert_eq!(UsdNanos(i64::MIN).checked_sub(UsdNanos(1)), None);
        assert_eq!(UsdNanos::checked_sum([most, most]), None);
        assert_eq!(
            UsdNanos::checked_sum([UsdNanos(1), UsdNanos(2)]),
            Some(UsdNanos(3))
        );
        assert_eq!(UsdNanos::from_dollars(1_000_000_000), Some(UsdNanos::MAX));
        assert_eq!(UsdNanos::from_dollars(i64::MAX), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(nanos in 0..=UsdNanos::MAX.0) {
            let json = serde_json::to_string(&UsdNanos(nanos)).expect("a number");
            prop_assert_eq!(serde_json::from_str::<UsdNanos>(&json).ok(), Some(UsdNanos(nanos)));
            let text = serde_json::to_string(&json).expect("a string");
            prop_assert_eq!(UsdNanos::from_json(&text), Ok(UsdNanos(nanos)));
            let shifted = format!("{nanos}e-9");
            prop_assert_eq!(shifted.parse(), Ok(UsdNanos(nanos)));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*|-?[0-9]{0,40}[.]?[0-9]{0,40}([eE][+-]?[0-9]{0,30})?") {
            if let Ok(amount) = text.parse::<UsdNanos>() {
                prop_assert!((UsdNanos::ZERO..=UsdNanos::MAX).contains(&amount));
            }
        }
    }
}

//! Sums of amounts, which no amount could hold, and how either is written.
use std::fmt;

use serde::{Serialize, Serializer, ser};
use serde_json::value::RawValue;

use super::{NANOS, UsdNanos};

/// What many amounts come to, in nano-dollars. It is told and never taken from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct UsdSum(i128);

impl UsdSum {
    /// This many nano-dollars.
    pub const fn from_nanos(nanos: i128) -> Self {
        Self(nanos)
    }
}

impl From<UsdNanos> for UsdSum {
    fn from(amount: UsdNanos) -> Self {
        Self(amount.nanos().into())
    }
}

/// No sum of amounts that were ever spent comes near the end of its range.
impl std::iter::Sum for UsdSum {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        Self(sums.fold(0, |all: i128, one| all.saturating_add(one.0)))
    }
}

impl fmt::Display for UsdSum {
    /// At least two decimals and no more zeros than that: `1850.00`, `0.000125`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.unsigned_abs();
        let unit = u128::from(NANOS.unsigned_abs());
        let whole = size.checked_div(unit).unwrap_or(0);
        let rest = size.checked_rem(unit).unwrap_or(0);
        let decimals = format!("{rest:09}");
        let (cents, tail) = decimals.split_at_checked(2).unwrap_or((&decimals, ""));
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{whole}.{cents}{}", tail.trim_end_matches('0'))
    }
}

/// A JSON number with exactly the digits of `Display`. Works with `serde_json` alone.
impl Serialize for UsdSum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = RawValue::from_string(self.to_string()).map_err(ser::Error::custom)?;
        number.serialize(serializer)
    }
}

//! Reading decimal numbers exactly.
use super::{MoneyError, UsdNanos};

/// Decimals of a dollar.
const DECIMALS: i64 = 9;

/// A number in the form of RFC 8259, taken apart: the value is `digits` times 10^-`scale`.
pub(super) struct Number<'t> {
    whole: &'t str,
    fraction: &'t str,
    exponent: i64,
}

impl<'t> Number<'t> {
    /// `text` without its sign.
    pub(super) fn read(text: &'t str) -> Option<Self> {
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
        Some(Self { whole, fraction, exponent: exponent.map_or(Some(0), read_exponent)? })
    }

    /// As nano-dollars.
    pub(super) fn nanos(&self) -> Result<i64, MoneyError> {
        let digits = [self.whole, self.fraction].concat();
        let significant = digits.trim_end_matches('0');
        let zeros = length(&digits).saturating_sub(length(significant));
        let significant = significant.trim_start_matches('0');
        if significant.is_empty() {
            return Ok(0);
        }
        // The power of ten that makes the significant digits nano-dollars.
        let power = DECIMALS.saturating_add(self.exponent).saturating_add(zeros).saturating_sub(length(self.fraction));
        let power =
            u32::try_from(power).map_err(|_| if power < 0 { MoneyError::TooPrecise } else { MoneyError::TooLarge })?;
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
    Some(if text.starts_with('-') { size.saturating_neg() } else { size })
}

fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

//! Reading, writing and adding amounts.
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
        assert_eq!(UsdNanos::from_json(&format!("\"{text}\"")), Ok(UsdNanos(nanos)));
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
    for (nanos, cents) in [(4_999_999, 0), (5_000_000, 1), (15_000_000, 2), (-5_000_000, -1)] {
        assert_eq!(UsdNanos(nanos).cents(), cents);
    }
    let most = UsdNanos(i64::MAX);
    assert_eq!(most.checked_add(UsdNanos(1)), None);
    assert_eq!(most.checked_mul(2), None);
    assert_eq!(UsdNanos(i64::MIN).checked_sub(UsdNanos(1)), None);
    assert_eq!(UsdNanos::checked_sum([most, most]), None);
    assert_eq!(UsdNanos::checked_sum([UsdNanos(1), UsdNanos(2)]), Some(UsdNanos(3)));
    assert_eq!(UsdNanos::from_dollars(1_000_000_000), Some(UsdNanos::MAX));
    assert_eq!(UsdNanos::from_dollars(i64::MAX), None);
}

#[test]
fn sums_go_beyond_what_an_amount_can_hold() {
    for (nanos, text) in [
        (0, "0.00"),
        (-1, "-0.000000001"),
        (i128::from(i64::MAX) * 1_000, "9223372036854.775807"),
        (i128::MIN, "-170141183460469231731687303715.884105728"),
    ] {
        let sum = UsdSum::from_nanos(nanos);
        assert_eq!((sum.to_string().as_str(), serde_json::to_string(&sum).ok().as_deref()), (text, Some(text)));
    }
    let most = UsdSum::from(UsdNanos::MAX);
    assert_eq!([most; 3].into_iter().sum::<UsdSum>(), UsdSum::from_nanos(3_000_000_000_000_000_000));
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

//! Numbers in JSON that keep every digit.

use serde_json::Number;

/// Decimal digits that a double, and so every reader of JSON, keeps.
const EXACT_DIGITS: usize = 15;
/// Places after the point up to which they all stand for a normal double.
const MAX_PLACES: usize = 300;

/// A decimal number as JSON, when a reader that makes a double of it keeps every digit: one of up to 15 digits,
/// zeros at the end of its fraction aside. Whole numbers have no point. `None` for longer ones, which must stay
/// texts, and for what is no number.
pub(crate) fn exact(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let count = if whole.is_empty() {
        fraction.trim_start_matches('0').len()
    } else {
        whole.len() + fraction.len()
    };
    if count > EXACT_DIGITS || fraction.len() > MAX_PLACES {
        return None;
    }
    if fraction.is_empty() {
        let number: i64 = if whole.is_empty() {
            0
        } else {
            whole.parse().ok()?
        };
        let is_negative = text.starts_with('-');
        return Some(if is_negative { -number } else { number }.into());
    }
    text.parse().ok().and_then(Number::from_f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn up_to_fifteen_digits_are_a_number_and_more_are_not() {
        for (text, expected) in [
            ("0", Some("0")),
            ("0.00", Some("0")),
            ("5", Some("5")),
            ("5.00", Some("5")),
            ("-5.10", Some("-5.1")),
            ("0012.50", Some("12.5")),
            ("123456789012345", Some("123456789012345")),
            ("-123456789012345", Some("-123456789012345")),
            ("1234567890123456", None),
            ("9007199254740993", None),
            ("10000000000000000", None),
            ("12345678901234.5", Some("12345678901234.5")),
            ("12345678901234.50000000000000", Some("12345678901234.5")),
            ("123456789012345.6", None),
            ("99999999999999999.99", None),
            (
                "0.000000000000000000123456789012345",
                Some("1.23456789012345e-19"),
            ),
            ("0.1234567890123456", None),
            ("0.33333333333333333333", None),
            ("3.5000000000000000", Some("3.5")),
            ("NaN", None),
            ("Infinity", None),
            ("-Infinity", None),
            ("", None),
            ("-", None),
            ("12… [cut]", None),
        ] {
            let number = exact(text).map(|number| number.to_string());
            assert_eq!(expected, number.as_deref(), "{text}");
        }
        // 1e500 and 1e-400 as PostgreSQL writes them.
        assert_eq!(None, exact(&format!("1{}", "0".repeat(500))));
        assert_eq!(None, exact(&format!("0.{}1", "0".repeat(399))));
        assert!(exact(&format!("0.{}1", "0".repeat(290))).is_some());
    }

    proptest! {
        /// What a reader makes of the number has the digits of the text.
        #[test]
        fn a_double_keeps_every_digit(whole in 0u64..1_000_000_000, places in 0u32..6, fraction in 0u64..1_000_000) {
            let width = places as usize;
            let fraction = fraction % 10u64.pow(places).max(1);
            let text = if places == 0 { whole.to_string() } else { format!("{whole}.{fraction:0width$}") };
            let number = exact(&text).unwrap();
            let read = number.as_f64().unwrap();
            prop_assert_eq!(format!("{read:.width$}"), text);
        }
    }
}

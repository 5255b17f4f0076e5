//! Readings of one JSON value, in the forms low-code hosts give it.

use crate::json::Value;

/// The most characters of a value that an error repeats.
const SHOWN_CHARACTERS: usize = 40;

/// Whether the value stands for none: null, or a string of nothing but white space.
pub(super) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// A whole number from a number or a string, `250`, `250.0`, `2.5e2` and `"250"` alike.
pub(super) fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => whole(number),
        Value::String(text) => whole(text.trim()),
        _ => None,
    }
}

/// The whole number that decimal text stands for. From its digits and not by way of a floating-point number, because
/// the tables that reading one takes are a tenth of the component.
fn whole(text: &str) -> Option<i64> {
    let digits = whole_digits(text)?;
    let magnitude: i64 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    Some(if text.starts_with('-') { -magnitude } else { magnitude })
}

/// The digits before the decimal point, if all behind it are zero.
pub(crate) fn whole_digits(text: &str) -> Option<String> {
    /// More zeros than any number of ours has.
    const MOST_ZEROS: i64 = 400;
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, i64::from(exponent.parse::<i32>().ok()?)),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let point = i64::try_from(whole.len()).ok()? + exponent;
    let behind = digits.split_off(usize::try_from(point).unwrap_or_default().min(digits.len()));
    if behind.bytes().any(|digit| digit != b'0') {
        return None;
    }
    let missing = point - i64::try_from(digits.len()).ok()?;
    let only_zeros = digits.bytes().all(|digit| digit == b'0');
    if missing > 0 && !only_zeros {
        digits.push_str(&"0".repeat(usize::try_from(missing).ok().filter(|_| missing <= MOST_ZEROS)?));
    }
    Some(digits)
}

/// A boolean from a boolean or a string.
pub(super) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(boolean) => Some(*boolean),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// The name and the value of one `{"key", "value"}` row; a missing value is null, a missing name empty.
pub(super) fn pair(row: Value) -> Option<(String, Value)> {
    let Value::Object(mut row) = row else { return None };
    let name = match row.remove("key") {
        Some(Value::String(name)) => name.trim().to_owned(),
        None | Some(Value::Null) => String::new(),
        Some(_) => return None,
    };
    Some((name, row.remove("value").unwrap_or(Value::Null)))
}

/// The value in a few words for an error: what it is, and how it begins.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(boolean) => boolean.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text {:?}", shorten(text)),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(object) => format!("an object with {} members", object.len()),
    }
}

fn shorten(text: &str) -> String {
    let mut characters = text.chars();
    let mut short: String = characters.by_ref().take(SHOWN_CHARACTERS).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::whole;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whole_numbers_are_those_that_a_double_holds_without_a_fraction(
            text in "[+-]?[0-9]{0,4}(\\.[0-9]{0,3})?([eE][+-]?[0-9])?|\\PC{0,8}"
        ) {
            let double = text.parse::<f64>().ok().filter(|number| number.fract() == 0.0);
            prop_assert_eq!(whole(&text), double.map(|number| number as i64), "{}", text);
        }
    }

    #[test]
    fn numbers_too_large_for_any_input_are_none() {
        for text in ["1e99", "123456789012345678901", "1e2147483647", "1e99999999999", "inf", "NaN", ""] {
            assert_eq!(whole(text), None, "{text}");
        }
        assert_eq!(whole("0e99"), Some(0));
    }
}

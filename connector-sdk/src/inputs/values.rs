//! Readings of one JSON value, in the forms low-code hosts give it.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::excerpt::shorten;

/// A JSON value as it was written. Its grammar was checked when it was read.
pub(super) type Json = Box<RawValue>;

/// The most characters of a value that an error repeats.
const SHOWN_CHARACTERS: usize = 40;

/// Whether the value stands for none: null, or a string of nothing but white space.
pub(super) fn is_blank(value: &RawValue) -> bool {
    value.get() == "null" || text(value).is_some_and(|text| text.trim().is_empty())
}

/// The text of a string.
pub(super) fn text(value: &RawValue) -> Option<String> {
    if value.get().starts_with('"') { serde_json::from_str(value.get()).ok() } else { None }
}

/// A number as it was written.
pub(super) fn number(value: &RawValue) -> Option<&str> {
    value.get().starts_with(|first: char| first == '-' || first.is_ascii_digit()).then(|| value.get())
}

/// A whole number from a number or a string, `250`, `250.0`, `2.5e2` and `"250"` alike.
pub(super) fn whole_number(value: &RawValue) -> Option<i64> {
    match number(value) {
        Some(number) => whole(number),
        None => whole(text(value)?.trim()),
    }
}

/// The whole number that decimal text stands for. From its digits and not by way of a floating-point number, which
/// rounds.
fn whole(text: &str) -> Option<i64> {
    let digits = whole_digits(text)?;
    let magnitude: i64 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    Some(if text.starts_with('-') { -magnitude } else { magnitude })
}

/// The digits before the decimal point, if all behind it are zero.
fn whole_digits(text: &str) -> Option<String> {
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

/// A boolean from a boolean, from the number 1 or 0, or from a word for one of them.
pub(super) fn boolean(value: &RawValue) -> Option<bool> {
    let text = text(value);
    let word = text.as_deref().map_or(value.get(), str::trim);
    let is_one_of = |words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    if is_one_of(&["true", "t", "yes", "y", "1"]) {
        return Some(true);
    }
    is_one_of(&["false", "f", "no", "n", "0"]).then_some(false)
}

/// The name and the value of one `{"key", "value"}` row; a missing value is null, a missing name empty.
pub(super) fn pair(row: &RawValue) -> Option<(String, Json)> {
    let mut row: BTreeMap<String, Json> = serde_json::from_str(row.get()).ok()?;
    let name = match row.remove("key") {
        Some(name) if name.get() != "null" => text(&name)?.trim().to_owned(),
        _ => String::new(),
    };
    Some((name, row.remove("value").unwrap_or_else(|| RawValue::NULL.to_owned())))
}

/// The value in a few words for an error: what it is, and how it begins.
pub(super) fn describe(value: &RawValue) -> String {
    let json = value.get();
    match json.as_bytes().first() {
        Some(b'"') => match text(value) {
            Some(text) => format!("the text {:?}", shorten(&text, SHOWN_CHARACTERS)),
            None => "a text with half of a character".to_owned(),
        },
        Some(b'[') => {
            format!("a list of {}", serde_json::from_str::<Vec<Json>>(json).unwrap_or_default().len())
        }
        Some(b'{') => {
            let members = serde_json::from_str::<BTreeMap<String, Json>>(json).unwrap_or_default();
            format!("an object with {} members", members.len())
        }
        Some(b'-' | b'0'..=b'9') => format!("the number {json}"),
        _ => json.to_owned(),
    }
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

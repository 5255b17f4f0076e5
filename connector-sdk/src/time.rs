//! Points in time as the API writes them: ISO 8601 in UTC with milliseconds, `2024-06-14T14:58:16.638Z`. Here they are
//! milliseconds since 1970, which compare and subtract.

use std::ops::RangeInclusive;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

/// The last point in time that has a four-digit year. Later ones do not occur, and would not be written back as they
/// were read.
pub const LATEST: Millis = 253_402_300_799_999;

/// When something can have been created or changed: from the year 1990, before which there was no service such as this,
/// to the end of 2199. What writers put where they know no time lies outside: the years 1, 1601, 1900 and 1970, and the
/// year 9999.
pub const PLAUSIBLE: RangeInclusive<Millis> = 631_152_000_000..=7_258_118_399_999;

const DAY: i64 = 86_400;

/// The most hours by which a zone is ahead of UTC or behind it.
const MOST_OFFSET_HOURS: i64 = 14;

/// Reads a point in time: a date, `T`, a time with or without a fraction of a second, and `Z` or an offset of up to 14
/// hours. What a fraction holds below a millisecond is dropped. None if the text is not that, names no such day, or
/// lies before 1970.
pub fn parse(text: &str) -> Option<Millis> {
    parse_as_written(text).or_else(|| parse_any(text))
}

/// The one form that the API itself writes. Every record has two of these, so this path is for speed, eight characters
/// at a time, and reads nothing that the other would not read.
fn parse_as_written(text: &str) -> Option<Millis> {
    let (words, []) = text.as_bytes().as_chunks::<8>() else { return None };
    let [date, day_and_clock, rest] = words else { return None };
    let date = digits(date, b"0000-00-")?;
    let day_and_clock = digits(day_and_clock, b"00T00:00")?;
    let rest = digits(rest, b":00.000Z")?;
    let (year, month) = (100 * pair(date, 0) + pair(date, 2), pair(date, 5));
    let (day, hour, minute) = (pair(day_and_clock, 0), pair(day_and_clock, 3), pair(day_and_clock, 6));
    let (second, millisecond) = (pair(rest, 1), 10 * pair(rest, 4) + byte(rest, 6));
    if !is_in_range(year.into(), month.into(), day.into(), hour.into(), minute.into(), second.into()) {
        return None;
    }
    let second_of_day = hour * 3_600 + minute * 60 + second;
    let days = days_since_1970(year.into(), month.into(), day.into());
    Some((days * DAY + i64::from(second_of_day)) * 1_000 + i64::from(millisecond))
        .filter(|time| (0..=LATEST).contains(time))
}

/// The digits of eight characters as numbers, a byte each, the first in the lowest. None unless there is a digit
/// wherever the pattern has a 0, and the pattern's own character everywhere else.
#[inline]
fn digits(text: &[u8; 8], pattern: &[u8; 8]) -> Option<u64> {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    // What a byte may be at most, added to this, is 0x7f: 9 for a digit, 0 for what must be as in the pattern.
    let room = u64::from_le_bytes(pattern.map(|byte| if byte == b'0' { 0x7f - 9 } else { 0x7f }));
    let numbers = u64::from_le_bytes(*text) ^ u64::from_le_bytes(*pattern);
    // A byte of 0x80 and more has the bit itself, so it does not matter that its sum overflows.
    ((numbers | numbers.wrapping_add(room)) & HIGH_BITS == 0).then_some(numbers)
}

/// The number of two digits, the first of which has this index.
#[inline]
fn pair(digits: u64, index: u32) -> u32 {
    10 * byte(digits, index) + byte(digits, index + 1)
}

#[inline]
fn byte(digits: u64, index: u32) -> u32 {
    u32::from((digits >> (8 * index)) as u8)
}

fn is_in_range(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> bool {
    (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && ((1..=28).contains(&day) || (29..=days_of_month(year, month)).contains(&day))
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn parse_any(text: &str) -> Option<Millis> {
    let (date, rest) = text.split_at_checked(10)?;
    let (clock, rest) = rest.strip_prefix(['T', 't'])?.split_at_checked(8)?;
    let (year, month, day) = three(date, '-')?;
    let (hour, minute, second) = three(clock, ':')?;
    if !is_in_range(year, month, day, hour, minute, second) {
        return None;
    }
    let (fraction, zone) = match rest.strip_prefix('.') {
        None => ("", rest),
        Some(rest) => rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit())?)?,
    };
    let milliseconds = fraction.bytes().chain(*b"000").take(3).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    let seconds = days_since_1970(year, month, day) * DAY + hour * 3_600 + minute * 60 + second - offset(zone)?;
    Some(seconds * 1_000 + milliseconds).filter(|time| (0..=LATEST).contains(time))
}

/// Writes a point in time as the API does.
pub fn format(time: Millis) -> String {
    let time = time.clamp(0, LATEST);
    let (seconds, milliseconds) = (time / 1_000, time % 1_000);
    let (days, second_of_day) = (seconds / DAY, seconds % DAY);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z")
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar. The year is taken to begin in March, so that the leap day
/// is its last.
pub(super) fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    // With 32 bits: WebAssembly has no product of 128, with which a compiler divides numbers of 64 bits by a constant.
    let (short_year, short_month) = (year as u32, month as u32);
    let leap_days = short_year / 4 - short_year / 100 + short_year / 400;
    let day_of_year = i64::from((153 * short_month + 2) / 5) + day - 1;
    year * 365 + i64::from(leap_days) + day_of_year - MARCH_1_OF_YEAR_0_TO_1970
}

const MARCH_1_OF_YEAR_0_TO_1970: i64 = 719_468;

/// The year, month and day that many days after 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    // The year is off by at most one from this, and then corrected; again years begin in March.
    let days = days + MARCH_1_OF_YEAR_0_TO_1970;
    let begins = |year: i64| year * 365 + year / 4 - year / 100 + year / 400;
    let mut year = days * 400 / 146_097;
    if begins(year + 1) <= days {
        year += 1;
    }
    if begins(year) > days {
        year -= 1;
    }
    let day_of_year = days - begins(year);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

/// Three numbers with a separator between them; nothing but digits in each.
fn three(text: &str, separator: char) -> Option<(i64, i64, i64)> {
    let mut parts = text.split(separator).map(number);
    let three = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(three)
}

fn number(text: &str) -> Option<i64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// The seconds by which a zone is ahead of UTC. One that no place on earth has is no zone: taken at its word it would
/// move a change by days, to where nobody looks for it.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let ahead = hours * 3_600 + minutes * 60;
    (minutes < 60 && ahead <= MOST_OFFSET_HOURS * 3_600).then_some(sign * ahead)
}

#[cfg(test)]
mod tests {
    use super::{LATEST, PLAUSIBLE, format, parse, parse_any, parse_as_written};
    use proptest::prelude::*;

    #[test]
    fn what_the_api_writes_is_read() {
        assert_eq!(parse("1970-01-01T00:00:00.000Z"), Some(0));
        assert_eq!(parse("2024-06-14T14:58:16.638Z"), Some(1_718_377_096_638));
        assert_eq!(parse("2024-02-29T23:59:59.999Z"), Some(1_709_251_199_999));
    }

    #[test]
    fn fractions_and_offsets_of_other_writers_are_read() {
        let same = Some(1_718_377_096_600);
        for text in ["2024-06-14T14:58:16.6Z", "2024-06-14T14:58:16.600999Z", "2024-06-14T16:58:16.6+02:00"] {
            assert_eq!(parse(text), same, "{text}");
        }
        assert_eq!(parse("2024-06-14T09:58:16-05:00"), Some(1_718_377_096_000));
        assert_eq!(parse("2024-06-14t14:58:16z"), Some(1_718_377_096_000));
        // A leap second is the first of the next minute.
        assert_eq!(parse("2016-12-31T23:59:60.000Z"), parse("2017-01-01T00:00:00.000Z"));
    }

    #[test]
    fn an_offset_that_no_place_has_is_not_a_time() {
        for offset in ["+14:00", "-14:00", "+13:59", "+00:00", "-00:30"] {
            assert!(parse(&format!("2024-06-14T14:58:16{offset}")).is_some(), "{offset}");
        }
        for offset in
            ["+14:01", "-15:00", "+99:99", "+02:60", "+2:00", "+002:00", "+02:0", "+0200", "+02", "++2:00", "+:"]
        {
            assert_eq!(parse(&format!("2024-06-14T14:58:16{offset}")), None, "{offset}");
        }
    }

    #[test]
    fn a_day_that_the_month_lacks_is_not_a_time() {
        for (date, is_a_day) in [
            ("2024-02-29", true),
            ("2023-02-29", false),
            ("2000-02-29", true),
            ("2100-02-29", false),
            ("2024-02-30", false),
            ("2024-04-30", true),
            ("2024-04-31", false),
            ("2024-12-31", true),
            ("2024-12-32", false),
            ("2024-01-00", false),
        ] {
            for clock in ["T14:58:16.638Z", "T14:58:16Z"] {
                assert_eq!(parse(&format!("{date}{clock}")).is_some(), is_a_day, "{date}{clock}");
            }
        }
    }

    #[test]
    fn what_stands_for_no_time_is_not_plausible() {
        let is_plausible = |text| parse(text).is_some_and(|time| PLAUSIBLE.contains(&time));
        assert!(is_plausible("1990-01-01T00:00:00.000Z") && is_plausible("2199-12-31T23:59:59.999Z"));
        for text in [
            "0001-01-01T00:00:00.000Z",
            "1601-01-01T00:00:00.000Z",
            "1970-01-01T00:00:00.000Z",
            "1989-12-31T23:59:59.999Z",
            "2200-01-01T00:00:00.000Z",
            "9999-12-31T23:59:59.999Z",
        ] {
            assert!(!is_plausible(text), "{text}");
        }
    }

    #[test]
    fn anything_else_is_not_a_time() {
        for text in [
            "",
            "soon",
            "2024-06-14",
            "2024-06-14T14:58:16",
            "2024-06-14T14:58:16.Z ",
            "2024-13-14T14:58:16Z",
            "2024-06-14T25:58:16Z",
            "+024-06-14T14:58:16Z",
            "2024-06-14T14:58:16.6",
            "1969-12-31T23:59:59Z",
            "2024-06-1éT14:58:16Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_time_is_read_back_as_it_was_written(time in 0..=LATEST) {
            prop_assert_eq!(parse(&format(time)), Some(time));
        }

        #[test]
        fn the_fast_path_reads_as_the_other_does(text in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9].[0-9]{3}Z") {
            prop_assert_eq!(parse_as_written(&text), parse_any(&text));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*|[0-9T:.Z+-]{0,30}") {
            parse(&text);
        }
    }
}

//! Durations and sizes as people write them: read from flags, and shown on pages and terminals.

use std::net::SocketAddr;
use std::time::Duration;

/// Reads a duration: a whole number with `ms`, `s`, `m` or `h`; without a unit it is seconds.
///
/// # Errors
///
/// It is none, or too large.
pub fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text)?;
    let milliseconds = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(format!("{unit:?} is not a unit of time: write 500ms, 30s, 5m or 1h")),
    };
    match number.checked_mul(milliseconds) {
        Some(0) => Err("must be longer than nothing".into()),
        Some(milliseconds) => Ok(Duration::from_millis(milliseconds)),
        None => Err("is too long".into()),
    }
}

/// Reads a duration in milliseconds.
///
/// # Errors
///
/// It is none, or too large.
pub fn milliseconds(text: &str) -> Result<u64, String> {
    duration(text).map(|duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// Reads a size in bytes: a whole number, with `KiB`, `MiB` or `GiB` for more.
///
/// # Errors
///
/// It is none, or too large.
pub fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text)?;
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => return Err(format!("{unit:?} is not a unit of size: write 65536, 64KiB, 16MiB or 1GiB")),
    };
    number.checked_mul(factor).ok_or_else(|| "is too large".into())
}

/// A size in bytes for people: `512 B`, `1.5 KiB`, `3 MiB`.
pub fn shown_size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", decimal(bytes as f64 / 1024.0, 1)),
        _ => format!("{} MiB", decimal(bytes as f64 / 1_048_576.0, 1)),
    }
}

/// A number with at most so many decimals, without zeros at its end.
pub fn decimal(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    if decimals == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

fn split(text: &str) -> Result<(u64, &str), String> {
    let text = text.trim();
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number = number.parse().map_err(|_| "must begin with a whole number".to_owned())?;
    Ok((number, unit.trim()))
}

/// An address to listen on: HOST:PORT, where HOST is an address or `localhost`, or a port alone, of this machine.
///
/// # Errors
///
/// It is no such address.
pub fn listening_address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost:").or_else(|| text.strip_prefix(':')).unwrap_or(text);
    let address = port.parse::<u16>().map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    address.or_else(|_| text.parse()).map_err(|_| "expected an address such as 127.0.0.1:8787, or a port".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_to_listen_on_is_a_port_of_this_machine_or_says_which_machine() {
        for text in ["127.0.0.1:80", "localhost:80", ":80", "80"] {
            assert_eq!(listening_address(text).unwrap().to_string(), "127.0.0.1:80", "{text}");
        }
        assert_eq!(listening_address("[::1]:0").unwrap().to_string(), "[::1]:0");
        for text in ["", "localhost", "example.org:80", "70000", "localhost:x"] {
            assert!(listening_address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_read_with_their_unit() {
        let cases = [("500ms", 500), ("30", 30_000), ("30s", 30_000), (" 5 m ", 300_000), ("1h", 3_600_000)];
        for (text, milliseconds) in cases {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "-1s", "1.5s", "1d", "0s", "99999999999999999999s", "18446744073709551615h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_read_with_their_unit() {
        let cases =
            [("0", 0), ("65536", 65536), ("64KiB", 65536), ("64k", 65536), ("16MiB", 16 << 20), ("1 GiB", 1 << 30)];
        for (text, bytes) in cases {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "-1", "1.5MiB", "1TB", "18446744073709551615GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_size_is_shown_in_the_largest_unit_that_it_fills() {
        let cases = [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (3 << 20, "3 MiB")];
        for (bytes, text) in cases {
            assert_eq!(shown_size(bytes), text);
        }
        assert_eq!((decimal(1.50, 2), decimal(100.0, 0)), ("1.5".into(), "100".into()));
    }
}

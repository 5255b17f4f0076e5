//! What instruments have in common: how attributes are bounded, and where a histogram's buckets lie.

use std::time::Duration;

use host::text::beginning;
use opentelemetry::KeyValue;

/// The most bytes of an attribute's value.
const LONGEST_VALUE: usize = 128;

/// Bounds of durations in seconds: a poll in memory takes a tenth of a millisecond, and a call a minute at most.
pub(crate) const SECONDS: [f64; 17] =
    [0.000_1, 0.000_25, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// Bounds of lags in seconds: of what is late by a minute or an hour, too.
pub(crate) const LAG_SECONDS: [f64; 16] =
    [0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0];
/// Bounds of sizes in bytes, from a page of WebAssembly's memory to what a call may have by default and beyond.
pub(crate) const BYTES: [f64; 12] = [
    65_536.0,
    262_144.0,
    1_048_576.0,
    2_097_152.0,
    4_194_304.0,
    8_388_608.0,
    16_777_216.0,
    33_554_432.0,
    67_108_864.0,
    134_217_728.0,
    268_435_456.0,
    1_073_741_824.0,
];

/// An attribute whose value comes from somebody else.
pub(crate) fn attribute(name: &'static str, value: &str) -> KeyValue {
    KeyValue::new(name, beginning(value, LONGEST_VALUE).to_owned())
}

/// A duration as metrics have it.
pub(crate) fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

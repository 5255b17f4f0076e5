//! The `DateTime` scalar: ISO 8601 in UTC with milliseconds, as the service writes it.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use jiff::Timestamp;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DateTime(pub(crate) i64);

impl DateTime {
    /// The text of this instant, for example `2024-06-14T14:58:16.638Z`.
    pub(crate) fn to_text(self) -> String {
        // Times outside of what a calendar can name are shown as its edge: the clock is set by tests, at will.
        let instant =
            Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX });
        format!("{instant:.3}")
    }
}

#[Scalar(name = "DateTime")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => match text.parse::<Timestamp>() {
                Ok(instant) => Ok(DateTime(instant.as_millisecond())),
                Err(error) => Err(InputValueError::custom(format!("not an ISO 8601 time: {error}"))),
            },
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_with_three_decimals() {
        assert_eq!(DateTime(1_718_377_096_638).to_text(), "2024-06-14T14:58:16.638Z");
        assert_eq!(DateTime(1_718_377_096_000).to_text(), "2024-06-14T14:58:16.000Z");
    }
}

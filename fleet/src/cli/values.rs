//! Values of flags.

use std::time::Duration;

use jiff::SignedDuration;

/// A time such as `15s`, `500ms` or `5m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time: write 500ms, 15s or 5m");
    let duration: SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(duration).map_err(|_| wrong())
}

//! What runs and how long it took, on standard error.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Runs one step and says so. An error names the step.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("▸ {name}");
    let started = Instant::now();
    let result = work();
    let took = seconds(started.elapsed());
    match &result {
        Ok(_) => eprintln!("✓ {name} ({took})"),
        Err(_) => eprintln!("✗ {name} ({took})"),
    }
    result.with_context(|| format!("{name}: failed"))
}

/// A duration for people: `0.3 s`, `12.0 s`, `3 min 20 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    if whole < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{seconds, step};

    #[test]
    fn durations_read_well_at_every_length() {
        assert_eq!(seconds(Duration::from_millis(340)), "0.3 s");
        assert_eq!(seconds(Duration::from_secs(12)), "12.0 s");
        assert_eq!(seconds(Duration::from_secs(200)), "3 min 20 s");
    }

    #[test]
    fn an_error_names_the_step_and_keeps_its_cause() {
        let error = step("Build the moon", || -> anyhow::Result<()> { anyhow::bail!("no cheese") }).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains("Build the moon") && text.contains("no cheese"), "{text}");
    }
}

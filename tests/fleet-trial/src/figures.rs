//! What workers count, read from their `/metrics` as Prometheus would.

use std::collections::BTreeMap;
use std::time::Duration;

/// Numbers by name and labels, of all workers together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    values: BTreeMap<String, f64>,
}

impl Figures {
    /// Reads them. A worker that does not answer counts nothing.
    pub(crate) async fn read(client: &reqwest::Client, urls: &[String]) -> Self {
        let mut values = BTreeMap::new();
        for url in urls {
            let answer = client.get(url).timeout(Duration::from_secs(2)).send().await;
            let Ok(text) = (match answer {
                Ok(answer) => answer.text().await,
                Err(error) => Err(error),
            }) else {
                continue;
            };
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                if let Some((name, value)) = line.rsplit_once(' ')
                    && let Ok(value) = value.parse::<f64>()
                {
                    *values.entry(name.to_owned()).or_default() += value;
                }
            }
        }
        Self { values }
    }

    /// All series of a name, whatever their labels, where `wanted` is in them.
    pub(crate) fn sum(&self, name: &str, wanted: &str) -> f64 {
        let is_it = |series: &str| {
            let rest = series.strip_prefix(name)?;
            (rest.is_empty() || rest.starts_with('{')).then(|| rest.contains(wanted))
        };
        self.values.iter().filter(|(series, _)| is_it(series) == Some(true)).map(|(_, value)| value).sum()
    }

    /// A quantile of a histogram since an earlier look: the upper bound of its bucket.
    pub(crate) fn quantile(&self, name: &str, part: f64, since: &Self) -> Option<f64> {
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        let prefix = format!("{name}_bucket");
        for (series, value) in self.values.iter().filter(|(series, _)| series.starts_with(&prefix)) {
            let bound = series.split("le=\"").nth(1)?.split('"').next()?;
            let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().ok()? };
            let before = since.values.get(series).copied().unwrap_or_default();
            match buckets.iter_mut().find(|(known, _)| *known == bound) {
                Some((_, count)) => *count += value - before,
                None => buckets.push((bound, value - before)),
            }
        }
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        let all = buckets.last()?.1;
        if all <= 0.0 {
            return None;
        }
        buckets.iter().find(|(_, count)| *count >= all * part).map(|(bound, _)| *bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_added_up_and_a_quantile_is_the_bound_of_its_bucket() {
        let of = |lines: &[(&str, f64)]| Figures {
            values: lines.iter().map(|(name, value)| ((*name).into(), *value)).collect(),
        };
        let before = of(&[("lag_bucket{le=\"1\"}", 10.0), ("lag_bucket{le=\"+Inf\"}", 10.0)]);
        let after = of(&[
            ("lag_bucket{le=\"1\"}", 10.0),
            ("lag_bucket{le=\"2\"}", 98.0),
            ("lag_bucket{le=\"+Inf\"}", 110.0),
            ("polls_total{outcome=\"quiet\"}", 7.0),
            ("polls_total{outcome=\"found\"}", 2.0),
            ("polls_total_other", 100.0),
        ]);
        assert_eq!((after.sum("polls_total", ""), after.sum("polls_total", "quiet")), (9.0, 7.0));
        assert_eq!(after.quantile("lag", 0.5, &before), Some(2.0));
        assert_eq!(after.quantile("lag", 0.99, &before), Some(f64::INFINITY));
        assert_eq!(before.quantile("lag", 0.5, &before), None);
    }
}

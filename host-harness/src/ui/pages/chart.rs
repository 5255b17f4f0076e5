//! A small chart of what the last polls delivered: a bar a poll, the newest at the right. Each says which poll it is,
//! and leads to it in the timeline.

use std::time::SystemTime;

use maud::{Markup, html};

use super::{count, milliseconds, utc};
use crate::ui::events::Event;

/// Polls that are shown.
const MOST_POLLS: usize = 60;
const BAR: usize = 8;
const HEIGHT: usize = 44;

/// One poll for the chart.
struct Bar {
    /// The event that it leads to.
    event: u64,
    at: SystemTime,
    number: u64,
    delivered: usize,
    /// What was delivered, by its lists.
    lists: Vec<String>,
    has_failed: bool,
}

impl Bar {
    fn of(event: &Event) -> Option<Self> {
        let poll = event.poll()?;
        let filled = poll.delivery.lists.iter().filter(|list| list.length > 0);
        Some(Self {
            event: event.id,
            at: event.at,
            number: poll.number,
            delivered: poll.delivery.lists.iter().map(|list| list.length).fold(0, usize::saturating_add),
            lists: filled.map(|list| format!("{} {}", list.length, list.name)).collect(),
            has_failed: poll.run.result.is_err(),
        })
    }

    /// Which poll it is, when it was, and what it came to.
    fn said(&self) -> String {
        let came = match self.lists.as_slice() {
            _ if self.has_failed => "failed".to_owned(),
            [] => "found nothing".to_owned(),
            lists => lists.join(", "),
        };
        format!("Poll {}, {}: {came}", self.number, utc(self.at))
    }
}

/// The chart of these events, the newest first; nothing for a single poll.
pub(in crate::ui) fn show<'a>(events: impl IntoIterator<Item = &'a Event>) -> Markup {
    let mut bars: Vec<Bar> = events.into_iter().filter_map(Bar::of).take(MOST_POLLS).collect();
    bars.reverse();
    if bars.len() < 2 {
        return Markup::default();
    }
    let most = bars.iter().map(|bar| bar.delivered).max().unwrap_or_default();
    let total: usize = bars.iter().map(|bar| bar.delivered).sum();
    let failed = bars.iter().filter(|bar| bar.has_failed).count();
    let label = format!(
        "The last {} polls delivered {}, at most {most} in one; {failed} failed",
        bars.len(),
        count(total as u64, "record")
    );
    html! {
        figure .chart {
            svg role="group" aria-label=(label) viewBox={ "0 0 " (MOST_POLLS * BAR) " " (HEIGHT) } preserveAspectRatio="xMaxYMax meet" {
                @for (index, bar) in bars.iter().enumerate() {
                    @let (said, x, height) = (bar.said(), (MOST_POLLS - bars.len() + index) * BAR, height(bar, most));
                    a href={ "#event-" (bar.event) } data-bar=(bar.event) tabindex=(if index + 1 == bars.len() { "0" } else { "-1" })
                        aria-label=(said) data-clock=(utc(bar.at)) data-milliseconds=(milliseconds(bar.at)) {
                        title { (said) }
                        // Low bars are pointed at as easily as high ones.
                        rect .aim x=(x) y="0" width=(BAR) height=(HEIGHT) {}
                        rect class=(kind(bar)) x=(x + 1) y=(HEIGHT - height) width=(BAR - 2) height=(height) {}
                    }
                }
            }
            figcaption .quiet { (label) ". Each bar leads to its poll." }
        }
    }
}

/// A poll that found nothing is a line; a small delivery is seen beside a large one.
fn height(bar: &Bar, most: usize) -> usize {
    match bar.delivered {
        0 if bar.has_failed => HEIGHT / 4,
        0 => 2,
        delivered => (delivered * (HEIGHT - 6) / most.max(1)).max(4) + 2,
    }
}

fn kind(bar: &Bar) -> &'static str {
    match bar.delivered {
        _ if bar.has_failed => "failed",
        0 => "quiet-bar",
        _ => "found",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_high_as_what_was_delivered_and_a_small_one_is_seen() {
        let bar = |delivered, has_failed| Bar {
            event: 1,
            at: SystemTime::UNIX_EPOCH,
            number: 1,
            delivered,
            lists: if delivered > 0 { vec![format!("{delivered} created")] } else { Vec::new() },
            has_failed,
        };
        assert_eq!(height(&bar(5_000, false), 5_000), HEIGHT - 4);
        assert_eq!((height(&bar(1, false), 5_000), height(&bar(0, false), 0)), (6, 2));
        assert_eq!(bar(3, false).said(), "Poll 1, 00:00:00 UTC: 3 created");
        assert_eq!(bar(0, false).said(), "Poll 1, 00:00:00 UTC: found nothing");
        assert_eq!(bar(3, true).said(), "Poll 1, 00:00:00 UTC: failed");
        assert_eq!((kind(&bar(0, true)), kind(&bar(0, false)), kind(&bar(3, false))), ("failed", "quiet-bar", "found"));
    }
}

//! A small chart of what the last polls delivered: a bar a poll, the newest at the right.

use maud::{Markup, html};

use super::count;
use crate::ui::trigger::{Event, What};

/// Polls that are shown.
const MOST_POLLS: usize = 60;
const BAR: usize = 8;
const HEIGHT: usize = 44;

/// One poll for the chart.
struct Bar {
    number: u64,
    delivered: usize,
    has_failed: bool,
}

/// The chart of these events, the newest first; nothing for a single poll.
pub(in crate::ui) fn show<'a>(events: impl IntoIterator<Item = &'a Event>) -> Markup {
    let bars = events.into_iter().filter_map(|event| match &event.what {
        What::Poll(poll) => Some(Bar {
            number: poll.number,
            delivered: poll.delivery.lists.iter().map(|list| list.length).sum(),
            has_failed: poll.run.result.is_err(),
        }),
        What::Note(_) => None,
    });
    let mut bars: Vec<Bar> = bars.take(MOST_POLLS).collect();
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
            svg role="img" aria-label=(label) viewBox={ "0 0 " (MOST_POLLS * BAR) " " (HEIGHT) } preserveAspectRatio="xMaxYMax meet" {
                @for (index, bar) in bars.iter().enumerate() {
                    @let height = height(bar, most);
                    rect class=(kind(bar)) x=((MOST_POLLS - bars.len() + index) * BAR + 1) y=(HEIGHT - height) width=(BAR - 2) height=(height) {
                        title { "Poll " (bar.number) ": " @if bar.has_failed { "failed" } @else { (count(bar.delivered as u64, "record")) } }
                    }
                }
            }
            figcaption .quiet { (label) "." }
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
        let bar = |delivered, has_failed| Bar { number: 1, delivered, has_failed };
        assert_eq!(height(&bar(5_000, false), 5_000), HEIGHT - 4);
        assert_eq!((height(&bar(1, false), 5_000), height(&bar(0, false), 0)), (6, 2));
        assert_eq!((kind(&bar(0, true)), kind(&bar(0, false)), kind(&bar(3, false))), ("failed", "quiet-bar", "found"));
    }
}

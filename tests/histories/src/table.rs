//! The figures of `docs/polling.md`: losses and repeats of the naive design and of the trigger over the same histories,
//! and the smallest history that shows the naive design's fault.

use crate::burst;
use crate::draw::{self, WEATHERS, Weather};
use crate::history::History;
use crate::naive::Naive;
use crate::outcome::{Outcome, Promise};
use crate::play::play;
use crate::subject::{Lacks, Trigger};
use proptest::strategy::ValueTree as _;

/// What came of many histories.
#[derive(Debug, Default)]
pub struct Sum {
    histories: u64,
    with_losses: u64,
    lost: u64,
    delivered: u64,
    repeats: u64,
    polls: u64,
    requests: u64,
}

impl Sum {
    /// Adds one.
    pub fn add(&mut self, outcome: &Outcome) {
        self.histories += 1;
        self.with_losses += u64::from(outcome.lost > 0);
        self.lost += outcome.lost;
        self.delivered += outcome.delivered;
        self.repeats += outcome.repeats;
        self.polls += outcome.polls;
        self.requests += outcome.requests;
    }

    /// How many requests a poll makes.
    pub fn requests_a_poll(&self) -> f64 {
        self.requests as f64 / self.polls.max(1) as f64
    }

    fn cells(&self) -> String {
        let percent = |part: u64, of: u64| 100.0 * part as f64 / of.max(1) as f64;
        format!(
            "{} ({:.0} %) | {:.1} % | {:.2}",
            self.with_losses,
            percent(self.with_losses, self.histories),
            percent(self.repeats, self.delivered),
            self.requests_a_poll()
        )
    }
}

/// The table and the smallest failing history of the naive design, in Markdown.
pub fn markdown(histories: u64) -> String {
    let mut text = format!(
        "{histories} histories a row, seeds 0 to {}. \"Lost in\" counts the histories in which a change was never \
         delivered.\n\n\
         | weather | naive: lost in | repeats | requests a poll | ours: lost in | repeats | requests a poll |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
        histories - 1
    );
    for weather in WEATHERS {
        let [naive, ours] = both((0..histories).map(|seed| draw::history(weather, seed)));
        text.push_str(&format!("| {} | {} | {} |\n", weather.name, naive.cells(), ours.cells()));
    }
    let calm = both((0..histories).map(burst::calm));
    let burst = both((0..burst::HISTORIES).map(burst::history));
    for (name, [naive, ours]) in [(burst::CALM, calm), (burst::NAME, burst)] {
        text.push_str(&format!("| {name} | {} | {} |\n", naive.cells(), ours.cells()));
    }
    if let Some((history, outcome)) =
        smallest_loss(&draw::CALM, 300, |history| play(history, &mut Naive::new(&history.settings), true))
    {
        text.push_str(&format!(
            "\nThe smallest history in which the naive design loses a change (pages of {}, a cap of {} a \
             poll):\n\n```text\n{}\n```\n",
            history.settings.bounds.page_size.min(u32::try_from(history.settings.most_on_page).unwrap_or(u32::MAX)),
            history.settings.bounds.delivering_pages,
            outcome.story.join("\n")
        ));
    }
    text
}

/// What comes of histories with the naive design and with the trigger.
pub fn both(histories: impl Iterator<Item = History>) -> [Sum; 2] {
    let (mut naive, mut ours) = (Sum::default(), Sum::default());
    for history in histories {
        naive.add(&play(&history, &mut Naive::new(&history.settings), false));
        ours.add(&play(&history, &mut Trigger::new(&history.settings, Lacks::Nothing), false));
    }
    [naive, ours]
}

/// The smallest history, by the length of its story, in which a subject loses a change; from so many seeds, each
/// shrunk.
pub fn smallest_loss(
    weather: &Weather,
    seeds: u64,
    played: impl Fn(&History) -> Outcome,
) -> Option<(History, Outcome)> {
    let shrunk = (0..seeds).filter_map(|seed| {
        let history = shrink(weather, seed, |history| {
            played(history).broken.iter().any(|(promise, _)| *promise == Promise::NothingIsLost)
        })?;
        let outcome = played(&history);
        Some((history, outcome))
    });
    shrunk.min_by_key(|(_, outcome)| outcome.story.iter().map(String::len).sum::<usize>())
}

/// The smallest history that shrinking finds from a seed for which this is still so; none if it is not so for the
/// seed's own.
pub fn shrink(weather: &Weather, seed: u64, so: impl Fn(&History) -> bool) -> Option<History> {
    let mut tree = draw::tree(weather, seed);
    let mut smallest = tree.current();
    if !so(&smallest) {
        return None;
    }
    let mut goes_on = tree.simplify();
    while goes_on {
        let candidate = tree.current();
        goes_on = if so(&candidate) {
            smallest = candidate;
            tree.simplify()
        } else {
            tree.complicate()
        };
    }
    Some(smallest)
}

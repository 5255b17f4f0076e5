//! `histories`: plays any number of histories against the trigger, replays one step by step, or writes the table of the
//! documentation. `cargo xtask soak` builds and starts it.

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use histories::draw::{self, WEATHERS, Weather};
use histories::history::History;
use histories::naive::Naive;
use histories::outcome::Outcome;
use histories::play::play;
use histories::subject::{Lacks, Trigger};
use histories::table;
use histories::windowed::{self, Windowed};
use histories::wire::{self, Wired};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// The page between these lines is what `--table` rewrites.
const BEGIN: &str = "<!-- begin of what `cargo xtask soak --table` writes -->";
const END: &str = "<!-- end of what `cargo xtask soak --table` writes -->";

#[derive(Parser)]
#[command(about = "Play histories of a simulated service against the polling trigger")]
struct Options {
    /// How many histories to play, or of the table how many a row
    #[arg(long, value_name = "COUNT")]
    histories: Option<u64>,
    /// The seed of the first history; each further one counts up
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,
    /// Part of a weather's name: what may happen. Without it the weathers take turns, and every second history has
    /// everything
    #[arg(long, value_name = "NAME")]
    weather: Option<String>,
    /// What is tried
    #[arg(long, value_enum, default_value_t = Tried::Ours)]
    subject: Tried,
    /// Play the history of this seed, shrunk if it breaks a promise, and print it step by step
    #[arg(long, value_name = "SEED")]
    replay: Option<u64>,
    /// Rewrite the table in this file
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tried {
    /// The trigger as it ships
    Ours,
    /// The same, called by a host with answers in JSON
    Wired,
    /// The trigger as it ships, waiting for records that enter a state
    Waiting,
    /// The trigger as it ships, reporting deleted records
    Deleting,
    /// The same, called by a host with answers in JSON
    DeletingWired,
    /// The same, rebased before every second poll
    Rebased,
    /// The same without confirmation of what is gone
    NoConfirmation,
    /// The same that takes places that are null for nothing
    NoHoles,
    /// The trigger on a list without an order, of which what was changed since a day can be asked for
    Windowed,
    /// The same without its overlap
    WindowedNoOverlap,
    /// The same that asks for no day before the one that it needs
    WindowedNoMargin,
    /// The same that reads the list once, whatever the service says of its length
    WindowedOnce,
    /// The obvious design
    Naive,
    /// The trigger without its overlap
    NoOverlap,
    /// The trigger without deep passes
    NoDeep,
    /// The trigger without the proof that joins pages
    NoProof,
    /// The trigger that takes the newest time for the clock's
    NoWitnesses,
    /// The trigger that passes over records without a readable time
    NoUntimed,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if let Some(file) = &options.table {
        return write_table(file, options.histories.unwrap_or(2_000));
    }
    match options.replay {
        Some(seed) => replay(&options, seed),
        None => soak(&options),
    }
}

fn weather(options: &Options, seed: u64) -> Result<&'static Weather> {
    match &options.weather {
        Some(name) => WEATHERS.iter().find(|weather| weather.name.contains(name.as_str())).with_context(|| {
            let names: Vec<&str> = WEATHERS.iter().map(|weather| weather.name).collect();
            format!("no weather has {name:?} in its name; there are: {}", names.join("; "))
        }),
        None => Ok(histories::draw::weather_of(seed)),
    }
}

fn try_history(tried: Tried, history: &History, tell_story: bool) -> Outcome {
    let settings = &history.settings;
    match tried {
        Tried::Ours => play(history, &mut Trigger::new(settings, Lacks::Nothing), tell_story),
        Tried::Waiting => play(history, &mut Trigger::waiting(settings), tell_story),
        Tried::Deleting => play(history, &mut Trigger::deleting(settings, Lacks::Nothing), tell_story),
        Tried::DeletingWired => play(&wire::can_be_walked(history), &mut Wired::deleting(), tell_story),
        Tried::Rebased => play(&wire::can_be_walked(history), &mut Wired::rebased(), tell_story),
        Tried::NoConfirmation => play(history, &mut Trigger::deleting(settings, Lacks::Confirmation), tell_story),
        Tried::NoHoles => play(history, &mut Trigger::deleting(settings, Lacks::Holes), tell_story),
        Tried::NoDeep => play(history, &mut Trigger::new(settings, Lacks::Deep), tell_story),
        Tried::NoOverlap => play(history, &mut Trigger::new(settings, Lacks::Overlap), tell_story),
        Tried::NoProof => play(history, &mut Trigger::new(settings, Lacks::Proof), tell_story),
        Tried::NoWitnesses => play(history, &mut Trigger::new(settings, Lacks::Witnesses), tell_story),
        Tried::NoUntimed => play(history, &mut Trigger::new(settings, Lacks::Untimed), tell_story),
        Tried::Wired => play(history, &mut Wired::default(), tell_story),
        Tried::Windowed => windowed(history, windowed::Lacks::Nothing, tell_story),
        Tried::WindowedNoOverlap => windowed(history, windowed::Lacks::Overlap, tell_story),
        Tried::WindowedNoMargin => windowed(history, windowed::Lacks::Margin, tell_story),
        Tried::WindowedOnce => windowed(history, windowed::Lacks::Readings, tell_story),
        Tried::Naive => play(history, &mut Naive::new(settings), tell_story),
    }
}

fn windowed(history: &History, lacks: windowed::Lacks, tell_story: bool) -> Outcome {
    let history = windowed::can_be_windowed(history);
    play(&history, &mut Windowed::new(&history.settings, lacks), tell_story)
}

fn soak(options: &Options) -> Result<()> {
    let count = options.histories.unwrap_or(100_000);
    let end = options.seed.checked_add(count).context("so many seeds do not exist")?;
    weather(options, 0)?;
    println!("seeds {} to {}", options.seed, end.saturating_sub(1));
    let started = Instant::now();
    let bar = ProgressBar::new(count).with_style(ProgressStyle::with_template(
        "{bar:40} {human_pos} of {human_len} histories, {per_sec}, {eta} left",
    )?);
    let next = AtomicU64::new(options.seed);
    let stop = AtomicBool::new(false);
    let failed: Mutex<Option<(u64, Outcome)>> = Mutex::new(None);
    let totals: Mutex<Outcome> = Mutex::new(Outcome::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut sum = Outcome::default();
                while !stop.load(Ordering::Relaxed) {
                    let first = next.fetch_add(500, Ordering::Relaxed);
                    if first >= end {
                        break;
                    }
                    for seed in first..end.min(first + 500) {
                        let Ok(weather) = weather(options, seed) else { continue };
                        let outcome = try_history(options.subject, &draw::history(weather, seed), false);
                        sum.count(&outcome);
                        if !outcome.broken.is_empty() {
                            stop.store(true, Ordering::Relaxed);
                            if let Ok(mut failed) = failed.lock() {
                                failed.get_or_insert((seed, outcome));
                            }
                            break;
                        }
                        bar.inc(1);
                    }
                }
                if let Ok(mut totals) = totals.lock() {
                    totals.count(&sum);
                }
            });
        }
    });
    let played = bar.position();
    bar.finish_and_clear();
    let totals = totals.into_inner().unwrap_or_default();
    println!(
        "{played} histories in {:.1} s: {} polls, {} changes owed, {} lost, {} delivered of which {} repeats ({:.3} %)",
        started.elapsed().as_secs_f64(),
        totals.polls,
        totals.owed,
        totals.lost,
        totals.delivered,
        totals.repeats,
        100.0 * totals.repeats as f64 / totals.delivered.max(1) as f64
    );
    println!(
        "{} deleted and reported; {} delivered unasked; refused: {} polls of another service, {} of another company",
        totals.deleted, totals.unasked, totals.refused[0], totals.refused[1]
    );
    if let Some((seed, outcome)) = failed.into_inner().unwrap_or_default() {
        for (promise, how) in &outcome.broken {
            println!("seed {seed}: {promise:?}: {how}");
        }
        let name = options.weather.as_ref().map_or_else(String::new, |name| format!(" --weather {name:?}"));
        bail!("the history of seed {seed} breaks a promise; see it with: cargo xtask soak --replay {seed}{name}");
    }
    Ok(())
}

fn replay(options: &Options, seed: u64) -> Result<()> {
    let weather = weather(options, seed)?;
    let is_broken = |history: &_| !try_history(options.subject, history, false).broken.is_empty();
    let shrunk = table::shrink(weather, seed, is_broken);
    let is_shrunk = shrunk.is_some();
    let history = shrunk.unwrap_or_else(|| draw::history(weather, seed));
    println!("weather: {}\n{:#?}", weather.name, history.settings);
    let outcome = try_history(options.subject, &history, true);
    println!("{}", outcome.story.join("\n"));
    if is_shrunk {
        bail!("this is the history of seed {seed}, made as small as it still breaks a promise");
    }
    println!("no promise is broken");
    Ok(())
}

fn write_table(file: &PathBuf, histories: u64) -> Result<()> {
    let page = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let (before, rest) = page.split_once(BEGIN).with_context(|| format!("{} lacks {BEGIN}", file.display()))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{} lacks {END}", file.display()))?;
    let text = format!("{before}{BEGIN}\n\n{}\n{END}{after}", table::markdown(histories.max(1)));
    std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}

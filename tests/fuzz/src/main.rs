//! Mutates the corpus and feeds it to the targets, on every core, for a given time. An input whose outcome is new is
//! kept and mutated further: what an input leads to stands in for the coverage that a stable compiler cannot measure.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used, reason = "a tool of the tests")]

mod mutate;

use std::collections::HashSet;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;
use fuzz::{TARGETS, Target};

/// An input that takes longer is a finding too: the host cannot interrupt its own reading.
const SLOW: Duration = Duration::from_secs(1);
/// Inputs that are kept for one target in a run; with more, old ones are hardly ever picked.
const MOST_KEPT: usize = 20_000;
/// Larger inputs are not added to the corpus.
const LARGEST_SAVED: usize = 3_000;

/// Feeds mutations of the corpus to the fuzz targets.
#[derive(Parser)]
struct Options {
    /// How long in all, shared by the targets
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// One target instead of all
    #[arg(long)]
    target: Option<String>,
    /// The random numbers' seed; random itself if none is given
    #[arg(long)]
    seed: Option<u64>,
    /// Add up to so many inputs with new outcomes to each corpus
    #[arg(long, default_value_t = 0)]
    save: usize,
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let targets: Vec<Target> =
        TARGETS.into_iter().filter(|target| options.target.as_deref().is_none_or(|name| name == target.name)).collect();
    let share =
        u32::try_from(targets.len()).ok().filter(|count| *count > 0).context("there is no target of this name")?;
    let time = Duration::from_secs(options.seconds) / share;
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}");
    // A panic is a finding and is reported as one.
    panic::set_hook(Box::new(|_| {}));
    let mut findings = 0;
    for target in targets {
        findings += fuzz(target, time, seed, options.save)?;
    }
    Ok(if findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the threads of one target share.
struct Shared {
    target: Target,
    kept: Mutex<Vec<Vec<u8>>>,
    outcomes: Mutex<HashSet<u64>>,
    findings: Mutex<HashSet<String>>,
    inputs: AtomicU64,
}

/// Runs one target and gives the number of its findings.
fn fuzz(target: Target, time: Duration, seed: u64, save: usize) -> Result<usize> {
    let seeds = fuzz::seeds(target.name).with_context(|| format!("the corpus of {} cannot be read", target.name))?;
    let shared = Shared {
        target,
        kept: Mutex::default(),
        outcomes: Mutex::default(),
        findings: Mutex::default(),
        inputs: AtomicU64::new(0),
    };
    for (_, seed) in &seeds {
        feed(&shared, seed.clone(), &mut HashSet::new());
        shared.kept.lock().unwrap().push(seed.clone());
    }
    let known = shared.kept.lock().unwrap().len();
    let until = Instant::now() + time;
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for thread in 0..threads {
            let shared = &shared;
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed.wrapping_add(thread as u64));
                let mut seen = HashSet::new();
                while Instant::now() < until {
                    // A few at a time, so that the lock is not what is measured.
                    let (first, second) = pick(shared, &mut random);
                    for _ in 0..64 {
                        let input = mutate::mutated(&first, &second, target.words, &mut random);
                        feed(shared, input, &mut seen);
                    }
                }
            });
        }
    });
    let inputs = shared.inputs.load(Ordering::Relaxed);
    let findings = shared.findings.lock().unwrap().len();
    let outcomes = shared.outcomes.lock().unwrap().len();
    let a_second = inputs as f64 / time.as_secs_f64().max(0.001);
    println!(
        "{:<10} {:>6.1} s  {inputs:>11} inputs  {a_second:>9.0} a second  {outcomes:>5} outcomes  {findings} findings",
        target.name,
        time.as_secs_f64(),
    );
    let kept = shared.kept.lock().unwrap();
    for input in kept.iter().skip(known).filter(|input| input.len() <= LARGEST_SAVED).take(save) {
        std::fs::write(fuzz::corpus(target.name).join(format!("{:016x}", name_of(input))), input)?;
    }
    Ok(findings)
}

/// Two inputs that were kept, the newer ones more often.
fn pick(shared: &Shared, random: &mut fastrand::Rng) -> (Vec<u8>, Vec<u8>) {
    let kept = shared.kept.lock().unwrap();
    let newest = if random.bool() { kept.len().saturating_sub(64) } else { 0 };
    let mut one = |from: usize| kept.get(random.usize(from..kept.len().max(from + 1))).cloned().unwrap_or_default();
    (one(newest), one(0))
}

/// Runs the target on one input, and keeps the input if its outcome is new or not allowed.
fn feed(shared: &Shared, input: Vec<u8>, seen: &mut HashSet<u64>) {
    shared.inputs.fetch_add(1, Ordering::Relaxed);
    let started = Instant::now();
    let result = panic::catch_unwind(AssertUnwindSafe(|| (shared.target.run)(&input)));
    let took = started.elapsed();
    match result {
        Err(panic) => {
            let words = panic.downcast_ref::<String>().map(String::as_str);
            let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            found(shared, &input, words);
        }
        Ok(_) if took > SLOW => found(shared, &input, &format!("slow: {} s", took.as_secs())),
        Ok(outcome) => {
            if seen.insert(outcome) && shared.outcomes.lock().unwrap().insert(outcome) {
                let mut kept = shared.kept.lock().unwrap();
                if kept.len() < MOST_KEPT {
                    kept.push(input);
                }
            }
        }
    }
}

/// Reports a finding once for each message, and writes its input where it can be replayed from.
fn found(shared: &Shared, input: &[u8], words: &str) {
    let short: String = words.chars().filter(|character| !character.is_ascii_digit()).take(60).collect();
    if !shared.findings.lock().unwrap().insert(short) {
        return;
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("found");
    let path = folder.join(format!("{}-{:016x}", shared.target.name, name_of(input)));
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, input));
    println!("FOUND in {}: {words}\n  input in {} ({written:?})", shared.target.name, path.display());
}

fn name_of(input: &[u8]) -> u64 {
    input
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

//! The trial: start all, change records, kill, wait until all is delivered, and compare.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use crate::chaos::{Killer, Victim};
use crate::engines::{Engine, Kind, free_port};
use crate::figures::Figures;
use crate::fleets::{Fleet, SIGNING_SECRET, Worker};
use crate::processes::{Process, Usage};
use crate::receiver::Log;
use crate::services::{Services, key};
use crate::truth::compare;

/// After the last change, everything must be delivered within this time.
const PATIENCE: Duration = Duration::from_secs(120);

/// Options of the trial
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Which engine keeps the triggers
    #[arg(long, value_enum)]
    engine: Kind,
    /// restate-server, or the folder of PostgreSQL's programs
    #[arg(long, value_name = "PATH")]
    engine_program: PathBuf,
    /// The program fleet
    #[arg(long, value_name = "FILE")]
    fleet: PathBuf,
    /// The connector for Duro
    #[arg(long, value_name = "FILE")]
    component: PathBuf,
    /// Where everything is kept; made anew
    #[arg(long, value_name = "DIR")]
    work: PathBuf,
    /// Triggers
    #[arg(long, default_value_t = 1_000)]
    triggers: usize,
    /// Tenants, each with a service of its own
    #[arg(long, default_value_t = 50)]
    tenants: usize,
    /// Workers
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// The pause between two polls of a trigger, in milliseconds
    #[arg(long, default_value_t = 10_000)]
    every: u64,
    /// Changes a second, of all services together
    #[arg(long, default_value_t = 2.0)]
    changes: f64,
    /// For how many seconds, with --kills 0
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Kill the engine, a worker and the receiver so many times each
    #[arg(long, default_value_t = 0)]
    kills: u64,
    /// The mean pause between two kills of the same, in milliseconds
    #[arg(long, default_value_t = 2_000)]
    kill_pause: u64,
    /// Where the figures are written, as a line of JSON
    #[arg(long)]
    figures: Option<PathBuf>,
}

/// A worker that can be killed.
struct KilledWorkers {
    fleet: Arc<Fleet>,
    workers: Vec<Worker>,
    next: usize,
}

impl Victim for KilledWorkers {
    fn kill_and_start(&mut self) -> Result<()> {
        let place = self.next % self.workers.len().max(1);
        self.next += 1;
        let Some(worker) = self.workers.get_mut(place) else { return Ok(()) };
        worker.process.kill();
        // The engine may be dead at this moment, so that a worker cannot begin.
        for _ in 0..100 {
            match self.fleet.start(&format!("worker-{place}")) {
                Ok(started) => {
                    *worker = started;
                    return Ok(());
                }
                Err(_) => std::thread::sleep(Duration::from_millis(100)),
            }
        }
        bail!("a worker that was killed could not be started again: see its log")
    }
}

impl Victim for Engine {
    fn kill_and_start(&mut self) -> Result<()> {
        self.kill();
        self.start()
    }
}

/// The receiver, which can be killed.
struct ReceiverProcess {
    program: PathBuf,
    log: PathBuf,
    port: u16,
    process: Option<Process>,
}

impl ReceiverProcess {
    fn start(&mut self) -> Result<()> {
        let mut command = Command::new(&self.program);
        command.args(["receive", "--port", &self.port.to_string(), "--secret", SIGNING_SECRET, "--log"]).arg(&self.log);
        self.process = Some(Process::start(command.stdout(Stdio::null()))?);
        Ok(())
    }
}

impl Victim for ReceiverProcess {
    fn kill_and_start(&mut self) -> Result<()> {
        self.process = None;
        self.start()
    }
}

pub(crate) async fn run(options: Options) -> Result<()> {
    if options.work.exists() {
        fs::remove_dir_all(&options.work)?;
    }
    fs::create_dir_all(&options.work)?;
    let mut services = Services::start(options.tenants)?;
    let mut engine = Engine::new(options.engine, &options.engine_program, &options.work.join("engine"))?;
    engine.start()?;
    let mut receiver = ReceiverProcess {
        program: std::env::current_exe()?,
        log: options.work.join("received.ndjson"),
        port: free_port()?,
        process: None,
    };
    receiver.start()?;
    let receiver_port = receiver.port;
    let chaos = options.kills > 0;
    let mut more: Vec<String> = ["--origin-rate", "1000"].map(str::to_owned).into();
    if chaos {
        more.extend(["--lease", "2s", "--longest-retry", "1s"].map(str::to_owned));
    }
    let fleet =
        Fleet { program: options.fleet.clone(), folder: options.work.clone(), store: engine.arguments(), port: free_port()?, more };
    fleet.prepare(&options.component, &services)?;
    let fleet = Arc::new(fleet);
    let workers = (0..options.workers).map(|n| fleet.start(&format!("worker-{n}"))).collect::<Result<Vec<_>>>()?;
    if let Some(worker) = workers.first() {
        eprintln!("The page of the first worker: {}", worker.page);
    }
    let began = Instant::now();
    fleet.apply(&services, options.triggers, Duration::from_millis(options.every), receiver_port)?;
    eprintln!("{} triggers are configured after {:.1} s", options.triggers, began.elapsed().as_secs_f64());
    wait_for("every trigger's first poll", Duration::from_secs(300), || Ok(fleet.begun()? == options.triggers)).await?;
    eprintln!("All were polled for the first time after {:.1} s", began.elapsed().as_secs_f64());

    let triggers: Vec<String> = (0..options.triggers)
        .filter_map(|n| Some(format!("{}/trigger-{n}", services.tenants.get(n % services.tenants.len())?.name)))
        .collect();
    let log_path = receiver.log.clone();
    let (engine, receiver) = (Arc::new(Mutex::new(engine)), Arc::new(Mutex::new(receiver)));
    let workers = Arc::new(Mutex::new(KilledWorkers { fleet: fleet.clone(), workers, next: 0 }));
    let killers = if chaos {
        let pause = Duration::from_millis(options.kill_pause);
        vec![
            ("engine", Killer::start(engine.clone(), options.kills, pause)),
            ("worker", Killer::start(workers.clone(), options.kills, pause)),
            ("receiver", Killer::start(receiver.clone(), options.kills, pause)),
        ]
    } else {
        Vec::new()
    };

    let client = reqwest::Client::builder().no_proxy().build()?;
    let urls = || -> Vec<String> {
        let workers = workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.workers.iter().map(|worker| worker.metrics.clone()).collect()
    };
    let usage = || -> (Usage, Usage) {
        let engine = engine.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = engine.process().map(Process::usage).unwrap_or_default();
        let workers = workers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = workers.workers.iter().map(|worker| worker.process.usage());
        let first = all.next().unwrap_or_default();
        (engine, all.fold(first, Usage::and))
    };
    let mut log = Log::default();
    let (mut figures, before, before_usage, began) = (Figures::default(), Figures::read(&client, &urls()).await, usage(), Instant::now());
    println!("{:>6} {:>8} {:>10} {:>10} {:>9} {:>9} {:>7} {:>7} {:>7}", "second", "changes", "delivered", "polls", "lag p50", "lag p99", "engine", "worker", "flow");
    let mut shown = Instant::now();
    loop {
        let is_over = match chaos {
            true => killers.iter().all(|(_, killer)| killer.is_done()),
            false => began.elapsed() > Duration::from_secs(options.seconds),
        };
        if is_over {
            break;
        }
        // As many as are due by now.
        let due = (began.elapsed().as_secs_f64() * options.changes) as u64;
        while services.changes < due {
            services.change();
        }
        if shown.elapsed() > Duration::from_secs(if chaos { 10 } else { 2 }) {
            shown = Instant::now();
            log.read(&log_path)?;
            if !chaos {
                figures = Figures::read(&client, &urls()).await;
            }
            let kills: Vec<u64> = killers.iter().map(|(_, killer)| killer.kills.load(Ordering::Relaxed)).collect();
            let kill = |place: usize| kills.get(place).map_or_else(|| "-".to_owned(), u64::to_string);
            let lag = |part| figures.quantile(LAG, part, &before).map_or_else(|| "-".to_owned(), |lag| format!("{lag} s"));
            println!(
                "{:>6} {:>8} {:>10} {:>10} {:>9} {:>9} {:>7} {:>7} {:>7}",
                began.elapsed().as_secs(),
                services.changes,
                log.deliveries,
                figures.sum(POLLS, "") - before.sum(POLLS, ""),
                lag(0.5),
                lag(0.99),
                kill(0),
                kill(1),
                kill(2)
            );
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    if !chaos {
        figures = Figures::read(&client, &urls()).await;
    }
    let (engine_usage, worker_usage) = usage();
    for (name, killer) in killers {
        killer.end().with_context(|| format!("killing the {name}"))?;
    }

    // What was changed last is found by polls that are still to come.
    let truth = services.truth();
    let end = Instant::now();
    loop {
        log.read(&log_path)?;
        let compared = compare(&truth, &triggers, &log);
        if compared.missing == 0 && fleet.undelivered().is_ok_and(|count| count == 0) {
            break;
        }
        if end.elapsed() > PATIENCE {
            println!("{} of {} changes were not delivered", compared.missing, compared.expected);
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let compared = compare(&truth, &triggers, &log);
    println!(
        "{} changes, {} to deliver over all triggers, {} missing; {} deliveries, {} came again under the same id, {} changes under another",
        services.changes, compared.expected, compared.missing, log.deliveries, log.again, log.repeated
    );
    let polls = figures.sum(POLLS, "") - before.sum(POLLS, "");
    let engine_seconds = engine_usage.seconds_since(&before_usage.0);
    let worker_seconds = worker_usage.seconds_since(&before_usage.1);
    if !chaos {
        println!(
            "{:.0} polls a second; CPU a poll: engine {:.3} ms, worker {:.3} ms; memory: engine {} MiB, workers {} MiB",
            polls / seconds,
            engine_seconds * 1_000.0 / polls,
            worker_seconds * 1_000.0 / polls,
            engine_usage.resident >> 20,
            worker_usage.resident >> 20
        );
    }
    if let Some(path) = &options.figures {
        let line = json!({
            "engine": format!("{:?}", options.engine), "triggers": options.triggers, "tenants": options.tenants,
            "workers": options.workers, "everyMilliseconds": options.every, "kills": options.kills, "seconds": seconds,
            "changes": services.changes, "requests": services.requests(), "expected": compared.expected,
            "missing": compared.missing, "deliveries": log.deliveries, "again": log.again, "repeated": log.repeated, "polls": polls,
            "lagP50": figures.quantile(LAG, 0.5, &before), "lagP99": figures.quantile(LAG, 0.99, &before),
            "engineCpuSeconds": engine_seconds, "workerCpuSeconds": worker_seconds,
            "engineBytes": engine_usage.resident, "workerBytes": worker_usage.resident,
        });
        use std::io::Write as _;
        writeln!(fs::File::options().create(true).append(true).open(path)?, "{line}")?;
    }
    // Ended in order, so that what is kept is on the disk.
    for worker in &mut workers.lock().unwrap_or_else(PoisonError::into_inner).workers {
        worker.process.end();
    }
    engine.lock().unwrap_or_else(PoisonError::into_inner).kill();
    let canaries: Vec<String> = (0..options.tenants).map(key).chain([SIGNING_SECRET.to_owned()]).collect();
    let leaks = files_with(&options.work, &canaries)?;
    ensure!(leaks.is_empty(), "secrets stand in {}", leaks.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "));
    ensure!(compared.missing == 0, "{} of {} changes were lost", compared.missing, compared.expected);
    ensure!(log.repeated == 0, "{} changes were delivered under two ids", log.repeated);
    Ok(())
}

/// The worker's counts.
const POLLS: &str = "fleet_polls_total";
const LAG: &str = "fleet_poll_lag_seconds";

/// Waits until something is so.
async fn wait_for(what: &str, patience: Duration, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let until = Instant::now() + patience;
    while !is_so()? {
        ensure!(Instant::now() < until, "{what} did not come within {} s", patience.as_secs());
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Ok(())
}

/// The files of a folder, other than the secret store's own, in which one of these texts stands.
fn files_with(folder: &Path, canaries: &[String]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "secrets") {
                found.extend(files_with(&path, canaries)?);
            }
        } else {
            let bytes = fs::read(&path)?;
            // All canaries begin alike.
            let begins = bytes.windows(7).enumerate().filter(|(_, window)| *window == b"canary-").map(|(place, _)| place);
            let mut rest = begins.filter_map(|place| bytes.get(place..));
            if rest.any(|rest| canaries.iter().any(|canary| rest.starts_with(canary.as_bytes()))) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

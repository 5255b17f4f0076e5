//! The trial: start all, change records, kill, wait until all is delivered, and compare.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::chaos::Killer;
use crate::engines::{Engine, Kind, free_port};
use crate::figures::Figures;
use crate::fleets::{Fleet, SIGNING_SECRET, definition, misbehaving};
use crate::processes::{Process, Usage};
use crate::receiver::Log;
use crate::rollouts;
use crate::services::Services;
use crate::truth::{Compared, compare};
use crate::victims::{Flow, Workers};

/// After the last change, everything must be delivered within this time.
const PATIENCE: Duration = Duration::from_secs(120);
/// The worker's counts.
const POLLS: &str = "fleet_polls_total";
const LAG: &str = "fleet_poll_lag_seconds";

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
    pub(crate) component: PathBuf,
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
    /// Let some tenants misbehave, after half of the time
    #[arg(long)]
    bad_tenants: bool,
    /// The component that misbehaves
    #[arg(long, value_name = "FILE")]
    pub(crate) misbehaving: Option<PathBuf>,
    /// In the end, kill a worker for good, and measure how long its triggers wait
    #[arg(long)]
    takeover: bool,
    /// Roll a version out that crashes, and one that does not
    #[arg(long, requires = "misbehaving")]
    rollout: bool,
    /// Where the figures are written, as a line of JSON
    #[arg(long)]
    figures: Option<PathBuf>,
}

/// Everything that was started.
pub(crate) struct Stage {
    pub(crate) options: Options,
    pub(crate) services: Services,
    pub(crate) fleet: Arc<Fleet>,
    engine: Arc<Mutex<Engine>>,
    flow: Arc<Mutex<Flow>>,
    workers: Arc<Mutex<Workers>>,
    pub(crate) flow_port: u16,
    log_path: PathBuf,
    pub(crate) log: Log,
    /// The triggers whose deliveries are compared.
    pub(crate) triggers: Vec<String>,
    client: reqwest::Client,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) async fn run(options: Options) -> Result<()> {
    let mut stage = Stage::start(options)?;
    stage.configure().await?;
    let (before, usage, began) = (stage.figures().await, stage.usage(), Instant::now());
    if stage.options.kills > 0 {
        stage.churn_and_kill().await?;
    } else {
        stage.churn(&before, began).await?;
    }
    let seconds = began.elapsed().as_secs_f64();
    let (figures, usage_then) = (stage.figures().await, stage.usage());
    let compared = stage.compare().await?;
    let polls = figures.sum(POLLS, "") - before.sum(POLLS, "");
    let engine_seconds = usage_then.0.seconds_since(&usage.0);
    let worker_seconds = usage_then.1.seconds_since(&usage.1);
    let takeover = if stage.options.takeover { Some(stage.take_over().await?) } else { None };
    if stage.options.kills == 0 {
        println!(
            "{:.0} polls a second; CPU a poll: engine {:.3} ms, worker {:.3} ms; memory: engine {} MiB, workers {} MiB",
            polls / seconds,
            engine_seconds * 1_000.0 / polls,
            worker_seconds * 1_000.0 / polls,
            usage_then.0.resident >> 20,
            usage_then.1.resident >> 20
        );
    }
    if stage.options.rollout {
        rollouts::play(&mut stage).await?;
    }
    let (options, log) = (&stage.options, &stage.log);
    if let Some(path) = &options.figures {
        let line = json!({
            "engine": format!("{:?}", options.engine), "triggers": options.triggers, "tenants": options.tenants,
            "workers": options.workers, "everyMilliseconds": options.every, "kills": options.kills, "seconds": seconds,
            "changes": stage.services.changes, "requests": stage.services.requests(), "expected": compared.expected,
            "missing": compared.missing, "deliveries": log.deliveries, "again": log.again, "repeated": log.repeated,
            "polls": polls, "lagP50": figures.quantile(LAG, 0.5, &before), "lagP99": figures.quantile(LAG, 0.99, &before),
            "engineCpuSeconds": engine_seconds, "workerCpuSeconds": worker_seconds,
            "engineBytes": usage_then.0.resident, "workerBytes": usage_then.1.resident,
            "takeoverSeconds": takeover.map(|time| time.as_secs_f64()),
        });
        use std::io::Write as _;
        writeln!(fs::File::options().create(true).append(true).open(path)?, "{line}")?;
    }
    ensure!(compared.missing == 0, "{} of {} changes were lost", compared.missing, compared.expected);
    ensure!(log.repeated == 0, "{} changes were delivered under two ids", log.repeated);
    stage.end()
}

impl Stage {
    fn start(options: Options) -> Result<Self> {
        if options.work.exists() {
            fs::remove_dir_all(&options.work)?;
        }
        fs::create_dir_all(&options.work)?;
        let services = Services::start(options.tenants)?;
        let mut engine = Engine::new(options.engine, &options.engine_program, &options.work.join("engine"))?;
        engine.start()?;
        let log_path = options.work.join("received.ndjson");
        let mut flow =
            Flow { program: std::env::current_exe()?, log: log_path.clone(), port: free_port()?, process: None };
        flow.start()?;
        let mut more: Vec<String> = ["--origin-rate", "1000"].map(str::to_owned).into();
        if options.kills > 0 {
            more.extend(["--lease", "2s", "--longest-retry", "1s"].map(str::to_owned));
        }
        let fleet = Fleet {
            program: options.fleet.clone(),
            folder: options.work.clone(),
            store: engine.arguments(),
            port: free_port()?,
            more,
        };
        let component = fs::read(&options.component).with_context(|| options.component.display().to_string())?;
        fleet.put_component("duro-plm", "1.0.0", &component)?;
        fleet.put_secrets(&services)?;
        let fleet = Arc::new(fleet);
        let workers = (0..options.workers).map(|n| fleet.start(&format!("worker-{n}"))).collect::<Result<Vec<_>>>()?;
        for worker in &workers {
            eprintln!("A worker's page: {}", worker.page);
        }
        let workers = Workers { fleet: fleet.clone(), workers, next: 0 };
        Ok(Self {
            services,
            fleet,
            engine: Arc::new(Mutex::new(engine)),
            flow_port: flow.port,
            flow: Arc::new(Mutex::new(flow)),
            workers: Arc::new(Mutex::new(workers)),
            log_path,
            log: Log::default(),
            triggers: Vec::new(),
            client: reqwest::Client::builder().no_proxy().build()?,
            options,
        })
    }

    /// Configures all triggers, and waits until each was polled for the first time: changes count from then on.
    async fn configure(&mut self) -> Result<()> {
        let began = Instant::now();
        let every = Duration::from_millis(self.options.every);
        let tenants = self.services.tenants.iter().cycle().take(self.options.triggers).enumerate();
        let definitions: Vec<Value> =
            tenants.map(|(n, tenant)| definition(tenant, &format!("trigger-{n}"), every, self.flow_port)).collect();
        self.fleet.apply(&definitions)?;
        let id = |definition: &Value| definition.get("id").and_then(Value::as_str).map(str::to_owned);
        self.triggers = definitions.iter().filter_map(id).collect();
        eprintln!("{} triggers are configured after {:.1} s", self.triggers.len(), began.elapsed().as_secs_f64());
        let (fleet, count) = (self.fleet.clone(), self.triggers.len());
        wait_for("every trigger's first poll", Duration::from_secs(300), || Ok(fleet.begun()? == count)).await?;
        eprintln!("All were polled for the first time after {:.1} s", began.elapsed().as_secs_f64());
        Ok(())
    }

    /// Changes records for as long as the options say, and shows what becomes of it.
    async fn churn(&mut self, before: &Figures, began: Instant) -> Result<()> {
        println!(
            "{:>6} {:>8} {:>9} {:>9} {:>8} {:>8}   from change to delivery: {:>8} {:>8}",
            "second", "changes", "delivered", "polls", "lag p50", "lag p99", "p50", "p99"
        );
        let mut shown = Instant::now();
        let mut half = if self.options.bad_tenants { Some(self.options.seconds) } else { None };
        let seconds = self.options.seconds * if self.options.bad_tenants { 2 } else { 1 };
        let mut bad = None;
        while began.elapsed() < Duration::from_secs(seconds) {
            self.change_until(began.elapsed());
            if half.is_some_and(|half| began.elapsed() > Duration::from_secs(half)) {
                half = None;
                self.show(began, before).await?;
                bad = Some(self.let_misbehave()?);
                self.log.delays.clear();
            }
            if shown.elapsed() > Duration::from_secs(2) {
                shown = Instant::now();
                self.show(began, before).await?;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        if let Some(bad) = bad {
            println!("The tenants that misbehave had {} requests.", bad.requests());
        }
        Ok(())
    }

    async fn show(&mut self, began: Instant, before: &Figures) -> Result<()> {
        let figures = self.figures().await;
        self.log.read(&self.log_path)?;
        let lag = |part| figures.quantile(LAG, part, before).map_or_else(|| "-".to_owned(), |lag| format!("{lag} s"));
        println!(
            "{:>6} {:>8} {:>9} {:>9} {:>8} {:>8} {:>35.1} s {:>6.1} s",
            began.elapsed().as_secs(),
            self.services.changes,
            self.log.deliveries,
            figures.sum(POLLS, "") - before.sum(POLLS, ""),
            lag(0.5),
            lag(0.99),
            self.log.delay(0.5).as_secs_f64(),
            self.log.delay(0.99).as_secs_f64(),
        );
        Ok(())
    }

    /// As many changes as are due by now.
    fn change_until(&mut self, elapsed: Duration) {
        let due = (elapsed.as_secs_f64() * self.options.changes) as u64;
        while self.services.changes < due {
            self.services.change();
        }
    }

    /// Configures triggers of tenants whose services and connectors misbehave.
    fn let_misbehave(&self) -> Result<Services> {
        let bad = Services::start_bad(self.services.tenants.len())?;
        self.fleet.put_secrets(&bad)?;
        let every = Duration::from_millis(self.options.every);
        let names = (0..20).map(|n| format!("trigger-{n}"));
        let mut definitions: Vec<Value> = names
            .flat_map(|name| bad.tenants.iter().map(move |tenant| (tenant, name.clone())))
            .map(|(tenant, name)| definition(tenant, &name, every, self.flow_port))
            .collect();
        if let Some(component) = &self.options.misbehaving {
            self.fleet.put_component("misbehaving", "1.0.0", &fs::read(component)?)?;
            // Those of the first: its key is good enough.
            let name = bad.tenants.first().map(|tenant| tenant.name.clone()).unwrap_or_default();
            let spinning = (0..20)
                .map(|n| misbehaving("misbehaving", &format!("{name}/spins-{n}"), "spin", every, self.flow_port));
            definitions.extend(spinning);
        }
        self.fleet.apply(&definitions)?;
        println!("From now on {} triggers of {} tenants misbehave:", definitions.len(), bad.tenants.len());
        Ok(bad)
    }

    /// Changes records and kills at random, until each was killed as often as the options say.
    async fn churn_and_kill(&mut self) -> Result<()> {
        let (times, pause) = (self.options.kills, Duration::from_millis(self.options.kill_pause));
        let killers = [
            ("engine", Killer::start(self.engine.clone(), times, pause)),
            ("worker", Killer::start(self.workers.clone(), times, pause)),
            ("flow", Killer::start(self.flow.clone(), times, pause)),
        ];
        println!(
            "{:>6} {:>8} {:>9}   killed: {:>6} {:>6} {:>6}",
            "second", "changes", "delivered", "engine", "worker", "flow"
        );
        let (began, mut shown) = (Instant::now(), Instant::now());
        while !killers.iter().all(|(_, killer)| killer.is_done()) {
            self.change_until(began.elapsed());
            if shown.elapsed() > Duration::from_secs(5) {
                shown = Instant::now();
                self.log.read(&self.log_path)?;
                print!(
                    "{:>6} {:>8} {:>9}           ",
                    began.elapsed().as_secs(),
                    self.services.changes,
                    self.log.deliveries
                );
                for (_, killer) in &killers {
                    print!(" {:>6}", killer.kills.load(Ordering::Relaxed));
                }
                println!();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for (name, killer) in killers {
            killer.end().with_context(|| format!("killing the {name}"))?;
        }
        Ok(())
    }

    /// Waits until all that was changed is delivered, or for as long as that may take, and says how it went.
    pub(crate) async fn compare(&mut self) -> Result<Compared> {
        let (truth, end) = (self.services.truth(), Instant::now());
        let compared = loop {
            self.log.read(&self.log_path)?;
            let compared = compare(&truth, &self.triggers, &self.log);
            let is_all = compared.missing == 0 && self.undelivered().is_ok_and(|count| count == 0);
            if is_all || end.elapsed() > PATIENCE {
                break compared;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        };
        println!(
            "{} changes; {} to deliver by all triggers, {} missing; {} deliveries, {} of them again under the same id; {} \
             changes under two ids",
            self.services.changes,
            compared.expected,
            compared.missing,
            self.log.deliveries,
            self.log.again,
            self.log.repeated
        );
        Ok(compared)
    }

    /// Payloads of the triggers that are compared which are not delivered.
    fn undelivered(&self) -> Result<u64> {
        let list = self.fleet.command(&["list"])?;
        let counts = list.lines().filter(|line| !line.contains("\"id\":\"bad-")).map(|line| -> Result<u64> {
            let summary: Value = serde_json::from_str(line)?;
            summary.get("undelivered").and_then(Value::as_u64).context("a summary without a count")
        });
        counts.sum()
    }

    /// Kills a worker for good; how long the slowest change of every tenant's took to be delivered by all triggers.
    async fn take_over(&mut self) -> Result<Duration> {
        locked(&self.workers).workers.pop().context("there is no worker to kill")?.process.kill();
        self.log.delays.clear();
        self.services.change_all();
        let compared = self.compare().await?;
        ensure!(compared.missing == 0, "{} changes were lost in the take-over", compared.missing);
        let slowest = self.log.delay(1.0);
        println!("After a worker was killed, the slowest change was delivered after {:.1} s", slowest.as_secs_f64());
        Ok(slowest)
    }

    async fn figures(&self) -> Figures {
        let urls: Vec<String> = locked(&self.workers).workers.iter().map(|worker| worker.metrics.clone()).collect();
        Figures::read(&self.client, &urls).await
    }

    /// What the engine and the workers use.
    fn usage(&self) -> (Usage, Usage) {
        let engine = locked(&self.engine).process().map(Process::usage).unwrap_or_default();
        let workers = locked(&self.workers);
        (engine, workers.workers.iter().map(|worker| worker.process.usage()).fold(Usage::default(), Usage::and))
    }

    /// Ends all in order, so that what is kept is on the disk, and looks for secrets in it.
    fn end(self) -> Result<()> {
        for worker in &mut locked(&self.workers).workers {
            worker.process.end();
        }
        locked(&self.engine).end();
        let mut canaries: Vec<String> = self.services.tenants.iter().map(|tenant| tenant.key.clone()).collect();
        canaries.push(SIGNING_SECRET.to_owned());
        let folder = locked(&self.engine).folder().to_owned();
        let mut leaks = files_with(&self.options.work, &canaries)?;
        if !folder.starts_with(&self.options.work) {
            leaks.extend(files_with(&folder, &canaries)?);
            fs::remove_dir_all(&folder)?;
        }
        let leaks: Vec<String> = leaks.iter().map(|path| path.display().to_string()).collect();
        ensure!(leaks.is_empty(), "secrets stand in {}", leaks.join(", "));
        println!("No secret stands in what the engine and the workers have written.");
        Ok(())
    }
}

/// Waits until something is so.
pub(crate) async fn wait_for(what: &str, patience: Duration, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
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
            let begins =
                bytes.windows(7).enumerate().filter(|(_, window)| *window == b"canary-").map(|(place, _)| place);
            let mut rest = begins.filter_map(|place| bytes.get(place..));
            if rest.any(|rest| canaries.iter().any(|canary| rest.starts_with(canary.as_bytes()))) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

//! Everything that a trial starts, and what is asked of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::engines::{Engine, Kind, free_port};
use crate::figures::Figures;
use crate::fleets::{Fleet, SIGNING_SECRET, definition, flow};
use crate::handlers;
use crate::processes::{Process, Usage};
use crate::receiver::Log;
use crate::services::{Services, Tenant};
use crate::truth::{Compared, compare};
use crate::victims::{Flow, Workers};

/// After the last change, everything must be delivered within this time.
const PATIENCE: Duration = Duration::from_secs(120);

/// Options of the trial
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Which engine keeps the triggers
    #[arg(long, value_enum)]
    pub(crate) engine: Kind,
    /// restate-server, or the folder of PostgreSQL's programs
    #[arg(long, value_name = "PATH")]
    pub(crate) engine_program: PathBuf,
    /// The program fleet
    #[arg(long, value_name = "FILE")]
    pub(crate) fleet: PathBuf,
    /// The connector for Duro
    #[arg(long, value_name = "FILE")]
    pub(crate) component: PathBuf,
    /// Where everything is kept; made anew
    #[arg(long, value_name = "DIR")]
    pub(crate) work: PathBuf,
    /// Triggers
    #[arg(long, default_value_t = 1_000)]
    pub(crate) triggers: usize,
    /// Tenants, each with a service of its own
    #[arg(long, default_value_t = 50)]
    pub(crate) tenants: usize,
    /// Workers
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
    /// The pause between two polls of a trigger, in milliseconds
    #[arg(long, default_value_t = 10_000)]
    pub(crate) every: u64,
    /// Changes a second, of all services together
    #[arg(long, default_value_t = 2.0)]
    pub(crate) changes: f64,
    /// For how many seconds, with --kills 0
    #[arg(long, default_value_t = 30)]
    pub(crate) seconds: u64,
    /// Kill the engine, a worker and the receiver so many times each
    #[arg(long, default_value_t = 0)]
    pub(crate) kills: u64,
    /// The mean pause between two kills of the same, in milliseconds
    #[arg(long, default_value_t = 2_000)]
    pub(crate) kill_pause: u64,
    /// Let some tenants misbehave, after half of the time
    #[arg(long)]
    pub(crate) bad_tenants: bool,
    /// The component that misbehaves
    #[arg(long, value_name = "FILE")]
    pub(crate) misbehaving: Option<PathBuf>,
    /// In the end, kill a worker for good, and measure how long its triggers wait
    #[arg(long)]
    pub(crate) takeover: bool,
    /// Roll a version out that crashes, and one that does not
    #[arg(long, requires = "misbehaving")]
    pub(crate) rollout: bool,
    /// Where the figures are written, as a line of JSON
    #[arg(long)]
    pub(crate) figures: Option<PathBuf>,
}

/// Everything that was started.
pub(crate) struct Stage {
    pub(crate) options: Options,
    pub(crate) services: Services,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) engine: Arc<Mutex<Engine>>,
    pub(crate) flow: Arc<Mutex<Flow>>,
    pub(crate) workers: Arc<Mutex<Workers>>,
    pub(crate) flow_port: u16,
    pub(crate) log_path: PathBuf,
    pub(crate) log: Log,
    /// The triggers whose deliveries are compared.
    pub(crate) triggers: Vec<String>,
    pub(crate) client: reqwest::Client,
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stage {
    /// Starts the services, the engine, the flow and the workers.
    pub(crate) fn start(options: Options) -> Result<Self> {
        if options.work.exists() {
            fs::remove_dir_all(&options.work)?;
        }
        fs::create_dir_all(&options.work)?;
        let services = Services::start(options.tenants)?;
        let mut engine = Engine::new(options.engine, &options.engine_program, &options.work.join("engine"))?;
        engine.start()?;
        let log_path = options.work.join("received.ndjson");
        let handlers = (options.engine == Kind::Restate).then(free_port).transpose()?;
        let program = std::env::current_exe()?;
        let mut flow = Flow { program, log: log_path.clone(), port: free_port()?, handlers, process: None };
        flow.start()?;
        let mut more: Vec<String> = ["--origin-rate", "1000"].map(str::to_owned).into();
        if let Some(port) = handlers {
            engine.register(port)?;
            more.extend(["--deliver-to-service", handlers::SERVICE].map(str::to_owned));
        }
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
    pub(crate) async fn configure(&mut self) -> Result<()> {
        let began = Instant::now();
        let every = Duration::from_millis(self.options.every);
        let tenants = self.services.tenants.iter().cycle().take(self.options.triggers).enumerate();
        let definitions: Vec<Value> = tenants
            .map(|(n, tenant)| definition(tenant, &format!("trigger-{n}"), every, self.destination(n, tenant)))
            .collect();
        self.fleet.apply(&definitions)?;
        let id = |definition: &Value| definition.get("id").and_then(Value::as_str).map(str::to_owned);
        self.triggers = definitions.iter().filter_map(id).collect();
        eprintln!("{} triggers are configured after {:.1} s", self.triggers.len(), began.elapsed().as_secs_f64());
        let (fleet, count) = (self.fleet.clone(), self.triggers.len());
        wait_for("every trigger's first poll", Duration::from_secs(300), || Ok(fleet.begun()? == count)).await?;
        eprintln!("All were polled for the first time after {:.1} s", began.elapsed().as_secs_f64());
        Ok(())
    }

    /// Where the payloads of a trigger go: on a Restate, those of every fourth to a handler of the same.
    fn destination(&self, n: usize, tenant: &Tenant) -> Value {
        match self.options.engine {
            Kind::Restate if n % 4 == 3 => {
                json!({"restateHandler": format!("{}/{}/receive", handlers::SERVICE, tenant.name)})
            }
            _ => flow(self.flow_port),
        }
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
            "{} changes; {} to deliver by all triggers, {} missing; {} deliveries, {} of them again under the same id; \
             {} changes under two ids",
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
    pub(crate) fn undelivered(&self) -> Result<u64> {
        let list = self.fleet.command(&["list"])?;
        let counts = list.lines().filter(|line| !line.contains("\"id\":\"bad-")).map(|line| -> Result<u64> {
            let summary: Value = serde_json::from_str(line)?;
            summary.get("undelivered").and_then(Value::as_u64).context("a summary without a count")
        });
        counts.sum()
    }

    pub(crate) async fn figures(&self) -> Figures {
        let urls: Vec<String> = locked(&self.workers).workers.iter().map(|worker| worker.metrics.clone()).collect();
        Figures::read(&self.client, &urls).await
    }

    /// What the engine and the workers use.
    pub(crate) fn usage(&self) -> (Usage, Usage) {
        let engine = locked(&self.engine).process().map(Process::usage).unwrap_or_default();
        let workers = locked(&self.workers);
        (engine, workers.workers.iter().map(|worker| worker.process.usage()).fold(Usage::default(), Usage::and))
    }

    /// Ends all in order, so that what is kept is on the disk, and looks for secrets in it.
    pub(crate) fn end(self) -> Result<()> {
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

//! The trial: start all, change records, kill, wait until all is delivered, and compare.

use std::fs;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::chaos::Killer;
use crate::figures::Figures;
use crate::fleets::{definition, flow, misbehaving};
use crate::rollouts;
use crate::services::Services;
use crate::stage::{Options, Stage, locked, wait_for};

/// How long a worker may take to find a component that is new.
const PATIENCE: Duration = Duration::from_secs(60);

/// The worker's counts.
const POLLS: &str = "fleet_polls_total";
const LAG: &str = "fleet_poll_lag_seconds";

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
                bad = Some(self.let_misbehave().await?);
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
    async fn let_misbehave(&self) -> Result<Services> {
        let bad = Services::start_bad(self.services.tenants.len())?;
        self.fleet.put_secrets(&bad)?;
        let every = Duration::from_millis(self.options.every);
        let names = (0..20).map(|n| format!("trigger-{n}"));
        let mut definitions: Vec<Value> = names
            .flat_map(|name| bad.tenants.iter().map(move |tenant| (tenant, name.clone())))
            .map(|(tenant, name)| definition(tenant, &name, every, flow(self.flow_port)))
            .collect();
        if let Some(component) = &self.options.misbehaving {
            self.fleet.put_component("misbehaving", "1.0.0", &fs::read(component)?)?;
            // Those of the first: its key is good enough.
            let name = bad.tenants.first().map(|tenant| tenant.name.clone()).unwrap_or_default();
            let spinning = (0..20)
                .map(|n| misbehaving("misbehaving", &format!("{name}/spins-{n}"), "spin", every, self.flow_port));
            definitions.extend(spinning);
        }
        // A worker looks for new components now and then, and one engine asks it.
        wait_for("the worker's finding the component", PATIENCE, || Ok(self.fleet.apply(&definitions).is_ok())).await?;
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
        // One that ended before it had killed so often could not start its victim again.
        let has_failed = |killer: &Killer| killer.is_done() && killer.kills.load(Ordering::Relaxed) < times;
        while !killers.iter().all(|(_, killer)| killer.is_done())
            && !killers.iter().any(|(_, killer)| has_failed(killer))
        {
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
}

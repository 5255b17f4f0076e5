//! The whole run: records, serves, starts the cases in turn, several rounds of each, and reports.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::measured::{Measured, Polling};
use crate::options::Options;
use crate::record::{self, ONE_POLL};
use crate::recording::Recording;
use crate::serve::Server;
use crate::statistics::Summary;
use crate::worker::{self, Samples};
use crate::{actions, cold, density, inside, report, structure};

/// How the polls of one scenario are measured.
struct Plan {
    name: &'static str,
    recordings: Vec<String>,
    /// How many of the recordings are polled and not measured.
    unmeasured: usize,
    over_http: bool,
    count: usize,
    warm_up: usize,
    rounds: usize,
    cases: &'static [&'static str],
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let work = &options.files.work;
    std::fs::create_dir_all(work)?;
    eprintln!("▸ Record what the simulated service answers");
    record::steady(work, "steady")?;
    record::backlog(work, "full", ONE_POLL)?;
    let numbered = |name: &str, count: usize| (0..count).map(|index| format!("{name}-{index}")).collect::<Vec<_>>();
    let small = numbered("small", record::backlog(work, "small", 5_000)?);
    let large = numbered("large", record::backlog(work, "large", 50_000)?);
    let server = Server::start(work, &["steady".to_owned(), "full".to_owned()])?;

    let rounds = if options.quick { 2 } else { 5 };
    let one = |name: &str| vec![name.to_owned()];
    let plans = [
        Plan {
            name: "steady",
            recordings: one("steady"),
            unmeasured: 0,
            over_http: false,
            count: if options.quick { 2_000 } else { 5_000 },
            warm_up: 500,
            rounds,
            cases: &["native", "component", "on-demand"],
        },
        // What a short call pays for a long one that had its slot before.
        Plan {
            name: "steady after full",
            recordings: ["full", "steady", "steady", "steady", "steady"].map(str::to_owned).into(),
            unmeasured: 2,
            over_http: false,
            count: if options.quick { 20 } else { 60 },
            warm_up: 5,
            rounds,
            cases: &["native", "component"],
        },
        Plan {
            name: "full",
            recordings: one("full"),
            unmeasured: 0,
            over_http: false,
            count: if options.quick { 20 } else { 60 },
            warm_up: 5,
            rounds,
            cases: &["native", "component", "on-demand"],
        },
        Plan {
            name: "full",
            recordings: one("full"),
            unmeasured: 0,
            over_http: true,
            count: if options.quick { 10 } else { 20 },
            warm_up: 3,
            rounds,
            cases: &["native", "component", "node"],
        },
        Plan {
            name: "steady",
            recordings: one("steady"),
            unmeasured: 0,
            over_http: true,
            count: if options.quick { 100 } else { 300 },
            warm_up: 30,
            rounds,
            cases: &["native", "component", "node"],
        },
        Plan {
            name: "drain 5,000",
            recordings: small,
            unmeasured: 0,
            over_http: false,
            count: 1,
            warm_up: 0,
            rounds: 2,
            cases: &["component"],
        },
        Plan {
            name: "drain 50,000",
            recordings: large,
            unmeasured: 0,
            over_http: false,
            count: 1,
            warm_up: 0,
            rounds: 2,
            cases: &["component"],
        },
    ];
    let mut polls = Vec::new();
    for plan in &plans {
        polls.extend(measure(options, plan, &server)?);
    }
    eprintln!("▸ Start processes");
    let mut processes: Vec<(String, Vec<f64>)> = Vec::new();
    let url = server.url("steady");
    for turn in 0..if options.quick { 5 } else { 20 } {
        push(&mut processes, "harness, cached", cold::harness(options, &url, true)?);
        if turn < 5 {
            push(&mut processes, "harness, compiling", cold::harness(options, &url, false)?);
        }
        if let Some(script) = options.node.as_ref().filter(|_| turn < 8) {
            push(&mut processes, "node", cold::node(options, script, &url)?);
        }
    }
    eprintln!("▸ Measure inside one process");
    let inside = inside::measure(&options.files, options.quick)?;
    eprintln!("▸ Call every action");
    let actions = actions::measure(&options.files, options.quick)?;
    let structure = structure::measure(&options.files, options.quick)?;
    eprintln!("▸ Weigh instances that wait");
    let density = density::measure(&options.files)?;
    let full = Recording::read(work, "full")?;
    let measured = Measured {
        polls,
        processes: processes.into_iter().map(|(name, times)| (name, Summary::of(&times))).collect(),
        inside,
        actions,
        structure,
        density,
        answer_bytes: full.received(),
        delivered: full.created.len() + full.updated.len(),
    };
    report::write(options, &measured)
}

fn push(all: &mut Vec<(String, Vec<f64>)>, name: &str, time: f64) {
    match all.iter_mut().find(|(known, _)| known == name) {
        Some((_, times)) => times.push(time),
        None => all.push((name.to_owned(), vec![time])),
    }
}

/// Runs the cases of a plan in turn, round after round.
fn measure(options: &Options, plan: &Plan, server: &Server) -> Result<Vec<(String, Polling)>> {
    let way = if plan.over_http { "over HTTP" } else { "in process" };
    eprintln!("▸ Poll: {} {way}", plan.name);
    let mut all: Vec<(&str, Vec<Samples>)> = Vec::new();
    for _ in 0..plan.rounds {
        for case in plan.cases {
            let Some(samples) = round(options, plan, server, case)? else { continue };
            match all.iter_mut().find(|(known, _)| known == case) {
                Some((_, rounds)) => rounds.push(samples),
                None => all.push((case, vec![samples])),
            }
        }
    }
    Ok(all.into_iter().map(|(case, rounds)| (format!("{} {way}, {case}", plan.name), joined(&rounds))).collect())
}

fn joined(rounds: &[Samples]) -> Polling {
    let all = |pick: fn(&Samples) -> &Vec<f64>| rounds.iter().flat_map(pick).copied().collect::<Vec<f64>>();
    let memory: Vec<f64> = rounds.iter().map(|round| round.peak_memory_kib as f64).collect();
    Polling {
        cpu: Summary::of(&all(|round| &round.cpu)),
        wall: Summary::of(&all(|round| &round.wall)),
        peak_memory_kib: Summary::of(&memory),
        instance_bytes: rounds.iter().map(|round| round.instance_bytes).max().unwrap_or_default(),
    }
}

fn round(options: &Options, plan: &Plan, server: &Server, case: &str) -> Result<Option<Samples>> {
    let url = plan.recordings.first().map(|name| server.url(name)).unwrap_or_default();
    let mut command = if case == "node" {
        let Some(script) = &options.node else { return Ok(None) };
        cold::node_command(options, script, plan.name, &url, plan.count, plan.warm_up)
    } else {
        let mut command = Command::new(std::env::current_exe().context("this program's own path")?);
        command.args(["worker", "--case", case]);
        paths(&mut command, &options.files.component, &options.files.work);
        for name in &plan.recordings {
            command.args(["--recording", name]);
        }
        command.args(["--unmeasured", &plan.unmeasured.to_string()]);
        if plan.over_http {
            command.args(["--url", &url]);
        }
        command.args(["--count", &plan.count.to_string(), "--warm-up", &plan.warm_up.to_string()]);
        command
    };
    worker::samples(&cold::timed(&mut command)?.1).with_context(|| format!("{}, {case}", plan.name)).map(Some)
}

fn paths(command: &mut Command, component: &Path, work: &Path) {
    command.arg("--component").arg(component).arg("--work").arg(work);
}

//! `cargo xtask demo`: a guided tour of the connector through the harness, against the simulated service.
//!
//! Every line that it prints as a command is what it ran, and every step checks what came back: a tour that prints
//! something wrong fails.

mod answer;
mod any;
mod excerpt;
mod harness;
mod page;
mod screen;
mod tour;
mod visit;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::service::Service;
use crate::workspace::Workspace;
use crate::{build, files, progress};
use harness::Harness;
use screen::Screen;

/// Build, start the simulated Duro service, and show every capability of the connector on it.
///
/// Prints each command as you would type it and what came back; fails if a step does not do what it says. Needs no key
/// and no network.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  cargo xtask demo\n  cargo xtask demo --stay          then try the commands yourself\n  \
                  cargo xtask demo --page          the flow-builder page in your browser\n  \
                  cargo xtask demo --connector acme-things"
)]
pub(crate) struct Options {
    /// Keep the service running at the end, so that the printed commands can be tried in another terminal
    #[arg(long)]
    stay: bool,
    /// Record every call of the tour in this folder, in place of what is recorded there
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["page", "connector"])]
    record: Option<PathBuf>,
    /// Show the flow-builder page on the simulated service instead of the tour, until ctrl-c
    #[arg(long, conflicts_with = "stay")]
    page: bool,
    /// With --page: print the link and open no browser
    #[arg(long, requires = "page")]
    no_open: bool,
    /// Show a connector of connectors/ on its simulated service: the package NAME-sim, else an example of the
    /// connector's
    #[arg(long, value_name = "NAME", conflicts_with = "stay")]
    connector: Option<String>,
}

/// Builds, then takes the tour.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    if let Some(connector) = &options.connector {
        return any::run(workspace, connector, options.page, !options.no_open);
    }
    build::duro(workspace)?;
    let service = progress::step("Compile the simulated Duro service", || {
        let built = build::native_binary(workspace, "duro-sim")?;
        let program = workspace.dist().join(format!("duro-sim{}", std::env::consts::EXE_SUFFIX));
        files::copy_atomically(&built, &program)?;
        Ok(program)
    })?;
    if options.page {
        return page::run(workspace, &service, !options.no_open);
    }
    let folder = tempfile::Builder::new().prefix("duro-demo-").tempdir().context("no temporary folder")?;
    let service = Service::start(&service, folder.path(), &[])?;
    let screen = Screen::for_standard_output();
    let harness = Harness::new(workspace, &service, folder.path())?.recording_in(options.record.as_deref())?;
    introduce(&screen, &harness, &service);
    let outcome = take_tour(&screen, harness);
    if options.stay {
        stay(&screen, folder.path())?;
    }
    service.stop()?;
    outcome
}

fn introduce(screen: &Screen, harness: &Harness, service: &Service) {
    screen.heading("The connector for Duro PLM, shown on a simulated Duro service");
    screen.words(&format!(
        "A simulated service listens on {}. A connection is a JSON file; its API key comes from the environment, and \
         only the host ever sees it. Here the custom URL points to the simulated service. For the real one leave it \
         blank, choose the environment, and leave out --allow-http and --allow-private-network, without which nothing \
         may leave except over https to public addresses.",
        service.url()
    ));
    screen.command(&format!("export DURO_API_KEY={}", screen::quoted(service.key())));
    screen.command(&format!("cat {}", screen::quoted(&harness.connection().to_string_lossy())));
    screen.came_back(harness.connection_text());
}

fn take_tour(screen: &Screen, harness: Harness) -> Result<()> {
    let mut visit = visit::Visit::new(screen, harness);
    let mut rows = Vec::new();
    for (index, stop) in tour::STOPS.iter().enumerate() {
        screen.heading(&format!("{}. {}", index + 1, stop.heading));
        screen.words(stop.words);
        let started = Instant::now();
        let result = (stop.show)(&mut visit);
        match &result {
            Ok(fact) => screen.passed(fact),
            Err(error) => screen.failed(&format!("{error:#}")),
        }
        rows.push(Row { heading: stop.heading, result, took: started.elapsed() });
    }
    summarize(screen, &rows)
}

struct Row {
    heading: &'static str,
    result: Result<String>,
    took: Duration,
}

fn summarize(screen: &Screen, rows: &[Row]) -> Result<()> {
    screen.heading("Summary");
    let width = rows.iter().map(|row| row.heading.chars().count()).max().unwrap_or_default();
    for row in rows {
        let line = format!("{:width$}  {:>6}", row.heading, progress::seconds(row.took));
        match &row.result {
            Ok(fact) => screen.passed(&format!("{line}  {fact}")),
            Err(_) => screen.failed(&format!("{line}  FAILED")),
        }
    }
    let failed: Vec<&str> = rows.iter().filter(|row| row.result.is_err()).map(|row| row.heading).collect();
    if !failed.is_empty() {
        bail!("{} of {} steps did not do what they say: {}", failed.len(), rows.len(), failed.join("; "));
    }
    screen.words("Every step did what it says. The commands again, with all their options: dist/harness --help");
    Ok(())
}

fn stay(screen: &Screen, folder: &Path) -> Result<()> {
    screen.words(&format!(
        "The service stays up, and {} holds the connection and the polling states: try the commands above in another \
         terminal. Press Enter here to end.",
        folder.display()
    ));
    std::io::stdin().read(&mut [0; 1]).context("standard input cannot be read")?;
    Ok(())
}

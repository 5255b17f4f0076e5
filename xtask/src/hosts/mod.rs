//! `cargo xtask hosts`: the connectors in the hosts of `examples/hosts`, each call held against what the harness prints
//! of the same.

mod across;
mod calls;
mod compare;
mod install;
mod misdeeds;
mod polls;
mod program;
mod provoked;
mod second;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::service::Service;
use crate::workspace::Workspace;
use crate::{build, progress};
use program::{Desk, Program};

/// As many records as the longest list that is asked for has, and some more.
const RECORDS: [&str; 2] = ["--components", "1100"];

/// Run the connectors in hosts in Node, Python and the browser, and hold what they print against the harness.
///
/// Installs below the target directory what they need, with npm and pip: exactly what their lock files name. Each call
/// is made by the harness and by each host, on a simulated service. Results, payloads and the connector's own errors
/// must be the same byte for byte; of errors in a host's own words, kind, failure, who ended the call and exit status
/// must be. In the end the hosts are broken on purpose, and the comparison must notice.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask hosts\n  cargo xtask hosts --only python")]
pub(crate) struct Options {
    /// One host alone: node, node-jspi, python, browser or browser-blocking
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

/// Builds, installs, and compares.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    build::duro(workspace)?;
    build::misbehaving_component(workspace)?;
    let components = install::components(workspace, build::connector(workspace, second::CONNECTOR)?);
    let service = progress::step("Compile the simulated Duro service", || build::native_binary(workspace, "duro-sim"))?;
    let design =
        progress::step("Compile that of the second connector", || build::native_binary(workspace, second::SERVICE))?;
    let mut hosts = install::hosts(workspace, &components)?;
    if let Some(name) = &options.only {
        let known: Vec<&str> = hosts.iter().map(|host| host.name).collect();
        let known = known.join(", ");
        hosts.retain(|host| host.name == name);
        if hosts.is_empty() {
            bail!("there is no host {name:?} on this machine; there are: {known}");
        }
    }
    let folder = tempfile::Builder::new().prefix("connector-hosts-").tempdir().context("no temporary folder")?;
    let within = |name: &str| -> Result<PathBuf> {
        let folder = folder.path().join(name);
        fs::create_dir(&folder)?;
        Ok(folder)
    };
    let desk = Desk {
        service: Service::start(&service, folder.path(), &RECORDS)?,
        design: Service::start(&design, &within("design")?, &[])?,
        elsewhere: Service::start(&service, &within("elsewhere")?, &[])?,
        folder: folder.path().to_owned(),
        harness: install::harness(workspace, &components),
    };
    let mut problems = progress::step("Make each call in each host", || make_calls(&desk, &hosts))?;
    problems.extend(progress::step("Poll, with changes between", || {
        Ok([polls::run(&desk, &hosts)?, second::polls(&desk, &hosts)?].concat())
    })?);
    if let Some(browser) = install::browser().filter(|_| hosts.iter().any(|host| host.name == "browser")) {
        problems.extend(progress::step("Call the service from a page of another origin", || {
            across::run(&browser, &service, folder.path())
        })?);
    }
    if let Some(node) = hosts.iter().find(|host| host.name == "node") {
        problems.extend(progress::step("Break a host, and see that it is noticed", || {
            provoked::run(workspace, &desk, node)
        })?);
    }
    if desk.strays()? > 0 {
        problems.push("a request came to a service that no connection names".to_owned());
    }
    desk.service.stop()?;
    desk.design.stop()?;
    desk.elsewhere.stop()?;
    if problems.is_empty() {
        return Ok(());
    }
    bail!("{} differences from the harness:\n\n{}", problems.len(), problems.join("\n\n"))
}

/// Makes every call, and gives what differed.
fn make_calls(desk: &Desk, hosts: &[Program]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut made = vec![(0_u32, Duration::ZERO); hosts.len()];
    for call in [calls::all(desk), second::all(desk), misdeeds::all(desk)].concat() {
        let expected = desk.make(&desk.harness, &call)?;
        for (host, (count, took)) in hosts.iter().zip(&mut made).filter(|(host, _)| host.makes(&call)) {
            let started = Instant::now();
            let found = desk.make(host, &call)?;
            *took += started.elapsed();
            *count += 1;
            problems.extend(call.compared.problem(&host.told(call.name), &expected, &found));
        }
    }
    for (host, (count, took)) in hosts.iter().zip(made) {
        eprintln!("  {:16} {count} calls in {}", host.name, progress::seconds(took));
    }
    Ok(problems)
}

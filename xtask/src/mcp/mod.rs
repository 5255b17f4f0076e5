//! `cargo xtask mcp`: `harness mcp`, used by clients that nobody here wrote, on simulated services, and by the
//! protocol's own conformance suite.

mod checks;
mod clients;
mod listening;
mod plan;
mod suite;
mod table;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::service::Service;
use crate::workspace::Workspace;
use crate::{build, files, installing, progress};
use checks::Checks;
use clients::Client;
use plan::{CONNECTORS, Connector, Desk, Transport};

/// The conformance suite asks for it.
const OLDEST_NODE: u32 = 22;
/// What `--only` takes.
const CONFORMANCE: &str = "conformance";

/// Use `harness mcp` with the clients of the TypeScript and the Python SDK, and with the protocol's conformance suite.
///
/// Installs below the target directory what they need, with npm and pip: exactly what their lock files name. Each
/// client lists, calls, pages, completes, reads, subscribes, cancels and is asked, on the simulated service of each
/// connector, over standard input and output and over HTTP. Of the conformance suite every scenario is run that a
/// server can pass that is not the suite's own; the others stand in a table with the reason, and one that the table
/// does not know is a failure.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  cargo xtask mcp\n  cargo xtask mcp --only python --connector duro-design\n  \
                  cargo xtask mcp --only conformance")]
pub(crate) struct Options {
    /// One of them alone: javascript, python or conformance
    #[arg(long, value_name = "NAME", value_parser = ["javascript", "python", CONFORMANCE])]
    only: Option<String>,
    /// One connector alone: duro-plm or duro-design
    #[arg(long, value_name = "NAME")]
    connector: Option<String>,
}

impl Options {
    fn has(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == name)
    }
}

/// Builds, installs, and makes every check.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let connectors = chosen(options)?;
    build::harness(workspace)?;
    let tools = Tools::install(workspace, options)?;
    let mut checks = Checks::default();
    for connector in connectors {
        let component = build::connector(workspace, connector.package)?;
        let service = progress::step(&format!("Compile the simulated service of {}", connector.package), || {
            build::native_binary(workspace, connector.service)
        })?;
        let folder = tempfile::Builder::new().prefix("mcp-").tempdir().context("no temporary folder")?;
        let service = Service::start(&service, folder.path(), connector.service_arguments)?;
        let desk = Desk::new(workspace, connector, component, folder.path().to_owned(), service)?;
        for transport in [Transport::StandardStreams, Transport::Http] {
            for client in &tools.clients {
                client.run(&desk, transport, &mut checks)?;
            }
        }
        if options.has(CONFORMANCE) && connector.is_for_the_suite {
            suite::run(&desk, &tools.node, &tools.javascript, &mut checks)?;
        }
        desk.service.stop()?;
    }
    checks.end()
}

fn chosen(options: &Options) -> Result<Vec<&'static Connector>> {
    let wanted = |connector: &&Connector| options.connector.as_deref().is_none_or(|name| name == connector.package);
    let chosen: Vec<&Connector> = CONNECTORS.iter().filter(wanted).collect();
    if chosen.is_empty() {
        let known: Vec<&str> = CONNECTORS.iter().map(|connector| connector.package).collect();
        bail!("--connector takes one of {}", known.join(", "));
    }
    Ok(chosen)
}

/// What was installed.
struct Tools {
    node: PathBuf,
    /// The folder with the packages of npm, and the programs beside them.
    javascript: PathBuf,
    clients: Vec<Client>,
}

impl Tools {
    fn install(workspace: &Workspace, options: &Options) -> Result<Self> {
        let (from, to) = (workspace.root.join("tests/mcp"), workspace.tools().join("mcp"));
        let (javascript, python) = (to.join("javascript"), to.join("python"));
        let mut clients = Vec::new();
        files::copy_folder(&from.join("javascript"), &javascript)?;
        installing::npm(&javascript)?;
        let node = installing::node(workspace, OLDEST_NODE)?;
        if options.has("javascript") {
            clients.push(Client::new("javascript", &node, &javascript.join("main.mjs")));
        }
        if options.has("python") {
            files::copy_folder(&from.join("python"), &python)?;
            let program = installing::python(&to.join("venv"), &python.join("requirements.txt"))?;
            clients.push(Client::new("python", &program, &python.join("main.py")));
        }
        fs::create_dir_all(&to).with_context(|| format!("{} cannot be made", to.display()))?;
        Ok(Self { node, javascript, clients })
    }
}

//! What the hosts need: packages of npm and of PyPI, a Node in which WebAssembly can wait, and the components as each
//! takes them. All of it goes below the target directory.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::program::Program;
use crate::workspace::Workspace;
use crate::{cargo, files, progress};

/// The folders of `examples/hosts` that are copied.
const FOLDERS: [&str; 4] = ["engine", "javascript", "javascript/page", "python"];
/// What a page does otherwise whose engine cannot wait for a promise: requests, and how a call ends that waits for one.
const BLOCKING: &[&str] = &[
    "an action",
    "a list of 1,000 records",
    "an answer that repeats the key",
    "another origin",
    "an answer without end",
    "an answer that comes too late",
];
/// The oldest that has all that they use.
const OLDEST_NODE: u32 = 20;
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// The harness, as one host among them.
pub(super) fn harness(workspace: &Workspace) -> Program {
    let command = [workspace.harness().into_os_string(), "--no-config".into(), "--quiet".into()];
    Program {
        name: "harness",
        command: command.to_vec(),
        duro: workspace.component(),
        misbehaving: workspace.misbehaving_component(),
        only: None,
    }
}

/// The hosts that this machine can run. One that it cannot is named loudly, and is an error in continuous integration.
pub(super) fn hosts(workspace: &Workspace) -> Result<Vec<Program>> {
    let folder = copied(workspace, "hosts")?;
    let mut hosts = Vec::new();
    for (what, found) in [
        ("the hosts in JavaScript", in_javascript(workspace, &folder)),
        ("the host in Python", in_python(workspace, &folder)),
    ] {
        match found {
            Ok(found) => hosts.extend(found),
            Err(error) if std::env::var_os("CI").is_none() => {
                eprintln!("\n*** NOT COMPARED: {what}, because what they need cannot be had: {error:#} ***\n");
            }
            Err(error) => return Err(error.context(format!("{what} cannot be run"))),
        }
    }
    if hosts.is_empty() {
        bail!("no host can be run: install Node 20 or later with npm, or Python 3.11 or later with venv");
    }
    Ok(hosts)
}

/// A copy of the Node host that may be broken, as it is in the repository; gives its script.
pub(super) fn broken(workspace: &Workspace) -> Result<PathBuf> {
    Ok(copied(workspace, "hosts/broken")?.join("javascript/node.mjs"))
}

/// Copies the examples, so that nothing is installed beside the sources.
fn copied(workspace: &Workspace, to: &str) -> Result<PathBuf> {
    let (from, to) = (workspace.root.join("examples/hosts"), workspace.target.join(to));
    files::copy_atomically(&from.join("rules.json"), &to.join("rules.json"))?;
    for folder in FOLDERS {
        for entry in fs::read_dir(from.join(folder)).with_context(|| format!("{folder} cannot be read"))? {
            let path = entry?.path();
            if let Some(name) = path.file_name().filter(|_| path.is_file()) {
                files::copy_atomically(&path, &to.join(folder).join(name))?;
            }
        }
    }
    Ok(to)
}

fn in_javascript(workspace: &Workspace, folder: &Path) -> Result<Vec<Program>> {
    npm(&folder.join("javascript"))?;
    npm(&folder.join("engine"))?;
    let node = cargo::on_path("node").filter(|node| is_recent(node)).or_else(|| engine(folder));
    let node = node.context("there is no Node 20 or later, and npm has none for this kind of machine")?;
    let (duro, misbehaving) = (folder.join("components/duro"), folder.join("components/misbehaving"));
    progress::step("Make ES modules of the components", || {
        for (component, made) in [(workspace.component(), &duro), (workspace.misbehaving_component(), &misbehaving)] {
            let mut command = Command::new(&node);
            command.arg(folder.join("javascript/transpile.mjs")).arg(component).arg(made);
            cargo::run(&mut command)?;
        }
        Ok(())
    })?;
    let program = |name, node: &Path, script: &str, flags: &[&str]| {
        let mut command: Vec<OsString> = vec![node.into()];
        command.push(folder.join("javascript").join(script).into());
        command.extend(flags.iter().map(OsString::from));
        Program { name, command, duro: duro.clone(), misbehaving: misbehaving.clone(), only: None }
    };
    let mut hosts = vec![program("node", &node, "node.mjs", &["--engine", "blocking"])];
    match engine(folder) {
        Some(engine) => hosts.push(program("node-jspi", &engine, "node.mjs", &["--engine", "jspi"])),
        None => missing("a Node in which WebAssembly can wait: npm has none for this kind of machine")?,
    }
    match BROWSERS.iter().find_map(|name| cargo::on_path(name)) {
        Some(browser) => {
            for (name, engine, only) in [("browser", "jspi", None), ("browser-blocking", "blocking", Some(BLOCKING))] {
                let mut host = program(name, &node, "browser.mjs", &[]);
                host.command.extend(["--engine".into(), engine.into(), "--browser".into(), browser.clone().into()]);
                host.only = only;
                hosts.push(host);
            }
        }
        None => missing("a browser: install Chromium")?,
    }
    Ok(hosts)
}

fn in_python(workspace: &Workspace, folder: &Path) -> Result<Vec<Program>> {
    let python = cargo::on_path("python3").context("there is no python3: install Python 3.11 or later with venv")?;
    let (venv, requirements) = (folder.join("venv"), folder.join("python/requirements.txt"));
    let inside = venv.join("bin/python");
    once_for(&requirements, &venv.join("installed.txt"), "Install the Python host's packages with pip", || {
        cargo::run(Command::new(&python).args(["-m", "venv", "--clear"]).arg(&venv))?;
        let mut command = Command::new(&inside);
        command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]);
        cargo::run(command.arg(&requirements))
    })?;
    let (duro, misbehaving) = (workspace.component(), workspace.misbehaving_component());
    let command = vec![inside.into_os_string(), folder.join("python/host.py").into_os_string()];
    Ok(vec![Program { name: "python", command, duro, misbehaving, only: None }])
}

/// Whether it is a Node that the hosts run on.
fn is_recent(node: &Path) -> bool {
    let version = cargo::output(Command::new(node).arg("--version")).unwrap_or_default();
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    major.is_some_and(|major| major >= OLDEST_NODE)
}

/// What npm's package for this kind of machine has.
fn engine(folder: &Path) -> Option<PathBuf> {
    let packages = fs::read_dir(folder.join("engine/node_modules")).ok()?.flatten();
    packages.map(|package| package.path().join("bin/node")).find(|program| program.is_file())
}

fn missing(what: &str) -> Result<()> {
    if std::env::var_os("CI").is_some() {
        bail!("there is not {what}");
    }
    eprintln!("\n*** NOT COMPARED: there is not {what} ***\n");
    Ok(())
}

fn npm(folder: &Path) -> Result<()> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let what = format!("Install the packages of {name} with npm");
    once_for(&folder.join("package-lock.json"), &folder.join("installed-lock.json"), &what, || {
        let mut command = Command::new("npm");
        command.current_dir(folder).args(["ci", "--no-audit", "--no-fund", "--silent"]);
        cargo::run(&mut command)
    })
}

/// Installs, unless that was done for these very contents of the file that names what.
fn once_for(named: &Path, stamp: &Path, what: &str, install: impl FnOnce() -> Result<()>) -> Result<()> {
    let wanted = fs::read(named).with_context(|| format!("{} cannot be read", named.display()))?;
    if fs::read(stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    progress::step(what, install)?;
    files::write_atomically(stamp, &wanted)
}

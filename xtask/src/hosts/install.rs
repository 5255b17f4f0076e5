//! What the hosts need: packages of npm and of PyPI, a Node in which WebAssembly can wait, and the components as each
//! takes them. All of it goes below the target directory.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::program::{Components, Program};
use crate::workspace::Workspace;
use crate::{cargo, files, installing, progress};

/// The folders of `examples/hosts` that are copied.
const FOLDERS: [&str; 3] = ["javascript", "javascript/page", "python"];
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

/// The components as files. `design` is where that of the second connector is.
pub(super) fn components(workspace: &Workspace, design: PathBuf) -> Components {
    Components { duro: workspace.component(), design, misbehaving: workspace.misbehaving_component() }
}

/// The harness, as one host among them.
pub(super) fn harness(workspace: &Workspace, components: &Components) -> Program {
    let command = [workspace.harness().into_os_string(), "--no-config".into(), "--quiet".into()];
    Program { name: "harness", command: command.to_vec(), components: components.clone(), only: None }
}

/// The hosts that this machine can run. One that it cannot is named loudly, and is an error in continuous integration.
pub(super) fn hosts(workspace: &Workspace, components: &Components) -> Result<Vec<Program>> {
    let folder = copied(workspace, "hosts")?;
    let mut hosts = Vec::new();
    for (what, found) in [
        ("the hosts in JavaScript", in_javascript(workspace, &folder, components)),
        ("the host in Python", in_python(&folder, components)),
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
        files::copy_folder(&from.join(folder), &to.join(folder))?;
    }
    Ok(to)
}

fn in_javascript(workspace: &Workspace, folder: &Path, components: &Components) -> Result<Vec<Program>> {
    installing::npm(&folder.join("javascript"))?;
    let node = installing::node(workspace, OLDEST_NODE)?;
    let in_folder = |name: &str| folder.join("components").join(name);
    let made =
        Components { duro: in_folder("duro"), design: in_folder("design"), misbehaving: in_folder("misbehaving") };
    progress::step("Make ES modules of the components", || {
        for (component, made) in [
            (&components.duro, &made.duro),
            (&components.design, &made.design),
            (&components.misbehaving, &made.misbehaving),
        ] {
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
        Program { name, command, components: made.clone(), only: None }
    };
    let mut hosts = vec![program("node", &node, "node.mjs", &["--engine", "blocking"])];
    match installing::engine(workspace)? {
        Some(engine) => hosts.push(program("node-jspi", &engine, "node.mjs", &["--engine", "jspi"])),
        None => missing("a Node in which WebAssembly can wait: npm has none for this kind of machine")?,
    }
    match browser() {
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

/// A browser, where there is one.
pub(super) fn browser() -> Option<PathBuf> {
    BROWSERS.iter().find_map(|name| cargo::on_path(name))
}

fn in_python(folder: &Path, components: &Components) -> Result<Vec<Program>> {
    let inside = installing::python(&folder.join("venv"), &folder.join("python/requirements.txt"))?;
    let command = vec![inside.into_os_string(), folder.join("python/host.py").into_os_string()];
    Ok(vec![Program { name: "python", command, components: components.clone(), only: None }])
}

fn missing(what: &str) -> Result<()> {
    if std::env::var_os("CI").is_some() {
        bail!("there is not {what}");
    }
    eprintln!("\n*** NOT COMPARED: there is not {what} ***\n");
    Ok(())
}

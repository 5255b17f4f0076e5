//! The engines: a Restate and a PostgreSQL, each in a folder of its own, on ports of loopback.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;

use crate::processes::Process;

/// Which engine keeps the triggers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Restate
    Restate,
    /// PostgreSQL
    Postgres,
}

/// An engine that can be started again on what it had kept.
pub(crate) struct Engine {
    kind: Kind,
    program: PathBuf,
    folder: PathBuf,
    /// Ingress, administration, node; PostgreSQL has one.
    ports: [u16; 3],
    /// PostgreSQL does not run as root.
    user: Option<(u32, u32)>,
    process: Option<Process>,
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

impl Engine {
    /// `program` is restate-server, or the folder of PostgreSQL's programs.
    pub(crate) fn new(kind: Kind, program: &Path, folder: &Path) -> Result<Self> {
        let user =
            if kind == Kind::Postgres && rustix::process::geteuid().is_root() { Some(other_user()?) } else { None };
        // PostgreSQL's user may not get to where this one may: to root's own folder, for one.
        let folder = match user.is_some() && !is_open(folder) {
            true => std::env::temp_dir().join(format!("fleet-trial-{}", std::process::id())),
            false => folder.to_owned(),
        };
        fs::create_dir_all(&folder)?;
        let ports = [free_port()?, free_port()?, free_port()?];
        let engine = Self { kind, program: program.to_owned(), folder, ports, user, process: None };
        if kind == Kind::Postgres {
            engine.make_database()?;
        }
        Ok(engine)
    }

    fn make_database(&self) -> Result<()> {
        if let Some((uid, gid)) = self.user {
            chown(&self.folder, Some(uid), Some(gid))?;
        }
        let mut command = Command::new(self.program.join("initdb"));
        command.args(["-A", "trust", "-U", "fleet", "-E", "UTF8", "--locale=C", "-D"]).arg(self.data());
        self.as_user(&mut command);
        let output = command.output().context("PostgreSQL's initdb cannot be started")?;
        ensure!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// The folder of all that is the engine's.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn as_user(&self, command: &mut Command) {
        command.current_dir(&self.folder);
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
    }

    /// Starts it, and waits until it answers.
    pub(crate) fn start(&mut self) -> Result<()> {
        let log = File::options().create(true).append(true).open(self.folder.join("engine.log"))?;
        let [port, admin, node] = self.ports.map(|port| port.to_string());
        let mut command = match self.kind {
            Kind::Restate => {
                let mut command = Command::new(&self.program);
                command.args(["--bind-ip", "127.0.0.1", "--listen-mode", "tcp", "--base-dir"]).arg(self.data());
                command.env("RESTATE_DISABLE_TELEMETRY", "true").env("RESTATE_INGRESS__BIND_PORT", port);
                command.env("RESTATE_ADMIN__BIND_PORT", admin).env("RESTATE_BIND_PORT", node);
                command.env("RESTATE_LOG_DISABLE_ANSI_CODES", "true").env("RESTATE_NODE_NAME", "trial");
                command
            }
            Kind::Postgres => {
                let mut command = Command::new(self.program.join("postgres"));
                command.args(["-p", &port, "-h", "127.0.0.1", "-c", "unix_socket_directories=", "-D"]).arg(self.data());
                command
            }
        };
        self.as_user(&mut command);
        command.stdout(log.try_clone()?).stderr(log);
        let until = Instant::now() + Duration::from_secs(60);
        let mut process = Process::start(&mut command)?;
        while !self.answers() {
            if !process.lives() {
                // What a killed one had shared with its children is free a moment later.
                std::thread::sleep(Duration::from_millis(100));
                process = Process::start(&mut command)?;
            }
            if Instant::now() > until {
                bail!("the engine does not answer: see {}", self.folder.join("engine.log").display());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.process = Some(process);
        Ok(())
    }

    /// Tells a Restate where further handlers are served.
    pub(crate) fn register(&self, port: u16) -> Result<()> {
        let [_, admin, _] = self.ports;
        let body = serde_json::json!({"uri": format!("http://127.0.0.1:{port}")}).to_string();
        let until = Instant::now() + Duration::from_secs(10);
        // The handlers' process may have begun a moment ago.
        while !post(admin, "/deployments", &body)?.starts_with("HTTP/1.1 201") {
            ensure!(Instant::now() < until, "Restate does not take the handlers on port {port}");
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn answers(&self) -> bool {
        match self.kind {
            Kind::Restate => {
                self.ports.iter().take(2).all(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok())
            }
            Kind::Postgres => {
                let mut command = Command::new(self.program.join("pg_isready"));
                let port = self.ports.first().copied().unwrap_or_default().to_string();
                command.args(["-q", "-h", "127.0.0.1", "-p", &port, "-U", "fleet"]).stdout(Stdio::null());
                command.status().is_ok_and(|status| status.success())
            }
        }
    }

    /// Kills it with all its processes.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// Has it end in order.
    pub(crate) fn end(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.end();
        }
    }

    /// It, while it runs.
    pub(crate) fn process(&self) -> Option<&Process> {
        self.process.as_ref()
    }

    /// How `fleet` is told of it.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let [port, admin, _] = self.ports;
        match self.kind {
            Kind::Restate => vec![
                "--store".into(),
                format!("http://127.0.0.1:{port}"),
                "--admin".into(),
                format!("http://127.0.0.1:{admin}"),
            ],
            Kind::Postgres => vec!["--store".into(), format!("postgres://fleet@127.0.0.1:{port}/postgres")],
        }
    }
}

/// Posts JSON to a port of loopback, and gives the answer as it came.
fn post(port: u16, path: &str, body: &str) -> Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    let head = format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n");
    write!(stream, "{head}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Whether everybody gets to a folder that is to be made.
fn is_open(folder: &Path) -> bool {
    let above = folder.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
    above.filter_map(|above| above.metadata().ok()).all(|metadata| metadata.permissions().mode() & 0o001 != 0)
}

/// The user that PostgreSQL runs as where this is root: `postgres` where there is one, else `nobody`.
fn other_user() -> Result<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd")?;
    let ids = |name: &str| {
        let fields: Vec<&str> = users.lines().find(|line| line.starts_with(&format!("{name}:")))?.split(':').collect();
        Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
    };
    ids("postgres").or_else(|| ids("nobody")).context("there is no user but root for PostgreSQL to run as")
}

//! The fleet's own processes: workers, and commands.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::processes::Process;
use crate::services::{Services, Tenant};

/// What deliveries are signed with. Looked for in the engine's data.
pub(crate) const SIGNING_SECRET: &str = "canary-signing-secret-93b1d0c8e6";

/// What all workers have in common.
pub(crate) struct Fleet {
    /// The program.
    pub(crate) program: PathBuf,
    /// Where components, secrets and logs are.
    pub(crate) folder: PathBuf,
    /// How it is told of the engine.
    pub(crate) store: Vec<String>,
    /// The handlers' port: the same for all.
    pub(crate) port: u16,
    /// More flags.
    pub(crate) more: Vec<String>,
}

/// One worker.
pub(crate) struct Worker {
    /// The process.
    pub(crate) process: Process,
    /// Where its metrics are.
    pub(crate) metrics: String,
    /// Where its page is.
    pub(crate) page: String,
}

impl Fleet {
    /// Puts a version of a connector where components are looked for.
    pub(crate) fn put_component(&self, connector: &str, version: &str, bytes: &[u8]) -> Result<()> {
        let folder = self.folder.join("components").join(connector);
        fs::create_dir_all(&folder)?;
        // Whole, or not there: a worker may look at any moment.
        let (new, path) = (folder.join(format!("{version}.new")), folder.join(format!("{version}.wasm")));
        fs::write(&new, bytes)?;
        fs::rename(new, path)?;
        Ok(())
    }

    /// Puts the tenants' secrets where they are looked for.
    pub(crate) fn put_secrets(&self, services: &Services) -> Result<()> {
        for tenant in &services.tenants {
            let folder = self.folder.join("secrets").join(&tenant.name);
            fs::create_dir_all(&folder)?;
            for (name, value) in [("duro", tenant.key.as_str()), ("signing", SIGNING_SECRET)] {
                let path = folder.join(name);
                let mut file = File::create(&path)?;
                file.set_permissions(fs::Permissions::from_mode(0o600))?;
                file.write_all(value.as_bytes())?;
            }
        }
        Ok(())
    }

    /// Starts a worker and waits until it says that it is ready.
    pub(crate) fn start(&self, name: &str) -> Result<Worker> {
        let log = File::options().create(true).append(true).open(self.folder.join(format!("{name}.log")))?;
        let mut command = Command::new(&self.program);
        command.arg("serve").args(&self.store).arg("--components").arg(self.folder.join("components"));
        command.arg("--secrets").arg(format!("file:{}", self.folder.join("secrets").display()));
        command.args(["--allow-http", "--allow-private-network", "--deliver-http", "--deliver-private-network"]);
        command.args(["--listen", &format!("127.0.0.1:{}", self.port)]).args(&self.more);
        command.stdout(Stdio::piped()).stderr(log);
        let mut process = Process::start(&mut command)?;
        let mut line = String::new();
        BufReader::new(process.output()?).read_line(&mut line)?;
        let said: Value =
            serde_json::from_str(&line).with_context(|| format!("the worker {name} did not begin: see its log"))?;
        let text = |member: &str| {
            Ok::<_, anyhow::Error>(said.get(member).and_then(Value::as_str).context("no address")?.to_owned())
        };
        Ok(Worker { process, metrics: text("metrics")?, page: text("page")? })
    }

    /// Configures triggers.
    pub(crate) fn apply(&self, definitions: &[Value]) -> Result<()> {
        let path = self.folder.join("triggers.ndjson");
        let mut file = std::io::BufWriter::new(File::create(&path)?);
        for definition in definitions {
            writeln!(file, "{definition}")?;
        }
        file.flush()?;
        let components = self.folder.join("components");
        self.command(&["apply", "--components", &components.to_string_lossy(), &path.to_string_lossy()])?;
        Ok(())
    }

    /// Runs a command, and gives what it printed.
    pub(crate) fn command(&self, arguments: &[&str]) -> Result<String> {
        let (name, rest) = arguments.split_first().context("there is no command")?;
        let output = Command::new(&self.program)
            .arg(name)
            .args(&self.store)
            .args(rest)
            .env("FLEET_COMPONENTS", self.folder.join("components"))
            .output();
        let output = output.with_context(|| format!("{} cannot be started", self.program.display()))?;
        ensure!(output.status.success(), "fleet {name}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// How many triggers were polled for the first time, so that changes count from now on.
    pub(crate) fn begun(&self) -> Result<usize> {
        let list = self.command(&["list"])?;
        Ok(list.lines().filter(|line| !line.contains("\"polledBy\":null")).count())
    }

    /// How `fleet` says that a connector is rolled out.
    pub(crate) fn rollout(&self, arguments: &[&str]) -> Result<Value> {
        Ok(serde_json::from_str(&self.command(&[&["rollout"], arguments].concat())?)?)
    }
}

/// The flow on its port.
pub(crate) fn flow(receiver: u16) -> Value {
    json!({"url": format!("http://127.0.0.1:{receiver}/flow"), "secret": "signing"})
}

/// A trigger of a tenant on its service.
pub(crate) fn definition(tenant: &Tenant, name: &str, every: Duration, deliver: Value) -> Value {
    json!({
        "id": format!("{}/{name}", tenant.name),
        "connector": "duro-plm",
        "trigger": "pollChangesTrigger",
        "connection": {"key": "duroApiKey", "fields": {
            "apiKey": {"secret": "duro"}, "customDuroEnvironment": tenant.sim.url(),
        }},
        "inputs": {"pollResourceType": "components"},
        "every": format!("{}ms", every.as_millis()),
        "deliver": deliver,
    })
}

/// A trigger of the connector that breaks rules, polled by its verb.
pub(crate) fn misbehaving(connector: &str, id: &str, verb: &str, every: Duration, receiver: u16) -> Value {
    json!({
        "id": id,
        "connector": connector,
        "trigger": verb,
        "connection": {"key": "key", "fields": {"apiKey": {"secret": "duro"}, "url": "http://127.0.0.1:9/"}},
        "every": format!("{}ms", every.as_millis()),
        "deliver": flow(receiver),
    })
}

//! What a client is to use: the command lines of servers, connection files, and the plan that names them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::listening::Listening;
use crate::service::Service;
use crate::workspace::Workspace;

/// A connector that is served, with its simulated service.
pub(super) struct Connector {
    pub(super) package: &'static str,
    /// The package of the simulated service.
    pub(super) service: &'static str,
    pub(super) service_arguments: &'static [&'static str],
    /// How many components that has.
    records: u32,
    manifest: &'static str,
    /// What may change something.
    changes: &'static [&'static str],
    /// Whether the conformance suite runs on it: once is enough.
    pub(super) is_for_the_suite: bool,
}

/// More records than ten pages hold; and of the service that cannot be made slow so many that a list takes seconds.
pub(super) const CONNECTORS: &[Connector] = &[
    Connector {
        package: "duro-plm",
        service: "duro-sim",
        service_arguments: &["--components", "1100"],
        records: 1100,
        manifest: "manifest.json",
        changes: &["createChangeOrder"],
        is_for_the_suite: true,
    },
    Connector {
        package: "duro-design",
        service: "duro-design-sim",
        service_arguments: &["--components", "4000"],
        records: 4000,
        manifest: "connectors/duro-design/manifest.json",
        changes: &[],
        is_for_the_suite: false,
    },
];

/// How a client reaches a server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    StandardStreams,
    Http,
}

impl Transport {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::StandardStreams => "stdio",
            Self::Http => "http",
        }
    }
}

/// The token of the servers that listen: they are gone before anybody could use it.
const TOKEN: &str = "a-token-of-the-tests-0815";

/// One connector with its service, and the files of calls.
pub(super) struct Desk {
    pub(super) connector: &'static Connector,
    pub(super) service: Service,
    pub(super) folder: PathBuf,
    harness: PathBuf,
    component: PathBuf,
    manifest: PathBuf,
    facts: Value,
}

/// The servers of a plan, with the arguments that make them what they are.
const SERVERS: [&str; 3] = ["main", "named", "bytes"];

impl Desk {
    pub(super) fn new(
        workspace: &Workspace,
        connector: &'static Connector,
        component: PathBuf,
        folder: PathBuf,
        service: Service,
    ) -> Result<Self> {
        let facts = workspace.root.join("tests/mcp/connectors.json");
        let facts = fs::read_to_string(&facts).with_context(|| format!("{} cannot be read", facts.display()))?;
        let facts: Value = serde_json::from_str(&facts).context("connectors.json is no JSON")?;
        let facts = facts.get(connector.package).context("connectors.json does not know the connector")?.clone();
        let manifest = workspace.root.join(connector.manifest);
        let desk = Self { connector, service, folder, harness: workspace.harness(), component, manifest, facts };
        let connection = connection(connector.package, desk.service.url(), desk.service.key());
        desk.write("connection.json", &connection.to_string())?;
        desk.write("token", TOKEN)?;
        Ok(desk)
    }

    /// Writes a file that this user alone can read: a server warns of any other that holds a secret.
    fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        let cannot = || format!("{} cannot be written", path.display());
        fs::write(&path, text).with_context(cannot)?;
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).with_context(cannot)?;
        Ok(path)
    }

    pub(super) fn token_file(&self) -> PathBuf {
        self.folder.join("token")
    }

    /// Writes the plan of a client. Over HTTP its servers are started, and end with what is given beside the plan.
    pub(super) fn plan(&self, transport: Transport) -> Result<(PathBuf, Vec<Listening>)> {
        let (mut servers, mut listening) = (Map::new(), Vec::new());
        for name in SERVERS {
            let server = match transport {
                Transport::StandardStreams => json!({ "command": words(&self.command(name, None))? }),
                Transport::Http => {
                    let server = self.listen(name)?;
                    let server_json = json!({ "url": server.url(), "token": TOKEN });
                    listening.push(server);
                    server_json
                }
            };
            servers.insert(name.to_owned(), server);
        }
        let service = self.service.url().strip_suffix("/graphql").unwrap_or(self.service.url());
        let plan = json!({
            "connector": self.connector.package,
            "service": service,
            "key": self.service.key(),
            "records": self.connector.records,
            "manifest": self.manifest,
            "facts": self.facts,
            "servers": servers,
        });
        Ok((self.write("plan.json", &plan.to_string())?, listening))
    }

    /// Starts a server that listens on a free port.
    pub(super) fn listen(&self, name: &str) -> Result<Listening> {
        Listening::start(&self.command(name, Some(&self.token_file())), &self.folder.join(format!("{name}.log")))
    }

    /// The command line of a server. The limits of `named` and `bytes` are those that the clients' checks use up.
    fn command(&self, name: &str, token_file: Option<&Path>) -> Vec<OsString> {
        let mut command: Vec<OsString> = vec![self.harness.clone().into()];
        let mut add = |words: &[&str]| command.extend(words.iter().map(OsString::from));
        add(&["--no-config", "--quiet", "--allow-http", "--allow-private-network"]);
        if token_file.is_some() {
            add(&["--format", "json"]);
        }
        command.extend([
            "--component".into(),
            self.component.clone().into(),
            "mcp".into(),
            "--every".into(),
            "1s".into(),
        ]);
        let file = self.folder.join("connection.json");
        let mut connect = |name: &str| {
            let mut value = OsString::from(name);
            value.push(&file);
            command.extend(["--connection".into(), value]);
        };
        match name {
            "named" => {
                connect("left=");
                connect("right=");
                command.extend(["--calls-per-minute".into(), "right=2".into()]);
            }
            "bytes" => {
                connect("");
                command.extend(["--bytes-per-minute".into(), "100000".into()]);
            }
            _ => {
                connect("");
                command.extend(["--calls-per-minute".into(), "100000".into()]);
                command.extend(["--bytes-per-minute".into(), "10000000000".into()]);
                let changes = self.connector.changes.iter().flat_map(|key| ["--allow-changes", *key]);
                command.extend(changes.map(OsString::from));
            }
        }
        if let Some(file) = token_file {
            command.extend(["--http".into(), "--token-file".into(), file.into()]);
        }
        command
    }
}

/// A command line as JSON has it.
fn words(command: &[OsString]) -> Result<Vec<&str>> {
    let words =
        command.iter().map(|word| word.to_str().context("a path that is not UTF-8 cannot be given to a client"));
    words.collect()
}

/// A connection to a simulated service.
fn connection(package: &str, url: &str, key: &str) -> Value {
    if package == "duro-plm" {
        return json!({ "key": "duroApiKey", "fields": { "apiKey": key, "customDuroEnvironment": url } });
    }
    let fields = json!({ "apiKey": key, "organization": "@acme", "library": "@acme/parts", "url": url });
    json!({ "key": "duroDesignApiKey", "fields": fields })
}

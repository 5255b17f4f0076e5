//! What a call costs an assistant: the same calls by `harness mcp`, over both transports, and by the page of `harness
//! serve`, as CPU of the processes that answer; and the memory of an idle server beside a host that does nothing.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use duro_sim::DuroSim;
use host::{CompileCache, Runtime, RuntimeOptions};
use serde_json::{Value, json};

use crate::connection::{KEY, NOWHERE, connection, connection_values};
use crate::files::Files;

/// Calls of a connection at the same time, as the server has them.
const CONCURRENT_CALLS: u32 = 4;
/// Rounds in which all take turns, so that what else the machine does is shared.
const ROUNDS: usize = 10;
const BEGIN: &str = "<!-- what it costs: begin -->";
const END: &str = "<!-- what it costs: end -->";

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    files: Files,
    /// The harness command
    #[arg(long)]
    harness: PathBuf,
    /// The document whose table is written
    #[arg(long)]
    document: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(crate) struct BareOptions {
    #[command(flatten)]
    files: Files,
}

/// What is called: a small result, and one of hundreds of records.
struct Case {
    name: &'static str,
    action: &'static str,
    arguments: Value,
    calls: usize,
}

/// A host that has loaded the component and a connection, and does nothing until its input ends.
pub(crate) fn bare(options: &BareOptions) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let cache = CompileCache::Folder(options.files.work.join("cache"));
    let settings = RuntimeOptions { concurrent_calls: CONCURRENT_CALLS, cache, ..RuntimeOptions::default() };
    let host = Runtime::new(settings)?;
    let connector = runtime.block_on(host.load_file(&options.files.component))?;
    let _connection = connection(&connector, NOWHERE)?;
    println!("ready");
    std::io::stdin().lock().read_line(&mut String::new())?;
    Ok(())
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let work = &options.files.work;
    fs::create_dir_all(work)?;
    let sim = DuroSim::builder().key(KEY).components(400).spawn_blocking()?;
    let file = work.join("assistants.connection.json");
    fs::write(&file, connection_values(&sim.url()).to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut page = Page::start(options, &file, &runtime)?;
    let mut streams = Streams::start(options, &file)?;
    let mut http = Http::start(options, &file)?;
    let cases = [
        Case { name: "`getCurrentUser`", action: "getCurrentUser", arguments: json!({}), calls: 100 },
        Case {
            name: "`listComponents`, 20 records",
            action: "listComponents",
            arguments: json!({"first": 20}),
            calls: 50,
        },
        Case {
            name: "`listComponents`, 400 records",
            action: "listComponents",
            arguments: json!({"first": 400}),
            calls: 10,
        },
    ];
    let mut rows = vec![
        "| call | by the page, CPU | `mcp`, standard streams | `mcp`, HTTP |".to_owned(),
        "| --- | --- | --- | --- |".to_owned(),
    ];
    for case in &cases {
        let mut spent = [0.0; 3];
        for round in 0..=ROUNDS {
            let measured = [
                cpu_of(page.child.id(), case, || runtime.block_on(page.call(case)))?,
                cpu_of(streams.child.id(), case, || streams.call(case))?,
                cpu_of(http.child.id(), case, || runtime.block_on(http.call(case)))?,
            ];
            // The first is for warming up.
            if round > 0 {
                spent.iter_mut().zip(measured).for_each(|(sum, measured)| *sum += measured);
            }
        }
        let [page, streams, http] = spent.map(|seconds| seconds * 1e3 / (ROUNDS * case.calls) as f64);
        rows.push(format!(
            "| {} | {page:.2} ms | {streams:.2} ms, **{:.2}** times that | {http:.2} ms, **{:.2}** times that |",
            case.name,
            streams / page,
            http / page,
        ));
    }
    let bare = Bare::start(options)?;
    let idle = Streams::start(options, &file)?;
    let [bare, idle] = [bare.child.id(), idle.child.id()].map(resident);
    let (bare, idle) = (bare?, idle?);
    let memory = format!(
        "An idle server, a client connected: {:.1} MB resident; a host that has loaded the component and does nothing: \
         {:.1} MB; {:.1} MB more.",
        idle as f64 / 1e6,
        bare as f64 / 1e6,
        (idle as f64 - bare as f64) / 1e6,
    );
    let table = format!(
        "`cargo xtask bench --assistants` measures it in one run: CPU of the process that answers, per call, on the \
         simulated service. The page's call is one run and its HTML.\n\n{}\n\n{memory}",
        rows.join("\n")
    );
    println!("{table}");
    if let Some(document) = &options.document {
        let text = fs::read_to_string(document)?;
        let (before, rest) = text.split_once(BEGIN).context("the document has no place for the table")?;
        let (_, after) = rest.split_once(END).context("the document has no place for the table")?;
        fs::write(document, format!("{before}{BEGIN}\n{table}\n{END}{after}"))?;
    }
    Ok(())
}

/// Makes a case's calls, and gives the CPU seconds that a process spent meanwhile.
fn cpu_of(process: u32, case: &Case, mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    let before = cpu(process)?;
    for _ in 0..case.calls {
        call()?;
    }
    Ok(cpu(process)? - before)
}

/// CPU seconds of all threads of a process so far, to the nanosecond.
fn cpu(process: u32) -> Result<f64> {
    let mut nanoseconds = 0_u64;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        let schedstat = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        nanoseconds += schedstat.split(' ').next().and_then(|time| time.parse::<u64>().ok()).unwrap_or_default();
    }
    Ok(nanoseconds as f64 / 1e9)
}

/// Resident memory of a process, in bytes.
fn resident(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}

fn harness(options: &Options) -> Command {
    let mut command = Command::new(&options.harness);
    command.arg("--component").arg(&options.files.component).arg("--cache-dir").arg(options.files.work.join("cache"));
    command.args(["--allow-http", "--allow-private-network", "--format", "json"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn mcp(options: &Options, file: &Path) -> Command {
    let mut command = harness(options);
    command.args(["mcp", "--calls-per-minute", "1000000", "--bytes-per-minute", "100GiB", "--connection"]).arg(file);
    command
}

/// Ends its process when it is dropped.
struct Process(Child);

impl Process {
    fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Starts a program, and gives its streams with it.
fn start(command: &mut Command) -> Result<(Process, ChildStdin, BufReader<ChildStdout>)> {
    let mut child = command.spawn().with_context(|| format!("{command:?} could not be started"))?;
    let (input, output) = (child.stdin.take(), child.stdout.take());
    let (Some(input), Some(output)) = (input, output) else { bail!("a process has no streams") };
    Ok((Process(child), input, BufReader::new(output)))
}

fn line(output: &mut BufReader<ChildStdout>) -> Result<String> {
    let mut line = String::new();
    if output.read_line(&mut line)? == 0 {
        bail!("a process has ended");
    }
    Ok(line)
}

struct Bare {
    child: Process,
    _input: ChildStdin,
}

impl Bare {
    fn start(options: &Options) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("bare").arg("--component").arg(&options.files.component).arg("--work").arg(&options.files.work);
        let (child, input, mut output) = start(command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        line(&mut output)?;
        Ok(Self { child, _input: input })
    }
}

/// The flow builder's page.
struct Page {
    child: Process,
    _input: ChildStdin,
    client: reqwest::Client,
    origin: String,
    cookie: String,
    csrf: String,
}

impl Page {
    fn start(options: &Options, file: &Path, runtime: &tokio::runtime::Runtime) -> Result<Self> {
        let (child, input, mut output) = start(harness(options).arg("serve").arg("--connection").arg(file))?;
        let link: Value = serde_json::from_str(&line(&mut output)?)?;
        let link = link.get("url").and_then(Value::as_str).context("no link")?.to_owned();
        let origin = link.split("/?").next().unwrap_or_default().to_owned();
        let client = client()?;
        let (cookie, csrf) = runtime.block_on(async {
            let admitted = client.get(&link).send().await?;
            let cookie = admitted.headers().get("set-cookie").context("no cookie")?.to_str()?.to_owned();
            let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
            let page = client.get(&origin).header("cookie", &cookie).send().await?.text().await?;
            let csrf = page.split_once("name=\"csrf-token\" content=\"").context("no token")?.1;
            let csrf = csrf.split('"').next().unwrap_or_default().to_owned();
            anyhow::Ok((cookie, csrf))
        })?;
        Ok(Self { child, _input: input, client, origin, cookie, csrf })
    }

    async fn call(&mut self, case: &Case) -> Result<()> {
        let values: serde_json::Map<String, Value> = case.arguments.as_object().cloned().unwrap_or_default();
        let values: Value = values.into_iter().map(|(key, value)| (key, Value::from(value.to_string()))).collect();
        let request = self.client.post(format!("{}/actions/{}/run", self.origin, case.action));
        let request = request.header("cookie", &self.cookie).header("origin", &self.origin);
        let request = request.header("x-csrf-token", &self.csrf).header("content-type", "application/json");
        let answer = request.body(json!({ "values": values }).to_string()).send().await?.text().await?;
        if !answer.contains("\"say\":\"Done\"") {
            bail!("the page says {answer:.500}");
        }
        Ok(())
    }
}

fn client() -> Result<reqwest::Client> {
    // Nothing here is encrypted, and the client wants to know how it would be. It may have been told before.
    rustls::crypto::ring::default_provider().install_default().ok();
    Ok(reqwest::Client::builder().no_proxy().build()?)
}

fn request(id: u64, method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
}

fn check(answer: &str) -> Result<()> {
    if answer.contains("\"structuredContent\":{\"data\"") {
        return Ok(());
    }
    bail!("the server says {answer:.500}")
}

fn initialize() -> Value {
    json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}})
}

/// A server on its standard streams.
struct Streams {
    child: Process,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Streams {
    fn start(options: &Options, file: &Path) -> Result<Self> {
        let (child, mut input, mut output) = start(&mut mcp(options, file))?;
        writeln!(input, "{}", request(0, "initialize", &initialize()))?;
        line(&mut output)?;
        writeln!(input, "{}", json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))?;
        Ok(Self { child, input, output })
    }

    fn call(&mut self, case: &Case) -> Result<()> {
        let params = json!({"name": case.action, "arguments": case.arguments});
        writeln!(self.input, "{}", request(1, "tools/call", &params))?;
        check(&line(&mut self.output)?)
    }
}

/// A server on HTTP, as a client of revision 2026-07-28 calls it: without a session.
struct Http {
    child: Process,
    _input: ChildStdin,
    client: reqwest::Client,
    url: String,
}

impl Http {
    fn start(options: &Options, file: &Path) -> Result<Self> {
        let token = options.files.work.join("assistants.token");
        fs::write(&token, KEY)?;
        let (child, input, mut output) = start(mcp(options, file).arg("--http").arg("--token-file").arg(&token))?;
        let url: Value = serde_json::from_str(&line(&mut output)?)?;
        let url = url.get("url").and_then(Value::as_str).context("no address")?.to_owned();
        Ok(Self { child, _input: input, client: client()?, url })
    }

    async fn call(&mut self, case: &Case) -> Result<()> {
        const VERSION: &str = "2026-07-28";
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": VERSION,
            "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let params = json!({"name": case.action, "arguments": case.arguments, "_meta": meta});
        let request = self.client.post(&self.url).body(request(1, "tools/call", &params));
        let request =
            request.header("content-type", "application/json").header("accept", "application/json, text/event-stream");
        let request = request.header("mcp-protocol-version", VERSION).header("mcp-method", "tools/call");
        let request = request.header("mcp-name", case.action).bearer_auth(KEY);
        check(&request.send().await?.text().await?)
    }
}

//! `fleet serve`: a worker, and what serves and delivers beside it.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use host::{CompileCache, Grants, Limits, NetworkOptions, Runtime, RuntimeOptions};
use operator::network::NetworkFlags;
use operator::values::{duration, size};
use operator::variables::filled_in;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::sync::{Notify, mpsc, watch};
use tracing::{info, warn};
use url::Url;

use super::StoreOptions;
use super::seen::SeenFlags;
use super::store::Store;
use crate::connectors::{Connectors, Folder};
use crate::delivery::{DeliveryGrants, Sender};
use crate::engine::Engine;
use crate::engine::postgres::deliver_from;
use crate::engine::restate::{self, Served};
use crate::http::Trust;
use crate::model::Undelivered;
use crate::page::{Page, PageFlags};
use crate::polls::Polls;
use crate::secrets::{Secrets, read_file};
use crate::seen::Seen;
use crate::worker::{Parts, WorkerOptions, work};

/// What a poll may find, in bytes: with the largest state beside it, it goes through a Restate, which takes 32 MiB.
const LARGEST_RESULT: u64 = 16 * 1024 * 1024;

/// Poll, and deliver
///
/// Prints a line of JSON when it is ready: where its page is, and its name. Ends on SIGTERM and ctrl-c, and gives its
/// triggers to the other workers then.
#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    store: StoreOptions,
    #[command(flatten)]
    network: NetworkFlags,
    #[command(flatten)]
    seen: SeenFlags,
    /// The folder of components: CONNECTOR/VERSION.wasm. It is looked at again and again
    #[arg(long, env = "FLEET_COMPONENTS", value_name = "DIR")]
    components: PathBuf,
    /// Where tenants' secrets are: file:FOLDER, with files TENANT/NAME; or env:PREFIX, with variables
    /// PREFIX__TENANT__NAME
    #[arg(long, env = "FLEET_SECRETS", value_name = "STORE")]
    secrets: Secrets,
    /// Let connectors' requests go over plain http
    #[arg(long, help_heading = "Grants")]
    allow_http: bool,
    /// Let connectors' requests go to loopback, private and link-local addresses
    #[arg(long, help_heading = "Grants")]
    allow_private_network: bool,
    /// Let connectors' requests leave through --proxy, which then finds the addresses: they are not checked here any
    /// more
    #[arg(long, help_heading = "Grants")]
    allow_proxy: bool,
    /// Let deliveries go over plain http
    #[arg(long, help_heading = "Grants")]
    deliver_http: bool,
    /// Let deliveries go to loopback, private and link-local addresses
    #[arg(long, help_heading = "Grants")]
    deliver_private_network: bool,
    #[command(flatten)]
    page: PageFlags,
    /// Let deliveries go to the handlers of this service or object on the same Restate, as {"restateHandler":
    /// "SERVICE/HANDLER"} or {"restateHandler": "OBJECT/KEY/HANDLER"} names one; may be given again
    #[arg(long, value_name = "SERVICE", help_heading = "Grants")]
    deliver_to_service: Vec<String>,
    /// Where the handlers are served to Restate
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", help_heading = "Restate")]
    listen: SocketAddr,
    /// Where Restate finds the handlers [default: http:// and where they are served]
    #[arg(long, value_name = "URL", help_heading = "Restate")]
    advertise: Option<Url>,
    /// Serve handlers only to the Restate with this public key (publickeyv1_…)
    #[arg(long, value_name = "KEY", help_heading = "Restate")]
    engine_identity: Option<String>,
    /// For how long triggers are held without a renewal: how long others wait before they take over from a dead worker
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = duration, help_heading = "Work")]
    lease: Duration,
    /// How long a poll may take
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration, help_heading = "Work")]
    deadline: Duration,
    /// So many polls at a time
    #[arg(long, value_name = "COUNT", default_value_t = 64, help_heading = "Work")]
    polls_at_once: usize,
    /// So many polls of one tenant at a time
    #[arg(long, value_name = "COUNT", default_value_t = 4, help_heading = "Work")]
    polls_of_a_tenant: usize,
    /// Requests a second to one origin, of all tenants and workers together
    #[arg(long, value_name = "COUNT", default_value = "50", help_heading = "Work")]
    origin_rate: NonZeroU32,
    /// A trigger with so many payloads that were not accepted is not polled until some are
    #[arg(long, value_name = "COUNT", default_value_t = 100, help_heading = "Work")]
    most_undelivered: u32,
    /// And so is one with so many bytes in them
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = size, help_heading = "Work")]
    most_undelivered_bytes: u64,
    /// The longest that the engine does not hear of polls that find nothing
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = duration, help_heading = "Work")]
    longest_unkept: Duration,
    /// The longest pause between two tries of a delivery
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration, help_heading = "Work")]
    longest_retry: Duration,
    /// End when standard input is closed, so that the end of a parent process is the end of this one
    #[arg(long)]
    stop_with_stdin: bool,
}

/// Loads the components of a folder.
pub(super) async fn components(folder: &Path, cached: bool, network: NetworkOptions) -> Result<Arc<Connectors>> {
    let cache = if cached { CompileCache::standard() } else { CompileCache::Off };
    let runtime = Runtime::new(RuntimeOptions { network, cache, ..RuntimeOptions::default() })?;
    let folder = Folder::new(runtime, folder.to_owned());
    for problem in folder.look().await {
        warn!("a component is not used: {problem}");
    }
    ensure!(!folder.connectors().is_empty(), "there are no components: put CONNECTOR/VERSION.wasm into --components");
    Ok(Arc::new(Connectors::new(folder)))
}

pub(super) async fn run(options: Options) -> Result<()> {
    ensure!(options.lease >= Duration::from_millis(300), "--lease: 300ms is the least");
    let network = options.network.options(credentials)?;
    let connectors = components(&options.components, true, network.clone()).await?;
    let grants = Grants {
        allow_http: options.allow_http,
        allow_private_network: options.allow_private_network,
        allow_proxy: options.allow_proxy,
        send_trace_context: options.seen.send_trace_context(),
        // A trigger has nothing to change.
        read_only: true,
    };
    let limits = Limits { deadline: options.deadline, result_bytes: LARGEST_RESULT, ..Limits::default() };
    let name = worker_name()?;
    let seen = Arc::new(Seen::new(options.seen.start(&name, &network)?));
    let polls = Polls::new(connectors, options.secrets.clone(), grants, limits, seen.observers());
    let polls = Arc::new(polls.map_err(anyhow::Error::msg)?);
    let deliver = DeliveryGrants {
        allow_http: options.deliver_http,
        allow_private_network: options.deliver_private_network,
        services: options.deliver_to_service.iter().cloned().collect(),
    };
    if let Some(own) = deliver.services.iter().find(|service| service.starts_with("Fleet")) {
        bail!("--deliver-to-service {own}: the fleet's own objects are no tenant's destination");
    }
    let trust = Trust::of(&network).map_err(anyhow::Error::msg)?;
    let sender = Sender::new(options.secrets.clone(), deliver, &trust).map_err(anyhow::Error::msg)?;
    let worked = match options.store.open(&network).await? {
        Store::Postgres(engine) => {
            let committed = Arc::new(Notify::new());
            let delivering =
                deliver_from(engine.clone(), sender, committed.clone(), options.longest_retry, seen.clone());
            let delivering = tokio::spawn(delivering);
            let worked = serve(engine, polls, seen.clone(), committed, &options, &name, json!({})).await;
            delivering.abort();
            worked
        }
        Store::Restate(engine) => {
            let parts = restate::Parts { polls: polls.clone(), sender, restate: engine.clone(), seen: seen.clone() };
            let served = Served {
                listen: options.listen,
                longest_retry: options.longest_retry,
                identity: options.engine_identity.clone(),
            };
            let (end, mut ended) = watch::channel(());
            let (address, handlers) = restate::serve(Arc::new(parts), &served, async move {
                // An error means that the other end is gone, which is an end as well.
                let _ = ended.changed().await;
            })?;
            let handlers = tokio::spawn(handlers);
            let advertised = match &options.advertise {
                Some(url) => url.clone(),
                None => {
                    format!("http://{address}").parse().context("the address is no URL: name one with --advertise")?
                }
            };
            engine.admin().register(&advertised).await.context("Restate was not told where the handlers are")?;
            let said = json!({"handlers": advertised.as_str()});
            let worked = serve(engine, polls, seen.clone(), Arc::new(Notify::new()), &options, &name, said).await;
            drop(end);
            let _ = handlers.await;
            worked
        }
    };
    seen.end();
    worked
}

/// The proxy's credentials: in a file that nobody else can read, or in variables that it names.
fn credentials(path: &Path) -> Result<SecretString, String> {
    let text = read_file(path)?;
    Ok(filled_in(text.expose_secret(), &|name| std::env::var(name).ok(), &mut |_| ())?.into())
}

/// Another one for each process: two with one name would hold each other's leases.
fn worker_name() -> Result<String> {
    let mut random = [0; 4];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("this machine gives no random numbers: {error}"))?;
    Ok(format!("{}-{:08x}", std::process::id(), u32::from_be_bytes(random)))
}

async fn serve<E: Engine>(
    engine: E,
    polls: Arc<Polls>,
    seen: Arc<Seen>,
    committed: Arc<Notify>,
    options: &Options,
    name: &str,
    mut said: serde_json::Value,
) -> Result<()> {
    let worker = WorkerOptions {
        name: name.to_owned(),
        lease: options.lease,
        polls_at_once: options.polls_at_once.max(1),
        polls_of_a_tenant: options.polls_of_a_tenant,
        origin_rate: options.origin_rate,
        most_undelivered: Undelivered {
            payloads: options.most_undelivered.max(1),
            bytes: options.most_undelivered_bytes.max(1),
        },
        longest_unkept: options.longest_unkept,
    };
    let (ask, asked) = mpsc::channel(16);
    let page = Page::listen(&options.page, ask, seen.clone(), E::NAME).await?;
    if let Some(said) = said.as_object_mut() {
        said.insert("page".into(), json!(page.url()));
        said.insert("metrics".into(), json!(page.metrics_url()));
        said.insert("worker".into(), json!(name));
    }
    println!("{said}");
    info!("worker {name} polls what {} keeps", E::NAME);
    let serving = tokio::spawn(page.serve());
    work(Parts { engine, polls, seen, committed }, worker, asked, end(options.stop_with_stdin)).await;
    serving.abort();
    Ok(())
}

/// Ends when this process is asked to.
async fn end(with_stdin: bool) {
    let closed = async {
        if with_stdin {
            // A thread of its own: reading cannot be given up.
            let (closed, waits) = tokio::sync::oneshot::channel();
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
                let _ = closed.send(());
            });
            let _ = waits.await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = closed => {}
        () = terminated => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

//! The flow that receives: checks each signature, writes down what came, and only then accepts. Written from the
//! specification of Standard Webhooks, and with nothing of the fleet's.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;

use crate::handlers;

/// Receive deliveries
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The port on 127.0.0.1
    #[arg(long)]
    port: u16,
    /// Where deliveries are written down; what is there stays
    #[arg(long)]
    log: PathBuf,
    /// What deliveries are signed with
    #[arg(long)]
    secret: String,
    /// The port on 127.0.0.1 where a handler is served to a Restate, beside
    #[arg(long)]
    handlers: Option<u16>,
}

/// What both ways in share.
pub(crate) struct Receiver {
    log: Mutex<File>,
    secret: String,
}

/// One delivery as it was written down.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Received {
    /// When, in milliseconds since 1970.
    pub(crate) at: u64,
    /// Its id.
    pub(crate) delivery: String,
    /// TENANT/NAME.
    pub(crate) trigger: String,
    /// The records in it, with when they were changed.
    pub(crate) records: Vec<(String, String)>,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    let log = OpenOptions::new().create(true).append(true).open(&options.log);
    let log = log.with_context(|| format!("{} cannot be opened", options.log.display()))?;
    let receiver = Arc::new(Receiver { log: Mutex::new(log), secret: options.secret });
    if let Some(port) = options.handlers {
        tokio::spawn(handlers::serve(port, receiver.clone()));
    }
    let router =
        Router::new().route("/flow", post(receive)).layer(DefaultBodyLimit::max(64 << 20)).with_state(receiver);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", options.port)).await?;
    println!("ready");
    axum::serve(listener, router).await?;
    Ok(())
}

async fn receive(State(receiver): State<Arc<Receiver>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if !is_signed(&receiver.secret, &headers, &body) {
        return StatusCode::UNAUTHORIZED;
    }
    match serde_json::from_slice(&body).is_ok_and(|body| receiver.take(&body).is_ok()) {
        true => StatusCode::NO_CONTENT,
        false => StatusCode::BAD_REQUEST,
    }
}

impl Receiver {
    /// Writes a delivery down.
    pub(crate) fn take(&self, body: &Value) -> Result<()> {
        let line = serde_json::to_string(&read(body).context("this is no delivery")?)?;
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        // One write, so that a line is there or is not, whenever this process is killed.
        Ok(log.write_all(format!("{line}\n").as_bytes())?)
    }
}

fn is_signed(secret: &str, headers: &HeaderMap, body: &[u8]) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some(signature) = text("webhook-signature").strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok())
    else {
        return false;
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(format!("{}.{}.", text("webhook-id"), text("webhook-timestamp")).as_bytes());
    mac.update(body);
    mac.verify_slice(&signature).is_ok()
}

fn read(body: &Value) -> Option<Received> {
    let data = body.pointer("/payload/body/data")?;
    let lists = ["created", "updated"].iter().filter_map(|list| data.get(list)?.as_array());
    let record = |record: &Value| {
        Some((record.get("id")?.as_str()?.to_owned(), record.get("lastModified")?.as_str()?.to_owned()))
    };
    let records = lists.flatten().map(record).collect::<Option<Vec<_>>>()?;
    let at = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_millis().try_into().ok()?;
    let text = |name: &str| Some(body.get(name)?.as_str()?.to_owned());
    let trigger = format!("{}/{}", text("tenant")?, text("trigger")?);
    Some(Received { at, delivery: text("delivery")?, trigger, records })
}

/// What was received, by trigger.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Of each trigger, each record's change times in the order in which they came first.
    pub(crate) records: HashMap<String, HashMap<String, Vec<String>>>,
    /// Deliveries, each counted once.
    pub(crate) deliveries: u64,
    /// Deliveries that came again under the same id.
    pub(crate) again: u64,
    /// Changes that came again under another id.
    pub(crate) repeated: u64,
    /// How long after a change it came, in milliseconds, since this was emptied last.
    pub(crate) delays: Vec<u64>,
    read: u64,
    seen: HashSet<String>,
}

impl Log {
    /// How long so many parts of the changes took at most to be delivered.
    pub(crate) fn delay(&self, part: f64) -> Duration {
        let mut delays = self.delays.clone();
        delays.sort_unstable();
        let place = (delays.len() as f64 * part).ceil() as usize;
        Duration::from_millis(delays.get(place.saturating_sub(1)).copied().unwrap_or_default())
    }

    /// Reads what was added since.
    pub(crate) fn read(&mut self, path: &Path) -> Result<()> {
        use std::io::{Seek, SeekFrom};
        let Ok(mut file) = File::open(path) else { return Ok(()) };
        file.seek(SeekFrom::Start(self.read))?;
        let mut lines = BufReader::new(file);
        loop {
            let mut line = String::new();
            let count = lines.read_line(&mut line)?;
            if count == 0 || !line.ends_with('\n') {
                return Ok(());
            }
            self.read += count as u64;
            let received: Received = serde_json::from_str(&line).context("a line of the receiver's log")?;
            if !self.seen.insert(received.delivery) {
                self.again += 1;
                continue;
            }
            self.deliveries += 1;
            let records = self.records.entry(received.trigger).or_default();
            for (id, changed) in received.records {
                let times = records.entry(id).or_default();
                if times.contains(&changed) {
                    self.repeated += 1;
                } else {
                    let changed_at =
                        changed.parse::<Timestamp>().context("a time in the receiver's log")?.as_millisecond();
                    self.delays.push(received.at.saturating_sub(changed_at.try_into().unwrap_or_default()));
                    times.push(changed);
                }
            }
        }
    }
}

//! `fleet apply`: makes triggers, and changes them.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use futures_util::StreamExt;
use host::{Grants, Limits, NetworkOptions, Observers};
use serde_json::Value;

use super::StoreOptions;
use super::serve::components;
use super::store::with_engine;
use crate::engine::Engine;
use crate::model::{Definition, TriggerId, Unique};
use crate::polls::Polls;
use crate::secrets::FileSecrets;

/// The longest line, in bytes: a definition, and some room.
const LONGEST_LINE: u64 = 128 * 1024;
/// So many are given to the engine at a time.
const AT_ONCE: usize = 16;

/// Make triggers, or give them another definition
///
/// A line of JSON each: {"id": "TENANT/NAME", "connector": …, "trigger": …, "connection": {"key": …, "fields": {…}},
/// "inputs": {…}, "every": "30s", "deliver": {"url": …, "secret": NAME}}. In place of each secret of the connection
/// stands {"secret": NAME}. All lines are checked against the components before the first is applied. The same again
/// changes nothing but polls at once.
#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    store: StoreOptions,
    /// The folder of components, CONNECTOR/VERSION.wasm, to check definitions against
    #[arg(long, env = "FLEET_COMPONENTS", value_name = "DIR")]
    components: PathBuf,
    /// The file, or `-` for standard input
    file: PathBuf,
}

pub(super) async fn run(options: Options) -> Result<()> {
    let connectors = components(&options.components, false, NetworkOptions::default()).await?;
    // Secrets are not read here: only their names are looked at.
    let polls =
        Polls::new(connectors, FileSecrets::new("").into(), Grants::default(), Limits::default(), Observers::default());
    let polls = polls.map_err(anyhow::Error::msg)?;
    let input: Box<dyn Read> = match options.file.as_os_str() == "-" {
        true => Box::new(std::io::stdin().lock()),
        false => Box::new(std::fs::File::open(&options.file).with_context(|| options.file.display().to_string())?),
    };
    let all = read(BufReader::new(input), &polls).with_context(|| options.file.display().to_string())?;
    ensure!(!all.is_empty(), "there is no definition in {}", options.file.display());
    with_engine!(options.store.open(&NetworkOptions::default()).await?, engine => {
        let mut applied = futures_util::stream::iter(&all)
            .map(|(id, definition)| async { engine.configure(id, definition).await.with_context(|| id.to_string()) })
            .buffer_unordered(AT_ONCE);
        while let Some(applied) = applied.next().await {
            applied?;
        }
    });
    eprintln!("{} triggers are configured", all.len());
    Ok(())
}

fn read(mut input: impl BufRead, polls: &Polls) -> Result<Vec<(TriggerId, Definition)>> {
    let mut all: Vec<(TriggerId, Definition)> = Vec::new();
    let mut lines: HashMap<TriggerId, u64> = HashMap::new();
    for number in 1_u64.. {
        let mut line = Vec::new();
        let count = input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        if count == 0 {
            break;
        }
        if count as u64 == LONGEST_LINE {
            bail!("line {number} has more than {LONGEST_LINE} bytes");
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let (id, definition) = definition(&line, polls).with_context(|| format!("line {number}"))?;
        if let Some(before) = lines.insert(id.clone(), number) {
            bail!("line {number} defines {id}, as line {before} does: leave one of the two");
        }
        all.push((id, definition));
    }
    Ok(all)
}

fn definition(line: &[u8], polls: &Polls) -> Result<(TriggerId, Definition)> {
    let Unique(Value::Object(mut object)) = serde_json::from_slice(line).context("it is no JSON object")? else {
        bail!("it is no JSON object");
    };
    let id = match object.remove("id") {
        Some(Value::String(id)) => id.parse()?,
        _ => bail!("\"id\" is missing: \"TENANT/NAME\""),
    };
    // What `fleet show` says beside the definition.
    object.remove("kept");
    let definition = Definition::read(&serde_json::to_vec(&object)?)?;
    polls.check(&definition).map_err(anyhow::Error::msg)?;
    Ok((id, definition))
}

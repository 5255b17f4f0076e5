//! Commands about triggers that are there.

use std::io::{IsTerminal, Write};

use anyhow::{Context, Result, bail};
use clap::Args;
use host::NetworkOptions;
use serde_json::json;

use super::StoreOptions;
use super::store::with_engine;
use crate::engine::{Engine, Summary};
use crate::model::{Name, TriggerId};

/// List triggers
///
/// A line of JSON each: where it stands, how many payloads wait for their delivery.
#[derive(Args)]
pub(super) struct ListOptions {
    #[command(flatten)]
    store: StoreOptions,
    /// Only this tenant's
    #[arg(long)]
    tenant: Option<Name>,
}

pub(super) async fn list(options: ListOptions) -> Result<()> {
    let tenant = options.tenant.as_ref();
    let all: Vec<Summary> =
        with_engine!(options.store.open(&NetworkOptions::default()).await?, engine => engine.list(tenant).await?);
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    for summary in all {
        if let Err(error) = writeln!(output, "{}", serde_json::to_string(&summary)?) {
            return ended(error);
        }
    }
    output.flush().or_else(ended)
}

/// Whoever reads the output may have had enough.
fn ended(error: std::io::Error) -> Result<()> {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        Ok(())
    } else {
        Err(error).context("the output cannot be written")
    }
}

/// Show a trigger with its definition
///
/// As JSON that `fleet apply` takes, with what is known beside it under "kept".
#[derive(Args)]
pub(super) struct ShowOptions {
    #[command(flatten)]
    store: StoreOptions,
    /// TENANT/NAME
    trigger: TriggerId,
}

pub(super) async fn show(options: ShowOptions) -> Result<()> {
    let id = &options.trigger;
    let record =
        with_engine!(options.store.open(&NetworkOptions::default()).await?, engine => engine.record(id).await?);
    let Some(record) = record else { bail!("there is no trigger {id}: `fleet list` says which there are") };
    let mut shown = serde_json::to_value(&record.definition)?;
    let kept = json!({
        "paused": record.paused,
        "version": record.version,
        "stateBytes": record.state.as_ref().map(|kept| kept.state.len()),
        "polledBy": record.state.as_ref().map(|kept| &kept.written_by),
        "undelivered": record.undelivered.payloads,
        "undeliveredBytes": record.undelivered.bytes,
    });
    if let Some(object) = shown.as_object_mut() {
        object.shift_insert(0, "id".into(), json!(id));
        object.insert("kept".into(), kept);
    }
    // For a person, and for `fleet apply`.
    let shown = match std::io::stdout().is_terminal() {
        true => serde_json::to_string_pretty(&shown)?,
        false => serde_json::to_string(&shown)?,
    };
    writeln!(std::io::stdout(), "{shown}").or_else(ended)
}

/// Triggers that are named.
#[derive(Args)]
pub(super) struct Named {
    #[command(flatten)]
    store: StoreOptions,
    /// TENANT/NAME
    #[arg(required = true)]
    triggers: Vec<TriggerId>,
}

/// What is done to triggers that are named.
#[derive(Clone, Copy)]
pub(super) enum Deed {
    Poll,
    Pause,
    Resume,
    Remove,
}

/// Does it to each of them, whatever becomes of the others, and says what did not work.
pub(super) async fn each(named: Named, deed: Deed) -> Result<()> {
    let mut failed = 0_usize;
    with_engine!(named.store.open(&NetworkOptions::default()).await?, engine => {
        for id in &named.triggers {
            let done = match deed {
                Deed::Poll => engine.poll_now(id).await,
                Deed::Pause => engine.pause(id, true).await,
                Deed::Resume => engine.pause(id, false).await,
                Deed::Remove => engine.remove(id).await,
            };
            if let Err(error) = done {
                eprintln!("{id}: {error}");
                failed += 1;
            }
        }
    });
    match failed {
        0 => Ok(()),
        count => bail!("{count} of {} triggers were left as they are", named.triggers.len()),
    }
}

//! Commands about triggers that are there.

use std::io::Write;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;

use super::StoreOptions;
use super::network::NetworkFlags;
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
        with_engine!(options.store.open(&NetworkFlags::default()).await?, engine => engine.list(tenant).await?);
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    for summary in all {
        if let Err(error) = writeln!(output, "{}", serde_json::to_string(&summary)?) {
            return ended(error);
        }
    }
    output.flush().or_else(ended_by)
}

/// Whoever reads the output may have had enough.
fn ended(error: std::io::Error) -> Result<()> {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        Ok(())
    } else {
        Err(error).context("the output cannot be written")
    }
}

fn ended_by(error: std::io::Error) -> Result<()> {
    ended(error)
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
    let record = with_engine!(options.store.open(&NetworkFlags::default()).await?, engine => engine.record(id).await?);
    let Some(record) = record else { bail!("there is no trigger {id}: `fleet list` says which there are") };
    let mut shown = serde_json::to_value(&record.definition)?;
    let kept = json!({
        "paused": record.paused,
        "version": record.version,
        "stateBytes": record.state.as_ref().map(|kept| kept.state.len()),
        "polledBy": record.state.as_ref().map(|kept| &kept.written_by),
        "undelivered": record.undelivered,
    });
    if let Some(object) = shown.as_object_mut() {
        object.shift_insert(0, "id".into(), json!(id));
        object.insert("kept".into(), kept);
    }
    println!("{}", serde_json::to_string_pretty(&shown)?);
    Ok(())
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

/// Polls now.
pub(super) async fn poll(named: Named) -> Result<()> {
    with_engine!(named.store.open(&NetworkFlags::default()).await?, engine => {
        for id in &named.triggers {
            engine.poll_now(id).await.with_context(|| id.to_string())?;
        }
    });
    Ok(())
}

/// Pauses or resumes.
pub(super) async fn pause(named: Named, paused: bool) -> Result<()> {
    with_engine!(named.store.open(&NetworkFlags::default()).await?, engine => {
        for id in &named.triggers {
            engine.pause(id, paused).await.with_context(|| id.to_string())?;
        }
    });
    Ok(())
}

/// Forgets.
pub(super) async fn remove(named: Named) -> Result<()> {
    with_engine!(named.store.open(&NetworkFlags::default()).await?, engine => {
        for id in &named.triggers {
            engine.remove(id).await.with_context(|| id.to_string())?;
        }
    });
    Ok(())
}

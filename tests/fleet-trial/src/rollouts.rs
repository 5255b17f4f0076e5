//! Versions of a connector side by side: one that crashes is held back and stops nobody, and one that does not reads
//! what the one before had kept.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::fleets::misbehaving;
use crate::stage::{Stage, wait_for};

/// How long a worker may take to hear of a rollout and to act on it.
const PATIENCE: Duration = Duration::from_secs(60);
/// The word in the component's file by which it declares what it does, and the one by which its polls crash.
const FINE: &[u8] = b"the-manifest-that-is-declared:ok";
const CRASHES: &[u8] = b"the-manifest-that-is-declared:cr";

/// Rolls out.
pub(crate) async fn play(stage: &mut Stage) -> Result<()> {
    let path = stage.options.misbehaving.clone().context("there is no component that misbehaves")?;
    let fine = fs::read(&path).with_context(|| path.display().to_string())?;
    let place = fine.windows(FINE.len()).position(|window| window == FINE).context("the component has no such word")?;
    let mut crashes = fine.clone();
    crashes.get_mut(place..place + CRASHES.len()).context("the component's end")?.copy_from_slice(CRASHES);

    let fleet = stage.fleet.clone();
    fleet.put_component("rolled", "1.0.0", &fine)?;
    let (every, port) = (Duration::from_secs(1), stage.flow_port);
    let triggers: Vec<Value> =
        (0..20).map(|n| misbehaving("rolled", &format!("tenant-0/rolled-{n}"), "fine", every, port)).collect();
    wait_for("the worker's finding the component", PATIENCE, || Ok(fleet.apply(&triggers).is_ok())).await?;
    let polled_by = |version: &str| -> Result<usize> {
        let list = fleet.command(&["list", "--tenant", "tenant-0"])?;
        let wanted = format!("\"polledBy\":\"{version}\"");
        Ok(list.lines().filter(|line| line.contains("/rolled-") && line.contains(&wanted)).count())
    };
    wait_for("20 first polls by 1.0.0", PATIENCE, || Ok(polled_by("1.0.0")? == 20)).await?;

    fleet.rollout(&["rolled", "1.0.0"])?;
    fleet.put_component("rolled", "2.0.0", &crashes)?;
    fleet.rollout(&["rolled", "2.0.0", "--percent", "50"])?;
    let is_held = || Ok(fleet.rollout(&["rolled"])?.pointer("/held/2.0.0").is_some());
    wait_for("the version that crashes to be held back", PATIENCE, is_held).await?;
    let rollout = fleet.rollout(&["rolled"])?;
    println!("2.0.0 crashes, and is held back: {rollout}");
    // What it polled is polled by the one before, and nothing of the others' was lost.
    ensure!(polled_by("1.0.0")? == 20, "a state was written by the version that crashes");

    // A version that is as good as the first reads what that had kept, and is gone back from.
    let component = fs::read(&stage.options.component)?;
    fleet.put_component("duro-plm", "1.1.0", &component)?;
    fleet.rollout(&["duro-plm", "1.1.0"])?;
    for version in ["1.1.0", "1.0.0"] {
        if version == "1.0.0" {
            fleet.rollout(&["duro-plm", "1.0.0"])?;
        }
        // Workers hear of it within a third of their leases.
        tokio::time::sleep(Duration::from_secs(6)).await;
        stage.services.change_all();
        let compared = stage.compare().await?;
        ensure!(compared.missing == 0, "{} changes were lost with {version}", compared.missing);
        let list = fleet.command(&["list"])?;
        let wanted = format!("\"polledBy\":\"{version}\"");
        let count = list.lines().filter(|line| line.contains("/trigger-") && line.contains(&wanted)).count();
        ensure!(count == stage.triggers.len(), "{count} of {} triggers are polled by {version}", stage.triggers.len());
        println!("{count} triggers are polled by {version}, from what the version before had kept");
    }
    Ok(())
}

//! `cargo xtask scale`: measures what docs/scale.md says, and writes its table.

use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::files;
use crate::fleet::{Engine, Programs};
use crate::workspace::Workspace;

/// Between these two lines of docs/scale.md everything is written by this.
const BEGIN: &str = "<!-- written by cargo xtask scale -->\n";
const END: &str = "<!-- end -->";

/// Every fleet that is measured: triggers, workers, and changes a second, each of which all triggers of a tenant
/// deliver.
const FLEETS: [(u64, u64, &str); 5] =
    [(100, 1, "0.5"), (1_000, 1, "0.5"), (10_000, 1, "0.5"), (10_000, 2, "0.5"), (10_000, 1, "0")];

/// Measure fleets of 100 to 10,000 triggers on both engines, and write the table in docs/scale.md anew.
///
/// Takes a quarter of an hour, in which the machine should have nothing else to do.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Measure nothing: write the table from what was measured last (docs/bench/fleet.ndjson)
    #[arg(long)]
    table: bool,
}

/// Measures, and writes the table and its data.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let data = workspace.root.join("docs/bench/fleet.ndjson");
    if !options.table {
        files::write_atomically(&data, measured(workspace)?.as_bytes())?;
    }
    let figures: Vec<Value> = fs::read_to_string(&data)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let page = workspace.root.join("docs/scale.md");
    let text = fs::read_to_string(&page)?;
    files::write_atomically(&page, replaced(&text, &table(&figures)?)?.as_bytes())?;
    eprintln!("  {}", workspace.shown(&page));
    Ok(())
}

/// What was measured, a line of JSON a fleet.
fn measured(workspace: &Workspace) -> Result<String> {
    let programs = Programs::ready(workspace, &[Engine::Restate, Engine::Postgres])?;
    // Beside the old data, which it takes the place of when all of it is there.
    let new = workspace.target.join("fleet-figures.ndjson");
    let _ = fs::remove_file(&new);
    programs.baseline(workspace, &new)?;
    for engine in [Engine::Restate, Engine::Postgres] {
        for (triggers, workers, changes) in FLEETS {
            let words = format!(
                "--triggers {triggers} --workers {workers} --tenants 50 --every 10000 --changes {changes} --seconds 30 \
                 --takeover"
            );
            let mut arguments: Vec<String> = words.split(' ').map(str::to_owned).collect();
            if workers == 1 {
                // There is nobody to take over.
                arguments.pop();
            }
            arguments.extend(["--figures".to_owned(), new.to_string_lossy().into_owned()]);
            programs.trial(workspace, engine, &arguments)?;
        }
    }
    Ok(fs::read_to_string(&new)?)
}

/// The page with another table.
fn replaced(page: &str, table: &str) -> Result<String> {
    let (before, rest) = page.split_once(BEGIN).context("docs/scale.md has no place for its table")?;
    let (_, after) = rest.split_once(END).context("docs/scale.md does not say where its table ends")?;
    Ok(format!("{before}{BEGIN}{table}{END}{after}"))
}

fn table(figures: &[Value]) -> Result<String> {
    let mut text = String::from(
        "| engine | triggers | workers | polls, deliveries a second | CPU a poll: engine, worker | poll lag p50, p99 | \
         memory: engine, workers | a worker's memory a trigger | after a worker's death |\n| --- | --- | --- | --- | \
         --- | --- | --- | --- | --- |\n",
    );
    let mut baseline = None;
    for figure in figures {
        if figure.get("baseline").is_some() {
            baseline = Some(number(figure, "cpuMilliseconds")?);
            continue;
        }
        let polls = number(figure, "polls")?;
        let [triggers, workers] = ["triggers", "workers"].map(|name| number(figure, name).unwrap_or_default());
        let mib = |name: &str| number(figure, name).map(|bytes| bytes / 1_048_576.0);
        let lag = |name: &str| match figure.get(name).and_then(Value::as_f64) {
            Some(seconds) => format!("{} ms", seconds * 1_000.0),
            None => "more".to_owned(),
        };
        let takeover = figure.get("takeoverSeconds").and_then(Value::as_f64);
        text.push_str(&format!(
            "| {} | {triggers} | {workers} | {:.0}, {:.0} | {:.3} ms, {:.3} ms | {}, {} | {:.0} MiB, {:.0} MiB | {:.1} \
             KiB | {} |\n",
            figure.get("engine").and_then(Value::as_str).context("a figure without its engine")?,
            polls / number(figure, "seconds")?,
            number(figure, "deliveries")? / number(figure, "seconds")?,
            number(figure, "engineCpuSeconds")? * 1_000.0 / polls,
            number(figure, "workerCpuSeconds")? * 1_000.0 / polls,
            lag("lagP50"),
            lag("lagP99"),
            mib("engineBytes")?,
            mib("workerBytes")?,
            number(figure, "workerBytes")? / 1_024.0 / triggers,
            takeover.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.0} s")),
        ));
    }
    if let Some(baseline) = baseline {
        text.push_str(&format!(
            "\nOne process a poll (`harness poll`, as cron would start it) takes {baseline:.1} ms of CPU for the same \
             poll that finds nothing.\n"
        ));
    }
    Ok(text)
}

fn number(figure: &Value, name: &str) -> Result<f64> {
    figure.get(name).and_then(Value::as_f64).with_context(|| format!("a figure without {name}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_table_stands_where_the_old_one_stood() {
        let page = format!("before\n{BEGIN}old\n{END}\nafter\n");
        assert_eq!(replaced(&page, "new\n").unwrap(), format!("before\n{BEGIN}new\n{END}\nafter\n"));
        assert!(replaced("nothing", "").is_err());
    }

    #[test]
    fn a_figure_is_a_row_and_the_baseline_a_sentence() {
        let figures = [
            json!({"baseline": "cron", "cpuMilliseconds": 8.0}),
            json!({"engine": "Postgres", "triggers": 100, "workers": 2, "polls": 600.0, "seconds": 60.0, "deliveries": 120, "engineCpuSeconds": 0.06,
                "workerCpuSeconds": 0.3, "lagP50": 0.005, "lagP99": null, "engineBytes": 104857600, "workerBytes": 1048576,
                "takeoverSeconds": 17.4}),
        ];
        let table = table(&figures).unwrap();
        assert!(
            table.contains(
                "| Postgres | 100 | 2 | 10, 2 | 0.100 ms, 0.500 ms | 5 ms, more | 100 MiB, 1 MiB | 10.2 KiB | 17 s |"
            ),
            "{table}"
        );
        assert!(table.contains("takes 8.0 ms of CPU"), "{table}");
    }
}

//! The table, the JSON and the chart.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::measured::{Measured, Polling};
use crate::options::Options;
use crate::statistics::Summary;
use crate::{chart, machine};

/// A target: what is compared, and the bound that the ratio is to keep.
struct Target {
    what: &'static str,
    ratio: Option<f64>,
    bound: f64,
    at_most: bool,
    unit: &'static str,
}

pub(crate) fn write(options: &Options, measured: &Measured) -> Result<()> {
    fs::create_dir_all(&options.output)?;
    let targets = targets(options, measured);
    let text = markdown(options, measured, &targets);
    println!("{text}");
    let save = |name: &str, text: &str| {
        let path = options.output.join(name);
        fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))
    };
    save("results.md", &text)?;
    save("results.json", &format!("{:#}\n", data(options, measured, &targets)))?;
    save("chart.svg", &chart::svg(&measured.polls))?;
    quote(options, &text)
}

/// Puts the tables where the document beside the folder quotes them.
fn quote(options: &Options, text: &str) -> Result<()> {
    const BEGIN: &str = "<!-- results: begin -->\n";
    const END: &str = "<!-- results: end -->";
    let Some(path) = options.output.parent().map(|folder| folder.join("performance.md")) else { return Ok(()) };
    let Ok(document) = fs::read_to_string(&path) else { return Ok(()) };
    let parts = document.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = parts else { return Ok(()) };
    fs::write(&path, format!("{before}{BEGIN}{text}{END}{after}"))
        .with_context(|| format!("{} cannot be written", path.display()))
}

fn find<'a>(measured: &'a Measured, name: &str) -> Option<&'a Polling> {
    measured.polls.iter().find(|(known, _)| known == name).map(|(_, polling)| polling)
}

fn process(measured: &Measured, name: &str) -> Option<f64> {
    measured.processes.iter().find(|(known, _)| known == name).map(|(_, summary)| summary.median)
}

fn targets(options: &Options, measured: &Measured) -> Vec<Target> {
    let ratio = |over: &str, under: &str, pick: fn(&Polling) -> f64| {
        Some(pick(find(measured, over)?) / pick(find(measured, under)?))
    };
    let cpu: fn(&Polling) -> f64 = |polling| polling.cpu.median;
    let wall: fn(&Polling) -> f64 = |polling| polling.wall.median;
    let memory: fn(&Polling) -> f64 = |polling| polling.peak_memory_kib.median;
    let inside = &measured.inside;
    let cold = process(measured, "node").zip(process(measured, "harness, cached"));
    let growth = find(measured, "drain 50,000 in process, component")
        .zip(find(measured, "drain 5,000 in process, component"))
        .map(|(large, small)| large.instance_bytes as f64 / small.instance_bytes as f64);
    let target = |what, ratio, bound, at_most, unit| Target { what, ratio, bound, at_most, unit };
    let mut all = vec![
        target(
            "full poll, CPU, component over native, in process",
            ratio("full in process, component", "full in process, native", cpu),
            1.6,
            true,
            "",
        ),
        target(
            "steady poll on a fresh instance, CPU, over native",
            ratio("steady in process, component", "steady in process, native", cpu),
            1.9,
            true,
            "",
        ),
        target(
            "full poll over loopback HTTP, wall, over native",
            ratio("full over HTTP, component", "full over HTTP, native", wall),
            1.4,
            true,
            "",
        ),
        target(
            "full poll, CPU, Node over the component",
            ratio("full over HTTP, node", "full over HTTP, component", cpu),
            10.0,
            false,
            "",
        ),
        target(
            "full poll, peak memory, Node over the component",
            ratio("full over HTTP, node", "full over HTTP, component", memory),
            12.0,
            false,
            "",
        ),
        target(
            "cold process to first steady poll, Node over the harness",
            cold.map(|(node, harness)| node / harness),
            40.0,
            false,
            "",
        ),
        target("compile over load precompiled", Some(inside.compile.median / inside.load.median), 500.0, false, ""),
        target("instantiate and drop", Some(inside.instantiate.median), 5.0, true, " µs"),
        target(
            "instantiate and drop, on demand over pooled",
            Some(inside.instantiate_on_demand.median / inside.instantiate.median),
            8.0,
            false,
            "",
        ),
        target("instance memory, a backlog of 50,000 over 5,000", growth, 1.1, true, ""),
    ];
    if let [_, gzipped] = options.sizes.as_slice() {
        all.push(target("component, gzipped", Some(*gzipped as f64 / 1e3), 280.0, true, " KB"));
    }
    all
}

fn markdown(options: &Options, measured: &Measured, targets: &[Target]) -> String {
    let mut lines = vec![
        conditions(options).join(" · "),
        format!(
            "Instances {}, pagemap scan {}, limits, epochs and the egress policy on. A full poll delivers {} records \
             from {} bytes of answers; a steady one finds 5 changes on one page.",
            measured.inside.choices.allocation,
            if measured.inside.choices.pagemap_scan { "on" } else { "not available" },
            measured.delivered,
            measured.answer_bytes
        ),
        String::new(),
        "| figure | target | measured | |".to_owned(),
        "| --- | --- | --- | --- |".to_owned(),
    ];
    for target in targets {
        let sign = if target.at_most { "at most" } else { "at least" };
        let (value, verdict) = match target.ratio {
            Some(ratio) => {
                (format!("**{}{}**", number(ratio), target.unit), if target.is_met(ratio) { "met" } else { "missed" })
            }
            None => ("not measured".to_owned(), ""),
        };
        lines.push(format!("| {} | {sign} {}{} | {value} | {verdict} |", target.what, target.bound, target.unit));
    }
    lines.push(String::new());
    lines.push("| poll | CPU, ms | wall, ms | peak memory of the process, MB | instance, MB |".to_owned());
    lines.push("| --- | --- | --- | --- | --- |".to_owned());
    for (name, polling) in &measured.polls {
        let instance = match polling.instance_bytes {
            0 => String::new(),
            bytes => number(bytes as f64 / 1e6),
        };
        lines.push(format!(
            "| {name} | {} | {} | {} | {instance} |",
            spread(&polling.cpu),
            spread(&polling.wall),
            number(polling.peak_memory_kib.median * 1024.0 / 1e6)
        ));
    }
    lines.push(String::new());
    lines.push("| step | time |".to_owned());
    lines.push("| --- | --- |".to_owned());
    for (name, summary) in &measured.processes {
        lines.push(format!("| whole process, one steady poll over HTTP: {name} | {} ms |", spread(summary)));
    }
    let inside = &measured.inside;
    for (name, summary, divisor, unit) in [
        ("compile the component", &inside.compile, 1e3, "ms"),
        ("load it precompiled", &inside.load, 1.0, "µs"),
        ("instantiate and drop, store included", &inside.instantiate, 1.0, "µs"),
        ("the same with memory on demand", &inside.instantiate_on_demand, 1.0, "µs"),
        ("a whole call that does nothing but refuse", &inside.empty_call, 1.0, "µs"),
    ] {
        let scaled = Summary {
            median: summary.median / divisor,
            low: summary.low / divisor,
            high: summary.high / divisor,
            samples: summary.samples,
        };
        lines.push(format!("| {name} | {} {unit} |", spread(&scaled)));
    }
    lines.push(format!("| steady polls a second on {} cores | {} |", inside.workers, number(inside.throughput)));
    for (name, bytes) in [
        ("idle instances a GiB", measured.density.idle),
        ("instances a GiB that wait for the service, their connections included", measured.density.in_flight),
    ] {
        let count = f64::from(1 << 30) / bytes;
        lines.push(format!("| {name} | {} ({} KB each) |", number(count), number(bytes / 1e3)));
    }
    if let [bytes, gzipped] = options.sizes.as_slice() {
        lines.push(format!(
            "| size of the component, gzipped, compiled | {bytes}, {gzipped}, {} bytes |",
            inside.compiled_bytes
        ));
    }
    lines.push(String::new());
    lines.push("| one call in process | component, µs | native, µs | the service's answers, KB |".to_owned());
    lines.push("| --- | --- | --- | --- |".to_owned());
    for action in &measured.actions {
        let (component, native) = (spread(&action.component), spread(&action.native));
        lines.push(format!("| {} | {component} | {native} | {:.1} |", action.name, action.answer_bytes as f64 / 1e3));
    }
    lines.push(String::new());
    lines.push("| a structure of 5,050 lines, in process | requests | ms | memory of an instance, MB |".to_owned());
    lines.push("| --- | --- | --- | --- |".to_owned());
    for way in &measured.structure {
        let (time, memory) = (number(way.milliseconds), number(way.instance_bytes as f64 / 1e6));
        lines.push(format!("| {} | {} | {time} | {memory} |", way.name, way.requests));
    }
    lines.join("\n") + "\n"
}

impl Target {
    fn is_met(&self, ratio: f64) -> bool {
        if self.at_most { ratio <= self.bound } else { ratio >= self.bound }
    }
}

/// The median, with the middle half of the samples.
fn spread(summary: &Summary) -> String {
    format!("{} ({}–{})", number(summary.median), number(summary.low), number(summary.high))
}

/// Three digits that count.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// The machine and the versions, without anything that names this one machine.
fn conditions(options: &Options) -> Vec<String> {
    let mut lines = vec![machine::processor(), machine::kernel()];
    lines.extend(options.version.iter().cloned());
    lines
}

fn data(options: &Options, measured: &Measured, targets: &[Target]) -> Value {
    let inside = &measured.inside;
    json!({
        "conditions": conditions(options),
        "runtime": inside.choices,
        "targets": targets.iter().map(|target| json!({
            "figure": target.what,
            "measured": target.ratio,
            "bound": target.bound,
            "atMost": target.at_most,
            "unit": target.unit.trim(),
            "met": target.ratio.map(|ratio| target.is_met(ratio)),
        })).collect::<Vec<_>>(),
        "polls": measured.polls.iter().map(|(name, polling)| (name.clone(), json!(polling)))
            .collect::<serde_json::Map<_, _>>(),
        "processesMilliseconds": measured.processes.iter().map(|(name, summary)| (name.clone(), json!(summary)))
            .collect::<serde_json::Map<_, _>>(),
        "microseconds": {
            "compile": inside.compile,
            "load": inside.load,
            "instantiate": inside.instantiate,
            "instantiateOnDemand": inside.instantiate_on_demand,
            "emptyCall": inside.empty_call,
        },
        "steadyPollsASecond": inside.throughput,
        "bytesAnInstance": measured.density,
        "actionsMicroseconds": measured.actions,
        "structure": measured.structure,
        "componentBytes": options.sizes.first(),
        "componentBytesGzipped": options.sizes.get(1),
        "compiledBytes": inside.compiled_bytes,
    })
}

//! The functions that a poll spends its time in, one by one: `cargo bench --workspace --bench hot`, or a part of a name
//! behind `--`.
//!
//! For whoever changes one of them: Criterion compares with the run before. What a call costs as a whole is measured by
//! `cargo xtask bench`, which also runs what is compared in turn; this does not.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use connector_sdk::Host;
use connector_sdk::contract::{Failure, Level, Request, Response};
use connector_sdk::json;
use connector_sdk::polling::blob::{self, Watched};
use connector_sdk::polling::memory::{Known, Version, content_hash, hash};
use connector_sdk::polling::state::State;
use connector_sdk::time::{format as format_time, parse as parse_time};
use connector_sdk::{Connector as _, testing};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use duro_plm::{Duro, NAMES};
use host::egress::Secrets;
use host::{CallOptions, CompileCache, Connection, Connector, Grants, Runtime, RuntimeOptions, Transport};
use serde_json::{Value, json};

const TRIGGER: &str = "pollChangesTrigger";
const INPUTS: &str = r#"{"pollResourceType":"components"}"#;
const START: i64 = 1_718_377_096_638;
/// What states are written for that no connection uses.
const WATCHED: Watched<'static> = Watched { trigger: &NAMES, list: "components", origin: "https://mfg.duro.app" };

/// One page of an answer: a hundred components, a second apart, the first the newest.
fn page() -> String {
    let edges: Vec<String> = (0..100)
        .map(|place| {
            let modified = START - 1_000 * place;
            let record = format!(
                r#"{{"id":"{place:024x}","name":"Bracket 4.7 kΩ no. {place}","created":"{}","lastModified":"{}"}}"#,
                format_time(modified - 1_000_000_000),
                format_time(modified)
            );
            format!(r#"{{"cursor":"eyJzb3J0LWtleSI6W1sxNzk1NTM1NDcwMDI4XSw{place:04}XX0","node":{record}}}"#)
        })
        .collect();
    let mut text = String::from(r#"{"data":{"components":{"connection":{"edges":["#);
    text.push_str(&edges.join(","));
    text.push_str(r#"],"pageInfo":{"hasNextPage":false,"endCursor":"end"}}}}}"#);
    text
}

/// As many delivered versions as a state holds at most, within a few minutes.
fn versions() -> Vec<Version> {
    let version = |number: u32| {
        Version::new(hash(&number.to_le_bytes()), START + i64::from(number) * 40, hash(&number.to_be_bytes()))
    };
    (0..5_000).map(version).collect()
}

/// A state of this origin below which all of the page but its first five records lies.
fn state(origin: &str) -> String {
    let floor = START - 5_000;
    let state = State { watermark: floor, floor, new_above: floor, ..State::default() };
    String::from_utf8(blob::write(&state, &Watched { origin, ..WATCHED })).unwrap_or_default()
}

/// Answers every request with the same page.
struct OnePage(String);

impl Host for OnePage {
    fn send(&self, _: Request) -> Result<Response, Failure> {
        Ok(Response { status: 200, headers: Vec::new(), body: self.0.clone().into_bytes() })
    }

    fn log_enabled(&self, _: Level) -> bool {
        false
    }

    fn log(&self, _: Level, _: &str) {}
}

impl Transport for OnePage {
    fn answer(&self, _: http::Request<Bytes>) -> Result<http::Response<Bytes>, host::contract::Failure> {
        Ok(http::Response::new(Bytes::copy_from_slice(self.0.as_bytes())))
    }
}

fn connector(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("connector");
    let page = page();
    group.throughput(Throughput::Bytes(page.len() as u64));
    group.bench_function("check a page as JSON", |bencher| bencher.iter(|| json::check(black_box(&page))));
    let record = r#"{"id":"5f1e00000000000000000001","name":"Bracket","created":"2024-06-14T14:58:16.638Z"}"#;
    group.throughput(Throughput::Bytes(record.len() as u64));
    group.bench_function("hash a record", |bencher| bencher.iter(|| content_hash(black_box(record).as_bytes())));
    group.throughput(Throughput::Elements(1));
    group.bench_function("hash an id", |bencher| bencher.iter(|| hash(black_box(b"5f1e00000000000000000001"))));
    group.bench_function("read a time", |bencher| bencher.iter(|| parse_time(black_box("2024-06-14T14:58:16.638Z"))));

    let versions = versions();
    group.throughput(Throughput::Elements(versions.len() as u64));
    group.bench_function("index 5,000 delivered versions", |bencher| {
        bencher.iter(|| Known::new(black_box(&versions).clone()));
    });
    let full = State { known: versions, ..State::default() };
    group.bench_function("write a full state", |bencher| {
        bencher.iter(|| blob::write(black_box(&full), &WATCHED));
    });
    let text = blob::write(&full, &WATCHED);
    group.bench_function("read a full state", |bencher| {
        bencher.iter(|| blob::read(black_box(&text), &WATCHED));
    });

    group.throughput(Throughput::Bytes(page.len() as u64));
    let (host, state) = (OnePage(page), state(WATCHED.origin));
    let connection = testing::connection("duroApiKey", "https://mfg.duro.app/graphql");
    group.bench_function("a steady poll, natively", |bencher| {
        bencher.iter(|| Duro::poll(&host, TRIGGER, &connection, INPUTS, Some(state.as_bytes())));
    });
    group.finish();
}

fn host(criterion: &mut Criterion) {
    let page = page();
    let mut group = criterion.benchmark_group("host");
    let mut secrets = Secrets::default();
    if let Err(problem) = secrets.declare("apiKey", Some("a-key/to+measure=with".to_owned().into())) {
        eprintln!("the secret is left out: {problem}");
    }
    group.throughput(Throughput::Bytes(page.len() as u64));
    let mut body = page.clone().into_bytes();
    group.bench_function("search an answer for secrets", |bencher| bencher.iter(|| secrets.scrub_bytes(&mut body)));

    let component = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join("dist").join("duro_plm.wasm");
    if !component.is_file() {
        eprintln!("There is no dist/duro_plm.wasm, so calls are left out: run `cargo xtask build` first.");
        return;
    }
    group.throughput(Throughput::Elements(1));
    if let Err(error) = calls(&mut group, component, page) {
        eprintln!("calls are left out: {error}");
    }
    group.finish();
}

type Group<'a> = criterion::BenchmarkGroup<'a, criterion::measurement::WallTime>;

fn calls(group: &mut Group<'_>, component: PathBuf, page: String) -> Result<(), Box<dyn std::error::Error>> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let choices = RuntimeOptions { concurrent_calls: 64, cache: CompileCache::Off, ..RuntimeOptions::default() };
    let (connector, connection) = tokio.block_on(async {
        let connector = Runtime::with_transport(choices, Arc::new(OnePage(page)))?.load_file(component).await?;
        let fields = json!({ "apiKey": "a-key-to-measure-with", "customDuroEnvironment": "http://127.0.0.1/graphql" });
        let connection = json!({ "key": "duroApiKey", "fields": fields });
        let connection = Connection::new(connector.definition(), connection)?;
        Ok::<(Connector, Connection), Box<dyn std::error::Error>>((connector, connection))
    })?;
    let inputs: Value = serde_json::from_str(INPUTS)?;
    let grants = Grants { allow_http: true, allow_private_network: true, ..Grants::default() };
    let options = CallOptions { grants, ..CallOptions::default() };
    let state = state("http://127.0.0.1");
    let poll = || connector.poll(TRIGGER, &connection, &inputs, Some(state.as_bytes()), &options);
    tokio.block_on(poll())?;

    group.bench_function("instantiate and drop", |bencher| {
        bencher.iter(|| drop(tokio.block_on(connector.start(&options))));
    });
    group.bench_function("a call that refuses at once", |bencher| {
        bencher.iter(|| tokio.block_on(connector.query("none", &connection, &inputs, None, None, &options)));
    });
    group.bench_function("a steady poll", |bencher| bencher.iter(|| tokio.block_on(poll())));
    Ok(())
}

criterion_group! {
    name = functions;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = connector, host
}
criterion_main!(functions);

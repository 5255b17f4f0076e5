//! What a call can add to the host's memory, whatever the component or the service does: the command runs as a process
//! of its own, whose largest memory is read while it runs.

use crate::declared::declaring;
use crate::support::built;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// What a call may add under default limits, in bytes.
const MOST_ADDED: u64 = 256 * 1024 * 1024;
const MIB: u64 = 1024 * 1024;

/// The most memory that a running process has had, in bytes; none where the system does not say.
pub(crate) fn peak_of(process: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}

/// How a command ended, and the most memory that it had.
struct Measured {
    status: Option<i32>,
    peak: u64,
    messages: String,
}

/// Runs a command to its end. What it prints is read and thrown away.
async fn measured(mut command: Command) -> Measured {
    let mut child: Child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    tokio::spawn(async move { tokio::io::copy(&mut output, &mut tokio::io::sink()).await });
    let mut errors = child.stderr.take().unwrap();
    let messages = tokio::spawn(async move {
        let mut text = Vec::new();
        (&mut errors).take(MIB).read_to_end(&mut text).await.unwrap();
        tokio::io::copy(&mut errors, &mut tokio::io::sink()).await.unwrap();
        String::from_utf8_lossy(&text).into_owned()
    });
    let process = child.id().unwrap();
    let mut peak = 0;
    // It only grows, and what matters takes far longer to be filled than the pause between two looks.
    let status = loop {
        peak = peak_of(process).map_or(peak, |now| now.max(peak));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    Measured { status: status.code(), peak, messages: messages.await.unwrap() }
}

/// The misbehaving component at a table for one, with a connection to an address.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new(component: &str, fields: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let connection = json!({ "key": component, "fields": fields });
        fs::write(folder.path().join("connection.json"), connection.to_string()).unwrap();
        Self { folder }
    }

    fn misbehaving(url: &str) -> Self {
        Self::new("key", json!({ "apiKey": "key-of-the-amplifier", "url": url }))
    }

    fn command(&self, component: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(built("harness"));
        command.args(["--allow-http", "--allow-private-network", "--component"]).arg(component).args(words);
        command.args(["--connection", "connection.json"]).current_dir(self.folder.path());
        command
    }

    /// The memory that a call which does nothing takes, in bytes.
    async fn least(&self, component: &Path, words: &[&str]) -> u64 {
        let measured = measured(self.command(component, words)).await;
        // The first of them compiles the component and keeps it, which takes memory of its own.
        let again = self::measured(self.command(component, words)).await;
        assert!(measured.status.is_some() && again.peak > 0, "{}", again.messages);
        again.peak
    }
}

/// A service that gives one answer to whoever asks, as often as it is asked. Gives its URL.
pub(crate) async fn answering(head: &str, body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let answer = [format!("{head}content-length: {}\r\n\r\n", body.len()).as_bytes(), &body].concat();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = vec![0; 65_536];
                while stream.read(&mut request).await.is_ok_and(|length| length > 0) {
                    if stream.write_all(&answer).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    url
}

fn gzipped(body: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(body).unwrap();
    packer.finish().unwrap()
}

/// The head of an answer in JSON.
pub(crate) const JSON: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
const PACKED_JSON: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n";

#[tokio::test]
async fn no_component_makes_a_call_add_more_than_256_mib_to_the_host() {
    let place = Place::misbehaving("https://plm.example/");
    let component = built("test/misbehaving.wasm");
    let least = place.least(&component, &["action", "fine"]).await;
    let json_of = |shape: &str, bytes: u64| json!({ "shape": shape, "bytes": bytes });
    // Results just below the limit and beyond it, in each shape that grows on the way out; log, refusals, hand-overs.
    let amplifiers = [
        (["action", "flood-log", "json"], json!({ "count": 1_000, "bytes": 20 * MIB })),
        (["action", "flood-log", "json"], json!({ "count": 100_000, "bytes": 20_000 })),
        (["action", "log", "json"], json!({ "message": "\u{1b}".repeat(1 << 20) })),
        (["action", "json-result", "json"], json_of("objects", 31 * MIB)),
        (["action", "json-result", "json"], json_of("members", 31 * MIB)),
        (["action", "json-result", "json"], json_of("controls", 31 * MIB)),
        (["action", "json-result", "table"], json_of("objects", 18 * MIB)),
        (["action", "json-result", "table"], json_of("members", 31 * MIB)),
        (["action", "json-result", "table"], json_of("lists", 31 * MIB)),
        (["action", "json-result", "table"], json_of("deep", 31 * MIB)),
        (["action", "json-result", "table"], json_of("rows", 600 * 300)),
        (["action", "json-result", "table"], json_of("rows", 20 * MIB)),
        (["action", "json-error", "json"], json_of("objects", 31 * MIB)),
        (["action", "json-error", "json"], json_of("members", 31 * MIB)),
        (["action", "json-error", "table"], json_of("deep", 31 * MIB)),
        (["action", "huge-error", "json"], json!({ "bytes": 15 * MIB })),
        (["action", "huge-error", "json"], json!({ "bytes": 50 * MIB })),
        (["action", "many-problems", "json"], json!({ "count": 600_000 })),
        (["action", "many-problems", "json"], json!({ "count": 3_000_000 })),
        (["action", "huge-result", "json"], json!({ "bytes": 50 * MIB })),
        (["action", "refused-hosts", "json"], json!({ "count": 200, "bytes": 3 * MIB })),
        (["action", "aliased-headers", "json"], json!({ "count": 100_000, "bytes": MIB })),
        (["action", "alloc", "json"], json!({})),
        (["data-source", "aliased", "json"], json!({ "count": 100_000, "bytes": MIB })),
        (["data-source", "aliased", "json"], json!({ "count": 30, "bytes": MIB })),
        (["data-source", "many-items", "json"], json!({ "count": 700_000 })),
        (["data-source", "many-items", "table"], json!({ "count": 700_000 })),
        (["data-source", "huge-notice", "table"], json!({ "bytes": 30 * MIB })),
    ];
    for ([kind, verb, format], inputs) in amplifiers {
        fs::write(place.folder.path().join("inputs.json"), inputs.to_string()).unwrap();
        let words = ["--debug", "--format", format, kind, verb, "--inputs", "inputs.json"];
        let measured = measured(place.command(&component, &words)).await;
        let added = measured.peak.saturating_sub(least);
        let what = format!("{kind} {verb} {format} {:.60} added {} MiB", inputs.to_string(), added / MIB);
        eprintln!("{what}, status {:?}", measured.status);
        assert!(matches!(measured.status, Some(0..=3)), "{what}: {:?} {:.300}", measured.status, measured.messages);
        assert!(added <= MOST_ADDED, "{what}");
    }
}

#[tokio::test]
async fn no_inputs_make_a_call_add_more_than_256_mib_to_the_host() {
    let place = Place::misbehaving("https://plm.example/");
    let component = built("test/misbehaving.wasm");
    let least = place.least(&component, &["action", "fine"]).await;
    let file = place.folder.path().join("inputs.json");
    for part in ["[0],", "{\"\":0},", "[],", "\"\","] {
        fs::write(&file, format!("{{\"a\":[{}0]}}", part.repeat((8_000_000) / part.len()))).unwrap();
        for words in [["action", "say-nothing"], ["poll", "fine"]] {
            let state = ["--state", "poll.state"];
            let words =
                [&words[..], &["--inputs", "inputs.json"], if words[0] == "poll" { &state } else { &[] }].concat();
            let measured = measured(place.command(&component, &words)).await;
            let added = measured.peak.saturating_sub(least);
            assert!(matches!(measured.status, Some(0..=3)), "{part}: {:.300}", measured.messages);
            assert!(added <= MOST_ADDED, "{part} in {words:?} added {} MiB", added / MIB);
        }
    }
}

#[tokio::test]
async fn no_service_makes_a_call_add_more_than_256_mib_to_the_host() {
    let component = built("duro_plm.wasm");
    let many = |value: &str, bytes: usize| format!("[{}0]", format!("{value},").repeat(bytes / (value.len() + 1)));
    let of_errors = |errors: String| format!("{{\"errors\":{errors}}}").into_bytes();
    let of_data = |list: String| format!("{{\"data\":{{\"userById\":{list}}}}}").into_bytes();
    let short_key = "abcd";
    let bodies = [
        ("errors of empty lists", PACKED_JSON, gzipped(&of_errors(many("[]", 15 << 20)))),
        ("errors of empty objects", PACKED_JSON, gzipped(&of_errors(many("{}", 15 << 20)))),
        ("errors with a member each", PACKED_JSON, gzipped(&of_errors(many("{\"\":0}", 15 << 20)))),
        // Small enough for the connector, which passes them on.
        ("some errors of empty objects", PACKED_JSON, gzipped(&of_errors(many("{}", 6 << 20)))),
        ("some errors with a member each", PACKED_JSON, gzipped(&of_errors(many("{\"\":0}", 6 << 20)))),
        ("some data of empty objects", PACKED_JSON, gzipped(&of_data(many("{}", 6 << 20)))),
        ("errors without end", PACKED_JSON, gzipped(&of_errors("[".repeat(15 << 20)))),
        ("data of empty objects", PACKED_JSON, gzipped(&of_data(many("{}", 12 << 20)))),
        ("no JSON", PACKED_JSON, gzipped(&vec![b'x'; 15 << 20])),
        ("the key, over and over", PACKED_JSON, gzipped(&of_data(many(&format!("\"{short_key}\""), 12 << 20)))),
        ("more than it may", PACKED_JSON, gzipped(&vec![b' '; 200 << 20])),
        ("plain errors", JSON, of_errors(many("{}", 15 << 20))),
    ];
    let mut least = None;
    for (what, head, body) in bodies {
        let url = answering(head, body).await;
        let place = Place::new("duroApiKey", json!({ "apiKey": short_key, "customDuroEnvironment": url }));
        let least = match least {
            Some(least) => least,
            None => *least.insert(place.least(&component, &["action", "nothing"]).await),
        };
        for format in ["json", "table"] {
            let words = ["--format", format, "action", "rawRequest"];
            let measured = measured(place.command(&component, &words)).await;
            let added = measured.peak.saturating_sub(least);
            eprintln!("{what}, {format}: {} MiB, status {:?}", added / MIB, measured.status);
            assert!(matches!(measured.status, Some(0..=3)), "{what}: {:.300}", measured.messages);
            assert!(added <= MOST_ADDED, "{what}, {format}, added {} MiB", added / MIB);
        }
    }
}

#[tokio::test]
async fn no_manifest_makes_loading_add_more_than_256_mib_to_the_host() {
    let place = Place::misbehaving("https://plm.example/");
    let least = place.least(&built("test/misbehaving.wasm"), &["inspect"]).await;
    for (manifest, status, expected) in
        [("hu", 3, "manifest is larger than 1 MiB"), ("js", 0, ""), ("al", 3, "memory than 64 MiB")]
    {
        let (_folder, component) = declaring(manifest);
        place.least(&component, &["inspect"]).await;
        let measured = measured(place.command(&component, &["inspect"])).await;
        let added = measured.peak.saturating_sub(least);
        eprintln!("{manifest}: {} MiB", added / MIB);
        assert_eq!(measured.status, Some(status), "{manifest}: {}", measured.messages);
        assert!(measured.messages.contains(expected), "{manifest}: {}", measured.messages);
        assert!(added <= MOST_ADDED, "{manifest} added {} MiB", added / MIB);
    }
}

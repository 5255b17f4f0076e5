//! The misdeeds, one a verb. Inputs are a JSON object: `count` and `bytes` where a verb repeats or fills, `message`, or
//! the request that `fetch` sends.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::generated::exports::integration::connector::data_sources::{Item, Page};
use crate::generated::exports::integration::connector::triggers::PollResult;
use crate::generated::integration::connector::http::{Failure, HeaderValue, Request, send};
use crate::generated::integration::connector::log::{Level, log};
use crate::generated::integration::connector::types::{Connection, Error, InputProblem, ServiceFailure};

/// What the trigger `large` delivers, in bytes.
const LARGE_POLL: usize = 8 << 20;

/// Calls that this instance has seen: more than one would mean that instances are shared.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// Performs a verb.
pub(crate) fn perform(verb: &str, connection: &Connection, inputs: &str) -> Result<String, Error> {
    let inputs: Value = serde_json::from_str(inputs).unwrap();
    let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
    let number = |name: &str| usize::try_from(inputs[name].as_u64().unwrap_or_default()).unwrap_or_default();
    match verb {
        "fine" => Ok(json!({ "calls": calls, "connection": connection.fields }).to_string()),
        "spin" => loop {
            std::hint::spin_loop();
        },
        "alloc" => {
            let mut held: Vec<Vec<u8>> = Vec::new();
            loop {
                held.push(std::hint::black_box(vec![1; 1 << 20]));
            }
        }
        "recurse" => Ok(deeper(1).to_string()),
        "panic" => panic!("{}", inputs["message"].as_str().unwrap_or_default()),
        "trap" => {
            #[cfg(target_arch = "wasm32")]
            core::arch::wasm32::unreachable();
            #[cfg(not(target_arch = "wasm32"))]
            panic!("only WebAssembly has this trap");
        }
        "invalid-json" => Ok("{not json".to_owned()),
        // SAFETY: not sound, and that is the point: the host must find it out.
        "invalid-text" => Ok(unsafe { String::from_utf8_unchecked(vec![b'"', 0xff, 0xfe, b'"']) }),
        "flood-log" => {
            let line = "x".repeat(number("bytes"));
            for _ in 0..number("count") {
                log(Level::Info, &line);
            }
            Ok("{}".to_owned())
        }
        "log" => {
            log(Level::Warn, inputs["message"].as_str().unwrap_or_default());
            Ok("{}".to_owned())
        }
        "many-requests" => Ok(many_requests(&inputs, number("count")).to_string()),
        "fetch" => fetch(&inputs),
        "huge-result" => Ok(Value::from("x".repeat(number("bytes"))).to_string()),
        // Word by word what the test says, spaced and spelled as it likes.
        "say" => Ok(inputs["json"].as_str().unwrap_or_default().to_owned()),
        "complain" => Err(Error::Other(inputs["message"].as_str().unwrap_or_default().to_owned())),
        "json-result" => Ok(json_of(&inputs)),
        "json-error" => Err(Error::Service(ServiceFailure {
            status: 500,
            message: "see the errors".to_owned(),
            errors: Some(json_of(&inputs)),
            data: None,
        })),
        "many-problems" => Err(Error::InvalidInput(
            (0..number("count")).map(|_| InputProblem { input: String::new(), message: String::new() }).collect(),
        )),
        "refused-hosts" => {
            let host = "a".repeat(number("bytes"));
            for _ in 0..number("count") {
                drop(send(&request(&json!({ "url": format!("https://{host}/") }))));
            }
            Ok("{}".to_owned())
        }
        "huge-error" => Err(Error::Service(ServiceFailure {
            status: 500,
            message: "x".repeat(number("bytes")),
            errors: Some("not JSON".to_owned()),
            data: None,
        })),
        "aliased-headers" => aliased_headers(number("count"), number("bytes")),
        "search-memory" => {
            // What was fetched stays in memory until after the search.
            let fetched = fetch(&inputs["fetch"])?;
            Ok(json!({ "found": search_memory(&inputs), "fetched": fetched }).to_string())
        }
        _ => Err(Error::UnknownKey(verb.to_owned())),
    }
}

/// JSON that is small as text and large as values: `shape` is what it repeats, up to so many `bytes`.
fn json_of(inputs: &Value) -> String {
    let most = usize::try_from(inputs["bytes"].as_u64().unwrap_or_default()).unwrap_or_default();
    match inputs["shape"].as_str().unwrap_or_default() {
        "objects" => repeated("{}", most),
        "members" => repeated("{\"\":0}", most),
        "lists" => repeated("[]", most),
        "controls" => format!("\"{}\"", "\\u0001".repeat(most / 6)),
        "deep" => format!("{}{}", "[".repeat(most / 2), "]".repeat(most / 2)),
        // Rows that have no member in common, as a table would show them.
        "rows" => {
            let row = |row: usize| {
                let members: Vec<String> = (0..30).map(|member| format!("\"m{row}-{member}\":1")).collect();
                format!("{{{}}}", members.join(","))
            };
            format!("[{}]", (0..most / 300).map(row).collect::<Vec<_>>().join(","))
        }
        _ => "null".to_owned(),
    }
}

fn repeated(value: &str, most: usize) -> String {
    let mut json = String::with_capacity(most + 16);
    json.push('[');
    json.push_str(value);
    while json.len() + value.len() + 2 <= most {
        json.push(',');
        json.push_str(value);
    }
    json.push(']');
    json
}

/// Queries the data source: `aliased` gives items that all point to one text.
pub(crate) fn query(verb: &str, inputs: &str) -> Result<Page, Error> {
    let inputs: Value = serde_json::from_str(inputs).unwrap();
    let number = |name: &str| usize::try_from(inputs[name].as_u64().unwrap_or_default()).unwrap_or_default();
    let text = || "x".repeat(number("bytes"));
    let (items, notice) = match verb {
        "fine" => (vec![], None),
        "say" => {
            let said = |name: &str| inputs[name].as_str().map(str::to_owned);
            let item = Item { key: said("key").unwrap_or_default(), label: said("label").unwrap_or_default() };
            return Ok(Page { items: vec![item], next: said("next"), notice: said("notice"), extensions: None });
        }
        "many-items" => {
            let items = (0..number("count")).map(|_| Item { key: String::new(), label: String::new() }).collect();
            (items, None)
        }
        "huge-notice" => (vec![], Some(text())),
        "aliased" => {
            let shared = text();
            let items = (0..number("count")).map(|_| Item { key: alias(&shared), label: String::new() }).collect();
            std::mem::forget(shared);
            (items, None)
        }
        _ => return Err(Error::UnknownKey(verb.to_owned())),
    };
    Ok(Page { items, next: None, notice, extensions: None })
}

/// Polls the trigger.
pub(crate) fn poll(verb: &str, inputs: &str) -> Result<PollResult, Error> {
    let inputs: Value = serde_json::from_str(inputs).unwrap();
    let bytes = usize::try_from(inputs["bytes"].as_u64().unwrap_or_default()).unwrap_or_default();
    let payload = match verb {
        _ if crate::manifest::polls_crash() => panic!("every poll of this version crashes"),
        "spin" => loop {
            std::hint::spin_loop();
        },
        "invalid-json" => "}".to_owned(),
        "say" => inputs["json"].as_str().unwrap_or_default().to_owned(),
        // A page of records as large as a poll may deliver them, from a trigger that needs no input.
        "large" => format!("{{\"created\":{}}}", repeated("{\"id\":\"1\"}", LARGE_POLL)),
        _ => "{}".to_owned(),
    };
    let state = if verb == "huge-state" { vec![b'x'; bytes] } else { b"state".to_vec() };
    Ok(PollResult { payload, no_changes: !matches!(verb, "large" | "say"), state, more: false, extensions: None })
}

/// Never ends, and cannot be turned into a loop.
fn deeper(depth: u64) -> u64 {
    // Always true, which the compiler cannot know.
    if std::hint::black_box(depth) > 0 { deeper(depth + 1) ^ depth } else { depth }
}

/// Sends the same request many times and counts what became of it.
fn many_requests(inputs: &Value, count: usize) -> Value {
    let (mut answered, mut denied, mut other) = (0, 0, 0);
    for _ in 0..count {
        match send(&request(inputs)) {
            Ok(_) => answered += 1,
            Err(Failure::Denied(_)) => denied += 1,
            Err(_) => other += 1,
        }
    }
    json!({ "answered": answered, "denied": denied, "other": other })
}

/// Sends the request that the inputs describe, and returns the answer or fails as the host said.
fn fetch(inputs: &Value) -> Result<String, Error> {
    let response = send(&request(inputs)).map_err(Error::Transport)?;
    let headers: Vec<[&String; 2]> = response.headers.iter().map(|(name, value)| [name, value]).collect();
    let body = String::from_utf8_lossy(&response.body);
    Ok(json!({ "status": response.status, "headers": headers, "body": body }).to_string())
}

/// `{"method", "url", "headers": [[name, {"text"} or {"secret"}]…], "body", "idempotent"}`.
fn request(inputs: &Value) -> Request {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let headers = inputs["headers"].as_array().into_iter().flatten().map(|header| {
        let value = match &header[1]["secret"] {
            Value::String(key) => HeaderValue::Secret(key.clone()),
            _ => HeaderValue::Text(text(&header[1]["text"])),
        };
        (text(&header[0]), value)
    });
    Request {
        method: inputs["method"].as_str().unwrap_or("GET").to_owned(),
        url: text(&inputs["url"]),
        headers: headers.collect(),
        body: inputs["body"].as_str().map(|body| body.as_bytes().to_vec()),
        idempotent: inputs["idempotent"].as_bool().unwrap_or_default(),
    }
}

/// Asks the host to copy one text many times over: the list is small in here, and would be huge out there.
fn aliased_headers(count: usize, bytes: usize) -> Result<String, Error> {
    let shared = "x".repeat(bytes);
    let headers = (0..count).map(|_| (alias(&shared), HeaderValue::Text(String::new()))).collect();
    let request = Request { method: "GET".to_owned(), url: String::new(), headers, body: None, idempotent: false };
    let result = send(&request);
    // The texts share their memory: freeing them would free it once for each.
    std::mem::forget((request, shared));
    result.map(|_| String::new()).map_err(Error::Transport)
}

/// A second owner of a text's memory.
fn alias(text: &str) -> String {
    // SAFETY: not sound; whoever gets it forgets it, or crashes afterwards, inside the sandbox.
    unsafe { String::from_raw_parts(text.as_ptr().cast_mut(), text.len(), text.len()) }
}

/// Looks for a text, given as two halves so that asking does not plant it, in every byte of the memory.
fn search_memory(inputs: &Value) -> bool {
    #[cfg(target_arch = "wasm32")]
    {
        let (first, second) =
            (inputs["first"].as_str().unwrap_or_default(), inputs["second"].as_str().unwrap_or_default());
        let length = core::arch::wasm32::memory_size(0) * 65_536;
        // SAFETY: it is all of the component's own memory. It begins at address 1 here, because no slice may begin at
        // 0.
        let memory = unsafe { std::slice::from_raw_parts(std::ptr::without_provenance::<u8>(1), length - 1) };
        memory
            .windows(first.len() + second.len())
            .any(|window| window.starts_with(first.as_bytes()) && window.ends_with(second.as_bytes()))
    }
    #[cfg(not(target_arch = "wasm32"))]
    inputs.is_null()
}

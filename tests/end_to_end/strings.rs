//! The built component reads strings with instructions that its source has under native tests a substitute for: here
//! they meet escapes, quotes and control characters at every place of the sixteen bytes that they take at once.

use crate::support::{built, connection_of, connectors, options};
use bytes::Bytes;
use host::contract::Error;
use host::{Connection, Connector, Runtime, RuntimeOptions, Transport};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Answers every request with the same text.
#[derive(Default)]
struct Canned(Mutex<String>);

impl Transport for Canned {
    fn answer(&self, _: http::Request<Bytes>) -> Result<http::Response<Bytes>, host::contract::Failure> {
        Ok(http::Response::new(self.0.lock().unwrap().clone().into()))
    }
}

struct Bench {
    service: Arc<Canned>,
    connector: Connector,
    connection: Connection,
    /// After a first poll of a list of one old record.
    state: Vec<u8>,
}

impl Bench {
    async fn new() -> Self {
        let service = Arc::new(Canned::default());
        let runtime = Runtime::with_transport(RuntimeOptions::default(), service.clone()).unwrap();
        let connector = runtime.load_file(built("duro_plm.wasm")).await.unwrap();
        let connection = connection_of(&connector, "http://127.0.0.1/graphql", "a-key-that-nobody-checks");
        let mut bench = Self { service, connector, connection, state: Vec::new() };
        bench.state = bench.poll(None, &[record(0, "old", 1)]).await.unwrap().1;
        bench
    }

    /// The records that a poll delivers of a page, and its state.
    async fn poll(&self, state: Option<&[u8]>, records: &[String]) -> Result<(Vec<Value>, Vec<u8>), Error> {
        let edges: Vec<String> = records
            .iter()
            .enumerate()
            .map(|(place, record)| format!(r#"{{"cursor":"{place}","node":{record}}}"#))
            .collect();
        *self.service.0.lock().unwrap() = format!(
            r#"{{"data":{{"components":{{"connection":{{"edges":[{}],"pageInfo":{{"hasNextPage":false}}}}}}}}}}"#,
            edges.join(",")
        );
        let inputs = json!({});
        let polled = self.connector.poll("pollChangesTrigger", &self.connection, &inputs, state, &options()).await;
        let polled = polled.map_err(|failure| connectors(*failure))?.value;
        let payload: Value = serde_json::from_str(polled.payload.get()).unwrap();
        Ok((payload["body"]["data"]["created"].as_array().unwrap().clone(), polled.state))
    }
}

/// A record of the day that is `day` of June, with this name as it stands in JSON.
fn record(id: usize, name: &str, day: u32) -> String {
    let time = format!("2024-06-{day:02}T14:58:16.638Z");
    format!(r#"{{"id":"{id:024x}","name":"{name}","created":"{time}","lastModified":"{time}"}}"#)
}

#[tokio::test]
async fn a_string_is_read_wherever_its_escapes_and_its_end_are() {
    let bench = Bench::new().await;
    let mut records = Vec::new();
    for length in 0..40 {
        for odd in ["", r"\n", r#"\""#, r"\\", r"\u00e9", "é", "\u{7f}", "\u{10ffff}"] {
            let name = format!("{}{odd}{}", "x".repeat(length), "y".repeat(40 - length / 2));
            records.push(record(records.len() + 1, &name, 2));
        }
    }
    let (delivered, _) = bench.poll(Some(&bench.state), &records).await.unwrap();
    let expected: Vec<Value> = records.iter().map(|record| serde_json::from_str(record).unwrap()).collect();
    assert_eq!(delivered, expected);
}

#[tokio::test]
async fn a_control_character_or_a_wrong_escape_is_found_wherever_it_is() {
    let bench = Bench::new().await;
    for length in 0..40 {
        for wrong in ["\n", "\0", "\u{1f}", r"\x", r"\u00g0", "\""] {
            let name = format!("{}{wrong}{}", "x".repeat(length), "y".repeat(20));
            let error = bench.poll(Some(&bench.state), &[record(1, &name, 2)]).await.unwrap_err();
            assert!(matches!(error, Error::UnexpectedResponse(_)), "{name:?}: {error:?}");
        }
    }
}

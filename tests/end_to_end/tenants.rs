//! Two customers of one process, at a service that mishandles what they send: neither gets hold of the other's key.

use crate::raw::RawService;
use crate::support::{misbehaving, options};
use host::{Connection, Connector};
use serde_json::{Value, json};

fn tenant(connector: &Connector, url: &str, key: &str) -> Connection {
    let fields = json!({ "apiKey": key, "url": url });
    Connection::new(connector.definition(), json!({ "key": "key", "fields": fields })).unwrap()
}

/// Requests with the key, the end of whose body is the beginning of another request. A service that does not know where
/// a body ends takes what comes next over the same socket, the key included, for part of that.
fn requests(url: &str, count: usize) -> Value {
    let body = "POST /mine HTTP/1.1\r\ncontent-length: 10000\r\nx-what-comes-next: ";
    let headers = json!([["apiToken", { "secret": "apiKey" }]]);
    json!({ "count": count, "url": url, "method": "POST", "headers": headers, "body": body })
}

fn holds(received: &[u8], text: &str) -> bool {
    received.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_socket_ever_carries_the_keys_of_two_connections() {
    let service = RawService::answering("200 OK", b"{}").await;
    let connector = misbehaving().await;
    let keys: Vec<String> = (0..6).map(|number| format!("canary-of-tenant-{number}-41c7")).collect();
    let tenants: Vec<_> = keys.iter().map(|key| tenant(connector, &service.url, key)).collect();
    // In parallel, and again over what the first round left open.
    for _ in 0..3 {
        let calls = tenants.iter().map(|connection| {
            let (connection, inputs) = (connection.clone(), requests(&service.url, 10));
            tokio::spawn(async move {
                let result = connector.perform("many-requests", &connection, &inputs, &options()).await;
                serde_json::from_str::<Value>(result.unwrap().value.get()).unwrap()
            })
        });
        for call in calls.collect::<Vec<_>>() {
            assert_eq!(call.await.unwrap(), json!({ "answered": 10, "denied": 0, "other": 0 }));
        }
    }
    let sockets = service.sockets();
    for socket in &sockets {
        let carried: Vec<&String> = keys.iter().filter(|key| holds(&socket.received, key)).collect();
        assert_eq!(carried.len(), 1, "one socket carried the keys {carried:?}");
    }
    // Each connection's sockets are used again, or there would be nothing to be captured.
    assert!(sockets.len() <= keys.len() * 10, "{} sockets for 180 requests", sockets.len());
}

#[tokio::test]
async fn a_connections_sockets_serve_its_clones_and_close_with_the_last_of_them() {
    let service = RawService::answering("200 OK", b"{}").await;
    let connector = misbehaving().await;
    let connection = tenant(connector, &service.url, "canary-of-a-tenant-0b12");
    let clone = connection.clone();
    let request = json!({ "url": service.url, "headers": [["apiToken", { "secret": "apiKey" }]] });
    connector.perform("fetch", &connection, &request, &options()).await.unwrap();
    drop(connection);
    for _ in 0..10 {
        connector.perform("fetch", &clone, &request, &options()).await.unwrap();
    }
    let sockets = service.sockets().len();
    assert!(sockets < 6, "{sockets} sockets for 11 requests one after the other");
    drop(clone);
    service.all_closed().await;
}

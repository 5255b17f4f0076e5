//! Performs an action every two seconds, and shows what that takes at `/metrics`, as Prometheus reads it:
//! `metrics COMPONENT CONNECTION ACTION`, where CONNECTION is a file of `{"key": …, "fields": {…}}`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use host::{CallOptions, Grants, Runtime, RuntimeOptions};
use telemetry::{PROMETHEUS_CONTENT_TYPE, Telemetry, TelemetryOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [component, connection, action] = arguments.as_slice() else {
        return Err("usage: metrics COMPONENT CONNECTION ACTION".into());
    };
    let telemetry = Arc::new(Telemetry::start(TelemetryOptions::of("metrics", env!("CARGO_PKG_VERSION")))?);
    let text = telemetry.clone();
    let metrics = get(move || async move { ([(CONTENT_TYPE, PROMETHEUS_CONTENT_TYPE)], text.prometheus_text()) });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/metrics", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/metrics", metrics)).await });

    let connector = Runtime::new(RuntimeOptions::default())?.load_file(component).await?;
    let connection = serde_json::from_str(&std::fs::read_to_string(connection)?)?;
    let connection = connector.connection(connection)?;
    // The service of this example may be a simulated one, on this machine.
    let grants = Grants { allow_http: true, allow_private_network: true, ..Grants::default() };
    let options = CallOptions { grants, observers: telemetry.observers(), ..CallOptions::default() };
    loop {
        if let Err(failure) = connector.perform(action, &connection, &serde_json::json!({}), &options).await {
            eprintln!("{failure}");
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

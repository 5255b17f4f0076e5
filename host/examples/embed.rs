//! Embeds the host: loads a connector and performs one action.
//!
//! `cargo run --release -p host --example embed -- COMPONENT CONNECTION ACTION`

use host::{CallOptions, Runtime, RuntimeOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("usage: embed COMPONENT CONNECTION ACTION");
    let (component, connection, action) = (next()?, next()?, next()?);

    let runtime = Runtime::new(RuntimeOptions::default())?;
    let connector = runtime.load_file(component).await?;
    let connection = serde_json::from_str(&std::fs::read_to_string(connection)?)?;
    let connection = connector.connection(connection)?;
    let inputs = serde_json::json!({"first": 10});
    let result = connector.perform(&action, &connection, &inputs, &CallOptions::default()).await?;
    println!("{}", result.value);
    eprintln!("{} requests in {:?}", result.trace.requests, result.trace.duration);
    Ok(())
}

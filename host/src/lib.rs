//! Loads, sandboxes and runs connector components: WebAssembly components on the contract in `wit/`.
//!
//! A [`Runtime`] holds the engine of a process. It loads a component into a [`Connector`], whose calls each run in a
//! fresh instance, within [`Limits`], and reach only what the [`Connection`] and the [`Grants`] allow. A [`Connection`]
//! holds the sockets that its calls leave open for the next. A [`Poller`] polls a trigger, with its state in a
//! [`StateStore`]. What happens is seen from outside in spans of `tracing`, and by the [`Observers`] of a call.
//!
//! ```no_run
//! use host::{CallOptions, Runtime, RuntimeOptions};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let runtime = Runtime::new(RuntimeOptions::default())?;
//! let connector = runtime.load_file("connector.wasm").await?;
//! let connection = serde_json::json!({"key": "apiKey", "fields": {"apiKey": std::env::var("API_KEY")?}});
//! let connection = connector.connection(connection)?;
//! let inputs = serde_json::json!({"first": 10});
//! let result = connector.perform("listThings", &connection, &inputs, &CallOptions::default()).await?;
//! println!("{}", result.value);
//! # Ok(())
//! # }
//! ```

mod budget;
mod connection;
pub mod contract;
pub mod egress;
mod limits;
mod log;
mod network;
mod origin;
pub mod own_file;
pub mod poller;
mod refusal;
mod runtime;
mod secrets;
mod step;
#[cfg(test)]
mod testing;
pub mod text;
mod trace;
mod trace_context;

pub use connection::{Connection, ConnectionError, Renewed};
pub use egress::{Grants, Refusal, Transport};
pub use limits::{Limit, LimitExceeded, LimitUnit, Limits};
pub use log::{LogLevel, LogLine, LogOptions, LogSink, LogSource};
pub use network::{ClientIdentity, NetworkError, NetworkOptions, Proxy, Roots};
pub use origin::Origin;
pub use poller::{Poller, StateStore};
pub use runtime::{
    Allocation, CacheUse, CallEnd, CallEnded, CallError, CallFailure, CallHeard, CallOptions, CompileCache, Connector,
    HeardCall, LoadError, OTHER_OPERATION, Observers, OperationKind, Outcome, OwnAnswer, OwnRequest, Returned, Runtime,
    RuntimeChoices, RuntimeError, RuntimeOptions, Started, Told, WaysOut,
};
pub use step::{Step, StepHeard};
pub use trace::{Exchange, ExchangeOutcome, Trace};
pub use trace_context::{TraceContext, TraceContextSource};

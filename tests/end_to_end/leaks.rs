//! What a process has left after thousands of calls, good and bad.

use crate::support::{Cage, built};
use host::{CallOptions, Limits, Runtime, RuntimeOptions};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const CALLS_A_ROUND: usize = 1_000;
/// What rounds may add to the process, in bytes: 11 KB a call over 3,000 calls. A leaked instance alone would hold some
/// hundred.
const MOST_GROWTH: u64 = 32 * 1024 * 1024;

/// The memory that the process really has, in bytes.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}

/// Says that this process runs nothing else.
const ALONE: &str = "LEAKS_ARE_MEASURED_ALONE";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thousands_of_mixed_calls_in_parallel_leave_no_memory_behind() {
    // In a process of its own, whichever runner this is: what other tests hold would count as well.
    if std::env::var_os(ALONE).is_none() {
        let name = "leaks::thousands_of_mixed_calls_in_parallel_leave_no_memory_behind";
        let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", name, "--nocapture"]).env(ALONE, "1").kill_on_drop(true);
        assert!(command.status().await.unwrap().success());
        return;
    }
    let cage = Cage::new().await;
    // Few enough places that the first round touches them all: memory that is kept for the next call is not a leak.
    let runtime = Runtime::new(RuntimeOptions { concurrent_calls: 64, ..RuntimeOptions::default() }).unwrap();
    let connector = runtime.load_file(built("test/misbehaving.wasm")).await.unwrap();
    let cage = Arc::new(Cage { connector: Box::leak(Box::new(connector)), ..cage });
    round(&cage).await;
    round(&cage).await;
    let before = resident();
    for _ in 0..3 {
        round(&cage).await;
    }
    let after = resident();
    // Systems without /proc still run the calls.
    if let (Some(before), Some(after)) = (before, after) {
        let grown = after.saturating_sub(before);
        assert!(grown <= MOST_GROWTH, "{before} bytes became {after}, {grown} more");
    }
    cage.assert_unharmed().await;
}

/// Calls of every kind at once; the good ones must succeed in the middle of it.
async fn round(cage: &Arc<Cage>) {
    let verbs = ["fine", "panic", "fine", "recurse", "fetch", "alloc", "trap", "invalid-json", "spin", "invalid-text"];
    let calls: Vec<_> = (0..CALLS_A_ROUND)
        .map(|number| {
            let (cage, verb) = (cage.clone(), verbs[number % verbs.len()]);
            tokio::spawn(async move {
                let mut limits = Limits { memory_bytes: 4 * 1024 * 1024, ..Limits::default() };
                if verb == "spin" {
                    limits.deadline = Duration::from_millis(20);
                }
                let options = CallOptions { limits: Arc::new(limits), ..cage.options.clone() };
                let inputs = json!({ "message": "x".repeat(1_000), "url": cage.sim.url() });
                (verb, cage.connector.perform(verb, &cage.connection, &inputs, &options).await.is_ok())
            })
        })
        .collect();
    for call in calls {
        let (verb, succeeded) = call.await.unwrap();
        assert_eq!(succeeded, matches!(verb, "fine" | "fetch"), "{verb}");
    }
}

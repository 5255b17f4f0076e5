//! The connector's whole linear memory, as it is when a call ends: the key has never been in it. The engine is told to
//! take memory from here, and what it gives back is kept and searched; everything else is the host as it ships.

use crate::secrets::{CANARY, operations};
use crate::support::{Bench, built, connection_of, options};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use duro_sim::{DuroSim, Fault};
use host::{Allocation, Runtime, RuntimeOptions};
use serde_json::json;
use std::sync::{Arc, Mutex};
use wasmtime::{Config, LinearMemory, MemoryCreator, MemoryType};

/// As much as a call may have by default.
const LARGEST: usize = 64 * 1024 * 1024;

/// Every memory that a call has given back.
static GIVEN_BACK: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

struct Keeper;

struct Kept {
    bytes: Vec<u8>,
    size: usize,
}

// SAFETY: the memory is made at its largest and never moves; `grow_to` refuses what lies beyond.
unsafe impl MemoryCreator for Keeper {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        _: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if reserved.is_some_and(|bytes| bytes > LARGEST) || guard > 0 || minimum > LARGEST {
            return Err("this memory has no guard pages".into());
        }
        Ok(Box::new(Kept { bytes: vec![0; LARGEST], size: minimum }))
    }
}

// SAFETY: as above.
unsafe impl LinearMemory for Kept {
    fn byte_size(&self) -> usize {
        self.size
    }

    fn byte_capacity(&self) -> usize {
        self.bytes.len()
    }

    fn grow_to(&mut self, size: usize) -> wasmtime::Result<()> {
        if size > self.bytes.len() {
            return Err(wasmtime::format_err!("{size} bytes are too many"));
        }
        self.size = size;
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.bytes.as_ptr().cast_mut()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.bytes.truncate(self.size);
        GIVEN_BACK.lock().unwrap().push(std::mem::take(&mut self.bytes));
    }
}

fn take_memory_from_here(config: &mut Config) {
    // Plain memory, with every access checked by the code itself.
    config.with_host_memory(Arc::new(Keeper)).memory_reservation(0).memory_guard_size(0).memory_init_cow(false);
}

fn holds(memory: &[u8], text: &str) -> bool {
    memory.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn the_key_is_nowhere_in_the_connectors_memory_after_any_operation() {
    let bench = Bench::with(DuroSim::builder().key(CANARY)).await;
    let runtime = Runtime::new(RuntimeOptions {
        allocation: Allocation::OnDemand,
        configure_engine: Some(take_memory_from_here),
        ..RuntimeOptions::default()
    });
    let connector = runtime.unwrap().load_file(built("duro_plm.wasm")).await.unwrap();
    let right = connection_of(&connector, &bench.sim.url(), CANARY);
    // Another key with the same two halves, which the service does not take.
    let wrong_key = format!("{CANARY}-wrong");
    let wrong = connection_of(&connector, &bench.sim.url(), &wrong_key);
    let (inputs, options) = (json!({}), options());
    GIVEN_BACK.lock().unwrap().clear();
    let mut calls = 0;
    for (connection, secret) in [(&right, CANARY), (&wrong, wrong_key.as_str())] {
        for (key, inputs) in operations(&bench) {
            let named = Fault::GraphQlErrors(vec![format!("no: {secret}")]);
            for fault in [Some(Fault::EchoToken), Some(named), None] {
                fault.into_iter().for_each(|fault| bench.sim.fault_next(fault));
                drop(connector.perform(key, connection, &inputs, &options).await);
                calls += 1;
            }
        }
        bench.sim.fault_times(3, Fault::EchoToken);
        drop(connector.test_connection(connection, &options).await);
        drop(connector.query("selectComponent", connection, &inputs, Some("a"), None, &options).await);
        drop(connector.poll("pollChangesTrigger", connection, &inputs, None, &options).await);
        calls += 3;
        bench.sim.clear_faults();
    }
    let memories = std::mem::take(&mut *GIVEN_BACK.lock().unwrap());
    assert_eq!(memories.len(), calls);
    let half = CANARY.len() / 2;
    let mut needles = vec![CANARY[..half].to_owned(), CANARY[half..].to_owned()];
    let inside = |text: String| text[4..text.len() - 4].to_owned();
    needles.extend(["", "a", "ab"].map(|before| inside(STANDARD_NO_PAD.encode(format!("{before}{CANARY}")))));
    needles.extend(["", "a", "ab"].map(|before| inside(URL_SAFE_NO_PAD.encode(format!("{before}{CANARY}")))));
    for memory in &memories {
        // The search sees the memory that the call used.
        assert!(holds(memory, "apiToken"));
        for needle in &needles {
            assert!(!holds(memory, needle), "{needle} is in the connector's memory");
        }
    }
    // And what came and went in it: the connection, and where the key stood in the answers.
    let how_many = |text: &str| memories.iter().filter(|memory| holds(memory, text)).count();
    let port = bench.sim.address().port().to_string();
    assert!(
        how_many(&port) > calls / 2 && how_many("[redacted]") > calls / 3,
        "{} {}",
        how_many(&port),
        how_many("[redacted]")
    );
}

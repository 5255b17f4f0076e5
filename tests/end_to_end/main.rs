//! The built component in the real host against the simulated service. `cargo xtask test` builds the component and the
//! harness first; without them every test here says so.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this is test code; clippy sees that only of functions marked as tests"
)]

mod actions;
mod amplifiers;
mod answers;
mod assistants;
mod at_a_terminal;
mod bill_of_materials;
mod canary;
mod check;
mod command_line;
mod completions;
mod component;
mod crashes;
mod data_source;
mod declared;
mod deletions;
mod drain;
mod duro_design;
mod errors;
mod files;
mod flags;
mod folder;
mod fuzz_corpus;
mod harness;
mod key;
mod leaks;
mod mcp_client;
mod mcp_turns;
mod memory;
mod misbehaviour;
mod networks;
mod notify;
mod older;
mod other_hosts;
mod page;
mod picking;
mod poller;
mod pty;
mod raw;
mod read_only;
mod rebase;
mod recipes;
mod recordings;
mod registries;
mod retries;
mod secrets;
mod seen;
mod smuggling;
mod stopping;
mod strings;
mod support;
mod tenants;
mod terminal;
mod trigger;
mod trigger_state;
mod undecided;
mod verify;
mod waiting;

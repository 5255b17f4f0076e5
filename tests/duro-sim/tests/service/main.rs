//! Tests of the running service over HTTP, as a client sees it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this is test code; clippy sees that only of functions marked as tests"
)]

mod command;
mod control;
mod data;
mod faults;
mod mutations;
mod paging;
mod requests;
mod support;

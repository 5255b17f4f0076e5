//! What the harness does, as a collector sees it: spans and metrics, and what is in none of them.

mod badly;
mod collector;
mod context;
mod page;
mod secrecy;
mod spans;

//! Histories of a simulated service, played natively against the trigger's own code, and the promises of
//! `docs/polling.md` checked on each. A history is plain data, drawn from a seed, so it can be repeated, shrunk and
//! printed.
//!
//! - [`history`] what happens: settings, changes, polls and their troubles; [`draw`] drawing one at random;
//! - [`world`] the records, their versions and when each becomes visible; [`service`] the pages of them that requests
//!   get;
//! - [`subject`] what is tried: the trigger as it ships and mutants of it, [`naive`] the obvious design, [`wire`] the
//!   trigger over JSON, [`windowed`] the trigger on a list without an order;
//! - [`play`] plays a history against a subject and holds it against the promises, [`deletions`] what it
//!   must report as deleted, [`outcome`] what came of it;
//! - [`small`] every history of a small world; [`table`] the figures of the documentation.

pub mod burst;
pub mod deletions;
pub mod draw;
pub mod history;
pub mod naive;
pub mod outcome;
pub mod play;
pub mod service;
pub mod small;
pub mod subject;
pub mod table;
pub mod windowed;
pub mod wire;
pub mod world;
